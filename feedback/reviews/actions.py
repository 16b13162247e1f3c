"""Taking a review: one INSERT, whose UNIQUE key on the event is the one-time right."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert as plain_insert

from .. import privacy
from ..config import settings
from ..db import db, insert, new_id
from ..errors import AlreadyRated
from ..events import tokens
from .drafts import Draft, Statement
from .models import Review, ReviewTag


def receipt_of(event_id: UUID) -> str:
    """Return the receipt code that the review of this event has or will have."""
    return tokens.receipt_code(settings().digest_key.get_secret_value(), event_id)


def receipt_digest(code: str) -> str:
    """Return the keyed digest under which a receipt code is found."""
    return privacy.digest(settings().digest_key.get_secret_value(), "receipt", code)


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
        "receipt_digest": receipt_digest(receipt_of(event_id)), "grade": int(said.grade),
        "comment": said.comment, "identity": said.identity,
        "name_sealed": sealed("name", said.name), "phone_sealed": sealed("phone", said.phone),
        "phone_digest": said.phone and privacy.digest(key, "phone", said.phone),
        "channel": draft.channel, "locale": draft.locale, "entered_by_id": draft.entered_by,
        "received_at": now,
    }  # fmt: skip
    statement = insert(Review).values(row).on_conflict_do_nothing(index_elements=["event_id"])
    if db.session.execute(statement).rowcount != 1:
        raise AlreadyRated(receipt=receipt_of(event_id))
    if said.tags:
        tags = [{"review_id": review_id, "tag_code": code} for code in said.tags]
        db.session.execute(plain_insert(ReviewTag), tags)
    return review_id
