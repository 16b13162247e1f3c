"""Counting the deadlines of common causes again, as `cases.recounting` does those of the cases.

What comes next is counted from when its term began and for how many days it was given. An owner who
has reported was in time or was not: that stays. What is told of as passed is told of once for each
deadline; one that moved is another.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update

from ...db import db, transaction
from ...ledger.actions import SYSTEM, Line, write
from ...one_by_one import each
from .. import rulebook
from ..deadlines import Terms
from ..recounting import NAMES, RECOMPUTED, Moved, Recount
from .actions.moving import SUBJECT, term_columns
from .models import Special
from .states import State

log = structlog.get_logger(__name__)


def recount(now: datetime) -> Recount:
    """Count the deadlines of all open common causes again by the calendar in force.

    One transaction for each that is to change. The same run again changes nothing. Raises SomeFailed
    at the end if one failed.
    """
    terms = rulebook.in_force()
    seen = db.session.scalars(_open_ones()).all()
    differing = [(one.number, one.id) for one in seen if _changes(one, terms)]
    moved = each(differing, lambda one: _recount_one(one, now), log, "special_not_counted")
    return Recount(moved, len(seen) - len(moved))


def _open_ones() -> Any:
    return select(Special).where(Special.next_due_at.is_not(None)).order_by(Special.number)


def _recount_one(special_id: UUID, now: datetime) -> list[Moved]:
    """Put one right; return it if a deadline moved. Its row is locked, so nobody moves it."""
    with transaction():
        special = db.session.get_one(
            Special, special_id, with_for_update={"of": Special}, populate_existing=True
        )
        changes = _changes(special, rulebook.in_force())
        moved = {name: (getattr(special, name), changes[name]) for name in NAMES if name in changes}
        if not changes:
            return []
        if moved:  # a page that shows the deadline of before is out of date
            changes["version"] = special.version + 1
            facts = {
                key: moment.isoformat()
                for name, (before, after) in moved.items()
                for key, moment in ((name, after), (NAMES[name], before))
            }
            write(now, SYSTEM, Line(SUBJECT, special.id, RECOMPUTED, facts))
        db.session.execute(update(Special).where(Special.id == special.id).values(changes))
        return [Moved(special.number, moved)] if moved else []


def _changes(special: Special, terms: Terms) -> dict[str, Any]:
    """Return the columns that come out differently; none where no term was kept, or it has ended."""
    if special.next_due_at is None or special.due_since is None or special.days is None:
        return {}
    columns = term_columns(special.due_since, special.days, terms)
    if special.state is State.WORKING:
        columns["due_at"] = columns["next_due_at"]
    return {name: value for name, value in columns.items() if value != getattr(special, name)}
