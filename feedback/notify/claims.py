"""Making messages ours for a while, in turns, and taking back what a lost worker had.

A claim has an expiry and a number (`fence`): whoever finds the number changed has been overtaken and
does nothing. Every change of a message on its way goes through `change`.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from ..db import db, transaction
from ..ledger.actions import SYSTEM, Line, write
from . import carriers
from .backoff import ATTEMPTS, next_try_at
from .models import By, Message, State
from .senders import Senders, can_be_asked

BATCH = 20
LEASE = timedelta(seconds=90)

QUIET = timedelta(seconds=60)
"""After a lost handing over, before the carrier is asked: its list may lag behind."""

ORDER = (Message.urgency, Message.next_try_at, Message.id)
"""Whose turn is first: the urgent, then the longest waiting."""

Outcomes = Counter[State]
"""How many messages came to stand where."""

NOTED = frozenset(State) - {State.QUEUED, State.SENDING, State.ASKING, State.DELIVERED}
"""What ends our own trying, or needs a person, leaves a line in the ledger."""


@dataclass(frozen=True)
class Claim:
    """A message that is ours until its lease lapses."""

    id: UUID
    fence: int
    attempts: int
    occasion: str
    facts: dict[str, Any]
    locale: str
    by: By
    to_department: str | None
    to_phone_sealed: str | None
    to_phone_digest: str | None
    subject_id: str
    trial: datetime | None = None
    """Until when the door is shut behind it, if the carrier is being tried with it alone."""


KEPT = tuple(getattr(Message, name) for name in Claim.__dataclass_fields__ if name != "trial")


@dataclass(frozen=True)
class Turn:
    """A claim and the moment at which it may be handed over."""

    claim: Claim
    at: datetime


@dataclass(frozen=True)
class Claimed:
    """What was claimed; `wait` says until when to wait where all turns are given out."""

    turns: Sequence[Turn]
    wait: datetime | None = None


NOTHING = Claimed(())


def claim(by: By, now: datetime, at_most: int = BATCH) -> Claimed:
    """Make a batch of what is due ours, the urgent first, then the longest waiting, each with its turn.

    Others' claims are stepped over. Opens its own transaction.
    """
    with transaction():
        turns = carriers.offer(by, now)
        number = min(turns.number, at_most)
        ids = _due(by, now, max(number, 1))
        if not ids:
            return NOTHING
        if not number:
            return Claimed((), turns.first if turns.first > now else None)
        carriers.take(by, turns, len(ids))
        return Claimed(_make_ours(ids, turns))


def _due(by: By, now: datetime, limit: int) -> Sequence[UUID]:
    due = (
        select(Message.id)
        .where(Message.state == State.QUEUED, Message.by == by, Message.next_try_at <= now)
        .order_by(*ORDER)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return db.session.scalars(due).all()


def _make_ours(ids: Sequence[UUID], turns: carriers.Turns) -> list[Turn]:
    claimed = {
        "state": State.SENDING, "lease_until": turns.at(len(ids)) + LEASE,
        "attempts": Message.attempts + 1, "fence": Message.fence + 1, "handed_over_at": None,
        "asked_at": None,
    }  # fmt: skip
    mine = update(Message).where(Message.id.in_(ids)).values(claimed)
    db.session.execute(mine, execution_options={"synchronize_session": False})
    rows = db.session.execute(select(*KEPT).where(Message.id.in_(ids)).order_by(*ORDER))
    return [
        Turn(replace(Claim(*row), trial=turns.trial), turns.at(place))
        for place, row in enumerate(rows)
    ]


def change(
    message: Any, come_from: Sequence[State], values: dict[str, Any], *provided: ColumnElement[bool]
) -> bool:
    """Change a message that is still as it was met (`id`, `fence`); say whether it was.

    Nothing changes unless what is `provided` holds besides. Inside a transaction.
    """
    ours = update(Message).where(
        Message.id == message.id, Message.fence == message.fence, Message.state.in_(come_from),
        *provided,
    )  # fmt: skip
    changed = ours.values(values).returning(Message.id)
    options = {"synchronize_session": False}
    return db.session.scalar(changed, execution_options=options) is not None


def note(now: datetime, message: Any, state: State, reason: str) -> None:
    """Write the ledger line of an outcome, if it ends our own trying. Inside a transaction."""
    if state in NOTED:
        facts = {"occasion": message.occasion, "attempts": message.attempts, "reason": reason}
        write(now, SYSTEM, Line("message", message.id, state.value, facts))


def again(attempts: int, now: datetime) -> dict[str, Any]:
    """Return the columns of a message that certainly did not leave: later, or given up."""
    later = next_try_at(now, attempts, random.random())  # noqa: S311  spreads, guards nothing
    if later is None:
        return {"state": State.GIVEN_UP, "handed_over_at": None}
    return {"state": State.QUEUED, "next_try_at": later, "handed_over_at": None}


def reclaim(now: datetime, senders: Senders) -> Outcomes:
    """Take back the claims whose lease lapsed: their worker was killed or hangs.

    What was not handed over yet has certainly not left and is queued again. For the rest the
    carrier is asked, or a person if it cannot be. Opens its own transaction.
    """
    columns = (
        Message.id, Message.fence, Message.occasion, Message.attempts, Message.handed_over_at,
        Message.by,
    )  # fmt: skip
    lapsed = (
        select(*columns)
        .where(Message.state == State.SENDING, Message.lease_until <= now)
        .with_for_update(skip_locked=True)
    )
    outcomes = Outcomes()
    with transaction() as session:
        for row in session.execute(lapsed).all():
            state = _after_lapse(row, senders)
            values: dict[str, Any] = {
                "state": state, "lease_until": None, "last_error": "lease_lapsed",
            }  # fmt: skip
            if state is State.ASKING:
                values["next_try_at"] = now + QUIET
            if change(row, (State.SENDING,), values):
                note(now, row, state, "lease_lapsed")
                outcomes[state] += 1
    return outcomes


def _after_lapse(message: Any, senders: Senders) -> State:
    """Return where a message goes whose worker was lost. One that loses every worker is given up."""
    if message.handed_over_at is not None:
        return doubtful(message.by, senders)
    return State.GIVEN_UP if message.attempts >= ATTEMPTS else State.QUEUED


def doubtful(by: By, senders: Senders) -> State:
    """Return where a message goes that may have left: its carrier is asked, or a person."""
    return State.ASKING if can_be_asked(senders[by]) else State.UNCERTAIN
