"""Answering within the gateway's own call: the words go back at once, and stand in the outbox too.

So every text that leaves is counted, held to the pace, and its state is known. The gateway may not
have got the answer though; where it can be asked, it is, after the lease has lapsed, and an answer that
it surely has not is sent like any other message.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import update

from ..config import settings
from ..db import db
from ..logs import failure
from .actions import Promise, phone_digest, promise_one
from .edited import in_force
from .models import By, Message, State
from .pace import Go
from .senders import Sender, can_be_asked
from .texts import digest_of, paced
from .wording import say, segments

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)
"""So long the gateway has to tell us that it sent the answer."""

FIRST_TRY = 1


@dataclass(frozen=True)
class Spoken:
    """An answer: its promise, and its words, empty if they must not go out."""

    message_id: UUID
    text: str


def answer(
    promised: Promise, fresh: dict[str, Any], carrier: str, sender: Sender, now: datetime
) -> Spoken:
    """Return an answer's words and keep it as handed over to `carrier`. Inside a transaction.

    `fresh` are the facts that are not kept. `sender` is who would carry it otherwise.
    """
    assert promised.phone  # noqa: S101  answers go to phones
    message_id = promise_one(now, promised)
    try:
        text = words(promised.occasion, promised.locale, promised.facts | fresh)
    except Exception as problem:
        # What the citizen said must not be lost for want of our words: the outbox gives it up visibly.
        log.error("answer_without_words", message=str(message_id), **failure(problem))
        return Spoken(message_id, "")
    digest = digest_of(text)
    found = paced(promised.occasion, phone_digest(promised.phone), digest, now)
    if found.go is not Go.NOW:
        _change(message_id, state=State.DROPPED, last_error=found.reason)
        return Spoken(message_id, "")
    asked = can_be_asked(sender)
    _change(
        message_id, state=State.SENDING if asked else State.SENT,
        lease_until=now + LEASE if asked else None, sent_at=None if asked else now,
        handed_over_at=now, carrier=carrier, attempts=FIRST_TRY, fence=FIRST_TRY,
        text_digest=digest, parts=segments(text),
    )  # fmt: skip
    return Spoken(message_id, text)


def may_be_lost(message: Message) -> bool:
    """Say whether an answer went back in a call and nothing is known of it since.

    Once the outbox sends it, or the gateway has told that it did, another call gets it no more.
    """
    return (
        message.state in (State.SENDING, State.ASKING, State.SENT)
        and message.fence == FIRST_TRY and message.provider_id is None
    )  # fmt: skip


def words(occasion: str, locale: str, facts: dict[str, Any]) -> str:
    """Return the words of a text message as they are now in force."""
    edited = in_force(occasion, locale)
    return say(occasion, By.SMS, locale, facts, settings().district, edited).text


def _change(message_id: UUID, **values: Any) -> None:
    mine = update(Message).where(Message.id == message_id).values(**values)
    db.session.execute(mine, execution_options={"synchronize_session": False})
