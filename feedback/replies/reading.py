"""What a citizen's reply by SMS says: a grade only where it can be nothing else.

Decides by the text alone. Does not know who wrote, what was asked or which services have a letter;
whatever is in doubt stays words, so that the citizen can be asked back.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from ..catalog.grades import Grade
from ..text import CONTROL, clean
from . import words as w
from .doubts import Said, is_doubtful
from .tone import is_plain_blame, is_plain_praise


class Meaning(StrEnum):
    """What a reply is for."""

    RATING = "rating"
    CHOICE = "choice"
    STOP = "stop"
    START = "start"
    LANGUAGE = "language"
    WORDS = "words"


@dataclass(frozen=True)
class Reading:
    """What was understood, and what was said besides, as it was typed."""

    meaning: Meaning
    grade: Grade | None = None
    """For a rating; for a stop only if what stands beside it is clearly a rating."""
    letter: str | None = None
    """Which of several services, A to Z. Never T: alone it asks to stop."""
    words: str = ""
    """For a rating or a stop what was said besides; for words the whole text."""
    locale: str | None = None
    """For a wish about the language, `en` or `zh_CN`."""


@dataclass(frozen=True)
class _Reply:
    typed: str
    plain: str
    origin: list[int]

    def typed_from(self, position: int) -> str:
        """Return what was typed from a place of `plain` on, if it has a letter or number at all."""
        rest = self.typed[self.origin[position] : self.origin[len(self.plain)]].strip()
        return _telling(rest)

    def typed_without(self, part: re.Match[str]) -> str:
        """Return what was typed around a part of `plain`."""
        before = self.typed[: self.origin[part.start()]].rstrip(" \u3000\n,，、;；:：-—")
        after = self.typed[self.origin[part.end()] : self.origin[len(self.plain)]].strip()
        return f"{before}\n{after}".strip()


def _telling(typed: str) -> str:
    return typed if any(map(str.isalnum, typed)) else ""


POLITELY = rf"{w.BEFORE}*+(?:{w.COURTESY}{w.BEFORE}*+)*+"
LETTER = "(?P<letter>[a-su-z])"
HEAD = re.compile(
    rf"{POLITELY}(?:(?:{w.PREFIX}|{w.WHO}){w.BEFORE}*+)?"
    rf"(?:{LETTER}(?! *[a-z])[ \n:,、。.=\-—]{{0,4}}(?:{w.PREFIX})?{w.BEFORE}*+)?(?P<grade>{w.GRADE})"
)
LETTERED = re.compile(  # «5A», «满意 A»; not «5A级», «5 a lot»
    rf"{POLITELY}(?:{w.PREFIX}{w.BEFORE}*+)?{w.LETTER_BEHIND}(?:{w.AFTER}*+$|[,。!;、\n])"
)
AGAIN = re.compile(rf"{w.AFTER}*+({w.GRADE})")
GAP = re.compile(rf"{w.AFTER}*+")
GAP_BEFORE_BRACKET = re.compile(rf"(?:(?!{w.OPENING_BRACKET}){w.AFTER})*+")
CHOICE = re.compile(rf"{POLITELY}(?:{w.PREFIX}{w.BEFORE}*+)?{LETTER}{w.AFTER}*+$")
BOUNDARY = re.compile(f"{w.END}|(?={w.THANKS}|[好差]评)")
BARE_NUMERALS = tuple("一二三四五壹贰叁肆伍")
# «退订，态度差», «2 TD», «态度差。退订。烦死了»; not «怎么退订宽带», «先销户，退订，再开户».
STOP_BESIDE = re.compile(
    rf"^{POLITELY}{w.STOP_WITHIN}(?:[ \n,。.!;:、~…—]++|$)"
    rf"|(?:^|(?<={w.AFTER})|(?<=[1-5])(?<![0-9][1-5])|(?<=满意)|(?<=[1-5][分星]))"
    rf"{w.STOP_WITHIN}{w.ONLY_THANKS.pattern}$"
    rf"|(?<=[。!;\n]){w.STOP_WITHIN}[。!;\n]"
)
COMMANDS = [
    (re.compile(f"(?:回复?[ :,]{{0,3}})?{words}"), reading)
    for words, reading in (
        (w.STOP + w.ONLY_THANKS.pattern, Reading(Meaning.STOP)),
        (w.START, Reading(Meaning.START)),
        (w.ENGLISH, Reading(Meaning.LANGUAGE, locale="en")),
        (w.CHINESE, Reading(Meaning.LANGUAGE, locale="zh_CN")),
    )
]


def read(text: str) -> Reading:
    """Return what a reply says. Takes any text, also no text and half surrogate pairs."""
    reply = _reply(text)
    understood = _command(reply) or _stop(reply) or _choice(reply) or _rating(reply)
    return understood or Reading(Meaning.WORDS, words=reply.typed)


def tells_more(words: str) -> bool:
    """Whether words tell more than a grade in other words or a question about the numbers.

    Counts the letters that remain without those, since «态度差» already is a reason. Simple: where it is
    wrong, a question stands in the matter, or the citizen is asked why once more.
    """
    rest = w.LIKE_A_GRADE.sub("", w.fold(words)[0])
    return sum(map(str.isalnum, rest)) >= 2


def contradicts(grade: Grade, words: str) -> bool:
    """Whether words said apart from a grade are plainly its opposite."""
    plain = w.fold(words)[0]
    if grade.is_negative:
        return is_plain_praise(plain, plain)
    return grade >= Grade.SATISFIED and is_plain_blame(plain, plain)


def _reply(text: str) -> _Reply:
    typed = clean(CONTROL.sub("", text))
    plain, origin = w.fold(typed)
    return _Reply(typed, w.SIGNATURE.sub("", plain), origin)


def _command(reply: _Reply) -> Reading | None:
    said = reply.plain.strip(w.HARMLESS + "?")
    for command, reading in COMMANDS:
        if command.fullmatch(said):
            return reading
    return None


def _stop(reply: _Reply) -> Reading | None:
    """Return a wish to stop that stands beside other words; a clear grade beside it counts too.

    Looked for before anything is doubted: whoever asks to stop must be heard.
    """
    own = (found for found in STOP_BESIDE.finditer(reply.plain) if _is_own(reply.plain, found))
    found = next(own, None)
    if found is None:
        return None
    rest = reply.typed_without(found)
    rated = _rating(_reply(rest))
    if rated:
        return replace(rated, meaning=Meaning.STOP, words=_uncut(reply, rated))
    return Reading(Meaning.STOP, words=_telling(rest))


def _is_own(plain: str, stop: re.Match[str]) -> bool:
    """Whether a wish to stop is the writer's own: not «窗口说：退订»."""
    return not w.OTHERS_SAID.search(plain[max(0, stop.start() - 9) : stop.start()])


def _uncut(reply: _Reply, rated: Reading) -> str:
    """Return what was said beside the grade with the wish to stop in it, if anything was."""
    said = _said(reply.plain)
    return _words(reply, said) if rated.words and said else rated.words


def _choice(reply: _Reply) -> Reading | None:
    choice = CHOICE.match(reply.plain)
    return Reading(Meaning.CHOICE, letter=choice["letter"].upper()) if choice else None


def _rating(reply: _Reply) -> Reading | None:
    said = _said(reply.plain)
    if said is None or is_doubtful(said):
        return None
    letter = said.letter.upper() if said.letter else None
    return Reading(Meaning.RATING, said.grade, letter, _words(reply, said))


def _words(reply: _Reply, said: Said) -> str:
    gap = GAP_BEFORE_BRACKET.match(reply.plain, said.ends_at)
    return reply.typed_from(gap.end()) if gap else ""


def _said(plain: str) -> Said | None:
    """Return the grade at the beginning and what follows it, or None if there is none or two."""
    head = LETTERED.match(plain) or HEAD.match(plain)
    if head is None:
        return None
    grades, end = _repeated(plain, head)
    gap = GAP.match(plain, end)
    if len(grades) > 1 or gap is None or not BOUNDARY.match(plain, end):
        return None
    words = plain[gap.end() :].rstrip(w.HARMLESS)
    if head["grade"] in BARE_NUMERALS and not w.ONLY_THANKS.fullmatch(words):
        return None
    return Said(grades.pop(), head["letter"], plain, head["grade"], gap[0], words, end)


def _repeated(plain: str, head: re.Match[str]) -> tuple[set[Grade], int]:
    """Return every grade of a row like «5，非常满意» and where the row ends."""
    grades = {w.grade_of(head["grade"])}
    end = max(head.end("grade"), head.end("letter"))
    while again := AGAIN.match(plain, end):
        grades.add(w.grade_of(again[1]))
        end = again.end()
    return grades, end
