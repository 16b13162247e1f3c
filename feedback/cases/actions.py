"""What is done to a case, from its assignment to its closure.

Every act claims the case first (`UPDATE … WHERE state and version are what the page showed`), then
writes what was done, the ledger line and whatever message it promises. All inside a transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from .. import clock
from ..config import settings
from ..db import db, new_id
from ..errors import FieldError, Invalid, NotYours, OutOfTurn
from ..ledger.actions import Line, write
from ..notify.actions import Promise, promise
from ..offices.models import Account, Department
from ..offices.sign_in import actor
from ..reviews import actions as reviews
from ..reviews import queries as review_queries
from ..reviews.drafts import Identity
from .deadlines import Told, next_due_at, terms
from .evidence import Upload
from .models import (
    Case,
    Closure,
    Contact,
    Evidence,
    Rectification,
    Reply,
    ReturnVisit,
    Verification,
)
from .opening import tell_owner
from .states import (
    MOVES,
    Act,
    Finding,
    Means,
    Outcome,
    Purpose,
    State,
    after_reply,
    after_visit,
    may_act,
)


def assign(case: Case, by: Account, department: str, why: str, now: datetime, seen: int) -> None:
    """Give a case in triage to a department (分派). The clock goes on: it does not restart."""
    _allow(case, by, Act.ROUTE, seen)
    found = db.session.get(Department, department)
    if found is None or not found.active:
        raise Invalid([FieldError("department", "unknown_department")])
    routing = {**case.routing, "department": department, "assigned_by": by.name, "why": why}
    _claim(
        case, by, Act.ROUTE, State.ROUTED, now, seen, department_code=department, routing=routing
    )
    _note(case, by, Act.ROUTE, now, {"department": department})
    item_name = case.event.item.name
    tell_owner(
        {"id": case.id, "number": case.number, "department_code": department,
         "next_due_at": case.next_due_at}, item_name, now,
    )  # fmt: skip


def accept(case: Case, by: Account, now: datetime, seen: int) -> None:
    """Accept a case for the department (签收)."""
    _claim(case, by, Act.ACCEPT, State.VERIFYING, now, seen)
    _note(case, by, Act.ACCEPT, now, {})


def contact(
    case: Case, by: Account, means: Means, reached: bool, words: str, now: datetime, seen: int
) -> None:
    """Record an attempt to reach a named citizen (联系). The first one meets the contact deadline."""
    _allow(case, by, Act.CONTACT, seen)
    if case.identity is not Identity.NAMED:
        raise OutOfTurn(act=Act.CONTACT.value, state=case.state.value)
    _claim(case, by, Act.CONTACT, case.state, now, seen, contacted_at=case.contacted_at or now)
    row = Contact(case_id=case.id, at=now, by_id=by.id, means=means, reached=reached, words=words)
    db.session.add(row)
    _note(case, by, Act.CONTACT, now, {"means": means.value, "reached": reached})


def verify(case: Case, by: Account, finding: Finding, words: str, now: datetime, seen: int) -> None:
    """Record what the department found (核实)."""
    _claim(case, by, Act.VERIFY, State.RECTIFYING, now, seen)
    db.session.add(Verification(case_id=case.id, at=now, by_id=by.id, finding=finding, words=words))
    _note(case, by, Act.VERIFY, now, {"finding": finding.value})


def rectify(
    case: Case, by: Account, words: str, uploads: Sequence[Upload], now: datetime, seen: int
) -> None:
    """Record what was put right, or the law explained, with evidence files (整改).

    The files lie in their folder already (`evidence.keep`), before the transaction was opened.
    """
    _claim(case, by, Act.RECTIFY, case.state, now, seen)
    done = Rectification(
        id=new_id(), case_id=case.id, round=case.round, at=now, by_id=by.id, words=words
    )
    db.session.add(done)
    db.session.flush()
    for upload in uploads:
        db.session.add(
            Evidence(
                case_id=case.id, rectification_id=done.id, name=upload.name,
                media_type=upload.media_type, size=len(upload.content), sha256=upload.sha256,
            )
        )  # fmt: skip
    _note(case, by, Act.RECTIFY, now, {"round": case.round, "files": [u.sha256 for u in uploads]})


def reply(case: Case, by: Account, words: str, now: datetime, seen: int) -> None:
    """Reply to the citizen (反馈): on the receipt page, and to a named one by message.

    Raises OutOfTurn while this round has no rectification.
    """
    _allow(case, by, Act.REPLY, seen)
    if _latest(Rectification, case) is None:
        raise OutOfTurn(act=Act.REPLY.value, missing=Act.RECTIFY.value)
    named = case.identity is Identity.NAMED
    rule = terms(settings())
    _claim(
        case, by, Act.REPLY, after_reply(named=named), now, seen,
        answered_at=now, visit_due_at=rule.due_at(now, rule.visit),
    )  # fmt: skip
    db.session.add(Reply(case_id=case.id, round=case.round, at=now, by_id=by.id, words=words))
    _note(case, by, Act.REPLY, now, {"round": case.round})
    if named:
        _tell_citizen(case, now)


def _tell_citizen(case: Case, now: datetime) -> None:
    review = review_queries.of_case(case.id)
    code = reviews.grouped_receipt_of(case.event_id)
    facts = {"item": case.event.item.name, "link": f"{settings().base_url}/receipts/{code}"}
    promise(
        now,
        Promise(
            "citizen_replied", f"replied:{case.id}:{case.round}", case.id, facts,
            phone=review_queries.phone_of(review), locale=review.locale,
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """What a visitor brings back. `satisfied` is None exactly when nobody was reached."""

    means: Means
    outcome: Outcome
    satisfied: bool | None
    words: str


def visit(case: Case, by: Account, said: Visit, now: datetime, seen: int) -> None:
    """Record a return visit (回访), by somebody who is not of the department complained of."""
    _allow(case, by, Act.VISIT, seen)
    _not_a_handler(case, by)
    if (said.outcome is Outcome.ANSWERED) != (said.satisfied is not None):
        raise Invalid([FieldError("satisfied", "verdict_missing")])
    attempt = _next_attempt(case, said, now)
    goes_to = after_visit(said.outcome, said.satisfied, attempt, case.round)
    changes = _once_more(case, now) if goes_to is State.RECTIFYING else {}
    visited_round, due_before = case.round, case.due_at
    _claim(case, by, Act.VISIT, goes_to, now, seen, **changes)
    db.session.add(
        ReturnVisit(
            case_id=case.id, round=visited_round, at=now, day=clock.day_of(now), by_id=by.id,
            visitor_department=by.department_code, case_department=case.department_code,
            means=said.means, outcome=said.outcome, attempt=attempt,
            attempt_before=attempt - 1 if attempt > 1 else None, satisfied=said.satisfied,
            words=said.words,
        )
    )  # fmt: skip
    facts: dict[str, Any] = {
        "outcome": said.outcome.value, "attempt": attempt, "satisfied": said.satisfied,
    }  # fmt: skip
    if changes:
        facts |= {"due_at": changes["due_at"].isoformat(), "due_before": due_before.isoformat()}
    _note(case, by, Act.VISIT, now, facts)


def _once_more(case: Case, now: datetime) -> dict[str, Any]:
    """Return the columns of a case that is sent back: a new round, with a term of its own.

    The term runs from the visit, or what is left of the old one if that is longer; the ledger keeps
    both moments, so no deadline moves in silence.
    """
    due_at = max(case.due_at, terms(settings()).due_at(now, settings().simple_workdays))
    return {"round": case.round + 1, "answered_at": None, "visit_due_at": None, "due_at": due_at}


def _next_attempt(case: Case, said: Visit, now: datetime) -> int:
    """Return which attempt of its kind this is. A second failed one on the same day is refused."""
    same = (
        ReturnVisit.case_id == case.id,
        ReturnVisit.round == case.round,
        ReturnVisit.outcome == said.outcome,
    )
    count, last = db.session.execute(
        select(func.count(), func.max(ReturnVisit.day)).where(*same)
    ).one()
    if last == clock.day_of(now):
        raise Invalid([FieldError("outcome", "attempt_today")])
    return count + 1


def close(case: Case, by: Account, words: str, now: datetime, seen: int) -> None:
    """Close the case (销号), by a supervisor who handled none of it.

    A citizen who stayed dissatisfied to the last round is answered with a written conclusion.
    Raises NotYours for a handler, Invalid for a missing conclusion.
    """
    _allow(case, by, Act.CLOSE, seen)
    _not_a_handler(case, by)
    finding = db.session.scalars(
        select(Verification).where(Verification.case_id == case.id).order_by(Verification.id.desc())
    ).first()
    done, replied = _latest(Rectification, case), _latest(Reply, case)
    visited = _latest(ReturnVisit, case)
    if finding is None or done is None or replied is None:
        raise OutOfTurn(act=Act.CLOSE.value, state=case.state.value)
    if visited is not None and visited.satisfied is False and not words:
        raise Invalid([FieldError("words", "conclusion_missing")])
    closure = Closure(
        id=new_id(), case_id=case.id, identity=case.identity, round=case.round,
        verification_id=finding.id, verified_by_id=finding.by_id, rectification_id=done.id,
        rectified_by_id=done.by_id, reply_id=replied.id, replied_by_id=replied.by_id,
        visit_id=visited and visited.id, visit_outcome=visited and visited.outcome,
        visit_attempt=visited and visited.attempt, visited_by_id=visited and visited.by_id,
        case_department=case.department_code, closer_department=by.department_code,
        closed_by_id=by.id, at=now, words=words,
    )  # fmt: skip
    db.session.add(closure)
    db.session.flush()
    _claim(case, by, Act.CLOSE, State.CLOSED, now, seen, closed_at=now, closure_id=closure.id)
    _note(case, by, Act.CLOSE, now, {"round": case.round})


def _not_a_handler(case: Case, by: Account) -> None:
    """Refuse whoever had a hand in the case, in whatever office they are by now."""
    for kind in (Contact, Verification, Rectification, Reply):
        mine = select(kind.id).where(kind.case_id == case.id, kind.by_id == by.id).limit(1)
        if db.session.scalar(mine) is not None:
            raise NotYours(who=[role.value for role in MOVES[Act.VISIT].roles])


def _latest(kind: Any, case: Case) -> Any:
    """Return the last row of a kind in the case's present round, or None."""
    rows = select(kind).where(kind.case_id == case.id, kind.round == case.round)
    return db.session.scalars(rows.order_by(kind.id.desc())).first()


def _claim(
    case: Case, by: Account, act: Act, goes_to: State, now: datetime, seen: int, **changes: Any
) -> None:
    """Move the case if the person may, the table allows it and nobody moved it since `seen`.

    The deadline of what comes next is set in the same breath, and what was told about the old one
    is forgotten. Raises NotYours, OutOfTurn.
    """
    _allow(case, by, act, seen)
    moved = {"state": goes_to, "version": case.version + 1, **changes}
    moved |= _deadline(case, moved)
    claimed = update(Case).where(
        Case.id == case.id, Case.version == case.version, Case.state == case.state
    )
    if db.session.scalar(claimed.values(moved).returning(Case.id)) is None:
        raise OutOfTurn(act=act.value, state=case.state.value)


def _allow(case: Case, by: Account, act: Act, seen: int) -> None:
    """Refuse an act that is not this person's, not in turn, or meant for an older page."""
    roles = frozenset(role.name for role in by.roles)
    if not may_act(act, roles, by.department_code, case.department_code):
        raise NotYours(who=[role.value for role in MOVES[act].roles])
    if case.state not in MOVES[act].come_from or case.version != seen:
        raise OutOfTurn(act=act.value, state=case.state.value)


def _deadline(case: Case, moved: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of the next deadline after the move."""
    first_round = moved.get("round", case.round) == 1
    due = next_due_at(
        moved["state"],
        case.contact_due_at if first_round else None,
        moved.get("contacted_at", case.contacted_at),
        moved.get("due_at", case.due_at),
        moved.get("visit_due_at", case.visit_due_at),
    )
    if due == case.next_due_at:
        return {}
    warn_at = due and terms(settings()).warn_at(due)
    return {"next_due_at": due, "warn_at": warn_at, "told": Told.NOTHING}


def _note(case: Case, by: Account, act: Act, now: datetime, facts: dict[str, Any]) -> None:
    write(now, actor(by), Line("case", case.id, act.value, facts))


def reveal(
    case: Case, by: Account, purpose: Purpose, now: datetime
) -> tuple[str | None, str | None]:
    """Return a named citizen's name and phone in the clear, for a purpose; leaves a ledger line.

    Only for those whose turn it is to call: the department while it may contact, the visitor while
    a visit is due. Raises NotYours.
    """
    act = Act.VISIT if purpose is Purpose.VISIT else Act.CONTACT
    roles = frozenset(role.name for role in by.roles)
    may = may_act(act, roles, by.department_code, case.department_code)
    if not may or case.state not in MOVES[act].come_from or case.identity is not Identity.NAMED:
        raise NotYours(who=[role.value for role in MOVES[act].roles])
    write(now, actor(by), Line("case", case.id, "reveal", {"purpose": purpose.value}))
    review = review_queries.of_case(case.id)
    return review_queries.name_of(review), review_queries.phone_of(review)
