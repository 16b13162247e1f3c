"""What is to be made of a reply, in view of what the phone was asked and what it said before.

Decides by the reading and the situation alone, and never guesses: where a reply could mean two
services, or a rating and a reason, the citizen is asked. What a text says is `reading`'s matter.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ..catalog.grades import Grade
from .naming import names_nothing_else, services_named
from .reading import Meaning, Reading, contradicts, tells_more


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
SETTLING = frozenset({Made.REVIEW, Made.REVIEW_ASKED_WHY, Made.REASON, Made.ADDITION})
"""What ends our waiting for an answer: the words are where they belong, or the grade was said."""

COURTESIES = frozenset({
    "谢谢", "谢谢你", "谢谢您", "谢谢了", "谢谢你们", "谢谢大家", "多谢", "感谢", "非常感谢", "好", "好的",
    "好嘞", "好滴", "嗯", "嗯嗯", "哦", "收到", "知道了", "辛苦", "辛苦了", "您辛苦了", "你们辛苦了",
    "不客气", "不用谢", "客气了", "ok", "okay", "thanks", "thank you", "thx", "👍", "🙏", "👌", "[强]",
    "[玫瑰]",
})  # fmt: skip
"""What people say at the end of a talk. Only if nothing else is said."""

ENOUGH = 2
"""So often in a row we ask back; who is then still not understood is looked after by a person."""


ANSWERED_WITHIN = timedelta(hours=6)
"""Who answers a text answers soon; a complaint that nobody understood is to be read the same day."""


@dataclass(frozen=True)
class Open:
    """A service that the phone was asked about and may still rate."""

    letter: str
    asked_at: datetime
    """When it was last asked about."""
    item: str = ""
    """What it is called."""


@dataclass(frozen=True)
class Situation:
    """What a phone was asked and what it said before."""

    open: tuple[Open, ...] = ()
    """Newest first."""
    last_at: datetime | None = None
    """When the phone last wrote."""
    pending: Reading | None = None
    """What it wrote then, if we asked back."""
    asked_back: int = 0
    """How often in a row we asked back before this text."""
    asked_why_at: datetime | None = None
    """When we asked for the reason of its latest bad rating, if that still lacks one."""
    has_case: bool = False
    """Whether a matter of its own still takes words."""
    known: bool = False
    """Whether we ever wrote to it."""

    @property
    def wants_reason(self) -> bool:
        """Whether the next words may be a reason. Not once another service was asked about: the two
        questions stand side by side then, whatever courtesies were said in between.
        """
        why = self.asked_why_at
        return why is not None and all(one.asked_at <= why for one in self.open)

    @property
    def letters(self) -> set[str]:
        """The letters of what is open."""
        return {one.letter for one in self.open}


@dataclass(frozen=True)
class Step:
    """What is to be done: `letter` names the service, `said` is the reply with what belongs to it."""

    made: Made
    said: Reading
    letter: str = ""
    also: "Step | None" = None
    """The review that a wish to stop came with; its words stand there only."""

    @property
    def must_be_answered(self) -> bool:
        """Whether something would be lost if our question stays unanswered: a grade, or a story."""
        tells = self.said.grade is not None or tells_more(self.said.words)
        return self.made in ASKING and tells


def next_step(reading: Reading, situation: Situation) -> Step:
    """Return what is to be made of a reply."""
    simple = {Meaning.START: Made.STARTED, Meaning.LANGUAGE: Made.LANGUAGE}.get(reading.meaning)
    if simple:
        return Step(simple, reading)
    if reading.meaning is Meaning.STOP:
        return _stop(reading, situation)
    reading = naming(reading, situation.open, is_asked_back=situation.pending is not None)
    said = _without_courtesy(together(reading, _pending(reading, situation)))
    if said.meaning is Meaning.RATING:
        return _rating(said, situation)
    if said.meaning is Meaning.CHOICE and situation.open:
        return _choice(said, situation)
    return Step(_words(reading, situation), reading)


def naming(reading: Reading, open_: tuple[Open, ...], *, is_asked_back: bool = True) -> Reading:
    """Return a reading with the letter of the one open service that it calls by a name of its own.

    Words that only name a service choose it, where we asked which.
    """
    if reading.letter or len(open_) < 2 or reading.meaning not in (Meaning.RATING, Meaning.WORDS):
        return reading
    items = {one.letter: one.item for one in open_}
    named = services_named(reading.words, items)
    if len(named) != 1:
        return reading
    (letter,) = named
    if reading.meaning is Meaning.RATING:
        return replace(reading, letter=letter)
    if is_asked_back and names_nothing_else(reading.words, items):
        return Reading(Meaning.CHOICE, letter=letter)
    return reading


def together(reading: Reading, pending: Reading | None) -> Reading:
    """Join a reply to the one before, about which we asked back: a grade there, a letter here.

    What was told before comes along too. Takes its own answers, for several questions in a row.
    """
    if pending is None:
        return reading
    if reading.meaning is Meaning.CHOICE and pending.meaning is Meaning.RATING:
        return replace(pending, letter=reading.letter)
    if reading.meaning is Meaning.CHOICE:
        return replace(reading, words=pending.words)
    if reading.meaning is Meaning.RATING:
        words = _joined(reading, pending)
        return replace(reading, letter=reading.letter or pending.letter, words=words)
    return reading


def _joined(reading: Reading, pending: Reading) -> str:
    """Return the words of a rating with those before it.

    Words before a grade are a reason only for a bad one, and only if they tell more than a grade that
    we did not take («还行», «5?») and are not plain praise. Words beside the same grade belong to it,
    good or bad.
    """
    same_grade = pending.grade is not None and pending.grade == reading.grade
    is_bad = reading.grade is not None and reading.grade.is_negative
    is_reason = is_bad and tells_more(pending.words) and not _is_at_odds(reading.grade, pending)
    if not (same_grade or is_reason) or pending.words in reading.words:
        return reading.words
    return f"{pending.words}\n{reading.words}".strip()


def _is_at_odds(grade: Grade | None, pending: Reading) -> bool:
    """Whether a grade is plainly the opposite of the words before it, of which we had asked the grade."""
    is_new = pending.meaning is not Meaning.RATING
    return grade is not None and is_new and contradicts(grade, pending.words)


def _pending(reading: Reading, situation: Situation) -> Reading | None:
    """Return what we asked back about, without what another question has overtaken.

    Words and a letter from before another service was asked about say nothing of that one; a letter
    beside a grade counts only while its service is open.
    """
    pending = situation.pending
    if pending is None:
        return None
    if not reading.letter and _asked_anew(situation):
        return replace(pending, words="", letter=None)
    if pending.meaning is Meaning.RATING and pending.letter not in situation.letters:
        return replace(pending, letter=None)
    return pending


def _without_courtesy(reading: Reading) -> Reading:
    """Return a bad rating without words that only thank: they are no reason, so one is asked for."""
    is_bad = reading.grade is not None and reading.grade.is_negative
    return replace(reading, words="") if is_bad and _is_courtesy(reading.words) else reading


def _is_courtesy(words: str) -> bool:
    said = words.lower().strip(" ,，。.!！~～")
    parts = re.split(r"[\s,，。.!！~～]+", said)
    return said in COURTESIES or COURTESIES.issuperset(parts)


def _stop(reading: Reading, situation: Situation) -> Step:
    """Hear a wish to stop, and the rating beside it if it is clear what it is of.

    Only then: to ask back is what was just forbidden.
    """
    if reading.grade:
        rated = next_step(replace(reading, meaning=Meaning.RATING), situation)
        if rated.made is Made.REVIEW:
            return Step(Made.STOPPED, replace(reading, words=""), also=rated)
    words = "" if _is_courtesy(reading.words) else reading.words
    return Step(Made.STOPPED, replace(reading, words=words))


def _choice(said: Reading, situation: Situation) -> Step:
    was_one = situation.pending is not None and situation.pending.meaning is Meaning.CHOICE
    if said.letter in situation.letters:
        asked = Made.PERSON if was_one and _is_enough(situation) else Made.ASKED_GRADE
        return Step(asked, said, said.letter or "")
    return _ask_which(said, situation)


def _ask_which(said: Reading, situation: Situation) -> Step:
    """Ask which service is meant; after so many questions a person looks, or it would be lost."""
    return Step(Made.PERSON if _is_enough(situation) else Made.ASKED_WHICH, said)


def _rating(said: Reading, situation: Situation) -> Step:
    if _answers_why(said, situation):
        return Step(Made.REASON, said) if said.words else _ask_which(said, situation)
    if situation.open:
        meant = _meant(said, situation)
        if meant is None:
            return _ask_which(said, situation)
        return Step(_rate_or_ask(said, situation), said, meant.letter)
    if said.words and situation.has_case:
        return Step(Made.ADDITION, said)
    return Step(Made.TOO_LATE if situation.known else Made.STRANGER, said)


def _rate_or_ask(said: Reading, situation: Situation) -> Made:
    """Return that it rates, unless it is the opposite of what was said before: then we ask once more,
    as we do where both stand in one text. Said again, it is what is meant.
    """
    pending = situation.pending
    is_odd = pending is not None and not _asked_anew(situation) and _is_at_odds(said.grade, pending)
    return Made.ASKED_GRADE if is_odd and not _is_enough(situation) else Made.REVIEW


def _answers_why(said: Reading, situation: Situation) -> bool:
    """Whether a rating may be the answer to our «why», so that it must not rate another service.

    With words it is; a bare grade is asked about if anything is open. Once we asked back, a grade is
    the answer to that, unless we asked about a bare grade and words are what is new.
    """
    if not situation.wants_reason or (said.letter and situation.open):
        return False
    if situation.pending:
        asked_about = situation.pending
        return asked_about.meaning is Meaning.RATING and not asked_about.words and bool(said.words)
    return bool(said.words or situation.open)


def _meant(said: Reading, situation: Situation) -> Open | None:
    """Return the service that is meant, if only one can be: the named one, the only one, or the only
    one asked about since the phone last wrote, unless it had just named another.
    """
    if said.letter:
        return next((one for one in situation.open if one.letter == said.letter), None)
    if len(situation.open) == 1:
        return situation.open[0]
    pending = situation.pending
    if pending and pending.letter in situation.letters:
        return None
    since = [one for one in situation.open if _asked_since(one, situation)]
    return since[0] if situation.last_at and len(since) == 1 else None


def _asked_anew(situation: Situation) -> bool:
    return any(_asked_since(one, situation) for one in situation.open)


def _is_enough(situation: Situation) -> bool:
    return situation.asked_back >= ENOUGH


def _asked_since(one: Open, situation: Situation) -> bool:
    return situation.last_at is None or one.asked_at > situation.last_at


def _words(said: Reading, situation: Situation) -> Made:
    """Return what words without a grade are. Asked anew since, they may be an answer to that."""
    if _is_courtesy(said.words):
        return Made.NOTHING
    if said.words and situation.wants_reason:
        return Made.REASON
    may_add = situation.asked_why_at is None and not _asked_anew(situation)
    if said.words and situation.has_case and may_add:
        return Made.ADDITION
    if situation.open and not _is_enough(situation):
        return Made.ASKED_GRADE if len(situation.open) == 1 else Made.ASKED_WHICH
    return Made.PERSON if situation.known or situation.open else Made.STRANGER
