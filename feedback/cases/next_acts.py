"""What a case waits for, and why an act is not a person's: the same for a list and for one page.

Told by what is known of the case and the person; who asks has looked that up.
"""

from ..reviews.drafts import Identity
from .models import Case
from .states import ENDED, MOVES, PARTS, Act, Bar, Part, State, Whose
from .wall import Wall

BY_STATE = {
    State.TRIAGE: Act.ROUTE, State.ROUTED: Act.ACCEPT, State.TRANSFERRING: Act.DECIDE,
    State.APPEALED: Act.JUDGE, State.OBJECTED: Act.RECONSIDER, State.VISITING: Act.VISIT,
    State.CLOSING: Act.CLOSE,
}  # fmt: skip
"""What a state alone says; the department's two working states need a closer look."""

NEVER_BY_HANDLER = (Act.CLOSE, Act.DECIDE, Act.REASSIGN, Act.ANSWER)
"""What nobody does who had a hand in the case, though it gives no part in it."""


def next_act(case: Case, *, put_right: bool, appeal_is_next: bool) -> Act | None:
    """Return the one act that a case waits for, whoever does it; None once it has ended.

    After the end there may be one again: a dissatisfied second review wants its answer.
    `put_right`: something was put right since the finding in force. `appeal_is_next`: the finding is
    «not founded», and the department may still appeal.
    """
    if case.state in ENDED:
        return Act.ANSWER if case.answer_due_at else None
    if case.state in BY_STATE:
        return BY_STATE[case.state]
    if case.identity is Identity.NAMED and case.contacted_at is None:
        return Act.CONTACT
    if case.state is State.RECTIFYING:
        return Act.REPLY if put_right else Act.RECTIFY
    return Act.APPEAL if appeal_is_next else Act.VERIFY


def bar_of(case: Case, wall: Wall, act: Act, part: Part | None, *, touched: bool) -> Bar | None:
    """Return why an act is not this person's, or None if it is.

    `wall` is theirs, `part` the one they have in the case; `touched` says whether they ever did
    anything to it.
    """
    move, account = MOVES[act], wall.account
    own = account.department_code == case.department_code
    if not account.may_be(*move.roles) or (move.whose is Whose.OWN and not own):
        return Bar.ROLE
    if (bar := wall.bar(case, act)) is not None:
        return bar
    if act in (Act.JUDGE, Act.RECONSIDER) and touched:
        return Bar.TOUCHED
    if act in NEVER_BY_HANDLER:
        return Bar.PART if part is Part.HANDLER else None
    return Bar.PART if act in PARTS and part not in (None, PARTS[act]) else None
