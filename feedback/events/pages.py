"""The clerk's desk: recording a service, and the printed forms of its code.

A clerk sees what was served and until when it may be rated; never whether, how or by whom it was.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from .. import clock
from ..catalog.grades import Mode
from ..db import transaction
from ..errors import FieldError, Invalid, Unknown
from ..offices.roles import Role
from ..offices.sign_in import actor, for_roles, me
from ..text import NotText, clean_line, integer
from . import printed, queries
from .actions import record
from .expiry import last_day
from .facts import ApplicantKind
from .forms import SOURCE, ServiceForm, minute
from .models import RecordedVia
from .queries import Clerk

pages = Blueprint("events", __name__, url_prefix="/desk/events")

LIST_LIMIT = 100
"""As many services as one list shows and one sheet prints; their ids still fit into an address."""

LONGEST_SEARCH = 100


@pages.get("")
@for_roles(Role.CLERK)
def desk() -> str:
    """Show the items to choose from, the form for the chosen one, and today's services."""
    if not (code := _typed("item")):
        return _desk()
    chosen = queries.item(code)
    if chosen is None:
        raise Unknown
    return _desk(_empty_form(code, clock.now()))


@pages.post("")
@for_roles(Role.CLERK)
def record_service() -> Response | tuple[str, int]:
    """Put a service on record, or show the one that is on record with the same facts."""
    form, now, by = ServiceForm(), clock.now(), actor(me())
    try:
        facts = form.facts()
        with transaction():
            event_id = record(facts, RecordedVia.DESK, by, now).event.id
    except Invalid as refused:
        form.blame(refused.errors)
        return _desk(form, errors=refused.errors), 422
    return redirect(url_for("events.show", event_id=event_id), 303)


@pages.get("/<uuid:event_id>")
@for_roles(Role.CLERK)
def show(event_id: UUID) -> str:
    """Show what was recorded, and its code."""
    (code,) = _codes([event_id])
    return render_template("events/recorded.html", code=code)


@pages.get("/<uuid:event_id>/slip")
@for_roles(Role.CLERK)
def slip(event_id: UUID) -> str:
    """Show the slip for an 80 mm printer."""
    (code,) = _codes([event_id])
    return render_template("events/slip.html", code=code, height=printed.slip_height(code))


@pages.get("/sheet")
@for_roles(Role.CLERK)
def sheet() -> str | tuple[str, int]:
    """Show A4 pages of many codes."""
    event_ids = [_uuid(text) for text in dict.fromkeys(request.args.getlist("event"))]
    if not event_ids:
        return _desk(notice=_("Please tick the services whose codes you want to print.")), 422
    if len(event_ids) > LIST_LIMIT:
        raise Invalid([FieldError("event", "too_many", {"limit": LIST_LIMIT})])
    sheets = printed.in_sheets(_codes(event_ids))
    return render_template("events/sheet.html", sheets=sheets)


def _codes(event_ids: Sequence[UUID]) -> list[printed.Code]:
    """Return these services with their codes; all of them are the clerk's, or it is a 404."""
    events = queries.of_clerk(_clerk(), event_ids)
    if len(events) != len(event_ids):
        raise Unknown
    now = clock.now()
    return [printed.code_of(event, now) for event in events]


def _desk(
    form: ServiceForm | None = None, errors: Sequence[FieldError] = (), notice: str = ""
) -> str:
    clerk, now, words = _clerk(), clock.now(), _typed("q")
    found = (
        queries.search_items(words, clerk.department) if words else queries.usual_items(clerk, now)
    )
    return render_template(
        "events/desk.html", words=words, found=found, search_limit=queries.SEARCH_LIMIT, notice=notice,
        **_form_facts(form, errors, clerk), **_list_facts(clerk, now),
    )  # fmt: skip


def _form_facts(
    form: ServiceForm | None, errors: Sequence[FieldError], clerk: Clerk
) -> dict[str, Any]:
    """Fill the form's lists, and find what is on record under the number that was refused."""
    if form is None:
        return {"form": None}
    chosen = queries.item(_cleaned(form.item_code.data))
    officers_of = {clerk.department} | ({chosen.department_code} if chosen else set())
    form.offer(queries.windows(clerk.department), queries.officers(officers_of), clerk.department)
    return {"form": form, "chosen": chosen, "on_record": _on_record(form, errors, clerk)}


def _on_record(form: ServiceForm, errors: Sequence[FieldError], clerk: Clerk) -> UUID | None:
    """Return the event that the typed number belongs to, if that is what was refused."""
    number = integer(form.service_number.data or "1")
    if number is None or not any(fault.code == "recorded_differently" for fault in errors):
        return None
    return queries.under_key(SOURCE, _cleaned(form.project_no.data), number, clerk)


def _list_facts(clerk: Clerk, now: datetime) -> dict[str, Any]:
    """Find the services of a number that is searched, or else those recorded today."""
    if number := _typed("number"):
        rows, total = queries.numbered(number, clerk, LIST_LIMIT)
    else:
        today = clock.moment_of(clock.day_of(now))
        rows, total = queries.recorded_since(today, clerk, LIST_LIMIT)
    return {"number": number, "rows": rows, "total": total, "last_day": last_day, "now": now}


def _empty_form(item_code: str, now: datetime) -> ServiceForm:
    window = me().window_code or queries.last_window(_clerk(), now) or ""
    started = {
        "item_code": item_code, "service_number": "1", "window": window, "mode": Mode.ONSITE.value,
        "applicant_kind": ApplicantKind.PERSON.value, "served_at": minute(now),
    }  # fmt: skip
    form = ServiceForm(formdata=None, data=started)
    form.project_no.render_kw = {"autofocus": True}
    return form


def _clerk() -> Clerk:
    return Clerk(me().id, me().department_code)


def _typed(name: str) -> str:
    return _cleaned(request.args.get(name))


def _cleaned(text: str | None) -> str:
    """Return what was typed into a search, on one line; what is not text finds nothing."""
    try:
        return clean_line(text or "")[:LONGEST_SEARCH]
    except NotText:
        return ""


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Unknown from None
