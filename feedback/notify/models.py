"""The outbox: a message is promised in the transaction of its reason and sent after it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base, choice, new_id


class By(StrEnum):
    """Through which carrier a message goes."""

    MAIL = "mail"
    SMS = "sms"


class State(StrEnum):
    """Where a promise stands.

    `uncertain`: handed over, but whether it left is not known; a person decides, because the same
    promise is never sent twice by us. `given_up`: refused too often; a person decides.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


class Message(Base):
    """One promised message, to a department's mailboxes or to one sealed phone."""

    __tablename__ = "messages"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    occasion: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    by: Mapped[By] = mapped_column(choice(By, "by"))
    to_department: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    to_phone_sealed: Mapped[str | None] = mapped_column(String(400))
    locale: Mapped[str] = mapped_column(String(10), default="zh_CN")
    subject_id: Mapped[str] = mapped_column(String(60), index=True)
    state: Mapped[State] = mapped_column(choice(State, "state"), default=State.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint(
            "(to_department IS NULL) <> (to_phone_sealed IS NULL)", name="one_recipient"
        ),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_moment"),
        CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)", name="sending_has_lease"
        ),
        Index("ix_messages_state_next_try_at", "state", "next_try_at"),
    )
