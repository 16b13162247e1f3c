"""Counting messages: how those promised in a span of time stand now, and what they cost.

Days are bounds that the caller sets, so that no database has to know what a day is.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select

from ..db import db
from .models import By, Message, State


@dataclass(frozen=True)
class Group:
    """Messages that fared alike."""

    by: By
    occasion: str
    state: State
    reason: str
    number: int
    handed_over: int
    sent: int
    parts: int
    """Of those that were sent, with every try that cost something."""


@dataclass(frozen=True)
class Tally:
    """How a number of messages fared. Each is promised, and at most one of the last six."""

    promised: int = 0
    handed_over: int = 0
    sent: int = 0
    parts: int = 0
    on_their_way: int = 0
    delivered: int = 0
    failed: int = 0
    uncertain: int = 0
    given_up: int = 0
    dropped: int = 0


ON_THEIR_WAY = (State.QUEUED, State.SENDING, State.ASKING)


def has_left() -> ColumnElement[bool]:
    """Return the condition that a carrier took a message, whatever a person decided about it since."""
    return Message.sent_at.is_not(None) | (Message.spent > 0)


def _counted_as() -> ColumnElement[State]:
    """Return the state that counts: what did not arrive did not, though a person dropped it then."""
    failed = (Message.state == State.DROPPED) & (Message.spent > 0)
    return case((failed, State.FAILED), else_=Message.state)


def groups(since: datetime, until: datetime) -> Sequence[Group]:
    """Return the messages promised in a span (its end excluded), grouped: one statement."""
    alike = (Message.by, Message.occasion, _counted_as(), Message.last_error)
    handed_over = Message.handed_over_at.is_not(None) | (Message.spent > 0)
    parts = Message.spent + case((Message.sent_at.is_not(None), Message.parts), else_=0)
    rows = (
        select(
            *alike, func.count(), func.count().filter(handed_over),
            func.count().filter(has_left()), func.coalesce(func.sum(parts), 0),
        )
        .where(Message.created_at >= since, Message.created_at < until)
        .group_by(*alike)
    )  # fmt: skip
    return [Group(*row) for row in db.session.execute(rows)]


def tally(found: Iterable[Group]) -> Tally:
    """Return these groups added up."""
    found = list(found)

    def of(*states: State) -> int:
        return sum(one.number for one in found if one.state in states)

    return Tally(
        sum(one.number for one in found), sum(one.handed_over for one in found),
        sum(one.sent for one in found), sum(one.parts for one in found), of(*ON_THEIR_WAY),
        of(State.DELIVERED), of(State.FAILED), of(State.UNCERTAIN), of(State.GIVEN_UP),
        of(State.DROPPED),
    )  # fmt: skip


def by_occasion(found: Iterable[Group]) -> Mapping[str, Tally]:
    """Return what was sent on which occasion, the most frequent first."""
    sorted_ = _sorted_into(found, lambda one: one.occasion)
    tallies = {occasion: tally(some) for occasion, some in sorted_.items()}
    return dict(sorted(tallies.items(), key=lambda one: (-one[1].promised, one[0])))


def reasons(found: Iterable[Group], *states: State) -> Mapping[str, int]:
    """Return why messages came to stand so, by the reason's code, the most frequent first."""
    counted: Counter[str] = Counter()
    for one in found:
        if one.state in states:
            counted[one.reason] += one.number
    return dict(counted.most_common())


def _sorted_into(
    found: Iterable[Group], key: Callable[[Group], str]
) -> Mapping[str, Sequence[Group]]:
    sorted_: dict[str, list[Group]] = {}
    for one in found:
        sorted_.setdefault(key(one), []).append(one)
    return sorted_
