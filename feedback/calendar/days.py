"""Reading the days of a calendar file: which are off, which are worked, and every row that is wrong.

Decides what a file may say; knows no database. A year's notice is taken whole: its days lie in that
year or in the December before, make-up days fall on weekends, and the statutory holidays with a
fixed date are among them, so that half a file cannot take a year's holidays away.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .. import tables
from ..errors import FieldError, TableInvalid
from ..tables import Fault, Row
from ..workdays import FIRST_YEAR, LAST_YEAR, SATURDAY

NAME_LIMIT = 60
SOURCE_LIMIT = 200
HEADER = 1
DECEMBER = 12

DAY = re.compile(r"([0-9]{4})[-/年]([0-9]{1,2})[-/月]([0-9]{1,2})日?(?:[T ]00:00:00)?")
"""As people, Excel and CSV files write a day: 2027-01-01, 2027/1/1, 2027年1月1日."""

FIXED_HOLIDAYS = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))
"""Off in every year, as (month, day): 全国年节及纪念日放假办法."""


class DayKind(StrEnum):
    """What a day of the file is."""

    OFF = "off"
    WORKED = "worked"


KINDS = {"off": DayKind.OFF, "休": DayKind.OFF, "worked": DayKind.WORKED, "班": DayKind.WORKED}
"""How a file may say it; 休 and 班 are what printed calendars say."""


@dataclass(frozen=True)
class NamedDay:
    """A day that differs from Monday-to-Friday."""

    day: date
    kind: DayKind
    name: str


def read_days(content: bytes, year: int | None) -> tuple[NamedDay, ...]:
    """Return the days of a file in order; `year` is the year it replaces, None for a local change.

    Raises TableInvalid with every row that is wrong.
    """
    table = tables.read(content, ("day", "kind"), ("name",))
    faults = list(table.faults)
    if any(number == HEADER for number, _ in faults):
        raise TableInvalid(faults)
    unread = {(number, fault.field) for number, fault in faults}
    read = [(row.number, _read(row, unread, faults)) for row in table.rows]
    days = [(number, day) for number, day in read if day]
    faults += [*_twice(days), *_wrong(days, year)]
    if not faults and year:
        faults += _incomplete({day.day for _, day in days if day.kind is DayKind.OFF}, year)
    if faults:
        raise TableInvalid(sorted(faults, key=lambda fault: fault[0]))
    return tuple(sorted((day for _, day in days), key=lambda one: one.day))


def _read(row: Row, unread: set[tuple[int, str]], faults: list[Fault]) -> NamedDay | None:
    """Return what a row says, or None and its faults."""
    cells, name = row.cells, row.cells.get("name", "")
    day, kind = parse_day(cells["day"]), KINDS.get(cells["kind"].lower())
    wrong = [FieldError(column, "missing") for column in ("day", "kind") if not cells[column]]
    if cells["day"] and day is None:
        wrong.append(FieldError("day", "not_a_day"))
    if cells["kind"] and kind is None:
        wrong.append(FieldError("kind", "not_in_list", {"expected": ", ".join(KINDS)}))
    if len(name) > NAME_LIMIT:
        wrong.append(FieldError("name", "too_long", {"max_length": NAME_LIMIT}))
    faults += [(row.number, one) for one in wrong if (row.number, one.field) not in unread]
    return NamedDay(day, kind, name) if day and kind else None


def parse_day(cell: str) -> date | None:
    """Return the day that a cell names, None if it names none that there is."""
    found = DAY.fullmatch(cell)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _twice(days: Sequence[tuple[int, NamedDay]]) -> Iterator[Fault]:
    first: dict[date, int] = {}
    for number, one in days:
        if first.setdefault(one.day, number) != number:
            yield number, FieldError("day", "day_twice", {"first_row": first[one.day]})


def _wrong(days: Sequence[tuple[int, NamedDay]], year: int | None) -> Iterator[Fault]:
    for number, one in days:
        if not _within(one.day, year):
            first = f"{year - 1}-12-01" if year else f"{FIRST_YEAR}-01-01"
            limits = {"first": first, "last": f"{year or LAST_YEAR}-12-31"}
            yield number, FieldError("day", "day_outside", limits)
        elif year and one.kind is DayKind.WORKED and one.day.weekday() < SATURDAY:
            yield number, FieldError("kind", "make_up_on_weekday")


def _within(day: date, year: int | None) -> bool:
    if year is None:
        return FIRST_YEAR <= day.year <= LAST_YEAR
    return day.year == year or (day.year == year - 1 and day.month == DECEMBER)


def _incomplete(off: set[date], year: int) -> Iterator[Fault]:
    """Find the statutory holidays that a year's file lacks."""
    fixed = (date(year, month, day) for month, day in FIXED_HOLIDAYS)
    missing = [day.isoformat() for day in fixed if day not in off]
    if missing:
        yield HEADER, FieldError("", "year_incomplete", {"days": ", ".join(missing)})


def digest_of(days: Sequence[NamedDay], year: int | None) -> str:
    """Return the SHA-256 of what a file says, however it is written down."""
    said = [year, *([one.day.isoformat(), one.kind.value, one.name] for one in days)]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()
