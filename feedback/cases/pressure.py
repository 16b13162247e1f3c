"""Reports of «I was pressed to change my rating»: who may know of them, and looking them up.

A report may be about every office that had to do with the case: the one that answers, those that
answered before, and those that served. They are kept with it, and so is each that is given the case
later. It is read by

1. the supervisors of the other offices;
2. if they leave no supervising office, the leaders of those that do not answer for the case now;
3. if that leaves none either, the leaders of the one that does: somebody must read it.

In a district without leaders, supervisors stand in for them. Nothing outside this file and its
pages asks for such a report, so that no list, count or search of a department can show one.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, func, literal, select, true
from sqlalchemy.orm import contains_eager, joinedload

from ..db import db, insert
from ..errors import Unknown
from ..events.models import ServiceEvent
from ..notify.occasions import Occasion
from ..offices.models import Account
from ..offices.queries import supervision
from ..offices.roles import Role
from .models import Case, PressureAnswer, PressureOffice, PressureReport
from .opening import supervising_offices
from .paging import shown_page

PAGE_SIZE = 50


@dataclass(frozen=True)
class Page:
    """A page of reports, and how many there are."""

    rows: Sequence[PressureReport]
    found: int
    number: int
    pages: int


def offices_of(case: Case) -> set[str]:
    """Return the offices that a report made now may be about."""
    owners = [case.routing, *case.routing.get("history", ())]
    served = [one.department_code for one in (case.event.window, case.event.officer) if one]
    answered = [owner.get(name) for owner in owners for name in ("department", "before")]
    return {code for code in (case.department_code, *served, *answered) if code}


def keep_offices(report_id: UUID, offices: Iterable[str]) -> None:
    """Keep with a report which offices it may be about."""
    rows = [{"report_id": report_id, "department_code": code} for code in sorted(offices)]
    if rows:
        db.session.execute(insert(PressureOffice).values(rows))


def comes_to(case_id: UUID, department: str) -> None:
    """Keep with every report about a case that this office has it from now on."""
    new = select(PressureReport.id, literal(department)).where(PressureReport.case_id == case_id)
    statement = insert(PressureOffice).from_select(["report_id", "department_code"], new)
    db.session.execute(statement.on_conflict_do_nothing())


def to_tell(about: Collection[str], answering: str | None) -> tuple[Occasion, Sequence[str]]:
    """Return as what, and to which offices, a report about these offices is told.

    The leaders have an occasion of their own, because their colleagues must not hear of it.
    """
    found = supervision()
    if left := found.offices.difference(about):
        return Occasion.DESK_ASKED, sorted(left)
    if leaders := found.leading or found.offices:
        return Occasion.LEADERS_ASKED, sorted(leaders - {answering} or leaders)
    # Nobody is there yet: the message waits where it belongs.
    return Occasion.DESK_ASKED, [one for one in supervising_offices() if one not in about]


def may_read(account: Account) -> ColumnElement[bool]:
    """Return the condition that holds for the reports that a person may know of."""
    if not account.may_be(Role.SUPERVISOR):
        return false()
    here, found = account.department_code, supervision()
    of_others = ~_about([here]).exists()
    if found.leading and not account.may_be(Role.LEADER):
        return of_others
    about = _about(found.offices).with_only_columns(func.count()).scalar_subquery()
    nobody_left = about == len(found.offices)
    others_lead = (found.leading or found.offices) - {here}
    leads = Case.department_code.is_distinct_from(here) if others_lead else true()
    return of_others | (nobody_left & leads)


def _about(offices: Collection[str]) -> Any:
    """Return the rows that say of a report that it may be about some of these offices."""
    rows = select(PressureOffice).where(PressureOffice.report_id == PressureReport.id)
    return rows.where(PressureOffice.department_code.in_(offices)).correlate(PressureReport)


def is_read_by(report_id: UUID, account: Account) -> bool:
    """Say whether a person may know of a report."""
    wanted = select(PressureReport.id).join(PressureReport.case)
    found = wanted.where(PressureReport.id == report_id, may_read(account))
    return db.session.scalar(found) is not None


def kept_from(account: Account, subjects: Iterable[str]) -> set[str]:
    """Return which of these subjects of messages are reports that a person may not know of."""
    ids = {found for one in subjects if (found := _uuid(one))}
    if not ids:
        return set()
    rows = select(PressureReport.id).join(PressureReport.case)
    hidden = rows.where(PressureReport.id.in_(ids), ~may_read(account))
    return {str(found) for found in db.session.scalars(hidden)}


def _uuid(subject: str) -> UUID | None:
    try:
        return UUID(subject)
    except ValueError:
        return None


def page(account: Account, *, answered: bool, number: int) -> Page:
    """Return a page of the reports that wait for an answer, oldest first, or of the answered ones.

    A page that does not exist (any more) is the last one.
    """
    has_answer = exists().where(PressureAnswer.report_id == PressureReport.id)
    which = may_read(account), has_answer if answered else ~has_answer
    found = db.session.scalar(
        select(func.count()).select_from(PressureReport).join(PressureReport.case).where(*which)
    )
    number, pages = shown_page(number, found or 0, PAGE_SIZE)
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
