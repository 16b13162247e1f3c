"""Lists of cases: who may know of which, how a list is narrowed, and the numbers on top of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, case, false, func, or_, select, true

from .. import clock
from ..catalog.models import Item
from ..db import db
from ..events.models import ServiceEvent
from ..offices.models import Account
from ..offices.roles import DEPARTMENT_ROLES, OVERSEEING_ROLES, Role
from ..reviews.drafts import Identity
from .ladder import for_leaders_from
from .models import Case, ReturnVisit
from .paging import shown_page
from .rows import WITH_SERVICE, Row, rows_of
from .states import ENDED, LAST_ROUND, WORKING, Outcome, State
from .wall import concerns

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
        return (Case.state == State.VISITING) & ~concerns(account.department_code)
    if account.may_be(*DEPARTMENT_ROLES):
        return Case.department_code == account.department_code
    return false()


class Pile(StrEnum):
    """What a list can be narrowed to with one look. Today, soon and overdue share no case."""

    TODAY = "today"
    SOON = "soon"
    OVERDUE = "overdue"
    OPEN = "open"
    BACK = "back"  # 重办: sent back by the citizen
    WAITING = "waiting"  # a request, an appeal or an objection waits for the supervisors
    REQUESTS = "requests"  # a request alone
    UNANSWERED = "unanswered"  # closed, but a dissatisfied second review waits for its answer
    LEADERS = "leaders"  # on the leaders' list
    ENDED = "ended"


class Band(StrEnum):
    """Under which heading a case stands in a list."""

    OVERDUE = "overdue"
    TODAY = "today"
    SOON = "soon"
    LATER = "later"
    ELSEWHERE = "elsewhere"  # the next step is somebody else's
    ENDED = "ended"


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to."""

    pile: Pile = Pile.OPEN
    state: State | None = None
    identity: Identity | None = None
    words: str = ""
    page: int = 1


@dataclass(frozen=True)
class Counts:
    """The numbers on top of a list, over all that is open of what the person sees."""

    today: int
    soon: int
    overdue: int
    open: int
    back: int
    waiting: int
    leaders: int


@dataclass(frozen=True)
class Inbox:
    """A page of cases, soonest due first, and the counts of all."""

    rows: list[Row]
    counts: Counts
    found: int
    page: int
    pages: int


def inbox(account: Account, wanted: Filter, now: datetime) -> Inbox:
    """Return a page of the cases a person may see: a constant number of statements.

    A page that does not exist (any more) is the last one.
    """
    mine = visible(account)
    matching = select(Case).where(mine, *conditions(wanted, account, now))
    found = db.session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    page, pages = shown_page(wanted.page, found, PAGE_SIZE)
    cases = matching.order_by(*_order(wanted, account, now))
    cases = cases.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE).options(*WITH_SERVICE)
    rows = rows_of(db.session.scalars(cases).all(), account, now)
    return Inbox(rows, _counts(mine, account, now), found, page, pages)


def _order(wanted: Filter, account: Account, now: datetime) -> Sequence[Any]:
    """Return the order of a list: one's own step first, the soonest due of them on top."""
    if wanted.pile is Pile.ENDED:
        return func.coalesce(Case.closed_at, Case.voided_at).desc(), Case.number.desc()
    if wanted.pile is Pile.UNANSWERED:
        return Case.answer_due_at, Case.number
    later = case((_is_mine(account), 0), else_=1)
    if account.may_be(Role.OPERATOR):
        later = case((_tried_today(now), 1), else_=0)
    return later, Case.next_due_at, Case.number


def _is_mine(account: Account) -> ColumnElement[bool]:
    """Return the condition that the next step is the person's office's, as far as lists go.

    A department is not made to look late by the time that the supervisors take.
    """
    department = account.may_be(*DEPARTMENT_ROLES)
    return Case.state.in_(WORKING) if department else true()


def _tried_today(now: datetime) -> ColumnElement[bool]:
    """Return the condition that nobody was reached today, so that the next attempt is tomorrow's."""
    return (
        select(ReturnVisit.id)
        .where(ReturnVisit.case_id == Case.id, ReturnVisit.round == Case.round)
        .where(ReturnVisit.outcome == Outcome.FAILED, ReturnVisit.day == clock.day_of(now))
        .exists()
    )


def is_open() -> ColumnElement[bool]:
    """Return the condition that somebody has to do something about a case."""
    return Case.next_due_at.is_not(None)


def piles(account: Account, now: datetime) -> dict[Pile, ColumnElement[bool]]:
    """Return what makes a case belong to each pile at `now`, for the one who looks."""
    tonight = clock.end_of(clock.day_of(now))
    mine, due = _is_mine(account), Case.next_due_at
    asked = Case.request_id.is_not(None)
    return {
        Pile.TODAY: mine & (due >= now) & (due < tonight),
        Pile.SOON: mine & (due >= tonight) & (Case.warn_at <= now),
        Pile.OVERDUE: mine & (due < now),
        Pile.OPEN: is_open(),
        Pile.BACK: is_open() & (Case.round > 1),
        Pile.WAITING: asked | Case.state.in_((State.APPEALED, State.OBJECTED)),
        Pile.REQUESTS: asked,
        Pile.UNANSWERED: Case.answer_due_at.is_not(None),
        Pile.LEADERS: is_open()
        & or_(
            Case.rung >= int(for_leaders_from(1)),
            (Case.round >= LAST_ROUND) & (Case.rung >= int(for_leaders_from(LAST_ROUND))),
        ),
        Pile.ENDED: Case.state.in_(ENDED),
    }


def band(row: Row, account: Account, now: datetime) -> Band:
    """Return under which heading a line of a list stands."""
    found = row.case
    if found.next_due_at is None:
        return Band.ENDED
    if account.may_be(*DEPARTMENT_ROLES) and found.state not in WORKING:
        return Band.ELSEWHERE
    if found.next_due_at < now:
        return Band.OVERDUE
    if found.next_due_at < clock.end_of(clock.day_of(now)):
        return Band.TODAY
    return Band.SOON if found.warn_at and found.warn_at <= now else Band.LATER


def conditions(wanted: Filter, account: Account, now: datetime) -> list[ColumnElement[bool]]:
    """Return what a case must be to be on the list."""
    narrowed = [piles(account, now)[wanted.pile]]
    if wanted.state:
        narrowed.append(Case.state == wanted.state)
    if wanted.identity:
        narrowed.append(Case.identity == wanted.identity)
    if wanted.words:
        narrowed.append(_matches(wanted.words))
    return narrowed


def _matches(words: str) -> ColumnElement[bool]:
    """Return the condition that a case's number, service number or item's name holds the words."""
    return Case.event.has(
        or_(
            ServiceEvent.project_no.contains(words, autoescape=True),
            ServiceEvent.item.has(Item.name.contains(words, autoescape=True)),
        )
    ) | Case.number.contains(words.upper(), autoescape=True)


def count(condition: ColumnElement[bool]) -> Any:
    """Return the column that counts the rows for which a condition holds."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _counts(mine: ColumnElement[bool], account: Account, now: datetime) -> Counts:
    by_pile = piles(account, now)
    shown = (
        Pile.TODAY, Pile.SOON, Pile.OVERDUE, Pile.OPEN, Pile.BACK, Pile.WAITING, Pile.LEADERS,
    )  # fmt: skip
    columns = select(*(count(by_pile[pile]) for pile in shown)).select_from(Case)
    # Those that have ended become more for ever: nobody counts them each time a list is opened.
    return Counts(*db.session.execute(columns.where(mine, is_open())).one())
