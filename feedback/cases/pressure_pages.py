"""The pages of «I was pressed to change my rating»: for supervisors of another office alone."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from .. import clock
from ..db import transaction
from ..errors import OutOfTurn, Unknown
from ..offices.forms import StaffForm
from ..offices.roles import Role
from ..offices.sign_in import for_roles, me
from . import actions, pressure
from .forms.base import required
from .models import PressureReport
from .paging import page_asked

pages = Blueprint("pressure", __name__, url_prefix="/supervision/pressure")


class AnswerForm(StaffForm):
    """What was found out, and done."""

    words = required(_l("What you found out, and what was done"))


@pages.get("")
@for_roles(Role.SUPERVISOR)
def index() -> str:
    """Show the reports that wait for an answer, or those that have one."""
    answered = request.args.get("answered") == "1"
    found = pressure.page(me(), answered=answered, number=page_asked())
    return render_template("cases/pressure_list.html", page=found, answered=answered)


@pages.get("/<uuid:report_id>")
@for_roles(Role.SUPERVISOR)
def show(report_id: UUID) -> str:
    """Show one report: the citizen's words, the case, and what was found out."""
    return _page(pressure.by_id(report_id, me()), AnswerForm(formdata=None))


@pages.post("/<uuid:report_id>")
@for_roles(Role.SUPERVISOR)
def answer(report_id: UUID) -> Response | tuple[str, int]:
    """Write down what was found out, once."""
    form = AnswerForm()
    try:
        if not form.validate_on_submit():
            return _page(pressure.by_id(report_id, me()), form), 422
        with transaction():
            report = pressure.by_id(report_id, me())
            actions.answer_pressure(report, report.case, me(), form.words.data, clock.now())
    except OutOfTurn:
        return _page(pressure.by_id(report_id, me()), form), 409
    except Unknown:
        return render_template("cases/gone.html", typed=form.words.data or ""), 404
    flash(_("Written down. The report is among the answered ones now."))
    return redirect(url_for("pressure.index"), 303)


def _page(report: PressureReport, form: AnswerForm) -> str:
    return render_template("cases/pressure.html", report=report, form=form)
