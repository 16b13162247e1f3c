"""The one-time link by which a citizen answers how the matter was put right (二次评价).

It is made from the case's number and a MAC, so nothing is stored; that it can be used once is held
by the UNIQUE key of the second review, and looking at it spends nothing.
"""

import base64
import hmac

from .. import privacy
from ..config import settings

MAC_BYTES = 10
"""80 bits, as 16 characters: the address must fit into a text message."""


def second_link(number: str) -> str:
    """Return the address for the second review of a case."""
    return f"{settings().base_url}/second/{number}-{_mac(number)}"


def case_number_of(token: str) -> str | None:
    """Return the case number that a token is for, None for a forged one."""
    number, _, mac = token.rpartition("-")
    genuine = hmac.compare_digest(mac.encode(), _mac(number).encode())
    return number if genuine else None


def _mac(number: str) -> str:
    digest = privacy.digest(settings().digest_key.get_secret_value(), "second", number)
    return base64.b32encode(bytes.fromhex(digest)[:MAC_BYTES]).decode().lower()
