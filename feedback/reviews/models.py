"""What was said. Rows are written once and never changed (triggers refuse it)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..catalog.models import Tag
from ..db import Base, choice, new_id
from ..events.models import ServiceEvent
from .drafts import COMMENT_LIMIT, Channel, Identity


class Review(Base):
    """One review of one service event. A negative one points at its case, which exists already."""

    __tablename__ = "reviews"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("service_events.id"), unique=True)
    case_id: Mapped[UUID | None] = mapped_column(unique=True)
    receipt_digest: Mapped[str] = mapped_column(String(64), unique=True)
    ticket_digest: Mapped[str | None] = mapped_column(String(64))
    """Keyed digest of the number of the page it was sent from: the receipt is for whoever has that."""
    grade: Mapped[int]
    comment: Mapped[str] = mapped_column(String(COMMENT_LIMIT), default="")
    identity: Mapped[Identity] = mapped_column(choice(Identity, "identity"))
    name_sealed: Mapped[str | None] = mapped_column(String(400))
    phone_sealed: Mapped[str | None] = mapped_column(String(400))
    phone_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    channel: Mapped[Channel] = mapped_column(choice(Channel, "channel"))
    locale: Mapped[str] = mapped_column(String(10))
    entered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    received_at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[ServiceEvent] = relationship()
    tags: Mapped[list[Tag]] = relationship(
        secondary="review_tags", order_by=Tag.code, viewonly=True
    )
    __table_args__ = (
        # The case is this service's own, and says «named» exactly when the review does.
        ForeignKeyConstraint(
            ["case_id", "identity", "event_id"],
            ["cases.id", "cases.identity", "cases.event_id"],
            name="fk_reviews_case",
        ),
        CheckConstraint("grade BETWEEN 1 AND 5", name="grade_range"),
        CheckConstraint("(grade <= 2) = (case_id IS NOT NULL)", name="negative_has_case"),
        CheckConstraint(
            "grade <= 2 OR (identity = 'anonymous' AND name_sealed IS NULL"
            " AND phone_sealed IS NULL AND phone_digest IS NULL)",
            name="satisfied_keeps_no_person",
        ),
        CheckConstraint(
            "(identity = 'named') = (phone_sealed IS NOT NULL AND phone_digest IS NOT NULL)",
            name="named_has_phone",
        ),
    )


class ReviewTag(Base):
    """One tag that was chosen in one review."""

    __tablename__ = "review_tags"
    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    tag_code: Mapped[int] = mapped_column(ForeignKey("tags.code"), primary_key=True)
