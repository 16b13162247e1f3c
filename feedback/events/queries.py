"""Looking services up: by id, and as a clerk's desk shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from ..catalog.models import Item
from ..db import db
from ..offices.models import Officer, Window
from .models import ServiceEvent

SEARCH_LIMIT = 20
RECENT_ITEMS = 8
RECENT = timedelta(days=30)
"""How far back «lately used» reaches."""


@dataclass(frozen=True)
class Clerk:
    """Whose desk it is: an account and its department."""

    id: UUID
    department: str


def of_clerk(clerk: Clerk, ids: Sequence[UUID]) -> Sequence[ServiceEvent]:
    """Return those of these events that the clerk may open, in order of recording."""
    wanted = shown().where(ServiceEvent.id.in_(ids), _open_to(clerk))
    return db.session.scalars(wanted.order_by(ServiceEvent.id)).all()


def by_ids(ids: Iterable[UUID]) -> dict[UUID, ServiceEvent]:
    """Return the services of these ids, whosever they are."""
    wanted = shown().where(ServiceEvent.id.in_(set(ids)))
    return {event.id: event for event in db.session.scalars(wanted)}


def recorded_since(since: datetime, clerk: Clerk, limit: int) -> tuple[Sequence[ServiceEvent], int]:
    """Return what was recorded for the clerk's department since then, newest first, and how many."""
    return _newest(clerk, limit, ServiceEvent.recorded_at >= since)


def numbered(project_no: str, clerk: Clerk, limit: int) -> tuple[Sequence[ServiceEvent], int]:
    """Return the services of a 办件编号 that the clerk may open, newest first, and how many."""
    return _newest(clerk, limit, ServiceEvent.project_no == project_no)


def under_key(source: str, project_no: str, service_number: int, clerk: Clerk) -> UUID | None:
    """Return the id of the event on record under a key, if the clerk may open it."""
    return db.session.scalar(
        select(ServiceEvent.id).where(
            ServiceEvent.source == source,
            ServiceEvent.project_no == project_no,
            ServiceEvent.service_number == service_number,
            _open_to(clerk),
        )
    )


def item(code: str) -> Item | None:
    """Return the item that may be chosen by this code, or None."""
    return db.session.scalar(
        select(Item).options(joinedload(Item.department)).where(Item.code == code, Item.active)
    )


def search_items(words: str, department: str) -> Sequence[Item]:
    """Return items by code or part of the name: the exact code first, then the department's own."""
    return _items(
        or_(
            Item.code.icontains(words, autoescape=True), Item.name.icontains(words, autoescape=True)
        ),
        Item.code != words,
        Item.department_code != department,
    )


def usual_items(clerk: Clerk, now: datetime) -> Sequence[Item]:
    """Return what a clerk mostly needs: the items used lately, then those of the department."""
    lately = _lately_used(clerk, now)
    found = _items(
        or_(Item.code.in_(lately), Item.department_code == clerk.department),
        Item.code.not_in(lately),
    )
    return sorted(
        found, key=lambda one: lately.index(one.code) if one.code in lately else len(lately)
    )


def last_window(clerk: Clerk, now: datetime) -> str | None:
    """Return the window of the last service the clerk recorded lately, or None."""
    return db.session.scalar(
        select(ServiceEvent.window_code)
        .where(ServiceEvent.recorded_by_id == clerk.id, ServiceEvent.recorded_at >= now - RECENT)
        .order_by(ServiceEvent.id.desc())
        .limit(1)
    )


def windows(department: str) -> Sequence[Window]:
    """Return the windows in use, the department's own first."""
    own_first = Window.department_code != department
    return db.session.scalars(
        select(Window)
        .options(joinedload(Window.department))
        .where(Window.active)
        .order_by(own_first, Window.department_code, Window.code)
    ).all()


def officers(departments: set[str]) -> Sequence[Officer]:
    """Return the officers of these departments, by name."""
    return db.session.scalars(
        select(Officer)
        .where(Officer.active, Officer.department_code.in_(departments))
        .order_by(Officer.name, Officer.code)
    ).all()


def _lately_used(clerk: Clerk, now: datetime) -> list[str]:
    last_use = func.max(ServiceEvent.recorded_at)
    return list(
        db.session.scalars(
            select(ServiceEvent.item_code)
            .where(
                ServiceEvent.recorded_by_id == clerk.id, ServiceEvent.recorded_at >= now - RECENT
            )
            .group_by(ServiceEvent.item_code)
            .order_by(last_use.desc(), ServiceEvent.item_code)
            .limit(RECENT_ITEMS)
        )
    )


def _items(which: ColumnElement[bool], *order: ColumnElement[bool]) -> Sequence[Item]:
    return db.session.scalars(
        select(Item)
        .options(joinedload(Item.department))
        .where(Item.active, which)
        .order_by(*order, Item.code)
        .limit(SEARCH_LIMIT)
    ).all()


def _newest(
    clerk: Clerk, limit: int, which: ColumnElement[bool]
) -> tuple[Sequence[ServiceEvent], int]:
    mine = (which, _open_to(clerk))
    newest = shown().where(*mine).order_by(ServiceEvent.id.desc()).limit(limit)
    total = db.session.scalar(select(func.count()).select_from(ServiceEvent).where(*mine))
    return db.session.scalars(newest).all(), total or 0


def _open_to(clerk: Clerk) -> ColumnElement[bool]:
    """A clerk opens what was served at the department's windows or in its items, and their own."""
    return or_(
        ServiceEvent.window.has(Window.department_code == clerk.department),
        ServiceEvent.item.has(Item.department_code == clerk.department),
        ServiceEvent.recorded_by_id == clerk.id,
    )


def shown() -> Select[ServiceEvent]:
    """Return the SELECT of services with all that a page shows of one; add the condition."""
    return select(ServiceEvent).options(
        joinedload(ServiceEvent.item).joinedload(Item.department),
        joinedload(ServiceEvent.window),
        joinedload(ServiceEvent.officer),
    )
