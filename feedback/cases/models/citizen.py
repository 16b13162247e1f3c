"""What the citizen said after the review: more words, the second review, «I was pressed»."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...db import Base, new_id
from ...offices.models import Account
from .case import Case
from .columns import by_key, case_key, office, written


class Addition(Base):
    """Something the citizen added before the case ended (补充)."""

    __tablename__ = "additions"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = case_key()
    at: Mapped[datetime]
    words: Mapped[str] = written(1000)
    is_reason: Mapped[bool] = mapped_column(default=False)
    """Whether it says why the review is bad, asked after a review that gave no reason."""
    __table_args__ = (
        Index(
            "uq_additions_reason", "case_id", unique=True,
            sqlite_where=text("is_reason"), postgresql_where=text("is_reason"),
        ),
    )  # fmt: skip


class SecondReview(Base):
    """How the citizen found what was done (二次评价). One only; the first review stays as it is."""

    __tablename__ = "second_reviews"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), unique=True)
    round: Mapped[int]
    at: Mapped[datetime]
    grade: Mapped[int]
    words: Mapped[str] = written(1000)
    __table_args__ = (
        UniqueConstraint("id", "case_id"),
        CheckConstraint("grade BETWEEN 1 AND 5", name="grade_range"),
    )


class SecondAnswer(Base):
    """What the supervisors answered to a dissatisfied second review that came after the end. Once.

    By another office than the case's, like everything that decides about a case.
    """

    __tablename__ = "second_answers"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), unique=True)
    second_review_id: Mapped[UUID]
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    by_department: Mapped[str] = office()
    case_department: Mapped[str] = office()
    words: Mapped[str] = written()
    by: Mapped[Account] = relationship()
    __table_args__ = (
        ForeignKeyConstraint(
            ["second_review_id", "case_id"], ["second_reviews.id", "second_reviews.case_id"],
            name="fk_second_answers_second_review",
        ),
        ForeignKeyConstraint(
            ["case_id", "case_department"], ["cases.id", "cases.department_code"],
            name="fk_second_answers_case_department",
        ),
        CheckConstraint("by_department <> case_department", name="answered_from_elsewhere"),
        CheckConstraint("length(words) > 0", name="answer_in_words"),
    )  # fmt: skip


class PressureReport(Base):
    """«I was pressed to change my rating»: for supervisors only, never for the offices it may be about."""

    __tablename__ = "pressure_reports"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = case_key()
    at: Mapped[datetime]
    words: Mapped[str] = written(1000)
    case: Mapped[Case] = relationship()
    answer: Mapped["PressureAnswer | None"] = relationship(back_populates="report", uselist=False)


class PressureOffice(Base):
    """An office that such a report may be about. Kept, whatever becomes of the case and the window."""

    __tablename__ = "pressure_offices"
    report_id: Mapped[UUID] = mapped_column(ForeignKey("pressure_reports.id"), primary_key=True)
    department_code: Mapped[str] = mapped_column(ForeignKey("departments.code"), primary_key=True)


class PressureAnswer(Base):
    """What the supervisors found out about such a report, and did."""

    __tablename__ = "pressure_answers"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("pressure_reports.id"), unique=True)
    at: Mapped[datetime]
    by_id: Mapped[UUID] = by_key()
    words: Mapped[str] = written()
    by: Mapped[Account] = relationship()
    report: Mapped[PressureReport] = relationship(back_populates="answer")
