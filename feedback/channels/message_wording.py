"""The pages about the words of messages: how each reads, and how a district makes them its own.

Beside the page about messages because it needs the words and the staff both. Nothing is shown of
any real message: facts are made up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import HiddenField, TextAreaField

from .. import clock
from ..db import transaction
from ..errors import Invalid, OutOfTurn, Unknown
from ..notify import edited, editing
from ..notify.occasions import ANSWERS, INVITATIONS, NEWS, TEXTS, Occasion
from ..notify.parts import segments
from ..notify.wording import LOCALES, Words, facts_of, file_words
from ..offices.forms import StaffForm
from ..offices.queries import account_names
from ..offices.roles import Role
from ..offices.sign_in import actor, for_roles, me
from ..text import integer
from ..wording import sentence
from .message_names import FACTS, LINK_IN_TEXTS, OCCASIONS
from .message_tabs import tabs

pages = Blueprint("message_wording", __name__, url_prefix="/messages/wording")
WHO_SEES, WHO_EDITS = (Role.SUPERVISOR, Role.ADMIN), (Role.ADMIN,)

LANGUAGES = {"zh_CN": _l("Chinese"), "en": _l("English")}
GROUPS = (
    (_l("To citizens, by text message"), (*INVITATIONS, *NEWS)),
    (_l("Answers to what citizens write, by text message"), ANSWERS),
    (
        _l("To departments and supervisors, by e-mail"),
        [one for one in Occasion if one not in TEXTS],
    ),
)


class WordsForm(StaffForm):  # type: ignore[misc]
    """The words, and which version the page showed."""

    text = TextAreaField(_l("Words"), render_kw={"rows": 10, "spellcheck": "false"})
    seen = HiddenField()


@dataclass(frozen=True)
class Shown:
    """A message as somebody would get it, and what it costs."""

    words: Words
    characters: int
    parts: int


@pages.get("")
@for_roles(*WHO_SEES)
def index() -> str:
    """Show every message with its languages: whether it was edited, and how long it is."""
    in_force = edited.all_in_force()
    groups = [
        (name, [(OCCASIONS[one], list(_languages(one, in_force))) for one in occasions])
        for name, occasions in GROUPS
    ]
    return render_template("notify/wording.html", groups=groups, tabs=tabs())


def _languages(
    occasion: Occasion, in_force: dict[tuple[str, str], str]
) -> Iterator[dict[str, Any]]:
    for locale, name in LANGUAGES.items():
        text = in_force.get((occasion.value, locale))
        yield {
            "name": name, "occasion": occasion.value, "locale": locale,
            "is_edited": text is not None, "is_text": occasion in TEXTS,
            "parts": max((one.parts for one in _shown(occasion, locale, text)), default=0),
        }  # fmt: skip


@pages.get("/<occasion>/<locale>")
@for_roles(*WHO_SEES)
def show(occasion: str, locale: str) -> str:
    """Show a message as its reader gets it, its words, and how they were before."""
    one = _known(occasion, locale)
    text = edited.in_force(occasion, locale)
    form = WordsForm(formdata=None, text=text if text is not None else file_words(one, locale))
    return _page(one, locale, form, _shown(one, locale, text))


@pages.post("/<occasion>/<locale>")
@for_roles(*WHO_EDITS)
def edit(occasion: str, locale: str) -> ResponseReturnValue:
    """Show typed words as they would be read; if that was not all that was wanted, save them."""
    one, form = _known(occasion, locale), WordsForm()
    try:
        words = editing.checked(one, locale, form.text.data or "")
        if "preview" in request.form:
            return _page(one, locale, form, _shown(one, locale, words), is_tried=True)
        _put(one, locale, words, form)
    except Invalid as refusal:
        form.text.errors = [sentence(fault) for fault in refusal.errors]
        return _page(one, locale, form, []), 422
    except OutOfTurn:
        return _overtaken(one, locale, form), 409
    flash(_("Saved: messages from now on say it like this."))
    return _shown_again(occasion, locale)


@pages.post("/<occasion>/<locale>/from-file")
@for_roles(*WHO_EDITS)
def from_file(occasion: str, locale: str) -> Response:
    """Say the words of the file again."""
    _put(_known(occasion, locale), locale, None, WordsForm())
    flash(_("Messages say the original words again."))
    return _shown_again(occasion, locale)


def _known(occasion: str, locale: str) -> Occasion:
    if occasion not in OCCASIONS or locale not in LOCALES:
        raise Unknown
    return Occasion(occasion)


def _put(occasion: Occasion, locale: str, words: str | None, form: WordsForm) -> None:
    seen = integer(form.seen.data or "")
    with transaction():
        editing.edit(
            occasion, locale, words, -1 if seen is None else seen, actor(me()), clock.now()
        )


def _overtaken(occasion: Occasion, locale: str, form: WordsForm) -> str:
    """Show what was typed beside what somebody else saved meanwhile; a second try replaces that."""
    form.text.errors = [
        _(
            "Somebody else has saved other words meanwhile: please compare them below, then save again."
        )
    ]
    return _page(occasion, locale, form, [])


def _shown_again(occasion: str, locale: str) -> Response:
    return redirect(url_for("message_wording.show", occasion=occasion, locale=locale), 303)


def _shown(occasion: Occasion, locale: str, text: str | None) -> list[Shown]:
    """Return the different ways in which a message reads, or nothing if it cannot be said."""
    try:
        ways = dict.fromkeys(editing.said(occasion, locale, text))
    except Exception:  # words that were good once and no longer are: an editor must still see them
        return []
    return [Shown(words, len(words.text), segments(words.text)) for words in ways]


def _page(
    occasion: Occasion, locale: str, form: WordsForm, shown: list[Shown], is_tried: bool = False
) -> str:
    versions = edited.versions(occasion, locale)
    newest = versions[0] if versions else None
    form.seen.data = str(newest.version if newest else 0)
    return render_template(
        "notify/words.html", name=OCCASIONS[occasion], occasion=occasion, locale=locale, form=form,
        language=LANGUAGES[locale], others=[one for one in LOCALES if one != locale],
        languages=LANGUAGES, shown=shown, is_tried=is_tried, is_text=occasion in TEXTS,
        may_edit=me().may_be(*WHO_EDITS), versions=versions, newest=newest,
        original=file_words(occasion, locale), names=account_names(one.by_id for one in versions),
        facts=_facts(occasion),
    )  # fmt: skip


def _facts(occasion: Occasion) -> list[tuple[str, Any]]:
    """Return what may be filled in, and how it is written."""
    known = facts_of(occasion) | {"district"}
    facts = [fact for name, fact in FACTS.items() if name in known]
    return [*facts, LINK_IN_TEXTS] if occasion in TEXTS and "link" in known else facts
