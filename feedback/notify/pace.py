"""How often and when a phone may get a text message from us.

Decides at the moment of handing over, from what the phone got before; who wants a message at all,
and whether it is still needed, is decided elsewhere. The hours, the numbers and the limit on equal
texts are the district's settings and what Chinese operators enforce: a third equal text to a phone
within a day is rejected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from .. import clock

EQUAL_TEXTS = 2
EQUAL_WITHIN = timedelta(hours=24)
ASKED_WITHIN = timedelta(days=30)

ASKS = frozenset({"invitation", "invitation_reminder"})
"""What we send unasked: only these have hours and a number."""

ABOUT_WISHES = frozenset({"answer_stopped", "answer_started"})
"""What a phone gets once more although it wants nothing from us: that we have understood."""


class Kind(StrEnum):
    """How much a text message matters to whom it is for."""

    ASK = "ask"
    ANSWER = "answer"
    NOTICE = "notice"  # what became of their matter: never lost in silence


URGENCY = {Kind.ANSWER: 0, Kind.NOTICE: 1, Kind.ASK: 2}


class Go(StrEnum):
    """What is to be done with a message now."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"
    PERSON = "person"  # somebody has to tell it otherwise


@dataclass(frozen=True)
class Got:
    """A text message that the phone got from us, or may have got."""

    at: datetime
    occasion: str
    text_digest: str | None


@dataclass(frozen=True)
class Limits:
    """The district's hours (by Shanghai's clock) and how many asks a phone may get in 30 days."""

    quiet_from: time
    quiet_until: time
    most: int


@dataclass(frozen=True)
class Verdict:
    """What is to be done; `at` says when, for later; `reason` is a code."""

    go: Go
    reason: str = ""
    at: datetime | None = None


NOW = Verdict(Go.NOW)


def kind_of(occasion: str) -> Kind:
    """Return how much a text message of this occasion matters."""
    if occasion in ASKS:
        return Kind.ASK
    return Kind.ANSWER if occasion.startswith("answer_") else Kind.NOTICE


def urgency_of(occasion: str) -> int:
    """Return whose turn is first (0) and last (2): somebody who has just written waits for us."""
    return URGENCY[kind_of(occasion)]


def verdict(
    now: datetime, occasion: str, digest: str, stopped: bool, got: Sequence[Got], limits: Limits
) -> Verdict:
    """Return what to do with a text message at `now`; `got` reaches back 30 days."""
    kind = kind_of(occasion)
    if stopped and occasion not in ABOUT_WISHES:
        return Verdict(Go.PERSON if kind is Kind.NOTICE else Go.NEVER, "stopped")
    if kind is Kind.ASK and (held := _hold_ask(now, got, limits)):
        return held
    return _hold_equal(now, kind, digest, got) or NOW


def _hold_ask(now: datetime, got: Sequence[Got], limits: Limits) -> Verdict | None:
    asked = [one.at for one in got if one.occasion in ASKS and one.at > now - ASKED_WITHIN]
    if len(asked) >= limits.most:
        return Verdict(Go.NEVER, "too_many")
    if is_quiet(now, limits):
        return Verdict(Go.LATER, "quiet", quiet_end(now, limits))
    today = clock.day_of(now)
    if any(clock.day_of(at) == today for at in asked):
        tomorrow = clock.moment_of(today + timedelta(days=1), limits.quiet_until)
        return Verdict(Go.LATER, "asked_today", tomorrow)
    return None


def _hold_equal(now: datetime, kind: Kind, digest: str, got: Sequence[Got]) -> Verdict | None:
    equal = sorted(
        one.at for one in got if one.text_digest == digest and one.at > now - EQUAL_WITHIN
    )
    if len(equal) < EQUAL_TEXTS:
        return None
    if kind is Kind.NOTICE:
        return Verdict(Go.LATER, "said_twice", equal[-EQUAL_TEXTS] + EQUAL_WITHIN)
    return Verdict(Go.NEVER, "said_twice")


def is_quiet(now: datetime, limits: Limits) -> bool:
    """Say whether nobody is to be asked at `now`; the hours may reach over midnight."""
    at = clock.local(now).time()
    if limits.quiet_from <= limits.quiet_until:
        return limits.quiet_from <= at < limits.quiet_until
    return at >= limits.quiet_from or at < limits.quiet_until


def quiet_end(now: datetime, limits: Limits) -> datetime:
    """Return the next moment at which the quiet hours end."""
    today = clock.day_of(now)
    end = clock.moment_of(today, limits.quiet_until)
    return end if end > now else clock.moment_of(today + timedelta(days=1), limits.quiet_until)
