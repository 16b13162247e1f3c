"""Keeping promises: every message is handed over at most once by us, and none is lost in silence.

Each step is a short transaction of its own, and none is open while a carrier is at work. How a
message becomes ours is in `claims`, when it is its turn in `carriers`, how often a phone may get one
in `pace`, how a carrier is asked in `asking`, a person's decisions in `decisions`.
"""

import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Flask, current_app

from .. import privacy
from ..config import settings
from ..db import transaction
from ..ledger.actions import SYSTEM
from . import carriers, pace, phones
from .asking import ask
from .backoff import next_try_at
from .claims import (
    BATCH,
    LEASE,
    QUIET,
    Claim,
    Outcomes,
    Turn,
    change,
    claim,
    doubtful,
    note,
    reclaim,
)
from .edited import in_force
from .models import State, StoppedBy
from .senders import (
    Letter,
    NotSent,
    OptedOut,
    Refused,
    Rejected,
    Sender,
    Senders,
    Uncertain,
    Unreachable,
)
from .texts import digest_of, paced
from .wording import parameters, say, segments

__all__ = ["BATCH", "LEASE", "Outcomes", "always", "claim", "deliver", "reclaim"]

log = structlog.get_logger(__name__)

WORKERS = 8
"""How many messages are with carriers at once; a carrier's own time does not hold up the others."""

LOOK_AFTER = timedelta(seconds=30)
"""How often lost claims are looked for and carriers asked while there is much to send."""

A_LOOK = 0.2
"""Seconds after which a deliverer looks whether it is to stop."""

Mailboxes = Callable[[str, str], list[str]]
"""Finds the addresses of a department (its code) for an occasion; belongs to a later room."""

Afresh = Callable[[str, str, datetime], dict[str, Any] | None]
"""Returns what a message (occasion, subject) says that is not kept with it, such as a one-time link;
None if it has lost its reason meanwhile. Belongs to a later room."""


def always() -> bool:
    """Go on until there is nothing left to do."""
    return True


def nothing_new(_occasion: str, _subject_id: str, _now: datetime) -> dict[str, Any]:
    """Take every message to have its reason still, and to say what is kept with it."""
    return {}


@dataclass(frozen=True)
class Round:
    """What everybody who works in one round of delivering needs."""

    app: Flask
    running: Callable[[], datetime]
    go_on: Callable[[], bool]
    mailboxes: Mailboxes
    afresh: Afresh
    senders: Senders


@dataclass(frozen=True)
class Outcome:
    """How a message fared: its columns from now on, and what was the trouble with its carrier."""

    state: State
    reason: str = ""
    provider_id: str = ""
    trouble: Unreachable | None = None
    opted_out: bool = False
    at: datetime | None = None


def deliver(
    now: datetime,
    mailboxes: Mailboxes,
    senders: Senders,
    go_on: Callable[[], bool] = always,
    afresh: Afresh = nothing_new,
) -> Outcomes:
    """Send everything that is due at `now` and return how it went.

    1. claims of workers that are gone are taken back, and carriers are asked about what may have left,
       again and again beside the rest
    2. of each carrier's messages a batch is claimed, as many as it has turns for
    3. each is handed over in its turn, sent and recorded, several at once
    4. the same again until nothing is due, or `go_on` says no: what was claimed and not yet handed
       over then comes back by itself when its lease lapses

    Any number of deliverers may work at once. Opens its own transactions.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    round_ = Round(app, _clock_from(now), go_on, mailboxes, afresh, senders)
    outcomes, look_after = reclaim(now, senders), now
    with ThreadPoolExecutor(WORKERS, "deliver") as workers:
        doing: set[Future[list[State]]] = set()
        while True:
            if round_.running() >= look_after and go_on():
                look_after = round_.running() + LOOK_AFTER
                doing.add(workers.submit(_look_after, round_))
            turns, until = _claim_more(round_, len(doing))
            doing |= {workers.submit(_take_turn, round_, turn) for turn in turns}
            if not doing and until is None:
                return outcomes
            done, doing = _wait(doing, until, round_)
            outcomes.update(state for one in done for state in one.result())


def _look_after(round_: Round) -> list[State]:
    """Take back lapsed claims and ask carriers, beside the sending: a carrier may be slow to say."""
    with round_.app.app_context():
        now = round_.running()
        return list(
            (reclaim(now, round_.senders) + ask(now, round_.senders, round_.go_on)).elements()
        )


def _clock_from(now: datetime) -> Callable[[], datetime]:
    """Return a clock that starts at `now` and cannot be set: leases are spans, not wall times."""
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)


def _claim_more(round_: Round, busy: int) -> tuple[list[Turn], datetime | None]:
    """Claim more if hands are about to be free; say until when to wait if turns are all given out."""
    if busy >= BATCH or not round_.go_on():
        return [], None
    found = [claim(by, round_.running(), BATCH - busy) for by in round_.senders]
    waits = [one.wait for one in found if one.wait]
    return [turn for one in found for turn in one.turns], min(waits, default=None)


def _wait(
    doing: set[Future[list[State]]], until: datetime | None, round_: Round
) -> tuple[Iterable[Future[list[State]]], set[Future[list[State]]]]:
    """Wait until somebody is done, the next turn comes, or it is time to look again."""
    if doing:
        return wait(doing, A_LOOK, FIRST_COMPLETED)
    seconds = (until - round_.running()).total_seconds() if until else 0
    time.sleep(min(max(seconds, 0.001), A_LOOK))
    return (), doing


def _take_turn(round_: Round, turn: Turn) -> list[State]:
    """Wait for the turn, then deliver; a stop meanwhile leaves the message to the lapse of its lease."""
    while (left := (turn.at - round_.running()).total_seconds()) > 0:
        if not round_.go_on():
            return []
        time.sleep(min(left, A_LOOK))
    if not round_.go_on():
        return []
    with round_.app.app_context():
        return _deliver(turn.claim, round_)


def _deliver(claimed: Claim, round_: Round) -> list[State]:
    """Hand over, send and record one message; return its state, or nothing if we were overtaken.

    Trouble with one message must not hold up the others: it is logged, and the claim's lapse
    brings the message back or before a person.
    """
    sender = round_.senders[claimed.by]
    try:
        letter = _hand_over(claimed, round_, sender)
        if not isinstance(letter, Letter):
            return letter
        outcome = _send(claimed, letter, sender, round_.senders)
    except Refused as refusal:  # before it was handed over
        outcome = Outcome(State.QUEUED, refusal.reason)
    except Exception as problem:
        log.error("delivery_failed", message=str(claimed.id), error=type(problem).__name__)
        return []
    try:
        return _record(claimed, outcome, round_.running())
    except Exception as problem:
        log.error("outcome_not_recorded", message=str(claimed.id), error=type(problem).__name__)
        return []


# -- handing over --------------------------------------------------------------------------------


def _hand_over(claimed: Claim, round_: Round, sender: Sender) -> Letter | list[State]:
    """Mark the message as handed over and return it as it goes out.

    After this mark nobody sends it again by himself. The lease starts anew. A text message that must
    not go now goes back, or is given up, and its state is returned instead; nothing is returned if
    somebody took it meanwhile. Raises Refused.
    """
    now = round_.running()
    with transaction():
        facts = round_.afresh(claimed.occasion, claimed.subject_id, now)
        if facts is None:
            return _record_held(claimed, Outcome(State.DROPPED, "not_wanted"), now)
        letter = _letter(claimed, claimed.facts | facts, round_.mailboxes)
        values: dict[str, Any] = {
            "handed_over_at": now, "lease_until": now + LEASE, "carrier": sender.name,
        }  # fmt: skip
        if claimed.to_phone_digest:
            values |= {"text_digest": digest_of(letter.text), "parts": segments(letter.text)}
            held = _held(claimed.occasion, claimed.to_phone_digest, values["text_digest"], now)
            if held is not None:
                return _record_held(claimed, held, now)
        return letter if change(claimed, (State.SENDING,), values) else []


def _held(occasion: str, phone_digest: str, text: str, now: datetime) -> Outcome | None:
    """Return what becomes of a text message that must not go now, else None."""
    found = paced(occasion, phone_digest, text, now)
    if found.go is pace.Go.LATER:
        return Outcome(State.QUEUED, found.reason, at=found.at)
    ends = {pace.Go.NEVER: State.DROPPED, pace.Go.PERSON: State.GIVEN_UP}
    return Outcome(ends[found.go], found.reason) if found.go in ends else None


def _record_held(claimed: Claim, outcome: Outcome, now: datetime) -> list[State]:
    """Put a message back for later without counting the try, or end it."""
    values: dict[str, Any] = {
        "state": outcome.state, "lease_until": None, "last_error": outcome.reason,
    }  # fmt: skip
    if outcome.state is State.QUEUED:
        values |= {"next_try_at": outcome.at, "attempts": claimed.attempts - 1}
    if not change(claimed, (State.SENDING,), values):
        return []
    note(now, claimed, outcome.state, outcome.reason)
    return [outcome.state]


def _letter(claimed: Claim, facts: dict[str, Any], mailboxes: Mailboxes) -> Letter:
    if claimed.to_department:
        to = mailboxes(claimed.to_department, claimed.occasion)
        if not to:
            raise Refused("no_mailbox")
        return _addressed(claimed, facts, to)
    return _addressed(claimed, facts, [_phone(claimed)])


def _addressed(claimed: Claim, facts: dict[str, Any], to: list[str]) -> Letter:
    occasion, locale = claimed.occasion, claimed.locale
    edited = in_force(occasion, locale)
    try:
        words = say(occasion, claimed.by, locale, facts, settings().district, edited)
        by_name = parameters(occasion, locale, facts) if claimed.to_phone_digest else {}
    except Exception as problem:  # whatever is wrong with it, a person will see it
        raise Refused(f"no_words_{type(problem).__name__}") from problem
    return Letter(
        claimed.id, claimed.fence, to, words.subject, words.text, occasion, locale, by_name
    )


def _phone(claimed: Claim) -> str:
    keys, sealed = settings().data_keys, claimed.to_phone_sealed or ""
    try:
        return privacy.unseal(keys, "messages", "to_phone", claimed.id, sealed)
    except Exception as problem:  # its key is gone, or the row was tampered with
        raise Refused(f"no_phone_{type(problem).__name__}") from problem


# -- sending and recording -----------------------------------------------------------------------


def _send(claimed: Claim, letter: Letter, sender: Sender, senders: Senders) -> Outcome:
    """Call the carrier, with no transaction open, and return what is certain afterwards."""
    try:
        return Outcome(State.SENT, provider_id=sender.send(letter))
    except Unreachable as trouble:
        return Outcome(State.QUEUED, trouble.reason, trouble=trouble)
    except Refused as refusal:
        return Outcome(State.QUEUED, refusal.reason)
    except Rejected as no:
        return _rejected(claimed, no)
    except (Uncertain, NotSent) as doubt:
        return Outcome(doubtful(claimed.by, senders), doubt.reason)
    except Exception as problem:
        log.error("sender_failed", message=str(claimed.id), error=type(problem).__name__)
        return Outcome(doubtful(claimed.by, senders), f"failed_{type(problem).__name__}")


def _rejected(claimed: Claim, no: Rejected) -> Outcome:
    """Give up what will never arrive. An invitation that nobody can get needs no person."""
    notice = pace.kind_of(claimed.occasion) is pace.Kind.NOTICE
    state = State.GIVEN_UP if notice else State.DROPPED
    return Outcome(state, no.reason, opted_out=isinstance(no, OptedOut))


def _record(claimed: Claim, outcome: Outcome, now: datetime) -> list[State]:
    """Write down how it went, unless the message is no longer ours.

    Somebody may have found our lease lapsed and the outcome uncertain; we know better, as long as
    no person has decided. The carrier itself may have told before us that it was sent: that stays.
    """
    values = _columns(claimed, outcome, now)
    with transaction():
        _record_carrier(claimed, outcome, now)
        if not change(claimed, (State.SENDING, State.ASKING, State.UNCERTAIN), values):
            return []
        note(now, claimed, values["state"], outcome.reason)
    return [values["state"]]


def _columns(claimed: Claim, outcome: Outcome, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": outcome.state, "lease_until": None, "last_error": outcome.reason,
    }  # fmt: skip
    if outcome.state is State.QUEUED:
        values |= _again(claimed.attempts, now)
    elif outcome.state is State.ASKING:
        values["next_try_at"] = now + QUIET
    elif outcome.state is State.SENT:
        values |= {"sent_at": now, "provider_id": outcome.provider_id or None}
    elif outcome.state in (State.GIVEN_UP, State.DROPPED):
        values["handed_over_at"] = None  # it has not left, so it counts for nothing
    return values


def _again(attempts: int, now: datetime) -> dict[str, Any]:
    """Return the columns of a message that certainly did not leave: later, or given up."""
    later = next_try_at(now, attempts, random.random())  # noqa: S311  spreads, guards nothing
    if later is None:
        return {"state": State.GIVEN_UP}
    return {"state": State.QUEUED, "next_try_at": later, "handed_over_at": None}


def _record_carrier(claimed: Claim, outcome: Outcome, now: datetime) -> None:
    """Keep what this says of the carrier and of the phone's wishes."""
    if outcome.trouble:
        carriers.went_wrong(claimed.by, outcome.reason, outcome.trouble.wait, now)
    elif outcome.state is State.SENT:
        carriers.went_well(claimed.by)
    if outcome.opted_out and claimed.to_phone_digest:
        phones.stop(phones.hold(claimed.to_phone_digest), StoppedBy.CARRIER, SYSTEM, now)
