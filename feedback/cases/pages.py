"""One case with its next act, and the doors of every act."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as AnyResponse

from .. import clock, privacy
from ..config import settings
from ..db import transaction
from ..errors import FieldError, Invalid, OutOfTurn, Unknown
from ..limits import larger_body
from ..offices.models import Account
from ..offices.roles import DEPARTMENT_ROLES, OVERSEEING_ROLES, VISITING_ROLES
from ..offices.sign_in import for_roles, me
from ..reviews.drafts import Identity
from ..reviews.queries import name_of, phone_of
from ..wording import label, sentence
from . import actions, evidence, queries
from .due import urgency_at
from .forms import (
    AcceptForm,
    ActForm,
    AssignForm,
    CloseForm,
    ContactForm,
    RectifyForm,
    ReplyForm,
    RevealForm,
    VerifyForm,
    VisitForm,
)
from .models import Case
from .states import MOVES, Act, Finding, Means, Outcome, Purpose, State

pages = Blueprint("cases", __name__)


class CaseNumber(BaseConverter):
    """A case's number in an address. Anything else leads nowhere and never asks the database."""

    regex = "HC-[0-9]{4}-[0-9]{6,9}"


@pages.record_once
def _teach_addresses(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["case"] = CaseNumber


CASE_ROLES = tuple(dict.fromkeys((*DEPARTMENT_ROLES, *OVERSEEING_ROLES, *VISITING_ROLES)))

FORMS: dict[Act, type[ActForm]] = {
    Act.ROUTE: AssignForm, Act.ACCEPT: AcceptForm, Act.CONTACT: ContactForm,
    Act.VERIFY: VerifyForm, Act.RECTIFY: RectifyForm, Act.REPLY: ReplyForm,
    Act.VISIT: VisitForm, Act.CLOSE: CloseForm,
}  # fmt: skip


@pages.get("/cases/<case:number>")
@for_roles(*CASE_ROLES)
def show(number: str) -> str:
    """Show one case: what is due, what was said, what was done, and the forms of the next acts."""
    case = queries.by_number(number, me())
    return _page(case)


def _page(
    case: Case,
    failed: ActForm | RevealForm | None = None,
    failed_act: Act | None = None,
    opened: tuple[str | None, str | None] | None = None,
    moved: bool = False,
) -> str:
    now, account = clock.now(), me()
    file = queries.file_of(case)
    acts = [act for act in queries.offered(file, account, now) if act in FORMS]
    next_act = failed_act if failed_act in acts else _next_of(case, acts)
    acts.sort(key=lambda act: act is not next_act)
    forms = {act: failed if act is failed_act else _form(act, case) for act in acts}
    return render_template(
        "cases/case.html", case=case, file=file, forms=forms, urgency=urgency_at(now)(case), now=now,
        next_act=next_act, reveal=_reveal_form(acts, file), opened=opened,
        masked_name=_masked(name_of(file.review), privacy.mask_name),
        masked_phone=_masked(phone_of(file.review), privacy.mask_phone), failed=failed,
        failed_act=failed_act, moved=moved, who_can=_who_can(case),
        from_elsewhere=_is_own(case, account), most_files=evidence.FILE_LIMIT,
        largest_file=evidence.limit_words(),
    )  # fmt: skip


def _next_of(case: Case, acts: list[Act]) -> Act | None:
    if Act.CONTACT in acts and case.contacted_at is None:
        return Act.CONTACT
    if Act.REPLY in acts:
        return Act.REPLY
    return next((act for act in acts if act is not Act.CONTACT), None)


def _masked(value: str | None, mask: Callable[[str], str]) -> str | None:
    return mask(value) if value else None


def _form(act: Act, case: Case, **options: Any) -> ActForm:
    form = FORMS[act](formdata=None, seen=str(case.version), prefix="", **options)
    if isinstance(form, AssignForm):
        form.department.choices = queries.assignable()
    return form


def _reveal_form(acts: list[Act], file: queries.File) -> RevealForm | None:
    if file.case.identity is not Identity.NAMED:
        return None
    if Act.CONTACT in acts:
        return RevealForm(formdata=None, purposes=(Purpose.CALL_BACK, Purpose.CLARIFY))
    return RevealForm(formdata=None, purposes=(Purpose.VISIT,)) if Act.VISIT in acts else None


NEXT: dict[State, Act] = {
    State.TRIAGE: Act.ROUTE, State.ROUTED: Act.ACCEPT, State.VERIFYING: Act.VERIFY,
    State.RECTIFYING: Act.RECTIFY, State.VISITING: Act.VISIT, State.CLOSING: Act.CLOSE,
}  # fmt: skip


def _who_can(case: Case) -> list[str]:
    """Return in words who can do what comes next, for somebody who cannot."""
    if case.state is State.CLOSED:
        return []
    return [label("role", role) for role in MOVES[NEXT[case.state]].roles]


def _is_own(case: Case, account: Account) -> bool:
    """Say whether the next act is this person's by role, but not on a case of their own office."""
    if case.state not in (State.VISITING, State.CLOSING):
        return False
    move = MOVES[NEXT[case.state]]
    return account.may_be(*move.roles) and account.department_code == case.department_code


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


@pages.post("/cases/<case:number>/<any(route, accept, contact, verify, reply, visit, close):act>")
@for_roles(*CASE_ROLES)
def do(number: str, act: str) -> AnyResponse | tuple[str, int]:
    """Do an act to a case."""
    return _do(number, Act(act))


def _with_files() -> int:
    return settings().evidence_max_bytes * evidence.FILE_LIMIT + 100_000


@pages.post("/cases/<case:number>/rectify")
@larger_body(_with_files)
@for_roles(*DEPARTMENT_ROLES)
def rectify(number: str) -> AnyResponse | tuple[str, int]:
    """Record what was put right; files come with it."""
    return _do(number, Act.RECTIFY)


def _do(number: str, act: Act) -> AnyResponse | tuple[str, int]:
    form = FORMS[act]()
    if isinstance(form, AssignForm):
        form.department.choices = queries.assignable()
    status = 422
    try:
        if form.validate_on_submit():
            _act(number, act, form)
            flash(_("Done: %(act)s", act=label("happened", act)))
            return redirect(_after(number), 303)
    except Invalid as invalid:
        _mark(form, invalid.errors)
    except OutOfTurn:
        status = 409
    except Unknown:
        return _gone(form)
    return _again(number, act, form, status)


def _again(number: str, act: Act, form: ActForm, status: int) -> tuple[str, int]:
    """Show the case as it is now, with what was typed; nothing was saved."""
    try:
        case = queries.by_number(number, me())
    except Unknown:
        return _gone(form)
    return _page(case, failed=form, failed_act=act, moved=status == 409), status


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


def _act(number: str, act: Act, form: Any) -> None:
    now, account = clock.now(), me()
    uploads = _uploads(form) if act is Act.RECTIFY else []
    if uploads and act in queries.possible_acts(queries.by_number(number, account), account):
        for upload in uploads:
            evidence.keep(upload)
    with transaction():
        case = queries.by_number(number, account)
        _acting(act, case, account, form, uploads, now)


def _acting(
    act: Act, case: Case, by: Account, form: Any, uploads: list[evidence.Upload], now: datetime
) -> None:
    """Call the action that belongs to the act, with what its form says."""
    seen = form.version
    match act:
        case Act.ROUTE:
            actions.assign(case, by, form.department.data, form.why.data, now, seen)
        case Act.ACCEPT:
            actions.accept(case, by, now, seen)
        case Act.CONTACT:
            reached = form.reached.data == Outcome.ANSWERED
            actions.contact(case, by, Means(form.means.data), reached, form.words.data, now, seen)
        case Act.VERIFY:
            actions.verify(case, by, Finding(form.finding.data), form.words.data, now, seen)
        case Act.RECTIFY:
            actions.rectify(case, by, form.words.data, form.article.data or "", uploads, now, seen)
        case Act.REPLY:
            said = (form.words.data, form.internal.data or "", form.publishable.data or "")
            actions.reply(case, by, *said, now, seen)
        case Act.VISIT:
            actions.visit(case, by, _visit(form), now, seen)
        case Act.CLOSE:
            actions.close(case, by, form.words.data or "", now, seen)


def _visit(form: Any) -> actions.Visit:
    outcome = Outcome(form.outcome.data)
    said = {"yes": True, "no": False}.get(form.satisfied.data or "")
    satisfied = said if outcome is Outcome.ANSWERED else None
    return actions.Visit(Means(form.means.data), outcome, satisfied, form.words.data)


def _uploads(form: Any) -> list[evidence.Upload]:
    """Return the files that came with a form. Raises Invalid, which names every bad one."""
    files = [file for file in form.files.data or [] if getattr(file, "filename", "")]
    if len(files) > evidence.FILE_LIMIT:
        raise Invalid([FieldError("files", "too_many_files", {"limit": evidence.FILE_LIMIT})])
    uploads, faults = [], []
    for file in files:
        try:
            uploads.append(evidence.check(file.filename, file.read()))
        except Invalid as invalid:
            faults += invalid.errors
    if faults:
        raise Invalid(faults)
    return uploads


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
