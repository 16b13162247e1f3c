"""A negative review being put right: the case, what was done, and what its states imply.

The chain of composite foreign keys from `closures` is invariant 4: a case is closed exactly when
its closure exists, and a closure needs this case's own finding, rectification, reply and return
visit, and a closer who handled none of it.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, choice, new_id
from ..events.models import ServiceEvent
from ..offices.models import Account, Department
from ..reviews.drafts import Identity
from .deadlines import Told
from .states import Complexity, Finding, Means, Outcome, State

WORDS_LIMIT = 2000


def _case_key() -> Mapped[UUID]:
    return mapped_column(ForeignKey("cases.id"), index=True)


def _by_key() -> Mapped[UUID]:
    return mapped_column(ForeignKey("accounts.id"))


def _words(limit: int = WORDS_LIMIT) -> Mapped[str]:
    return mapped_column(String(limit))


class CaseCounter(Base):
    """The last case number given in a year."""

    __tablename__ = "case_counters"
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class Case(Base):
    """One negative review on its way to closure (差评整改件)."""

    __tablename__ = "cases"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("service_events.id"), unique=True)
    identity: Mapped[Identity] = mapped_column(choice(Identity, "identity"))
    state: Mapped[State] = mapped_column(choice(State, "state"))
    department_code: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    routing: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Why this department: the rule and what matched, as facts."""
    complexity: Mapped[Complexity] = mapped_column(choice(Complexity, "complexity"))
    round: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime] = mapped_column(index=True)
    contact_due_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    complex_due_at: Mapped[datetime]
    """By when, counted from the review, if the case is found complex."""
    visit_due_at: Mapped[datetime | None]
    next_due_at: Mapped[datetime | None]
    """The deadline of what comes next; NULL once closed. What inboxes sort by."""
    warn_at: Mapped[datetime | None]
    told: Mapped[Told] = mapped_column(choice(Told, "told"), default=Told.NOTHING)
    """Which notice about `next_due_at` was promised already."""
    contacted_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    """When the present round's reply was given; the department's clock stops here."""
    closed_at: Mapped[datetime | None]
    closure_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)
    """Counts the acts, so that a stale page is refused."""
    event: Mapped[ServiceEvent] = relationship()
    department: Mapped[Department | None] = relationship()
    __table_args__ = (
        UniqueConstraint("id", "identity"),
        UniqueConstraint("id", "identity", "event_id"),
        UniqueConstraint("id", "department_code"),
        ForeignKeyConstraint(
            ["closure_id", "id"], ["closures.id", "closures.case_id"],
            name="fk_cases_closure", use_alter=True,
        ),
        CheckConstraint("(state = 'closed') = (closure_id IS NOT NULL)", name="closed_has_closure"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_moment"),
        CheckConstraint("(state = 'closed') = (next_due_at IS NULL)", name="open_has_deadline"),
        CheckConstraint("(state = 'triage') = (department_code IS NULL)", name="triage_or_owner"),
        CheckConstraint(
            "(state IN ('visiting', 'closing', 'closed')) = (answered_at IS NOT NULL)",
            name="answered_before_visit",
        ),
        CheckConstraint("state <> 'visiting' OR identity = 'named'", name="only_named_visited"),
        Index(
            "ix_cases_open_due", "department_code", "next_due_at",
            postgresql_where=text("state <> 'closed'"), sqlite_where=text("state <> 'closed'"),
        ),
    )  # fmt: skip


class Contact(Base):
    """One attempt of the department to reach the citizen (联系)."""

    __tablename__ = "contacts"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = _case_key()
    at: Mapped[datetime]
    by_id: Mapped[UUID] = _by_key()
    means: Mapped[Means] = mapped_column(choice(Means, "means"))
    reached: Mapped[bool]
    words: Mapped[str] = _words()
    by: Mapped[Account] = relationship()


class Verification(Base):
    """What the department found (核实)."""

    __tablename__ = "verifications"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = _case_key()
    at: Mapped[datetime]
    by_id: Mapped[UUID] = _by_key()
    finding: Mapped[Finding] = mapped_column(choice(Finding, "finding"))
    words: Mapped[str] = _words()
    by: Mapped[Account] = relationship()
    __table_args__ = (UniqueConstraint("id", "case_id", "by_id"),)


class Rectification(Base):
    """What was put right, or which law was explained (整改)."""

    __tablename__ = "rectifications"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = _case_key()
    round: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[UUID] = _by_key()
    words: Mapped[str] = _words()
    by: Mapped[Account] = relationship()
    evidence: Mapped[list["Evidence"]] = relationship(order_by="Evidence.id")
    __table_args__ = (UniqueConstraint("id", "case_id", "round", "by_id"),)


class Evidence(Base):
    """A file that shows a rectification; its bytes lie outside the web root, by digest."""

    __tablename__ = "evidence"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = _case_key()
    rectification_id: Mapped[UUID] = mapped_column(ForeignKey("rectifications.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))


class Reply(Base):
    """What the citizen was told (反馈); for the receipt page and, if named, by message."""

    __tablename__ = "replies"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = _case_key()
    round: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[UUID] = _by_key()
    words: Mapped[str] = _words()
    by: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("case_id", "round"),
        UniqueConstraint("id", "case_id", "round", "by_id"),
    )


class ReturnVisit(Base):
    """One return visit (回访), never by the department complained of.

    Failed attempts of a round are numbered, each on its own day, and each points at the one
    before, so that the third cannot exist without two others on two other days.
    """

    __tablename__ = "return_visits"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = _case_key()
    round: Mapped[int]
    at: Mapped[datetime]
    day: Mapped[date]
    by_id: Mapped[UUID] = _by_key()
    visitor_department: Mapped[str] = mapped_column(String(20))
    case_department: Mapped[str] = mapped_column(String(20))
    means: Mapped[Means] = mapped_column(choice(Means, "means"))
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome, "outcome"))
    attempt: Mapped[int]
    attempt_before: Mapped[int | None]
    satisfied: Mapped[bool | None]
    words: Mapped[str] = _words()
    by: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("case_id", "round", "outcome", "attempt"),
        UniqueConstraint("case_id", "round", "outcome", "day"),
        UniqueConstraint("id", "case_id", "round", "outcome", "attempt", "by_id"),
        ForeignKeyConstraint(
            ["case_id", "case_department"], ["cases.id", "cases.department_code"],
            name="fk_return_visits_case_department",
        ),
        ForeignKeyConstraint(
            ["case_id", "round", "outcome", "attempt_before"],
            ["return_visits.case_id", "return_visits.round", "return_visits.outcome",
             "return_visits.attempt"],
            name="fk_return_visits_attempt_before",
        ),
        CheckConstraint("visitor_department <> case_department", name="visitor_from_elsewhere"),
        CheckConstraint("(outcome = 'answered') = (satisfied IS NOT NULL)", name="answer_has_verdict"),
        CheckConstraint(
            # IS NOT NULL is said because a CHECK that comes to NULL lets the row pass.
            "attempt = 1 AND attempt_before IS NULL OR attempt > 1 AND attempt_before IS NOT NULL"
            " AND attempt_before = attempt - 1",
            name="attempts_in_order",
        ),
    )  # fmt: skip


class Closure(Base):
    """The end of a case (销号), and the proof that everything invariant 4 asks was there."""

    __tablename__ = "closures"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), unique=True)
    identity: Mapped[Identity] = mapped_column(choice(Identity, "identity"))
    round: Mapped[int]
    verification_id: Mapped[UUID]
    verified_by_id: Mapped[UUID]
    rectification_id: Mapped[UUID]
    rectified_by_id: Mapped[UUID]
    reply_id: Mapped[UUID]
    replied_by_id: Mapped[UUID]
    visit_id: Mapped[UUID | None]
    visit_outcome: Mapped[Outcome | None] = mapped_column(choice(Outcome, "visit_outcome"))
    visit_attempt: Mapped[int | None]
    visited_by_id: Mapped[UUID | None]
    case_department: Mapped[str] = mapped_column(String(20))
    closer_department: Mapped[str] = mapped_column(String(20))
    closed_by_id: Mapped[UUID] = _by_key()
    at: Mapped[datetime]
    words: Mapped[str] = _words()
    by: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("id", "case_id"),
        ForeignKeyConstraint(
            ["case_id", "identity"], ["cases.id", "cases.identity"], name="fk_closures_identity"
        ),
        ForeignKeyConstraint(
            ["verification_id", "case_id", "verified_by_id"],
            ["verifications.id", "verifications.case_id", "verifications.by_id"],
            name="fk_closures_verification",
        ),
        ForeignKeyConstraint(
            ["rectification_id", "case_id", "round", "rectified_by_id"],
            ["rectifications.id", "rectifications.case_id", "rectifications.round",
             "rectifications.by_id"],
            name="fk_closures_rectification",
        ),
        ForeignKeyConstraint(
            ["reply_id", "case_id", "round", "replied_by_id"],
            ["replies.id", "replies.case_id", "replies.round", "replies.by_id"],
            name="fk_closures_reply",
        ),
        ForeignKeyConstraint(
            ["visit_id", "case_id", "round", "visit_outcome", "visit_attempt", "visited_by_id"],
            ["return_visits.id", "return_visits.case_id", "return_visits.round",
             "return_visits.outcome", "return_visits.attempt", "return_visits.by_id"],
            name="fk_closures_visit",
        ),
        ForeignKeyConstraint(
            ["case_id", "case_department"], ["cases.id", "cases.department_code"],
            name="fk_closures_case_department",
        ),
        CheckConstraint("closer_department <> case_department", name="closer_from_elsewhere"),
        CheckConstraint(
            "closed_by_id NOT IN (verified_by_id, rectified_by_id, replied_by_id)",
            name="closer_is_not_handler",
        ),
        CheckConstraint(
            "visited_by_id IS NULL OR"
            " visited_by_id NOT IN (verified_by_id, rectified_by_id, replied_by_id)",
            name="visitor_is_not_handler",
        ),
        CheckConstraint(
            "identity = 'anonymous' OR (visit_id IS NOT NULL AND visit_outcome IS NOT NULL"
            " AND visit_attempt IS NOT NULL AND visited_by_id IS NOT NULL"
            " AND (visit_outcome = 'answered' OR visit_attempt >= 3))",
            name="named_was_visited",
        ),
    )  # fmt: skip
