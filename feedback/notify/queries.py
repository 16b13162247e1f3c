"""Looking messages up: how many stand where, and which ones a person must see to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, Select, func, or_, select, union_all

from .. import privacy
from ..config import settings
from ..db import db
from ..errors import Unknown
from .carriers import TOLERATED, is_shut
from .models import UNDECIDED, Carrier, Message, State
from .pace import URGENCY, Kind

SENDING_TOO_LONG = timedelta(minutes=5)
"""After a lease has lapsed: the next tick takes it back, so longer means that nothing ticks."""

WAITING_TOO_LONG = timedelta(minutes=15)

PAGE_SIZE = 200

MATTERS = URGENCY[Kind.NOTICE]
SPARED = URGENCY[Kind.ANSWER], URGENCY[Kind.ASK]
"""What nobody has to be told otherwise if it did not arrive: we asked, or answered in a talk."""


def counts() -> dict[State, int]:
    """Return how many messages stand where, every state named."""
    rows = db.session.execute(select(Message.state, func.count()).group_by(Message.state))
    found: dict[State, int] = dict(rows.all())
    return {state: found.get(state, 0) for state in State}


def _silent(now: datetime) -> ColumnElement[bool]:
    """Return the condition of what a deliverer should have seen to long ago."""
    late = Message.next_try_at <= now - WAITING_TOO_LONG
    return or_(
        (Message.state == State.SENDING) & (Message.lease_until <= now - SENDING_TOO_LONG),
        (Message.state == State.QUEUED) & late,
        (Message.state == State.ASKING) & late,
    )


def needing_a_person(now: datetime) -> Sequence[Message]:
    """Return the messages that a person must see to, oldest first, a page of them."""
    silent = select(Message.id).where(_silent(now)).order_by(Message.next_try_at)
    found = _page(_undecided(MATTERS).order_by(Message.id), silent)
    return db.session.scalars(found.order_by(Message.id)).all()


def lost() -> Sequence[Message]:
    """Return the invitations and answers that did not arrive, newest first, a page of them.

    Nobody need see to them, but they can be looked at.
    """
    found = _page(*(_undecided(one).order_by(Message.id.desc()) for one in SPARED))
    return db.session.scalars(found.order_by(Message.id.desc())).all()


def _undecided(urgency: int) -> Select[UUID]:
    return select(Message.id).where(UNDECIDED, Message.urgency == urgency)


def _page(*parts: Select[UUID]) -> Select[Message]:
    """Return a page of messages, the first of each part among them.

    Each part is asked for its ids alone, in the order of an index that holds its few rows. Asked for
    together, a database may well read through all that was ever sent to find them.
    """
    ids = union_all(*(select(part.limit(PAGE_SIZE).subquery()) for part in parts)).subquery()
    return select(Message).join(ids, ids.c.id == Message.id).limit(PAGE_SIZE)


def lost_number() -> int:
    """Return how many invitations and answers did not arrive."""
    rows = select(func.count()).select_from(Message).where(UNDECIDED, Message.urgency.in_(SPARED))
    return db.session.scalar(rows) or 0


def carriers_in_trouble(now: datetime) -> Sequence[Carrier]:
    """Return the carriers that keep us waiting: shut, or failing at every try of late."""
    troubled = is_shut(now) | (Carrier.failures >= TOLERATED)
    return db.session.scalars(select(Carrier).where(troubled).order_by(Carrier.name)).all()


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
