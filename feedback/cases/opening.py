"""Opening a case: where it goes and why, its number, its first deadlines, and who is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from .. import clock
from ..catalog import routing as table
from ..catalog.grades import TagClass
from ..catalog.models import RoutingRule
from ..catalog.routing import Routing, Served
from ..config import settings
from ..db import db, insert, new_id
from ..errors import AlreadyRated
from ..notify.actions import Promise, promise
from ..offices.models import Department, DepartmentKind
from ..offices.queries import supervision
from ..reviews import actions as reviews
from ..reviews.drafts import Identity, Statement
from . import rulebook
from .deadlines import Standing, Step, Terms, plan_to_json
from .ladder import Rung, next_rung_at, rungs
from .models import Case, CaseCounter
from .rules import Rule
from .states import Complexity, State
from .wall import concerned


@dataclass(frozen=True)
class Opened:
    """A case that was just opened, and what the ledger keeps of it."""

    id: UUID
    number: str
    facts: dict[str, Any]


def open_case(
    event_id: UUID, item_name: str, served: Served, said: Statement, locale: str, now: datetime
) -> Opened:
    """Open the case of a negative review: routed, numbered, with its deadlines in the row.

    Inside a transaction, before the review is inserted. Raises AlreadyRated if the event has one.
    """
    routing = responsible(served, said.tag_classes)
    number = _next_number(now)
    terms = rulebook.born_with(now)
    row: dict[str, Any] = {
        "id": new_id(), "number": number, "event_id": event_id, "identity": said.identity,
        "state": State.ROUTED if routing.department else State.TRIAGE,
        "department_code": routing.department, "tag_class": routing.tag_class,
        "routing": routing.facts(), "complexity": Complexity.SIMPLE, "opened_at": now,
        "rules_version": terms.rules.version, "routed_at": now if routing.department else None,
    }  # fmt: skip
    row |= _first_deadlines(row["state"], said.identity, terms, now)
    statement = insert(Case).values(row).on_conflict_do_nothing(index_elements=["event_id"])
    if db.session.scalar(statement.returning(Case.id)) is None:
        raise AlreadyRated(receipt=reviews.receipt_of(event_id))
    tell_owner(row, item_name, now)
    return Opened(row["id"], number, _ledger_facts(row))


def _ledger_facts(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the ledger keeps of the opening: enough to count every figure again from it."""
    return {
        **row["routing"], "number": row["number"], "event": str(row["event_id"]),
        "identity": row["identity"].value, "to": row["state"].value,
        "due_at": row["due_at"].isoformat(), "next_due_at": row["next_due_at"].isoformat(),
        "rules": row["rules_version"],
    }  # fmt: skip


def responsible(served: Served, classes: frozenset[TagClass]) -> Routing:
    """Return who answers for tags of these classes by the routing table in force, and why."""
    rules = [
        table.Rule(row.position, row.tag_class, row.item_code, row.owner)
        for row in db.session.execute(select(*RoutingRule.__table__.columns))
    ]
    active = frozenset(db.session.scalars(select(Department.code).where(Department.active)))
    return table.route(rules, classes, served, active)


def _next_number(now: datetime) -> str:
    """Count the year's cases up by one; the row's lock keeps numbers without gap or double."""
    year = clock.day_of(now).year
    counter = insert(CaseCounter).values(year=year, last=1)
    counter = counter.on_conflict_do_update(
        index_elements=["year"], set_={"last": CaseCounter.last + 1}
    )
    last = db.session.scalar(counter.returning(CaseCounter.last))
    return f"HC-{year}-{last:06d}"


def _first_deadlines(
    state: State, identity: Identity, terms: Terms, now: datetime
) -> dict[str, Any]:
    standing = Standing(
        state, now if identity is Identity.NAMED else None, False, now,
        (Step(Rule.SIMPLE.value, terms.rules.terms[Rule.SIMPLE]),),
        now if state is State.TRIAGE else None,
    )  # fmt: skip
    found = terms.deadlines(standing)
    assert found.next_due_at is not None  # noqa: S101  an open case has both
    assert found.warn_at is not None  # noqa: S101
    # The message of the opening names the deadline; a reminder minutes later would be noise.
    told = Rung.NEAR if found.warn_at <= now else Rung.NOTHING
    return {
        "contact_since": standing.contact_since, "contact_due_at": found.contact_due_at,
        "due_since": now, "due_plan": plan_to_json(standing.plan), "due_at": found.due_at,
        "desk_since": standing.desk_since, "desk_due_at": found.desk_due_at,
        "next_due_at": found.next_due_at, "warn_at": found.warn_at, "rung": int(told),
        "next_rung_at": next_rung_at(rungs(found.warn_at, found.next_due_at, terms), told),
    }  # fmt: skip


def tell_owner(row: dict[str, Any], item_name: str, now: datetime) -> None:
    """Promise the department its message; a case without one is told to every supervising office.

    Inside a transaction. `row` has the case's `id`, `number`, `department_code`, `next_due_at` and
    `routed_at`, so that a case which comes to the same department again is told of again.
    """
    occasion = "case_opened" if row["department_code"] else "case_in_triage"
    departments = [row["department_code"]] if row["department_code"] else supervising_offices()
    facts = {
        "number": row["number"], "item": item_name, "due_at": row["next_due_at"].isoformat(),
        "link": case_link(row["number"]),
    }  # fmt: skip
    since = row["routed_at"].isoformat() if row["routed_at"] else ""
    promises = [
        Promise(occasion, f"{occasion}:{row['id']}:{code}:{since}", row["id"], facts, code)
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


def deciding_offices(owner: str | None, window: str | None = None) -> Sequence[str]:
    """Return the offices that supervise a case of `owner`, about a window of the office `window` if any.

    Never the owner itself, nor the window's office while another one is left.
    """
    own = concerned(owner, window, supervision().offices)
    return [office for office in supervising_offices() if office not in own]


def case_link(number: str) -> str:
    """Return the address of a case for the staff."""
    return f"{settings().base_url}/cases/{number}"
