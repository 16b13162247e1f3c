"""Looking cases up: inboxes, and one case with all that belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, false, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from .. import clock
from ..catalog.models import Item
from ..db import db
from ..errors import Unknown
from ..events.models import ServiceEvent
from ..ledger.models import Entry
from ..ledger.queries import timeline
from ..notify.models import Message
from ..offices.models import Account, Department
from ..offices.roles import DEPARTMENT_ROLES, OVERSEEING_ROLES, Role
from ..reviews.drafts import Identity
from ..reviews.models import Review
from ..reviews.queries import of_case
from .actions.appealing import appeal_until
from .deadlines import Light
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
from .states import ENDED, MOVES, Act, Finding, Request, State, may_act

PAGE_SIZE = 50


def sees_all(account: Account) -> bool:
    """Say whether a person sees every department's cases."""
    return account.may_be(*OVERSEEING_ROLES)


def visible(account: Account) -> ColumnElement[bool]:
    """Return the condition that holds for the cases a person may know of.

    Supervisors and auditors see all; the hotline's operator those that wait for a visit which the
    operator may make; handlers and heads their own department's; clerks none.
    """
    if sees_all(account):
        return Case.id.is_not(None)
    if account.may_be(Role.OPERATOR):
        return (Case.state == State.VISITING) & (Case.department_code != account.department_code)
    if account.may_be(*DEPARTMENT_ROLES):
        return Case.department_code == account.department_code
    return false()


@dataclass(frozen=True)
class Filter:
    """What an inbox is narrowed to. Empty means everything open."""

    light: Light | None = None
    state: State | None = None
    identity: Identity | None = None
    words: str = ""
    closed: bool = False
    page: int = 1


@dataclass(frozen=True)
class Counts:
    """The numbers on top of an inbox, over all that the person sees."""

    today: int
    yellow: int
    red: int
    open: int
    closed: int


@dataclass(frozen=True)
class Row:
    """One line of an inbox."""

    case: Case
    grade: int
    comment: str
    tags: list[str]


@dataclass(frozen=True)
class Inbox:
    """A page of cases, soonest due first, and the counts of all."""

    rows: list[Row]
    counts: Counts
    found: int
    pages: int


def inbox(account: Account, wanted: Filter, now: datetime) -> Inbox:
    """Return a page of the cases a person may see: a constant number of statements."""
    mine = visible(account)
    matching = select(Case).where(mine, *_conditions(wanted, now))
    found = db.session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    ended = func.coalesce(Case.closed_at, Case.voided_at)
    order = (ended.desc(),) if wanted.closed else (Case.next_due_at, Case.number)
    page = matching.order_by(*order).limit(PAGE_SIZE).offset((wanted.page - 1) * PAGE_SIZE)
    cases = db.session.scalars(page.options(*_WITH_SERVICE)).all()
    return Inbox(_rows(cases), _counts(mine, now), found, max(-(-found // PAGE_SIZE), 1))


_WITH_SERVICE = (
    joinedload(Case.event).joinedload(ServiceEvent.item).joinedload(Item.department),
    joinedload(Case.event).joinedload(ServiceEvent.window),
    joinedload(Case.department),
)


def is_open() -> ColumnElement[bool]:
    """Return the condition that somebody has to do something about a case."""
    return Case.next_due_at.is_not(None)


def _conditions(wanted: Filter, now: datetime) -> list[ColumnElement[bool]]:
    conditions = [Case.state.in_(ENDED) if wanted.closed else is_open()]
    if wanted.light is Light.RED:
        conditions.append(Case.next_due_at < now)
    elif wanted.light is Light.YELLOW:
        conditions += [Case.warn_at <= now, Case.next_due_at >= now]
    elif wanted.light is Light.GREEN:
        conditions.append(Case.warn_at > now)
    if wanted.state:
        conditions.append(Case.state == wanted.state)
    if wanted.identity:
        conditions.append(Case.identity == wanted.identity)
    if wanted.words:
        conditions.append(_matches(wanted.words))
    return conditions


def _matches(words: str) -> ColumnElement[bool]:
    """Return the condition that a case's number, service number or item's name holds the words."""
    return Case.event.has(
        or_(
            ServiceEvent.project_no.contains(words, autoescape=True),
            ServiceEvent.item.has(Item.name.contains(words, autoescape=True)),
        )
    ) | Case.number.contains(words.upper(), autoescape=True)


def _counts(mine: ColumnElement[bool], now: datetime) -> Counts:
    end_of_today = clock.end_of(clock.day_of(now))
    running = is_open()

    def count(condition: ColumnElement[bool]) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    columns = select(
        count(running & (Case.next_due_at >= now) & (Case.next_due_at < end_of_today)),
        count(running & (Case.warn_at <= now) & (Case.next_due_at >= now)),
        count(running & (Case.next_due_at < now)),
        count(running),
        count(~running),
    )
    return Counts(*db.session.execute(columns.select_from(Case).where(mine)).one())


def _rows(cases: Sequence[Case]) -> list[Row]:
    if not cases:
        return []
    reviews = select(Review).options(selectinload(Review.tags))
    said = {
        review.case_id: review
        for review in db.session.scalars(reviews.where(Review.case_id.in_([c.id for c in cases])))
    }
    return [
        Row(c, said[c.id].grade, said[c.id].comment, [tag.name for tag in said[c.id].tags])
        for c in cases
    ]


def by_number(number: str, account: Account) -> Case:
    """Return the case, with its service, for somebody who may see it. Raises Unknown otherwise."""
    found = db.session.scalar(
        select(Case).where(Case.number == number, visible(account)).options(*_WITH_SERVICE)
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
