"""What the holders of phones wish: no messages, or another language. Known by digest alone."""

from datetime import datetime

from sqlalchemy import select

from ..db import db, insert
from ..ledger.actions import Actor, Line, write
from .models import Phone, StoppedBy

SHOWN = 40
"""How much of the digest the ledger names a phone by."""


def hold(digest: str) -> Phone:
    """Return a phone's wishes and keep everybody else from this phone until the transaction ends.

    To be called inside a transaction by whoever hands a message over or takes one in.
    """
    fresh = insert(Phone).values(digest=digest).on_conflict_do_nothing()
    db.session.execute(fresh, execution_options={"synchronize_session": False})
    held = select(Phone).where(Phone.digest == digest).with_for_update()
    return db.session.scalars(held.execution_options(populate_existing=True)).one()


def wishes(digest: str) -> Phone | None:
    """Return what a phone's holder wished, if anything."""
    return db.session.get(Phone, digest)


def stop(phone: Phone, how: StoppedBy, by: Actor, now: datetime) -> None:
    """Send nothing more to this phone; already so, it stays as it was. Inside a transaction."""
    if phone.stopped_at is None:
        phone.stopped_at, phone.stopped_by = now, how
        _note(phone, "stop", by, now, how.value)


def start(phone: Phone, by: Actor, now: datetime) -> None:
    """Send to this phone again. Inside a transaction."""
    if phone.stopped_at is not None:
        phone.stopped_at = phone.stopped_by = None
        _note(phone, "start", by, now, "reply")


def _note(phone: Phone, act: str, by: Actor, now: datetime, how: str) -> None:
    write(now, by, Line("phone", phone.digest[:SHOWN], act, {"how": how}))
