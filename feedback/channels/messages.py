"""The page about messages: which ones need a person, and what is decided about them.

It stands among the doors because it needs the messages, the cases and the staff, and the messages'
room knows neither. Shows no phone in the clear and no word of a citizen's.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import InputRequired

from .. import clock
from ..cases import pressure
from ..cases import queries as cases
from ..cases.inboxes import sees_all
from ..cases.models import Case
from ..cases.wall import Wall
from ..db import transaction
from ..errors import Unknown
from ..notify import decisions, queries
from ..notify.decisions import DECIDABLE, WhyDrop, WhyRetry
from ..notify.models import By, Message, State
from ..notify.pace import Kind, kind_of
from ..offices.forms import StaffForm
from ..offices.queries import departments
from ..offices.roles import Role
from ..offices.sign_in import actor, for_roles, me
from .message_names import CARRIERS, STATES, occasion_name
from .message_reasons import reason_words, wants_no_texts
from .message_tabs import WHO_SEES, tabs

pages = Blueprint("notify", __name__, url_prefix="/messages")

LOST = "asks"
"""The list of invitations and answers that did not arrive, as the address names it."""

WHY = {
    WhyRetry.NOT_ARRIVED: _l("I have asked: it has not arrived"),
    WhyRetry.CAUSE_MENDED: _l("What kept it from leaving has been put right"),
    WhyDrop.ARRIVED: _l("I have asked: it has arrived"),
    WhyDrop.TOLD_OTHERWISE: _l("The recipient was told by telephone or in person"),
    WhyDrop.NOT_NEEDED: _l("What it says no longer matters"),
}


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
@for_roles(*WHO_SEES)
def index() -> str:
    """Show which messages need a person, and how many stand where; or what was lost and needs none."""
    now, is_lost = clock.now(), request.args.get("show") == LOST
    rows = _open_to_me(queries.lost() if is_lost else queries.needing_a_person(now))
    return render_template(
        "notify/messages.html", rows=rows, counts=queries.counts(), limit=queries.PAGE_SIZE,
        is_lost=is_lost, lost=queries.lost_number(), now=now, tabs=tabs(), **_words(rows, now),
    )  # fmt: skip


@pages.get("/<uuid:message_id>")
@for_roles(*WHO_SEES)
def show(message_id: UUID) -> str:
    """Show one message and what may be decided about it."""
    return _page(_message(message_id), _blank(RetryForm), _blank(DropForm))


@pages.post("/<uuid:message_id>/retry")
@for_roles(*WHO_SEES)
def retry(message_id: UUID) -> Response | tuple[str, int]:
    """Send it again."""
    form = RetryForm(prefix="retry")
    if not form.validate_on_submit():
        return _page(_message(message_id), form, _blank(DropForm)), 422
    with transaction():
        decisions.retry(_message(message_id).id, WhyRetry(form.why.data), actor(me()), clock.now())
    flash(_("It will be sent again within seconds."))
    return redirect(url_for("notify.index"), 303)


@pages.post("/<uuid:message_id>/drop")
@for_roles(*WHO_SEES)
def drop(message_id: UUID) -> Response | tuple[str, int]:
    """Never send it."""
    form = DropForm(prefix="drop")
    if not form.validate_on_submit():
        return _page(_message(message_id), _blank(RetryForm), form), 422
    with transaction():
        decisions.drop(_message(message_id).id, WhyDrop(form.why.data), actor(me()), clock.now())
    flash(_("It will not be sent."))
    return redirect(url_for("notify.index"), 303)


def _message(message_id: UUID) -> Message:
    """Return one message that the one who looks may know of. Raises Unknown."""
    found = queries.by_id(message_id)
    if not _open_to_me([found]):
        raise Unknown
    return found


def _open_to_me(messages: Sequence[Message]) -> Sequence[Message]:
    """Leave out what tells of pressure by the office of the supervisor who looks.

    Administrators keep it, because somebody must see to it; they read no case's number there.
    """
    if not me().may_be(Role.SUPERVISOR):
        return messages
    kept = pressure.kept_from(me(), (one.subject_id for one in messages))
    return [one for one in messages if one.subject_id not in kept]


def _blank(form: type[_DecisionForm]) -> _DecisionForm:
    return form(formdata=None, prefix="retry" if form is RetryForm else "drop")


def _page(message: Message, retrying: _DecisionForm, dropping: _DecisionForm) -> str:
    return render_template(
        "notify/message.html", message=message, retrying=retrying, dropping=dropping,
        decidable=message.state in DECIDABLE, uncertain=message.state is State.UNCERTAIN,
        must_call=_must_call(message), **_words([message], clock.now()),
    )  # fmt: skip


def _must_call(message: Message) -> bool:
    """Say whether a citizen has to be called, because their telephone wants no text messages."""
    is_lost = message.state in (State.GIVEN_UP, State.FAILED)
    is_notice = kind_of(message.occasion) is Kind.NOTICE
    return is_lost and is_notice and wants_no_texts(message.last_error)


def _words(messages: Sequence[Message], now: datetime) -> dict[str, Any]:
    """Return what the pages say of these messages, looked up for all of them at once."""
    found, in_trouble = _cases(messages), queries.carriers_in_trouble(now)
    kept = pressure.kept_from(me(), (one.subject_id for one in messages))
    names, wall = {row.code: row.name for row in departments()}, Wall(me())
    return {
        "states": STATES, "occasion": occasion_name, "carriers": in_trouble, "kinds": CARRIERS,
        "recipient": lambda message: _recipient(message, found.get(message.id), names, wall),
        "case": lambda message: (
            ("", None) if message.subject_id in kept else _case_link(message, found.get(message.id))
        ),
        "reason": lambda message: reason_words(message.last_error), "reason_words": reason_words,
        "trouble": lambda message: _trouble(message, {one.name for one in in_trouble}),
    }  # fmt: skip


def _cases(messages: Sequence[Message]) -> dict[UUID, Case]:
    """Return the cases that citizens are told of, by the message that tells it."""
    told = {one.id: case_id for one in messages if (case_id := _case_id(one))}
    found = cases.by_ids(told.values())
    return {message: found[case_id] for message, case_id in told.items() if case_id in found}


def _case_id(message: Message) -> UUID | None:
    """Return the id of the case that a citizen is told of; what else is told has another subject."""
    if message.to_department or kind_of(message.occasion) is not Kind.NOTICE:
        return None
    try:
        return UUID(message.subject_id)
    except ValueError:
        return None


def _recipient(message: Message, case: Case | None, names: dict[str, str], wall: Wall) -> str:
    """Return whom a message is for. No part of a number for whoever the case is about."""
    if case and wall.is_about(case.event):
        return str(_("The citizen"))
    shown = queries.shown_recipient(message)
    return names.get(shown, shown)


def _case_link(message: Message, case: Case | None) -> tuple[str, str | None]:
    """Return the number of the case that a message is about, and where to look if one may.

    Beside a telephone only for those who may open the case: it would tell others who complained.
    """
    is_text = not message.to_department
    if is_text and (kind_of(message.occasion) is Kind.ANSWER or not sees_all(me())):
        return "", None
    number = case.number if case else str(message.facts.get("number", ""))
    return number, url_for("cases.show", number=number) if case else None


def _trouble(message: Message, in_trouble: set[By]) -> str:
    """Return what is wrong with a message on the list, a silent scheduler included."""
    if message.state in DECIDABLE:
        return str(STATES[message.state])
    if message.by in in_trouble:
        return str(_("Waiting for the gateway, which does not answer"))
    return str(_("Waiting too long: is the scheduler running?"))
