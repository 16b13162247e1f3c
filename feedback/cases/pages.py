"""One case with its next act, and the doors of every act."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as AnyResponse

from .. import clock
from ..config import settings
from ..db import transaction
from ..errors import FeedbackError, FieldError, Invalid, NotYours, OutOfTurn, Unknown
from ..limits import larger_body
from ..offices.roles import DEPARTMENT_ROLES, OVERSEEING_ROLES, VISITING_ROLES
from ..offices.sign_in import for_roles, me
from ..wording import label, sentence
from . import actions, evidence, queries, showing
from .acting import ACTING, uploads_of
from .casefile import file_of
from .due import urgency_at
from .forms import FORMS, ActForm, RevealForm
from .models import Case
from .states import MOVES, Act, Purpose

pages = Blueprint("cases", __name__)


class CaseNumber(BaseConverter):
    """A case's number in an address. Anything else leads nowhere and never asks the database."""

    regex = "HC-[0-9]{4}-[0-9]{6,9}"


@pages.record_once
def _teach_addresses(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["case"] = CaseNumber


CASE_ROLES = tuple(dict.fromkeys((*DEPARTMENT_ROLES, *OVERSEEING_ROLES, *VISITING_ROLES)))


@pages.get("/cases/<case:number>")
@for_roles(*CASE_ROLES)
def show(number: str) -> str:
    """Show one case: what is due, what was said, what was done, and the forms of the next acts."""
    return _page(queries.by_number(number, me()))


def _page(case: Case, **shown: Any) -> str:
    now = clock.now()
    return showing.case_page(case, me(), now, urgency_at(now)(case), **shown)


@pages.post("/cases/<case:number>/reveal")
@for_roles(*CASE_ROLES)
def reveal(number: str) -> str | tuple[str, int]:
    """Show a named citizen's number for a purpose; the ledger keeps who, when and why."""
    case = queries.by_number(number, me())
    form = RevealForm()
    if not form.validate_on_submit():
        return _page(case, failed=form), 422
    with transaction():
        case = queries.by_number(number, me())
        opened = actions.reveal(case, me(), Purpose(form.purpose.data), clock.now())
    return _page(queries.by_number(number, me()), opened=opened)


@pages.get(
    "/cases/<case:number>/<any(reveal, route, accept, contact, verify, rectify, reply, complex, extend,"
    " transfer, decide, reassign, appeal, judge, reconsider, visit, close):_act>"
)
@for_roles(*CASE_ROLES)
def show_instead(number: str, _act: str) -> AnyResponse:
    """Lead to the case from the address that an act leaves in the browser."""
    return redirect(url_for("cases.show", number=number))


@pages.post(
    "/cases/<case:number>/<any(route, accept, contact, verify, reply, complex, extend, transfer,"
    " decide, reassign, judge, reconsider, visit, close, answer):act>"
)
@for_roles(*CASE_ROLES)
def do(number: str, act: str) -> AnyResponse | tuple[str, int]:
    """Do an act to a case."""
    return _do(number, Act(act))


def _with_files() -> int:
    return settings().evidence_max_bytes * evidence.FILE_LIMIT + 100_000


@pages.post("/cases/<case:number>/<any(rectify, appeal):act>")
@larger_body(_with_files)
@for_roles(*DEPARTMENT_ROLES)
def do_with_files(number: str, act: str) -> AnyResponse | tuple[str, int]:
    """Do an act that evidence comes with."""
    return _do(number, Act(act))


def _do(number: str, act: Act) -> AnyResponse | tuple[str, int]:
    """Do the act, or show the case as it is now, with what was typed; then nothing was saved."""
    form = FORMS[act](act)
    try:
        _act(number, act, form)
    except Unknown:
        return _gone(form)
    except Invalid as invalid:
        _mark(form, invalid.errors)
        return _again(number, act, form, 422)
    except (NotYours, OutOfTurn) as refused:
        return _again(number, act, form, 403 if isinstance(refused, NotYours) else 409, refused)
    flash(_("Done: %(act)s", act=label("happened", act)))
    return redirect(_after(number), 303)


def _act(number: str, act: Act, form: Any) -> None:
    """Do the act as its form says.

    1. whoever may never do it is refused, and whoever looked at an older page, before any field is read
    2. the fields, each wrong one marked; the files by their content
    3. the files go to their folder, and then the one transaction decides again on what it locks

    Raises Unknown, NotYours, OutOfTurn, Invalid.
    """
    account, now = me(), clock.now()
    case = queries.by_number(number, account)
    actions.require_role(case, account, act)
    form.fit(file_of(case), account)
    fields_fit = form.validate()
    if form.version not in (0, case.version) or case.state not in MOVES[act].come_from:
        raise OutOfTurn(act=act.value, state=case.state.value)
    if not fields_fit:
        raise Invalid([])
    uploads = uploads_of(form)
    if act in queries.possible_acts(case, account):
        for upload in uploads:
            evidence.keep(upload)
    with transaction():
        ACTING[act](queries.by_number(number, account), account, form, uploads, now)


def _again(
    number: str, act: Act, form: ActForm, status: int, refused: FeedbackError | None = None
) -> tuple[str, int]:
    """Show the case as it is now, with what was typed; nothing was saved."""
    try:
        case = queries.by_number(number, me())
    except Unknown:
        return _gone(form)
    return _page(case, failed=form, failed_act=act, refused=refused), status


def _gone(form: ActForm) -> tuple[str, int]:
    """Say that there is no such case for this person (any more), and give their words back."""
    return render_template("cases/gone.html", typed=form.typed), 404


def _after(number: str) -> str:
    """Lead back to the case if the person still sees it, else to the desk."""
    try:
        queries.by_number(number, me())
    except Unknown:
        return url_for("cases.desk")
    return url_for("cases.show", number=number)


def _mark(form: Any, errors: list[FieldError]) -> None:
    for fault in errors:
        field = getattr(form, fault.field, None) or form.words
        field.errors = [*field.errors, _fault_words(fault)]


def _fault_words(fault: FieldError) -> str:
    if "name" not in fault.facts:
        return sentence(fault)
    return _("«%(name)s»: %(reason)s", name=fault.facts["name"], reason=sentence(fault))


@pages.get("/cases/<case:number>/evidence/<uuid:file_id>")
@for_roles(*CASE_ROLES)
def download(number: str, file_id: UUID) -> Response:
    """Hand out a piece of evidence, always as a download and never as a page."""
    case = queries.by_number(number, me())
    piece = queries.evidence_of(case, file_id)
    response = Response(evidence.read(piece), mimetype=piece.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=piece.name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
