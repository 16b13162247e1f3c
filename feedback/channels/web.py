"""The web door: the page behind a service's QR code, and where a citizen comes in.

A citizen needs no login, no cookie and no JavaScript; looking (GET, HEAD) never spends the right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
from ..reviews.drafts import COMMENT_LIMIT, Channel, Draft
from .citizen import by_field, receipt_address, said, staff_here
from .squeeze import squeeze

pages = Blueprint("web", __name__)
pages.after_request(squeeze)

FIELDS = ("grade", "tags", "comment", "identity", "name", "phone")
SHOWN_FIRST = 3
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
    return redirect(receipt_address(code), 303)


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
    )


@pages.errorhandler(AlreadyRated)
def _already_rated(refused: AlreadyRated) -> ResponseReturnValue:
    """Lead a citizen to the receipt; staff, who can print a slip again, learn only the fact."""
    link = None if staff_here() else receipt_address(refused.facts["receipt"])
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
