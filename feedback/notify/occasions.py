"""What messages are sent about, and whom in an office they are for. No person, no database."""

from enum import StrEnum


class Occasion(StrEnum):
    """Why a message is sent; each has its folder of wording in templates/messages."""

    CASE_OPENED = "case_opened"  # to the responsible department
    CASE_DUE_SOON = "case_due_soon"
    HEAD_DUE_SOON = "head_due_soon"
    CASE_OVERDUE = "case_overdue"
    CASE_NOTICE = "case_notice"
    CASE_SENT_BACK = "case_sent_back"
    CASE_DECIDED = "case_decided"
    CITIZEN_ADDED = "citizen_added"
    CASE_IN_TRIAGE = "case_in_triage"  # to the supervisors
    DESK_DUE_SOON = "desk_due_soon"
    DESK_OVERDUE = "desk_overdue"
    DESK_ASKED = "desk_asked"
    DESK_NOTICE = "desk_notice"
    LEADERS_OVERDUE = "leaders_overdue"  # to the leaders
    LEADERS_ASKED = "leaders_asked"
    SPECIAL_PROPOSED = "special_proposed"  # about root causes, to the supervisors
    SPECIAL_REPORTED = "special_reported"
    SPECIAL_DESK_OVERDUE = "special_desk_overdue"
    SPECIAL_CONFIRMED = "special_confirmed"  # about root causes, to their owner
    SPECIAL_SENT_BACK = "special_sent_back"
    SPECIAL_OVERDUE = "special_overdue"
    SPECIAL_CLOSED = "special_closed"
    CITIZEN_REPLIED = "citizen_replied"  # to the citizen, by text message
    CITIZEN_CLOSED = "citizen_closed"
    CITIZEN_ANSWERED = "citizen_answered"
    CITIZEN_TERM_MOVED = "citizen_term_moved"
    CITIZEN_VOIDED = "citizen_voided"
    CITIZEN_OBJECTION_JUDGED = "citizen_objection_judged"
    INVITATION = "invitation"
    INVITATION_REMINDER = "invitation_reminder"
    ANSWER_THANKS = "answer_thanks"  # to what a citizen wrote, by text message
    ANSWER_ASKED_WHY = "answer_asked_why"
    ANSWER_NEGATIVE = "answer_negative"
    ANSWER_REASON = "answer_reason"
    ANSWER_ADDED = "answer_added"
    ANSWER_GRADE = "answer_grade"
    ANSWER_WHICH = "answer_which"
    ANSWER_STOPPED = "answer_stopped"
    ANSWER_STARTED = "answer_started"
    ANSWER_LANGUAGE = "answer_language"
    ANSWER_TOO_LATE = "answer_too_late"
    ANSWER_OWN_SERVICE = "answer_own_service"
    ANSWER_STRANGER = "answer_stranger"


NEWS = (
    Occasion.CITIZEN_REPLIED, Occasion.CITIZEN_CLOSED, Occasion.CITIZEN_TERM_MOVED,
    Occasion.CITIZEN_VOIDED, Occasion.CITIZEN_OBJECTION_JUDGED, Occasion.CITIZEN_ANSWERED,
)  # fmt: skip
INVITATIONS = (Occasion.INVITATION, Occasion.INVITATION_REMINDER)
ANSWERS = tuple(one for one in Occasion if one.value.startswith("answer_"))
TEXTS = frozenset((*NEWS, *INVITATIONS, *ANSWERS))
"""What goes to citizens by text message; everything else goes to offices by e-mail."""

LINK_IS_SPARE = frozenset((*INVITATIONS, *ANSWERS))
"""Where the link is one way of two and may be left out for want of room. News live by theirs."""


class Readers(StrEnum):
    """Whom in an office a message is for."""

    DEPARTMENT = "department"  # handlers and heads
    HANDLERS = "handlers"
    HEADS = "heads"
    SUPERVISORS = "supervisors"
    LEADERS = "leaders"


READERS = {
    Occasion.CASE_DUE_SOON: Readers.HANDLERS, Occasion.HEAD_DUE_SOON: Readers.HEADS,
    Occasion.CASE_NOTICE: Readers.HEADS, Occasion.CASE_IN_TRIAGE: Readers.SUPERVISORS,
    Occasion.DESK_DUE_SOON: Readers.SUPERVISORS, Occasion.DESK_OVERDUE: Readers.SUPERVISORS,
    Occasion.DESK_ASKED: Readers.SUPERVISORS, Occasion.DESK_NOTICE: Readers.SUPERVISORS,
    Occasion.LEADERS_OVERDUE: Readers.LEADERS, Occasion.LEADERS_ASKED: Readers.LEADERS,
    Occasion.SPECIAL_PROPOSED: Readers.SUPERVISORS, Occasion.SPECIAL_REPORTED: Readers.SUPERVISORS,
    Occasion.SPECIAL_DESK_OVERDUE: Readers.SUPERVISORS,
}  # fmt: skip
"""Everybody else's is the department's. An office that supervises may also be complained of: then
its handlers are meant, and not its supervisors. So the occasion says for whom a message is."""


def readers(occasion: str) -> Readers:
    """Return whom in an office a message of this occasion is for."""
    return READERS.get(Occasion(occasion), Readers.DEPARTMENT)
