"""Keeping promises: every message is handed over at most once by us, and none is lost in silence.

Each step is a short transaction of its own, and none is open while a carrier is at work. How a
message becomes ours is in `claims`, when it is its turn in `carriers`, how often a phone may get one
in `pace`, how a carrier is asked in `asking`, a person's decisions in `decisions`.
"""

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
from ..logs import failure
from . import carriers, pace, phones
from .actions import phone_digest
from .asking import ask
from .claims import (
    BATCH,
    LEASE,
    NOTHING,
    QUIET,
    Claim,
    Claimed,
    Outcomes,
    Turn,
    again,
    change,
    claim,
    doubtful,
    note,
    reclaim,
)
from .edited import in_force
from .models import By, State, StoppedBy
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
from .shift import Shift
from .texts import digest_of, paced
from .wording import parameters, say, segments

__all__ = ["BATCH", "LEASE", "Outcomes", "always", "claim", "deliver", "reclaim"]

log = structlog.get_logger(__name__)

WORKERS = 6
"""How many messages are with one carrier at once; its own time does not hold up the others."""

LOOK_AFTER = timedelta(seconds=30)
"""How often lost claims are looked for and carriers asked while there is much to send."""

OVERSLEPT = LEASE / 3
"""Handing over takes a moment. After so long there is too little of the lease left for the carrier."""

A_LOOK = 0.2
"""Seconds after which a deliverer looks whether it is to stop."""

IDLE = 1.0
"""Seconds after which a carrier without work looks for some, as long as another is at work."""

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
    """How a message fared: its columns from now on, and what it says of carrier and phone."""

    state: State
    reason: str = ""
    provider_id: str = ""
    carriers_fault: bool = False
    wait: float | None = None
    """For how many seconds the carrier asked us to keep away."""
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

    1. claims of workers that are gone are taken back
    2. each carrier has hands of its own, so that a slow one holds up nobody else; one that has nothing
       to do keeps looking as long as another works, however long that takes
    3. beside the sending, the carrier is asked about what may have left

    Any number of deliverers may work at once. Opens its own transactions.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    round_ = Round(app, _clock_from(now), go_on, mailboxes, afresh, senders)
    shift = Shift(senders)
    outcomes = reclaim(now, senders)
    with ThreadPoolExecutor(len(senders), "carrier") as carriers_:
        for found in carriers_.map(lambda by: _deliver_by(by, round_, shift), senders):
            outcomes.update(found)
    return outcomes


def _deliver_by(by: By, round_: Round, shift: Shift) -> Outcomes:
    """Send what is due by one carrier.

    1. a batch is claimed, as many as there are turns for
    2. each is handed over in its turn, sent and recorded, several at once
    3. the same again until nothing is due for any carrier, or `go_on` says no: what was claimed and
       not yet handed over then comes back by itself when its lease lapses
    """
    try:
        return _work_through(by, round_, shift)
    finally:
        shift.lay_down(by)


def _work_through(by: By, round_: Round, shift: Shift) -> Outcomes:
    outcomes = Outcomes()
    with round_.app.app_context(), ThreadPoolExecutor(WORKERS, f"deliver-{by}") as workers:
        looking, look_after = workers.submit(_look_after, by, round_), round_.running()
        doing: set[Future[list[State]]] = {looking}
        while shift.take_up(by):
            if looking.done() and round_.running() >= look_after + LOOK_AFTER:
                looking, look_after = workers.submit(_look_after, by, round_), round_.running()
                doing.add(looking)
            claimed = _claim_more(by, round_, len(doing))
            doing |= {workers.submit(_take_turn, round_, turn) for turn in claimed.turns}
            if doing or claimed.wait is not None:
                done, doing = _wait(doing, claimed.wait, round_)
                outcomes.update(state for one in done for state in one.result())
            elif round_.go_on():
                _rest(by, round_, shift)
            else:
                break
    return outcomes


def _rest(by: By, round_: Round, shift: Shift) -> None:
    """Wait a little for work while the others are at theirs."""
    shift.lay_down(by)
    until = time.monotonic() + IDLE
    while not shift.is_over and round_.go_on() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, A_LOOK))


def _look_after(by: By, round_: Round) -> list[State]:
    """Take back lapsed claims and ask the carrier, beside the sending: it may be slow to say."""
    with round_.app.app_context():
        now, senders = round_.running(), round_.senders
        found = reclaim(now, senders) + ask(now, by, senders[by], round_.go_on)
        return list(found.elements())


def _clock_from(now: datetime) -> Callable[[], datetime]:
    """Return a clock that starts at `now` and cannot be set: leases are spans, not wall times."""
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)


def _claim_more(by: By, round_: Round, busy: int) -> Claimed:
    """Claim more if hands are about to be free; all turns given out, it says until when to wait."""
    if busy >= BATCH or not round_.go_on():
        return NOTHING
    return claim(by, round_.running(), BATCH - busy)


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
    sender, awake = round_.senders[claimed.by], _seconds_awake()
    try:
        letter = _hand_over(claimed, round_, sender)
        if not isinstance(letter, Letter):
            return letter
        _not_overslept(awake)
        outcome = _send(claimed, letter, sender, round_.senders)
    except Refused as refusal:  # it surely has not left
        outcome = Outcome(State.QUEUED, refusal.reason)
    except Exception as problem:
        log.error("delivery_failed", message=str(claimed.id), **failure(problem))
        return []
    try:
        return _record(claimed, outcome, round_.running())
    except Exception as problem:
        log.error("outcome_not_recorded", message=str(claimed.id), **failure(problem))
        return []


def _seconds_awake() -> float:
    """Return a clock that also counts while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _not_overslept(since: float) -> None:
    """Refuse to send what somebody else may have taken over: we, or the machine, stood still meanwhile.

    Raises Refused.
    """
    if _seconds_awake() - since > OVERSLEPT.total_seconds():
        raise Refused("overslept")


# -- handing over --------------------------------------------------------------------------------


def _hand_over(claimed: Claim, round_: Round, sender: Sender) -> Letter | list[State]:
    """Mark the message as handed over and return it as it goes out.

    After this mark nobody sends it again by himself. The lease starts anew. A text message that must
    not go now goes back, or is given up, and its state is returned instead; nothing is returned if
    somebody took it meanwhile, or the door was shut: then it goes back as it came. Raises Refused.
    """
    now = round_.running()
    with transaction():
        facts = round_.afresh(claimed.occasion, claimed.subject_id, now)
        if facts is None:
            return _record_held(claimed, Outcome(State.DROPPED, "not_wanted"), now)
        letter = _letter(claimed, _said(claimed, facts), round_.mailboxes)
        values: dict[str, Any] = {
            "handed_over_at": now, "lease_until": now + LEASE, "carrier": sender.name,
        }  # fmt: skip
        if not claimed.to_department:
            values |= {
                "text_digest": digest_of(letter.text), "parts": segments(letter.text),
                "to_phone_digest": phone_digest(letter.to[0]),  # a message of before had none
            }  # fmt: skip
            held = _held(claimed.occasion, values["to_phone_digest"], values["text_digest"], now)
            if held is not None:
                return _record_held(claimed, held, now)
        through = () if claimed.trial else (carriers.is_open(claimed.by, now),)
        if change(claimed, (State.SENDING,), values, *through):
            return letter
        return _put_back(claimed)


def _said(claimed: Claim, afresh: dict[str, Any]) -> dict[str, Any]:
    """Return all that a message says. No text message names an address where operators let none pass."""
    facts = {"receipt": "", **claimed.facts, **afresh}
    is_spared = not claimed.to_department and settings().sms_links == "off"
    return facts | {"link": ""} if is_spared else facts


def _put_back(claimed: Claim) -> list[State]:
    """Let a message wait at its old place before a door that was shut after it had been claimed."""
    values = {"state": State.QUEUED, "lease_until": None, "attempts": claimed.attempts - 1}
    change(claimed, (State.SENDING,), values)
    return []


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
    if claimed.trial:
        carriers.let_next(claimed.by, claimed.trial)
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
        by_name = parameters(occasion, locale, facts) if not claimed.to_department else {}
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
        return Outcome(State.QUEUED, trouble.reason, carriers_fault=True, wait=trouble.wait)
    except Refused as refusal:
        return Outcome(State.QUEUED, refusal.reason)
    except Rejected as no:
        return _rejected(claimed, no)
    except NotSent as doubt:
        fault = isinstance(doubt, Uncertain) and doubt.carriers_fault
        return Outcome(doubtful(claimed.by, senders), doubt.reason, carriers_fault=fault)
    except Exception as problem:
        log.error("sender_failed", message=str(claimed.id), **failure(problem))
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
        values |= again(claimed.attempts, now)
    elif outcome.state is State.ASKING:
        values["next_try_at"] = now + QUIET
    elif outcome.state is State.SENT:
        values |= {"sent_at": now, "provider_id": outcome.provider_id or None}
    elif outcome.state in (State.GIVEN_UP, State.DROPPED):
        values["handed_over_at"] = None  # it has not left, so it counts for nothing
    return values


def _record_carrier(claimed: Claim, outcome: Outcome, now: datetime) -> None:
    """Keep what this says of the carrier and of the phone's wishes."""
    if outcome.carriers_fault:
        carriers.went_wrong(claimed.by, outcome.reason, outcome.wait, now, claimed.trial)
    elif outcome.state is State.SENT:
        carriers.went_well(claimed.by, now, claimed.trial)
    elif claimed.trial:
        carriers.let_next(claimed.by, claimed.trial)
    if outcome.opted_out and claimed.to_phone_digest:
        phones.stop(phones.hold(claimed.to_phone_digest), StoppedBy.CARRIER, SYSTEM, now)
