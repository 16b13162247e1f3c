"""Looking services up."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ..catalog.models import Item
from ..db import db
from .models import ServiceEvent


def by_serial(serial: int) -> ServiceEvent | None:
    """Return the event that a token's serial names, with item, department and window, or None."""
    return db.session.scalar(_shown().where(ServiceEvent.serial == serial))


def by_ids(ids: Sequence[UUID]) -> Sequence[ServiceEvent]:
    """Return these events, in order of recording."""
    return db.session.scalars(
        _shown().where(ServiceEvent.id.in_(ids)).order_by(ServiceEvent.id)
    ).all()


def recorded_since(since: datetime, department: str, limit: int = 200) -> Sequence[ServiceEvent]:
    """Return what a department's windows or items recorded since then, newest first."""
    mine = ServiceEvent.item.has(Item.department_code == department)
    return db.session.scalars(
        _shown()
        .where(ServiceEvent.recorded_at >= since, mine)
        .order_by(ServiceEvent.id.desc())
        .limit(limit)
    ).all()


def _shown():  # type: ignore[no-untyped-def]
    return select(ServiceEvent).options(
        joinedload(ServiceEvent.item).joinedload(Item.department),
        joinedload(ServiceEvent.window),
        joinedload(ServiceEvent.officer),
    )
