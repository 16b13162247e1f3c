"""What people send as a table: what is read, and that nothing in it can hurt the reader."""

import io
import tracemalloc
import zipfile
import zlib

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback import tables
from feedback.errors import TableInvalid

TEXT = "code,name\nRS,区人力资源社会保障局\nSW,区水务局\n"
SHEET = "xl/worksheets/sheet1.xml"


def read(content, required=("code", "name"), optional=("note",)):
    return tables.read(content, required, optional)


def cells(content):
    return [tuple(row.cells.values()) for row in read(content).rows]


def faults(content):
    """Return (row, column, code) of every fault, of the file or of its rows."""
    try:
        found = read(content).faults
    except TableInvalid as invalid:
        found = invalid.rows
    return [(number, fault.field, fault.code) for number, fault in found]


def workbook(*rows):
    out = io.BytesIO()
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def repacked(content, parts=None, compression=zipfile.ZIP_DEFLATED):
    """Return the workbook with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", compression) as new:
        kept = {name: old.read(name) for name in old.namelist()}
        for name, part in {**kept, **(parts or {})}.items():
            new.writestr(name, part)
    return out.getvalue()


def sheet_of(rows):
    head = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    return f"{head}{rows}</sheetData></worksheet>"


def inline(column, row, text):
    return f'<c r="{column}{row}" t="inlineStr"><is><t>{text}</t></is></c>'


GOOD = workbook(["code", "name"], ["RS", "区人力资源社会保障局"], ["SW", "区水务局"])
HEADER = f'<row r="1">{inline("A", 1, "code")}{inline("B", 1, "name")}</row>'


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("gb18030"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("code", " Code ").encode(),
        GOOD,
        repacked(GOOD, compression=zipfile.ZIP_STORED),
    ],
)
def test_the_same_table_is_read_from_every_form_in_which_it_comes(content):
    assert cells(content) == [("RS", "区人力资源社会保障局"), ("SW", "区水务局")]


def test_numbers_truths_and_formulas_are_read_as_a_person_sees_them():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["code", "name", "note"])
    sheet.write_row(1, 0, [510.0, True, 0.5])
    sheet.write_formula(2, 0, "=500+11", value=511)
    sheet.write_row(2, 1, [19900000001, "007"])
    book.close()
    assert cells(out.getvalue()) == [("510", "1", "0.5"), ("511", "19900000001", "007")]


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    content = b'code,name\n\nRS,"two\nlines"\n,,\nSW,x\n'
    assert [(row.number, row.cells["name"]) for row in read(content).rows] == [
        (3, "two lines"),
        (5, "x"),
    ]
    book = workbook(["code", "name"], [], ["RS", "two\nlines"], [], ["SW", "x"])
    assert [row.number for row in read(book).rows] == [3, 5]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", [(1, "", "header_missing")]),
        ("\n\nRS,x", [(1, "", "header_missing")]),
        ("code,name\n", [(1, "", "no_rows")]),
        ("code,name\n,,\n", [(1, "", "no_rows")]),
        ("code\nRS", [(1, "name", "column_missing")]),
        (
            "colour,code,code\n1,RS,SW",
            [
                (1, "colour", "column_unknown"),
                (1, "code", "column_twice"),
                (1, "name", "column_missing"),
            ],
        ),
        ("code,,name\nRS,,x", [(1, "B", "column_unknown")]),
        ("code,name\nRS,x,,y,z", [(2, "D", "cell_outside")]),
        ("code,name\nR\x00S,x\nSW,\x1b[2J", [(2, "code", "not_text"), (3, "name", "not_text")]),
        ("code,name\nRS,#REF!", [(2, "name", "cell_error")]),
        ('code,name\nRS,x\nSW,"never closed', [(3, "", "row_unreadable")]),
        ("code,name\nRS," + "x" * 200_000, [(2, "", "row_unreadable")]),
        ("c," * 41 + "c\nRS", [(1, "", "too_many_columns")]),
        ("code,name\nRS,x\n" + "RS,x\n" * 20_000, [(20_002, "", "too_many_rows")]),
    ],
)
def test_what_is_wrong_with_a_file_is_said_by_row_and_column(content, expected):
    assert faults(content.encode()) == expected


def test_a_file_of_exactly_the_largest_size_is_read():
    assert len(read(b"code,name\n" + b"RS,x\n" * tables.MAX_ROWS).rows) == tables.MAX_ROWS


def test_too_large_a_file_is_refused_before_it_is_looked_at():
    assert faults(b"x" * (tables.MAX_BYTES + 1)) == [(1, "", "table_too_large")]


def entity_bomb():
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<!DOCTYPE x [<!ENTITY e0 "lol">{entities}]>'
        + sheet_of(f'{HEADER}<row r="2">{inline("A", 2, "&e9;")}</row>')
    ).encode()


def encrypted(content):
    """Return the archive with the flag of encryption on its first member, in both directories."""
    content = bytearray(content)
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x05\x06" + bytes(18), "not_a_table"),
        (b"PK\x03\x04 and nothing more", "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not_a_table"),
        (b"\xff\xfe" + "code,name".encode("utf-16-le"), "not_a_table"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xff\xff", "not_a_table"),
        (GOOD[:-30], "not_a_table"),
        (encrypted(GOOD), "not_a_table"),
        (repacked(GOOD, {"xl/workbook.xml": b"<nothing/>"}), "not_a_table"),
        (repacked(GOOD, {SHEET: b"<worksheet"}), "not_a_table"),
        (repacked(GOOD, {SHEET: entity_bomb()}), "not_a_table"),
        (repacked(GOOD, {SHEET: bytes(200_000)}, zipfile.ZIP_BZIP2), "workbook_too_large"),
        (repacked(GOOD, compression=zipfile.ZIP_BZIP2), "not_a_table"),
        (repacked(GOOD, {f"xl/{n}.xml": b"" for n in range(2_000)}), "workbook_too_large"),
        (repacked(GOOD, {SHEET: b" " * 40_000_000}), "workbook_too_large"),
        (
            repacked(GOOD, {f"xl/{n}.bin": b"x" * 9_000_000 for n in range(6)}, zipfile.ZIP_STORED),
            "table_too_large",
        ),
    ],
)  # fmt: skip
def test_a_bomb_or_a_broken_workbook_is_refused_in_words(content, code):
    assert faults(content) == [(1, "", code)]


def test_declared_sizes_are_added_up():
    noise = b"".join(zlib.crc32(bytes([n % 251, n % 241])).to_bytes(4) for n in range(700)) * 3_000
    bomb = repacked(GOOD, {f"xl/{n}.bin": noise for n in range(7)})
    assert len(noise) * 7 > tables.MAX_UNPACKED
    assert len(bomb) < tables.MAX_BYTES
    assert faults(bomb) == [(1, "", "workbook_too_large")]


def lying():
    """Return a workbook whose sheet unpacks to 80 MB and says it is 7 MB, with a matching check."""
    sheet, said = b" " * 80_000_000, 7_000_000
    content = repacked(GOOD, {SHEET: sheet})
    true = len(sheet).to_bytes(4, "little"), zlib.crc32(sheet).to_bytes(4, "little")
    false = said.to_bytes(4, "little"), zlib.crc32(sheet[:said]).to_bytes(4, "little")
    for real, claimed in zip(true, false, strict=True):
        assert content.count(real) == 2
        content = content.replace(real, claimed)
    return content


def peak_of(action):
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_size_that_lies_costs_no_more_than_it_claims():
    content = lying()
    assert peak_of(lambda: faults(content)) < 40_000_000
    assert faults(content) == [(1, "", "not_a_table")]


def test_control_the_plain_reader_believes_the_lie():
    with zipfile.ZipFile(io.BytesIO(lying())) as archive:
        assert peak_of(lambda: archive.read(SHEET)) > 80_000_000


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (f'{HEADER}<row r="999999999999">{inline("A", 999999999999, "x")}</row>', "too_many_rows"),
        (f'{HEADER}<row r="30000">{inline("A", 30000, "x")}</row>', "too_many_rows"),
        (f'<row r="1">{inline("ZZ", 1, "code")}</row>', "header_missing"),
    ],
)
def test_a_sheet_that_claims_to_be_endless_is_refused(rows, expected):
    content = repacked(GOOD, {SHEET: sheet_of(rows)})
    assert [code for _, _, code in faults(content)] == [expected]


def test_a_claimed_dimension_is_not_believed():
    rows = f'{HEADER}<row r="2">{inline("A", 2, "RS")}{inline("B", 2, "x")}</row>'
    claims = sheet_of(rows).replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    assert cells(repacked(GOOD, {SHEET: claims})) == [("RS", "x")]


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_no_bytes_do_anything_but_read_or_be_refused(content):
    faults(content)


@settings(max_examples=200)
@given(st.text(max_size=200), st.sampled_from(["utf-8", "gb18030"]))
def test_no_text_does_anything_but_read_or_be_refused(text, encoding):
    faults(("code,name,note\n" + text).encode(encoding, "ignore"))


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=8))
def test_no_damaged_workbook_does_anything_but_read_or_be_refused(damage):
    content = bytearray(GOOD)
    for place, value in damage:
        content[place] = value
    faults(bytes(content))


@settings(max_examples=100)
@given(st.text("<>/=\"' rcvtsis1A9e-.&;#", max_size=120))
def test_no_strange_sheet_does_anything_but_read_or_be_refused(rows):
    faults(repacked(GOOD, {SHEET: sheet_of(rows)}))
