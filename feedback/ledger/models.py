"""What happened, append-only. Facts carry codes and numbers, never personal data."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base, choice, new_id


class ActorKind(StrEnum):
    """Who acted."""

    CITIZEN = "citizen"
    STAFF = "staff"
    SYSTEM = "system"
    API = "api"


class Entry(Base):
    """One line of the ledger (台账)."""

    __tablename__ = "ledger_entries"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(60))
    act: Mapped[str] = mapped_column(String(40))
    actor_kind: Mapped[ActorKind] = mapped_column(choice(ActorKind, "actor_kind"))
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(String(60), default="")
    actor_department: Mapped[str | None] = mapped_column(String(20))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    sealed_in: Mapped[int | None]
    """The seal that covers this line; NULL until sealed (never «id > last seen»)."""
    __table_args__ = (
        Index("ix_ledger_entries_subject", "subject", "subject_id", "id"),
        Index("ix_ledger_entries_subject_at", "subject", "at"),
    )
