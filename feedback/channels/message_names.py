"""What messages and the facts in them are called, on the pages of those who look after them."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from ..notify.models import By, Message, State
from ..replies.talk import Made
from ..wording import LABELS

STATES: Mapping[State, LazyString] = {
    state: LABELS["message_state"][state.value] for state in State
}

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

OCCASIONS: Mapping[str, LazyString] = LABELS["occasion"]

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
    "receipt": ("{{ receipt }}", _l("the receipt code, for texts without a link")),
    "notice": ("{{ notice }}", _l("the number of the supervision notice; may be empty")),
    "upheld": ("{% if upheld %}…{% else %}…{% endif %}", _l("whether the objection was heard")),
    "granted": ("{% if granted %}…{% else %}…{% endif %}", _l("whether it was granted")),
    "why": ("{{ why }}", _l("the reason, where the department can no longer look it up")),
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
