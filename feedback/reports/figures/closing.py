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


@dataclass(frozen=True)
class Overdue:
    """That a case is overdue: with whom, and from when to when."""

    at_desk: bool
    """Whether it is the supervisors' or the visitor's time that has run out, and no department's."""
    since: datetime
    until: datetime
    """As of when it counts; of a department that has done its part late, when it did."""

    def days(self, calendar: Calendar) -> int:
        """Return the working days after the deadline's day; 0 while not one of them has begun."""
        return days_since(self.since, self.until, calendar)


def count(
    received: Iterable[CaseFacts], cases: Iterable[CaseFacts], start: datetime, as_of: datetime,
    calendar: Calendar,
) -> Counts:  # fmt: skip
    """Count the cases of a week that began at `start`, as of `as_of`, whoever has them.

    `received` are counted as they are given: they stay the department's, with whomever overdue.
    """
    cases = list(cases)
    closed = [case for case in cases if is_closed_within(case, start, as_of)]
    overdue = [(case, late) for case in cases if (late := overdue_at(case, as_of))]
    late_cases = pair(case for case, _ in overdue)
    return Counts(
        received=pair(received),
        due=pair(closed) + late_cases,
        in_time=pair(case for case in closed if was_in_time(case)),
        late=pair(case for case in closed if not was_in_time(case)),
        open=pair(case for case in cases if is_open_at(case, as_of)),
        overdue=late_cases,
        longest_overdue=max((late.days(calendar) for _, late in overdue), default=None),
    )


def line_of(case: CaseFacts, as_of: datetime) -> str | None:
    """Return in which department's line a case stands; None for the supervisors' and visitor's own.

    What is overdue with them is in no department's line, so that the time of others never makes a
    department look late; and it is in theirs, so that it stays in what was due.
    """
    late = overdue_at(case, as_of)
    return None if late and late.at_desk else case.department


def is_open_at(case: CaseFacts, moment: datetime) -> bool:
    """Say whether the case was received before `moment`, and neither closed nor voided then."""
    is_closed = case.closed_at is not None and case.closed_at < moment
    return case.opened_at < moment and not is_closed and not case.voided


def overdue_at(case: CaseFacts, moment: datetime) -> Overdue | None:
    """Return how the case was overdue at `moment`, by the clock of whoever had it then.

    The department's clock stands still while others have the case. If it was late when they got it,
    the case stays overdue with the department, until their own time has run out too.
    """
    if not is_open_at(case, moment):
        return None
    if case.desk_since is None:
        return Overdue(False, case.due_at, moment) if case.due_at < moment else None
    if case.next_due_at is not None and case.next_due_at < moment:
        return Overdue(True, case.next_due_at, moment)
    if case.due_at < case.desk_since:
        return Overdue(False, case.due_at, case.desk_since)
    return None


def is_closed_within(case: CaseFacts, start: datetime, end: datetime) -> bool:
    """Say whether the case was closed from `start` on and before `end`."""
    return case.closed_at is not None and start <= case.closed_at < end


def was_in_time(case: CaseFacts) -> bool:
    """Say whether the department replied by the deadline, in every round."""
    in_time = case.answered_at is not None and case.answered_at <= case.due_at
    return in_time and not case.late_before


def days_since(deadline: datetime, as_of: datetime, calendar: Calendar) -> int:
    """Return the working days after a deadline's day that have begun before `as_of`."""
    return calendar.between(clock.day_of(deadline), clock.day_of(as_of - MOMENT))


def pair(cases: Iterable[CaseFacts]) -> Pair:
    """Count cases by whether the reviewer gave a name."""
    cases = list(cases)
    named = sum(case.named for case in cases)
    return Pair(named, len(cases) - named)
