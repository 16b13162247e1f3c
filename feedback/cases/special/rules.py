"""Which bad reviews are so many of a kind that their common cause is to be put right (专项整改).

Decides by the day alone, among cases of one item and one tag class; leaves out what became of them
and whether somebody is at work on the cause already.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

HISTORY = timedelta(days=366)
"""Cases opened longer ago than this are history and propose nothing."""

LONGEST_DAYS = 120
"""Working days that the owner may be given at most: about half a year."""


@dataclass(frozen=True)
class Seen:
    """A case that may have its cause in common with others: which, and the day it was opened."""

    case_id: UUID
    number: str
    day: date


def groups(seen: Iterable[Seen], least: int, window_days: int) -> list[tuple[Seen, ...]]:
    """Return the cases that belong together, group by group, earliest first.

    Wherever `least` of them (2 or more) lie within `window_days` of each other, these belong
    together; groups that share a case are one.
    """
    ordered = sorted(seen, key=lambda one: (one.day, one.number))
    runs: list[tuple[int, int]] = []
    for first in range(len(ordered) - least + 1):
        last = first + least - 1
        if (ordered[last].day - ordered[first].day).days > window_days:
            continue
        if runs and first <= runs[-1][1]:
            runs[-1] = runs[-1][0], last
        else:
            runs.append((first, last))
    return [tuple(ordered[first : last + 1]) for first, last in runs]


def joining(seen: Iterable[Seen], since: date) -> tuple[Seen, ...]:
    """Return the cases that join a group whose first case was opened on `since`: all later ones.

    However much later: as long as somebody is at work on the cause, whatever comes of it is theirs.
    """
    later = (one for one in seen if one.day >= since)
    return tuple(sorted(later, key=lambda one: (one.day, one.number)))
