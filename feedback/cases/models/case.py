"""The case itself: where it stands, whose it is, and until when.

`cases` points at its closure, its pending request and the judgement that voided it, each with its
own id in the key, so that no case can borrow another's; at its closure with the round too.
"""

from datetime import datetime
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

from ...catalog.grades import TagClass
from ...db import Base, choice, new_id
from ...events.models import ServiceEvent
from ...offices.models import Department
from ...reviews.drafts import Identity
from ..states import Complexity, Part, State, Verdict


class CaseCounter(Base):
    """The last case number given in a year."""

    __tablename__ = "case_counters"
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class NoticeCounter(Base):
    """The last number of a supervision notice given in a year."""

    __tablename__ = "notice_counters"
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class RuleVersion(Base):
    """One version of the terms and their legal basis. A case keeps the one it was born with."""

    __tablename__ = "rule_versions"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by_name: Mapped[str] = mapped_column(String(60))
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)


class Case(Base):
    """One negative review on its way to closure (差评整改件)."""

    __tablename__ = "cases"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("service_events.id"), unique=True)
    identity: Mapped[Identity] = mapped_column(choice(Identity, "identity"))
    state: Mapped[State] = mapped_column(choice(State, "state"))
    department_code: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    """Who answers for it. The window where it happened is the service's own."""
    tag_class: Mapped[TagClass | None] = mapped_column(choice(TagClass, "tag_class"))
    """What it is about, as routing judged it or whoever assigned it since: a guide's fault is never
    the window's."""
    routing: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Why this department: the rule and what matched, or who decided and why, as facts."""
    rules_version: Mapped[int] = mapped_column(ForeignKey("rule_versions.version"))
    complexity: Mapped[Complexity] = mapped_column(choice(Complexity, "complexity"))
    round: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime] = mapped_column(index=True)
    routed_at: Mapped[datetime | None]
    """When it came to the present department; the time to appeal runs from here."""
    contact_since: Mapped[datetime | None]
    contact_due_at: Mapped[datetime | None]
    due_since: Mapped[datetime]
    due_plan: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """The pieces of the department's term, counted one after the other from `due_since`."""
    due_at: Mapped[datetime]
    desk_since: Mapped[datetime | None]
    desk_due_at: Mapped[datetime | None]
    """By when the supervisors' or the visitor's step must be done, where it is theirs."""
    next_due_at: Mapped[datetime | None]
    """The deadline of what comes next; NULL once it has ended. What inboxes sort by."""
    warn_at: Mapped[datetime | None]
    rung: Mapped[int] = mapped_column(default=0)
    """How far up the ladder the present deadline is."""
    next_rung_at: Mapped[datetime | None]
    """When the next rung is climbed; the scheduler asks for nothing else."""
    contacted_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    """When the present round's reply was given; the department's clock stops here."""
    request_id: Mapped[UUID | None]
    """The request that waits for a decision."""
    judgement_id: Mapped[UUID | None]
    judgement_verdict: Mapped[Verdict | None] = mapped_column(choice(Verdict, "judgement_verdict"))
    voided_at: Mapped[datetime | None]
    objection_until: Mapped[datetime | None]
    """Until when the citizen may object to the voiding; kept afterwards."""
    closed_at: Mapped[datetime | None]
    closure_id: Mapped[UUID | None]
    answer_due_at: Mapped[datetime | None]
    """By when the supervisors answer a dissatisfied second review that came after the end; NULL when
    none waits."""
    version: Mapped[int] = mapped_column(default=1)
    """Counts the acts, so that a stale page is refused."""
    event: Mapped[ServiceEvent] = relationship()
    department: Mapped[Department | None] = relationship()
    __table_args__ = (
        UniqueConstraint("id", "identity"),
        UniqueConstraint("id", "identity", "event_id"),
        UniqueConstraint("id", "department_code"),
        ForeignKeyConstraint(
            ["closure_id", "id", "round"], ["closures.id", "closures.case_id", "closures.round"],
            name="fk_cases_closure", use_alter=True,
        ),
        ForeignKeyConstraint(
            ["request_id", "id"], ["requests.id", "requests.case_id"],
            name="fk_cases_request", use_alter=True,
        ),
        ForeignKeyConstraint(
            ["judgement_id", "id", "judgement_verdict"],
            ["judgements.id", "judgements.case_id", "judgements.verdict"],
            name="fk_cases_judgement", use_alter=True,
        ),
        CheckConstraint("(state = 'closed') = (closure_id IS NOT NULL)", name="closed_has_closure"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_moment"),
        CheckConstraint(
            "answer_due_at IS NULL OR state = 'closed'", name="answered_after_the_end"
        ),
        CheckConstraint(
            "(state IN ('closed', 'voided')) = (next_due_at IS NULL)", name="open_has_deadline"
        ),
        CheckConstraint("(next_due_at IS NULL) = (warn_at IS NULL)", name="deadline_has_warning"),
        CheckConstraint("next_rung_at IS NULL OR next_due_at IS NOT NULL", name="rung_of_deadline"),
        CheckConstraint("rung BETWEEN 0 AND 4", name="rung_range"),
        CheckConstraint("(state = 'triage') = (department_code IS NULL)", name="triage_or_owner"),
        CheckConstraint("(state = 'triage') = (routed_at IS NULL)", name="owner_has_moment"),
        CheckConstraint(
            "(state IN ('visiting', 'closing', 'closed')) = (answered_at IS NOT NULL)",
            name="answered_before_visit",
        ),
        CheckConstraint("state <> 'visiting' OR identity = 'named'", name="only_named_visited"),
        CheckConstraint("(identity = 'named') = (contact_since IS NOT NULL)", name="named_is_called"),
        CheckConstraint(
            "(state IN ('triage', 'transferring', 'appealed', 'objected', 'visiting', 'closing'))"
            " = (desk_due_at IS NOT NULL)",
            name="desk_has_deadline",
        ),
        CheckConstraint(
            "(desk_due_at IS NULL) = (desk_since IS NULL)", name="desk_deadline_has_start"
        ),
        CheckConstraint("state <> 'transferring' OR request_id IS NOT NULL", name="transfer_asked"),
        CheckConstraint(
            "request_id IS NULL OR state IN ('routed', 'verifying', 'rectifying', 'transferring')",
            name="asked_while_working",
        ),
        CheckConstraint(
            "(state IN ('voided', 'objected')) = (judgement_id IS NOT NULL)", name="void_was_judged"
        ),
        CheckConstraint(
            "(judgement_id IS NULL) = (judgement_verdict IS NULL)", name="judgement_has_verdict"
        ),
        CheckConstraint(
            "judgement_verdict IS NULL OR judgement_verdict = 'uphold'", name="void_was_upheld"
        ),
        CheckConstraint("(judgement_id IS NULL) = (voided_at IS NULL)", name="void_has_moment"),
        Index(
            "ix_cases_open_due", "department_code", "next_due_at",
            postgresql_where=text("next_due_at IS NOT NULL"),
            sqlite_where=text("next_due_at IS NOT NULL"),
        ),
        Index(
            "ix_cases_next_rung_at", "next_rung_at",
            postgresql_where=text("next_rung_at IS NOT NULL"),
            sqlite_where=text("next_rung_at IS NOT NULL"),
        ),
        Index(
            "ix_cases_answer_due_at", "answer_due_at",
            postgresql_where=text("answer_due_at IS NOT NULL"),
            sqlite_where=text("answer_due_at IS NOT NULL"),
        ),
    )  # fmt: skip


class CasePart(Base):
    """A person's part in a case. The key is the rule: nobody has two parts in the same case.

    Whatever is done in a part points here with it, so that the database holds to it.
    """

    __tablename__ = "case_parts"
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    part: Mapped[Part] = mapped_column(choice(Part, "part"))
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("case_id", "account_id", "part"),)
