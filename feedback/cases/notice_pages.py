"""The supervision notices (督办单): one to read and print, the same as a document, and their list."""

import re
from datetime import date
from io import BytesIO

from flask import Response, render_template, request, send_file
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from ..language import html_language
from ..offices.queries import departments
from ..offices.roles import DEPARTMENT_ROLES, OVERSEEING_ROLES, REPORT_ROLES
from ..offices.sign_in import for_roles, me
from . import notice_words as words
from .inboxes import sees_all
from .models import SupervisionNotice
from .models.urging import Cause
from .notice_document import document
from .notices import Filter, has_the_case, notice_of, notices, said_in
from .pages import pages
from .paging import page_asked

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")


class NoticeNumber(BaseConverter):
    """A notice's number in an address. Anything else leads nowhere and never asks the database."""

    regex = "DB-[0-9]{4}-[0-9]{6,9}"


@pages.record_once
def _teach_addresses(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["notice"] = NoticeNumber


@pages.get("/cases/<case:number>/notices/<notice:notice>")
@for_roles(*DEPARTMENT_ROLES, *OVERSEEING_ROLES)
def notice(number: str, notice: str) -> str:
    """Show one notice as it prints on A4."""
    found = notice_of(number, notice, me())
    return render_template(
        "cases/notice.html", notice=found, paper=_paper(found), has_case=has_the_case(found, me())
    )


def _paper(found: SupervisionNotice) -> words.Paper:
    return words.paper(found, said_in(found))


@pages.get("/cases/<case:number>/notices/<notice:notice>.docx")
@for_roles(*DEPARTMENT_ROLES, *OVERSEEING_ROLES)
def notice_document(number: str, notice: str) -> Response:
    """Hand the same notice out as a Word document."""
    made = document(_paper(notice_of(number, notice, me())), html_language())
    return send_file(
        BytesIO(made), mimetype=DOCX, as_attachment=True, download_name=f"{notice}.docx"
    )


@pages.get("/supervision/notices")
@for_roles(*REPORT_ROLES)
def notice_list() -> str:
    """List the notices a person may read: all for those who oversee, a head their own."""
    account, wanted = me(), _filter()
    return render_template(
        "cases/notices.html", notices=notices(account, wanted), wanted=wanted, causes=Cause,
        departments=departments() if sees_all(account) else [], words=words,
        has_case=lambda one: has_the_case(one, account),
    )  # fmt: skip


def _filter() -> Filter:
    """Read the filter from the address; what makes no sense there filters nothing."""
    cause, department = request.args.get("cause", ""), request.args.get("department", "")
    known = {one.code for one in departments()}
    return Filter(
        department if department in known else None,
        Cause(cause) if cause in list(Cause) else None,
        _day("from"), _day("to"), page_asked(),
    )  # fmt: skip


def _day(name: str) -> date | None:
    typed = request.args.get(name, "")
    try:
        return date.fromisoformat(typed) if DAY.fullmatch(typed) else None
    except ValueError:
        return None
