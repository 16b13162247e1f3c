"""Looking a case up: with all that belongs to it, what may be done to it, its progress for the citizen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from ..db import db
from ..errors import Unknown
from ..ledger.models import Entry
from ..ledger.queries import timeline
from ..notify.models import Message
from ..offices.models import Account, Department
from ..reviews.drafts import Identity
from ..reviews.models import Review
from ..reviews.queries import of_case
from .actions.appealing import appeal_until
from .inboxes import visible
from .models import (
    Addition,
    Appeal,
    Case,
    Closure,
    Contact,
    Decision,
    Evidence,
    Judgement,
    Objection,
    Rectification,
    Reply,
    Requested,
    ReturnVisit,
    SecondReview,
    SupervisionNotice,
    Verification,
)
from .rows import WITH_SERVICE
from .states import MOVES, Act, Finding, Outcome, Request, State, may_act


def by_number(number: str, account: Account) -> Case:
    """Return the case, with its service, for somebody who may see it. Raises Unknown otherwise."""
    found = db.session.scalar(
        select(Case).where(Case.number == number, visible(account)).options(*WITH_SERVICE)
    )
    if found is None:
        raise Unknown
    return found


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
    notices: Sequence[SupervisionNotice]
    appeal_until: datetime

    @property
    def pending(self) -> Requested | None:
        """The request that waits for a decision."""
        waiting = (one for one in self.requests if one.id == self.case.request_id)
        return next(waiting, None)

    @property
    def finding(self) -> Finding | None:
        """The finding in force."""
        return self.verifications[-1].finding if self.verifications else None

    def asked(self, kind: Request) -> int:
        """Return how often the departments asked for this."""
        return sum(one.kind is kind for one in self.requests)

    @property
    def missing(self) -> list[Act]:
        """What is still missing for closing, in order."""
        named = self.case.identity is Identity.NAMED
        done = {
            Act.CONTACT: not named or self.case.contacted_at is not None,
            Act.VERIFY: self.finding not in (None, Finding.UNFOUNDED),
            Act.RECTIFY: any(r.round == self.case.round for r in self.rectifications),
            Act.REPLY: self.case.answered_at is not None,
            Act.VISIT: self.case.identity is Identity.ANONYMOUS
            or self.case.state in (State.CLOSING, State.CLOSED),
        }
        return [act for act, is_done in done.items() if not is_done]


def file_of(found: Case) -> File:
    """Return all that belongs to a case, in a constant number of statements."""

    def rows(kind: Any, *options: Any) -> Sequence[Any]:
        who = [joinedload(kind.by)] if hasattr(kind, "by") else []
        wanted = select(kind).where(kind.case_id == found.id).options(*who, *options)
        return db.session.scalars(wanted.order_by(kind.id)).unique().all()

    def one(kind: Any, *options: Any) -> Any:
        return next(iter(rows(kind, *options)), None)

    messages = select(Message).where(Message.subject_id == str(found.id)).order_by(Message.id)
    judged = joinedload(Appeal.judgement).joinedload(Judgement.by)
    decided = joinedload(Requested.decision).joinedload(Decision.by)
    return File(
        found, of_case(found.id), timeline("case", found.id), rows(Contact), rows(Verification),
        rows(Rectification, selectinload(Rectification.evidence)), rows(Reply), rows(ReturnVisit),
        one(Closure), db.session.scalars(messages).all(),
        rows(Requested, joinedload(Requested.owner), decided),
        one(Appeal, judged, selectinload(Appeal.evidence)),
        one(Objection, joinedload(Objection.reconsideration)), rows(Addition), one(SecondReview),
        rows(SupervisionNotice), appeal_until(found),
    )  # fmt: skip


def possible_acts(found: Case, account: Account) -> list[Act]:
    """Return what a person may do to the case by its columns alone, in the order of the table.

    What also depends on what was asked and done before is left out by `offered`.
    """
    roles = frozenset(role.name for role in account.roles)
    acts = [
        act
        for act, move in MOVES.items()
        if found.state in move.come_from
        and may_act(act, roles, account.department_code, found.department_code)
    ]
    never = set()
    if found.identity is Identity.ANONYMOUS:
        never.add(Act.CONTACT)
    never |= {Act.COMPLEX, Act.EXTEND, Act.TRANSFER} if found.request_id else {Act.DECIDE}
    if found.round > 1:
        never |= {Act.TRANSFER, Act.REASSIGN}
    return [act for act in acts if act not in never]


def offered(file: File, account: Account, now: datetime) -> list[Act]:
    """Return what a person may do to the case now, by all that is known of it."""
    case, appealed = file.case, file.appeal is not None
    done = any(row.round == case.round for row in file.rectifications)
    late = now > case.due_at
    uncalled = case.identity is Identity.NAMED and case.contacted_at is None
    mine = account.id
    handled = any(entry.actor_id == mine for entry in file.timeline)
    never = {
        Act.REPLY: not done or uncalled,
        Act.COMPLEX: late or file.asked(Request.COMPLEX) > 0,
        Act.EXTEND: late,
        Act.TRANSFER: file.asked(Request.TRANSFER) > 0,
        Act.APPEAL: appealed or now > file.appeal_until,
        Act.JUDGE: handled,
        Act.RECONSIDER: handled,
    }
    return [act for act in possible_acts(case, account) if not never.get(act, False)]


@dataclass(frozen=True)
class Progress:
    """Where a case stands, as its citizen may know it. Holds no personal data."""

    number: str
    state: State
    identity: Identity
    department_name: str | None
    opened_at: datetime
    contact_due_at: datetime | None
    contacted_at: datetime | None
    due_at: datetime
    replied_at: datetime | None
    reply: str | None
    visit_due_at: datetime | None
    visited_at: datetime | None
    closed_at: datetime | None
    voided_at: datetime | None = None
    objection_until: datetime | None = None


def progress(review: Review) -> Progress | None:
    """Return how far the case of a review has come; None for a review without one."""
    if review.case_id is None:
        return None
    found = db.session.scalars(
        select(Case).where(Case.id == review.case_id).options(joinedload(Case.department))
    ).one()
    reply = db.session.scalars(
        select(Reply).where(Reply.case_id == found.id).order_by(Reply.round.desc())
    ).first()
    visited_at = db.session.scalar(
        select(func.max(ReturnVisit.at)).where(
            ReturnVisit.case_id == found.id,
            ReturnVisit.round == found.round,
            ReturnVisit.outcome == Outcome.ANSWERED,
        )
    )
    return Progress(
        found.number, found.state, found.identity,
        found.department.name if found.department else None, found.opened_at,
        found.contact_due_at, found.contacted_at, found.due_at, reply.at if reply else None,
        reply.words if reply else None, found.desk_due_at if found.answered_at else None,
        visited_at, found.closed_at, found.voided_at, found.objection_until,
    )  # fmt: skip


def evidence_of(found: Case, file_id: UUID) -> Evidence:
    """Return one piece of a case's evidence. Raises Unknown."""
    piece = db.session.get(Evidence, file_id)
    if piece is None or piece.case_id != found.id:
        raise Unknown
    return piece


def assignable() -> list[tuple[str, str]]:
    """Return the departments that a case may be assigned to, as (code, name)."""
    rows = select(Department.code, Department.name).where(Department.active)
    return [(row.code, row.name) for row in db.session.execute(rows.order_by(Department.code))]
