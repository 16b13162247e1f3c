"""A deadline in the words people use: today 17:30 · 3 working days left · 1 working day over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flask_babel import gettext, ngettext

from .. import clock
from ..calendar.queries import calendar_in_force
from ..wording import day_words
from ..workdays import ONE_DAY, Calendar
from .deadlines import Light, light


class Timed(Protocol):
    """What has a deadline and a moment from which it is near: a case, or its line in a list."""

    @property
    def next_due_at(self) -> datetime | None:
        """By when; None once nothing is due."""

    @property
    def warn_at(self) -> datetime | None:
        """From when that is near."""


@dataclass(frozen=True)
class Urgency:
    """How a deadline is shown: shape, colour and words together."""

    light: Light
    words: str


def urgency_at(now: datetime) -> Callable[[Timed], Urgency | None]:
    """Return what says how urgent something is at `now`: nothing once it has ended."""
    calendar = calendar_in_force()

    def urgency(one: Timed) -> Urgency | None:
        if one.next_due_at is None:
            return None
        shown = light(now, one.warn_at, one.next_due_at)
        return Urgency(shown, due_words(now, one.next_due_at, calendar))

    return urgency


def due_words(now: datetime, due_at: datetime, calendar: Calendar) -> str:
    """Return how much time is left, or by how much it is over, in working days."""
    today, day = clock.day_of(now), clock.day_of(due_at)
    if now > due_at:
        over = max(calendar.between(day, today), 0)
        if over:
            return ngettext("%(num)s working day over", "%(num)s working days over", over)
        time = f"{clock.local(due_at):%H:%M}"
        if day == today:
            return gettext("Over since %(time)s today", time=time)
        return gettext("Over since %(day)s %(time)s", day=day_words(day), time=time)
    if day == today:
        return gettext("Today until %(time)s", time=f"{clock.local(due_at):%H:%M}")
    if day == today + ONE_DAY:
        return gettext("Tomorrow until %(time)s", time=f"{clock.local(due_at):%H:%M}")
    left = calendar.between(today, day)
    return ngettext("%(num)s working day left", "%(num)s working days left", left)
