"""What is to be made of a reply, in view of what the phone was asked and what it said before.

Decides by the reading and the situation alone, and never guesses: where a reply could mean two
services, or a rating and a reason, the citizen is asked. What a text says is `reading`'s matter.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from .reading import Meaning, Reading


class Made(StrEnum):
    """What was made of an incoming text."""

    REVIEW = "review"
    REVIEW_ASKED_WHY = "review_asked_why"  # kept, bad, and without a reason: asked for one
    REASON = "reason"
    ADDITION = "addition"
    ASKED_GRADE = "asked_grade"
    ASKED_WHICH = "asked_which"
    STOPPED = "stopped"
    STARTED = "started"
    LANGUAGE = "language"
    TOO_LATE = "too_late"
    OWN_SERVICE = "own_service"
    STRANGER = "stranger"
    NOTHING = "nothing"  # «thank you» needs no answer
    PERSON = "person"  # fits nothing: somebody has to look


ASKING = frozenset({Made.ASKED_GRADE, Made.ASKED_WHICH})

COURTESIES = frozenset({
    "谢谢", "谢谢你", "谢谢您", "谢谢了", "多谢", "感谢", "非常感谢", "好", "好的", "好嘞", "好滴", "嗯",
    "嗯嗯", "哦", "收到", "知道了", "辛苦了", "您辛苦了", "不客气", "不用谢", "客气了", "ok", "okay",
    "thanks", "thank you", "thx", "👍", "🙏", "👌", "[强]", "[玫瑰]",
})  # fmt: skip
"""What people say at the end of a talk. Only the whole text counts."""


@dataclass(frozen=True)
class Open:
    """A service that the phone was asked about and may still rate."""

    letter: str
    asked_at: datetime
    """When it was last asked about."""


@dataclass(frozen=True)
class Situation:
    """What a phone was asked and what it said before."""

    open: tuple[Open, ...] = ()
    """Newest first."""
    last_at: datetime | None = None
    """When the phone last wrote."""
    pending: Reading | None = None
    """What it wrote then, if we asked back."""
    wants_reason: bool = False
    """Whether its latest bad rating still lacks a reason that we asked for."""
    has_case: bool = False
    """Whether a matter of its own still takes words."""
    known: bool = False
    """Whether we ever wrote to it."""


@dataclass(frozen=True)
class Step:
    """What is to be done: `letter` names the service, `said` is the reply with what belongs to it."""

    made: Made
    said: Reading
    letter: str = ""


def next_step(reading: Reading, situation: Situation) -> Step:
    """Return what is to be made of a reply."""
    simple = {
        Meaning.STOP: Made.STOPPED, Meaning.START: Made.STARTED, Meaning.LANGUAGE: Made.LANGUAGE,
    }.get(reading.meaning)  # fmt: skip
    if simple:
        return Step(simple, reading)
    said = together(reading, situation.pending)
    if said.meaning is Meaning.RATING:
        return _rating(said, situation)
    if said.meaning is Meaning.CHOICE and situation.open:
        is_open = any(one.letter == said.letter for one in situation.open)
        asked = Made.ASKED_GRADE if is_open else Made.ASKED_WHICH
        return Step(asked, said, said.letter or "" if is_open else "")
    return Step(_words(said, situation), said)


def together(reading: Reading, pending: Reading | None) -> Reading:
    """Join a reply to the one before, about which we asked back: a grade there, a letter here."""
    if pending is None:
        return reading
    if reading.meaning is Meaning.CHOICE and pending.meaning is Meaning.RATING:
        return replace(pending, letter=reading.letter)
    if reading.meaning is Meaning.RATING and pending.meaning is Meaning.CHOICE:
        return replace(reading, letter=reading.letter or pending.letter)
    return reading


def _rating(said: Reading, situation: Situation) -> Step:
    if situation.open:
        meant = _meant(said, situation)
        return Step(Made.REVIEW, said, meant.letter) if meant else Step(Made.ASKED_WHICH, said)
    if said.words and situation.wants_reason:
        return Step(Made.REASON, said)
    if said.words and situation.has_case:
        return Step(Made.ADDITION, said)
    return Step(Made.TOO_LATE if situation.known else Made.STRANGER, said)


def _meant(said: Reading, situation: Situation) -> Open | None:
    """Return the service that is meant, if only one can be: the named one, the only one, or the only
    one asked about since the phone last wrote.
    """
    if said.letter:
        return next((one for one in situation.open if one.letter == said.letter), None)
    if len(situation.open) == 1:
        return situation.open[0]
    since = [one for one in situation.open if _asked_since(one, situation)]
    return since[0] if situation.last_at and len(since) == 1 else None


def _asked_since(one: Open, situation: Situation) -> bool:
    return situation.last_at is None or one.asked_at > situation.last_at


def _words(said: Reading, situation: Situation) -> Made:
    """Return what words without a grade are. Asked anew since, they may be an answer to that."""
    if said.words.strip(" 。.!！~～").lower() in COURTESIES:
        return Made.NOTHING
    asked_anew = any(_asked_since(one, situation) for one in situation.open)
    if not asked_anew and said.words:
        if situation.wants_reason:
            return Made.REASON
        if situation.has_case:
            return Made.ADDITION
    if situation.open:
        return Made.ASKED_GRADE if len(situation.open) == 1 else Made.ASKED_WHICH
    return Made.PERSON if situation.known else Made.STRANGER
