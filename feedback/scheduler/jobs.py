"""Every recurring duty on one page: name, how often, what, and the command that does it by hand.

A tick carries no meaning: each duty looks at the state of rows, never at when it last ran, so that
one tick after any silence catches up, and two schedulers at once do no harm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..cases import duties
from ..config import settings
from ..invitations import actions as invitations
from ..notify.outbox import deliver
from ..notify.senders import chosen, inboxes
from ..offices.mailboxes import mailboxes
from ..replies import actions as replies
from ..replies import fetching
from ..reports.actions import write_due

GoOn = Callable[[], bool]
"""Says no once the scheduler is to stop; long work asks between two pieces."""


@dataclass(frozen=True)
class Job:
    """One duty. `run` does what is due at the moment it is given and says what it did."""

    name: str
    every_seconds: int
    run: Callable[[datetime, GoOn], list[str]]
    command: str


def deliver_messages(now: datetime, go_on: GoOn) -> list[str]:
    """Send what was promised, and take back the claims of workers that are gone."""
    outcomes = deliver(now, mailboxes, chosen(settings()), go_on, replies.afresh)
    return [f"{state.value} {number}" for state, number in sorted(outcomes.items())]


def invite(now: datetime, go_on: GoOn) -> list[str]:
    """Promise the invitations to rate whose time has come, and the one reminder."""
    return invitations.invite(now, go_on) + invitations.remind(now, go_on)


def fetch_texts(now: datetime, _go_on: GoOn) -> list[str]:
    """Take in what citizens sent and gateways could not bring us."""
    return fetching.fetch(now, inboxes(settings()))


def recount_deadlines(now: datetime, _go_on: GoOn) -> list[str]:
    """Count open deadlines again: after a load that was cut off, or a newer library's calendar."""
    return duties.recount_deadlines(now)


def tell_about_deadlines(now: datetime, _go_on: GoOn) -> list[str]:
    """Promise the notices about deadlines that come near or have passed."""
    return duties.tell_about_deadlines(now)


def look_for_root_causes(now: datetime, _go_on: GoOn) -> list[str]:
    """Propose special rectifications where cases pile up, and tell of those that are overdue."""
    return duties.look_for_root_causes(now)


def write_reports(now: datetime, _go_on: GoOn) -> list[str]:
    """Write the closure reports of the weeks that are over."""
    return write_due(now)


JOBS = (
    #   name                seconds  what                  by hand
    Job("deliver-messages",       5, deliver_messages,     "messages deliver"),
    Job("invite",                30, invite,               "messages invite"),
    Job("fetch-texts",          300, fetch_texts,          "messages fetch"),
    Job("recount-deadlines",   3600, recount_deadlines,    "cases recount"),
    Job("tell-of-deadlines",     60, tell_about_deadlines, "cases remind"),
    Job("find-root-causes",     300, look_for_root_causes, "cases root-causes"),
    Job("write-reports",         60, write_reports,        "reports write-due"),
)  # fmt: skip
