"""What messages say: facts become words, from the folder of the occasion in templates/messages.

The first line of an e-mail's file is its subject; a text message has none. A district may have edited
the words; then it is `text` that is said, under the sandbox's rules. Knows no database and no
translation catalogue, so that the words of a message depend on its file or that text alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from jinja2.meta import find_undeclared_variables

from ..config import ROOT
from . import sandbox
from .filters import FILTERS, ITEM_CHARS, day, grade, moment, shorten
from .models import By
from .occasions import LINK_IS_SPARE, Occasion
from .parts import segments

FOLDER = ROOT / "templates" / "messages"
LOCALES = ("zh_CN", "en")
SEGMENT_LIMIT = 2
EDITED_CHARS = 2000
"""The most that edited words may come to; no message that was meant is as long."""

NAME_CHARS = (ITEM_CHARS, 14, 10, 6)
"""How much of an item's name a text message shows, from what is liked best to what still tells it."""

ALWAYS = frozenset({"district", "language", "item_chars"})
"""What every message knows besides its facts."""


@dataclass(frozen=True)
class Words:
    """A message as its reader gets it; `subject` is empty for a text message."""

    subject: str
    text: str


class TooLong(ValueError):
    """A text message of more parts than we pay for, or edited words that go on and on."""


class NoSubject(ValueError):
    """An e-mail whose first line does not stand apart as its subject."""


def say(
    occasion: str,
    by: By,
    locale: str,
    facts: dict[str, Any],
    district: str,
    text: str | None = None,
) -> Words:
    """Return the words of a message in its language (Chinese where there is no other).

    `text` is what a district made of the file's words; without it the file is said. A text message
    without room is said again with a shorter name, then without a link that it can spare.

    Raises TooLong, NoSubject, ValueError for an unknown occasion, jinja2.UndefinedError for a missing
    fact, and what `sandbox.compiled` raises.
    """
    one, language = Occasion(occasion), language_of(locale)
    page = _page(one, language) if text is None else sandbox.compiled(text)
    known = {**facts, "district": district, "language": language}

    def said(changes: dict[str, Any]) -> str:
        words = page.render({**known, "item_chars": ITEM_CHARS, **changes})
        if text is not None and len(words) > EDITED_CHARS:
            raise TooLong("edited words of more than 2,000 characters")
        return words

    return Words("", _short_enough(one, said)) if by is By.SMS else _mail(said({}))


def _mail(text: str) -> Words:
    subject, *gap = text.strip().split("\n", 2)
    if len(gap) < 2 or gap[0].strip():
        raise NoSubject("an e-mail begins with its subject and an empty line")
    return Words(subject.strip(), gap[1].strip() + "\n")


def _short_enough(occasion: Occasion, said: Callable[[dict[str, Any]], str]) -> str:
    """Return the first way of saying it that needs no more parts than we pay for."""
    for changes in _ways(occasion):
        text = said(changes).strip()
        if segments(text) <= SEGMENT_LIMIT:
            return text
    raise TooLong("a text message of more than two parts")


def _ways(occasion: Occasion) -> Iterator[dict[str, Any]]:
    spared: tuple[dict[str, Any], ...] = ({}, {"link": ""}) if occasion in LINK_IS_SPARE else ({},)
    for without in spared:
        for chars in NAME_CHARS:
            yield {"item_chars": chars, **without}


def parameters(occasion: str, locale: str, facts: dict[str, Any]) -> dict[str, str]:
    """Return the facts in words, for a gateway that keeps the templates itself.

    Only facts that the message speaks of, and each of them, so that no parameter is ever missing.
    """
    names, language = facts_of(Occasion(occasion)), language_of(locale)
    return {name: _in_words(name, facts.get(name), language) for name in sorted(names)}


def _in_words(name: str, value: Any, language: str) -> str:
    if isinstance(value, list):
        return ("; " if language == "en" else "；").join(
            _in_words(name, one, language) for one in value
        )
    if isinstance(value, dict):
        return " ".join(_in_words(key, one, language) for key, one in value.items())
    if not value or isinstance(value, bool):
        return ""
    return WORDED[name](str(value), language) if name in WORDED else str(value)


WORDED: dict[str, Callable[[str, str], str]] = {
    "due_at": moment, "day": day, "grade": grade, "item": lambda name, _: shorten(name),
}  # fmt: skip


def file_words(occasion: Occasion, locale: str) -> str:
    """Return the words of a message as its file has them."""
    return (FOLDER / occasion.value / f"{locale}.txt").read_text(encoding="utf-8").strip()


@lru_cache(maxsize=len(Occasion))
def facts_of(occasion: Occasion) -> frozenset[str]:
    """Return the names of the facts that a message of this occasion certainly has.

    These are what its files speak of: whoever promises a message gives what they need.
    """
    read = [_files().parse(file_words(occasion, locale)) for locale in LOCALES]
    return frozenset().union(*map(find_undeclared_variables, read)) - ALWAYS


def language_of(locale: str) -> str:
    """Return the language in which a message is said to whoever asked for `locale`."""
    return locale if locale in LOCALES else LOCALES[0]


def _page(occasion: Occasion, language: str) -> Template:
    return _files().get_template(f"{occasion.value}/{language}.txt")


@lru_cache(maxsize=1)
def _files() -> Environment:
    # Plain text, so nothing is escaped; a missing fact is an error and never an empty place.
    files = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined)  # noqa: S701
    files.filters.update(FILTERS)
    return files
