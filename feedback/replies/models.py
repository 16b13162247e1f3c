"""What came in by text message, kept whole, and what was made of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base, choice, new_id
from .talk import Made


class Via(StrEnum):
    """How we came to know of it: the gateway called, or we found it on its list."""

    CALL = "call"
    LIST = "list"


class IncomingText(Base):
    """One text message from a phone. Its id at the gateway makes it one however often it comes."""

    __tablename__ = "incoming_texts"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    gateway: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str] = mapped_column(String(64))
    via: Mapped[Via] = mapped_column(choice(Via, "via"))
    from_phone_sealed: Mapped[str | None] = mapped_column(String(400))
    phone_digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]
    """When it was sent, as the gateway says."""
    received_at: Mapped[datetime] = mapped_column(index=True)
    made: Mapped[Made] = mapped_column(choice(Made, "made"))
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_events.id"), index=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    answer_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id"))
    waits_from: Mapped[datetime | None]
    """From when a person should look at what we asked back about; empty once it was answered."""
    seen_at: Mapped[datetime | None]
    seen_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    __table_args__ = (
        UniqueConstraint("gateway", "provider_id"),
        CheckConstraint("(seen_at IS NULL) = (seen_by_id IS NULL)", name="seen_by_somebody"),
        Index("ix_incoming_texts_phone_digest_received_at", "phone_digest", "received_at"),
        Index("ix_incoming_texts_made_seen_at", "made", "seen_at"),
        Index("ix_incoming_texts_waits_from", "waits_from"),
    )


class InboxRead(Base):
    """Until when everything that a gateway has on its list was taken in."""

    __tablename__ = "inboxes"
    gateway: Mapped[str] = mapped_column(String(20), primary_key=True)
    read_at: Mapped[datetime]
