"""Reports of «I was pressed to change my rating»: who may know of them, and looking them up.

Supervisors of another office than the case's, and nobody else. Nothing outside this file and its
pages asks for such a report, so that no list, count or search of a department can show one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, func, select
from sqlalchemy.orm import contains_eager, joinedload

from ..db import db
from ..errors import Unknown
from ..events.models import ServiceEvent
from ..offices.models import Account
from ..offices.roles import Role
from .models import Case, PressureAnswer, PressureReport

PAGE_SIZE = 50


@dataclass(frozen=True)
class Page:
    """A page of reports, and how many there are."""

    rows: Sequence[PressureReport]
    found: int
    number: int
    pages: int


def may_read(account: Account) -> ColumnElement[bool]:
    """Return the condition that holds for the reports that a person may know of."""
    if not account.may_be(Role.SUPERVISOR):
        return false()
    return Case.department_code.is_distinct_from(account.department_code)


def page(account: Account, *, answered: bool, number: int) -> Page:
    """Return a page of the reports that wait for an answer, oldest first, or of the answered ones.

    A page that does not exist (any more) is the last one.
    """
    has_answer = exists().where(PressureAnswer.report_id == PressureReport.id)
    which = may_read(account), has_answer if answered else ~has_answer
    found = db.session.scalar(
        select(func.count()).select_from(PressureReport).join(PressureReport.case).where(*which)
    )
    pages = max(-(-(found or 0) // PAGE_SIZE), 1)
    number = min(number, pages)
    order = PressureReport.id.desc() if answered else PressureReport.id
    rows = _shown().where(*which).order_by(order)
    rows = rows.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    return Page(db.session.scalars(rows).unique().all(), found or 0, number, pages)


def by_id(report_id: UUID, account: Account) -> PressureReport:
    """Return one report for somebody who may know of it. Raises Unknown otherwise."""
    wanted = _shown().where(PressureReport.id == report_id, may_read(account))
    found = db.session.scalars(wanted).unique().one_or_none()
    if found is None:
        raise Unknown
    return found


def _shown():  # type: ignore[no-untyped-def]
    case = contains_eager(PressureReport.case)
    return (
        select(PressureReport)
        .join(PressureReport.case)
        .options(
            case.joinedload(Case.event).joinedload(ServiceEvent.item),
            case.joinedload(Case.department),
            joinedload(PressureReport.answer).joinedload(PressureAnswer.by),
        )
    )
