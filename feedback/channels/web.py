"""The web door: the page behind a service's QR code, the receipt, and where both are asked for.

A citizen needs no login, no cookie and no JavaScript; looking (GET, HEAD) never spends the right.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_security import current_user
from markupsafe import Markup

from .. import clock, intake, limits
from ..cases import queries as cases
from ..catalog.grades import Grade
from ..catalog.models import Tag
from ..config import ROOT, settings
from ..db import transaction
from ..errors import AlreadyRated, Expired, FieldError, Invalid, NotYours, Unknown
from ..events import codes, tokens
from ..events.expiry import last_day
from ..language import LANGUAGES, chosen, html_language
from ..limits import limiter
from ..reviews import queries as reviews
from ..reviews.drafts import COMMENT_LIMIT, Channel, Draft
from ..text import CONTROL
from .squeeze import squeeze

pages = Blueprint("web", __name__)
pages.after_request(squeeze)

FIELDS = ("grade", "tags", "comment", "identity", "name", "phone")
SHOWN_FIRST = 3
LARGE = "large"
PICTURE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Choice:
    """One grade as the page offers it: three tags at once, the others on request."""

    grade: Grade
    first: list[Tag]
    rest: list[Tag]


@pages.record_once
def _exempt(state: BlueprintSetupState) -> None:
    """Ask citizens for no CSRF token, which would need a cookie and expire while they think.

    The one-time token in the address is itself the capability, and another site does not know it;
    looking up a receipt changes nothing.
    """
    csrf = state.app.extensions["csrf"]
    csrf.exempt(rate)
    csrf.exempt(look_up)


@pages.get("/")
def home() -> str:
    """Say what this is, and lead on."""
    return render_template("web/home.html")


@pages.route("/r/<token>", methods=["GET", "POST"], defaults={"channel": Channel.WEB})
@pages.route("/R/<token>", methods=["GET", "POST"], defaults={"channel": Channel.QR})
@limiter.limit(limits.rating_limit, methods=["POST"])
def rate(token: str, channel: Channel) -> ResponseReturnValue:
    """Show what was served and ask how it went; or take the answer.

    The address in capitals is the one in the QR code, so whoever came by it has scanned.
    """
    if request.method == "POST":
        return _take(token, _draft(channel))
    return _ask(token, Draft("", channel))


def _take(token: str, draft: Draft) -> ResponseReturnValue:
    intake.recognise(token)  # a forged one is not worth a transaction
    try:
        with transaction():
            code = intake.receive(token, draft, clock.now())
    except Invalid as refused:
        return _ask(token, draft, refused.errors), 422
    return redirect(_receipt_address(code), 303)


def _ask(token: str, draft: Draft, faults: Sequence[FieldError] = ()) -> str:
    invitation = intake.look(token, clock.now())
    return render_template(
        "web/rate.html",
        event=invitation.event,
        choices=choices(invitation.tags),
        draft=draft,
        faults=by_field(faults),
        limit=COMMENT_LIMIT,
        staff_screen=_staff_here() is not None,
    )


def choices(tags: Sequence[Tag]) -> list[Choice]:
    """Return the five grades in the standard's order, best first, each with its own tags."""
    offered = []
    for grade in sorted(Grade, reverse=True):
        own = sorted((t for t in tags if t.grade == grade), key=lambda t: not t.shown_first)
        offered.append(Choice(grade, own[:SHOWN_FIRST], own[SHOWN_FIRST:]))
    return offered


def by_field(faults: Sequence[FieldError]) -> dict[str, list[FieldError]]:
    """Return the faults by field in the order of the page, each kind of fault once."""
    once = {(fault.field, fault.code): fault for fault in faults}.values()
    named = {field: [fault for fault in once if fault.field == field] for field in FIELDS}
    return {field: found for field, found in named.items() if found}


def _draft(channel: Channel) -> Draft:
    return Draft(
        grade=_said("grade"),
        channel=channel,
        tags=tuple(request.form.getlist("tags")),
        comment=_said("comment"),
        identity=_said("identity"),
        name=_said("name"),
        phone=_said("phone"),
        locale=chosen(),
        entered_by=_staff_here(),
    )


def _said(field: str) -> str:
    """Return what a field says. Said twice and differently it says both: no answer is dropped."""
    return "\n".join(dict.fromkeys(request.form.getlist(field)))


def _staff_here() -> UUID | None:
    """Return who of the staff is signed in in this browser. Costs citizens no statement."""
    if "_user_id" in session and current_user.is_authenticated:
        account: UUID = current_user.id
        return account
    return None


@pages.errorhandler(AlreadyRated)
def _already_rated(refused: AlreadyRated) -> ResponseReturnValue:
    """Lead a citizen to the receipt; staff, who can print a slip again, learn only the fact."""
    link = None if _staff_here() else _receipt_address(refused.facts["receipt"])
    return render_template("web/already_rated.html", link=link), 409


@pages.errorhandler(Expired)
def _expired(refused: Expired) -> ResponseReturnValue:
    return render_template("web/expired.html", until=last_day(refused.facts["expired_at"])), 410


@pages.get("/r/<token>/qr.svg")
def qr_svg(token: str) -> Response:
    """Draw the QR code. The token proves itself, so nothing is looked up."""
    return _picture(codes.svg(_scan_address(token)), "image/svg+xml")


@pages.get("/r/<token>/qr.png")
def qr_png(token: str) -> Response:
    """Draw the QR code for programs that take no SVG."""
    return _picture(codes.png(_scan_address(token)), "image/png")


def _scan_address(token: str) -> str:
    if tokens.read_token(settings().token_keys, token) is None:
        raise Unknown
    return codes.scan_address(token.upper().translate(tokens.LOOK_ALIKES), settings().base_url)


def _picture(picture: str | bytes, mimetype: str) -> Response:
    answer = Response(picture, mimetype=mimetype)
    answer.cache_control.private = True
    answer.cache_control.max_age = PICTURE_SECONDS
    return answer


@pages.get("/receipts")
def receipts() -> str:
    """Ask for a receipt code."""
    return render_template("web/receipts.html")


@pages.post("/receipts")
@limiter.limit(limits.rating_limit)
def look_up() -> ResponseReturnValue:
    """Lead from a typed code, full-width letters included, to its page."""
    typed = printable(_said("code"))[:100]
    code = tokens.read_receipt(unicodedata.normalize("NFKC", typed))
    if code is None:
        return render_template("web/receipts.html", typed=typed, fault="malformed"), 422
    return redirect(_receipt_address(code), 303)


@pages.get("/receipts/<code>")
@limiter.limit(limits.rating_limit)
def receipt(code: str) -> ResponseReturnValue:
    """Show where a review and its case stand, without anything personal.

    Not where staff are signed in: nobody shall look up how a service of their own was rated.
    """
    known = tokens.read_receipt(code)
    if known and _staff_here():
        raise NotYours(receipt=known)
    review = known and reviews.by_receipt(known)
    if not known or not review:
        typed = printable(code)[:100]
        return render_template("web/receipts.html", typed=typed, fault="unknown"), 404
    return render_template(
        "web/receipt.html",
        code=tokens.grouped(known),
        review=review,
        progress=cases.progress(review),
        now=clock.now(),
    )


@pages.errorhandler(NotYours)
def _for_the_citizen_only(refused: NotYours) -> ResponseReturnValue:
    code = tokens.grouped(refused.facts["receipt"])
    return render_template("web/receipt_closed.html", code=code), 403


def _receipt_address(code: str) -> str:
    query = urlencode(kept())
    return url_for("web.receipt", code=tokens.grouped(code)) + (f"?{query}" if query else "")


@pages.app_template_global()
def kept(**changes: str | None) -> dict[str, str]:
    """Return language and size as the address has them, or as `changes` wish: links keep both."""
    wished = {"lang": request.args.get("lang"), "size": request.args.get("size"), **changes}
    allowed = {"lang": LANGUAGES, "size": (LARGE,)}
    return {name: wish for name, wish in wished.items() if wish and wish in allowed[name]}


@pages.app_template_global()
def this_page(**changes: str | None) -> str:
    """Return the address of the same page in another language or size."""
    return "?" + urlencode(kept(**changes))


@pages.app_template_filter()
def printable(typed: str) -> str:
    """Return what was typed without the characters that no page can show or take."""
    return CONTROL.sub("", typed)


@pages.app_template_global()
def is_large() -> bool:
    """Say whether large type was asked for."""
    return request.args.get("size") == LARGE


@pages.app_template_global()
def is_english() -> bool:
    """Say whether the page speaks English."""
    return chosen() == "en"


@pages.app_template_global()
@cache
def citizen_css() -> Markup:
    """Return the citizen's style sheet, which travels inside the page: one round trip in all."""
    return Markup((ROOT / "static" / "citizen.css").read_text())  # noqa: S704 - our own file


pages.add_app_template_global(html_language)
pages.add_app_template_global(lambda: settings().district, "district")
