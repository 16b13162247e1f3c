"""Taking a review: one INSERT, whose UNIQUE key on the event is the one-time right."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam

from .. import privacy
from ..config import settings
from ..db import db, execute, insert, new_id, table_of
from ..errors import AlreadyRated
from ..events import tokens
from .drafts import Draft, Statement
from .models import Review, ReviewTag

KEEP_TAGS = table_of(ReviewTag).insert()


@cache
def _take_the_right(_dialect: str) -> Any:
    """Return the INSERT that is the one-time right: it gives no row back to whoever comes second."""
    table = table_of(Review)
    statement = insert(table).values({c.name: bindparam(c.name) for c in table.columns})
    statement = statement.on_conflict_do_nothing(index_elements=["event_id"])
    return statement.returning(table.c.id)


def receipt_of(event_id: UUID) -> str:
    """Return the receipt code that the review of this event has or will have."""
    return tokens.receipt_code(settings().digest_key.get_secret_value(), event_id)


def receipt_digest(code: str) -> str:
    """Return the keyed digest under which a receipt code is found."""
    return privacy.digest(settings().digest_key.get_secret_value(), "receipt", code)


def ticket_digest(ticket: str) -> str | None:
    """Return the keyed digest of a rating page's number, or None if there was none."""
    if not ticket:
        return None
    return privacy.digest(settings().digest_key.get_secret_value(), "ticket", ticket)


def record(
    event_id: UUID, said: Statement, draft: Draft, case_id: UUID | None, now: datetime
) -> UUID:
    """Keep the review and return its id. Inside a transaction.

    A negative one needs its case first. Raises AlreadyRated when another review has the right; the
    caller's transaction then rolls back, case and all.
    """
    config = settings()
    review_id = new_id()
    key = config.digest_key.get_secret_value()

    def sealed(column: str, plain: str | None) -> str | None:
        return plain and privacy.seal(config.data_keys, "reviews", column, review_id, plain)

    row = {
        "id": review_id, "event_id": event_id, "case_id": case_id,
        "receipt_digest": receipt_digest(receipt_of(event_id)),
        "ticket_digest": ticket_digest(draft.ticket), "grade": int(said.grade),
        "comment": said.comment, "identity": said.identity,
        "name_sealed": sealed("name", said.name), "phone_sealed": sealed("phone", said.phone),
        "phone_digest": said.phone and privacy.digest(key, "phone", said.phone),
        "channel": draft.channel, "locale": draft.locale, "entered_by_id": draft.entered_by,
        "received_at": now,
    }  # fmt: skip
    if execute(_take_the_right(db.engine.dialect.name), row).scalar() is None:
        raise AlreadyRated(receipt=receipt_of(event_id))
    if said.tags:
        tags = [{"review_id": review_id, "tag_code": code} for code in said.tags]
        execute(KEEP_TAGS, tags)
    return review_id


def grouped_receipt_of(event_id: UUID) -> str:
    """Return the receipt code as people read it."""
    return tokens.grouped(receipt_of(event_id))
