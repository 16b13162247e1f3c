"""By when a case must move on, and how urgent that is.

Decides in working days; an officer's day ends when the office closes. The day of the review never
counts. Leaves out appeals and extensions.
"""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from .. import clock
from ..config import Settings
from ..workdays import Calendar, china
from .states import Complexity, State


class Light(StrEnum):
    """How urgent: in time, soon due, overdue."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Told(StrEnum):
    """Which notice about the present deadline was promised already; ordered."""

    NOTHING = "nothing"
    SOON = "soon"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class Terms:
    """The terms of putting right, in working days, and the calendar they are counted by."""

    calendar: Calendar
    closes: time
    contact: int
    simple: int
    complex: int
    visit: int
    warn: int

    def due_at(self, since: datetime, workdays: int) -> datetime:
        """Return the office's closing on the n-th working day after the day of `since`."""
        return clock.moment_of(self.calendar.add(clock.day_of(since), workdays), self.closes)

    def case_due_at(self, opened_at: datetime, complexity: Complexity) -> datetime:
        """Return by when the department must have put it right and replied."""
        return self.due_at(
            opened_at, self.complex if complexity is Complexity.COMPLEX else self.simple
        )

    def warn_at(self, due_at: datetime) -> datetime:
        """Return when the light turns yellow: the start of the working day before the deadline."""
        return clock.moment_of(self.calendar.before(clock.day_of(due_at), self.warn))


def terms(settings: Settings) -> Terms:
    """Return the terms in force, as the settings give them with their legal basis."""
    return Terms(
        china(), settings.office_closes, settings.contact_workdays, settings.simple_workdays,
        settings.complex_workdays, settings.visit_workdays, settings.warn_workdays,
    )  # fmt: skip


def next_due_at(
    state: State,
    contact_due_at: datetime | None,
    contacted_at: datetime | None,
    due_at: datetime,
    visit_due_at: datetime | None,
) -> datetime | None:
    """Return the deadline of what comes next, None once closed."""
    if state is State.CLOSED:
        return None
    if state in (State.VISITING, State.CLOSING):
        return visit_due_at
    if contact_due_at is not None and contacted_at is None:
        return min(contact_due_at, due_at)
    return due_at


def light(now: datetime, warn_at: datetime | None, next_due_at: datetime | None) -> Light:
    """Return how urgent a case is at `now`; a closed one is never urgent."""
    if next_due_at is not None and now > next_due_at:
        return Light.RED
    if warn_at is not None and now >= warn_at:
        return Light.YELLOW
    return Light.GREEN


def notice_due(now: datetime, warn_at: datetime, next_due_at: datetime, told: Told) -> Told | None:
    """Return the notice that is due and was not promised yet: the highest only, or None."""
    if now > next_due_at:
        return Told.OVERDUE if told is not Told.OVERDUE else None
    if now >= warn_at:
        return Told.SOON if told is Told.NOTHING else None
    return None
