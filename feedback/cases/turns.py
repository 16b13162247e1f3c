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

from ..db import db
from ..ledger.models import Entry
from ..offices.models import Account
from ..offices.roles import Role
from ..reviews.drafts import Identity
from .actions.appealing import appeal_until
from .models import Appeal, Case, CasePart, Rectification, Verification
from .states import ENDED, MOVES, PARTS, WORKING, Act, Bar, Finding, Part, State, Whose, may_act

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

    rectified: Mapping[UUID, int]
    """The last round in which something was put right."""
    findings: Mapping[UUID, Finding]
    appealed: frozenset[UUID]
    parts: Mapping[UUID, Part]
    """Which part the one who looks has."""
    touched: frozenset[str]
    """What the one who looks has a line of the ledger in."""


BY_STATE = {
    State.TRIAGE: Act.ROUTE, State.ROUTED: Act.ACCEPT, State.TRANSFERRING: Act.DECIDE,
    State.APPEALED: Act.JUDGE, State.OBJECTED: Act.RECONSIDER, State.VISITING: Act.VISIT,
    State.CLOSING: Act.CLOSE,
}  # fmt: skip
"""What a state alone says; the department's two working states need a closer look."""


def turns(cases: Sequence[Case], account: Account, now: datetime) -> dict[UUID, Turn]:
    """Return whose turn it is in each case that has not ended: a constant number of statements."""
    known = _known(cases, account)
    return {
        case.id: _turn(case, account, known, now) for case in cases if case.state not in ENDED
    }  # fmt: skip


def _turn(case: Case, account: Account, known: Known, now: datetime) -> Turn:
    act = waits_for(case, known, now)
    decides = case.request_id is not None and account.may_be(*MOVES[Act.DECIDE].roles)
    act = Act.DECIDE if decides else act
    roles = frozenset(role.name for role in account.roles)
    if not roles.intersection(MOVES[act].roles):
        return Turn(act, mine=False)
    bar = _bar(case, account, act, known)
    may = may_act(act, roles, account.department_code, case.department_code)
    return Turn(act, may and bar is None, bar)


def waits_for(case: Case, known: Known, now: datetime) -> Act:
    """Return what a case that has not ended waits for, whoever does it."""
    if case.state in BY_STATE:
        return BY_STATE[case.state]
    if case.identity is Identity.NAMED and case.contacted_at is None:
        return Act.CONTACT
    if case.state is State.RECTIFYING:
        return Act.REPLY if known.rectified.get(case.id) == case.round else Act.RECTIFY
    unfounded = known.findings.get(case.id) is Finding.UNFOUNDED
    may_appeal = unfounded and case.id not in known.appealed and now <= appeal_until(case)
    return Act.APPEAL if may_appeal else Act.VERIFY


def _bar(case: Case, account: Account, act: Act, known: Known) -> Bar | None:
    if MOVES[act].whose is Whose.OTHER and account.department_code == case.department_code:
        return Bar.OFFICE
    if act in (Act.JUDGE, Act.RECONSIDER) and str(case.id) in known.touched:
        return Bar.TOUCHED
    part = known.parts.get(case.id)
    if act is Act.CLOSE:
        return Bar.PART if part is Part.HANDLER else None
    return Bar.PART if act in PARTS and part not in (None, PARTS[act]) else None


def _known(cases: Sequence[Case], account: Account) -> Known:
    ids = [case.id for case in cases]
    working = [case.id for case in cases if case.state in WORKING]
    judged = [str(case.id) for case in cases if case.state in (State.APPEALED, State.OBJECTED)]
    done = select(Rectification.case_id, Rectification.round).where(
        Rectification.case_id.in_(working)
    )
    found = select(Verification.case_id, Verification.finding).where(
        Verification.case_id.in_(working)
    )
    appeals = select(Appeal.case_id).where(Appeal.case_id.in_(working))
    mine = select(CasePart.case_id, CasePart.part).where(
        CasePart.account_id == account.id, CasePart.case_id.in_(ids)
    )
    lines = select(Entry.subject_id).where(
        Entry.subject == "case", Entry.actor_id == account.id, Entry.subject_id.in_(judged)
    )
    return Known(
        _by_case(done.order_by(Rectification.round)),
        _by_case(found.order_by(Verification.id)),
        frozenset(db.session.scalars(appeals)),
        _by_case(mine),
        frozenset(db.session.scalars(lines)),
    )


def _by_case(pairs: Select[UUID, T]) -> dict[UUID, T]:
    """Return (case, value) pairs as a mapping; the last of a case counts."""
    return dict(db.session.execute(pairs).all())
