"""Fetching the text messages that a gateway has on its list and never told us of.

What each of them says and what becomes of it is the same walk as for any other (`actions.hear`).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from ..db import insert, transaction
from ..logs import failure
from ..notify.senders import CannotTell, Inbox, Incoming
from . import queries
from .actions import hear
from .models import InboxRead, Via

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(hours=24)
LOOK_BACK_AT_FIRST = timedelta(days=7)


def fetch(now: datetime, inboxes: Iterable[Inbox]) -> list[str]:
    """Take in what gateways have on their lists and never told us; return what was made of it.

    Opens its own transactions, one a message; one that fails does not hold up the others and is met
    again at the next look.
    """
    return [made for inbox in inboxes for made in _fetch(inbox, now)]


def _fetch(inbox: Inbox, now: datetime) -> list[str]:
    until = queries.read_until(inbox.name)
    since = min(until, now) - LOOK_BACK if until else now - LOOK_BACK_AT_FIRST
    try:
        listed = list(inbox.incoming(since))
    except CannotTell as trouble:
        log.warning("inbox_not_read", gateway=inbox.name, reason=trouble.reason)
        return []
    missing = queries.missing(inbox.name, listed)
    made = [made for one in sorted(missing, key=_order) if (made := _take_in(one, now))]
    _note_read(inbox.name, now)
    return made


def _note_read(gateway: str, now: datetime) -> None:
    """Keep until when the list was read. What a text was refused for is met again for a day."""
    reading = insert(InboxRead).values(gateway=gateway, read_at=now)
    with transaction() as session:
        session.execute(
            reading.on_conflict_do_update(index_elements=["gateway"], set_={"read_at": now})
        )


def _order(incoming: Incoming) -> tuple[datetime, str]:
    return incoming.sent_at, incoming.provider_id


def _take_in(incoming: Incoming, now: datetime) -> str | None:
    try:
        return hear(incoming, Via.LIST, now, at_once=False).made.value
    except Exception as problem:
        log.error("text_not_taken_in", gateway=incoming.gateway, **failure(problem))
        return None
