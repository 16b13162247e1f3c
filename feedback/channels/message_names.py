"""What messages and the facts in them are called, on the pages of those who look after them."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from ..notify.models import By, Message, State
from ..replies.talk import Made

STATES: Mapping[State, LazyString] = {
    State.QUEUED: _l("Waiting to be sent"), State.SENDING: _l("Being sent"),
    State.ASKING: _l("The operator is being asked"), State.SENT: _l("Sent"),
    State.DELIVERED: _l("Delivered"), State.FAILED: _l("Not delivered"),
    State.UNCERTAIN: _l("Sent or not: unknown"), State.GIVEN_UP: _l("Given up"),
    State.DROPPED: _l("Dropped"),
}  # fmt: skip

CARRIERS: Mapping[By, LazyString] = {By.SMS: _l("Text messages"), By.MAIL: _l("E-mail")}

MADE: Mapping[Made, LazyString] = {
    Made.REVIEW: _l("A rating"), Made.REVIEW_ASKED_WHY: _l("A bad rating; asked for the reason"),
    Made.REASON: _l("The reason of a bad rating"), Made.ADDITION: _l("Added to the matter"),
    Made.ASKED_GRADE: _l("No clear grade; asked again"),
    Made.ASKED_WHICH: _l("Several services; asked which one"),
    Made.STOPPED: _l("Wants no more text messages"), Made.STARTED: _l("Wants text messages again"),
    Made.LANGUAGE: _l("Wants another language"), Made.TOO_LATE: _l("Rated already, or too late"),
    Made.OWN_SERVICE: _l("Staff, about their own office"),
    Made.STRANGER: _l("Somebody we never wrote to"), Made.NOTHING: _l("A courtesy: nothing to do"),
    Made.PERSON: _l("Fits nothing: somebody has to look"),
}  # fmt: skip
"""What was made of a text message that came in."""

OCCASIONS: Mapping[str, LazyString] = {
    "case_opened": _l("A new case, to its department"),
    "case_in_triage": _l("A case to assign, to the supervisors"),
    "case_due_soon": _l("A case due soon, to its department"),
    "head_due_soon": _l("A case sent back by the citizen is due soon, to the head"),
    "case_overdue": _l("An overdue case, to its department"),
    "case_notice": _l("An overdue case is urged, to the head"),
    "case_sent_back": _l("A case was sent back by the citizen, to its department"),
    "case_decided": _l("A request or appeal was decided, to its department"),
    "citizen_added": _l("The citizen added something, to the department"),
    "desk_due_soon": _l("A case due soon, to the supervisors"),
    "desk_overdue": _l("An overdue case, to the supervisors"),
    "desk_asked": _l("Something to decide, to the supervisors"),
    "desk_notice": _l("An overdue case was urged, to the supervisors"),
    "leaders_overdue": _l("A case long overdue, to the leaders"),
    "leaders_asked": _l("Something to decide, to the leaders"),
    "special_proposed": _l("A special rectification to confirm, to the supervisors"),
    "special_reported": _l("A special rectification was reported, to the supervisors"),
    "special_desk_overdue": _l("An overdue special rectification, to the supervisors"),
    "special_confirmed": _l("A new special rectification, to its owner"),
    "special_sent_back": _l("A special rectification was sent back, to its owner"),
    "special_overdue": _l("An overdue special rectification, to its owner"),
    "special_closed": _l("A special rectification is closed, to its owner"),
    "citizen_replied": _l("A reply, to the citizen"),
    "citizen_closed": _l("The matter is finished, to the citizen"),
    "citizen_term_moved": _l("A later date, to the citizen"),
    "citizen_voided": _l("The review does not count, to the citizen"),
    "citizen_objection_judged": _l("The objection was judged, to the citizen"),
    "invitation": _l("An invitation to rate"),
    "invitation_reminder": _l("A reminder to rate, once"),
    "answer_thanks": _l("Answer: thanks for a rating"),
    "answer_asked_why": _l("Answer: a bad rating without a reason"),
    "answer_negative": _l("Answer: a bad rating with a reason"),
    "answer_reason": _l("Answer: the reason came afterwards"),
    "answer_added": _l("Answer: something was added to the matter"),
    "answer_grade": _l("Answer: no grade was understood"),
    "answer_which": _l("Answer: several services are open"),
    "answer_stopped": _l("Answer: no more text messages"),
    "answer_started": _l("Answer: text messages again"),
    "answer_language": _l("Answer: another language"),
    "answer_too_late": _l("Answer: rated already, or too late"),
    "answer_own_service": _l("Answer: staff may not rate their own office"),
    "answer_stranger": _l("Answer: to somebody we never wrote to"),
}

ANSWER = _l("An answer to a text message")


def occasion_name(message: Message) -> str:
    """Return what a message is about, on pages that show to whom it goes.

    Of an answer no more than that it is one: «thanks for a rating» beside a telephone would tell
    whoever looks after messages who rated, and how.
    """
    name = OCCASIONS.get(message.occasion, message.occasion)
    return str(ANSWER if message.occasion.startswith("answer_") else name)


FACTS: Mapping[str, tuple[str, LazyString]] = {
    "district": ("{{ district }}", _l("the district")),
    "item": ("{{ item|shorten }}", _l("what was applied for; without «shorten» in full")),
    "day": ("{{ day|day }}", _l("the day of the service")),
    "letter": ("{{ letter }}", _l("by which the service is told from others; mostly empty")),
    "grade": ("{{ grade|grade }}", _l("the rating in words")),
    "services": (
        "{% for one in services %}{{ one.letter }} {{ one.item|shorten }}{{ one.day|day }}{% endfor %}",
        _l("the services that may be rated"),
    ),
    "number": ("{{ number }}", _l("the number of the case")),
    "due_at": ("{{ due_at|moment }}", _l("the deadline")),
    "link": ("{{ link }}", _l("where to look")),
    "notice": ("{{ notice }}", _l("the number of the supervision notice; may be empty")),
    "upheld": ("{% if upheld %}…{% else %}…{% endif %}", _l("whether the objection was heard")),
    "granted": ("{% if granted %}…{% else %}…{% endif %}", _l("whether it was granted")),
    "what": ("{{ things[what] }}", _l("what was asked, by its code: keep the table at the top")),
    "step": ("{{ steps[step] }}", _l("which step is next, by its code: keep the table at the top")),
    "about": (
        "{{ about_words[about] }}", _l("the kind of reason, by its code: keep the table at the top"),
    ),
}  # fmt: skip
"""How to write a fact, and what it is, in the order in which people look for them."""

LINK_IN_TEXTS = (
    "{% if link %}…{% else %}…{% endif %}", _l("where operators let no link pass, it is empty"),
)  # fmt: skip
"""What else to know about the link of a text message."""
