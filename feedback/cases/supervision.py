"""The supervisors' desk: queues with counts, notices lately issued, reports of pressure to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from ..db import db
from ..events.models import ServiceEvent
from ..offices.models import Account
from ..offices.roles import OVERSEEING_ROLES
from . import pressure
from .inboxes import Filter, Pile, conditions, count, is_open, visible
from .models import Case, Requested, SupervisionNotice
from .pressure import Page
from .rows import WITH_SERVICE, Row, rows_of
from .states import State
from .wall import concerns

SHOWN = 8
"""How many lines of a queue the desk shows; the rest is one click away."""

LATELY = timedelta(days=14)


class Queue(StrEnum):
    """What waits for the supervisors, in the order in which it holds up everything else."""

    TRIAGE = "triage"
    REQUESTS = "requests"
    APPEALS = "appeals"
    OBJECTIONS = "objections"
    VISITS = "visits"
    CLOSING = "closing"
    ANSWERS = "answers"
    LEADERS = "leaders"


FILTERS: Mapping[Queue, Filter] = {
    Queue.TRIAGE: Filter(state=State.TRIAGE),
    Queue.REQUESTS: Filter(pile=Pile.REQUESTS),
    Queue.APPEALS: Filter(state=State.APPEALED),
    Queue.OBJECTIONS: Filter(state=State.OBJECTED),
    Queue.VISITS: Filter(state=State.VISITING),
    Queue.CLOSING: Filter(state=State.CLOSING),
    Queue.ANSWERS: Filter(pile=Pile.UNANSWERED),
    Queue.LEADERS: Filter(pile=Pile.LEADERS),
}
"""Which list of cases a queue is the beginning of."""

BY_OTHERS = frozenset(
    {Queue.REQUESTS, Queue.APPEALS, Queue.OBJECTIONS, Queue.VISITS, Queue.CLOSING, Queue.ANSWERS}
)
"""The queues of what an office never does in a case that concerns it."""


@dataclass(frozen=True)
class Waiting:
    """The first lines of a queue, and how many there are."""

    rows: Sequence[Row]
    found: int


@dataclass(frozen=True)
class Desk:
    """Everything that waits for the supervisors."""

    queues: Mapping[Queue, Waiting]
    pressed: Page
    notices: Sequence[SupervisionNotice]
    open: int
    overdue: int


def desk(account: Account, now: datetime) -> Desk:
    """Return what waits for the supervisors: a constant number of statements."""
    waiting = _waiting(account, now)
    first = {queue: _first(queue, waiting[queue], account) for queue in Queue}
    cases = {case.id: case for queue in first.values() for case in queue}
    lines = {row.case.id: row for row in rows_of(list(cases.values()), account, now)}
    numbers, running, overdue = _numbers(waiting, account, now)
    queues = {
        queue: Waiting([lines[case.id] for case in first[queue]], numbers[queue]) for queue in Queue
    }
    pressed = pressure.page(account, answered=False, number=1)
    return Desk(queues, pressed, notices(account, since=now - LATELY), running, overdue)


def _waiting(account: Account, now: datetime) -> dict[Queue, ColumnElement[bool]]:
    """Return what makes a case wait in each queue: not where another office must do it."""
    of_others = ~concerns(account.department_code)
    return {
        queue: and_(
            *conditions(FILTERS[queue], account, now), *([of_others] if queue in BY_OTHERS else ())
        )
        for queue in Queue
    }


def _first(queue: Queue, waiting: ColumnElement[bool], account: Account) -> Sequence[Case]:
    """Return the first cases of a queue, those on top that are due first."""
    cases = select(Case).where(visible(account), waiting)
    due: ColumnElement[Any] = Case.next_due_at.expression
    if queue is Queue.REQUESTS:
        cases = cases.join(Requested, Requested.id == Case.request_id)
        due = Requested.due_at.expression
    if queue is Queue.ANSWERS:
        due = Case.answer_due_at.expression
    cases = cases.order_by(due, Case.number).limit(SHOWN).options(*WITH_SERVICE)
    return db.session.scalars(cases).all()


def _numbers(
    waiting: Mapping[Queue, ColumnElement[bool]], account: Account, now: datetime
) -> tuple[dict[Queue, int], int, int]:
    """Return how many wait in each queue, how many are open, and how many of those are overdue."""
    queues = [count(waiting[queue]) for queue in Queue]
    columns = select(*queues, count(is_open()), count(Case.next_due_at < now))
    waits = or_(is_open(), Case.answer_due_at.is_not(None))
    *found, running, overdue = db.session.execute(columns.where(visible(account), waits)).one()
    return dict(zip(Queue, found, strict=True)), running, overdue


def notices(account: Account, since: datetime | None = None) -> Sequence[SupervisionNotice]:
    """Return the supervision notices that concern a person, newest first.

    Those issued since a moment; without one, those of cases that are still open.
    """
    issued = select(SupervisionNotice).join(SupervisionNotice.case).where(visible(account))
    if not account.may_be(*OVERSEEING_ROLES):
        issued = issued.where(SupervisionNotice.department_code == account.department_code)
    issued = issued.where(SupervisionNotice.at >= since if since else is_open())
    newest = issued.order_by(SupervisionNotice.id.desc()).limit(SHOWN)
    service = contains_eager(SupervisionNotice.case).joinedload(Case.event)
    return db.session.scalars(
        newest.options(
            service.joinedload(ServiceEvent.item), joinedload(SupervisionNotice.department)
        )
    ).all()
