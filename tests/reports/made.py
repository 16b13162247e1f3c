"""Cases with a past, made row by row: a report looks back on weeks that no test waits for."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from feedback.cases import rulebook
from feedback.cases.deadlines import Step, plan_to_json
from feedback.cases.models import (
    Case,
    CasePart,
    Closure,
    Rectification,
    Reply,
    ReturnVisit,
    Verification,
)
from feedback.cases.rules import Term
from feedback.cases.states import (
    DESK_TERMS,
    Complexity,
    Finding,
    Means,
    Outcome,
    Part,
    Remedy,
    State,
)
from feedback.clock import SHANGHAI, day_of
from feedback.db import db, new_id, transaction
from feedback.ledger.actions import SYSTEM, Line, write
from feedback.offices.models import Account
from feedback.offices.roles import Role
from feedback.reviews.drafts import Identity
from feedback.workdays import china

from ..factories import make_account, make_event

_numbers = itertools.count(1)


OLD: dict[str, Any] = {
    "week": "2026-W40", "as_of": "2026-10-04T16:00:00+00:00",
    "rows": [{
        "department": "SW", "name": "区水务局", "received": {"named": 1, "anonymous": 0},
        "due": {"named": 2, "anonymous": 0}, "in_time": {"named": 1, "anonymous": 0},
        "late": {"named": 0, "anonymous": 0}, "open": {"named": 1, "anonymous": 0},
        "overdue": {"named": 1, "anonymous": 0}, "longest_overdue": 2,
        "closed": {"named": 1, "anonymous": 0},
        "closure_rate_named": {"closed": 1, "due": 2, "percent": 50.0},
    }],
    "overdue_cases": [{
        "number": "HC-2026-000001", "department": "SW", "name": "区水务局", "named": True, "days": 2,
        "state": "rectifying",
    }],
}  # fmt: skip
OLD["total"] = {k: v for k, v in OLD["rows"][0].items() if k not in ("department", "name")}
"""A report as version 1 kept it: the closure table and the overdue cases only."""


def shanghai(text: str) -> datetime:
    """Return the moment of a Shanghai wall clock, e.g. `2026-11-16 10:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def make_case(
    opened: str,
    *,
    due: str | None = None,
    answered: str | None = None,
    closed: str | None = None,
    department: str | None = "RS",
    named: bool = True,
    state: State | None = None,
) -> Case:
    """Make a case by Shanghai moments; its state follows from them unless given."""
    opened_at = shanghai(opened)
    due_at = shanghai(due) if due else opened_at + timedelta(days=7)
    answered_at = shanghai(answered or closed) if answered or closed else None
    event = make_event(opened_at)
    days = china().between(day_of(opened_at), day_of(due_at))
    stands = state or _state(department, answered_at, named)
    desk = opened_at if stands in DESK_TERMS else None
    case = Case(
        id=new_id(), number=f"HC-2026-{next(_numbers):06d}", event_id=event.id,
        identity=Identity.NAMED if named else Identity.ANONYMOUS, department_code=department,
        state=stands, routing={}, rules_version=1, routed_at=opened_at if department else None,
        complexity=Complexity.SIMPLE, opened_at=opened_at, due_at=due_at, next_due_at=due_at,
        due_since=opened_at, due_plan=plan_to_json([Step("simple", Term(days))]),
        contact_since=opened_at if named else None,
        desk_since=desk, desk_due_at=desk and due_at, warn_at=due_at, rung=0,
        answered_at=answered_at,
    )  # fmt: skip
    handler, closer = _person("handler@x.example", "RS"), _person("closer@x.example", "GOV")
    with transaction() as session:
        rulebook.keep_first(opened_at)
        session.add(case)
        session.flush()
        if answered_at and not closed:
            session.add(_part(case, handler, Part.HANDLER, answered_at))
            session.flush()
            session.add(_reply(case, handler))
        if closed:
            _close(session, case, handler, closer, shanghai(closed))
    return case


def _state(department: str | None, answered_at: datetime | None, named: bool) -> State:
    if department is None:
        return State.TRIAGE
    if answered_at:
        return State.VISITING if named else State.CLOSING
    return State.ROUTED


def _person(email: str, department: str) -> Any:
    found = db.session.scalar(select(Account.id).where(Account.email == email))
    return found or make_account(Role.SUPERVISOR, department=department, email=email).id


def _part(case: Case, who: Any, part: Part, at: datetime) -> CasePart:
    return CasePart(case_id=case.id, account_id=who, part=part, at=at)


def _reply(case: Case, handler: Any) -> Reply:
    return Reply(
        id=new_id(), case_id=case.id, by_id=handler, at=case.answered_at, round=1, words="答",
        internal="", publishable="",
    )  # fmt: skip


def _close(session: Any, case: Case, handler: Any, closer: Any, at: datetime) -> None:
    """Put the whole chain under the closure, as the constraints ask."""
    key = {"case_id": case.id, "by_id": handler}
    finding = Verification(id=new_id(), at=at, finding=Finding.TRUE, words="是", **key)
    done = Rectification(
        id=new_id(), at=at, round=1, words="改", article="", kind=Remedy.REMEDY, **key
    )
    reply = _reply(case, handler)
    visit = ReturnVisit(
        id=new_id(), case_id=case.id, round=1, at=at, day=at.date(), by_id=closer,
        visitor_department="GOV", case_department=case.department_code, means=Means.PHONE,
        outcome=Outcome.ANSWERED, attempt=1, satisfied=True, words="满意", part=Part.VISITOR,
    )  # fmt: skip
    for who, part in ((handler, Part.HANDLER), (closer, Part.VISITOR)):
        session.add(_part(case, who, part, at))
    session.flush()
    session.add_all([finding, done, reply])
    if case.identity is Identity.NAMED:
        session.add(visit)
    session.flush()
    visited = case.identity is Identity.NAMED
    closure = Closure(
        id=new_id(), case_id=case.id, identity=case.identity, round=1, verification_id=finding.id,
        finding=finding.finding, rectification_id=done.id, remedy=done.kind,
        rectified_by_id=handler, reply_id=reply.id,
        replied_by_id=handler, visit_id=visit.id if visited else None,
        visit_outcome=Outcome.ANSWERED if visited else None, visit_attempt=1 if visited else None,
        verified_by_id=handler, visited_by_id=closer if visited else None,
        case_department=case.department_code, closer_department="GOV",
        visit_satisfied=True if visited else None, closed_by_id=closer, closer_part=Part.VISITOR,
        at=at, words="结",
    )  # fmt: skip
    session.add(closure)
    session.flush()
    write(at, SYSTEM, Line("case", case.id, "close", {}))
    case.state, case.closed_at, case.closure_id = State.CLOSED, at, closure.id
    case.next_due_at = case.warn_at = case.desk_since = case.desk_due_at = None
