"""Until when a service may be rated. Decides by days only: a citizen's day ends at midnight."""

from datetime import datetime, timedelta

from .. import clock
from ..workdays import Calendar


def expires_at(served_at: datetime, workdays: int, calendar: Calendar) -> datetime:
    """Return the first moment at which the right is gone.

    That is the midnight that ends the n-th working day after the day of the service
    (补充评价, 5 working days: 鲁政办发〔2020〕10号).
    """
    return clock.end_of(calendar.add(clock.day_of(served_at), workdays))


def last_day(expires: datetime) -> datetime:
    """Return a moment on the last day on which it may be rated, for showing its date."""
    return expires - timedelta(seconds=1)
