"""Open deadlines that fall into a year whose days off nobody has published or loaded yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from .. import clock
from ..db import db
from ..workdays import Calendar
from .models import Case
from .special.models import Special

YEARS_AHEAD = 3
"""No term reaches further than this year and the next two."""


@dataclass(frozen=True)
class Unpublished:
    """A year of which the calendar is an estimate, and how much has a deadline in it."""

    year: int
    cases: int
    specials: int = 0
    """Common causes with a deadline in it."""


def unpublished_years(calendar: Calendar, now: datetime) -> list[Unpublished]:
    """Return the years with open deadlines that may still move, in two statements at most."""
    this_year = clock.day_of(now).year
    years = sorted({*range(this_year, this_year + YEARS_AHEAD)} - calendar.published)
    if not years:
        return []
    counts = select(*(_count(year) for year in years)).where(Case.next_due_at.is_not(None))
    causes = select(*(_count_specials(year) for year in years))
    found: Sequence[int] = db.session.execute(counts).one()
    beside: Sequence[int] = db.session.execute(causes).one()
    numbers = zip(years, found, beside, strict=True)
    return [Unpublished(year, *both) for year, *both in numbers if any(both)]


def _count(year: int) -> ColumnElement[Any]:
    """Return how many cases have what comes next, or the department's term, due in a year."""
    first, end = _bounds(year)
    due = or_(
        and_(Case.next_due_at >= first, Case.next_due_at < end),
        and_(Case.answered_at.is_(None), Case.due_at >= first, Case.due_at < end),
    )
    return func.coalesce(func.sum(case((due, 1), else_=0)), 0)


def _count_specials(year: int) -> ColumnElement[Any]:
    """Return how many common causes have what comes next due in a year."""
    first, end = _bounds(year)
    due = and_(Special.next_due_at >= first, Special.next_due_at < end)
    return func.coalesce(func.sum(case((due, 1), else_=0)), 0)


def _bounds(year: int) -> tuple[datetime, datetime]:
    first, end = (clock.moment_of(date(each, 1, 1)) for each in (year, year + 1))
    return first, end
