"""Looking a case up: with all that belongs to it, what may be done to it, its progress for the citizen."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from ..db import db
from ..errors import Unknown
from ..offices.models import Account, Department
from ..reviews.drafts import Identity
from ..reviews.models import Review
from .inboxes import visible
from .models import (
    Case,
    Evidence,
    Reply,
    ReturnVisit,
)
from .rows import WITH_SERVICE
from .states import MOVES, Act, Outcome, State, may_act


def by_number(number: str, account: Account) -> Case:
    """Return the case, with its service, for somebody who may see it. Raises Unknown otherwise."""
    found = db.session.scalar(
        select(Case).where(Case.number == number, visible(account)).options(*WITH_SERVICE)
    )
    if found is None:
        raise Unknown
    return found


def possible_acts(found: Case, account: Account) -> list[Act]:
    """Return what a person may do to the case by its columns alone, in the order of the table.

    What also depends on what was asked and done before is left out by `offers.offered`.
    """
    roles = frozenset(role.name for role in account.roles)
    return [
        act for act in possible_now(found)
        if may_act(act, roles, account.department_code, found.department_code)
    ]  # fmt: skip


def possible_now(found: Case) -> list[Act]:
    """Return what may be done to the case by its columns alone, whoever does it."""
    never = set()
    if found.identity is Identity.ANONYMOUS:
        never.add(Act.CONTACT)
    never |= {Act.COMPLEX, Act.EXTEND, Act.TRANSFER} if found.request_id else {Act.DECIDE}
    if found.round > 1:
        never |= {Act.TRANSFER, Act.REASSIGN}
    return [
        act for act, move in MOVES.items() if found.state in move.come_from and act not in never
    ]


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
