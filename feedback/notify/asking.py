"""Asking a carrier what it took, before anybody sends again what may have left.

Found on its list: sent. Surely not on it: queued again. Where that cannot be known for too long, a
person decides. A carrier's list says what text went to which phone, so that is how a message is
known again, each entry for one message only.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, select

from .. import privacy
from ..config import settings
from ..db import db, reading, transaction
from ..logs import failure
from .claims import Outcomes, again, change, note
from .models import By, Message, State
from .senders import Asked, CannotTell, OnList, Sender, can_be_asked
from .texts import digest_of

log = structlog.get_logger(__name__)

BATCH = 50
AGAIN = timedelta(minutes=2)
PATIENCE = timedelta(minutes=30)
"""So long we go on asking, from the first question on; then a person is told."""


def ask(now: datetime, by: By, sender: Sender, go_on: Callable[[], bool]) -> Outcomes:
    """Ask one carrier about what may have left, and return how it went. Opens its own transactions.

    A carrier that cannot tell is not asked again in this round: one that hangs would take its whole
    patience for each message in doubt, and in the end all hands that send.
    """
    outcomes, silent = Outcomes(), ""
    for message in _waiting(now, by):
        if silent:
            outcomes.update(_not_known(message, silent, now))
        elif go_on():
            try:
                outcomes.update(_ask_about(message, sender, now))
            except CannotTell as trouble:
                silent = trouble.reason
                outcomes.update(_not_known(message, silent, now))
    return outcomes


def _waiting(now: datetime, by: By) -> Sequence[Row]:
    waiting = (
        select(
            Message.id, Message.fence, Message.occasion, Message.attempts, Message.by,
            Message.carrier, Message.to_phone_sealed, Message.text_digest, Message.handed_over_at,
            Message.created_at, Message.asked_at,
        )
        .where(Message.state == State.ASKING, Message.by == by, Message.next_try_at <= now)
        .order_by(Message.next_try_at)
        .limit(BATCH)
    )  # fmt: skip
    with reading() as session:  # which is over before a carrier is asked
        return session.execute(waiting).all()


def _ask_about(message: Row, sender: Any, now: datetime) -> list[State]:
    """Ask about one message and record what is known now. Raises CannotTell."""
    try:
        listed = _listed(message, sender) if can_be_asked(sender) else None
    except CannotTell:
        raise
    except Exception as problem:
        log.error("asking_failed", message=str(message.id), **failure(problem))
        return _not_known(message, f"failed_{type(problem).__name__}", now)
    if listed is None:
        return _settle(message, {"state": State.UNCERTAIN}, "cannot_be_asked", now)
    return _known(message, listed, now)


def _listed(message: Row, sender: Asked) -> list[OnList]:
    """Return what the carrier has with this message's words. Raises CannotTell."""
    keys, sealed = settings().data_keys, message.to_phone_sealed or ""
    phone = privacy.unseal(keys, "messages", "to_phone", message.id, sealed)
    since = message.handed_over_at or message.created_at
    return [one for one in sender.taken(phone, since) if digest_of(one.text) == message.text_digest]


def _known(message: Row, listed: list[OnList], now: datetime) -> list[State]:
    """Record what the list says: the entry that is no other message's, or that there is none."""
    with transaction():
        ids = [one.provider_id for one in listed]
        taken = set(
            db.session.scalars(
                select(Message.provider_id).where(
                    Message.carrier == message.carrier, Message.provider_id.in_(ids)
                )
            )
        )
        free = [one for one in listed if one.provider_id not in taken]
        values = _as_listed(free[0], now) if free else again(message.attempts, now)
        return _changed(message, values, free[0].reason if free else "not_on_list", now)


def _as_listed(one: OnList, now: datetime) -> dict[str, Any]:
    delivered = now if one.state is State.DELIVERED else None
    return {
        "state": one.state, "provider_id": one.provider_id, "sent_at": now,
        "delivered_at": delivered,
    }  # fmt: skip


def _not_known(message: Row, reason: str, now: datetime) -> list[State]:
    """Ask again later, or leave it to a person.

    What counts is for how long the carrier could not tell, and not for how long nobody asked it.
    """
    asked_at = message.asked_at or now
    if now - asked_at < PATIENCE:
        with transaction():
            values = {"next_try_at": now + AGAIN, "last_error": reason, "asked_at": asked_at}
            change(message, (State.ASKING,), values)
        return []
    return _settle(message, {"state": State.UNCERTAIN}, reason, now)


def _settle(message: Row, values: dict[str, Any], reason: str, now: datetime) -> list[State]:
    with transaction():
        return _changed(message, values, reason, now)


def _changed(message: Row, values: dict[str, Any], reason: str, now: datetime) -> list[State]:
    if not change(message, (State.ASKING,), {**values, "last_error": reason}):
        return []
    note(now, message, values["state"], reason)
    return [values["state"]]
