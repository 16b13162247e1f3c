"""What a department asks for (complex, more time, not ours), and what a supervisor decides."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ...catalog.grades import TagClass
from ...db import db, new_id
from ...errors import FieldError, Invalid, NotYours
from ...notify.actions import Promise, promise
from ...notify.occasions import Occasion
from ...offices.models import Account, Department
from ...offices.roles import Role
from .. import rulebook
from ..deadlines import Step, Terms
from ..models import Case, Decision, Requested
from ..opening import case_link, deciding_offices
from ..rules import Rule, Term
from ..states import Act, Complexity, Request, State
from ..wall import window_office
from .assigning import give_to
from .handling import tell_citizen
from .moving import (
    allow,
    move,
    out_of_turn,
    plan_columns,
    require_not_handler,
    take_part,
    term_of,
)

ACTS = {
    Request.COMPLEX: Act.COMPLEX, Request.EXTEND: Act.EXTEND, Request.TRANSFER: Act.TRANSFER,
}  # fmt: skip
LONGEST_EXTENSION = 30
"""Days that a supervisor may add at once."""


def ask_complex(case: Case, by: Account, reason: str, now: datetime, seen: int) -> None:
    """Ask that the case be handled as a complex one. Once; before the deadline has passed."""
    _ask(case, by, Request.COMPLEX, reason, "", None, now, seen)


def ask_extension(
    case: Case, by: Account, reason: str, plan: str, now: datetime, seen: int
) -> None:
    """Ask for more time (延期申请), with a plan. Before the deadline has passed."""
    _ask(case, by, Request.EXTEND, reason, plan, None, now, seen)


def ask_transfer(
    case: Case, by: Account, reason: str, proposed: str, now: datetime, seen: int
) -> None:
    """Say that the case is not this department's, and whose it is (转办申请). Once for a case.

    A second transfer is the supervisors' alone (`reassign`). The clock goes on.
    """
    found = db.session.get(Department, proposed)
    if found is None or not found.active:
        raise Invalid([FieldError("proposed", "unknown_department")])
    if proposed == case.department_code:
        raise Invalid([FieldError("proposed", "same_department")])
    _ask(case, by, Request.TRANSFER, reason, "", proposed, now, seen)


def _ask(
    case: Case, by: Account, kind: Request, reason: str, plan: str, proposed: str | None,
    now: datetime, seen: int,
) -> None:  # fmt: skip
    act = ACTS[kind]
    allow(case, by, act, seen)
    number = _times_asked(case, kind) + 1
    _refuse_untimely(case, kind, number, now)
    further = kind is Request.EXTEND and _was_decided(case, kind, granted=True)
    take_part(case, by, act, now)
    asked = Requested(
        id=new_id(), case_id=case.id, kind=kind, number=number, further=further, at=now, by_id=by.id,
        by_department=by.department_code, come_from=case.state, reason=reason, plan=plan,
        proposed=proposed, due_at=rulebook.of_case(case).after(now, Rule.DECIDE),
    )  # fmt: skip
    db.session.add(asked)
    db.session.flush()
    goes_to = State.TRANSFERRING if kind is Request.TRANSFER else case.state
    facts = {"request": str(asked.id), "number": number, "proposed": proposed}
    move(case, act, by, goes_to, now, facts, request_id=asked.id)
    tell_supervisors(case, kind.value, f"asked:{asked.id}", asked.due_at, now)


def _times_asked(case: Case, kind: Request) -> int:
    rows = select(func.count()).select_from(Requested)
    return db.session.scalar(rows.where(Requested.case_id == case.id, Requested.kind == kind)) or 0


def _was_decided(case: Case, kind: Request, **how: Any) -> bool:
    decided = select(Decision.id).filter_by(case_id=case.id, kind=kind, **how)
    return db.session.scalar(decided.limit(1)) is not None


def _refuse_untimely(case: Case, kind: Request, number: int, now: datetime) -> None:
    """Refuse a second request beside a first, one too many, and one that comes after the deadline.

    More time asked for after the deadline would make an overdue case look as if it were not.
    """
    if case.request_id is not None:
        raise out_of_turn(case, ACTS[kind], missing=Act.DECIDE.value)
    if kind is Request.TRANSFER and number > 1:
        raise out_of_turn(case, ACTS[kind], asked=number - 1)
    asking = case.department_code
    if kind is Request.COMPLEX and _was_decided(case, kind, asked_by_department=asking):
        raise out_of_turn(case, ACTS[kind])
    if kind is Request.TRANSFER and case.round > 1:
        raise out_of_turn(case, ACTS[kind])
    if kind is not Request.TRANSFER and now > case.due_at:
        raise Invalid([FieldError("reason", "asked_too_late")])


def tell_supervisors(case: Case, what: str, key: str, due_at: datetime, now: datetime) -> None:
    """Promise the offices that may decide a message: something waits for them.

    An office that is itself complained of is not told; it could do nothing.
    """
    facts = {
        "number": case.number, "item": case.event.item.name, "what": what,
        "due_at": due_at.isoformat(), "link": case_link(case.number),
    }  # fmt: skip
    promise(
        now,
        *(
            Promise(Occasion.DESK_ASKED.value, f"{key}:{office}", case.id, facts,
                    department=office)
            for office in deciding_offices(case.department_code, window_office(case.event))
        ),
    )  # fmt: skip


def decide(
    case: Case, by: Account, granted: bool, words: str, now: datetime, seen: int, *,
    department: str = "", restart_why: str = "", tag_class: TagClass | None = None,
    days: int | None = None,
) -> None:  # fmt: skip
    """Decide the request that waits (审批): a supervisor of another office, with no hand in the case.

    `department`, `restart_why` and `tag_class` belong to a transfer: another owner than the one
    proposed, why the clock begins again, if it does, and what the case is about. `days` belongs to
    an extension: how many are added (the rule's number unless given). A further extension is granted
    by a leader only. Raises NotYours, OutOfTurn, Invalid.
    """
    allow(case, by, Act.DECIDE, seen)
    require_not_handler(case, by, Act.DECIDE)
    asked = db.session.get(Requested, case.request_id) if case.request_id else None
    if asked is None:
        raise out_of_turn(case, Act.DECIDE)
    leader = by.may_be(Role.LEADER)
    if granted and asked.further and not leader:
        raise NotYours(who=[Role.LEADER.value])
    db.session.add(
        Decision(
            request_id=asked.id, case_id=case.id, kind=asked.kind, number=asked.number,
            further=asked.further, asked_by_department=asked.by_department, at=now, by_id=by.id,
            by_department=by.department_code, by_leader=leader, granted=granted, words=words,
        )
    )  # fmt: skip
    facts: dict[str, Any] = {
        "request": asked.kind.value, "number": asked.number, "granted": granted,
    }  # fmt: skip
    asking, terms = case.department_code, rulebook.of_case(case)
    if granted and asked.kind is Request.TRANSFER:
        owner = department or str(asked.proposed)
        give_to(case, Act.DECIDE, by, owner, words, restart_why, now, tag_class, **facts)
    else:
        added = _added(asked, terms, days) if granted else None
        changes = _granted(case, terms, added) if granted else {}
        facts["days"] = added and added.amount
        # Work goes on while the department waits for an answer; a transfer alone stops it.
        goes_to = asked.come_from if case.state is State.TRANSFERRING else case.state
        due_before = case.due_at
        move(case, Act.DECIDE, by, goes_to, now, facts, request_id=None, **changes)
        if case.due_at != due_before:
            _tell_of_new_term(case, asked, now)
    tell_department(case, asking, asked.kind.value, granted, f"decided:{asked.id}", now, words)


def _added(asked: Requested, terms: Terms, days: int | None) -> Term | None:
    """Return what an extension adds, None for any other request. Raises Invalid for no measure."""
    if asked.kind is not Request.EXTEND:
        return None
    term = terms.rules.terms[Rule.EXTENSION]
    added = Term(term.amount if days is None else days, term.unit)
    if not 1 <= added.amount <= LONGEST_EXTENSION:
        span = {"least": 1, "most": LONGEST_EXTENSION}
        raise Invalid([FieldError("days", "days_out_of_range", span)])
    return added


def _granted(case: Case, terms: Terms, added: Term | None) -> dict[str, Any]:
    """Return the columns that granting changes: never to less time than there was."""
    since, plan = term_of(case)
    if added is None:
        first = Step(Rule.COMPLEX.value, terms.rules.terms[Rule.COMPLEX])
        longer = terms.later((since, plan), (case.opened_at, (first, *plan[1:])))
        return {"complexity": Complexity.COMPLEX, **plan_columns(*longer)}
    return plan_columns(since, (*plan, Step(Rule.EXTENSION.value, added)))


def _tell_of_new_term(case: Case, asked: Requested, now: datetime) -> None:
    tell_citizen(
        case, Occasion.CITIZEN_TERM_MOVED, f"term:{asked.id}", now, due_at=case.due_at.isoformat()
    )


def tell_department(
    case: Case, department: str | None, what: str, granted: bool, key: str, now: datetime,
    why: str = "",
) -> None:  # fmt: skip
    """Promise a department the message of what was decided about its request or appeal.

    `why` is said where the case is no longer theirs to open: after a transfer.
    """
    facts = {
        "number": case.number, "item": case.event.item.name, "what": what, "granted": granted,
        "link": case_link(case.number), "why": why if case.department_code != department else "",
    }  # fmt: skip
    promise(now, Promise(Occasion.CASE_DECIDED.value, key, case.id, facts, department=department))
