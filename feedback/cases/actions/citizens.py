"""What the citizen says on the receipt page after the review."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from ...config import settings
from ...db import db, insert, new_id
from ...errors import OutOfTurn, TooOften
from ...ledger.actions import CITIZEN, Line, write
from ...notify.actions import Promise, promise
from ...notify.occasions import Occasion
from ...offices.models import Account
from ...offices.sign_in import actor
from .. import pressure, rulebook
from ..models import Addition, Case, PressureAnswer, PressureReport
from ..opening import case_link
from ..rules import Rule
from ..states import DESK_TERMS, MOVES, Act
from .asking import tell_supervisors
from .moving import hold, not_yours, note, out_of_turn, require_not_handler

MOST = 20
"""How often a citizen may add something, or report pressure, to one case."""

TWICE_WITHIN = timedelta(minutes=10)
"""The same words again within this time are the same act, sent twice by an impatient finger."""


def add(case: Case, words: str, now: datetime, *, is_reason: bool = False) -> None:
    """Add the citizen's own words to the case, at any time before it ends (补充).

    `is_reason` says that they are why the review is bad, which was asked after it. The same words sent
    twice are kept once. Raises OutOfTurn once the case has ended, TooOften after
    `MOST` of them.
    """
    hold(case)
    if case.state not in MOVES[Act.ADD].come_from:
        raise out_of_turn(case, Act.ADD)
    if _just_said(Addition, case, words, now):
        return
    _refuse_too_many(Addition, case)
    said = Addition(id=new_id(), case_id=case.id, at=now, words=words, is_reason=is_reason)
    db.session.add(said)
    note(case, Act.ADD, CITIZEN, now, {"reason": True} if is_reason else {})
    if case.state in DESK_TERMS and case.next_due_at:
        tell_supervisors(case, "added", f"added:{said.id}:desk", case.next_due_at, now)
    if case.department_code:
        facts = {
            "number": case.number, "item": case.event.item.name, "link": case_link(case.number),
        }  # fmt: skip
        key = f"added:{said.id}"
        told = Promise(Occasion.CITIZEN_ADDED.value, key, case.id, facts, case.department_code)
        promise(now, told)


def report_pressure(case: Case, words: str, now: datetime) -> None:
    """Take «I was pressed to change my rating», at any time, also after the end.

    Reaches supervisors only, and not those of an office it may be about (`pressure`): its ledger
    lines and messages belong to the report and not to the case, so that nothing of it shows where
    these offices look. Sent twice, it is kept once.
    """
    hold(case)
    if _just_said(PressureReport, case, words, now):
        return
    _refuse_too_many(PressureReport, case)
    said = PressureReport(id=new_id(), case_id=case.id, at=now, words=words)
    db.session.add(said)
    db.session.flush()
    about = pressure.offices_of(case)
    pressure.keep_offices(said.id, about)
    write(now, CITIZEN, Line("pressure", said.id, "report", {"case": case.number}))
    _tell_of_pressure(said, case, about, now)


def _tell_of_pressure(said: PressureReport, case: Case, about: set[str], now: datetime) -> None:
    """Promise those who may read a report the message that it waits for them."""
    facts = {
        "number": case.number, "item": case.event.item.name, "what": "pressure",
        "due_at": rulebook.of_case(case).after(now, Rule.DECIDE).isoformat(),
        "link": f"{settings().base_url}/supervision/pressure/{said.id}",
    }  # fmt: skip
    occasion, offices = pressure.to_tell(about, case.department_code)
    promise(
        now,
        *(
            Promise(
                occasion.value, f"pressed:{said.id}:{office}", said.id, facts, department=office
            )
            for office in offices
        ),
    )


def answer_pressure(
    report: PressureReport, case: Case, by: Account, words: str, now: datetime
) -> None:
    """Write down what was found out about a report of pressure, and done. Once.

    For whoever may read it and had no hand in the case. Raises NotYours, OutOfTurn.
    """
    hold(case)
    if not pressure.is_read_by(report.id, by):
        raise not_yours(Act.JUDGE)
    require_not_handler(case, by, Act.JUDGE)
    row = {"id": new_id(), "report_id": report.id, "at": now, "by_id": by.id, "words": words}
    once = insert(PressureAnswer).values(row).on_conflict_do_nothing(index_elements=["report_id"])
    if db.session.scalar(once.returning(PressureAnswer.id)) is None:
        raise OutOfTurn(act="answer", state="answered")
    write(now, actor(by), Line("pressure", report.id, "answer", {"case": case.number}))


def _just_said(
    kind: type[Addition] | type[PressureReport], case: Case, words: str, now: datetime
) -> bool:
    same = select(kind.id).where(
        kind.case_id == case.id, kind.words == words, kind.at > now - TWICE_WITHIN
    )
    return db.session.scalar(same.limit(1)) is not None


def _refuse_too_many(kind: type[Addition] | type[PressureReport], case: Case) -> None:
    """Refuse the one too many. Raises TooOften."""
    said = db.session.scalar(select(func.count()).where(kind.case_id == case.id))
    if (said or 0) >= MOST:
        raise TooOften(limit=MOST)
