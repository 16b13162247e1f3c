"""What falls due by itself around cases. Each duty has two halves, and neither waits for the other:
a bad case must not keep late requests from being told of.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from ..one_by_one import each
from . import pending, recounting
from .special import actions as special
from .special import recounting as special_recounting
from .urging import climb

log = structlog.get_logger(__name__)

Half = Callable[[datetime], list[str]]


def tell_about_deadlines(now: datetime) -> list[str]:
    """Tell of deadlines and of requests that come near or have passed; return the cases' numbers.

    Raises SomeFailed at the end.
    """
    return _all_of(now, deadlines=climb, requests=pending.remind)


def look_for_root_causes(now: datetime) -> list[str]:
    """Propose special rectifications and tell of those overdue; return their numbers.

    Raises SomeFailed at the end.
    """
    return _all_of(now, proposals=special.propose, reminders=special.remind)


def recount_deadlines(now: datetime) -> list[str]:
    """Count open deadlines of cases and root causes again; return the numbers of those that moved.

    Raises SomeFailed at the end.
    """
    return _all_of(now, cases=_moved_cases, root_causes=_moved_specials)


def _moved_cases(now: datetime) -> list[str]:
    return [one.number for one in recounting.recount(now).moved]


def _moved_specials(now: datetime) -> list[str]:
    return [one.number for one in special_recounting.recount(now).moved]


def _all_of(now: datetime, **halves: Half) -> list[str]:
    return each(halves.items(), lambda half: half(now), log, "duty_failed")
