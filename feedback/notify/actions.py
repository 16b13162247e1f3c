"""Promising a message: a row in the outbox, in the same transaction as its reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from .. import privacy
from ..config import settings
from ..db import db, insert, new_id
from . import pace
from .models import By, Message

NEWS = 1
"""The urgency of e-mail, which is all alike."""


@dataclass(frozen=True)
class Promise:
    """A message to be sent after the commit.

    `dedupe_key` names the reason (for example `case-opened:<case>`): the same reason is never
    promised twice. `facts` fill the wording and carry no personal data. Exactly one of
    `department` (its mailboxes, looked up on sending) and `phone` (E.164, sealed here) is given.
    """

    occasion: str
    dedupe_key: str
    subject_id: object
    facts: dict[str, Any]
    department: str | None = None
    phone: str | None = None
    locale: str = "zh_CN"
    not_before: datetime | None = None


def promise(now: datetime, *promises: Promise) -> None:
    """Put the promises into the outbox; one already promised is left alone. Inside a transaction."""
    if not promises:
        return
    rows = [_row(now, promised) for promised in promises]
    db.session.execute(insert(Message).on_conflict_do_nothing(index_elements=["dedupe_key"]), rows)


def promise_one(now: datetime, promised: Promise) -> UUID:
    """Put one promise into the outbox and return its id, also if it was there. Inside a transaction."""
    promise(now, promised)
    known = select(Message.id).where(Message.dedupe_key == promised.dedupe_key)
    return db.session.scalars(known).one()


def phone_digest(phone: str) -> str:
    """Return the keyed digest under which everything about a phone (E.164) is found."""
    return privacy.digest(settings().digest_key.get_secret_value(), "phone", phone)


def _row(now: datetime, promised: Promise) -> dict[str, Any]:
    message_id = new_id()
    sealed = promised.phone and privacy.seal(
        settings().data_keys, "messages", "to_phone", message_id, promised.phone
    )
    return {
        "id": message_id, "dedupe_key": promised.dedupe_key, "occasion": promised.occasion,
        "facts": promised.facts, "by": By.SMS if promised.phone else By.MAIL,
        "to_department": promised.department, "to_phone_sealed": sealed or None,
        "to_phone_digest": promised.phone and phone_digest(promised.phone),
        "urgency": pace.urgency_of(promised.occasion) if promised.phone else NEWS,
        "locale": promised.locale, "subject_id": str(promised.subject_id),
        "not_before": promised.not_before or now, "next_try_at": promised.not_before or now,
        "created_at": now,
    }  # fmt: skip
