"""That somebody was asked by text message how a service went, or why not."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, choice, new_id
from ..events.models import ServiceEvent
from ..notify.models import Message


class Skipped(StrEnum):
    """Why nobody was asked."""

    RATED = "rated"
    EXPIRED = "expired"
    STOPPED = "stopped"
    NO_MOBILE = "no_mobile"
    OWN_SERVICE = "own_service"
    UNREADABLE = "unreadable"  # the phone does not open: its key is gone, or it was altered


class Invitation(Base):
    """The one invitation of a service, sent or deliberately not, and its one reminder."""

    __tablename__ = "invitations"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("service_events.id"), unique=True)
    phone_digest: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[datetime] = mapped_column(index=True)
    skipped: Mapped[Skipped | None] = mapped_column(choice(Skipped, "skipped"))
    letter: Mapped[str] = mapped_column(String(1), default="")
    """By which the citizen names this service when several are open: A, B, C …"""
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    remind_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the reminder is due; empty once that was decided."""
    reminder_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    event: Mapped[ServiceEvent] = relationship()
    message: Mapped[Message | None] = relationship(foreign_keys=[message_id])
    reminder: Mapped[Message | None] = relationship(foreign_keys=[reminder_id])
    __table_args__ = (
        CheckConstraint("(skipped IS NULL) = (message_id IS NOT NULL)", name="sent_or_said_why"),
        Index("ix_invitations_phone_digest_decided_at", "phone_digest", "decided_at"),
    )
