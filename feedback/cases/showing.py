"""What the page of one case shows to one person: the next act, the forms, and who does the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, url_for

from .. import privacy
from ..errors import FeedbackError, NotYours
from ..offices.models import Account
from ..offices.sign_in import me
from ..reviews.drafts import Identity
from ..reviews.queries import name_of, phone_of
from ..wording import label
from . import evidence, rulebook
from .casefile import File, file_of
from .forms import FORMS, ActForm, RevealForm
from .inboxes import sees_all
from .models import Case, SupervisionNotice
from .offers import Bar, barred, in_turn, next_of, offered, waits_for
from .states import MOVES, VISIT_ATTEMPTS, WORKING, Act, Purpose, Whose


@dataclass(frozen=True)
class Else:
    """An act that somebody else does, who they are, and why it is not this person's."""

    act: Act
    who: Sequence[str]
    of_another_office: bool
    bar: Bar


@dataclass(frozen=True)
class Person:
    """What the page tells of a named citizen. None of it to whoever the case is about."""

    name: str | None
    phone: str | None


def case_page(
    case: Case, account: Account, now: datetime, urgency: object, *,
    failed: ActForm | RevealForm | None = None, failed_act: Act | None = None,
    refused: FeedbackError | None = None, opened: tuple[str | None, str | None] | None = None,
) -> str:  # fmt: skip
    """Return the page of a case as one person sees it.

    `failed` is a form that was not taken, `refused` why; `opened` a name and number just opened.
    """
    file = file_of(case)
    acts = offered(file, account, now)
    first = next_of(file, account, now)
    chosen = failed_act if failed_act in acts else first
    acts.sort(key=lambda act: act is not chosen)
    others = _others(file, account, now)
    return render_template(
        "cases/case.html", case=case, file=file, now=now, urgency=urgency,
        forms={act: failed if act is failed_act else _form(act, file, account) for act in acts},
        next_act=chosen, waits_for=_of(others, waits_for(file, now)), others=others,
        person=_person(file, account), is_about_me=file.wall_of(account).is_about(case.event),
        reveal=_reveal_form(acts, file), opened=opened, failed=failed, failed_act=failed_act,
        refused=refused, moved=isinstance(failed, ActForm) and failed.version != case.version,
        not_mine=_else(file, account, failed_act) if isinstance(refused, NotYours) else None,
        terms=rulebook.of_case(case).rules, moment=datetime.fromisoformat, most_files=evidence.FILE_LIMIT,
        largest_file=evidence.limit_words(), attempts=VISIT_ATTEMPTS,
        appeal_is_open=case.state in WORKING and file.appeal is None,
        notice_link=notice_link,
    )  # fmt: skip


def _form(act: Act, file: File, account: Account) -> ActForm:
    form = FORMS[act](act, formdata=None, seen=str(file.case.version))
    form.fit(file, account)
    return form


def _others(file: File, account: Account, now: datetime) -> list[Else]:
    """Return what may be done now, but not by this person."""
    found = [_else(file, account, act) for act in in_turn(file, now)]
    return [one for one in found if one is not None]


def _else(file: File, account: Account, act: Act | None) -> Else | None:
    """Return who does an act that is not this person's; None for one that is."""
    bar = barred(file, account, act) if act else None
    if act is None or bar is None:
        return None
    move = MOVES[act]
    who = [label("role", role) for role in move.roles]
    return Else(act, who, move.whose is Whose.OTHER, bar)


def _of(others: Sequence[Else], act: Act | None) -> Else | None:
    return next((one for one in others if one.act is act), None)


def _person(file: File, account: Account) -> Person | None:
    """Return the citizen's name and phone, masked; nothing to whoever the case is about."""
    if file.case.identity is not Identity.NAMED or file.wall_of(account).is_about(file.case.event):
        return None
    return Person(
        _masked(name_of(file.review), privacy.mask_name),
        _masked(phone_of(file.review), privacy.mask_phone),
    )


def _masked(value: str | None, mask: Callable[[str], str]) -> str | None:
    return mask(value) if value else None


def _reveal_form(acts: Sequence[Act], file: File) -> RevealForm | None:
    """Return the form that opens the number, for whoever's turn it is to call."""
    if file.case.identity is not Identity.NAMED:
        return None
    if Act.CONTACT in acts:
        return RevealForm(formdata=None, purposes=(Purpose.CALL_BACK, Purpose.CLARIFY))
    return RevealForm(formdata=None, purposes=(Purpose.VISIT,)) if Act.VISIT in acts else None


def notice_link(notice: SupervisionNotice) -> str | None:
    """Return where a supervision notice is read, None for one that was another department's."""
    account = me()
    if not sees_all(account) and notice.department_code != account.department_code:
        return None
    return url_for("cases.notice", number=notice.case.number, notice=notice.number)
