"""Passwords, API keys and e-mail addresses: what is good enough, and how new ones are made.

Decides by length only what people choose (ASVS 5.0, 6.2.1); leaves hashing of passwords to
Flask-Security. An API key is random enough for a plain digest.
"""

import base64
import hashlib
import secrets
import unicodedata

from email_validator import EmailNotValidError, validate_email

SHORTEST, LONGEST = 12, 128  # characters of a password
KEY_BYTES = 20
KEY_START = "hcp_"
GROUPS, GROUP_CHARS = 4, 5
READABLE = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else


def password_fault(password: str) -> str | None:
    """Return the code of what is wrong with a password, None if it will do."""
    if len(password) < SHORTEST:
        return "password_too_short"
    return "password_too_long" if len(password) > LONGEST else None


def normal_password(password: str) -> str:
    """Return the password in the form that sign-in compares, however the keyboard composed it."""
    return unicodedata.normalize("NFKD", password)


def new_password() -> str:
    """Return a random password (99 bits) that can be read out: `k3vxm-p9w2t-…`."""
    groups = ("".join(secrets.choice(READABLE) for _ in range(GROUP_CHARS)) for _ in range(GROUPS))
    return "-".join(groups)


def new_uniquifier() -> str:
    """Return what ties sessions to an account; a fresh one ends every session."""
    return secrets.token_hex(32)


def new_api_key() -> str:
    """Return a random API key (160 bits)."""
    return KEY_START + base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode().lower()


def api_key_digest(key: str) -> str:
    """Return the digest under which an API key is kept and found."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def read_email(typed: str) -> str | None:
    """Return the address as it is kept, in small letters, or None if it is none."""
    try:
        return validate_email(typed.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None
