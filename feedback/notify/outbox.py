"""Keeping promises: every message is handed over at most once by us, and none is lost in silence.

Each step is a short transaction of its own, and none is open while a carrier is at work. A claim
has an expiry and a number (`fence`): whoever finds the number changed has been overtaken and does
nothing. A person's decisions are in `decisions.py`.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update

from .. import privacy
from ..config import settings
from ..db import db, transaction
from ..ledger.actions import SYSTEM, Line, write
from .backoff import ATTEMPTS, next_try_at
from .models import By, Message, State
from .senders import Letter, NotSent, Refused, Sender, Senders
from .wording import Words, say

log = structlog.get_logger(__name__)

BATCH = 20
LEASE = timedelta(seconds=90)

Mailboxes = Callable[[str, str], list[str]]
"""Finds the addresses of a department (its code) for an occasion; belongs to a later room."""

Outcomes = Counter[State]
"""How many messages came to stand where."""


def always() -> bool:
    """Go on until there is nothing left to do."""
    return True


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


def deliver(
    now: datetime, mailboxes: Mailboxes, senders: Senders, go_on: Callable[[], bool] = always
) -> Outcomes:
    """Send everything that is due at `now` and return how it went.

    1. claims of workers that are gone are taken back
    2. a batch is claimed
    3. each message of it is handed over, sent and recorded
    4. the same again until nothing is due, or `go_on` says no: what was claimed and not yet handed
       over then comes back by itself when its lease lapses

    Any number of deliverers may work at once. Opens its own transactions.
    """
    running = _clock_from(now)
    outcomes = reclaim(now)
    while go_on() and (claims := claim(now, running() + LEASE)):
        for one in claims:
            if go_on():
                outcomes.update(_deliver(one, mailboxes, senders[one.by], running))
    return outcomes


def _clock_from(now: datetime) -> Callable[[], datetime]:
    """Return a clock that starts at `now` and cannot be set: leases are spans, not wall times."""
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)


def claim(due_by: datetime, lease_until: datetime) -> Sequence[Claim]:
    """Make a batch of what is due ours, longest waiting first. Others' claims are stepped over."""
    due = (
        select(Message.id)
        .where(Message.state == State.QUEUED, Message.next_try_at <= due_by)
        .order_by(Message.next_try_at, Message.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    claimed = {
        "state": State.SENDING, "lease_until": lease_until, "attempts": Message.attempts + 1,
        "fence": Message.fence + 1, "handed_over_at": None,
    }  # fmt: skip
    with transaction() as session:
        ids = session.scalars(due).all()
        if not ids:
            return []
        mine = update(Message).where(Message.id.in_(ids)).values(claimed)
        session.execute(mine, execution_options={"synchronize_session": False})
        columns = [getattr(Message, name) for name in Claim.__dataclass_fields__]
        rows = session.execute(select(*columns).where(Message.id.in_(ids)).order_by(Message.id))
        return [Claim(*row) for row in rows]


def _deliver(
    claimed: Claim, mailboxes: Mailboxes, sender: Sender, running: Callable[[], datetime]
) -> list[State]:
    """Hand over, send and record one message; return its state, or nothing if we were overtaken.

    Trouble with one message must not hold up the others: it is logged, and the claim's lapse
    brings the message back or before a person.
    """
    try:
        letter = _hand_over(claimed, mailboxes, running())
        if letter is None:
            return []
        state, reason = _send(claimed, letter, sender)
    except Refused as refusal:  # before it was handed over
        state, reason = State.QUEUED, refusal.reason
    except Exception as problem:
        log.error("delivery_failed", message=str(claimed.id), error=type(problem).__name__)
        return []
    try:
        return _record(claimed, state, reason, running())
    except Exception as problem:
        log.error("outcome_not_recorded", message=str(claimed.id), error=type(problem).__name__)
        return []


def _hand_over(claimed: Claim, mailboxes: Mailboxes, now: datetime) -> Letter | None:
    """Mark the message as handed over and return it, or None if somebody took it meanwhile.

    After this mark nobody sends it again by himself. The lease starts anew. Raises Refused.
    """
    values = {"handed_over_at": now, "lease_until": now + LEASE}
    with transaction():
        letter = _letter(claimed, mailboxes)
        return letter if _change(claimed, (State.SENDING,), values) else None


def _letter(claimed: Claim, mailboxes: Mailboxes) -> Letter:
    if claimed.to_department:
        to = mailboxes(claimed.to_department, claimed.occasion)
        if not to:
            raise Refused("no_mailbox")
        return _addressed(claimed, to)
    return _addressed(claimed, [_phone(claimed)])


def _addressed(claimed: Claim, to: list[str]) -> Letter:
    words = _words(claimed)
    return Letter(claimed.id, claimed.fence, to, words.subject, words.text)


def _words(claimed: Claim) -> Words:
    try:
        return say(claimed.occasion, claimed.by, claimed.locale, claimed.facts, settings().district)
    except Exception as problem:  # whatever is wrong with it, a person will see it
        raise Refused(f"no_words_{type(problem).__name__}") from problem


def _phone(claimed: Claim) -> str:
    keys, sealed = settings().data_keys, claimed.to_phone_sealed or ""
    try:
        return privacy.unseal(keys, "messages", "to_phone", claimed.id, sealed)
    except Exception as problem:  # its key is gone, or the row was tampered with
        raise Refused(f"no_phone_{type(problem).__name__}") from problem


def _send(claimed: Claim, letter: Letter, sender: Sender) -> tuple[State, str]:
    """Call the carrier, with no transaction open, and return what is certain afterwards."""
    try:
        sender.send(letter)
    except Refused as refusal:
        return State.QUEUED, refusal.reason
    except NotSent as doubt:
        return State.UNCERTAIN, doubt.reason
    except Exception as problem:
        log.error("sender_failed", message=str(claimed.id), error=type(problem).__name__)
        return State.UNCERTAIN, f"failed_{type(problem).__name__}"
    return State.SENT, ""


def _record(claimed: Claim, state: State, reason: str, now: datetime) -> list[State]:
    """Write down how it went, unless the message is no longer ours.

    Somebody may have found our lease lapsed and the outcome uncertain; we know better, as long as
    no person has decided.
    """
    values: dict[str, Any] = {"state": state, "lease_until": None, "last_error": reason}
    if state is State.QUEUED:
        values |= _again(claimed.attempts, now)
    elif state is State.SENT:
        values["sent_at"] = now
    with transaction():
        if not _change(claimed, (State.SENDING, State.UNCERTAIN), values):
            return []
        _note(now, claimed, values["state"], reason)
    return [values["state"]]


def _again(attempts: int, now: datetime) -> dict[str, Any]:
    """Return the columns of a message that certainly did not leave: later, or given up."""
    later = next_try_at(now, attempts, random.random())  # noqa: S311  spreads, guards nothing
    if later is None:
        return {"state": State.GIVEN_UP}
    return {"state": State.QUEUED, "next_try_at": later, "handed_over_at": None}


def _change(claimed: Any, come_from: tuple[State, ...], values: dict[str, Any]) -> bool:
    """Change a message that is still ours; say whether it was."""
    ours = update(Message).where(
        Message.id == claimed.id, Message.fence == claimed.fence, Message.state.in_(come_from)
    )
    changed = ours.values(values).returning(Message.id)
    options = {"synchronize_session": False}
    return db.session.scalar(changed, execution_options=options) is not None


def _note(now: datetime, message: Any, state: State, reason: str) -> None:
    """Write the ledger line of an outcome that ends our own trying."""
    if state is State.QUEUED:
        return
    facts = {"occasion": message.occasion, "attempts": message.attempts, "reason": reason}
    write(now, SYSTEM, Line("message", message.id, state.value, facts))


def reclaim(now: datetime) -> Outcomes:
    """Take back the claims whose lease lapsed: their worker was killed or hangs.

    What was not handed over yet has certainly not left and is queued again; whether the rest left
    nobody knows, so it waits for a person. Opens its own transaction.
    """
    columns = (
        Message.id, Message.fence, Message.occasion, Message.attempts, Message.handed_over_at,
    )  # fmt: skip
    lapsed = (
        select(*columns)
        .where(Message.state == State.SENDING, Message.lease_until <= now)
        .with_for_update(skip_locked=True)
    )
    outcomes = Outcomes()
    with transaction() as session:
        for row in session.execute(lapsed).all():
            state = _after_lapse(row)
            values = {"state": state, "lease_until": None, "last_error": "lease_lapsed"}
            if _change(row, (State.SENDING,), values):
                _note(now, row, state, "lease_lapsed")
                outcomes[state] += 1
    return outcomes


def _after_lapse(message: Any) -> State:
    """Return where a message goes whose worker was lost. One that loses every worker is given up."""
    if message.handed_over_at is not None:
        return State.UNCERTAIN
    return State.GIVEN_UP if message.attempts >= ATTEMPTS else State.QUEUED
