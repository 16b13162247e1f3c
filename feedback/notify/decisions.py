"""What a person decides about a message that we gave up or whose fate is uncertain.

Reasons are codes, because the ledger keeps no words that might name somebody.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import case, update

from ..db import db
from ..errors import OutOfTurn, Unknown
from ..ledger.actions import Actor, Line, write
from .models import Message, State

DECIDABLE = (State.GIVEN_UP, State.UNCERTAIN, State.FAILED)

SPENT = Message.spent + case((Message.state == State.FAILED, Message.parts), else_=0)
"""What a message has cost until it was decided about: a carrier took what then did not arrive."""


class WhyRetry(StrEnum):
    """Why a message is sent again although we would not."""

    NOT_ARRIVED = "not_arrived"  # asked, and it has not arrived
    CAUSE_MENDED = "cause_mended"  # what kept it from leaving was put right


class WhyDrop(StrEnum):
    """Why a message need not be sent any more."""

    ARRIVED = "arrived"  # asked, and it has arrived
    TOLD_OTHERWISE = "told_otherwise"  # told by telephone or in person
    NOT_NEEDED = "not_needed"  # what it says no longer matters


def retry(message_id: UUID, why: WhyRetry, by: Actor, now: datetime) -> None:
    """Put a message back into the queue with all its tries. Inside a transaction.

    Raises Unknown, and OutOfTurn unless it waits for a person.
    """
    values: dict[str, object] = {
        "state": State.QUEUED, "attempts": 0, "next_try_at": now, "handed_over_at": None,
        "sent_at": None, "provider_id": None, "last_error": "",
    }  # fmt: skip
    values["earlier"] = _may_have_left(message_id)
    values["spent"] = SPENT
    _decide(message_id, values, "retry", why, by, now)


def _may_have_left(message_id: UUID) -> list[str] | None:
    """Return when a message may have left before: the phone may have it, which counts for its pace."""
    found = db.session.get(Message, message_id, populate_existing=True)
    if found is None or not found.handed_over_at:
        return found.earlier if found else None
    return [*(found.earlier or []), found.handed_over_at.isoformat()]


def drop(message_id: UUID, why: WhyDrop, by: Actor, now: datetime) -> None:
    """Never send a message. Inside a transaction. Raises Unknown, OutOfTurn."""
    values: dict[str, object] = {"state": State.DROPPED, "sent_at": None, "spent": SPENT}
    _decide(message_id, values, "drop", why, by, now)


def _decide(
    message_id: UUID, values: dict[str, object], act: str, why: StrEnum, by: Actor, now: datetime
) -> None:
    """Change the message once, whoever else decides, and overtake a sender that hangs on it."""
    found = db.session.get(Message, message_id, populate_existing=True)
    if found is None:
        raise Unknown
    claimed = (
        update(Message)
        .where(Message.id == message_id, Message.state == found.state)
        .where(Message.state.in_(DECIDABLE))
        .values(fence=Message.fence + 1, **values)
        .returning(Message.id)
    )
    state, options = found.state, {"synchronize_session": False}
    if db.session.scalar(claimed, execution_options=options) is None:
        raise OutOfTurn(act=act, state=state.value)
    facts = {"occasion": found.occasion, "was": state.value, "why": why.value}
    write(now, by, Line("message", message_id, act, facts))
