"""A text message at the moment of going out: known again by its words, and held to the pace."""

from datetime import datetime

from sqlalchemy import select

from .. import privacy
from ..config import Settings, settings
from ..db import db
from . import phones
from .models import Message
from .pace import ASKED_WITHIN, Got, Limits, Verdict, verdict


def digest_of(text: str) -> str:
    """Return the keyed digest of a text message, to know it again without keeping it."""
    return privacy.digest(settings().digest_key.get_secret_value(), "text", text.strip())


def paced(occasion: str, phone_digest: str, text_digest: str, now: datetime) -> Verdict:
    """Return whether a text may go to a phone at `now`, holding the phone until the transaction ends.

    So whoever else has something for this phone sees what we do. Inside a transaction.
    """
    phone = phones.hold(phone_digest)
    got = _got(phone_digest, now)
    is_stopped = phone.stopped_at is not None
    return verdict(now, occasion, text_digest, is_stopped, got, _limits(settings()))


def first_moment(occasion: str, phone_digest: str, now: datetime) -> datetime:
    """Return the first moment at which a phone may get this, as far as is known at `now`.

    For promises, so that what has to wait does not take the turns of what need not.
    """
    found = paced(occasion, phone_digest, "", now)
    return found.at or now


def _got(phone_digest: str, now: datetime) -> list[Got]:
    """Return what a phone got from us within 30 days, or may have got, also before a second try."""
    rows = select(
        Message.handed_over_at, Message.earlier, Message.occasion, Message.text_digest
    ).where(Message.to_phone_digest == phone_digest, Message.created_at > now - 2 * ASKED_WITHIN)
    return [
        Got(at, occasion, text)
        for last, earlier, occasion, text in db.session.execute(rows)
        for at in [last, *map(datetime.fromisoformat, earlier or ())]
        if at and at > now - ASKED_WITHIN
    ]


def _limits(config: Settings) -> Limits:
    return Limits(config.quiet_from, config.quiet_until, config.invitations_most)
