"""How facts become words within a message: moments, days, names cut to length, grades.

The first parameter of what a template calls is its context: it knows the language, and how much of a
name there is room for.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from .. import clock

ITEM_CHARS = 20
"""How much of an item's name a text message shows; names may have 200 characters."""

WEEKDAYS = {"zh_CN": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
GRADES = {
    "zh_CN": {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"},
    "en": {
        5: "very satisfied", 4: "satisfied", 3: "fairly satisfied", 2: "dissatisfied",
        1: "very dissatisfied",
    },
}  # fmt: skip


def moment(when: str, language: str) -> str:
    """Return a moment (ISO 8601 with offset) by Shanghai's clock: 11月23日（周一）17:30."""
    at = clock.local(datetime.fromisoformat(when))
    weekday = WEEKDAYS[language][at.weekday()]
    if language == "en":
        return f"{weekday} {at.day} {MONTHS[at.month - 1]} {at:%H:%M}"
    return f"{at.month}月{at.day}日（周{weekday}）{at:%H:%M}"


def day(when: str, language: str) -> str:
    """Return a day (ISO 8601) as short as it can be said: 11月23日."""
    on = date.fromisoformat(when)
    return f"{on.day} {MONTHS[on.month - 1]}" if language == "en" else f"{on.month}月{on.day}日"


def grade(given: str, language: str) -> str:
    """Return the words of a grade from 5 to 1."""
    return GRADES[language][int(given)]


def shorten(text: str, chars: int = ITEM_CHARS) -> str:
    """Return at most this many characters of a name, the cut marked."""
    line = re.sub(r"\s+", " ", text)
    return line if len(line) <= chars else line[: chars - 1] + "…"


def _in_its_language(say: Callable[[str, str], str]) -> Callable[..., str]:
    @pass_context
    def said(context: Context, value: Any) -> str:
        return say(str(value), context["language"])  # str() is where a missing fact is noticed

    return said


@pass_context
def _shorten(context: Context, text: Any) -> str:
    return shorten(str(text), context["item_chars"])


FILTERS: dict[str, Callable[..., str]] = {
    "moment": _in_its_language(moment), "day": _in_its_language(day),
    "grade": _in_its_language(grade), "shorten": _shorten,
}  # fmt: skip
"""What a template may do to a fact, by the name it calls it."""
