"""Editing the words of messages: only what can certainly be said takes effect, and nothing is lost."""

from datetime import datetime

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import SecurityError

from ..config import settings
from ..db import db, insert, new_id
from ..errors import FieldError, Invalid, OutOfTurn
from ..ledger.actions import Actor, Line, write
from ..text import NotText, clean
from . import sandbox
from .edited import newest_version
from .models import By, Wording
from .occasions import TEXTS, Occasion
from .samples import samples
from .wording import ALWAYS, NoSubject, TooLong, Words, facts_of, say

TYPED_CHARS = 4000
FAULTS: dict[type[Exception], str] = {
    SecurityError: "words_go_too_far", TooLong: "words_too_long", NoSubject: "subject_missing",
}  # fmt: skip


def edit(
    occasion: Occasion, locale: str, text: str | None, seen: int, by: Actor, now: datetime
) -> int:
    """Put these words in force, or with None the file's again; return the version's number.

    `seen` is the newest version the editor knew, 0 for none: whoever edits what somebody else has
    changed meanwhile is out of turn. Inside a transaction. Raises Invalid, OutOfTurn.
    """
    words = None if text is None else checked(occasion, locale, text)
    row = {
        "id": new_id(), "occasion": occasion.value, "locale": locale, "version": seen + 1,
        "text": words, "by_id": by.id, "at": now,
    }  # fmt: skip
    once = insert(Wording).values(row).on_conflict_do_nothing().returning(Wording.id)
    if newest_version(occasion, locale) != seen or db.session.scalar(once) is None:
        raise OutOfTurn(act="edit")
    facts = {"occasion": occasion.value, "locale": locale, "version": seen + 1}
    write(now, by, Line("wording", row["id"], "edit", facts | {"from_file": words is None}))
    return seen + 1


def checked(occasion: Occasion, locale: str, typed: str) -> str:
    """Return typed words cleaned, once every sample was said in them. Raises Invalid."""
    text = _cleaned(typed)
    if fault := _fault(occasion, locale, text):
        raise Invalid([fault])
    return text


def _cleaned(typed: str) -> str:
    try:
        text = clean(typed)
    except NotText:
        raise Invalid([FieldError("text", "not_text")]) from None
    if not text:
        raise Invalid([FieldError("text", "missing")])
    if len(text) > TYPED_CHARS:
        raise Invalid([FieldError("text", "too_long", {"max_length": TYPED_CHARS})])
    return text


def _fault(occasion: Occasion, locale: str, text: str) -> FieldError | None:
    """Return the first reason why these words cannot be said."""
    try:
        if unknown := sandbox.facts_used(text) - facts_of(occasion) - ALWAYS:
            return FieldError("text", "unknown_fact", {"names": ", ".join(sorted(unknown))})
        said(occasion, locale, text)
    except TemplateSyntaxError as problem:
        return FieldError("text", "words_unreadable", {"line": problem.lineno})
    except (
        Exception
    ) as problem:  # whatever a template can do wrong, it is the template that is wrong
        return FieldError("text", FAULTS.get(type(problem), "words_fail"))
    return None


def said(occasion: Occasion, locale: str, text: str | None) -> list[Words]:
    """Return a message in each of its cases, made up, the usual one first. Raises as `say` does."""
    config = settings()
    by = By.SMS if occasion in TEXTS else By.MAIL
    made_up = list(samples(occasion, locale, config.base_url))
    if config.sms_links == "off":
        made_up.sort(key=lambda facts: bool(facts.get("link")))
    return [say(occasion, by, locale, facts, config.district, text) for facts in made_up]
