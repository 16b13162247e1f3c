"""Telling of a deadline that has passed: each once, to whoever has the next step.

The owner's silence is told to the supervisors as well. What is near shows as a yellow light.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Row, select, update

from ....db import db, transaction
from ....ledger.actions import SYSTEM, Line, write
from ....notify.occasions import Occasion
from ....one_by_one import each
from ..models import Special
from ..states import State
from .moving import SUBJECT, tell_owner, tell_supervisors

log = structlog.get_logger(__name__)


def remind(now: datetime) -> list[str]:
    """Tell of every deadline that has passed and was not told of; return the numbers.

    One transaction for each, opened here. Raises SomeFailed at the end if one failed.
    """

    def tell(special: Row[UUID, str]) -> list[str]:
        with transaction():
            return [special.number] if _tell(special.id, now) else []

    return each([(one.number, one) for one in _due(now)], tell, log, "special_not_told")


def _due(now: datetime) -> Sequence[Row[UUID, str]]:
    untold = Special.told_due_at.is_distinct_from(Special.next_due_at)
    rows = select(Special.id, Special.number).where(Special.next_due_at < now, untold)
    return db.session.execute(rows.order_by(Special.next_due_at)).all()


def _tell(special_id: UUID, now: datetime) -> bool:
    """Claim the deadline and promise its messages; of two who try, one succeeds."""
    mine = update(Special).where(
        Special.id == special_id, Special.next_due_at < now,
        Special.told_due_at.is_distinct_from(Special.next_due_at),
    )  # fmt: skip
    claimed = mine.values(told_due_at=Special.next_due_at).returning(Special.id)
    if db.session.scalar(claimed) is None:
        return False
    special = db.session.get_one(Special, special_id)
    due_at = special.next_due_at
    assert due_at is not None  # noqa: S101  it has just passed
    if special.state is State.WORKING:
        tell_owner(special, Occasion.SPECIAL_OVERDUE, due_at.isoformat(), now)
    tell_supervisors(special, Occasion.SPECIAL_DESK_OVERDUE, due_at.isoformat(), now)
    facts = {"state": special.state.value, "due_at": due_at.isoformat()}
    write(now, SYSTEM, Line(SUBJECT, special.id, "overdue", facts))
    return True
