"""How the citizen found it: the return visit, the second review, and back once more (重办)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ... import clock
from ...db import db, insert, new_id
from ...errors import FieldError, Invalid
from ...ledger.actions import CITIZEN, Actor
from ...notify.occasions import Occasion
from ...offices.models import Account
from .. import rulebook
from ..deadlines import Step
from ..issuing import issue_notice
from ..models import Case, ReturnVisit, SecondAnswer, SecondReview
from ..models.urging import Cause
from ..rules import Rule
from ..states import Act, Means, Outcome, Part, State, after_visit
from ..urging import tell_of_sending_back
from .asking import tell_supervisors
from .handling import tell_citizen
from .moving import (
    allow,
    hold,
    move,
    note,
    out_of_turn,
    plan_columns,
    require_not_handler,
    take_part,
    term_of,
)

SATISFIED_FROM = 3
"""The lowest grade of a second review that counts as satisfied; 2 and 1 are negative."""


@dataclass(frozen=True)
class Visit:
    """What a visitor brings back. `satisfied` is None exactly when nobody was reached."""

    means: Means
    outcome: Outcome
    satisfied: bool | None
    words: str


def visit(case: Case, by: Account, said: Visit, now: datetime, seen: int) -> None:
    """Record a return visit (回访), by somebody who is not of the department complained of."""
    allow(case, by, Act.VISIT, seen)
    if (said.outcome is Outcome.ANSWERED) != (said.satisfied is not None):
        raise Invalid([FieldError("satisfied", "verdict_missing")])
    take_part(case, by, Act.VISIT, now)
    row = ReturnVisit(
        by_id=by.id, visitor_department=by.department_code, means=said.means, outcome=said.outcome,
        satisfied=said.satisfied, words=said.words, part=Part.VISITOR,
    )  # fmt: skip
    _visited(case, Act.VISIT, by, row, now, {})


def second_review(case: Case, grade: int, words: str, now: datetime) -> None:
    """Take the citizen's second review (二次评价): one only; the first one stays as it is.

    From the receipt or the one-time link, once the department has replied. It answers the return
    visit unasked. After closure it is kept and the case stays closed, but a negative one waits with
    the supervisors until one of them answers it in writing (`answer`). Raises OutOfTurn.
    """
    hold(case)
    if case.state not in (State.VISITING, State.CLOSING, State.CLOSED):
        raise out_of_turn(case, Act.SECOND_REVIEW)
    said = {
        "id": new_id(), "case_id": case.id, "round": case.round, "at": now, "grade": grade,
        "words": words,
    }  # fmt: skip
    once = insert(SecondReview).values(said).on_conflict_do_nothing(index_elements=["case_id"])
    if db.session.scalar(once.returning(SecondReview.id)) is None:
        raise out_of_turn(case, Act.SECOND_REVIEW, again=True)
    facts = {"grade": grade}
    if case.state is State.CLOSED:
        note(case, Act.SECOND_REVIEW, CITIZEN, now, facts)
        if grade < SATISFIED_FROM:
            case.answer_due_at = rulebook.of_case(case).after(now, Rule.DECIDE)
            key = f"second:{said['id']}"
            tell_supervisors(case, "second_review", key, case.answer_due_at, now)
        return
    row = ReturnVisit(
        outcome=Outcome.ANSWERED, satisfied=grade >= SATISFIED_FROM, words=words,
        second_review_id=said["id"],
    )  # fmt: skip
    _visited(case, Act.SECOND_REVIEW, CITIZEN, row, now, facts)


def answer(case: Case, by: Account, words: str, now: datetime, seen: int) -> None:
    """Answer a dissatisfied second review that came after the end, in writing (书面回应). Once.

    By a supervisor of another office who handled none of it. The citizen reads the words on the
    receipt page; the case stays closed. Raises NotYours, OutOfTurn where none waits.
    """
    allow(case, by, Act.ANSWER, seen)
    require_not_handler(case, by, Act.ANSWER)
    if case.answer_due_at is None:
        raise out_of_turn(case, Act.ANSWER)
    asked = db.session.scalars(select(SecondReview).where(SecondReview.case_id == case.id)).one()
    row = SecondAnswer(
        id=new_id(), case_id=case.id, second_review_id=asked.id, at=now, by_id=by.id,
        by_department=by.department_code, case_department=case.department_code, words=words,
    )  # fmt: skip
    db.session.add(row)
    move(case, Act.ANSWER, by, State.CLOSED, now, {}, answer_due_at=None)
    tell_citizen(case, Occasion.CITIZEN_ANSWERED, f"answered:{row.id}", now)


def _visited(
    case: Case, act: Act, by: Account | Actor, row: ReturnVisit, now: datetime,
    facts: dict[str, Any],
) -> None:  # fmt: skip
    """Keep the visit and move the case to where it leads."""
    attempt = _next_attempt(case, row.outcome, now)
    row.case_id, row.round, row.at, row.day = case.id, case.round, now, clock.day_of(now)
    row.case_department = str(case.department_code)
    row.attempt, row.attempt_before = attempt, attempt - 1 if attempt > 1 else None
    db.session.add(row)
    db.session.flush()
    goes_to = after_visit(row.outcome, row.satisfied, attempt, case.round)
    facts |= {"outcome": row.outcome.value, "attempt": attempt, "satisfied": row.satisfied}
    if goes_to is not State.RECTIFYING:
        move(case, act, by, goes_to, now, facts)
        return
    move(case, act, by, goes_to, now, facts, **_once_more(case, now))
    notice = issue_notice(case, Cause.DISSATISFIED, now)
    tell_of_sending_back(case, notice, now)


def _once_more(case: Case, now: datetime) -> dict[str, Any]:
    """Return the columns of a case that is sent back: a new round, with a term of its own.

    The term runs from the visit, or what is left of the old one if that is longer; the ledger keeps
    both moments, so no deadline moves in silence.
    """
    terms = rulebook.of_case(case)
    anew = (now, (Step(Rule.SIMPLE.value, terms.rules.terms[Rule.SIMPLE]),))
    since, plan = terms.later(term_of(case), anew)
    return {"round": case.round + 1, "answered_at": None, **plan_columns(since, plan)}


def _next_attempt(case: Case, outcome: Outcome, now: datetime) -> int:
    """Return which attempt of its kind this is. A second failed one on the same day is refused."""
    same = select(ReturnVisit.day).where(
        ReturnVisit.case_id == case.id, ReturnVisit.round == case.round,
        ReturnVisit.outcome == outcome,
    )  # fmt: skip
    days = db.session.scalars(same).all()
    if outcome is Outcome.FAILED and clock.day_of(now) in days:
        raise Invalid([FieldError("outcome", "attempt_today")])
    return len(days) + 1
