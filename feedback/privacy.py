"""Names and phones: sealed at rest, found by a keyed digest, masked when shown.

AES-256-GCM with a key id, bound to table, column and row, so that a sealed value copied elsewhere
does not open. Keys live in settings, never in the database.
"""

import base64
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .config import KeyRing

NONCE_BYTES = 12


def _binding(key_id: str, table: str, column: str, row: object) -> bytes:
    return "\x1f".join((key_id, table, column, str(row))).encode()


def seal(keys: KeyRing, table: str, column: str, row: object, plain: str) -> str:
    """Return `plain` encrypted for this table, column and row under the ring's first key."""
    key_id = next(iter(keys))
    nonce = os.urandom(NONCE_BYTES)
    box = AESGCM(keys[key_id]).encrypt(nonce, plain.encode(), _binding(key_id, table, column, row))
    return f"{key_id}.{base64.b64encode(nonce + box).decode()}"


def unseal(keys: KeyRing, table: str, column: str, row: object, sealed: str) -> str:
    """Return what `seal` was given.

    Raises cryptography.exceptions.InvalidTag if the value was moved or altered, KeyError if its
    key is no longer in the ring.
    """
    key_id, _, encoded = sealed.partition(".")
    raw = base64.b64decode(encoded)
    box = AESGCM(keys[key_id]).decrypt(
        raw[:NONCE_BYTES], raw[NONCE_BYTES:], _binding(key_id, table, column, row)
    )
    return box.decode()


def digest(key: str, purpose: str, value: str) -> str:
    """Return the keyed digest (64 hex digits) by which `value` is found again for `purpose`."""
    return hmac.new(key.encode(), f"{purpose}\x1f{value}".encode(), hashlib.sha256).hexdigest()


def mask_phone(number: str) -> str:
    """Return the phone with its middle hidden: `138****5678`."""
    local_number = number.removeprefix("+86")
    return f"{local_number[:3]}****{local_number[-4:]}" if len(local_number) >= 9 else "****"


def mask_name(name: str) -> str:
    """Return the name with all but its first character hidden: `张**`."""
    return name[:1] + "*" * max(len(name) - 1, 1)
