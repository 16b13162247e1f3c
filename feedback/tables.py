"""Reading the tables that people send: CSV or XLSX, safely, every fault by row and column.

Decides what is a table at all, how large it may be and which columns it has; knows no column of
the domain. Rows are numbered as a spreadsheet shows them: the header is row 1. Macros, pictures,
links and further sheets of a workbook are left out; a formula counts as its last value.
"""

import csv
import io
import os
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any

# lxml is here for documents that we write; what people send is read by the guarded parser alone.
os.environ["OPENPYXL_LXML"] = "False"

import openpyxl
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils import get_column_letter

from .errors import FieldError, TableInvalid
from .text import NotText, clean_line

if openpyxl.LXML or not openpyxl.DEFUSEDXML:
    raise RuntimeError("defusedxml is needed: without it a workbook can blow up the reader")

MAX_BYTES = 10_000_000
MAX_ROWS = 20_000
MAX_COLUMNS = 40
SHEET_ROWS = 1_048_576  # what a spreadsheet program can show
MAX_MEMBERS = 2_000
MAX_UNPACKED = 50_000_000
MAX_RATIO = 100
CHUNK = 64 * 1024
NAME_SHOWN = 60

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
OLD_EXCEL_START = b"\xd0\xcf\x11\xe0"
ENCRYPTED = 0x1

Fault = tuple[int, FieldError]
"""A row number and what is wrong there; an empty field means the whole row or file."""


@dataclass(frozen=True)
class Row:
    """One row with anything in it: its number, and its cells by column, clean and on one line."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """What a file holds, with every fault found so far; the caller adds its own."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]


def read(content: bytes, required: Collection[str], optional: Collection[str] = ()) -> Table:
    """Return the table in a file. Raises TableInvalid if there is none to be read."""
    if len(content) > MAX_BYTES:
        raise refused("table_too_large", megabytes=MAX_BYTES // 1_000_000)
    numbered = enumerate(_rows(content), 1)
    header = _trimmed(next(numbered, (1, []))[1])
    columns, faults = _header(header, required, optional)
    rows = []
    for number, cells in _filled(numbered):
        rows.append(_row(number, cells, columns, faults))
    if not rows:
        faults.append((1, FieldError("", "no_rows")))
    return Table(tuple(filter(None, columns)), tuple(rows), tuple(faults))


def refused(code: str, number: int = 1, **facts: Any) -> TableInvalid:
    """Return the refusal of a whole file."""
    return TableInvalid([(number, FieldError("", code, facts))])


def _rows(content: bytes) -> Iterator[list[str]]:
    if content.startswith(ZIP_STARTS):
        return _workbook_rows(content)
    if content.startswith(OLD_EXCEL_START):
        raise refused("not_a_table")
    return _csv_rows(_decoded(content))


def _decoded(content: bytes) -> str:
    """Return the text: UTF-8 with or without a mark, or what Excel writes in China."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refused("not_a_table")


def _csv_rows(text: str) -> Iterator[list[str]]:
    number = 1
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), strict=True):
            yield cells
            number += 1
    except csv.Error:
        raise refused("row_unreadable", number) from None


def _workbook_rows(content: bytes) -> Iterator[list[str]]:
    try:
        yield from _sheet_rows(_unpacked(content))
    except TableInvalid:
        raise
    except Exception as fault:  # whatever the reader trips over, the file is at fault
        raise refused("not_a_table") from fault


def _unpacked(content: bytes) -> io.BytesIO:
    """Return the workbook's own parts, unpacked and counted.

    The copy is what makes it safe: declared sizes may lie, and the reader would believe them.
    """
    copy, left = io.BytesIO(), MAX_UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as theirs, zipfile.ZipFile(copy, "w") as ours:
        members = theirs.infolist()
        _check_directory(members)
        for member in members:
            if member.filename.endswith((".xml", ".rels")):
                part = _part(theirs, member, left)
                left -= len(part)
                ours.writestr(member.filename, part)
    return copy


def _check_directory(members: list[zipfile.ZipInfo]) -> None:
    if (
        len(members) > MAX_MEMBERS
        or sum(member.file_size for member in members) > MAX_UNPACKED
        or any(m.file_size > MAX_RATIO * max(m.compress_size, 1) for m in members)
    ):
        raise refused("workbook_too_large")
    if (
        len({member.filename for member in members}) < len(members)
        or any(member.flag_bits & ENCRYPTED for member in members)
        # Other methods inflate without a limit, and no spreadsheet program uses them.
        or any(m.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for m in members)
    ):
        raise refused("not_a_table")


def _part(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    part = bytearray()
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            part += chunk
            if len(part) > limit:
                raise refused("workbook_too_large")
    return bytes(part)


def _sheet_rows(workbook: io.BytesIO) -> Iterator[list[str]]:
    book = openpyxl.load_workbook(workbook, read_only=True, data_only=True, keep_links=False)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # a sheet may claim a million rows of sixteen thousand columns
        for values in sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True):
            is_empty = values.count(None) == len(values)  # quick: there may be a million of them
            yield [] if is_empty else [_as_text(value) for value in values]
    finally:
        book.close()


def _as_text(value: object) -> str:
    """Return a cell as it would stand in a CSV file: 510.0 is 510, TRUE is 1."""
    if value is None:
        return ""
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _trimmed(cells: list[str]) -> list[str]:
    """Return the cells without the empty ones at the end, which spreadsheets like to add."""
    filled = [at for at, cell in enumerate(cells, 1) if cell.strip()]
    return cells[: filled[-1]] if filled else []


def _filled(numbered: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Return the rows with anything in them, with their numbers."""
    for number, cells in numbered:
        kept = _trimmed(cells)
        if (kept and number > MAX_ROWS + 1) or number > SHEET_ROWS:
            raise refused("too_many_rows", number, limit=MAX_ROWS)
        if kept:
            yield number, kept


def _header(
    cells: list[str], required: Collection[str], optional: Collection[str]
) -> tuple[list[str | None], list[Fault]]:
    """Return the column that each place stands for, None where it is none, and the faults."""
    if not cells:
        raise refused("header_missing")
    if len(cells) > MAX_COLUMNS:
        raise refused("too_many_columns", limit=MAX_COLUMNS)
    columns: list[str | None] = []
    faults: list[Fault] = []
    for place, cell in enumerate(cells, 1):
        name = _header_name(cell)
        fault = _header_fault(name, columns, {*required, *optional})
        if fault:
            faults.append((1, FieldError(name[:NAME_SHOWN] or get_column_letter(place), fault)))
        columns.append(None if fault else name)
    missing = [name for name in required if name not in columns]
    faults.extend((1, FieldError(name, "column_missing")) for name in missing)
    return columns, faults


def _header_name(cell: str) -> str:
    try:
        return clean_line(cell).lower()
    except NotText:
        return ""


def _header_fault(name: str, before: list[str | None], known: set[str]) -> str | None:
    if name in before:
        return "column_twice"
    return None if name in known else "column_unknown"


def _row(number: int, cells: list[str], columns: list[str | None], faults: list[Fault]) -> Row:
    row = Row(number, {name: "" for name in columns if name})
    for name, cell in zip(columns, cells, strict=False):
        if name:
            row.cells[name] = _cell(number, name, cell, faults)
    outside = next((at for at in range(len(columns), len(cells)) if cells[at].strip()), None)
    if outside is not None:  # one fault a row, or a hostile row would make millions
        place = get_column_letter(min(outside, MAX_COLUMNS) + 1)
        faults.append((number, FieldError(place, "cell_outside")))
    return row


def _cell(number: int, column: str, cell: str, faults: list[Fault]) -> str:
    try:
        text = clean_line(cell)
    except NotText:
        faults.append((number, FieldError(column, "not_text")))
        return ""
    if text in ERROR_CODES:
        faults.append((number, FieldError(column, "cell_error", {"value": text})))
        return ""
    return text
