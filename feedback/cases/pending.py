"""Requests that nobody has decided in time: the offices that may decide are told, once.

A request beside the state has a term of its own, which the case's ladder does not know. A transfer
holds the case up and climbs the ladder as a state of the supervisors'.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select

from ..catalog.models import Item
from ..db import db, transaction
from ..events.models import ServiceEvent
from ..notify.actions import Promise, promise
from ..notify.models import Message
from ..notify.occasions import Occasion
from ..offices.models import Window
from ..one_by_one import each
from .models import Case, Requested
from .opening import case_link, deciding_offices
from .states import Request

log = structlog.get_logger(__name__)


def remind(now: datetime) -> list[str]:
    """Promise a message for each request past its term, and return the numbers of their cases.

    One transaction for each, opened here. Goes by the state of the rows: done again it tells nobody.
    Raises SomeFailed at the end if one could not be told of.
    """
    late = [(row.number, row) for row in _late(now)]
    return each(late, lambda row: _tell(row, now), log, "request_not_told")


def _tell(row: Any, now: datetime) -> list[str]:
    with transaction():
        asked, offices = row.Requested, deciding_offices(row.department_code, row.window_office)
        facts = {
            "number": row.number, "item": row.name, "due_at": asked.due_at.isoformat(),
            "link": case_link(row.number), "step": asked.kind.value,
        }  # fmt: skip
        promise(now, *_promises(asked, facts, offices))
    return [row.number] if offices else []


def _late(now: datetime) -> Sequence[Any]:
    """Return (number, department, window's office, request, item) of late requests nobody was told of."""
    late = db.session.execute(
        select(
            Case.number,
            Case.department_code,
            Window.department_code.label("window_office"),
            Requested,
            Item.name,
        )
        .join(Requested, Requested.id == Case.request_id)
        .join(ServiceEvent, ServiceEvent.id == Case.event_id)
        .join(Item, Item.code == ServiceEvent.item_code)
        .outerjoin(Window, Window.code == ServiceEvent.window_code)
        .where(Requested.due_at < now, Requested.kind != Request.TRANSFER)
        .order_by(Requested.due_at)
    ).all()
    asked = select(Message.subject_id).where(
        Message.occasion == Occasion.DESK_OVERDUE.value,
        Message.subject_id.in_([str(row.Requested.id) for row in late]),
    )
    told = set(db.session.scalars(asked)) if late else set()
    return [row for row in late if str(row.Requested.id) not in told]


def _promises(asked: Requested, facts: dict[str, Any], offices: Sequence[str]) -> list[Promise]:
    occasion = Occasion.DESK_OVERDUE.value
    return [
        Promise(occasion, f"request-late:{asked.id}:{office}", asked.id, facts, department=office)
        for office in offices
    ]
