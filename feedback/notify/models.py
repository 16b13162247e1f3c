"""The outbox: a message is promised in the transaction of its reason and sent after it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base, choice, new_id


class By(StrEnum):
    """Through which carrier a message goes."""

    MAIL = "mail"
    SMS = "sms"


class StoppedBy(StrEnum):
    """How we know that a phone wants no messages."""

    REPLY = "reply"
    CARRIER = "carrier"


class State(StrEnum):
    """Where a promise stands.

    `asking`: handed over, but whether it left is not known, and the carrier is asked before anybody
    sends it again. `sent`: the carrier took it. `delivered`, `failed`: what the carrier told of it
    later. `uncertain`: the carrier could not say either; a person decides, because the same promise
    is never sent twice by us. `given_up`: refused for good or too often; a person decides.
    """

    QUEUED = "queued"
    SENDING = "sending"
    ASKING = "asking"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


UNDECIDED = text("state IN ('given_up', 'uncertain', 'failed')")
"""Which messages a person may decide about: few among many, with an index of their own.

As words, because a database takes that index only where it reads the same words.
"""


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
    to_phone_digest: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(10), default="zh_CN")
    subject_id: Mapped[str] = mapped_column(String(60), index=True)
    state: Mapped[State] = mapped_column(choice(State, "state"), default=State.QUEUED)
    urgency: Mapped[int] = mapped_column(default=1)
    """Whose turn is first: 0 an answer, 1 news, 2 what we ask unasked."""
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    next_try_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]
    earlier: Mapped[list[str] | None] = mapped_column(JSON)
    """When it may have left before a person had it sent again (ISO 8601): the phone may have it."""
    asked_at: Mapped[datetime | None]
    """When the carrier was first asked about this try, and could not tell."""
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    carrier: Mapped[str] = mapped_column(String(20), default="")
    provider_id: Mapped[str | None] = mapped_column(String(64))
    """Under which the carrier knows it."""
    parts: Mapped[int] = mapped_column(default=0)
    """In how many parts a text message travels, which is what it costs."""
    spent: Mapped[int] = mapped_column(default=0)
    """Parts of earlier tries that a carrier took and that did not arrive, before a person decided."""
    text_digest: Mapped[str | None] = mapped_column(String(64))
    """Keyed digest of the words handed over, to know them again without keeping them."""
    last_error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("carrier", "provider_id"),
        CheckConstraint(
            "(to_department IS NULL) <> (to_phone_sealed IS NULL)", name="one_recipient"
        ),
        CheckConstraint(
            "(state IN ('sent', 'delivered', 'failed')) = (sent_at IS NOT NULL)",
            name="sent_has_moment",
        ),
        CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_has_moment"
        ),
        CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)", name="sending_has_lease"
        ),
        Index("ix_messages_turn", "state", "by", "urgency", "next_try_at"),
        Index(
            "ix_messages_decidable",
            "urgency",
            "id",
            sqlite_where=UNDECIDED,
            postgresql_where=UNDECIDED,
        ),
        Index("ix_messages_created_at", "created_at"),
        Index("ix_messages_state", "state"),  # narrow: counting them all reads nothing else
        Index("ix_messages_to_phone_digest_handed_over_at", "to_phone_digest", "handed_over_at"),
    )


class Carrier(Base):
    """What all senders of one kind of message share: whose turn is when, and whether it is shut."""

    __tablename__ = "carriers"
    name: Mapped[By] = mapped_column(choice(By, "name"), primary_key=True)
    free_at: Mapped[datetime]
    """The first moment that no message has been given yet; each takes its share of a second."""
    failures: Mapped[int] = mapped_column(default=0)
    """How many tries failed one after the other for reasons that are the carrier's own."""
    shut_until: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(60), default="")


class Phone(Base):
    """What the holder of a phone wishes of our messages. Known by its keyed digest alone."""

    __tablename__ = "phones"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    locale: Mapped[str | None] = mapped_column(String(10))
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[StoppedBy | None] = mapped_column(choice(StoppedBy, "stopped_by"))
    __table_args__ = (
        CheckConstraint("(stopped_at IS NULL) = (stopped_by IS NULL)", name="stopped_by_somebody"),
    )


class Wording(Base):
    """One version of a message's words, as a district edited them; the newest is in force.

    Without `text` it is the way back to the file.
    """

    __tablename__ = "wordings"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    occasion: Mapped[str] = mapped_column(String(40))
    locale: Mapped[str] = mapped_column(String(10))
    version: Mapped[int]
    text: Mapped[str | None] = mapped_column(String(4000))
    by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("occasion", "locale", "version"),
        CheckConstraint("version >= 1", name="version_counts"),
    )
