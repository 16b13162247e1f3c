"""The pages about what citizens write by text message: what waits for a person, and what came in.

Words are shown as they were sent, phones only masked, and nothing that may be about the office of
whoever looks. Administrators see none of it: who said what is not theirs to read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from .. import clock
from ..cases import queries as cases
from ..db import transaction
from ..events import queries as events
from ..events.models import ServiceEvent
from ..offices.roles import Role
from ..offices.sign_in import for_roles, me
from ..replies import actions, queries
from ..replies.models import IncomingText
from .message_names import MADE
from .message_tabs import WHO_READS, tabs

pages = Blueprint("incoming", __name__, url_prefix="/messages/incoming")


@dataclass(frozen=True)
class Shown:
    """A text as a person may see it: the service and the case it belongs to, as far as known."""

    text: IncomingText
    phone: str
    event: ServiceEvent | None
    case_number: str | None
    """Only if the one who looks may open the case."""


@pages.get("")
@for_roles(*WHO_READS)
def index() -> str:
    """Show what fitted nothing and waits for a person, oldest first."""
    rows = _shown(queries.for_a_person(me(), clock.now()))
    return render_template("notify/incoming.html", rows=rows, **_around())


@pages.get("/latest")
@for_roles(Role.SUPERVISOR)
def latest() -> str:
    """Show what came in last, and what was made of each."""
    rows = _shown(queries.latest(me()))
    return render_template("notify/incoming_latest.html", rows=rows, **_around())


@pages.post("/<uuid:text_id>/seen")
@for_roles(*WHO_READS)
def seen(text_id: UUID) -> Response:
    """Note that somebody has seen to a text; the first who did stays noted."""
    with transaction():
        actions.mark_seen(queries.held_for_a_person(text_id, me()), me(), clock.now())
    flash(_("Noted: you have seen to it."))
    return redirect(url_for("incoming.index"), 303)


def _around() -> dict[str, Any]:
    return {"made": MADE, "limit": queries.PAGE_SIZE, "tabs": tabs()}


def _shown(texts: Sequence[IncomingText]) -> list[Shown]:
    """Return these texts with what they belong to, looked up for all of them at once."""
    services = events.by_ids({one.event_id for one in texts if one.event_id})
    numbers = cases.numbers({one.case_id for one in texts if one.case_id}, me())
    return [
        Shown(
            one, queries.shown_phone(one),
            services.get(one.event_id) if one.event_id else None,
            numbers.get(one.case_id) if one.case_id else None,
        )
        for one in texts
    ]  # fmt: skip
