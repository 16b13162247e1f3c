"""The ladder: how a deadline that comes near or has passed climbs, rung by rung, and who hears of it.

Each rung is climbed at most once for a case and a deadline. What was crossed while the scheduler was
down is recorded for when it was crossed; only the highest is told.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from .deadlines import Terms
from .rules import Rule, Term
from .states import LAST_ROUND


class Rung(IntEnum):
    """How far up."""

    NOTHING = 0
    NEAR = 1  # yellow: the handler is told
    DUE = 2  # red: handler and head
    NOTICE = 3  # 督办单: head and supervisors
    LEADERS = 4  # on the leaders' list, at the top of the weekly report


@dataclass(frozen=True)
class Crossed:
    """A rung, and the moment after which it is climbed."""

    rung: Rung
    at: datetime


def rungs(warn_at: datetime, due_at: datetime, terms: Terms) -> tuple[Crossed, ...]:
    """Return the moments of all rungs of one deadline, lowest first."""
    return (
        Crossed(Rung.NEAR, min(warn_at, due_at)),
        Crossed(Rung.DUE, due_at),
        Crossed(Rung.NOTICE, terms.after(due_at, Rule.NOTICE)),
        Crossed(Rung.LEADERS, max(terms.after(due_at, Rule.LEADERS), terms.after(due_at, Rule.NOTICE))),
    )  # fmt: skip


def climbed(all_rungs: tuple[Crossed, ...], told: Rung, now: datetime) -> list[Crossed]:
    """Return the rungs above `told` whose moment has passed, lowest first."""
    return [one for one in all_rungs if one.rung > told and one.at < now]


def next_rung_at(all_rungs: tuple[Crossed, ...], told: Rung) -> datetime | None:
    """Return when the next rung above `told` is climbed; None on the last."""
    return next((one.at for one in all_rungs if one.rung > told), None)


def for_leaders_from(round_: int) -> Rung:
    """Return from which rung on a case is the leaders' concern: one lower once it was sent back."""
    return Rung.NOTICE if round_ >= LAST_ROUND else Rung.LEADERS


def put_right_by(due_at: datetime, issued_at: datetime, terms: Terms) -> datetime:
    """Return by when a notice issued at `issued_at` wants an overdue case put right.

    Before the leaders hear of it; a notice that comes late still leaves one working day.
    """
    return max(terms.after(due_at, Rule.LEADERS), terms.after(issued_at, Term(1)))
