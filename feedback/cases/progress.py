"""How far a case has come, for its citizen: the road, who opened the number, and what may be done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select

from ..db import db
from ..ledger.models import Entry
from ..ledger.queries import timeline
from ..offices.models import Department
from ..reviews.drafts import Identity
from ..reviews.models import Review
from . import road
from .actions import objection_last
from .models import (
    Case,
    Closure,
    Judgement,
    Reconsideration,
    Rectification,
    Reply,
    Requested,
    SecondAnswer,
)
from .road import Happened, Place, Step, Texts, What
from .states import Act, State

ANSWERS = (What.ANSWERED, What.EXPLAINED)
VOIDINGS = (What.VOIDED, What.VOID_STANDS)


@dataclass(frozen=True)
class Opened:
    """Somebody opened the citizen's number, for a purpose. An office and a role, not a name."""

    at: datetime
    department: str
    role: str
    purpose: str


@dataclass(frozen=True)
class Progress:
    """Where a case stands, as its citizen may know it. Holds no personal data."""

    state: State
    identity: Identity
    behind: Sequence[Step]
    ahead: Sequence[Step]
    opened: Sequence[Opened]
    open_acts: frozenset[Act]
    past_acts: frozenset[str]
    objection_last: datetime | None
    """A moment on the last day for an objection, if the review was voided."""

    @property
    def voided(self) -> bool:
        """Whether the review does not count as things stand."""
        return self.state in (State.VOIDED, State.OBJECTED)

    @property
    def asked(self) -> bool:
        """Whether the citizen is asked now how the department's answer is found."""
        return Act.SECOND_REVIEW in self.open_acts and self.state is not State.CLOSED

    @cached_property
    def headline(self) -> Step | None:
        """The step whose words stand on top: the answer to be rated, or why it does not count."""
        wanted = VOIDINGS if self.voided else ANSWERS if self.asked else ()
        return next((step for step in reversed(self.behind) if step.what in wanted), None)


def progress(review: Review, now: datetime) -> Progress | None:
    """Return how far the case of a review has come; None for a review without one.

    A constant number of statements, however long the road was.
    """
    if review.case_id is None:
        return None
    case = db.session.get_one(Case, review.case_id)
    entries = timeline("case", case.id)
    lines = [Happened(entry.at, entry.act, entry.facts) for entry in entries]
    texts = _texts(case.id, _departments(entries))
    done = frozenset(line.act for line in lines)
    return Progress(
        case.state, case.identity, road.behind(lines, texts, case.contact_due_at),
        road.ahead(_place(case), now), _opened(entries, texts),
        road.open_acts(case.state, done, case.objection_until, now), done,
        objection_last(case) if case.objection_until else None,
    )  # fmt: skip


def held_case(review: Review) -> Case:
    """Return the case of a negative review, held until the transaction ends.

    So of two things a citizen sends at once, the second sees what the first one did.
    """
    found = select(Case).where(Case.id == review.case_id).with_for_update()
    return db.session.scalars(found).one()


def case_of_number(number: str) -> Case | None:
    """Return the case of this number, or None."""
    return db.session.scalar(select(Case).where(Case.number == number))


def _place(case: Case) -> Place:
    return Place(
        case.state, case.identity is Identity.NAMED, case.round, case.contacted_at is not None,
        case.contact_due_at, case.due_at, case.desk_due_at, case.answer_due_at,
    )  # fmt: skip


def _departments(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the names of all departments that the lines speak of."""
    codes = {code for e in entries for code in (e.facts.get("department"), e.actor_department)}
    rows = select(Department.code, Department.name).where(Department.code.in_(codes - {None}))
    return {row.code: row.name for row in db.session.execute(rows)}


def _texts(case_id: UUID, departments: dict[str, str]) -> Texts:
    """Return what was written for the citizen. `Reply.internal` is never asked for."""
    answers = db.session.execute(_ANSWERS, {"case_id": case_id}).all()
    asked = db.session.execute(_REASONS, {"case_id": case_id}).all()
    said = db.session.execute(_VERDICTS, {"case_id": case_id}).one()
    return Texts(
        departments,
        {row.round: row.words for row in answers},
        {row.round: row.article for row in answers if row.article},
        {(row.kind.value, row.number): row.reason for row in asked},
        *(words or "" for words in said),
    )


_THIS: BindParameter[UUID] = bindparam("case_id")

_ANSWERS = (
    select(
        Reply.round, Reply.words,
        select(Rectification.article)
        .where(
            Rectification.case_id == Reply.case_id, Rectification.round == Reply.round,
            Rectification.id < Reply.id,
        )
        .order_by(Rectification.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("article"),
    )
    .where(Reply.case_id == _THIS)
)  # fmt: skip
"""Each round's reply, with the law where it explains one: what was put right last before it counts,
and not what an earlier finding, or another department, had explained.
"""

_REASONS = select(Requested.kind, Requested.number, Requested.reason).where(
    Requested.case_id == _THIS
)

_VERDICTS = select(
    select(Judgement.words).where(Judgement.case_id == _THIS).scalar_subquery(),
    select(Reconsideration.words).where(Reconsideration.case_id == _THIS).scalar_subquery(),
    select(Closure.words).where(Closure.case_id == _THIS).scalar_subquery(),
    select(SecondAnswer.words).where(SecondAnswer.case_id == _THIS).scalar_subquery(),
)
"""Why it does not count, why again, the closer's words, which the road shows to whom they are meant
for, and the answer to a second review after the end. Each of them is once a case.
"""


def _opened(entries: Iterable[Entry], texts: Texts) -> list[Opened]:
    """Return who opened the citizen's number, and why."""
    return [
        Opened(
            entry.at, texts.departments.get(entry.actor_department or "", ""),
            str(entry.facts.get("role", "")), str(entry.facts["purpose"]),
        )
        for entry in entries
        if entry.act == "reveal"
    ]  # fmt: skip
