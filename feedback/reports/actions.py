"""Writing the weekly closure reports: each finished week once, and then never again."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from ..db import db, insert, transaction
from ..ledger.actions import SYSTEM, Line, write
from ..one_by_one import each
from . import queries
from .figures import WeekFigures, to_json
from .models import ClosureReport

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Counted:
    """What a finished week's report will say, and of the week before it."""

    figures: WeekFigures
    before: WeekFigures | None


def count(week: str, now: datetime) -> Counted:
    """Count a finished week. Outside a transaction: it takes long, and nobody should wait for it."""
    return Counted(queries.figures(week, now), queries.before(week, now))


def keep(week: str, counted: Counted, now: datetime) -> bool:
    """Keep a finished week's report, and say whether it was this call that did.

    Inside a transaction. Of two at once, the one whose row is inserted has written it.
    """
    figures, before = counted.figures, counted.before
    row = {
        "week": week,
        "written_at": now,
        "figures": {"figures": to_json(figures), "before": before and to_json(before)},
    }
    statement = insert(ClosureReport).values(row).on_conflict_do_nothing(index_elements=["week"])
    if db.session.scalar(statement.returning(ClosureReport.week)) is None:
        return False
    write(now, SYSTEM, Line("report", week, "write", _facts(figures)))
    return True


def _facts(figures: WeekFigures) -> dict[str, object]:
    rate = figures.total.rate
    return {
        "received": figures.total.received.total,
        "closed_named": rate.part,
        "due_named": rate.whole,
        "overdue": figures.total.overdue.total,
    }


def write_if_due(week: str, now: datetime) -> bool:
    """Write a week's report in a transaction of its own, if its time has come and it has none."""
    is_kept = db.session.get(ClosureReport, week) is not None
    if is_kept or not queries.is_due(week, queries.first_week(), now):
        return False
    counted = count(week, now)
    with transaction():
        return keep(week, counted, now)


def write_due(now: datetime) -> list[str]:
    """Write every report that is due and return the weeks written, oldest first.

    One transaction per week: a week that fails does not hold up the others. Run twice, or by two
    at once, each is written once. Raises SomeFailed naming the weeks that failed.
    """

    def written(week: str) -> list[str]:
        return [week] if write_if_due(week, now) else []

    return each([(week, week) for week in queries.unwritten(now)], written, log, "week_not_written")
