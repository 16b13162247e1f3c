"""Taking in what a carrier tells of a message: a state that only ever moves forward.

Calls come late, twice, in any order and about things we do not know; each is one UPDATE under the
row's lock, and what would lead back does nothing.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select

from ..db import db
from ..ledger.actions import SYSTEM
from . import phones
from .claims import change, note
from .models import Message, State, StoppedBy
from .senders import Told

STOPPED = frozenset({"twilio_21610", "http_STOPPED"})
"""What carriers say when the phone's holder has told them to stop."""

FORWARD = {
    State.SENT: (State.QUEUED, State.SENDING, State.ASKING, State.UNCERTAIN, State.GIVEN_UP),
    State.DELIVERED: (State.QUEUED, State.SENDING, State.ASKING, State.UNCERTAIN, State.GIVEN_UP,
                      State.SENT, State.DROPPED),
    State.FAILED: (State.SENDING, State.ASKING, State.UNCERTAIN, State.SENT),
}  # fmt: skip
"""From where a carrier's word moves a message. Queued again or given up, and yet the carrier has it:
then it left. That it failed says nothing of a message that is queued for another try."""


def take(told: Told, now: datetime) -> bool:
    """Take in what a carrier told and say whether it moved anything. Inside a transaction."""
    _heed_stop(told, now)
    message = _meant(told)
    if message is None:
        return False
    values = {
        "state": told.state, "lease_until": None, "last_error": told.reason,
        "sent_at": message.sent_at or now,
        "delivered_at": now if told.state is State.DELIVERED else None,
        "carrier": told.carrier, "provider_id": message.provider_id or told.provider_id,
        "handed_over_at": message.handed_over_at or now,
    }  # fmt: skip
    moved = change(message, FORWARD[told.state], values)
    if moved:
        note(now, message, told.state, told.reason)
    return moved


def _heed_stop(told: Told, now: datetime) -> None:
    """Remember a phone whose holder told the carrier to stop. Before the message's lock, as everywhere."""
    if told.reason not in STOPPED:
        return
    digest = db.session.scalar(_which(told, Message.to_phone_digest))
    if digest:
        phones.stop(phones.hold(digest), StoppedBy.CARRIER, SYSTEM, now)


def _meant(told: Told) -> Message | None:
    """Return the message that is meant, locked: by the carrier's id, or by ours and the same try."""
    found = _which(told, Message).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(found).first()


def _which(told: Told, what: Any) -> Select[Any]:
    by_theirs = and_(Message.carrier == told.carrier, Message.provider_id == told.provider_id)
    by_ours = and_(
        Message.id == told.message_id, Message.fence == told.fence, Message.provider_id.is_(None)
    )
    meant = select(what).where(or_(by_theirs, by_ours) if told.message_id else by_theirs)
    return meant.order_by(Message.provider_id.is_(None)).limit(1)
