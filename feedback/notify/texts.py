"""Small things about text messages that several files of this room need."""

from .. import privacy
from ..config import Settings, settings
from .pace import Limits


def digest_of(text: str) -> str:
    """Return the keyed digest of a text message, to know it again without keeping it."""
    return privacy.digest(settings().digest_key.get_secret_value(), "text", text.strip())


def limits(config: Settings) -> Limits:
    """Return the hours and numbers that the settings set."""
    return Limits(config.quiet_from, config.quiet_until, config.invitations_most)
