"""The page about messages: which ones need a person, and what is decided about them.

It stands among the doors because it needs the messages and the staff both, and neither room knows
the other. Shows no phone in the clear and no word of a citizen's.
"""

from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import InputRequired

from .. import clock
from ..db import transaction
from ..notify import decisions, queries
from ..notify.decisions import DECIDABLE, WhyDrop, WhyRetry
from ..notify.models import Message, State
from ..offices.forms import StaffForm
from ..offices.queries import departments
from ..offices.roles import Role
from ..offices.sign_in import actor, for_roles, me
from .message_names import OCCASIONS

pages = Blueprint("notify", __name__, url_prefix="/messages")
ROLES = (Role.SUPERVISOR, Role.ADMIN)

STATES = {
    State.QUEUED: _l("Waiting to be sent"), State.SENDING: _l("Being sent"),
    State.SENT: _l("Sent"), State.UNCERTAIN: _l("Sent or not: unknown"),
    State.GIVEN_UP: _l("Given up"), State.DROPPED: _l("Dropped"),
}  # fmt: skip

WHY = {
    WhyRetry.NOT_ARRIVED: _l("I have asked: it has not arrived"),
    WhyRetry.CAUSE_MENDED: _l("What kept it from leaving has been put right"),
    WhyDrop.ARRIVED: _l("I have asked: it has arrived"),
    WhyDrop.TOLD_OTHERWISE: _l("The recipient was told by telephone or in person"),
    WhyDrop.NOT_NEEDED: _l("What it says no longer matters"),
}

REASONS = {
    "no_mailbox": _l("Nobody in this department receives messages: please add an account first."),
    "lease_lapsed": _l("The program that sent it was interrupted: please ask the recipient."),
    "no_words": _l("It could not be put into words: please tell your administrator."),
    "no_phone": _l("The telephone number could not be opened: please tell your administrator."),
    "smtp_data": _l("The mail server broke off in the middle: please ask the recipient."),
    "smtp_connect": _l("The mail server could not be reached: please check its address."),
    "smtp": _l("The mail server refused it: please check the addresses and the account."),
}
"""By the beginning of the reason's code; the first that fits is shown."""


class _DecisionForm(StaffForm):  # type: ignore[misc]
    """Why this was decided; reasons are a list because the ledger keeps no free words."""

    why = RadioField(_l("Why"), [InputRequired(_l("Please choose a reason."))])
    reasons: type[StrEnum]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.why.choices = [(why.value, str(WHY[why])) for why in self.reasons]


class RetryForm(_DecisionForm):
    """Why it is sent again."""

    reasons = WhyRetry


class DropForm(_DecisionForm):
    """Why it is not sent any more."""

    reasons = WhyDrop


@pages.get("")
@for_roles(*ROLES)
def index() -> str:
    """Show which messages need a person, and how many stand where."""
    now = clock.now()
    return render_template(
        "notify/messages.html", rows=queries.needing_a_person(now), counts=queries.counts(),
        limit=queries.PAGE_SIZE, **_words(),
    )  # fmt: skip


@pages.get("/<uuid:message_id>")
@for_roles(*ROLES)
def show(message_id: UUID) -> str:
    """Show one message and what may be decided about it."""
    return _page(queries.by_id(message_id), _blank(RetryForm), _blank(DropForm))


@pages.post("/<uuid:message_id>/retry")
@for_roles(*ROLES)
def retry(message_id: UUID) -> Response | tuple[str, int]:
    """Send it again."""
    form = RetryForm(prefix="retry")
    if not form.validate_on_submit():
        return _page(queries.by_id(message_id), form, _blank(DropForm)), 422
    with transaction():
        decisions.retry(message_id, WhyRetry(form.why.data), actor(me()), clock.now())
    flash(_("It will be sent again within seconds."))
    return redirect(url_for("notify.index"), 303)


@pages.post("/<uuid:message_id>/drop")
@for_roles(*ROLES)
def drop(message_id: UUID) -> Response | tuple[str, int]:
    """Never send it."""
    form = DropForm(prefix="drop")
    if not form.validate_on_submit():
        return _page(queries.by_id(message_id), _blank(RetryForm), form), 422
    with transaction():
        decisions.drop(message_id, WhyDrop(form.why.data), actor(me()), clock.now())
    flash(_("It will not be sent."))
    return redirect(url_for("notify.index"), 303)


def _blank(form: type[_DecisionForm]) -> _DecisionForm:
    return form(formdata=None, prefix="retry" if form is RetryForm else "drop")


def _page(message: Message, retrying: _DecisionForm, dropping: _DecisionForm) -> str:
    return render_template(
        "notify/message.html", message=message, retrying=retrying, dropping=dropping,
        decidable=message.state in DECIDABLE, uncertain=message.state is State.UNCERTAIN,
        **_words(),
    )  # fmt: skip


def _words() -> dict[str, Any]:
    names = {row.code: row.name for row in departments()}

    def recipient(message: Message) -> str:
        shown = queries.shown_recipient(message)
        return str(names.get(shown, shown))

    return {
        "states": STATES, "occasion": lambda m: OCCASIONS.get(m.occasion, m.occasion),
        "recipient": recipient, "reason": _reason, "trouble": _trouble,
    }  # fmt: skip


def _reason(message: Message) -> str:
    code = message.last_error
    return next((str(words) for start, words in REASONS.items() if code.startswith(start)), code)


def _trouble(message: Message) -> str:
    """Return what is wrong with a message on the list, a silent scheduler included."""
    if message.state in DECIDABLE:
        return str(STATES[message.state])
    return str(_("Waiting too long: is the scheduler running?"))
