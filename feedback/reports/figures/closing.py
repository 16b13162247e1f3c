"""Received, due, closed, open, overdue: the numbers of the closure table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ... import clock
from ...workdays import Calendar
from .numbers import NONE, Pair, Rate
from .past import CaseFacts

MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Counts:
    """What one department, or all of them together, had in the week."""

    received: Pair = NONE
    due: Pair = NONE
    in_time: Pair = NONE
    late: Pair = NONE
    open: Pair = NONE
    overdue: Pair = NONE
    longest_overdue: int | None = None
    """Working days of the case that is overdue longest; None if none is."""

    @property
    def closed(self) -> Pair:
        """Closed in the week, in time or late."""
        return self.in_time + self.late

    @property
    def rate(self) -> Rate:
        """The closure rate of the named ones."""
        return Rate(self.closed.named, self.due.named)

    @property
    def on_time(self) -> Rate:
        """The on-time rate of the named ones."""
        return Rate(self.in_time.named, self.due.named)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to report."""
        return self == Counts()


def count(
    cases: Iterable[CaseFacts], start: datetime, as_of: datetime, calendar: Calendar
) -> Counts:
    """Count the cases of a week that began at `start`, as of `as_of`."""
    cases = list(cases)
    closed = [case for case in cases if is_closed_within(case, start, as_of)]
    overdue = [case for case in cases if is_overdue_at(case, as_of)]
    return Counts(
        received=pair(case for case in cases if start <= case.opened_at < as_of),
        due=pair([*closed, *overdue]),
        in_time=pair(case for case in closed if was_in_time(case)),
        late=pair(case for case in closed if not was_in_time(case)),
        open=pair(case for case in cases if is_open_at(case, as_of)),
        overdue=pair(overdue),
        longest_overdue=max((days_overdue(c, as_of, calendar) for c in overdue), default=None),
    )


def is_open_at(case: CaseFacts, moment: datetime) -> bool:
    """Say whether the case was received before `moment`, and neither closed nor voided then."""
    is_closed = case.closed_at is not None and case.closed_at < moment
    return case.opened_at < moment and not is_closed and not case.voided


def is_overdue_at(case: CaseFacts, moment: datetime) -> bool:
    """Say whether the case was open at `moment` although it should have been closed."""
    return is_open_at(case, moment) and case.due_at < moment


def is_closed_within(case: CaseFacts, start: datetime, end: datetime) -> bool:
    """Say whether the case was closed from `start` on and before `end`."""
    return case.closed_at is not None and start <= case.closed_at < end


def was_in_time(case: CaseFacts) -> bool:
    """Say whether the department replied by the deadline."""
    return case.answered_at is not None and case.answered_at <= case.due_at


def days_overdue(case: CaseFacts, as_of: datetime, calendar: Calendar) -> int:
    """Return the working days since the deadline's day; 0 while not one of them has begun."""
    return days_since(case.due_at, as_of, calendar)


def days_since(deadline: datetime, as_of: datetime, calendar: Calendar) -> int:
    """Return the working days after a deadline's day that have begun before `as_of`."""
    return calendar.between(clock.day_of(deadline), clock.day_of(as_of - MOMENT))


def pair(cases: Iterable[CaseFacts]) -> Pair:
    """Count cases by whether the reviewer gave a name."""
    cases = list(cases)
    named = sum(case.named for case in cases)
    return Pair(named, len(cases) - named)
