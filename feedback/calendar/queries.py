"""Which calendar is in force: the library's, and over it what was loaded, version by version."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from ..db import db
from ..workdays import ONE_DAY, SATURDAY, Calendar, china, china_names
from .days import DayKind
from .models import LoadedCalendar

LAST_VERSION = select(func.max(LoadedCalendar.version)).scalar_subquery()
"""The version in force, for a statement that asks for something else as well."""

_known: dict[tuple[str, int], Calendar] = {}
"""By database and version: a version is never changed, so whoever read one need not read it again."""


def calendar_in_force() -> Calendar:
    """Return the calendar in force, in one statement.

    The newest version's number is asked for each time, so that every process notices a load by
    another; the days are read when the number is a new one.
    """
    return calendar_of(db.session.scalar(select(func.max(LoadedCalendar.version))))


def calendar_of(version: int | None) -> Calendar:
    """Return the calendar as it was with everything loaded up to `version`; None: with nothing.

    Not inside the transaction that loads it: if that came to nothing, another load would get the
    same number.
    """
    key = str(db.engine.url), version or 0
    if key not in _known:
        _known[key] = layered(china(), _loaded(version) if version else [])
    return _known[key]


def layered(national: Calendar, loaded: Iterable[LoadedCalendar]) -> Calendar:
    """Return `national` with what was loaded over it, in the order of `layers`."""
    for one in layers(loaded):
        off, worked = _of_kind(one, DayKind.OFF), _of_kind(one, DayKind.WORKED)
        national = (
            national.with_year(one.year, off, worked)
            if one.year
            else national.with_days(off, worked)
        )
    return national


def layers(loaded: Iterable[LoadedCalendar]) -> list[LoadedCalendar]:
    """Return what counts of all that was loaded, in the order in which it is laid over.

    1. Of every year that was loaded the newest file, in order of the years: it replaces the year.
    2. Every local change, in the order of loading, so that the later one counts: it changes single
       days, and outlasts a year's file that is loaded after it.
    """
    oldest_first = sorted(loaded, key=lambda one: one.version)
    years = {one.year: one for one in oldest_first if one.year}
    local = [one for one in oldest_first if one.year is None]
    return [*(years[year] for year in sorted(years)), *local]


def _of_kind(loaded: LoadedCalendar, kind: DayKind) -> list[date]:
    return [one.day for one in loaded.days if one.kind is kind]


def _loaded(version: int | None = None) -> Sequence[LoadedCalendar]:
    """Return what was loaded, up to a version or all of it, oldest first, with its days."""
    rows = select(LoadedCalendar).options(selectinload(LoadedCalendar.days))
    if version is not None:
        rows = rows.where(LoadedCalendar.version <= version)
    return db.session.scalars(rows.order_by(LoadedCalendar.version)).all()


def versions() -> Sequence[LoadedCalendar]:
    """Return every calendar that was loaded, newest first, with its days."""
    return _loaded()[::-1]


@dataclass(frozen=True)
class ShownDay:
    """A day that differs from Monday-to-Friday, and where that is from; 0: the library."""

    day: date
    kind: DayKind
    name: str
    version: int


def days_of(year: int) -> list[ShownDay]:
    """Return the days of a year that differ from Monday-to-Friday, by the calendar in force."""
    calendar, told = calendar_in_force(), _told(year)
    shown = []
    for day in _all_days(year):
        is_worked = calendar.is_workday(day)
        name, version = told.get(day, ("", 0))
        if is_worked != (day.weekday() < SATURDAY) or (name and not is_worked):
            kind = DayKind.WORKED if is_worked else DayKind.OFF
            shown.append(ShownDay(day, kind, name, version))
    return shown


def _told(year: int) -> dict[date, tuple[str, int]]:
    """Return what the days of a year are called, and by which version, as they are laid over."""
    told = {day: (name, 0) for day, name in china_names(year).items()}
    for one in layers(_loaded()):
        if one.year == year:
            told = {}
        told |= {day.day: (day.name, one.version) for day in one.days if day.day.year == year}
    return told


def _all_days(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + ONE_DAY * n for n in range((date(year + 1, 1, 1) - first) // ONE_DAY))
