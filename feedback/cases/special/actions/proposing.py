"""Seeing that cases pile up: special rectifications proposed, and later cases that join them.

Goes by the state of the rows, never by the time of the last run. A case counts once for each class
of tags and one of a kind is open at most; both are keys of the database, so that neither two who
look at once nor a kill in between proposes anything twice.
"""

from collections import defaultdict
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
from ....reviews.models import Review, ReviewTag
from ...models import Case
from ...opening import responsible
from ...states import State as CaseState
from ..models import Special, SpecialCounter, SpecialMember
from ..rules import HISTORY, Seen, groups, joining
from ..states import OPEN, State
from .moving import SUBJECT, SomeNotDone, desk_term, tell_supervisors

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
    SomeNotDone at the end if there was one.
    """
    touched, failed = [], []
    for kind in _kinds(now):
        try:
            with transaction():
                touched += _look_at(kind, now)
        except SomebodyWasFirst:
            log.info("proposed_by_another", item=kind.item_code)
        except Exception as problem:
            log.error("not_proposed", item=kind.item_code, error=type(problem).__name__)
            failed.append(kind.item_code)
    if failed:
        raise SomeNotDone(which=failed)
    return touched


def _kinds(now: datetime) -> list[Kind]:
    """Return the kinds of which there are enough cases that belong to none, or one is open."""
    seen = defaultdict(list)
    for kind, one in _unattached(now):
        seen[kind].append(one)
    rows = select(Special.item_code, Special.tag_class).where(Special.state.in_(OPEN))
    at_work = {Kind(*row) for row in db.session.execute(rows)}
    return [kind for kind, found in seen.items() if kind in at_work or _groups(found)]


def _groups(seen: Sequence[Seen]) -> list[tuple[Seen, ...]]:
    config = settings()
    return groups(seen, config.special_cases, config.special_window_days)


def _unattached(now: datetime, *conditions: Any) -> list[tuple[Kind, Seen]]:
    """Return the cases that count, by each class of their tags, and belong to nothing yet."""
    rows = db.session.execute(_candidates(now).where(*conditions))
    return [
        (Kind(item, tag_class), Seen(case_id, number, clock.day_of(opened_at)))
        for case_id, number, opened_at, item, tag_class in rows
    ]


def _candidates(now: datetime) -> Select[Any, Any, Any, Any, Any]:
    is_member = exists().where(
        SpecialMember.case_id == Case.id, SpecialMember.tag_class == Tag.responsibility
    )
    columns = (
        Case.id, Case.number, Case.opened_at, ServiceEvent.item_code, Tag.responsibility
    )  # fmt: skip
    return (
        select(*columns)
        .join(ServiceEvent, ServiceEvent.id == Case.event_id)
        .join(Review, Review.case_id == Case.id)
        .join(ReviewTag, ReviewTag.review_id == Review.id)
        .join(Tag, Tag.code == ReviewTag.tag_code)
        .where(Tag.responsibility.is_not(None), Case.state.not_in(NOT_COUNTED), ~is_member)
        .where(Case.opened_at > now - HISTORY)
        .distinct()
        .order_by(Case.opened_at)
    )


def _look_at(kind: Kind, now: datetime) -> list[str]:
    """Propose one kind, or let its later cases join; return the number if anything changed."""
    same = ServiceEvent.item_code == kind.item_code, Tag.responsibility == kind.tag_class
    seen = [one for _, one in _unattached(now, *same)]
    special = _open_one(kind)
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
