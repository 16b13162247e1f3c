"""The desk of special rectifications, one of them, and the doors of every act."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from ... import clock
from ...db import transaction
from ...errors import Invalid, OutOfTurn
from ...offices.models import Account
from ...offices.sign_in import for_roles, me
from ...text import integer
from ...wording import label
from ..due import urgency_at
from ..models import Case
from ..paging import page_asked
from . import actions, queries
from .actions.moving import answers
from .forms import FORMS, ConfirmForm, SpecialForm
from .models import Special
from .states import MOVES, Act, State, may_act

pages = Blueprint("special", __name__)


class SpecialNumber(BaseConverter):
    """A special rectification's number in an address. Anything else never asks the database."""

    regex = "ZX-[0-9]{4}-[0-9]{4,9}"


@pages.record_once
def _teach_addresses(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["special_number"] = SpecialNumber


@pages.app_template_global("specials_of")
def specials_of(case: Case) -> list[queries.Belonging]:
    """Return what a case belongs to, for the line on its page."""
    return queries.of_case(case, me())


NEXT: dict[State, Act] = {
    State.PROPOSED: Act.CONFIRM, State.WORKING: Act.REPORT, State.REPORTED: Act.CLOSE,
}  # fmt: skip


@pages.get("/specials")
@for_roles(*queries.LOOKERS)
def desk() -> str:
    """Show those a person may see, soonest due first; or those that have ended."""
    now, ended = clock.now(), request.args.get("ended") == "1"
    found = queries.listing(me(), ended, page_asked(), now)
    return render_template(
        "cases/specials.html", found=found, ended=ended, urgency=urgency_at(now),
        next_acts=NEXT, may=_may_go_on(me()),
    )  # fmt: skip


def _may_go_on(account: Account) -> Callable[[Special], bool]:
    """Return what says whether the next step is this person's."""
    roles = frozenset(role.name for role in account.roles)

    def may(special: Special) -> bool:
        return may_act(NEXT[special.state], roles, account.department_code, answers(special))

    return may


@pages.get("/specials/<special_number:special>")
@for_roles(*queries.LOOKERS)
def show(special: str) -> str:
    """Show one: what is due, what it is about, what was done, its members, and the next acts."""
    return _page(queries.by_number(special, me()))


def _page(
    special: Special, failed: SpecialForm | None = None, act: Act | None = None, *,
    stale: bool = False,
) -> str:  # fmt: skip
    account, now = me(), clock.now()
    file = queries.file_of(special, account)
    acts = queries.offered(file, account)
    forms = {one: failed if failed and one is act else _form(one, special) for one in acts}
    return render_template(
        "cases/special.html", special=special, file=file, forms=forms, failed=failed,
        failed_act=act, stale=stale, next_act=act if act in forms else _next_of(acts),
        urgency=urgency_at(now)(special), who_can=_who_can(special),
        own_office=_bars_own_office(special, account),
    )  # fmt: skip


def _form(act: Act, special: Special) -> SpecialForm:
    if act is Act.CONFIRM:
        return ConfirmForm.suggested(special)
    return FORMS[act](act, formdata=None)


def _next_of(acts: list[Act]) -> Act | None:
    """Return the act that stands open: the end of the state if it may be done, else the first."""
    return next((act for act in acts if act in NEXT.values()), acts[0] if acts else None)


def _who_can(special: Special) -> list[str]:
    """Return in words who has the next step; nobody once it has ended."""
    if special.state not in NEXT:
        return []
    return [label("role", role) for role in MOVES[NEXT[special.state]].roles]


def _bars_own_office(special: Special, account: Account) -> bool:
    """Say whether the next step is the person's by role, but about their own office."""
    if special.state not in (State.PROPOSED, State.REPORTED):
        return False
    roles = MOVES[NEXT[special.state]].roles
    return account.may_be(*roles) and account.department_code == answers(special)


@pages.post(
    "/specials/<special_number:special>"
    "/<any(confirm, decline, measure, report, send_back, close):act>"
)
@for_roles(*queries.LOOKERS)
def do(special: str, act: str) -> Response | tuple[str, int]:
    """Do an act. What was typed is kept when it is refused: stale (409) or wrong (422)."""
    found = queries.by_number(special, me())
    doing = Act(act)
    form = FORMS[doing](doing)
    status = 422
    try:
        if form.validate_on_submit():
            with transaction():
                _act(doing, queries.by_number(special, me()), me(), form, clock.now())
            flash(_("Done: %(act)s", act=label("special_happened", doing)))
            return redirect(url_for("special.show", special=special), 303)
    except Invalid as invalid:
        form.mark(invalid.errors)
    except OutOfTurn:
        status = 409
        found = queries.by_number(special, me())
    return _page(found, form, doing, stale=status == 409), status


def _act(act: Act, special: Special, by: Account, form: Any, now: datetime) -> None:
    """Call the action that belongs to the act, with what its form says."""
    words, seen = form.words.data, form.version
    if act is Act.CONFIRM:
        days = integer(form.days.data) or 0
        actions.confirm(special, by, form.owner.data, words, days, now, seen)
    else:
        ACTIONS[act](special, by, words, now, seen)


ACTIONS: dict[Act, Callable[[Special, Account, str, datetime, int], None]] = {
    Act.DECLINE: actions.decline, Act.MEASURE: actions.measure, Act.REPORT: actions.report,
    Act.SEND_BACK: actions.send_back, Act.CLOSE: actions.close,
}  # fmt: skip
"""The acts that carry words alone."""
