"""The department's appeal, its judgement, the citizen's objection, and the second judgement.

A review that is voided (不予采纳) stays as it is and can be read; only its case leaves the
department's figures. Nothing here ever touches the citizen.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ... import clock
from ...db import db, new_id
from ...errors import FieldError, Invalid, NotYours
from ...ledger.actions import CITIZEN
from ...notify.occasions import Occasion
from ...offices.models import Account
from .. import rulebook
from ..deadlines import GIVEN_BACK, Step
from ..evidence import Upload
from ..models import Appeal, Case, Judgement, Objection, Reconsideration
from ..rules import Rule, Term
from ..states import Act, Ground, State, Verdict
from .asking import tell_department, tell_supervisors
from .assigning import restarted
from .handling import add_evidence, tell_citizen
from .moving import (
    allow,
    hold,
    move,
    out_of_turn,
    plan_columns,
    require_untouched,
    take_part,
    term_of,
)


def appeal(
    case: Case, by: Account, ground: Ground, words: str, uploads: Sequence[Upload], now: datetime,
    seen: int,
) -> None:  # fmt: skip
    """Appeal that the review should not count (申诉): once, within the term of the routing.

    A request that waits lapses. Raises Invalid when it is too late, OutOfTurn for a second appeal.
    """
    allow(case, by, Act.APPEAL, seen)
    if appeal_of(case) is not None:
        raise out_of_turn(case, Act.APPEAL)
    if now > rulebook.appeal_until(case):
        raise Invalid([FieldError("ground", "appeal_too_late")])
    take_part(case, by, Act.APPEAL, now)
    made = Appeal(
        id=new_id(), case_id=case.id, at=now, by_id=by.id, case_department=case.department_code,
        come_from=case.state, ground=ground, words=words,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    add_evidence(case, uploads, appeal_id=made.id)
    lapsed = str(case.request_id) if case.request_id else None
    facts = {"ground": ground.value, "files": [u.sha256 for u in uploads], "lapsed": lapsed}
    move(case, Act.APPEAL, by, State.APPEALED, now, facts, request_id=None)
    tell_supervisors(case, "appeal", f"appeal:{made.id}", _due(case), now)


def _due(case: Case) -> datetime:
    assert case.next_due_at is not None  # noqa: S101  the states that are asked about have one
    return case.next_due_at


def appeal_of(case: Case) -> Appeal | None:
    """Return the case's appeal, whatever became of it."""
    return db.session.scalar(select(Appeal).where(Appeal.case_id == case.id))


def judge(case: Case, by: Account, verdict: Verdict, words: str, now: datetime, seen: int) -> None:
    """Judge an appeal (复核), by a supervisor of another office who has not touched the case.

    Upheld: the review is voided, and the citizen is told why and how to object. Dismissed: the case
    goes back to where it was, and the working days it lay here are given back. Raises NotYours.
    """
    allow(case, by, Act.JUDGE, seen)
    require_untouched(case, by, Act.JUDGE)
    take_part(case, by, Act.JUDGE, now)
    made = db.session.scalars(select(Appeal).where(Appeal.case_id == case.id)).one()
    judged = Judgement(
        id=new_id(), appeal_id=made.id, case_id=case.id, appellant_id=made.by_id,
        case_department=made.case_department, at=now, by_id=by.id, by_department=by.department_code,
        verdict=verdict, words=words,
    )  # fmt: skip
    db.session.add(judged)
    db.session.flush()
    facts = {"verdict": verdict.value}
    if verdict is Verdict.UPHOLD:
        move(case, Act.JUDGE, by, State.VOIDED, now, facts, **_voided(case, judged, now))
        tell_citizen(case, Occasion.CITIZEN_VOIDED, f"voided:{judged.id}", now)
    else:
        move(case, Act.JUDGE, by, made.come_from, now, facts, **_given_back(case, made, now))
    upheld = verdict is Verdict.UPHOLD
    tell_department(case, case.department_code, "appeal", upheld, f"judged:{judged.id}", now)


def _voided(case: Case, judged: Judgement, now: datetime) -> dict[str, Any]:
    term = rulebook.of_case(case).after(now, Rule.OBJECTION)
    return {
        "judgement_id": judged.id, "judgement_verdict": judged.verdict, "voided_at": now,
        # A citizen's day ends at midnight, not when the offices close.
        "objection_until": clock.end_of(clock.day_of(term)),
    }  # fmt: skip


def objection_last(case: Case) -> datetime:
    """Return a moment on the last day for an objection. Only for a case that was voided."""
    assert case.objection_until is not None  # noqa: S101
    return clock.just_before(case.objection_until)


def _given_back(case: Case, made: Appeal, now: datetime) -> dict[str, Any]:
    """Return the columns that give back the working days in which the judge had the case."""
    calendar = rulebook.of_case(case).calendar
    days = calendar.between(clock.day_of(made.at), clock.day_of(now))
    since, plan = term_of(case)
    columns = plan_columns(since, (*plan, Step(GIVEN_BACK, Term(days)))) if days else {}
    if case.contacted_at is None and case.contact_due_at and case.contact_due_at >= made.at:
        columns["contact_since"] = now  # a call that was missed before the appeal stays missed
    return columns


def object_to(case: Case, words: str, now: datetime) -> None:
    """Take the citizen's objection to the voiding (异议): once, within the term. From the receipt.

    Raises OutOfTurn.
    """
    hold(case)
    judged = case.judgement_id and db.session.get(Judgement, case.judgement_id)
    too_late = case.objection_until is None or now >= case.objection_until
    again = db.session.scalar(select(Objection.id).where(Objection.case_id == case.id))
    if case.state is not State.VOIDED or not judged or too_late or again:
        raise out_of_turn(case, Act.OBJECT)
    said = Objection(
        id=new_id(), case_id=case.id, judgement_id=judged.id, judge_id=judged.by_id,
        case_department=judged.case_department, verdict=judged.verdict, at=now, words=words,
    )  # fmt: skip
    db.session.add(said)
    db.session.flush()
    move(case, Act.OBJECT, CITIZEN, State.OBJECTED, now, {})
    tell_supervisors(case, "objection", f"objection:{said.id}", _due(case), now)


def reconsider(
    case: Case, by: Account, verdict: Verdict, words: str, now: datetime, seen: int
) -> None:
    """Judge the citizen's objection, by another supervisor who has not touched the case either.

    Upheld: the review counts again, and the department's term begins anew. Dismissed: the voiding
    stands for good. Raises NotYours.
    """
    allow(case, by, Act.RECONSIDER, seen)
    require_untouched(case, by, Act.RECONSIDER)
    take_part(case, by, Act.RECONSIDER, now)
    said = db.session.scalars(select(Objection).where(Objection.case_id == case.id)).one()
    if said.judge_id == by.id:
        raise NotYours(who=["supervisor"])
    again = Reconsideration(
        id=new_id(), objection_id=said.id, case_id=case.id, judge_id=said.judge_id,
        case_department=said.case_department, at=now, by_id=by.id, by_department=by.department_code,
        verdict=verdict, words=words,
    )  # fmt: skip
    db.session.add(again)
    facts, upheld = {"verdict": verdict.value}, verdict is Verdict.UPHOLD
    if upheld:
        back = said.judgement.appeal.come_from
        move(
            case, Act.RECONSIDER, by, back, now, facts, judgement_id=None, judgement_verdict=None,
            voided_at=None, **restarted(case, now),
        )  # fmt: skip
    else:
        move(case, Act.RECONSIDER, by, State.VOIDED, now, facts)
    key = f"reconsidered:{again.id}"
    tell_citizen(case, Occasion.CITIZEN_OBJECTION_JUDGED, key, now, upheld=upheld)
    # For the department an objection upheld is its appeal undone.
    tell_department(case, case.department_code, "objection", not upheld, f"{key}:dept", now)
