"""Looking reports up: the kept one where there is one, else the figures as they stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import func, select

from .. import clock
from ..calendar.queries import calendar_in_force
from ..cases.models import Case
from ..db import db
from ..errors import Unknown
from ..events.models import ServiceEvent
from ..offices.models import Department, Window
from . import past
from .figures import Names, Rate, WeekFigures, from_json, week_figures
from .models import ClosureReport

WRITTEN_FROM = time(8)
"""When on the Monday after it a week's report is written."""

WEEK = timedelta(days=7)


class Standing(StrEnum):
    """How final a report is."""

    KEPT = "kept"
    AWAITED = "awaited"  # the week is over, its report is not written yet
    RUNNING = "running"
    BEFORE_RECORDS = "before_records"  # nothing was recorded until then: never written


@dataclass(frozen=True)
class Report:
    """One week's report. `before` is None for the first week on record."""

    week: str
    standing: Standing
    figures: WeekFigures
    before: WeekFigures | None
    written_at: datetime | None = None


@dataclass(frozen=True)
class Week:
    """A line in the list of reports."""

    week: str
    standing: Standing
    written_at: datetime | None = None
    rate: Rate | None = None
    """The closure rate of a kept report."""


def closure(week: str, now: datetime) -> Report:
    """Return a week's report. Raises Unknown for a week that is none or has not begun."""
    started_at, _ = bounds(week)
    if started_at > now:
        raise Unknown
    kept = db.session.get(ClosureReport, week)
    if kept is None:
        found = standing(week, first_week(), now)
        return Report(week, found, figures(week, now), before(week, now))
    return Report(
        week,
        Standing.KEPT,
        from_json(kept.figures["figures"]),
        kept.figures["before"] and from_json(kept.figures["before"]),
        kept.written_at,
    )


def bounds(week: str) -> tuple[datetime, datetime]:
    """Return the first moment of a week and the first after it. Raises Unknown for no such week."""
    try:
        return clock.week_bounds(week)
    except (ValueError, OverflowError):
        raise Unknown from None


def standing(week: str, first: str | None, now: datetime) -> Standing:
    """Return how final the figures of a week are that has no kept report; `first` is on record."""
    if clock.week_bounds(week)[1] > now:
        return Standing.RUNNING
    return Standing.BEFORE_RECORDS if first is None or week < first else Standing.AWAITED


def is_due(week: str, first: str | None, now: datetime) -> bool:
    """Say whether the week's time to be written has come: Monday 08:00, for a week on record."""
    if standing(week, first, now) is not Standing.AWAITED:
        return False
    return now >= clock.moment_of(clock.day_of(clock.week_bounds(week)[1]), WRITTEN_FROM)


def unwritten(now: datetime) -> list[str]:
    """Return every week whose report is to be written and is not kept, oldest first."""
    first = first_week()
    kept = set(db.session.scalars(select(ClosureReport.week)))
    on_record = _weeks_since(first, now)
    return [week for week in on_record if week not in kept and is_due(week, first, now)]


def weeks(now: datetime) -> list[Week]:
    """Return every week on record, newest first, with the running one on top."""
    first = first_week()
    kept = _kept_weeks()
    on_record = {*_weeks_since(first, now), *kept, clock.week_of(now)}
    return [
        kept.get(week) or Week(week, standing(week, first, now))
        for week in sorted(on_record, reverse=True)
    ]


def _kept_weeks() -> Mapping[str, Week]:
    rate = ClosureReport.figures[("figures", "total", "closure_rate_named")]
    rows = db.session.execute(select(ClosureReport.week, ClosureReport.written_at, rate))
    return {
        week: Week(week, Standing.KEPT, written_at, Rate(kept["closed"], kept["due"]))
        for week, written_at, kept in rows
    }


def _weeks_since(first: str | None, now: datetime) -> Iterator[str]:
    start = clock.week_bounds(first)[0] if first else now
    while start < now:
        yield clock.week_of(start)
        start += WEEK


def first_week() -> str | None:
    """Return the week of the first case or recorded service; None while there is neither."""
    firsts = db.session.execute(
        select(
            select(func.min(Case.opened_at)).scalar_subquery(),
            select(func.min(ServiceEvent.recorded_at)).scalar_subquery(),
        )
    ).one()
    return min((clock.week_of(moment) for moment in firsts if moment), default=None)


def before(week: str, now: datetime) -> WeekFigures | None:
    """Return the figures of the week before: as kept, else as computed; None before the first."""
    first = first_week()
    if first is None or week <= first:
        return None
    earlier = clock.week_before(week)
    kept = db.session.get(ClosureReport, earlier)
    return from_json(kept.figures["figures"]) if kept else figures(earlier, now)


def figures(week: str, now: datetime) -> WeekFigures:
    """Compute the figures of a week as of its end, or as of `now` if that comes earlier."""
    start, end = clock.week_bounds(week)
    as_of, calendar = min(end, now), calendar_in_force()
    return week_figures(
        week, now, past.cases_at(start, as_of, calendar), _names(), calendar,
        past.happened(start, as_of, calendar),
    )  # fmt: skip


def _names() -> Names:
    offices = db.session.execute(select(Department.code, Department.name))
    windows = db.session.execute(select(Window.code, Window.name))
    return Names({row.code: row.name for row in offices}, {row.code: row.name for row in windows})
