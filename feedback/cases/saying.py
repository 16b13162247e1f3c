"""What a citizen says after the review, before we take it: every wrong field is named.

Decides from what was typed alone; whether it is in turn is the case's matter.
"""

from dataclasses import dataclass

from ..catalog.grades import Grade
from ..errors import FieldError, Invalid
from ..text import NotText, clean, integer

WORDS_MOST = 1000
"""Characters, counted after cleaning."""


@dataclass(frozen=True)
class Typed:
    """What was typed, as it was typed."""

    words: str = ""
    grade: str = ""


def words_of(typed: Typed, *, needed: bool) -> str:
    """Return the words. Raises Invalid for none where they are `needed`, too many, or no text."""
    words, wrong = _words(typed.words, needed=needed)
    if wrong:
        raise Invalid(wrong)
    return words


def second_review_of(typed: Typed) -> tuple[Grade, str]:
    """Return grade and words of a second review; words may be left out. Raises Invalid."""
    words, wrong = _words(typed.words, needed=False)
    number = integer(typed.grade.strip())
    if number is None or not 1 <= number <= 5:
        code = "not_a_grade" if typed.grade.strip() else "grade_missing"
        raise Invalid([FieldError("grade", code), *wrong])
    if wrong:
        raise Invalid(wrong)
    return Grade(number), words


def _words(typed: str, *, needed: bool) -> tuple[str, list[FieldError]]:
    try:
        words = clean(typed)
    except NotText:
        return "", [FieldError("words", "not_text")]
    if len(words) > WORDS_MOST:
        return "", [FieldError("words", "too_long", {"max_length": WORDS_MOST})]
    if needed and not words:
        return "", [FieldError("words", "words_missing")]
    return words, []
