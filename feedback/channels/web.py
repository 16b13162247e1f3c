"""The web door: the page behind a service's QR code, and where a citizen comes in.

A citizen needs no login, no cookie and no JavaScript; looking (GET, HEAD) never spends the right.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_urlsafe

from flask import Blueprint, Response, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from .. import clock, intake, limits
from ..catalog.grades import Grade
from ..catalog.models import Tag
from ..config import settings
from ..db import transaction
from ..errors import AlreadyRated, Expired, FieldError, Invalid, Unknown
from ..events import codes, tokens
from ..events.expiry import last_day
from ..language import chosen
from ..limits import limiter
from ..reviews import queries as reviews
from ..reviews.drafts import COMMENT_LIMIT, Channel, Draft
from .citizen import by_field, receipt_address, said, staff_here
from .squeeze import squeeze

pages = Blueprint("web", __name__)
pages.after_request(squeeze)

FIELDS = ("grade", "tags", "comment", "identity", "name", "phone")
SHOWN_FIRST = 3
PICTURE_SECONDS = 24 * 3600
TICKET = re.compile("[A-Za-z0-9_-]{22}")
RATED_HERE = "rated"
"""The cookie by which a browser finds its receipt again. Nobody needs it, and it goes to this page only."""
RATED_HERE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Choice:
    """One grade as the page offers it: three tags at once, the others on request."""

    grade: Grade
    first: list[Tag]
    rest: list[Tag]


@pages.record_once
def _exempt(state: BlueprintSetupState) -> None:
    """Ask citizens for no CSRF token, which would need a cookie and expire while they think.

    The one-time token in the address is itself the capability, and another site does not know it.
    """
    state.app.extensions["csrf"].exempt(rate)


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
    answer = redirect(receipt_address(code), 303)
    if draft.entered_by is None:
        answer.set_cookie(
            RATED_HERE, code, RATED_HERE_SECONDS, path=request.path, httponly=True, samesite="Lax",
            secure=settings().base_url.startswith("https"),
        )  # fmt: skip
    return answer


def _ask(token: str, draft: Draft, faults: Sequence[FieldError] = ()) -> str:
    invitation = intake.look(token, clock.now())
    return render_template(
        "web/rate.html",
        event=invitation.event,
        choices=choices(invitation.tags),
        draft=draft,
        faults=by_field(faults, FIELDS),
        limit=COMMENT_LIMIT,
        staff_screen=staff_here() is not None,
        ticket=draft.ticket or token_urlsafe(16),
    )


def choices(tags: Sequence[Tag]) -> list[Choice]:
    """Return the five grades in the standard's order, best first, each with its own tags."""
    offered = []
    for grade in sorted(Grade, reverse=True):
        own = sorted((t for t in tags if t.grade == grade), key=lambda t: not t.shown_first)
        offered.append(Choice(grade, own[:SHOWN_FIRST], own[SHOWN_FIRST:]))
    return offered


def _draft(channel: Channel) -> Draft:
    return Draft(
        grade=said("grade"),
        channel=channel,
        tags=tuple(request.form.getlist("tags")),
        comment=said("comment"),
        identity=said("identity"),
        name=said("name"),
        phone=said("phone"),
        locale=chosen(),
        entered_by=staff_here(),
        ticket=_ticket(),
    )


def _ticket() -> str:
    """Return the number of the page that was filled in; nothing if it is none of ours, or of staff."""
    ticket = said("ticket")
    return ticket if TICKET.fullmatch(ticket) and staff_here() is None else ""


@pages.errorhandler(AlreadyRated)
def _already_rated(refused: AlreadyRated) -> ResponseReturnValue:
    """Lead whoever rated to the receipt. Whoever else holds the slip learns only the fact.

    A clerk can print a slip again, and the receipt tells the rating and answers for the citizen.
    """
    code, staff = refused.facts["receipt"], staff_here() is not None
    link = receipt_address(code) if not staff and _rated_here(code) else None
    return render_template("web/already_rated.html", link=link, staff_screen=staff), 409


def _rated_here(code: str) -> bool:
    """Say whether the review came from this browser, or from the very page that is sent again."""
    return request.cookies.get(RATED_HERE) == code or reviews.was_sent_from(code, _ticket())


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
