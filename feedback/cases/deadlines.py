"""By when a case must move on, and how urgent that is.

Every deadline is a function of the case's standing, the rules it was born with and the calendar in
force; nothing else. So it can be counted again whenever the calendar changes. The day from which a
term runs never counts; an officer's day ends when the office closes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from .. import clock
from ..workdays import ONE_DAY, Calendar
from .rules import Rule, Rules, Term, Unit
from .states import DESK_TERMS, ENDED, State


class Light(StrEnum):
    """How urgent: in time, soon due, overdue."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True)
class Step:
    """One piece of the department's term, and for what it was given."""

    why: str
    term: Term


GIVEN_BACK = "judging"
"""Why a step was given: the days in which a dismissed appeal lay with its judge."""


@dataclass(frozen=True)
class Standing:
    """All that a case's deadlines depend on, besides rules and calendar."""

    state: State
    contact_since: datetime | None
    """From when the contact term runs; None for an anonymous reviewer."""
    contacted: bool
    due_since: datetime
    plan: tuple[Step, ...]
    desk_since: datetime | None


@dataclass(frozen=True)
class Deadlines:
    """The deadlines of a case. `next_due_at` is that of what comes next, None once it has ended."""

    contact_due_at: datetime | None
    due_at: datetime
    desk_due_at: datetime | None
    next_due_at: datetime | None
    warn_at: datetime | None


@dataclass(frozen=True)
class Terms:
    """The rules of a case, the calendar they are counted by, and the offices' hours."""

    rules: Rules
    calendar: Calendar
    opens: time
    closes: time

    def day_after(self, day: date, term: Term) -> date:
        """Return the last day of a term that begins after `day`.

        A term in days of the calendar that would end on a day off ends on the next working day
        (民法典第二百零三条).
        """
        if term.unit is Unit.WORKDAY:
            return self.calendar.add(day, term.amount)
        last = day + timedelta(days=term.amount)
        while not self.calendar.is_workday(last):
            last += ONE_DAY
        return last

    def after(self, since: datetime, *terms: Term | Rule) -> datetime:
        """Return the office's closing on the last day of the terms, counted one after the other."""
        day = clock.day_of(since)
        for term in terms:
            day = self.day_after(day, self.rules.terms[term] if isinstance(term, Rule) else term)
        return clock.moment_of(day, self.closes)

    def warn_at(self, due_at: datetime) -> datetime:
        """Return when the light turns yellow: the office's opening, some days before the deadline."""
        term, day = self.rules.terms[Rule.WARN], clock.day_of(due_at)
        if term.unit is Unit.DAY:
            return clock.moment_of(day - timedelta(days=term.amount), self.opens)
        return clock.moment_of(self.calendar.before(day, term.amount), self.opens)

    def deadlines(self, standing: Standing) -> Deadlines:
        """Return all deadlines of a case that stands so."""
        contact = standing.contact_since and self.after(standing.contact_since, Rule.CONTACT)
        due = self.after(standing.due_since, *(step.term for step in standing.plan))
        desk = None
        if standing.state in DESK_TERMS and standing.desk_since:
            desk = self.after(standing.desk_since, DESK_TERMS[standing.state])
        following = next_due_at(standing.state, None if standing.contacted else contact, due, desk)
        return Deadlines(contact, due, desk, following, following and self.warn_at(following))

    def later(
        self, one: tuple[datetime, tuple[Step, ...]], other: tuple[datetime, tuple[Step, ...]]
    ) -> tuple[datetime, tuple[Step, ...]]:
        """Return whichever of two (since, plan) gives the department more time; `one` if equal."""
        first, second = (self.after(since, *(s.term for s in plan)) for since, plan in (one, other))
        return one if first >= second else other


def next_due_at(
    state: State, contact_due_at: datetime | None, due_at: datetime, desk_due_at: datetime | None
) -> datetime | None:
    """Return the deadline of what comes next. `contact_due_at` is None once contact was tried."""
    if state in ENDED:
        return None
    if state in DESK_TERMS:
        return desk_due_at
    return min(contact_due_at, due_at) if contact_due_at else due_at


def light(now: datetime, warn_at: datetime | None, next_due_at: datetime | None) -> Light:
    """Return how urgent a case is at `now`; one that has ended is never urgent."""
    if next_due_at is not None and now > next_due_at:
        return Light.RED
    if warn_at is not None and now >= warn_at:
        return Light.YELLOW
    return Light.GREEN


def plan_to_json(plan: Iterable[Step]) -> list[dict[str, Any]]:
    """Return a plan as the case keeps it."""
    return [
        {"why": step.why, "amount": step.term.amount, "unit": step.term.unit.value} for step in plan
    ]


def plan_from_json(kept: Sequence[dict[str, Any]]) -> tuple[Step, ...]:
    """Return the plan that `plan_to_json` wrote down."""
    return tuple(Step(one["why"], Term(one["amount"], Unit(one["unit"]))) for one in kept)
