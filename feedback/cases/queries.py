"""Looking a case up, what may be done to it by its columns, and what belongs to it."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from ..db import db
from ..errors import Unknown
from ..offices.models import Account, Department
from ..reviews.drafts import Identity
from .inboxes import visible
from .models import (
    Case,
    Evidence,
)
from .rows import WITH_SERVICE
from .states import MOVES, Act, may_act


def by_number(number: str, account: Account) -> Case:
    """Return the case, with its service, for somebody who may see it. Raises Unknown otherwise."""
    found = db.session.scalar(
        select(Case).where(Case.number == number, visible(account)).options(*WITH_SERVICE)
    )
    if found is None:
        raise Unknown
    return found


def by_ids(ids: Iterable[UUID]) -> dict[UUID, Case]:
    """Return the cases of these ids, with their services: for pages that ask of each who may see it."""
    rows = select(Case).where(Case.id.in_(set(ids))).options(*WITH_SERVICE)
    return {found.id: found for found in db.session.scalars(rows)}


def numbers(ids: Iterable[UUID], account: Account) -> dict[UUID, str]:
    """Return the numbers of those of these cases that a person may see."""
    rows = select(Case.id, Case.number).where(Case.id.in_(set(ids)), visible(account))
    return {row.id: row.number for row in db.session.execute(rows)}


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
    if found.answer_due_at is None:
        never.add(Act.ANSWER)
    if found.round > 1:
        never |= {Act.TRANSFER, Act.REASSIGN}
    return [
        act for act, move in MOVES.items() if found.state in move.come_from and act not in never
    ]


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
