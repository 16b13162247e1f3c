"""The page of figures about messages: what was sent, what it cost, and what invitations brought.

Counts only. Messages belong to the day on which they were promised, invitations to the day on which
they were decided, so that every number is part of the one it is set beside.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from .. import clock
from ..invitations.models import Skipped
from ..notify import figures
from ..notify.figures import Tally
from ..notify.models import By, State
from ..offices.sign_in import for_roles
from ..replies import figures as talks
from ..reports.figures import Rate
from ..reports.words import NOTHING, percent_words
from .message_names import MADE, OCCASIONS
from .message_reasons import reason_words
from .message_tabs import WHO_SEES, tabs

pages = Blueprint("message_figures", __name__, url_prefix="/messages/figures")

SKIPPED = {
    Skipped.RATED: _l("rated already"), Skipped.EXPIRED: _l("too late to rate"),
    Skipped.STOPPED: _l("wants no text messages"), Skipped.NO_MOBILE: _l("no mobile number"),
    Skipped.OWN_SERVICE: _l("staff of the office that served"),
    Skipped.UNREADABLE: _l("the number does not open"),
}  # fmt: skip


@dataclass(frozen=True)
class Period:
    """A span of Shanghai's days, both ends included."""

    first: date
    last: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first moment of it and the first moment after it."""
        return clock.moment_of(self.first), clock.end_of(self.last)


def _week(today: date) -> Period:
    monday = today - timedelta(days=today.weekday())
    return Period(monday, monday + timedelta(days=6))


PERIODS: Mapping[str, tuple[Any, Callable[[date], Period]]] = {
    "30-days": (_l("Last 30 days"), lambda today: Period(today - timedelta(days=29), today)),
    "this-week": (_l("This week"), _week),
    "last-week": (_l("Last week"), lambda today: _week(today - timedelta(days=7))),
    "this-month": (_l("This month"), lambda today: Period(today.replace(day=1), today)),
}
"""What can be chosen, by its name in the address; the first is shown unless another is asked for."""


@pages.get("")
@for_roles(*WHO_SEES)
def index() -> str:
    """Show how messages and invitations of a period fared: a constant number of statements."""
    chosen = request.args.get("period", "")
    chosen = chosen if chosen in PERIODS else next(iter(PERIODS))
    period = PERIODS[chosen][1](clock.day_of(clock.now()))
    return render_template(
        "notify/figures.html", chosen=chosen, period=period, tabs=tabs(), percent=percent_words,
        periods={name: words for name, (words, _days) in PERIODS.items()},
        **_messages(*period.bounds), **_talks(*period.bounds),
    )  # fmt: skip


def _messages(since: datetime, until: datetime) -> dict[str, Any]:
    found = figures.groups(since, until)
    texts, mails = ([one for one in found if one.by is by] for by in (By.SMS, By.MAIL))
    # Of e-mails only the sum: by occasion, an office could see that somebody reported pressure by it.
    occasions = figures.by_occasion(texts)
    return {
        "texts": figures.tally(texts), "mails": figures.tally(mails),
        "per_message": parts_words(figures.tally(texts)),
        "arrived": Rate(figures.tally(texts).delivered, figures.tally(texts).sent),
        "failed": _by_reason(figures.reasons(texts, State.FAILED, State.GIVEN_UP)),
        "dropped": _by_reason(figures.reasons(texts, State.DROPPED)),
        "occasions": [(OCCASIONS.get(one, one), tally) for one, tally in occasions.items()],
    }  # fmt: skip


def _talks(since: datetime, until: datetime) -> dict[str, Any]:
    inviting = talks.inviting(since, until)
    return {
        "inviting": inviting, "came_in": talks.came_in(since, until), "made": MADE,
        "skipped": [(SKIPPED[why], inviting.skipped.get(why, 0)) for why in Skipped],
    }  # fmt: skip


def _by_reason(counted: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Return reasons as (words, code, number)."""
    by_hand = _("A person decided so.")
    return [(reason_words(code) if code else by_hand, code, n) for code, n in counted.items()]


def parts_words(texts: Tally) -> str:
    """Return how many parts a text message took on average, or a dash if none was sent."""
    return f"{texts.parts / texts.sent:.1f}" if texts.sent else NOTHING
