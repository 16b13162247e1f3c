"""Looking special rectifications up: the list, one with all that belongs to it, those of a case.

An owner sees its own only, and of their members its own cases only: cases of other departments are
counted, so that the owner knows how large the matter is, and neither named nor shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, false, func, select
from sqlalchemy.orm import joinedload

from ...catalog.models import Tag
from ...db import db
from ...errors import Unknown
from ...ledger.models import Entry
from ...ledger.queries import timeline
from ...offices.models import Account
from ...offices.roles import DEPARTMENT_ROLES, OVERSEEING_ROLES
from ...reviews.models import Review, ReviewTag
from ..models import Case
from ..paging import shown_page
from ..queries import visible as visible_cases
from .actions.moving import SUBJECT, answers
from .models import (
    Special,
    SpecialClosure,
    SpecialDecision,
    SpecialMeasure,
    SpecialMember,
    SpecialReport,
    SpecialReturn,
)
from .states import LAST_ROUND, MOVES, OWNED, Act, State, may_act

PAGE_SIZE = 50
LOOKERS = (*DEPARTMENT_ROLES, *OVERSEEING_ROLES)
"""Those who have a desk of special rectifications."""


def visible(account: Account) -> ColumnElement[bool]:
    """Return the condition that holds for those a person may know of."""
    if account.may_be(*OVERSEEING_ROLES):
        return Special.id.is_not(None)
    if account.may_be(*DEPARTMENT_ROLES):
        return Special.owner_code == account.department_code
    return false()


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    special: Special
    members: int


@dataclass(frozen=True)
class Listing:
    """A page of the list, and the counts of all that the person sees."""

    rows: list[Row]
    open: int
    overdue: int
    ended: int
    page: int
    pages: int


def listing(account: Account, ended: bool, page: int, now: datetime) -> Listing:
    """Return a page of those that are open (soonest due first) or have ended (latest first).

    A page that does not exist (any more) is the last one.
    """
    mine = visible(account)
    is_open = Special.next_due_at.is_not(None)
    order = (Special.ended_at.desc(),) if ended else (Special.next_due_at, Special.number)
    number_open, overdue, number_ended = db.session.execute(
        select(
            _count(is_open), _count(Special.next_due_at < now), _count(~is_open)
        ).where(mine)
    ).one()  # fmt: skip
    page, pages = shown_page(page, number_ended if ended else number_open, PAGE_SIZE)
    wanted = select(Special, _members()).where(mine, ~is_open if ended else is_open)
    rows = db.session.execute(
        wanted.options(joinedload(Special.item), joinedload(Special.owner))
        .order_by(*order).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    )  # fmt: skip
    lines = [Row(*row) for row in rows]
    return Listing(lines, number_open, overdue, number_ended, page, pages)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _members() -> ColumnElement[int]:
    members = select(func.count()).where(SpecialMember.special_id == Special.id)
    return members.correlate(Special).scalar_subquery()


def by_number(number: str, account: Account) -> Special:
    """Return one for somebody who may see it. Raises Unknown otherwise."""
    found = db.session.scalar(
        select(Special)
        .where(Special.number == number, visible(account))
        .options(joinedload(Special.item), joinedload(Special.owner), joinedload(Special.suggested))
    )
    if found is None:
        raise Unknown
    return found


@dataclass(frozen=True)
class File:
    """All that belongs to one, as one person may see it."""

    special: Special
    decision: SpecialDecision | None
    measures: Sequence[SpecialMeasure]
    reports: Sequence[SpecialReport]
    sent_back: SpecialReturn | None
    closure: SpecialClosure | None
    members: Sequence[SpecialMember]
    elsewhere: int
    """How many members are other departments' cases, which this person does not see."""
    first_at: datetime
    last_at: datetime
    """When the first and the last member were opened."""
    reasons: Sequence[tuple[str, int]]
    """Which reasons of the class were chosen, and in how many cases; the most frequent first."""
    earlier: Sequence[Special]
    """Others of the same kind that have ended."""
    timeline: Sequence[Entry]

    @property
    def size(self) -> int:
        """How many cases belong to it."""
        return len(self.members) + self.elsewhere


def file_of(special: Special, account: Account) -> File:
    """Return all that belongs to one, in a constant number of statements."""
    members = _members_of(special, account)
    size, first_at, last_at = _span(special)
    return File(
        special, _one(SpecialDecision, special), _all(SpecialMeasure, special),
        _all(SpecialReport, special), _one(SpecialReturn, special), _one(SpecialClosure, special),
        members, size - len(members), first_at, last_at, _reasons(special),
        _earlier(special, account), timeline(SUBJECT, special.id),
    )  # fmt: skip


def _all(kind: Any, special: Special) -> Sequence[Any]:
    rows = select(kind).where(kind.special_id == special.id).options(joinedload(kind.by))
    return db.session.scalars(rows.order_by(kind.id)).unique().all()


def _one(kind: Any, special: Special) -> Any:
    return next(iter(_all(kind, special)), None)


def _members_of(special: Special, account: Account) -> Sequence[SpecialMember]:
    rows = (
        select(SpecialMember)
        .join(Case, Case.id == SpecialMember.case_id)
        .where(SpecialMember.special_id == special.id, visible_cases(account))
        .options(joinedload(SpecialMember.case).joinedload(Case.department))
        .order_by(Case.opened_at, Case.number)
    )
    return db.session.scalars(rows).all()


def _span(special: Special) -> tuple[int, datetime, datetime]:
    columns = select(func.count(), func.min(Case.opened_at), func.max(Case.opened_at))
    rows = columns.join(SpecialMember, SpecialMember.case_id == Case.id)
    size, first_at, last_at = db.session.execute(
        rows.where(SpecialMember.special_id == special.id)
    ).one()
    return size, first_at, last_at


def _reasons(special: Special) -> list[tuple[str, int]]:
    times = func.count(ReviewTag.review_id)
    rows = (
        select(Tag.name, times)
        .join(ReviewTag, ReviewTag.tag_code == Tag.code)
        .join(Review, Review.id == ReviewTag.review_id)
        .join(SpecialMember, SpecialMember.case_id == Review.case_id)
        .where(SpecialMember.special_id == special.id, Tag.responsibility == special.tag_class)
        .group_by(Tag.code, Tag.name)
        .order_by(times.desc(), Tag.code)
    )
    return [(name, number) for name, number in db.session.execute(rows)]


def _earlier(special: Special, account: Account) -> Sequence[Special]:
    rows = select(Special).where(
        visible(account), Special.item_code == special.item_code, Special.id != special.id,
        Special.tag_class == special.tag_class, Special.ended_at.is_not(None),
    )  # fmt: skip
    return db.session.scalars(rows.order_by(Special.opened_at.desc()).limit(PAGE_SIZE)).all()


def offered(file: File, account: Account) -> list[Act]:
    """Return what a person may do to it now, in the order of the table."""
    special = file.special
    roles = frozenset(role.name for role in account.roles)
    worked = {row.by_id for row in file.measures} | {row.by_id for row in file.reports}
    never = {
        Act.REPORT: not file.measures,
        Act.SEND_BACK: account.id in worked or special.round >= LAST_ROUND,
        Act.CLOSE: account.id in worked,
    }
    return [
        act
        for act, move in MOVES.items()
        if special.state is move.come_from
        and may_act(act, roles, account.department_code, answers(special))
        and not never.get(act, False)
    ]


@dataclass(frozen=True)
class Belonging:
    """A special rectification that a case belongs to, and whether the person may open it."""

    number: str
    state: State
    may_look: bool


def of_case(found: Case, account: Account) -> list[Belonging]:
    """Return what a case belongs to. A proposal is nobody's but the supervisors' to know of yet."""
    oversees = account.may_be(*OVERSEEING_ROLES)
    states = OWNED | {State.PROPOSED} if oversees else OWNED
    rows = (
        select(Special.number, Special.state, Special.owner_code)
        .join(SpecialMember, SpecialMember.special_id == Special.id)
        .where(SpecialMember.case_id == found.id, Special.state.in_(states))
        .order_by(Special.number)
    )
    own = account.department_code if account.may_be(*DEPARTMENT_ROLES) else None
    return [
        Belonging(number, state, oversees or (own is not None and owner == own))
        for number, state, owner in db.session.execute(rows)
    ]
