"""What a department asks for, and who decides it: never the department itself. Written once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...db import Base, choice, new_id
from ...offices.models import Account, Department
from ..states import Ground, Part, Request, State, Verdict
from .columns import by_key, by_their_part, case_key, office, part_column, written
from .handling import Evidence


class Requested(Base):
    """A request of a department: more complex than thought, more time, or not ours.

    Numbered for each case and kind. One extension is any supervisor's to grant, a further one a
    leader's. «Not ours» may be said once.
    """

    __tablename__ = "requests"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = case_key()
    kind: Mapped[Request] = mapped_column(choice(Request, "kind"))
    number: Mapped[int]
    further: Mapped[bool]
    """Whether more time was granted before: then only a leader may grant it."""
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    by_department: Mapped[str] = office()
    come_from: Mapped[State] = mapped_column(choice(State, "come_from"))
    reason: Mapped[str] = written()
    plan: Mapped[str] = written()
    """How the added time will be used."""
    proposed: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    """Whose the case is in the department's opinion."""
    due_at: Mapped[datetime]
    """By when it is to be decided."""
    part: Mapped[Part] = part_column(Part.HANDLER)
    by: Mapped[Account] = relationship()
    owner: Mapped[Department | None] = relationship()
    decision: Mapped["Decision | None"] = relationship(back_populates="request", uselist=False)
    __table_args__ = (
        UniqueConstraint("id", "case_id"),
        UniqueConstraint("id", "case_id", "kind", "number", "further", "by_department"),
        UniqueConstraint("case_id", "kind", "number"),
        CheckConstraint("number >= 1 AND (kind <> 'transfer' OR number = 1)", name="asked_once"),
        CheckConstraint("NOT further OR kind = 'extend'", name="only_time_is_further"),
        CheckConstraint("(kind = 'extend') = (length(plan) > 0)", name="extension_has_plan"),
        CheckConstraint("(kind = 'transfer') = (proposed IS NOT NULL)", name="transfer_has_owner"),
        *by_their_part("requests", Part.HANDLER),
    )


class Decision(Base):
    """What was decided about a request, by somebody of another office."""

    __tablename__ = "decisions"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(unique=True)
    case_id: Mapped[UUID] = case_key()
    kind: Mapped[Request] = mapped_column(choice(Request, "kind"))
    number: Mapped[int]
    further: Mapped[bool]
    asked_by_department: Mapped[str] = office()
    at: Mapped[datetime] = mapped_column(index=True)
    by_id: Mapped[UUID] = by_key()
    by_department: Mapped[str] = office()
    by_leader: Mapped[bool]
    granted: Mapped[bool]
    words: Mapped[str] = written()
    by: Mapped[Account] = relationship()
    request: Mapped[Requested] = relationship(back_populates="decision")
    __table_args__ = (
        ForeignKeyConstraint(
            ["request_id", "case_id", "kind", "number", "further", "asked_by_department"],
            ["requests.id", "requests.case_id", "requests.kind", "requests.number",
             "requests.further", "requests.by_department"],
            name="fk_decisions_request",
        ),
        CheckConstraint("by_department <> asked_by_department", name="decided_elsewhere"),
        CheckConstraint(
            "NOT granted OR NOT further OR by_leader", name="further_extension_by_leader"
        ),
    )  # fmt: skip


class Appeal(Base):
    """A department's appeal (申诉): this review should not count. Once for a case."""

    __tablename__ = "appeals"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), unique=True)
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    case_department: Mapped[str] = office()
    come_from: Mapped[State] = mapped_column(choice(State, "come_from"))
    ground: Mapped[Ground] = mapped_column(choice(Ground, "ground"))
    words: Mapped[str] = written()
    part: Mapped[Part] = part_column(Part.HANDLER)
    by: Mapped[Account] = relationship()
    evidence: Mapped[list[Evidence]] = relationship(order_by=Evidence.id)
    judgement: Mapped["Judgement | None"] = relationship(back_populates="appeal", uselist=False)
    __table_args__ = (
        UniqueConstraint("id", "case_id", "by_id", "case_department"),
        *by_their_part("appeals", Part.HANDLER),
    )


class Judgement(Base):
    """How an appeal was judged (复核), by a supervisor who had not touched the case."""

    __tablename__ = "judgements"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    appeal_id: Mapped[UUID] = mapped_column(unique=True)
    case_id: Mapped[UUID] = case_key()
    appellant_id: Mapped[UUID]
    case_department: Mapped[str] = office()
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    by_department: Mapped[str] = office()
    verdict: Mapped[Verdict] = mapped_column(choice(Verdict, "verdict"))
    words: Mapped[str] = written()
    part: Mapped[Part] = part_column(Part.JUDGE)
    by: Mapped[Account] = relationship()
    appeal: Mapped[Appeal] = relationship(back_populates="judgement")
    __table_args__ = (
        UniqueConstraint("id", "case_id", "verdict"),
        UniqueConstraint("id", "case_id", "by_id", "case_department", "verdict"),
        ForeignKeyConstraint(
            ["appeal_id", "case_id", "appellant_id", "case_department"],
            ["appeals.id", "appeals.case_id", "appeals.by_id", "appeals.case_department"],
            name="fk_judgements_appeal",
        ),
        CheckConstraint("by_id <> appellant_id", name="judge_is_not_appellant"),
        *by_their_part("judgements", Part.JUDGE),
        CheckConstraint("by_department <> case_department", name="judge_from_elsewhere"),
    )  # fmt: skip


class Objection(Base):
    """The citizen's objection to a voiding (异议). Once for a case."""

    __tablename__ = "objections"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), unique=True)
    judgement_id: Mapped[UUID]
    judge_id: Mapped[UUID]
    case_department: Mapped[str] = office()
    verdict: Mapped[Verdict] = mapped_column(choice(Verdict, "verdict"))
    at: Mapped[datetime]
    words: Mapped[str] = written()
    judgement: Mapped[Judgement] = relationship()
    reconsideration: Mapped["Reconsideration | None"] = relationship(
        back_populates="objection", uselist=False
    )
    __table_args__ = (
        UniqueConstraint("id", "case_id", "judge_id", "case_department"),
        ForeignKeyConstraint(
            ["judgement_id", "case_id", "judge_id", "case_department", "verdict"],
            ["judgements.id", "judgements.case_id", "judgements.by_id",
             "judgements.case_department", "judgements.verdict"],
            name="fk_objections_judgement",
        ),
        CheckConstraint("verdict = 'uphold'", name="objects_to_voiding"),
    )  # fmt: skip


class Reconsideration(Base):
    """How an objection was judged, by another supervisor than the appeal."""

    __tablename__ = "reconsiderations"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    objection_id: Mapped[UUID] = mapped_column(unique=True)
    case_id: Mapped[UUID] = case_key()
    judge_id: Mapped[UUID]
    case_department: Mapped[str] = office()
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    by_department: Mapped[str] = office()
    verdict: Mapped[Verdict] = mapped_column(choice(Verdict, "verdict"))
    words: Mapped[str] = written()
    part: Mapped[Part] = part_column(Part.JUDGE)
    by: Mapped[Account] = relationship()
    objection: Mapped[Objection] = relationship(back_populates="reconsideration")
    __table_args__ = (
        ForeignKeyConstraint(
            ["objection_id", "case_id", "judge_id", "case_department"],
            ["objections.id", "objections.case_id", "objections.judge_id",
             "objections.case_department"],
            name="fk_reconsiderations_objection",
        ),
        CheckConstraint("by_id <> judge_id", name="another_judge"),
        *by_their_part("reconsiderations", Part.JUDGE),
        CheckConstraint("by_department <> case_department", name="judge_from_elsewhere"),
    )  # fmt: skip
