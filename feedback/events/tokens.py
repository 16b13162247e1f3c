"""The one-time token of a service, and the receipt code of its review.

A token is a key id, the event's random serial and a MAC over both, in Crockford's base 32: 29
characters of A-Z and digits. 80 bits of MAC make a forgery a chance of 2^-80 a try, decided
without the database; the database alone, without the key, cannot make one. It is derived again for
every reprint and stored nowhere.
"""

import hashlib
import hmac
import secrets

from ..config import KeyRing

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOOK_ALIKES = str.maketrans("OIL", "011")
SERIAL_CHARS = 12  # 60 bits
MAC_CHARS = 16  # 80 bits
TOKEN_CHARS = 1 + SERIAL_CHARS + MAC_CHARS
RECEIPT_CHARS = 12  # 60 bits, and look-ups are limited
BITS = 5


def _spell(number: int, chars: int) -> str:
    return "".join(ALPHABET[number >> BITS * place & 31] for place in reversed(range(chars)))


def _mac(key: bytes, purpose: str, message: str, chars: int) -> str:
    mac = hmac.digest(key, f"{purpose}\x1f{message}".encode(), hashlib.sha256)
    return _spell(int.from_bytes(mac) >> (8 * len(mac) - BITS * chars), chars)


def new_serial() -> int:
    """Return a fresh random serial of 60 bits."""
    return secrets.randbits(BITS * SERIAL_CHARS)


def token_of(keys: KeyRing, key_id: str, serial: int) -> str:
    """Return the token of the event with this serial. Raises KeyError if the key is gone."""
    body = key_id + _spell(serial, SERIAL_CHARS)
    return body + _mac(keys[key_id], "token", body, MAC_CHARS)


def read_token(keys: KeyRing, text: str) -> int | None:
    """Return the serial that a genuine token names, else None. Small letters and look-alikes pass."""
    token = text.upper().translate(LOOK_ALIKES) if text.isascii() else ""
    if len(token) != TOKEN_CHARS or not set(token) <= set(ALPHABET) or token[0] not in keys:
        return None
    body, mac = token[:-MAC_CHARS], token[-MAC_CHARS:]
    if not hmac.compare_digest(mac, _mac(keys[token[0]], "token", body, MAC_CHARS)):
        return None
    serial = 0
    for letter in body[1:]:
        serial = serial << BITS | ALPHABET.index(letter)
    return serial


def receipt_code(digest_key: str, event_id: object) -> str:
    """Return the receipt code of an event's review: derived, so a second try can be led to it."""
    return _mac(digest_key.encode(), "receipt", str(event_id), RECEIPT_CHARS)


def read_receipt(text: str) -> str | None:
    """Return the receipt code as it was given out, however it was typed, or None if it is none."""
    code = "".join(text.split()).replace("-", "").upper() if text.isascii() else ""
    code = code.translate(LOOK_ALIKES)
    return code if len(code) == RECEIPT_CHARS and set(code) <= set(ALPHABET) else None


def grouped(code: str) -> str:
    """Return a receipt code as people read it: `7K3M-92QF-M4TX`."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
