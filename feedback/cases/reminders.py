"""Telling people about deadlines that come near or have passed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, or_, select, update

from ..catalog.models import Item
from ..db import db, transaction
from ..errors import FeedbackError
from ..events.models import ServiceEvent
from ..ledger.actions import SYSTEM, Line, write
from ..notify.actions import Promise, promise
from ..notify.occasions import Occasion
from .deadlines import Told, notice_due
from .models import Case
from .opening import case_link, supervising_offices
from .states import State

log = structlog.get_logger(__name__)

AT_THE_DESK = (State.TRIAGE, State.VISITING, State.CLOSING)
"""Where the next step is the supervisors', so that they are the ones to be told."""

OCCASIONS = {
    (Told.SOON, False): Occasion.CASE_DUE_SOON,
    (Told.OVERDUE, False): Occasion.CASE_OVERDUE,
    (Told.SOON, True): Occasion.DESK_DUE_SOON,
    (Told.OVERDUE, True): Occasion.DESK_OVERDUE,
}
KEYS = {Told.SOON: "due-soon", Told.OVERDUE: "overdue"}


class SomeNotTold(FeedbackError):
    """Some cases could not be told about; all others were. `facts["numbers"]` names them."""

    code = "some_not_told"


@dataclass(frozen=True)
class Seen:
    """What was seen of a case when its notice fell due; the claim holds only while it is so."""

    id: UUID
    number: str
    told: Told
    warn_at: datetime
    next_due_at: datetime


def tell_of_deadlines(now: datetime) -> list[str]:
    """Promise every notice that is due at `now`, and return the numbers of the cases concerned.

    Goes by the state of the rows, never by the time of the last run: after any silence one run
    catches up, with the highest notice only; the same notice is never promised twice. One
    transaction for each case, opened here, so that a bad case does not hold up the rest. Raises
    SomeNotTold at the end if there was one.
    """
    told, failed = [], []
    for seen in _due(now):
        try:
            with transaction():
                if _tell(seen, now):
                    told.append(seen.number)
        except Exception as problem:
            log.error("case_not_told", number=seen.number, error=type(problem).__name__)
            failed.append(seen.number)
    if failed:
        raise SomeNotTold(numbers=failed)
    return told


def _due(now: datetime) -> Sequence[Seen]:
    """Return the open cases with a notice due, most urgent first."""
    rows = select(Case.id, Case.number, Case.told, Case.warn_at, Case.next_due_at)
    found = db.session.execute(rows.where(_notice_due(now)).order_by(Case.next_due_at))
    return [
        Seen(case_id, number, told, warn_at or due_at, due_at)
        for case_id, number, told, warn_at, due_at in found
        if due_at is not None
    ]


def _notice_due(now: datetime) -> ColumnElement[bool]:
    """Say in SQL what `deadlines.notice_due` decides; `<= now` only, whenever that was."""
    return or_(
        and_(Case.next_due_at < now, Case.told != Told.OVERDUE),
        and_(Case.warn_at <= now, Case.told == Told.NOTHING),
    )


def _tell(seen: Seen, now: datetime) -> bool:
    """Claim one case's notice and promise it; say whether it was ours to promise."""
    notice = notice_due(now, seen.warn_at, seen.next_due_at, seen.told)
    if notice is None or not _claim(seen, notice):
        return False
    case = db.session.get_one(Case, seen.id, populate_existing=True)
    at_the_desk = case.state in AT_THE_DESK
    tell = supervising_offices() if at_the_desk else [str(case.department_code)]
    facts = {"notice": notice.value, "due_at": seen.next_due_at.isoformat(), "to": list(tell)}
    write(now, SYSTEM, Line("case", case.id, f"told_{notice.value}", facts))
    promises = [_promise(case, seen, OCCASIONS[notice, at_the_desk], notice, to) for to in tell]
    if promises:
        promise(now, *promises)
    return True


def _claim(seen: Seen, notice: Told) -> bool:
    """Set what was told, if the case still stands as seen; of two who try, one succeeds."""
    mine = update(Case).where(
        Case.id == seen.id, Case.told == seen.told, Case.next_due_at == seen.next_due_at
    )
    claimed = mine.values(told=notice).returning(Case.id)
    options = {"synchronize_session": False}
    return db.session.scalar(claimed, execution_options=options) is not None


def _promise(case: Case, seen: Seen, occasion: Occasion, notice: Told, to: str) -> Promise:
    due_at = seen.next_due_at.isoformat()
    item = db.session.scalars(
        select(Item.name)
        .join(ServiceEvent, ServiceEvent.item_code == Item.code)
        .where(ServiceEvent.id == case.event_id)
    ).one()
    facts = {
        "number": case.number, "item": item, "due_at": due_at, "link": case_link(case.number),
        "step": case.state.value,
    }  # fmt: skip
    key = f"{KEYS[notice]}:{case.id}:{case.round}:{due_at}:{to}"
    return Promise(occasion.value, key, case.id, facts, department=to)
