"""The identity wall: whom a case is about, so that they never learn who the citizen is.

Decides by what the registers tell: the window where an account serves, and the officer's name and
office in the service's record. An account and an officer on the register have no link of their own.
"""

from ..events.models import ServiceEvent
from ..offices.models import Account


def is_complained_of(account: Account, event: ServiceEvent) -> bool:
    """Say whether a person serves at the window where it happened, or is the officer who served.

    A namesake in the same office counts too: then a colleague calls the citizen.
    """
    if account.window_code is not None and account.window_code == event.window_code:
        return True
    officer = event.officer
    return officer is not None and (officer.name, officer.department_code) == (
        account.name, account.department_code,
    )  # fmt: skip
