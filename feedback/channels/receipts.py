"""The receipt's door: where a code is asked for, and the page that shows what became of a review.

A receipt code is what a citizen holds instead of an account: it shows the road of the matter and
opens what may still be said about it (`afterwards`). So whoever tries codes is slowed down.
"""

import unicodedata

from flask import Blueprint, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from .. import clock, limits
from ..cases.progress import progress
from ..errors import NotYours, Unknown
from ..events import tokens
from ..limits import limiter
from ..reviews import queries as reviews
from ..reviews.models import Review
from .citizen import printable, receipt_address, said, staff_here
from .squeeze import squeeze

pages = Blueprint("receipts", __name__)
pages.after_request(squeeze)

TYPED_SHOWN = 100
EXCERPT = 200
"""How many characters of what was written to the citizen the road shows at once."""
THANKS = ("add", "second_review", "object")
"""What a receipt thanks for, right after it was said. Never «I was pressed»: see `afterwards`."""


class NoSuchReceipt(Unknown):
    """No review has this code; `facts["typed"]` is what was asked for."""


@pages.record_once
def _exempt(state: BlueprintSetupState) -> None:
    """Ask for no CSRF token: looking a code up changes nothing."""
    state.app.extensions["csrf"].exempt(look_up)


@pages.get("/receipts")
def ask() -> str:
    """Ask for a receipt code."""
    return render_template("web/receipts.html")


@pages.post("/receipts")
@limiter.limit(limits.rating_limit)
def look_up() -> ResponseReturnValue:
    """Lead from a typed code, full-width letters included, to its page."""
    typed = printable(said("code"))[:TYPED_SHOWN]
    code = tokens.read_receipt(unicodedata.normalize("NFKC", typed))
    if code is None:
        return render_template("web/receipts.html", typed=typed, fault="malformed"), 422
    return redirect(receipt_address(code), 303)


@pages.get("/receipts/<code>")
@limiter.limit(limits.rating_limit)
@limits.slow_down_guessing
def receipt(code: str) -> str:
    """Show where a review and its case stand, without anything personal."""
    known, review = rated(code)
    thanked = request.args.get("said", "")
    return render_template(
        "web/receipt.html", code=tokens.grouped(known), review=review,
        progress=progress(review, clock.now()), excerpt=EXCERPT,
        thanked=thanked if thanked in THANKS else "",
    )  # fmt: skip


@pages.get("/receipts/<code>/words")
@limiter.limit(limits.rating_limit)
@limits.slow_down_guessing
def words(code: str) -> ResponseReturnValue:
    """Show everything that was written to the citizen, in full: the receipt shows how it begins."""
    known, review = rated(code)
    stands = progress(review, clock.now())
    if stands is None:
        return redirect(receipt_address(known), 303)
    return render_template("web/words.html", code=tokens.grouped(known), progress=stands)


def rated(code: str) -> tuple[str, Review]:
    """Return the code as it was given out, and its review with the service.

    Raises NoSuchReceipt; and NotYours where staff are signed in: nobody shall look up how a service
    of their own was rated, or answer in a citizen's place.
    """
    known = tokens.read_receipt(code)
    if known and staff_here():
        raise NotYours(receipt=known)
    review = known and reviews.by_receipt(known)
    if not known or not review:
        raise NoSuchReceipt(typed=printable(code)[:TYPED_SHOWN])
    return known, review


@pages.app_errorhandler(NoSuchReceipt)
def no_such_receipt(refused: NoSuchReceipt) -> ResponseReturnValue:
    """Say so, with a place to try again."""
    return render_template("web/receipts.html", typed=refused.facts["typed"], fault="unknown"), 404


@pages.errorhandler(NotYours)
def for_the_citizen_only(refused: NotYours) -> ResponseReturnValue:
    """Say to whoever of the staff is signed in whose page this is."""
    code = refused.facts.get("receipt")
    return render_template("web/receipt_closed.html", code=code and tokens.grouped(code)), 403
