"""Counting the deadlines of open cases again: after a calendar was loaded, or to be sure of them.

Every deadline follows from what the case keeps (its standing and its rules) and from the calendar
in force, so counting again gives what the next act would give.

- Open cases alone; those that have ended keep the deadlines they ended with.
- Overdue ones like all others: what lies ahead again by the new calendar is overdue no longer, and
  what has passed by it is. What was climbed and issued meanwhile stays on record.
- What was done is done: the department's term stays once it replied, the contact's once it was
  tried, so that nobody who was in time is made late (`moving.counted`).
- What a citizen was told stays: until when a service may be rated (printed and handed over with its
  code) and until when a voiding may be objected to. So does what a person decided: days given back
  for a dismissed appeal, and the dates written into requests and notices.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update

from ..calendar.queries import calendar_in_force
from ..db import db, transaction
from ..ledger.actions import SYSTEM, Line, write
from ..one_by_one import each
from ..workdays import Calendar
from . import rulebook
from .actions.moving import counted
from .deadlines import Deadlines, Terms
from .ladder import Rung, climbed, next_rung_at, rungs
from .models import Case

log = structlog.get_logger(__name__)

RECOMPUTED = "recomputed"
"""The ledger's word for it."""

NAMES = {
    "contact_due_at": "contact_before", "due_at": "due_before", "desk_due_at": "desk_before",
    "next_due_at": "next_due_before",
}  # fmt: skip
"""Each deadline, and under which name the ledger keeps the moment it replaced."""

TOGETHER = 500
"""How many cases are looked at before the next are fetched."""


@dataclass(frozen=True)
class Moved:
    """A case with a deadline that moved: each of them with the moment before and after."""

    number: str
    deadlines: Mapping[str, tuple[datetime | None, datetime | None]]


@dataclass(frozen=True)
class Recount:
    """What came of it: the cases that moved, by number, and how many did not need to."""

    moved: list[Moved]
    unmoved: int


def recount(now: datetime) -> Recount:
    """Count the deadlines of all open cases again by the calendar in force.

    Looks without holding anything, and opens one transaction for each case that is to change. The
    same run again changes nothing. Raises SomeFailed at the end if a case failed.
    """
    seen = list(_look(calendar_in_force(), now))
    differing = [(number, case_id) for case_id, number, differs in seen if differs]
    moved = each(differing, lambda one: _recount_one(one, now), log, "case_not_counted")
    return Recount(moved, len(seen) - len(moved))


def _look(calendar: Calendar, now: datetime) -> Iterator[tuple[UUID, str, bool]]:
    """Return every open case, and whether anything of it would come out differently."""
    rows = select(Case).where(Case.next_due_at.is_not(None)).order_by(Case.number)
    for case in db.session.scalars(rows.execution_options(yield_per=TOGETHER)):
        yield case.id, case.number, bool(_changes(case, calendar, now))


def _recount_one(case_id: UUID, now: datetime) -> list[Moved]:
    """Put one case's deadlines right; return it if one moved. Its row is locked, so nobody moves it."""
    with transaction():
        case = db.session.get_one(Case, case_id, with_for_update=True, populate_existing=True)
        changes = _changes(case, calendar_in_force(), now)
        moved = {
            name: (getattr(case, name), changes[name]) for name in NAMES if name in changes
        }  # fmt: skip
        if not changes:
            return []
        if moved:  # a page that shows the deadline of before is out of date
            changes["version"] = case.version + 1
            write(now, SYSTEM, Line("case", case.id, RECOMPUTED, _facts(moved)))
        db.session.execute(update(Case).where(Case.id == case.id).values(changes))
        return [Moved(case.number, moved)] if moved else []


def _changes(case: Case, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """Return the columns that come out differently by `calendar`; none for a case that has ended."""
    if case.next_due_at is None:
        return {}
    terms = rulebook.terms(rulebook.of_version(case.rules_version), calendar)
    found = counted(case, terms)
    columns = {name: getattr(found, name) for name in (*NAMES, "warn_at")}
    columns |= _ladder(case, found, terms, now)
    return {name: value for name, value in columns.items() if value != getattr(case, name)}


def _ladder(case: Case, found: Deadlines, terms: Terms, now: datetime) -> dict[str, Any]:
    """Return how far up the case is by deadlines that were counted again.

    A new deadline begins at the foot, except that what was told already and is still so is not told
    again: whoever was warned is not warned again, and an overdue case brings no second notice.
    """
    assert found.next_due_at is not None  # noqa: S101  an open case has both
    assert found.warn_at is not None  # noqa: S101
    all_rungs, rung = rungs(found.warn_at, found.next_due_at, terms), case.rung
    if found.next_due_at != case.next_due_at:
        passed = climbed(all_rungs, Rung.NOTHING, now)
        rung = min(rung, int(passed[-1].rung) if passed else 0)
    return {"rung": rung, "next_rung_at": next_rung_at(all_rungs, Rung(rung))}


def _facts(moved: Mapping[str, tuple[datetime | None, datetime | None]]) -> dict[str, Any]:
    """Return what the ledger keeps: every deadline that moved, after and before."""
    return {
        key: moment.isoformat() if moment else None
        for name, (before, after) in moved.items()
        for key, moment in ((name, after), (NAMES[name], before))
    }
