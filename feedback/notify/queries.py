"""Looking messages up: how many stand where, and which ones a person must see to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, func, or_, select

from .. import privacy
from ..config import settings
from ..db import db
from ..errors import Unknown
from .decisions import DECIDABLE
from .models import Message, State

SENDING_TOO_LONG = timedelta(minutes=5)
"""After a lease has lapsed: the next tick takes it back, so longer means that nothing ticks."""

WAITING_TOO_LONG = timedelta(minutes=15)
PAGE_SIZE = 200


def counts() -> dict[State, int]:
    """Return how many messages stand where, every state named."""
    rows = db.session.execute(select(Message.state, func.count()).group_by(Message.state))
    found: dict[State, int] = dict(rows.all())
    return {state: found.get(state, 0) for state in State}


def troubled(now: datetime) -> ColumnElement[bool]:
    """Return the condition of what a person must see to, a deliverer that fell silent included."""
    return or_(
        Message.state.in_(DECIDABLE),
        (Message.state == State.SENDING) & (Message.lease_until <= now - SENDING_TOO_LONG),
        (Message.state == State.QUEUED) & (Message.next_try_at <= now - WAITING_TOO_LONG),
    )


def needing_a_person(now: datetime) -> Sequence[Message]:
    """Return the messages that a person must see to, oldest first, a page of them."""
    rows = select(Message).where(troubled(now)).order_by(Message.id).limit(PAGE_SIZE)
    return db.session.scalars(rows).all()


def latest(state: State | None) -> Sequence[Message]:
    """Return the latest messages, newest first, of one state or of all."""
    rows = select(Message).order_by(Message.id.desc()).limit(PAGE_SIZE)
    return db.session.scalars(rows.where(Message.state == state) if state else rows).all()


def by_id(message_id: UUID) -> Message:
    """Return one message. Raises Unknown."""
    found = db.session.get(Message, message_id)
    if found is None:
        raise Unknown
    return found


def shown_recipient(message: Message) -> str:
    """Return whom a message is for: a department's code, or a phone with its middle hidden."""
    if message.to_department:
        return message.to_department
    keys, sealed = settings().data_keys, message.to_phone_sealed or ""
    try:
        return privacy.mask_phone(privacy.unseal(keys, "messages", "to_phone", message.id, sealed))
    except (InvalidTag, KeyError, ValueError):
        return "****"
