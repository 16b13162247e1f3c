"""Rungs that were climbed, and the supervision notices (督办单) that came of it. Written once."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...db import Base, choice, new_id
from ...offices.models import Department
from ..states import State
from .case import Case
from .columns import case_key


class Cause(StrEnum):
    """Why a supervision notice was issued."""

    OVERDUE = "overdue"
    DISSATISFIED = "dissatisfied"


class Duty(StrEnum):
    """What the department owes by the deadline that a notice is about. Named like the acts."""

    CONTACT = "contact"
    REPLY = "reply"


class RungClimbed(Base):
    """One rung of one deadline of one case. The key is the rule: each at most once.

    A deadline is somebody's: the department's and the desk's may fall on the same moment.
    """

    __tablename__ = "rungs"
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    at_desk: Mapped[bool] = mapped_column(primary_key=True)
    """Whether the step is the supervisors' or the visitor's."""
    rung: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[State] = mapped_column(choice(State, "state"))
    crossed_at: Mapped[datetime]
    """After which moment it was climbed."""
    recorded_at: Mapped[datetime]
    """When the scheduler saw it."""
    __table_args__ = (CheckConstraint("rung BETWEEN 1 AND 4", name="rung_range"),)


class SupervisionNotice(Base):
    """A supervision notice to the head of a department (督办单): numbered, printable.

    What it says is kept, so that it says the same whenever it is printed again.
    """

    __tablename__ = "supervision_notices"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    case_id: Mapped[UUID] = case_key()
    department_code: Mapped[str] = mapped_column(ForeignKey("departments.code"), index=True)
    cause: Mapped[Cause] = mapped_column(choice(Cause, "cause"))
    round: Mapped[int]
    due_at: Mapped[datetime]
    """The deadline that was missed, or by which it is now to be put right."""
    awaits: Mapped[Duty] = mapped_column(choice(Duty, "awaits"))
    days_over: Mapped[int]
    """Working days by which the deadline was over on the notice's day; 0 for a case sent back."""
    answer_by: Mapped[datetime]
    """By when the notice wants it done."""
    at: Mapped[datetime]
    issued_by: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    """The supervising office that signs; NULL if there was none but the department itself."""
    case: Mapped[Case] = relationship()
    department: Mapped[Department] = relationship(foreign_keys=[department_code])
    issuer: Mapped[Department | None] = relationship(foreign_keys=[issued_by])
    __table_args__ = (
        UniqueConstraint("case_id", "cause", "due_at", "department_code"),
        CheckConstraint("days_over >= 0", name="days_over_range"),
    )
