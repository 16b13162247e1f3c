"""What all of the citizen's pages share: language and size in every link, what was typed, who sits here.

A citizen needs no login, no cookie and no JavaScript; looking (GET, HEAD) never spends anything.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask, request, session, url_for
from flask_security import current_user
from markupsafe import Markup

from ..config import ROOT, settings
from ..errors import FieldError
from ..events import tokens
from ..language import LANGUAGES, chosen
from ..text import CONTROL

LARGE = "large"


def open_citizen_pages(app: Flask) -> None:
    """Teach the templates what the citizen's pages share."""
    app.jinja_env.filters["printable"] = printable
    app.jinja_env.globals.update(
        kept=kept, this_page=this_page, is_large=is_large, is_english=is_english,
        citizen_css=citizen_css, district=district,
    )  # fmt: skip


def said(field: str) -> str:
    """Return what a field says. Said twice and differently it says both: no answer is dropped."""
    return "\n".join(dict.fromkeys(request.form.getlist(field)))


def staff_here() -> UUID | None:
    """Return who of the staff is signed in in this browser. Costs citizens no statement."""
    if "_user_id" in session and current_user.is_authenticated:
        account: UUID = current_user.id
        return account
    return None


def by_field(faults: Sequence[FieldError], fields: Iterable[str]) -> dict[str, list[FieldError]]:
    """Return the faults by field in the order of the page, each kind of fault once."""
    once = {(fault.field, fault.code): fault for fault in faults}.values()
    named = {field: [fault for fault in once if fault.field == field] for field in fields}
    return {field: found for field, found in named.items() if found}


def receipt_address(code: str, page: str = "receipts.receipt", **more: str) -> str:
    """Return the address of a receipt or of a page of it, in the language and size of this page."""
    query = urlencode({**kept(), **more})
    return url_for(page, code=tokens.grouped(code)) + (f"?{query}" if query else "")


def kept(**changes: str | None) -> dict[str, str]:
    """Return language and size as the address has them, or as `changes` wish: links keep both."""
    wished = {"lang": request.args.get("lang"), "size": request.args.get("size"), **changes}
    allowed = {"lang": LANGUAGES, "size": (LARGE,)}
    return {name: wish for name, wish in wished.items() if wish and wish in allowed[name]}


def this_page(**changes: str | None) -> str:
    """Return the address of the same page in another language or size."""
    return "?" + urlencode(kept(**changes))


def printable(typed: str) -> str:
    """Return what was typed without the characters that no page can show or take."""
    return CONTROL.sub("", typed)


def is_large() -> bool:
    """Say whether large type was asked for."""
    return request.args.get("size") == LARGE


def is_english() -> bool:
    """Say whether the page speaks English."""
    return chosen() == "en"


@cache
def citizen_css() -> Markup:
    """Return the citizen's style sheet, which travels inside the page: one round trip in all."""
    return Markup((ROOT / "static" / "citizen.css").read_text())  # noqa: S704 - our own file


def district() -> str:
    """Return the district's name."""
    return settings().district
