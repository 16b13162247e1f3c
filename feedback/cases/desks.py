"""The desks: a department's inbox, the supervisors' desk, the operator's visits."""

from itertools import groupby
from typing import Any

from flask import render_template, request

from .. import clock
from ..calendar.queries import calendar_in_force
from ..offices.models import Account
from ..offices.roles import DEPARTMENT_ROLES, OVERSEEING_ROLES, Role
from ..offices.sign_in import for_roles, me
from ..reviews.drafts import Identity
from ..text import NotText, clean_line
from . import inboxes, supervision
from .due import urgency_at
from .inboxes import Filter, Pile
from .pages import pages
from .paging import page_asked
from .showing import notice_link
from .states import ENDED, LAST_ROUND, VISIT_ATTEMPTS, State
from .unpublished import unpublished_years

LONGEST_SEARCH = 60
SHOWN_STATES = tuple(state for state in State if state not in ENDED)


@pages.get("/cases")
@for_roles(*DEPARTMENT_ROLES, *OVERSEEING_ROLES)
def inbox() -> str:
    """Show the cases a person may see, soonest due first, each with its next act."""
    now, account, wanted = clock.now(), me(), _filter()
    found = inboxes.inbox(account, wanted, now)
    in_department = account.may_be(*DEPARTMENT_ROLES)
    bands = groupby(found.rows, key=lambda row: inboxes.band(row, account, now))
    return render_template(
        "cases/inbox.html", inbox=found, wanted=wanted, now=now, urgency=urgency_at(now),
        bands=[(band, list(rows)) for band, rows in bands], piles=Pile, states=SHOWN_STATES,
        identities=Identity, in_department=in_department, last_round=LAST_ROUND,
        notices=supervision.notices(account) if in_department and wanted == Filter() else (),
        notice_link=notice_link,
    )  # fmt: skip


def _filter() -> Filter:
    """Read the filter from the address; what makes no sense there filters nothing."""

    def one_of(kind: Any, name: str) -> Any:
        value = request.args.get(name, "")
        return kind(value) if value in list(kind) else None

    try:
        words = clean_line(request.args.get("q", ""))[:LONGEST_SEARCH]
    except NotText:
        words = ""
    return Filter(
        one_of(Pile, "pile") or Pile.OPEN, one_of(State, "state"), one_of(Identity, "identity"),
        words, page_asked(),
    )  # fmt: skip


@pages.get("/supervision")
@for_roles(Role.SUPERVISOR, Role.OPERATOR)
def desk() -> str:
    """Show the supervisors what waits for them, and an operator the visits to make."""
    return _visits() if me().may_be(Role.OPERATOR) else _supervision()


def _supervision() -> str:
    now, account = clock.now(), me()
    return render_template(
        "cases/desk.html", desk=supervision.desk(account, now), now=now, urgency=urgency_at(now),
        queues=_queues(account), filters=supervision.FILTERS, attempts=VISIT_ATTEMPTS,
        last_round=LAST_ROUND, is_leader=account.may_be(Role.LEADER), notice_link=notice_link,
        unpublished=unpublished_years(calendar_in_force(), now),
    )  # fmt: skip


def _queues(account: Account) -> list[supervision.Queue]:
    """Return the queues in the order of the page: a leader's own list is on top."""
    queues = list(supervision.Queue)
    first = account.may_be(Role.LEADER)
    return sorted(queues, key=lambda queue: first and queue is not supervision.Queue.LEADERS)


def _visits() -> str:
    now = clock.now()
    found = inboxes.inbox(me(), Filter(page=page_asked()), now)
    return render_template(
        "cases/visits.html", inbox=found, now=now, urgency=urgency_at(now),
        to_make=[row for row in found.rows if not row.tried_today],
        tried=[row for row in found.rows if row.tried_today], attempts=VISIT_ATTEMPTS,
        last_round=LAST_ROUND,
    )  # fmt: skip
