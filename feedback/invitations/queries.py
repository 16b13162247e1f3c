"""Looking invitations up: which are still open to an answer, and whether one is still wanted."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import contains_eager, joinedload

from ..db import db
from ..events.models import ServiceEvent
from ..notify.models import Message
from ..reviews.models import Review
from .models import Invitation

RATED = exists().where(Review.event_id == ServiceEvent.id)


def open_to(phone_digest: str, now: datetime) -> Sequence[Invitation]:
    """Return the invitations that a phone has got and may still answer, newest first."""
    rows = (
        select(Invitation)
        .join(Invitation.event)
        .join(Message, Message.id == Invitation.message_id)
        .options(contains_eager(Invitation.event).joinedload(ServiceEvent.item))
        .options(joinedload(Invitation.message), joinedload(Invitation.reminder))
        .where(
            Invitation.phone_digest == phone_digest, ServiceEvent.expires_at > now, ~RATED,
            Message.handed_over_at.is_not(None),
        )
        .order_by(Message.handed_over_at.desc(), Invitation.id.desc())
    )  # fmt: skip
    return db.session.scalars(rows).all()


def letters_met(phone_digest: str, since: datetime) -> dict[str, datetime]:
    """Return the letters under which a phone was or will be asked since then, and when at the latest."""
    rows = (
        select(Invitation.letter, func.max(Invitation.decided_at))
        .where(
            Invitation.phone_digest == phone_digest, Invitation.skipped.is_(None),
            Invitation.decided_at > since,
        )
        .group_by(Invitation.letter)
    )  # fmt: skip
    return dict(db.session.execute(rows).all())


def is_wanted(subject_id: str, now: datetime) -> bool:
    """Say whether the service (its id as text) may still be rated and has not been."""
    rated = select(ServiceEvent.expires_at, RATED).where(ServiceEvent.id == UUID(subject_id))
    found = db.session.execute(rated).one_or_none()
    return found is not None and found[0] > now and not found[1]


def is_decided(event_id: UUID) -> bool:
    """Say whether it was decided to invite for a service or not to; never which, or why."""
    return bool(db.session.scalar(select(exists().where(Invitation.event_id == event_id))))
