"""What may be done to a case now, by whom, and why not by others: what the page offers.

Agrees with what the actions accept: an act that is offered is never refused as another's or out of
turn, and what is not offered is.
"""

from datetime import datetime

from ..offices.models import Account
from .casefile import File
from .queries import possible_now
from .states import MOVES, PARTS, WORKING, Act, Bar, Finding, Part, Request, Whose
from .wall import is_complained_of


def offered(file: File, account: Account, now: datetime) -> list[Act]:
    """Return what a person may do to the case now, in the order of the table."""
    return [act for act in in_turn(file, now) if barred(file, account, act) is None]


def in_turn(file: File, now: datetime) -> list[Act]:
    """Return what may be done to the case now by whoever may do it, the citizen left out."""
    case = file.case
    late = now > case.due_at
    never = {
        Act.REPLY: not file.is_rectified or file.is_uncalled,
        Act.COMPLEX: late or file.asked(Request.COMPLEX) > 0,
        Act.EXTEND: late,
        Act.TRANSFER: file.asked(Request.TRANSFER) > 0,
        Act.APPEAL: file.appeal is not None or now > file.appeal_until,
    }
    return [
        act for act in possible_now(case)
        if MOVES[act].whose is not Whose.CITIZEN and not never.get(act, False)
    ]  # fmt: skip


def barred(file: File, account: Account, act: Act) -> Bar | None:
    """Return why an act is not this person's, or None if it is."""
    case, move = file.case, MOVES[act]
    own = account.department_code == case.department_code
    if not account.may_be(*move.roles) or (move.whose is Whose.OWN and not own):
        return Bar.ROLE
    if move.whose is Whose.OTHER and own:
        return Bar.OFFICE
    if act in (Act.JUDGE, Act.RECONSIDER) and file.touched_by(account.id):
        return Bar.TOUCHED
    if act is Act.CONTACT and is_complained_of(account, case.event):
        return Bar.ABOUT_THEM
    part = file.parts.get(account.id)
    if act is Act.CLOSE:
        return Bar.PART if part is Part.HANDLER else None
    return Bar.PART if act in PARTS and part not in (None, PARTS[act]) else None


FIRST = (
    Act.ROUTE, Act.ACCEPT, Act.JUDGE, Act.RECONSIDER, Act.VISIT, Act.CLOSE, Act.REPLY, Act.RECTIFY,
    Act.VERIFY,
)  # fmt: skip
"""What leads a case on, the most advanced first; the rest are branches that somebody may take."""


def waits_for(file: File, now: datetime) -> Act | None:
    """Return the one act that the case waits for, whoever does it; None once it has ended."""
    acts = in_turn(file, now)
    if Act.CONTACT in acts and file.is_uncalled:
        return Act.CONTACT
    if file.finding is Finding.UNFOUNDED and Act.VERIFY in acts and Act.APPEAL in acts:
        return Act.APPEAL
    if Act.DECIDE in acts and file.case.state not in WORKING:
        return Act.DECIDE
    return next((act for act in FIRST if act in acts), None)


def next_of(file: File, account: Account, now: datetime) -> Act | None:
    """Return the one act that is next for this person: the only filled button on the page."""
    acts = offered(file, account, now)
    wanted = waits_for(file, now)
    if Act.DECIDE in acts:
        return Act.DECIDE
    return wanted if wanted in acts else None
