"""Looking reviews up."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from .. import privacy
from ..catalog.models import Item
from ..config import settings
from ..db import db
from ..events.models import ServiceEvent
from .actions import receipt_digest, ticket_digest
from .models import Review


def by_receipt(code: str) -> Review | None:
    """Return the review that a receipt code belongs to, with its service, or None."""
    return db.session.scalar(_shown().where(Review.receipt_digest == receipt_digest(code)))


def was_sent_from(code: str, ticket: str) -> bool:
    """Say whether the review of this receipt came from the page with this number."""
    sent = ticket_digest(ticket)
    kept = select(Review.ticket_digest).where(Review.receipt_digest == receipt_digest(code))
    return sent is not None and db.session.scalar(kept) == sent


def of_case(case_id: object) -> Review:
    """Return the review that opened a case, with its tags."""
    return db.session.scalars(_shown().where(Review.case_id == case_id)).one()


def phone_of(review: Review) -> str | None:
    """Return a named reviewer's phone in the clear. For promising a message or a purposed look."""
    return review.phone_sealed and privacy.unseal(
        settings().data_keys, "reviews", "phone", review.id, review.phone_sealed
    )


def name_of(review: Review) -> str | None:
    """Return a named reviewer's name in the clear, if one was given."""
    return review.name_sealed and privacy.unseal(
        settings().data_keys, "reviews", "name", review.id, review.name_sealed
    )


def _shown():  # type: ignore[no-untyped-def]
    return select(Review).options(
        selectinload(Review.tags),
        joinedload(Review.event).joinedload(ServiceEvent.item).joinedload(Item.department),
        joinedload(Review.event).joinedload(ServiceEvent.window),
    )
