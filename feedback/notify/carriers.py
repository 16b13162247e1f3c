"""What all senders of one kind share: turns, so that no limit is passed, and a door that shuts.

Both stand in one row of the database, so that any number of schedulers keep to one limit. The row's
lock is held for the moment of a claim and never while a carrier is at work.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, exists, select, update

from ..config import settings
from ..db import db, insert
from .models import By, Carrier

HORIZON = timedelta(seconds=5)
"""How far ahead turns are given out: what is claimed is sent soon, whoever else comes."""

TOLERATED = 5
"""After so many failures of the carrier's own in a row, nobody tries for a while."""

SHUT_FIRST, SHUT_LONGEST = timedelta(seconds=30), timedelta(minutes=10)


TRIAL = timedelta(minutes=2)
"""So long the one message may take with which a carrier is tried; whoever had it may be gone."""


@dataclass(frozen=True)
class Turns:
    """Room for `number` messages, the first at `first`, `apart` from each other."""

    number: int
    first: datetime
    apart: timedelta
    trial: datetime | None = None
    """Until when the door is shut behind the one message with which the carrier is tried."""

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
    if first > now + HORIZON + apart:  # given out by a clock that was put back since
        first = now
    if carrier.shut_until and now < carrier.shut_until <= now + SHUT_LONGEST:
        return Turns(0, first, apart)
    if carrier.failures >= TOLERATED:
        return Turns(1, first, apart, first + TRIAL)
    room = max(int((now + HORIZON - first) / apart), 1 if first <= now + HORIZON else 0)
    return Turns(room, first, apart)


def take(by: By, turns: Turns, number: int) -> None:
    """Take the first `number` of the turns that were offered in this transaction.

    Behind a trial the door is shut, so that nothing else is risked until it is known how it went.
    """
    shut = {"shut_until": turns.trial} if turns.trial else {}
    _change(by, free_at=turns.at(number), **shut)


def is_shut(now: datetime) -> ColumnElement[bool]:
    """Return the condition of a carrier that nobody goes to at `now`.

    What was shut for longer than we ever shut was shut by a clock that was put back since.
    """
    return (Carrier.shut_until > now) & (Carrier.shut_until <= now + SHUT_LONGEST)


def is_open(by: By, now: datetime) -> ColumnElement[bool]:
    """Return the condition that whoever has a turn may still go, and not a trial alone."""
    barred = is_shut(now) | (Carrier.failures >= TOLERATED)
    return ~exists().where(Carrier.name == by, barred)


def _per_second(by: By) -> float:
    config = settings()
    return config.mail_per_second if by is By.MAIL else config.sms_per_second


def _hold(by: By, now: datetime) -> Carrier:
    fresh = insert(Carrier).values(name=by, free_at=now, failures=0, last_error="")
    quiet = {"synchronize_session": False}
    db.session.execute(fresh.on_conflict_do_nothing(), execution_options=quiet)
    held = select(Carrier).where(Carrier.name == by).with_for_update()
    return db.session.scalars(held.execution_options(populate_existing=True)).one()


def _change(by: By, *which: ColumnElement[bool], **values: object) -> None:
    change = update(Carrier).where(Carrier.name == by, *which).values(**values)
    db.session.execute(change, execution_options={"synchronize_session": False})


def went_well(by: By, now: datetime, trial: datetime | None = None) -> None:
    """Count no more failures; a trial that goes well opens the door that was shut behind it.

    Any other door stays shut: the carrier may have asked for it, whatever it still took meanwhile.
    """
    stays = is_shut(now) if trial is None else is_shut(now) & (Carrier.shut_until != trial)
    _change(
        by, Carrier.failures > 0, failures=0,
        shut_until=case((stays, Carrier.shut_until)),
        last_error=case((stays, Carrier.last_error), else_=""),
    )  # fmt: skip


def went_wrong(
    by: By, reason: str, wait: float | None, now: datetime, trial: datetime | None = None
) -> None:
    """Count a failure of the carrier's own; shut the door after too many or when it asked for it.

    Each further failure keeps it shut for twice as long, and none for less than before. Inside a
    transaction.
    """
    carrier = _hold(by, now)
    failures = carrier.failures + 1
    before = None if carrier.shut_until == trial else carrier.shut_until
    until = None
    if wait is not None:
        until = now + min(timedelta(seconds=max(wait, 0)), SHUT_LONGEST)
    elif failures >= TOLERATED:
        until = now + min(SHUT_FIRST * 2 ** min(failures - TOLERATED, 10), SHUT_LONGEST)
    if before and before <= now + SHUT_LONGEST:
        until = max(until or before, before)
    _change(by, failures=failures, shut_until=until, last_error=reason[:60])


def let_next(by: By, trial: datetime) -> None:
    """Let the next message try a carrier: of this one nothing was learnt. Inside a transaction."""
    _change(by, Carrier.shut_until == trial, shut_until=None)
