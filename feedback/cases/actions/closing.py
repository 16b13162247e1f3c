"""The end of a case (销号)."""

from datetime import datetime

from sqlalchemy import select

from ...db import db, new_id
from ...errors import FieldError, Invalid
from ...notify.occasions import Occasion
from ...offices.models import Account
from ..models import Case, Closure, Rectification, Reply, ReturnVisit
from ..states import Act, Part, State, last_answer
from .handling import latest, latest_finding, tell_citizen
from .moving import allow, move, out_of_turn, part_from_now, require_not_handler


def close(case: Case, by: Account, words: str, now: datetime, seen: int) -> None:
    """Close the case (销号), by a supervisor who handled none of it.

    A citizen who was not satisfied when last asked is answered with a written conclusion.
    Raises NotYours for a handler, Invalid for a missing conclusion.
    """
    allow(case, by, Act.CLOSE, seen)
    require_not_handler(case, by, Act.CLOSE)
    finding = latest_finding(case)
    done, replied = latest(Rectification, case), latest(Reply, case)
    visited = latest(ReturnVisit, case)
    if finding is None or done is None or replied is None:
        raise out_of_turn(case, Act.CLOSE)
    if _last_answer(case) is False and not words:
        raise Invalid([FieldError("words", "conclusion_missing")])
    closure = Closure(
        id=new_id(), case_id=case.id, identity=case.identity, round=case.round,
        verification_id=finding.id, verified_by_id=finding.by_id, finding=finding.finding,
        rectification_id=done.id, rectified_by_id=done.by_id, remedy=done.kind,
        reply_id=replied.id, replied_by_id=replied.by_id,
        visit_id=visited and visited.id, visit_outcome=visited and visited.outcome,
        visit_attempt=visited and visited.attempt, visited_by_id=visited and visited.by_id,
        visit_satisfied=visited and visited.satisfied,
        second_review_id=visited and visited.second_review_id,
        case_department=case.department_code, closer_department=by.department_code,
        closed_by_id=by.id, closer_part=part_from_now(case, by, Part.CLOSER, now), at=now,
        words=words,
    )  # fmt: skip
    db.session.add(closure)
    db.session.flush()
    facts = {"round": case.round}
    move(case, Act.CLOSE, by, State.CLOSED, now, facts, closed_at=now, closure_id=closure.id)
    tell_citizen(case, Occasion.CITIZEN_CLOSED, f"closed:{case.id}", now)


def _last_answer(case: Case) -> bool | None:
    said = select(ReturnVisit.satisfied).where(ReturnVisit.case_id == case.id)
    return last_answer(db.session.scalars(said.order_by(ReturnVisit.id)).all())
