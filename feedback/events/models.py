"""A citizen was served: one row per (办件编号, 服务次数) of a source."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..catalog.grades import Mode, ServiceKind
from ..catalog.models import Item
from ..db import Base, choice, new_id
from ..offices.models import Officer, Window
from .facts import ApplicantKind


class RecordedVia(StrEnum):
    """How the service came to be known."""

    DESK = "desk"
    API = "api"
    FILE = "file"


class ServiceEvent(Base):
    """A service that may be rated once."""

    __tablename__ = "service_events"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    serial: Mapped[int] = mapped_column(BigInteger, unique=True)
    token_key_id: Mapped[str] = mapped_column(String(1))
    source: Mapped[str] = mapped_column(String(40))
    project_no: Mapped[str] = mapped_column(String(50), index=True)
    service_number: Mapped[int]
    item_code: Mapped[str] = mapped_column(ForeignKey("items.code"), index=True)
    kind: Mapped[ServiceKind] = mapped_column(choice(ServiceKind, "kind"))
    mode: Mapped[Mode] = mapped_column(choice(Mode, "mode"))
    window_code: Mapped[str | None] = mapped_column(ForeignKey("windows.code"))
    officer_code: Mapped[str | None] = mapped_column(ForeignKey("officers.code"))
    applicant_kind: Mapped[ApplicantKind] = mapped_column(choice(ApplicantKind, "applicant_kind"))
    applicant_name_sealed: Mapped[str | None] = mapped_column(String(400))
    applicant_phone_sealed: Mapped[str | None] = mapped_column(String(400))
    applicant_phone_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    served_at: Mapped[datetime] = mapped_column(index=True)
    promised_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    recorded_via: Mapped[RecordedVia] = mapped_column(choice(RecordedVia, "recorded_via"))
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    facts_digest: Mapped[str] = mapped_column(String(64))
    invite_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the applicant is to be asked by text message; empty without a phone and once decided."""
    item: Mapped[Item] = relationship()
    window: Mapped[Window | None] = relationship()
    officer: Mapped[Officer | None] = relationship()
    __table_args__ = (
        UniqueConstraint("source", "project_no", "service_number"),
        CheckConstraint("service_number BETWEEN 1 AND 99", name="service_number_range"),
        Index("ix_service_events_recorded_by_id_recorded_at", "recorded_by_id", "recorded_at"),
    )
