"""A deadline in the words people use: today 17:30 · 3 working days left · 1 working day over."""

from datetime import datetime

from flask_babel import gettext, ngettext

from .. import clock
from ..workdays import ONE_DAY, Calendar


def due_words(now: datetime, due_at: datetime, calendar: Calendar) -> str:
    """Return how much time is left, or by how much it is over, in working days."""
    today, day = clock.day_of(now), clock.day_of(due_at)
    if now > due_at:
        over = max(calendar.between(day, today), 0)
        if over:
            return ngettext("%(num)s working day over", "%(num)s working days over", over)
        return gettext("Over since %(time)s today", time=f"{clock.local(due_at):%H:%M}")
    if day == today:
        return gettext("Today until %(time)s", time=f"{clock.local(due_at):%H:%M}")
    if day == today + ONE_DAY:
        return gettext("Tomorrow until %(time)s", time=f"{clock.local(due_at):%H:%M}")
    left = calendar.between(today, day)
    return ngettext("%(num)s working day left", "%(num)s working days left", left)
