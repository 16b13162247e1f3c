"""Whose the case is and what it is about: out of triage, to another department, and why."""

from datetime import datetime
from typing import Any

from ...catalog.grades import TagClass
from ...db import db
from ...errors import FieldError, Invalid
from ...notify.occasions import Occasion
from ...offices.models import Account, Department
from ...reviews.drafts import Identity
from .. import pressure, rulebook
from ..deadlines import Step
from ..ladder import Rung
from ..models import Case
from ..opening import tell_owner
from ..rules import Rule
from ..states import Act, Complexity, State
from ..urging import urge_new_owner
from .handling import tell_citizen
from .moving import allow, move, out_of_turn, plan_columns, require_not_handler


def assign(
    case: Case, by: Account, department: str, why: str, now: datetime, seen: int, *,
    restart_why: str = "", tag_class: TagClass | None = None,
) -> None:  # fmt: skip
    """Give a case in triage to a department (分派), and say what it is about.

    No rule has said that yet. The clock restarts only if `restart_why` says why: the department may
    not be to blame for the days in triage. Raises Invalid.
    """
    allow(case, by, Act.ROUTE, seen)
    if tag_class is None and case.tag_class is None:
        raise Invalid([FieldError("tag_class", "missing")])
    give_to(case, Act.ROUTE, by, department, why, restart_why, now, tag_class)


def reassign(
    case: Case, by: Account, department: str, why: str, restart_why: str, now: datetime, seen: int,
    *, tag_class: TagClass | None = None,
) -> None:  # fmt: skip
    """Give a case to another department without being asked (改派).

    In the first round only: afterwards the citizen has had this department's answer. A request that
    waits lapses. The clock restarts only if `restart_why` says why. Raises NotYours for whoever had
    a hand in the case, Invalid, OutOfTurn.
    """
    allow(case, by, Act.REASSIGN, seen)
    require_not_handler(case, by, Act.REASSIGN)
    if case.round > 1:
        raise out_of_turn(case, Act.REASSIGN)
    lapsed = str(case.request_id) if case.request_id else None
    give_to(case, Act.REASSIGN, by, department, why, restart_why, now, tag_class, lapsed=lapsed)


def give_to(
    case: Case, act: Act, by: Account, department: str, why: str, restart_why: str, now: datetime,
    tag_class: TagClass | None = None, **facts: Any,
) -> None:  # fmt: skip
    """Make the case another department's, and tell it, and the citizen of a new date if there is one.

    `tag_class` says what it is about, if that is something else than routing thought. Raises Invalid
    for a department that cannot have it.
    """
    found = db.session.get(Department, department)
    if found is None or not found.active:
        raise Invalid([FieldError("department", "unknown_department")])
    if department == case.department_code:
        raise Invalid([FieldError("department", "same_department")])
    about = tag_class or case.tag_class
    routing = {
        "department": department, "before": case.department_code, "act": act.value,
        "tag_class": about and about.value,
        "assigned_by": by.name, "why": why, "restart_why": restart_why,
        "history": [*case.routing.get("history", ()), _without_history(case.routing)],
    }  # fmt: skip
    facts |= {
        "department": department,
        "before": case.department_code,
        "restart": bool(restart_why),
        "tag_class": about and about.value,
        "class_before": case.tag_class and case.tag_class.value,
    }
    due_before, call_due_at = case.due_at, case.contact_due_at
    if restart_why and case.contacted_at and call_due_at:
        facts["contact_due_before"] = call_due_at.isoformat()
    move(
        case, act, by, State.ROUTED, now, facts, told=Rung.NEAR, department_code=department,
        tag_class=about, routing=routing, routed_at=now, request_id=None,
        **(_anew(case, now) if restart_why else {}),
    )  # fmt: skip
    pressure.comes_to(case.id, department)
    if case.due_at != due_before:
        tell_citizen(case, Occasion.CITIZEN_TERM_MOVED, f"term:{case.id}:{now.isoformat()}", now,
                     due_at=case.due_at.isoformat())  # fmt: skip
    tell_owner(
        {"id": case.id, "number": case.number, "department_code": department, "routed_at": now,
         "next_due_at": case.next_due_at}, case.event.item.name, now,
    )  # fmt: skip
    urge_new_owner(case, now)


def _without_history(routing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in routing.items() if name != "history"}


def _anew(case: Case, now: datetime) -> dict[str, Any]:
    """Return the columns of a whole term for a department that takes over: its own call included.

    Where the clock goes on instead, a call that was made stays made: the term for it is over, and
    the department would be late before it began.
    """
    columns = restarted(case, now)
    if case.identity is Identity.NAMED:
        columns |= {"contacted_at": None, "contact_since": now}
    return columns


def restarted(case: Case, now: datetime) -> dict[str, Any]:
    """Return the columns of a term that begins again now."""
    rule = Rule.COMPLEX if case.complexity is Complexity.COMPLEX else Rule.SIMPLE
    term = rulebook.of_case(case).rules.terms[rule]
    columns = plan_columns(now, (Step(rule.value, term),))
    if case.identity is Identity.NAMED and case.contacted_at is None:
        columns["contact_since"] = now
    return columns
