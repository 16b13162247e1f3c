"""The pages about messages side by side, for whoever may open them."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request, url_for
from flask_babel import lazy_gettext as _l

from .. import clock
from ..offices.roles import Role
from ..offices.sign_in import me
from ..replies import queries as replies

WHO_SEES = (Role.SUPERVISOR, Role.ADMIN)
"""Those who look after messages: what was sent, and how it fared."""

WHO_READS = (Role.SUPERVISOR, Role.OPERATOR)
"""Those who deal with citizens. An administrator must not read who said what."""

TABS = (
    ("notify.index", _l("Sent messages"), WHO_SEES),
    ("incoming.index", _l("Texts to see to"), WHO_READS),
    ("incoming.latest", _l("All incoming texts"), (Role.SUPERVISOR,)),
    ("message_figures.index", _l("Figures"), WHO_SEES),
    ("message_wording.index", _l("Wording"), WHO_SEES),
)


@dataclass(frozen=True)
class Tab:
    """One page, and how many things wait on it."""

    address: str
    name: str
    is_here: bool
    waiting: int


def tabs() -> Sequence[Tab]:
    """Return the tabs of whoever is signed in; none if there is only one."""
    mine = [(endpoint, name) for endpoint, name, roles in TABS if me().may_be(*roles)]
    if len(mine) < 2:
        return ()
    waiting = {"incoming.index": texts_waiting()}
    return [
        Tab(url_for(endpoint), str(name), endpoint == request.endpoint, waiting.get(endpoint, 0))
        for endpoint, name in mine
    ]


def texts_waiting() -> int:
    """Return how many texts wait for whoever is signed in."""
    return replies.number_for_a_person(me(), clock.now()) if me().may_be(*WHO_READS) else 0
