"""What was done: contact, finding, rectification, reply, return visit, closure. Written once.

The chain of composite foreign keys from `closures` is invariant 4: a case is closed exactly when
its closure exists, and a closure needs this case's own finding, rectification, reply and return
visit, all of its last round, and a closer who handled none of it. Who did what points at
`case_parts`: handler, visitor and closer are parts, and nobody has two.
"""

from datetime import date, datetime
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
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...db import Base, choice, new_id
from ...offices.models import Account
from ...reviews.drafts import Identity
from ..states import Finding, Means, Outcome, Part, Remedy
from .columns import by_key, by_their_part, case_key, office, part_column, part_key, written


class Contact(Base):
    """One attempt of the department to reach the citizen (联系)."""

    __tablename__ = "contacts"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = case_key()
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    means: Mapped[Means] = mapped_column(choice(Means, "means"))
    reached: Mapped[bool]
    words: Mapped[str] = written()
    part: Mapped[Part] = part_column(Part.HANDLER)
    by: Mapped[Account] = relationship()
    __table_args__ = by_their_part("contacts", Part.HANDLER)


class Verification(Base):
    """What the department found (核实)."""

    __tablename__ = "verifications"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = case_key()
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    finding: Mapped[Finding] = mapped_column(choice(Finding, "finding"))
    words: Mapped[str] = written()
    part: Mapped[Part] = part_column(Part.HANDLER)
    by: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("id", "case_id", "by_id", "finding"),
        *by_their_part("verifications", Part.HANDLER),
    )


class Rectification(Base):
    """What was put right (整改), or which law was explained, with its article, in place of that."""

    __tablename__ = "rectifications"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = case_key()
    round: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    kind: Mapped[Remedy] = mapped_column(choice(Remedy, "kind"))
    words: Mapped[str] = written()
    article: Mapped[str] = written(300)
    """The law and its article that an explanation rests on; empty otherwise."""
    part: Mapped[Part] = part_column(Part.HANDLER)
    by: Mapped[Account] = relationship()
    evidence: Mapped[list["Evidence"]] = relationship(order_by="Evidence.id")
    __table_args__ = (
        UniqueConstraint("id", "case_id", "round", "by_id", "kind"),
        CheckConstraint(
            "(kind = 'explanation') = (length(article) > 0)", name="explanation_has_article"
        ),
        *by_their_part("rectifications", Part.HANDLER),
    )


class Evidence(Base):
    """A file that shows a rectification or supports an appeal; its bytes lie elsewhere, by digest."""

    __tablename__ = "evidence"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = case_key()
    rectification_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("rectifications.id"), index=True
    )
    appeal_id: Mapped[UUID | None] = mapped_column(ForeignKey("appeals.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    __table_args__ = (
        CheckConstraint("(rectification_id IS NULL) <> (appeal_id IS NULL)", name="belongs_to_one"),
    )


class Reply(Base):
    """What the citizen was told (反馈); for the receipt page and, if named, by message.

    Three texts for three readers: the citizen, the staff, and, once released, everybody.
    """

    __tablename__ = "replies"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = case_key()
    round: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    words: Mapped[str] = written()
    internal: Mapped[str] = written()
    publishable: Mapped[str] = written()
    part: Mapped[Part] = part_column(Part.HANDLER)
    by: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("case_id", "round"),
        UniqueConstraint("id", "case_id", "round", "by_id"),
        *by_their_part("replies", Part.HANDLER),
    )


class ReturnVisit(Base):
    """One return visit (回访), never by the department complained of; or the citizen's own answer.

    Failed attempts of a round are numbered, each on its own day, and each points at the one
    before, so that the third cannot exist without two others on two other days.
    """

    __tablename__ = "return_visits"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = case_key()
    round: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    day: Mapped[date]
    by_id: Mapped[UUID | None] = by_key()
    visitor_department: Mapped[str | None] = office()
    case_department: Mapped[str] = office()
    means: Mapped[Means | None] = mapped_column(choice(Means, "means"))
    second_review_id: Mapped[UUID | None]
    """The citizen's own second review, where nobody had to ask."""
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome, "outcome"))
    attempt: Mapped[int]
    attempt_before: Mapped[int | None]
    satisfied: Mapped[bool | None]
    words: Mapped[str] = written()
    part: Mapped[Part | None] = mapped_column(choice(Part, "part", checked=False))
    """The visitor's; NULL where the citizen answered unasked."""
    by: Mapped[Account | None] = relationship()
    __table_args__ = (
        UniqueConstraint("case_id", "round", "outcome", "attempt"),
        UniqueConstraint("id", "case_id", "round", "outcome", "attempt"),
        UniqueConstraint("id", "by_id"),
        UniqueConstraint("id", "second_review_id"),
        UniqueConstraint("id", "satisfied"),
        *by_their_part("return_visits", Part.VISITOR),
        Index(
            "uq_return_visits_failed_day", "case_id", "round", "day", unique=True,
            postgresql_where=text("outcome = 'failed'"), sqlite_where=text("outcome = 'failed'"),
        ),
        ForeignKeyConstraint(
            ["second_review_id", "case_id"], ["second_reviews.id", "second_reviews.case_id"],
            name="fk_return_visits_second_review",
        ),
        CheckConstraint(
            "(by_id IS NULL) = (second_review_id IS NOT NULL) AND (by_id IS NULL) = (means IS NULL)"
            " AND (by_id IS NULL) = (visitor_department IS NULL)"
            " AND (by_id IS NULL) = (part IS NULL)",
            name="visitor_or_citizen",
        ),
        CheckConstraint(
            "second_review_id IS NULL OR outcome = 'answered'", name="second_review_answers"
        ),
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
    finding: Mapped[Finding] = mapped_column(choice(Finding, "finding"))
    rectification_id: Mapped[UUID]
    rectified_by_id: Mapped[UUID]
    remedy: Mapped[Remedy] = mapped_column(choice(Remedy, "remedy"))
    reply_id: Mapped[UUID]
    replied_by_id: Mapped[UUID]
    visit_id: Mapped[UUID | None]
    visit_outcome: Mapped[Outcome | None] = mapped_column(choice(Outcome, "visit_outcome"))
    visit_attempt: Mapped[int | None]
    visited_by_id: Mapped[UUID | None]
    visit_satisfied: Mapped[bool | None]
    second_review_id: Mapped[UUID | None]
    case_department: Mapped[str] = office()
    closer_department: Mapped[str] = office()
    closed_by_id: Mapped[UUID] = by_key()
    closer_part: Mapped[Part] = mapped_column(choice(Part, "closer_part", checked=False))
    """The closer's one part in the case: a visitor's or judge's too, never a handler's."""
    at: Mapped[datetime]
    words: Mapped[str] = written()
    by: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("id", "case_id", "round"),
        ForeignKeyConstraint(
            ["case_id", "identity"], ["cases.id", "cases.identity"], name="fk_closures_identity"
        ),
        ForeignKeyConstraint(
            ["verification_id", "case_id", "verified_by_id", "finding"],
            ["verifications.id", "verifications.case_id", "verifications.by_id",
             "verifications.finding"],
            name="fk_closures_verification",
        ),
        ForeignKeyConstraint(
            ["rectification_id", "case_id", "round", "rectified_by_id", "remedy"],
            ["rectifications.id", "rectifications.case_id", "rectifications.round",
             "rectifications.by_id", "rectifications.kind"],
            name="fk_closures_rectification",
        ),
        ForeignKeyConstraint(
            ["reply_id", "case_id", "round", "replied_by_id"],
            ["replies.id", "replies.case_id", "replies.round", "replies.by_id"],
            name="fk_closures_reply",
        ),
        ForeignKeyConstraint(
            ["visit_id", "case_id", "round", "visit_outcome", "visit_attempt"],
            ["return_visits.id", "return_visits.case_id", "return_visits.round",
             "return_visits.outcome", "return_visits.attempt"],
            name="fk_closures_visit",
        ),
        ForeignKeyConstraint(
            ["visit_id", "visited_by_id"], ["return_visits.id", "return_visits.by_id"],
            name="fk_closures_visitor",
        ),
        ForeignKeyConstraint(
            ["visit_id", "second_review_id"],
            ["return_visits.id", "return_visits.second_review_id"],
            name="fk_closures_second_review",
        ),
        ForeignKeyConstraint(
            # A key of its own: one with a NULL in it is not looked at, and a failed visit has none.
            ["visit_id", "visit_satisfied"], ["return_visits.id", "return_visits.satisfied"],
            name="fk_closures_visit_satisfied",
        ),
        CheckConstraint(
            "(visit_outcome IS NOT NULL AND visit_outcome = 'answered')"
            " = (visit_satisfied IS NOT NULL)",
            name="answer_has_verdict",
        ),
        CheckConstraint(
            "visit_satisfied IS NULL OR visit_satisfied OR length(words) > 0 AND round >= 2",
            name="dissatisfied_has_conclusion",
        ),
        CheckConstraint("closer_part <> 'handler'", name="closer_has_no_handlers_part"),
        part_key("closures", "closed_by_id", "closer_part"),
        CheckConstraint("finding <> 'unfounded'", name="unfounded_is_no_end"),
        CheckConstraint(
            "(finding = 'no_legal_basis') = (remedy = 'explanation')", name="law_in_place_of_remedy"
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
            " AND visit_attempt IS NOT NULL"
            " AND (visited_by_id IS NOT NULL OR second_review_id IS NOT NULL)"
            " AND (visit_outcome = 'answered' OR visit_attempt >= 3))",
            name="named_was_visited",
        ),
    )  # fmt: skip
