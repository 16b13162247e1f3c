"""Reading calendar files: how a day may be written, and every row that is wrong, named."""

import io
from datetime import date

import openpyxl
import pytest

from feedback.calendar.days import DayKind, digest_of, parse_day, read_days
from feedback.errors import TableInvalid

from .. import slow_calendar as slow

OFF, WORKED = DayKind.OFF, DayKind.WORKED


def table(*rows: str) -> bytes:
    return "\n".join(("day,kind,name", *rows)).encode()


def faults(content: bytes, year: int | None = None) -> list[tuple[int, str, str]]:
    with pytest.raises(TableInvalid) as refused:
        read_days(content, year)
    return [(number, fault.field, fault.code) for number, fault in refused.value.rows]


def workbook(*rows: tuple[object, ...]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    "cell",
    ["2027-01-01", "2027-1-1", "2027/1/1", "2027/01/01", "2027年1月1日", "2027-01-01T00:00:00"],
)
def test_a_day_is_understood_as_people_write_it(cell):
    assert parse_day(cell) == date(2027, 1, 1)


@pytest.mark.parametrize(
    "cell",
    ["", "x", "2027-02-29", "2027-13-01", "27-1-1", "2027-1-1 9:00", "٢٠٢٧-01-01", "1/1/2027",
     "44562", "2027-01-01\n", "0000-01-01", "9" * 400],
)  # fmt: skip
def test_anything_else_is_no_day(cell):
    assert parse_day(cell) is None


def test_a_years_notice_is_read_in_order_of_its_days():
    days = read_days(slow.notice_file(2027), 2027)
    off, worked = slow.notice_of(2027)
    assert [one.day for one in days] == sorted([*off, *worked])
    assert days[0].day == date(2026, 12, 26), "a make-up day in the December before"
    assert {one.day for one in days if one.kind is WORKED} == set(worked)


def test_a_workbook_with_real_dates_says_the_same_as_a_csv_file():
    rows = [
        ("day", "kind", "name"),
        (date(2026, 12, 7), "休", "停电"),
        ("2026/12/12", "班", "补班"),
    ]
    days = read_days(workbook(*rows), None)
    assert days == read_days(table("2026-12-07,off,停电", "2026-12-12,worked,补班"), None)
    assert [one.kind for one in days] == [OFF, WORKED]


def test_the_name_may_be_left_out():
    assert [one.name for one in read_days(b"day,kind\n2026-12-07,off\n", None)] == [""]


def test_every_wrong_row_is_named():
    content = table(
        "2026-12-07,off,x",
        "2026-02-30,off,x",
        "2026-12-08,maybe,x",
        ",,x",
        "2026-12-09,off," + "长" * 61,
        "2026-12-07,worked,x",
        "2036-01-01,off,x",
        "2018-12-31,off,x",
        "2026-12-10,off,a\0b",
    )
    assert faults(content) == [
        (3, "day", "not_a_day"), (4, "kind", "not_in_list"), (5, "day", "missing"),
        (5, "kind", "missing"), (6, "name", "too_long"), (7, "day", "day_twice"),
        (8, "day", "day_outside"), (9, "day", "day_outside"), (10, "name", "not_text"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "header_missing"), (b"day,kind\n", "no_rows"), (b"day\n2026-12-07\n", "column_missing"),
        (b"day,kind,colour\n2026-12-07,off,red\n", "column_unknown"), (b"\xff\xfe\x00x", "not_a_table"),
        (b"PK\x03\x04nothing", "not_a_table"), (b"x" * 10_000_001, "table_too_large"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_calendar_is_refused(content, code):
    assert [found for _, _, found in faults(content)] == [code]


def test_a_years_file_holds_days_of_that_year_and_the_december_before():
    whole = slow.notice_file(2027)
    assert faults(whole + b"\n2026-11-28,worked,x\n2028-01-01,off,x", 2027) == [
        (len(whole.splitlines()) + 1, "day", "day_outside"),
        (len(whole.splitlines()) + 2, "day", "day_outside"),
    ]


def test_a_make_up_day_on_a_weekday_is_a_slip():
    whole = slow.notice_file(2027)
    assert faults(whole + b"\n2027-02-16,worked,x", 2027) == [
        (len(whole.splitlines()) + 1, "kind", "make_up_on_weekday")
    ]
    assert read_days(table("2027-02-16,worked,x"), None), "a local change may take a day off back"


def test_half_a_notice_cannot_take_a_years_holidays_away():
    with pytest.raises(TableInvalid) as refused:
        read_days(table("2027-01-01,off,元旦", "2027-05-01,worked,x", "2027-10-01,off,x"), 2027)
    [(number, fault)] = refused.value.rows
    assert (number, fault.code) == (1, "year_incomplete")
    assert fault.facts["days"] == "2027-05-01, 2027-10-02, 2027-10-03"


def test_the_digest_is_of_what_a_file_says_and_not_of_how():
    one = read_days(table("2026-12-07,off,x", "2026-12-12,worked,y"), None)
    other = read_days(table("2026/12/12,班,y", "2026年12月7日,休, x"), None)
    assert digest_of(one, None) == digest_of(other, None)
    assert digest_of(one, None) != digest_of(one, 2026)
    assert digest_of(one, None) != digest_of(one[:1], None)
