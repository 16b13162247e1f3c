"""From a form to an action: which action an act calls, and with what its form says."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ..catalog.grades import TagClass
from ..errors import FieldError, Invalid
from ..offices.models import Account
from . import actions, evidence
from .evidence import Upload
from .forms import GRANT
from .models import Case
from .states import Act, Finding, Ground, Means, Outcome, Verdict

Acting = Callable[[Case, Account, Any, Sequence[Upload], datetime], None]


def _route(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    said, why = (form.department.data, form.why.data), form.restart_why.data or ""
    actions.assign(
        case, by, *said, now, form.version, restart_why=why, tag_class=_about(form)
    )  # fmt: skip


def _reassign(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    said = (form.department.data, form.why.data, form.restart_why.data or "")
    actions.reassign(case, by, *said, now, form.version, tag_class=_about(form))


def _about(form: Any) -> TagClass | None:
    """Return what a form says the case is about; None where it does not ask or nothing is chosen."""
    return TagClass(form.tag_class.data) if form.tag_class and form.tag_class.data else None


def _accept(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    actions.accept(case, by, now, form.version)


def _contact(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    said = (Means(form.means.data), form.reached.data == Outcome.ANSWERED, form.words.data)
    actions.contact(case, by, *said, now, form.version)


def _verify(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    actions.verify(case, by, Finding(form.finding.data), form.words.data, now, form.version)


def _rectify(case: Case, by: Account, form: Any, uploads: Sequence[Upload], now: datetime) -> None:
    article = form.article.data if form.article else ""
    actions.rectify(case, by, form.words.data, article or "", uploads, now, form.version)


def _reply(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    said = (form.words.data, form.internal.data or "", form.publishable.data or "")
    actions.reply(case, by, *said, now, form.version)


def _complex(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    actions.ask_complex(case, by, form.reason.data, now, form.version)


def _extend(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    actions.ask_extension(case, by, form.reason.data, form.plan.data, now, form.version)


def _transfer(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    actions.ask_transfer(case, by, form.reason.data, form.proposed.data, now, form.version)


def _decide(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    department = form.department.data if form.department else ""
    restart_why = form.restart_why.data if form.restart_why else ""
    actions.decide(
        case, by, form.granted.data == GRANT, form.words.data, now, form.version,
        department=department or "", restart_why=restart_why or "", tag_class=_about(form),
        days=form.days.data if form.days else None,
    )  # fmt: skip


def _appeal(case: Case, by: Account, form: Any, uploads: Sequence[Upload], now: datetime) -> None:
    ground = Ground(form.ground.data)
    actions.appeal(case, by, ground, form.words.data, uploads, now, form.version)


def _judge(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    actions.judge(case, by, Verdict(form.verdict.data), form.words.data, now, form.version)


def _reconsider(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    actions.reconsider(case, by, Verdict(form.verdict.data), form.words.data, now, form.version)


def _visit(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    outcome = Outcome(form.outcome.data)
    said = {"yes": True, "no": False}.get(form.satisfied.data or "")
    satisfied = said if outcome is Outcome.ANSWERED else None
    brought = actions.Visit(Means(form.means.data), outcome, satisfied, form.words.data)
    actions.visit(case, by, brought, now, form.version)


def _close(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    actions.close(case, by, form.words.data or "", now, form.version)


def _answer(case: Case, by: Account, form: Any, _: Sequence[Upload], now: datetime) -> None:
    actions.answer(case, by, form.words.data, now, form.version)


ACTING: dict[Act, Acting] = {
    Act.ROUTE: _route, Act.ACCEPT: _accept, Act.CONTACT: _contact, Act.VERIFY: _verify,
    Act.RECTIFY: _rectify, Act.REPLY: _reply, Act.COMPLEX: _complex, Act.EXTEND: _extend,
    Act.TRANSFER: _transfer, Act.DECIDE: _decide, Act.REASSIGN: _reassign, Act.APPEAL: _appeal,
    Act.JUDGE: _judge, Act.RECONSIDER: _reconsider, Act.VISIT: _visit, Act.CLOSE: _close,
    Act.ANSWER: _answer,
}  # fmt: skip
"""What each act of the staff calls. The form has been checked."""


def uploads_of(form: Any) -> list[Upload]:
    """Return the files that came with a form. Raises Invalid, which names every bad one."""
    sent = form.files.data or [] if "files" in form else []
    files = [file for file in sent if getattr(file, "filename", "")]
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
