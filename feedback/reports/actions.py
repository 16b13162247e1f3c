"""Writing the weekly closure reports: each finished week once, and then never again."""

from datetime import datetime

from ..db import db, insert, transaction
from ..ledger.actions import SYSTEM, Line, write
from . import queries
from .figures import WeekFigures, to_json
from .models import ClosureReport


def keep(week: str, now: datetime) -> bool:
    """Compute a finished week's report, keep it, and say whether it was this call that did.

    Inside a transaction. Of two at once, the one whose row is inserted has written it.
    """
    figures, before = queries.figures(week, now), queries.before(week, now)
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
    with transaction():
        return queries.is_due(week, queries.first_week(), now) and keep(week, now)


def write_due(now: datetime) -> list[str]:
    """Write every report that is due and return the weeks written, oldest first.

    One transaction per week: a week that fails does not hold up the others. Run twice, or by two
    at once, each is written once. Raises ExceptionGroup naming the weeks that failed.
    """
    written, failures = [], []
    for week in queries.unwritten(now):
        try:
            if write_if_due(week, now):
                written.append(week)
        except Exception as failure:
            failure.add_note(f"while writing the closure report of {week}")
            failures.append(failure)
    if failures:
        raise ExceptionGroup("closure reports could not be written", failures)
    return written
