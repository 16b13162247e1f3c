"""Opening a case: where it goes and why, its number, its first deadlines, and who is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from .. import clock
from ..catalog.models import RoutingRule
from ..catalog.routing import Routing, Rule, Served, route
from ..config import settings
from ..db import db, insert, new_id
from ..errors import AlreadyRated
from ..notify.actions import Promise, promise
from ..offices.models import Department, DepartmentKind
from ..reviews import actions as reviews
from ..reviews.drafts import Identity, Statement
from .deadlines import Told, next_due_at, terms
from .models import Case, CaseCounter
from .states import Complexity, State


@dataclass(frozen=True)
class Opened:
    """A case that was just opened, and why it went where it went."""

    id: UUID
    number: str
    routing: dict[str, Any]


def open_case(
    event_id: UUID, item_name: str, served: Served, said: Statement, locale: str, now: datetime
) -> Opened:
    """Open the case of a negative review: routed, numbered, with its deadlines in the row.

    Inside a transaction, before the review is inserted. Raises AlreadyRated if the event has one.
    """
    routing = _route(served, said)
    number = _next_number(now)
    deadlines = _first_deadlines(said.identity, now)
    row = {
        "id": new_id(), "number": number, "event_id": event_id, "identity": said.identity,
        "state": State.ROUTED if routing.department else State.TRIAGE,
        "department_code": routing.department, "routing": routing.facts(),
        "complexity": Complexity.SIMPLE, "opened_at": now, **deadlines,
    }  # fmt: skip
    statement = insert(Case).values(row).on_conflict_do_nothing(index_elements=["event_id"])
    if db.session.scalar(statement.returning(Case.id)) is None:
        raise AlreadyRated(receipt=reviews.receipt_of(event_id))
    tell_owner(row, item_name, now)
    return Opened(row["id"], number, routing.facts())


def _route(served: Served, said: Statement) -> Routing:
    rules = [
        Rule(row.position, row.tag_class, row.item_code, row.owner)
        for row in db.session.execute(select(*RoutingRule.__table__.columns))
    ]
    active = frozenset(db.session.scalars(select(Department.code).where(Department.active)))
    return route(rules, said.tag_classes, served, active)


def _next_number(now: datetime) -> str:
    """Count the year's cases up by one; the row's lock keeps numbers without gap or double."""
    year = clock.day_of(now).year
    counter = insert(CaseCounter).values(year=year, last=1)
    counter = counter.on_conflict_do_update(
        index_elements=["year"], set_={"last": CaseCounter.last + 1}
    )
    last = db.session.scalar(counter.returning(CaseCounter.last))
    return f"HC-{year}-{last:06d}"


def _first_deadlines(identity: Identity, now: datetime) -> dict[str, Any]:
    rule = terms(settings())
    contact_due_at = rule.due_at(now, rule.contact) if identity is Identity.NAMED else None
    due_at = rule.case_due_at(now, Complexity.SIMPLE)
    next_due = next_due_at(State.ROUTED, contact_due_at, None, due_at, None) or due_at
    warn_at = rule.warn_at(next_due)
    return {
        "contact_due_at": contact_due_at, "due_at": due_at, "next_due_at": next_due,
        "complex_due_at": rule.case_due_at(now, Complexity.COMPLEX),
        "warn_at": warn_at,
        # The message of the opening names the deadline; a reminder minutes later would be noise.
        "told": Told.SOON if warn_at <= now else Told.NOTHING,
    }  # fmt: skip


def tell_owner(row: dict[str, Any], item_name: str, now: datetime) -> None:
    """Promise the department its message; a case without one is told to every supervising office.

    Inside a transaction. `row` has the case's `id`, `number`, `department_code` and `next_due_at`.
    """
    occasion = "case_opened" if row["department_code"] else "case_in_triage"
    departments = [row["department_code"]] if row["department_code"] else supervising_offices()
    facts = {
        "number": row["number"], "item": item_name, "due_at": row["next_due_at"].isoformat(),
        "link": case_link(row["number"]),
    }  # fmt: skip
    promises = [
        Promise(occasion, f"{occasion}:{row['id']}:{code}", row["id"], facts, department=code)
        for code in departments
    ]
    promise(now, *promises)


def supervising_offices() -> Sequence[str]:
    """Return the codes of the offices that supervise."""
    return db.session.scalars(
        select(Department.code).where(
            Department.kind == DepartmentKind.SUPERVISOR, Department.active
        )
    ).all()


def case_link(number: str) -> str:
    """Return the address of a case for the staff."""
    return f"{settings().base_url}/cases/{number}"
