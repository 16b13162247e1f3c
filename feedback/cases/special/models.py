"""A special rectification (专项整改), its members, and what was decided and done. Written once.

`specials` points at its decision, its report and its closure, each with its own id in the key, so
that nothing is confirmed without owner and deadline, and nothing closed but by another office.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from ...catalog.grades import TagClass
from ...catalog.models import Item
from ...db import Base, choice, new_id
from ...offices.models import Account, Department
from ..models import Case
from ..models.columns import by_key, office, written
from .rules import LONGEST_DAYS
from .states import State

STILL_OPEN = "state IN ('proposed', 'working', 'reported')"


class SpecialCounter(Base):
    """The last number of a special rectification given in a year."""

    __tablename__ = "special_counters"
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class Special(Base):
    """One cause that several cases of an item and a tag class have in common."""

    __tablename__ = "specials"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    item_code: Mapped[str] = mapped_column(ForeignKey("items.code"))
    tag_class: Mapped[TagClass] = mapped_column(choice(TagClass, "tag_class"))
    state: Mapped[State] = mapped_column(choice(State, "state"))
    opened_at: Mapped[datetime]
    suggested_code: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    """Who answers for this by the routing table; the supervisor may name another."""
    owner_code: Mapped[str | None] = mapped_column(ForeignKey("departments.code"), index=True)
    round: Mapped[int] = mapped_column(default=1)
    due_at: Mapped[datetime | None]
    """By when the owner is to have reported."""
    next_due_at: Mapped[datetime | None]
    """The deadline of what comes next, the owner's or the supervisors'; NULL once it has ended."""
    warn_at: Mapped[datetime | None]
    due_since: Mapped[datetime | None]
    """From when the term of what comes next runs, and for how many working days: by these two it is
    counted again when the calendar changes. None where neither was kept, or nothing comes next."""
    days: Mapped[int | None]
    told_due_at: Mapped[datetime | None]
    """The deadline that was told of as passed; each is told of once."""
    decision_id: Mapped[UUID | None]
    report_id: Mapped[UUID | None]
    """The report that waits to be looked at, or was accepted."""
    closure_id: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    """Counts the acts, so that a stale page is refused."""
    item: Mapped[Item] = relationship()
    suggested: Mapped[Department | None] = relationship(foreign_keys=[suggested_code])
    owner: Mapped[Department | None] = relationship(foreign_keys=[owner_code])
    __table_args__ = (
        UniqueConstraint("id", "tag_class"),
        UniqueConstraint("id", "suggested_code"),
        UniqueConstraint("id", "owner_code"),
        ForeignKeyConstraint(
            ["decision_id", "id"], ["special_decisions.id", "special_decisions.special_id"],
            name="fk_specials_decision", use_alter=True,
        ),
        ForeignKeyConstraint(
            ["decision_id", "owner_code"],
            ["special_decisions.id", "special_decisions.owner_code"],
            name="fk_specials_confirmation", use_alter=True,
        ),
        ForeignKeyConstraint(
            ["report_id", "id", "round"],
            ["special_reports.id", "special_reports.special_id", "special_reports.round"],
            name="fk_specials_report", use_alter=True,
        ),
        ForeignKeyConstraint(
            ["closure_id", "id", "report_id"],
            ["special_closures.id", "special_closures.special_id", "special_closures.report_id"],
            name="fk_specials_closure", use_alter=True,
        ),
        CheckConstraint("(state = 'proposed') = (decision_id IS NULL)", name="decided_or_proposed"),
        CheckConstraint(
            "(state IN ('working', 'reported', 'closed')) = (owner_code IS NOT NULL)",
            name="confirmed_has_owner",
        ),
        CheckConstraint("(owner_code IS NULL) = (due_at IS NULL)", name="owner_has_deadline"),
        CheckConstraint(
            "(state IN ('reported', 'closed')) = (report_id IS NOT NULL)", name="reported_has_report"
        ),
        CheckConstraint("(state = 'closed') = (closure_id IS NOT NULL)", name="closed_has_closure"),
        CheckConstraint(
            "(state IN ('declined', 'closed')) = (ended_at IS NOT NULL)", name="ended_has_moment"
        ),
        CheckConstraint("(ended_at IS NULL) = (next_due_at IS NOT NULL)", name="open_has_deadline"),
        CheckConstraint("(next_due_at IS NULL) = (warn_at IS NULL)", name="deadline_has_warning"),
        CheckConstraint("round BETWEEN 1 AND 2", name="round_range"),
        CheckConstraint("(days IS NULL) = (due_since IS NULL)", name="days_have_start"),
        # The one guard against two schedulers and a kill in between: one of a kind is open.
        Index(
            "uq_specials_open", "item_code", "tag_class", unique=True,
            postgresql_where=text(STILL_OPEN), sqlite_where=text(STILL_OPEN),
        ),
        Index(
            "ix_specials_next_due_at", "next_due_at",
            postgresql_where=text("next_due_at IS NOT NULL"),
            sqlite_where=text("next_due_at IS NOT NULL"),
        ),
    )  # fmt: skip


class SpecialMember(Base):
    """A case that belongs to a special rectification. It stays a case and is closed by itself.

    A case counts once for each class of tags, so that what was declined is not proposed again.
    """

    __tablename__ = "special_members"
    special_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    tag_class: Mapped[TagClass] = mapped_column(choice(TagClass, "tag_class"))
    at: Mapped[datetime]
    later: Mapped[bool]
    """Whether it joined after the proposal."""
    case: Mapped[Case] = relationship()
    __table_args__ = (
        UniqueConstraint("case_id", "tag_class"),
        ForeignKeyConstraint(
            ["special_id", "tag_class"], ["specials.id", "specials.tag_class"],
            name="fk_special_members_special",
        ),
    )  # fmt: skip


class SpecialDecision(Base):
    """What a supervisor decided about a proposal: who owns it and by when, or why not. Once."""

    __tablename__ = "special_decisions"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    special_id: Mapped[UUID] = mapped_column(ForeignKey("specials.id"), unique=True)
    suggested_code: Mapped[str | None] = mapped_column(String(20))
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    by_department: Mapped[str] = office()
    owner_code: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    days: Mapped[int | None]
    """Working days that the owner has."""
    words: Mapped[str] = written()
    """The measures wanted, or why it is declined."""
    by: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("id", "special_id"),
        UniqueConstraint("id", "owner_code"),
        ForeignKeyConstraint(
            ["special_id", "suggested_code"], ["specials.id", "specials.suggested_code"],
            name="fk_special_decisions_suggested",
        ),
        CheckConstraint("(owner_code IS NULL) = (days IS NULL)", name="owner_has_days"),
        CheckConstraint(f"days BETWEEN 1 AND {LONGEST_DAYS}", name="days_range"),
        CheckConstraint(
            "suggested_code IS NULL OR by_department <> suggested_code", name="decided_elsewhere"
        ),
        CheckConstraint("length(words) > 0", name="has_words"),
    )  # fmt: skip


class SpecialMeasure(Base):
    """What the owner means to do about the cause (整改措施)."""

    __tablename__ = "special_measures"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    special_id: Mapped[UUID] = mapped_column(ForeignKey("specials.id"), index=True)
    owner_code: Mapped[str] = office()
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    words: Mapped[str] = written()
    by: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("id", "special_id"),
        ForeignKeyConstraint(
            ["special_id", "owner_code"], ["specials.id", "specials.owner_code"],
            name="fk_special_measures_owner",
        ),
    )  # fmt: skip


class SpecialReport(Base):
    """What the owner has done (整改结果); one in each round, and never without measures."""

    __tablename__ = "special_reports"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    special_id: Mapped[UUID] = mapped_column(ForeignKey("specials.id"))
    round: Mapped[int]
    owner_code: Mapped[str] = office()
    measure_id: Mapped[UUID]
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    due_at: Mapped[datetime]
    """By when it was due, as it stood then."""
    words: Mapped[str] = written()
    by: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("special_id", "round"),
        UniqueConstraint("id", "special_id", "round"),
        UniqueConstraint("id", "special_id", "owner_code", "by_id"),
        ForeignKeyConstraint(
            ["measure_id", "special_id"], ["special_measures.id", "special_measures.special_id"],
            name="fk_special_reports_measure",
        ),
        ForeignKeyConstraint(
            ["special_id", "owner_code"], ["specials.id", "specials.owner_code"],
            name="fk_special_reports_owner",
        ),
    )  # fmt: skip


class Judged:
    """What a supervisor of another office says about a report."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    special_id: Mapped[UUID] = mapped_column(ForeignKey("specials.id"), unique=True)
    report_id: Mapped[UUID]
    owner_code: Mapped[str] = office()
    reported_by_id: Mapped[UUID]
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    by_department: Mapped[str] = office()
    words: Mapped[str] = written()

    @declared_attr
    def by(cls) -> Mapped[Account]:
        """Return who said it."""
        return relationship(Account)

    @classmethod
    def rules(cls, table: str) -> tuple[ForeignKeyConstraint | CheckConstraint, ...]:
        """Return what holds for both: about this special's own report, by another office."""
        key = ["report_id", "special_id", "owner_code", "reported_by_id"]
        theirs = ["id", "special_id", "owner_code", "by_id"]
        return (
            ForeignKeyConstraint(
                key, [f"special_reports.{one}" for one in theirs], name=f"fk_{table}_report"
            ),
            CheckConstraint("by_department <> owner_code", name="judged_elsewhere"),
            CheckConstraint("by_id <> reported_by_id", name="judged_by_another"),
            CheckConstraint("length(words) > 0", name="has_words"),
        )


class SpecialReturn(Judged, Base):
    """A report that was sent back, and why. The key is the rule: once."""

    __tablename__ = "special_returns"
    __table_args__ = Judged.rules("special_returns")


class SpecialClosure(Judged, Base):
    """The end of a special rectification (销号)."""

    __tablename__ = "special_closures"
    __table_args__ = (
        UniqueConstraint("id", "special_id", "report_id"),
        *Judged.rules("special_closures"),
    )
