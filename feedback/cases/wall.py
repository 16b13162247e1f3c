"""The walls of a case: which offices it concerns, and whom it is about.

Decides by what the registers and the ledger tell: the offices that answer and whose window it was,
the window where an account serves, and the officer's name and office in the service's record. An
account and an officer on the register have no link of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import ColumnElement, false, or_

from ..events.models import ServiceEvent
from ..offices.models import Account, Window
from ..offices.queries import Posting, postings, supervision
from .models import Case
from .states import MOVES, Act, Bar, Whose

NEVER_ABOUT_ONESELF = frozenset({
    Act.CONTACT, Act.VERIFY, Act.RECTIFY, Act.REPLY, Act.VISIT, Act.JUDGE, Act.RECONSIDER,
    Act.CLOSE, Act.ANSWER, Act.DECIDE, Act.REASSIGN,
})  # fmt: skip
"""What nobody does in a case that is about themselves."""


def concerned(
    answering: str | None, window: str | None, supervising: frozenset[str]
) -> frozenset[str]:
    """Return the offices that neither decide, judge, visit nor close: it is their own case.

    `window` is the office of the window where it happened. Where no other supervising office is
    left, it is not counted: in a district whose one such office runs the windows, the case would
    find nobody. The office that answers always is.
    """
    both = {answering, window} - {None}
    found = both if supervising - both else {answering} - {None}
    return frozenset(code for code in found if code is not None)


def window_office(event: ServiceEvent) -> str | None:
    """Return the office of the window where a service was given, if it had one."""
    return event.window.department_code if event.window else None


def concerns(office: str) -> ColumnElement[bool]:
    """Return the condition that an office is concerned by a case: `concerned` for a whole list."""
    others = supervision().offices - {office}
    is_left = or_(false(), *(Case.department_code.is_distinct_from(one) for one in others))
    at_window = ServiceEvent.window.has(Window.department_code == office)
    return (Case.department_code == office) | (Case.event.has(at_window) & is_left)


@dataclass(frozen=True)
class Wall:
    """What one person may not do for what they are. Looks up what it needs, once."""

    account: Account

    @cached_property
    def _supervising(self) -> frozenset[str]:
        return supervision().offices

    @cached_property
    def _postings(self) -> Sequence[Posting]:
        return postings(self.account.id)

    def bar(self, case: Case, act: Act) -> Bar | None:
        """Return what keeps the person from an act: their office, or that it is about them."""
        if MOVES[act].whose is Whose.OTHER and self.is_concerned(case):
            return Bar.OFFICE
        if act in NEVER_ABOUT_ONESELF and self.is_about(case.event):
            return Bar.ABOUT_THEM
        return None

    def is_concerned(self, case: Case) -> bool:
        """Say whether a case concerns the person's office, so that another one decides."""
        here, window = self.account.department_code, window_office(case.event)
        if here not in (case.department_code, window):
            return False
        return here in concerned(case.department_code, window, self._supervising)

    def is_about(self, event: ServiceEvent) -> bool:
        """Say whether the person serves at the window where it happened, or is the officer who served.

        Goes by every place where they have been since the service, so that it stays so whatever
        office they move to. A namesake who was in the same office then counts too, because nothing
        tells the two apart; one who was elsewhere does not.
        """
        places = self._places_since(event)
        if event.window_code and event.window_code in {place.window for place in places}:
            return True
        officer = event.officer
        return (
            officer is not None and officer.name == self.account.name
            and officer.department_code in {place.department for place in places}
        )  # fmt: skip

    def _places_since(self, event: ServiceEvent) -> list[Posting]:
        """Return where the person was at the time of a service and ever since."""
        then = [one for one in self._postings if one.at <= event.served_at][-1:]
        later = [one for one in self._postings if one.at > event.served_at]
        now = Posting(event.served_at, self.account.department_code, self.account.window_code)
        return [*then, *later, now]
