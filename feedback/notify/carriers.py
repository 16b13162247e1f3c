"""What all senders of one kind share: turns, so that no limit is passed, and a door that shuts.

Both stand in one row of the database, so that any number of schedulers keep to one limit. The row's
lock is held for the moment of a claim and never while a carrier is at work.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from ..config import settings
from ..db import db, insert
from .models import By, Carrier

HORIZON = timedelta(seconds=5)
"""How far ahead turns are given out: what is claimed is sent soon, whoever else comes."""

TOLERATED = 5
"""After so many failures of the carrier's own in a row, nobody tries for a while."""

SHUT_FIRST, SHUT_LONGEST = timedelta(seconds=30), timedelta(minutes=10)


@dataclass(frozen=True)
class Turns:
    """Room for `number` messages, the first at `first`, `apart` from each other."""

    number: int
    first: datetime
    apart: timedelta

    def at(self, place: int) -> datetime:
        """Return the moment of one turn, counted from 0."""
        return self.first + self.apart * place


def offer(by: By, now: datetime) -> Turns:
    """Return the turns that are free, holding the carrier's row until the transaction ends.

    None while the carrier is shut; one when it is tried again. Inside a transaction.
    """
    carrier = _hold(by, now)
    apart = timedelta(seconds=1 / _per_second(by))
    first = max(carrier.free_at, now)
    if carrier.shut_until and carrier.shut_until > now:
        return Turns(0, first, apart)
    room = max(int((now + HORIZON - first) / apart), 1 if first <= now + HORIZON else 0)
    return Turns(1 if carrier.failures >= TOLERATED else room, first, apart)


def take(by: By, turns: Turns, number: int) -> None:
    """Take the first `number` of the turns that were offered in this transaction."""
    _change(by, free_at=turns.at(number))


def _per_second(by: By) -> float:
    config = settings()
    return config.mail_per_second if by is By.MAIL else config.sms_per_second


def _hold(by: By, now: datetime) -> Carrier:
    fresh = insert(Carrier).values(name=by, free_at=now, failures=0, last_error="")
    quiet = {"synchronize_session": False}
    db.session.execute(fresh.on_conflict_do_nothing(), execution_options=quiet)
    held = select(Carrier).where(Carrier.name == by).with_for_update()
    return db.session.scalars(held.execution_options(populate_existing=True)).one()


def _change(by: By, **values: object) -> None:
    change = update(Carrier).where(Carrier.name == by).values(**values)
    db.session.execute(change, execution_options={"synchronize_session": False})


def went_well(by: By) -> None:
    """Open the door again after failures. Costs nothing to speak of when there were none."""
    change = update(Carrier).where(Carrier.name == by, Carrier.failures > 0)
    reset = change.values(failures=0, shut_until=None, last_error="")
    db.session.execute(reset, execution_options={"synchronize_session": False})


def went_wrong(by: By, reason: str, wait: float | None, now: datetime) -> None:
    """Count a failure of the carrier's own; shut the door after too many or when it asked for it.

    Each further failure keeps it shut for twice as long. Inside a transaction.
    """
    carrier = _hold(by, now)
    failures = carrier.failures + 1
    until = carrier.shut_until
    if wait is not None:
        until = now + min(timedelta(seconds=max(wait, 0)), SHUT_LONGEST)
    elif failures >= TOLERATED:
        until = now + min(SHUT_FIRST * 2 ** min(failures - TOLERATED, 10), SHUT_LONGEST)
    _change(by, failures=failures, shut_until=until, last_error=reason[:60])
