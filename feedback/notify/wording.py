"""What messages say: facts become words, from the folder of the occasion in templates/messages.

The first line of an e-mail's file is its subject; a text message has none. Knows no database and
no translation catalogue, so that the words of a message depend on its file alone.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from .. import clock
from ..config import ROOT
from .models import By
from .occasions import Occasion

FOLDER = ROOT / "templates" / "messages"
LOCALES = ("zh_CN", "en")
ITEM_CHARS = 20
"""How much of an item's name a text message shows; names may have 200 characters."""

SEGMENT_LIMIT = 2
ALONE, JOINED = 70, 67
"""Characters (UTF-16 units) of a text message on its own, and of each part of a longer one."""

WEEKDAYS = {"zh_CN": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Words:
    """A message as its reader gets it; `subject` is empty for a text message."""

    subject: str
    text: str


def say(occasion: str, by: By, locale: str, facts: dict[str, Any], district: str) -> Words:
    """Return the words of a message in its language (Chinese where there is no other).

    Raises ValueError for an unknown occasion or a text message of more than two parts, and
    jinja2.UndefinedError for a missing fact.
    """
    language = locale if locale in LOCALES else LOCALES[0]
    page = _pages().get_template(f"{Occasion(occasion).value}/{language}.txt")
    text = page.render({**facts, "district": district, "language": language})
    if by is By.SMS:
        return _short_enough(Words("", text.strip()))
    subject, _, body = text.partition("\n")
    return Words(subject.strip(), body.strip() + "\n")


def segments(text: str) -> int:
    """Return in how many parts a text message travels. Chinese always goes as UCS-2."""
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= ALONE else -(-units // JOINED)


def _short_enough(words: Words) -> Words:
    if segments(words.text) > SEGMENT_LIMIT:
        raise ValueError("a text message of more than two parts")
    return words


def moment(when: str, language: str) -> str:
    """Return a moment (ISO 8601 with offset) by Shanghai's clock: 11月23日（周一）17:30."""
    at = clock.local(datetime.fromisoformat(when))
    weekday = WEEKDAYS[language][at.weekday()]
    if language == "en":
        return f"{weekday} {at.day} {MONTHS[at.month - 1]} {at:%H:%M}"
    return f"{at.month}月{at.day}日（周{weekday}）{at:%H:%M}"


def shorten(text: str) -> str:
    """Return at most ITEM_CHARS characters of a name, the cut marked."""
    line = re.sub(r"\s+", " ", text)
    return line if len(line) <= ITEM_CHARS else line[: ITEM_CHARS - 1] + "…"


@pass_context
def _moment(context: Context, when: str) -> str:
    return moment(str(when), context["language"])  # str() is where a missing fact is noticed


@lru_cache(maxsize=1)
def _pages() -> Environment:
    # Plain text, so nothing is escaped; a missing fact is an error and never an empty place.
    pages = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined)  # noqa: S701
    pages.filters.update(moment=_moment, shorten=shorten)
    return pages
