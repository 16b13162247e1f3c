"""Issuing a supervision notice (督办单): its number, and the figures it keeps."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from .. import clock
from ..db import db, insert, new_id
from ..ledger.actions import SYSTEM, Line, write
from . import rulebook
from .ladder import put_right_by
from .models import Case, NoticeCounter, SupervisionNotice
from .models.urging import Cause, Duty
from .opening import deciding_offices
from .wall import window_office


def issue_notice(case: Case, cause: Cause, now: datetime) -> SupervisionNotice:
    """Issue a numbered supervision notice to the head of the case's department (督办单).

    Inside a transaction. The same department, cause and deadline bring one notice only; it is
    returned again.
    """
    same = select(SupervisionNotice).where(
        SupervisionNotice.case_id == case.id, SupervisionNotice.cause == cause,
        SupervisionNotice.due_at == case.next_due_at,
        SupervisionNotice.department_code == case.department_code,
    )  # fmt: skip
    issued = db.session.scalar(same)
    if issued is not None:
        return issued
    issued = SupervisionNotice(
        id=new_id(), number=_next_number(now), case_id=case.id,
        department_code=case.department_code, cause=cause, round=case.round, at=now,
        issued_by=_issuing_office(case), **_figures(case, cause, now),
    )  # fmt: skip
    db.session.add(issued)
    db.session.flush()
    write(now, SYSTEM, Line("case", case.id, "notice", _ledger_facts(issued)))
    return issued


def _figures(case: Case, cause: Cause, now: datetime) -> dict[str, Any]:
    """Return what the notice says about time, by the case's rules and as of today."""
    due_at = case.next_due_at
    assert due_at is not None  # noqa: S101  a case that is urged has a deadline
    if cause is Cause.DISSATISFIED:
        return {"due_at": due_at, "awaits": Duty.REPLY, "days_over": 0, "answer_by": due_at}
    terms = rulebook.of_case(case)
    uncalled = case.contacted_at is None and due_at == case.contact_due_at
    return {
        "due_at": due_at, "awaits": Duty.CONTACT if uncalled else Duty.REPLY,
        "days_over": terms.calendar.between(clock.day_of(due_at), clock.day_of(now)),
        "answer_by": put_right_by(due_at, now, terms),
    }  # fmt: skip


def _issuing_office(case: Case) -> str | None:
    """Return the supervising office that signs: the first, but never one that is concerned."""
    offices = deciding_offices(case.department_code, window_office(case.event))
    return min(offices, default=None)


def _ledger_facts(issued: SupervisionNotice) -> dict[str, Any]:
    return {
        "number": issued.number, "cause": issued.cause.value, "due_at": issued.due_at.isoformat(),
        "days_over": issued.days_over, "answer_by": issued.answer_by.isoformat(),
    }  # fmt: skip


def _next_number(now: datetime) -> str:
    """Count the year's notices up by one; the row's lock keeps numbers without gap or double."""
    year = clock.day_of(now).year
    counter = insert(NoticeCounter).values(year=year, last=1)
    counter = counter.on_conflict_do_update(
        index_elements=["year"], set_={"last": NoticeCounter.last + 1}
    )
    return f"DB-{year}-{db.session.scalar(counter.returning(NoticeCounter.last)):06d}"
