"""The file of one case: all that was said, asked, decided and done, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from ..db import db
from ..ledger.models import Entry
from ..ledger.queries import timeline
from ..notify.models import Message
from ..offices.models import Account, Department
from ..reviews.drafts import Identity
from ..reviews.models import Review
from ..reviews.queries import of_case
from . import rulebook
from .models import (
    Addition,
    Appeal,
    Case,
    CasePart,
    Closure,
    Contact,
    Decision,
    Judgement,
    Objection,
    Reconsideration,
    Rectification,
    Reply,
    Requested,
    ReturnVisit,
    SecondAnswer,
    SecondReview,
    SupervisionNotice,
    Verification,
)
from .states import ENDED, Act, Finding, Outcome, Part, Request, State, last_answer
from .wall import Wall

Moment = tuple[datetime, UUID]
"""When a row was written; of two in the same instant, the earlier id came first."""

GIVING = ("open", Act.ROUTE, Act.REASSIGN, Act.DECIDE)
"""The ledger's lines that can say whose the case is from then on."""


@dataclass(frozen=True)
class Round:
    """What was done in one round: until the reply, and how the citizen found it."""

    number: int
    contacts: Sequence[Contact]
    verifications: Sequence[Verification]
    rectifications: Sequence[Rectification]
    reply: Reply | None
    visits: Sequence[ReturnVisit]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was done yet."""
        done = (self.contacts, self.verifications, self.rectifications, self.visits)
        return self.reply is None and not any(done)


@dataclass(frozen=True)
class Way:
    """One decision about whose the case is: by a rule or by a person, and why."""

    at: datetime | None
    department: str | None
    routing: Mapping[str, Any]


@dataclass(frozen=True)
class Point:
    """One thing that closing needs, and whether it is there."""

    act: Act
    is_done: bool
    is_needed: bool = True


@dataclass(frozen=True)
class File:
    """All that belongs to one case."""

    case: Case
    review: Review
    timeline: Sequence[Entry]
    contacts: Sequence[Contact]
    verifications: Sequence[Verification]
    rectifications: Sequence[Rectification]
    replies: Sequence[Reply]
    visits: Sequence[ReturnVisit]
    closure: Closure | None
    messages: Sequence[Message]
    requests: Sequence[Requested]
    appeal: Appeal | None
    objection: Objection | None
    additions: Sequence[Addition]
    second_review: SecondReview | None
    second_answer: SecondAnswer | None
    notices: Sequence[SupervisionNotice]
    parts: Mapping[UUID, Part]
    appeal_until: datetime
    departments: Mapping[str, str]
    """The names of all offices that the file speaks of, by code."""
    _walls: dict[UUID, Wall] = field(default_factory=dict)

    def wall_of(self, account: Account) -> Wall:
        """Return the wall of whoever looks at the file, looked up once however many acts are asked for."""
        return self._walls.setdefault(account.id, Wall(account))

    @property
    def pending(self) -> Requested | None:
        """The request that waits for a decision."""
        waiting = (one for one in self.requests if one.id == self.case.request_id)
        return next(waiting, None)

    @property
    def verified(self) -> Verification | None:
        """The verification in force: the present department's last one."""
        since = self.case.routed_at
        ours = (row for row in reversed(self.verifications) if since and row.at >= since)
        return next(ours, None)

    @property
    def finding(self) -> Finding | None:
        """The finding in force."""
        return self.verified.finding if self.verified else None

    def may_be_appealed(self, now: datetime) -> bool:
        """Say whether the present department may still appeal: once, and in time."""
        return self.appeal is None and now <= self.appeal_until

    @property
    def is_rectified(self) -> bool:
        """Whether something was put right in this round, after the finding in force."""
        if not self.rectifications or not self.verified:
            return False
        done = self.rectifications[-1]
        return done.round == self.case.round and done.id > self.verified.id

    @property
    def lacks_reason(self) -> bool:
        """Whether the citizen has not said yet why they are not satisfied."""
        said = self.review.comment or self.review.tags
        return not said and not any(one.is_reason for one in self.additions)

    @property
    def is_uncalled(self) -> bool:
        """Whether nobody has tried yet to reach a named citizen."""
        return self.case.identity is Identity.NAMED and self.case.contacted_at is None

    @property
    def failed_visits(self) -> int:
        """How often the present round's visitors reached nobody."""
        return sum(
            row.round == self.case.round and row.outcome is Outcome.FAILED for row in self.visits
        )

    @property
    def last_answer(self) -> bool | None:
        """Whether the citizen was satisfied when last asked; None if they never said."""
        return last_answer([row.satisfied for row in self.visits])

    def was_decided(self, kind: Request) -> bool:
        """Say whether such a request of the present department was decided, however."""
        ours = self.case.department_code
        return any(
            one.kind is kind and one.decision is not None and one.by_department == ours
            for one in self.requests
        )

    def asked(self, kind: Request) -> int:
        """Return how often the departments asked for this."""
        return sum(one.kind is kind for one in self.requests)

    def touched_by(self, account_id: UUID) -> bool:
        """Say whether a person did anything to the case before."""
        return any(entry.actor_id == account_id for entry in self.timeline)

    @property
    def points(self) -> list[Point]:
        """What closing needs, in order, and what of it is there."""
        case, named = self.case, self.case.identity is Identity.NAMED
        return [
            Point(Act.CONTACT, case.contacted_at is not None, named),
            Point(Act.VERIFY, self.finding not in (None, Finding.UNFOUNDED)),
            Point(Act.RECTIFY, self.is_rectified),
            Point(Act.REPLY, case.answered_at is not None),
            Point(Act.VISIT, case.state in (State.CLOSING, State.CLOSED), named),
            Point(Act.CLOSE, case.state is State.CLOSED),
        ]

    @property
    def is_settled(self) -> bool:
        """Whether closing is no longer the question: it has ended, or was voided and is disputed."""
        return self.case.state in {*ENDED, State.OBJECTED}

    @cached_property
    def rounds(self) -> list[Round]:
        """What was done, round by round. Whatever came after a dissatisfied answer is the next one's."""
        last = self.case.round
        return [self._round(number, self._began(number)) for number in range(1, last + 1)]

    def _began(self, number: int) -> Moment | None:
        """Return when the citizen sent the case into this round; None for the first."""
        sent_back = [v for v in self.visits if v.round == number - 1 and v.satisfied is False]
        return (sent_back[-1].at, sent_back[-1].id) if sent_back else None

    def _round(self, number: int, since: Moment | None) -> Round:
        until = self._began(number + 1)

        def within(row: Any) -> bool:
            done = row.at, row.id
            return (since is None or done >= since) and (until is None or done < until)

        def of_round(rows: Sequence[Any]) -> list[Any]:
            return [row for row in rows if row.round == number]

        return Round(
            number, [row for row in self.contacts if within(row)],
            [row for row in self.verifications if within(row)], of_round(self.rectifications),
            next(iter(of_round(self.replies)), None), of_round(self.visits),
        )  # fmt: skip

    @property
    def ways(self) -> list[Way]:
        """Every decision about whose the case is, oldest first; the last one is in force."""
        routing = self.case.routing
        kept = [*routing.get("history", ()), routing]
        moments: list[datetime | None] = [
            line.at for line in self.timeline
            if line.act in GIVING and "department" in line.facts
        ]  # fmt: skip
        moments += [None] * (len(kept) - len(moments))
        return [
            Way(at, self.departments.get(one["department"] or ""), one)
            for at, one in zip(moments, kept, strict=False)
        ]


def file_of(found: Case) -> File:
    """Return all that belongs to a case, in a constant number of statements."""

    def rows(kind: Any, *options: Any) -> Sequence[Any]:
        who = [joinedload(kind.by)] if hasattr(kind, "by") else []
        wanted = select(kind).where(kind.case_id == found.id).options(*who, *options)
        return db.session.scalars(wanted.order_by(kind.id)).unique().all()

    def one(kind: Any, *options: Any) -> Any:
        return next(iter(rows(kind, *options)), None)

    about = [str(found.id), str(found.event_id)]  # the case, and the service it is of
    messages = select(Message).where(Message.subject_id.in_(about)).order_by(Message.id)
    judged = joinedload(Appeal.judgement).joinedload(Judgement.by)
    decided = joinedload(Requested.decision).joinedload(Decision.by)
    again = joinedload(Objection.reconsideration).joinedload(Reconsideration.by)
    parts = select(CasePart.account_id, CasePart.part).where(CasePart.case_id == found.id)
    return File(
        found, of_case(found.id), timeline("case", found.id), rows(Contact), rows(Verification),
        rows(Rectification, selectinload(Rectification.evidence)), rows(Reply), rows(ReturnVisit),
        one(Closure), db.session.scalars(messages).all(),
        rows(Requested, joinedload(Requested.owner), decided),
        one(Appeal, judged, selectinload(Appeal.evidence)), one(Objection, again), rows(Addition),
        one(SecondReview), one(SecondAnswer), rows(SupervisionNotice),
        {row.account_id: row.part for row in db.session.execute(parts)},
        rulebook.appeal_until(found),
        _names(),
    )  # fmt: skip


def _names() -> dict[str, str]:
    rows = db.session.execute(select(Department.code, Department.name))
    return {row.code: row.name for row in rows}
