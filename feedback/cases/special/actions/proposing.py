"""Seeing that cases pile up: special rectifications proposed, and later cases that join them.

Goes by the state of the rows, never by the time of the last run. A case counts once for each class
of tags and one of a kind is open at most; both are keys of the database, so that neither two who
look at once nor a kill in between proposes anything twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Select, exists, func, select

from .... import clock
from ....catalog.grades import TagClass
from ....catalog.models import Item, Tag
from ....catalog.routing import Served
from ....config import settings
from ....db import db, insert, new_id, transaction
from ....events.models import ServiceEvent
from ....ledger.actions import SYSTEM, Line, write
from ....notify.occasions import Occasion
from ....offices.models import Window
from ....one_by_one import each
from ....reviews.models import Review, ReviewTag
from ...models import Case
from ...opening import responsible
from ...states import State as CaseState
from ..models import Special, SpecialCounter, SpecialMember
from ..rules import HISTORY, Seen, groups, joining
from ..states import OPEN, State
from .moving import SUBJECT, desk_term, tell_supervisors

log = structlog.get_logger(__name__)

NOT_COUNTED = (CaseState.VOIDED, CaseState.OBJECTED)
"""A review that is not counted proposes nothing."""


class SomebodyWasFirst(Exception):
    """Another round proposed the same meanwhile: this one undoes what it began."""


@dataclass(frozen=True)
class Kind:
    """What cases must have in common: the item, and the class of the reasons that were chosen."""

    item_code: str
    tag_class: TagClass


def propose(now: datetime) -> list[str]:
    """Propose what has piled up, let later cases join, and return the numbers concerned.

    One transaction for each kind, opened here, so that a bad one does not hold up the rest. Raises
    SomeFailed at the end if there was one.
    """
    kinds = [(kind.item_code, kind) for kind in _kinds(now)]
    return each(kinds, lambda kind: _touch(kind, now), log, "not_proposed")


def _touch(kind: Kind, now: datetime) -> list[str]:
    try:
        with transaction():
            return _look_at(kind, now)
    except SomebodyWasFirst:
        log.info("proposed_by_another", item=kind.item_code)
        return []


def _kinds(now: datetime) -> list[Kind]:
    """Return the kinds of which there are enough cases that belong to none, or one is open."""
    rows = select(Special.item_code, Special.tag_class).where(Special.state.in_(OPEN))
    at_work = {Kind(*row) for row in db.session.execute(rows)}
    return [
        kind
        for kind, cases in _counted(now)
        if kind in at_work
        or (cases >= settings().special_cases and _groups(_unattached(kind, now)))
    ]


def _counted(now: datetime) -> list[tuple[Kind, int]]:
    """Return how many cases of each kind belong to nothing yet: counted only, there are many."""
    kind = ServiceEvent.item_code, Tag.responsibility
    cases = func.count(Case.id.distinct())
    rows = _candidates(now, *kind, cases).group_by(*kind).order_by(func.min(Case.opened_at))
    return [(Kind(item, tag_class), number) for item, tag_class, number in db.session.execute(rows)]


def _groups(seen: Sequence[Seen]) -> list[tuple[Seen, ...]]:
    config = settings()
    return groups(seen, config.special_cases, config.special_window_days)


def _unattached(kind: Kind, now: datetime) -> list[Seen]:
    """Return the cases of a kind that count and belong to nothing yet."""
    rows = _candidates(now, Case.id, Case.number, Case.opened_at).where(
        ServiceEvent.item_code == kind.item_code, Tag.responsibility == kind.tag_class
    )
    return [
        Seen(case_id, number, clock.day_of(opened_at))
        for case_id, number, opened_at in db.session.execute(rows.distinct())
    ]


def _candidates(now: datetime, *columns: Any) -> Select[Any]:
    """Return the statement for cases by each class of their tags, of those in no such matter yet."""
    is_member = exists().where(
        SpecialMember.case_id == Case.id, SpecialMember.tag_class == Tag.responsibility
    )
    return (
        select(*columns)
        .select_from(Case)
        .join(ServiceEvent, ServiceEvent.id == Case.event_id)
        .join(Review, Review.case_id == Case.id)
        .join(ReviewTag, ReviewTag.review_id == Review.id)
        .join(Tag, Tag.code == ReviewTag.tag_code)
        .where(Tag.responsibility.is_not(None), Case.state.not_in(NOT_COUNTED), ~is_member)
        .where(Case.opened_at > now - HISTORY)
    )


def _look_at(kind: Kind, now: datetime) -> list[str]:
    """Propose one kind, or let its later cases join; return the number if anything changed."""
    seen, special = _unattached(kind, now), _open_one(kind)
    if special is None:
        found = _groups(seen)
        if not found:
            return []
        special = _propose(kind, found[0], now)
        seen = [one for one in seen if one not in found[0]]
        _join(special, seen, now)
        return [special.number]
    return [special.number] if _join(special, seen, now) else []


def _open_one(kind: Kind) -> Special | None:
    return db.session.scalar(
        select(Special).where(
            Special.item_code == kind.item_code, Special.tag_class == kind.tag_class,
            Special.state.in_(OPEN),
        )
    )  # fmt: skip


def _propose(kind: Kind, group: Sequence[Seen], now: datetime) -> Special:
    """Propose a group. Raises SomebodyWasFirst if another round did meanwhile."""
    row = {
        "id": new_id(), "number": _next_number(now), "item_code": kind.item_code,
        "tag_class": kind.tag_class, "state": State.PROPOSED, "opened_at": now,
        "suggested_code": _who_answers(kind, group), **desk_term(now),
    }  # fmt: skip
    made = insert(Special).values(row).on_conflict_do_nothing().returning(Special.id)
    if db.session.scalar(made) is None:
        raise SomebodyWasFirst
    special = db.session.get_one(Special, row["id"])
    if len(_add(special, group, now, later=False)) < len(group):
        raise SomebodyWasFirst
    config = settings()
    facts = {
        "number": special.number, "item": kind.item_code, "tag_class": kind.tag_class.value,
        "least": config.special_cases, "window_days": config.special_window_days,
        "suggested": special.suggested_code, "members": [one.number for one in group],
    }  # fmt: skip
    write(now, SYSTEM, Line(SUBJECT, special.id, "propose", facts))
    tell_supervisors(special, Occasion.SPECIAL_PROPOSED, "", now)
    return special


def _join(special: Special, seen: Sequence[Seen], now: datetime) -> bool:
    """Let the later cases join; say whether there were any. The acts in hand are not disturbed."""
    first = select(func.min(Case.opened_at)).join(SpecialMember, SpecialMember.case_id == Case.id)
    since = db.session.scalar(first.where(SpecialMember.special_id == special.id))
    assert since is not None  # noqa: S101  it has members from the first moment
    joined = _add(special, joining(seen, clock.day_of(since)), now, later=True)
    if joined:
        write(now, SYSTEM, Line(SUBJECT, special.id, "join", {"members": joined}))
    return bool(joined)


def _add(special: Special, cases: Sequence[Seen], now: datetime, *, later: bool) -> list[str]:
    """Make cases members and return the numbers of those that were not one already."""
    if not cases:
        return []
    rows = [
        {"special_id": special.id, "case_id": one.case_id, "tag_class": special.tag_class,
         "at": now, "later": later}
        for one in cases
    ]  # fmt: skip
    added = insert(SpecialMember).values(rows).on_conflict_do_nothing()
    kept = set(db.session.scalars(added.returning(SpecialMember.case_id)))
    return [one.number for one in cases if one.case_id in kept]


def _next_number(now: datetime) -> str:
    """Count the year's numbers up by one; whoever was not first gives theirs back."""
    year = clock.day_of(now).year
    counter = insert(SpecialCounter).values(year=year, last=1)
    counter = counter.on_conflict_do_update(
        index_elements=["year"], set_={"last": SpecialCounter.last + 1}
    )
    return f"ZX-{year}-{db.session.scalar(counter.returning(SpecialCounter.last)):04d}"


def _who_answers(kind: Kind, group: Sequence[Seen]) -> str | None:
    """Return the department that the routing table names for this item and class."""
    item = db.session.get_one(Item, kind.item_code)
    served = Served(item.code, item.department_code, item.guide_owner_code, _window_office(group))
    return responsible(served, frozenset({kind.tag_class})).department


def _window_office(group: Sequence[Seen]) -> str | None:
    """Return the office at whose windows most of these cases happened."""
    times = func.count().desc()
    offices = (
        select(Window.department_code)
        .join(ServiceEvent, ServiceEvent.window_code == Window.code)
        .join(Case, Case.event_id == ServiceEvent.id)
        .where(Case.id.in_([one.case_id for one in group]))
        .group_by(Window.department_code)
        .order_by(times, Window.department_code)
    )
    return db.session.scalar(offices.limit(1))
