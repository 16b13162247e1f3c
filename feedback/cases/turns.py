"""Whose turn it is, for a whole list of cases: what each waits for, and whether the one who looks may.

What the columns of a case do not say (put right in this round? appealed? touched by whom?) is read
for all of them at once, so that a list costs the same however long it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from ..calendar.queries import calendar_in_force
from ..db import db
from ..ledger.models import Entry
from ..offices.models import Account
from ..offices.roles import Role
from ..workdays import Calendar
from . import rulebook
from .models import Appeal, Case, CasePart, Rectification, Verification
from .next_acts import bar_of, next_act
from .states import ENDED, MOVES, WORKING, Act, Bar, Finding, Part, State
from .wall import Wall

T = TypeVar("T")


@dataclass(frozen=True)
class Turn:
    """What a case waits for, whether the one who looks may do it, and why not."""

    act: Act
    mine: bool
    bar: Bar | None = None

    @property
    def who(self) -> Sequence[Role]:
        """Whose act it is."""
        return MOVES[self.act].roles


@dataclass(frozen=True)
class Known:
    """What is known of a list of cases besides their columns, by case."""

    rectified: Mapping[UUID, tuple[int, UUID]]
    """The last thing that was put right: in which round, and its key."""
    findings: Mapping[UUID, tuple[Finding, UUID]]
    """The finding in force, the present department's last one, and its key."""
    appealed: frozenset[UUID]
    parts: Mapping[UUID, Part]
    """Which part the one who looks has."""
    calendar: Calendar
    touched: frozenset[str]
    """What the one who looks has a line of the ledger in."""


def turns(cases: Sequence[Case], account: Account, now: datetime) -> dict[UUID, Turn]:
    """Return whose turn it is in each case that waits for anything: a constant number of statements."""
    known = _known(cases, account)
    wall = Wall(account)
    return {
        case.id: _turn(case, wall, known, now)
        for case in cases
        if case.state not in ENDED or case.answer_due_at
    }  # fmt: skip


def _turn(case: Case, wall: Wall, known: Known, now: datetime) -> Turn:
    act = _waits_for(case, known, now)
    decides = case.request_id is not None and wall.account.may_be(*MOVES[Act.DECIDE].roles)
    act = Act.DECIDE if decides else act
    touched = str(case.id) in known.touched
    bar = bar_of(case, wall, act, known.parts.get(case.id), touched=touched)
    return Turn(act, bar is None, None if bar is Bar.ROLE else bar)


def _waits_for(case: Case, known: Known, now: datetime) -> Act:
    finding, found = known.findings.get(case.id, (None, None))
    round_, done = known.rectified.get(case.id, (0, None))
    put_right = bool(done and found and round_ == case.round and done > found)
    appeal_is_next = (
        finding is Finding.UNFOUNDED and case.id not in known.appealed
        and now <= rulebook.appeal_until(case, known.calendar)
    )  # fmt: skip
    act = next_act(case, put_right=put_right, appeal_is_next=appeal_is_next)
    assert act is not None  # noqa: S101  only cases that wait for something are asked about
    return act


def _known(cases: Sequence[Case], account: Account) -> Known:
    ids = [case.id for case in cases]
    working = [case.id for case in cases if case.state in WORKING]
    judged = [str(case.id) for case in cases if case.state in (State.APPEALED, State.OBJECTED)]
    done = select(Rectification.case_id, Rectification.round, Rectification.id).where(
        Rectification.case_id.in_(working)
    )
    found = (
        select(Verification.case_id, Verification.finding, Verification.id)
        .join(Case, Case.id == Verification.case_id)
        .where(Verification.case_id.in_(working), Verification.at >= Case.routed_at)
    )
    appeals = select(Appeal.case_id).where(Appeal.case_id.in_(working))
    mine = select(CasePart.case_id, CasePart.part).where(
        CasePart.account_id == account.id, CasePart.case_id.in_(ids)
    )
    lines = select(Entry.subject_id).where(
        Entry.subject == "case", Entry.actor_id == account.id, Entry.subject_id.in_(judged)
    )
    return Known(
        _last_of_case(done.order_by(Rectification.id)),
        _last_of_case(found.order_by(Verification.id)),
        frozenset(db.session.scalars(appeals)),
        dict(db.session.execute(mine).all()),
        calendar_in_force(),
        frozenset(db.session.scalars(lines)),
    )


def _last_of_case(rows: Select[UUID, T, UUID]) -> dict[UUID, tuple[T, UUID]]:
    """Return the last row of each case as (value, key)."""
    return {case_id: (value, key) for case_id, value, key in db.session.execute(rows)}
