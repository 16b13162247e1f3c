"""What may be done to a case now, by whom, and why not by others: what the page offers.

Agrees with what the actions accept: an act that is offered is never refused as another's or out of
turn, and what is not offered is.
"""

from datetime import datetime

from ..offices.models import Account
from .casefile import File
from .next_acts import bar_of, next_act
from .queries import possible_now
from .states import MOVES, Act, Bar, Finding, Request, Whose


def offered(file: File, account: Account, now: datetime) -> list[Act]:
    """Return what a person may do to the case now, in the order of the table."""
    return [act for act in in_turn(file, now) if barred(file, account, act) is None]


def in_turn(file: File, now: datetime) -> list[Act]:
    """Return what may be done to the case now by whoever may do it, the citizen left out."""
    case = file.case
    late = now > case.due_at
    never = {
        Act.REPLY: not file.is_rectified or file.is_uncalled,
        Act.COMPLEX: late or file.was_decided(Request.COMPLEX),
        Act.EXTEND: late,
        Act.TRANSFER: file.asked(Request.TRANSFER) > 0,
        Act.APPEAL: not file.may_be_appealed(now),
    }
    return [
        act for act in possible_now(case)
        if MOVES[act].whose is not Whose.CITIZEN and not never.get(act, False)
    ]  # fmt: skip


def barred(file: File, account: Account, act: Act) -> Bar | None:
    """Return why an act is not this person's, or None if it is."""
    part, touched = file.parts.get(account.id), file.touched_by(account.id)
    return bar_of(file.case, file.wall_of(account), act, part, touched=touched)


def waits_for(file: File, now: datetime) -> Act | None:
    """Return the one act that the case waits for, whoever does it; None once it has ended."""
    unfounded = file.finding is Finding.UNFOUNDED
    appeal_is_next = unfounded and file.may_be_appealed(now)
    return next_act(file.case, put_right=file.is_rectified, appeal_is_next=appeal_is_next)


def next_of(file: File, account: Account, now: datetime) -> Act | None:
    """Return the one act that is next for this person: the only filled button on the page."""
    acts = offered(file, account, now)
    wanted = waits_for(file, now)
    if Act.DECIDE in acts:
        return Act.DECIDE
    return wanted if wanted in acts else None
