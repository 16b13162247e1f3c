"""What a citizen says after the review, with the receipt's code or by the one-time link.

Each has a page of its own with one question. A page that is looked at changes nothing; what is sent
is kept once, and leads back to the receipt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from .. import clock, limits
from ..cases import actions
from ..cases.models import Case
from ..cases.progress import Progress, case_of_number, held_case, progress
from ..cases.saying import WORDS_MOST, Typed, second_review_of, words_of
from ..cases.second_link import case_number_of
from ..cases.states import Act
from ..catalog.grades import Grade
from ..db import transaction
from ..errors import FieldError, Invalid, NotYours, OutOfTurn, TooOften, Unknown
from ..events import tokens
from ..limits import limiter
from ..reviews import actions as review_actions
from ..reviews import queries as reviews
from ..reviews.models import Review
from .citizen import by_field, receipt_address, said, staff_here
from .receipts import for_the_citizen_only, rated
from .squeeze import squeeze

pages = Blueprint("afterwards", __name__)
pages.after_request(squeeze)
pages.register_error_handler(NotYours, for_the_citizen_only)

FIELDS = ("grade", "words")
NOTHING = Typed()


def _add(case: Case, typed: Typed) -> None:
    actions.add(case, words_of(typed, needed=True), clock.now())


def _object(case: Case, typed: Typed) -> None:
    actions.object_to(case, words_of(typed, needed=True), clock.now())


def _second(case: Case, typed: Typed) -> None:
    grade, words = second_review_of(typed)
    actions.second_review(case, grade, words, clock.now())


def _pressed(case: Case, typed: Typed) -> None:
    actions.report_pressure(case, words_of(typed, needed=False), clock.now())


@dataclass(frozen=True)
class Saying:
    """One thing that may be said: its page, and what it does to the case."""

    template: str
    take: Callable[[Case, Typed], None]
    act: Act | None
    """The act whose turn it must be; None: at any time, also after the end."""


ADDING = Saying("web/add.html", _add, Act.ADD)
OBJECTING = Saying("web/object.html", _object, Act.OBJECT)
SECOND = Saying("web/second.html", _second, Act.SECOND_REVIEW)
PRESSED = Saying("web/pressed.html", _pressed, None)


@pages.record_once
def _exempt(state: BlueprintSetupState) -> None:
    """Ask for no CSRF token, which would need a cookie and expire while people think.

    The code or link in the address is itself the capability, and another site does not know it.
    """
    csrf = state.app.extensions["csrf"]
    for page in (add, object_, second, pressed, by_link):
        csrf.exempt(page)


@pages.route("/receipts/<code>/add", methods=["GET", "POST"])
@limiter.limit(limits.rating_limit)
@limits.slow_down_guessing
def add(code: str) -> ResponseReturnValue:
    """«I have something to add»."""
    return _with_receipt(code, ADDING)


@pages.route("/receipts/<code>/objection", methods=["GET", "POST"])
@limiter.limit(limits.rating_limit)
@limits.slow_down_guessing
def object_(code: str) -> ResponseReturnValue:
    """The objection to a voiding (异议)."""
    return _with_receipt(code, OBJECTING)


@pages.route("/receipts/<code>/second", methods=["GET", "POST"])
@limiter.limit(limits.rating_limit)
@limits.slow_down_guessing
def second(code: str) -> ResponseReturnValue:
    """The second review (二次评价)."""
    return _with_receipt(code, SECOND)


@pages.route("/receipts/<code>/pressed", methods=["GET", "POST"])
@limiter.limit(limits.rating_limit)
@limits.slow_down_guessing
def pressed(code: str) -> ResponseReturnValue:
    """«I was pressed to change my rating».

    The receipt says nothing of it, neither now nor later: whoever presses may also demand to see
    the receipt. The page that follows is the same for everybody and proves nothing.
    """
    return _with_receipt(code, PRESSED)


@pages.get("/receipts/<code>/pressed/sent")
@limiter.limit(limits.rating_limit)
@limits.slow_down_guessing
def pressed_sent(code: str) -> str:
    """Say calmly where a report of pressure goes."""
    known, _review = rated(code)
    return render_template("web/pressed_sent.html", code=tokens.grouped(known))


@pages.route("/second/<token>", methods=["GET", "POST"])
@limiter.limit(limits.rating_limit)
@limits.slow_down_guessing
def by_link(token: str) -> ResponseReturnValue:
    """The second review by the one-time link in a message.

    A forged link is refused before the database is asked. Raises Unknown, NotYours.
    """
    number = case_number_of(token)
    if number and staff_here():
        raise NotYours
    case = number and case_of_number(number)
    if not case:
        raise Unknown
    review = reviews.of_case(case.id)
    return _say(SECOND, review, review_actions.receipt_of(review.event_id))


def _with_receipt(code: str, saying: Saying) -> ResponseReturnValue:
    known, review = rated(code)
    return _say(saying, review, known)


def _say(saying: Saying, review: Review, code: str) -> ResponseReturnValue:
    """Show the page, or take what was sent; if it is not in turn, say so and lead to the receipt."""
    if request.method == "POST" and review.case_id:
        return _take(saying, review, code)
    stands = progress(review, clock.now())
    if stands is None or saying.act not in {None, *stands.open_acts}:
        return _not_now(saying, stands, code)
    return _ask(saying, review, code)


def _ask(
    saying: Saying, review: Review, code: str, typed: Typed = NOTHING,
    faults: Sequence[FieldError] = (),
) -> str:  # fmt: skip
    return render_template(
        saying.template, event=review.event, code=tokens.grouped(code), typed=typed,
        faults=by_field(faults, FIELDS), limit=WORDS_MOST, grades=sorted(Grade, reverse=True),
    )  # fmt: skip


def _take(saying: Saying, review: Review, code: str) -> ResponseReturnValue:
    typed = Typed(said("words"), said("grade"))
    try:
        with transaction():
            saying.take(held_case(review), typed)
    except Invalid as refused:
        return _ask(saying, review, code, typed, refused.errors), 422
    except TooOften as refused:
        enough = FieldError("words", "enough_said", refused.facts)
        return _ask(saying, review, code, typed, [enough]), 429
    except OutOfTurn:
        return _not_now(saying, progress(review, clock.now()), code)
    return redirect(_leads_to(saying, code), 303)


def _leads_to(saying: Saying, code: str) -> str:
    if saying.act is None:
        return receipt_address(code, "afterwards.pressed_sent")
    return receipt_address(code, said=saying.act.value)


def _not_now(saying: Saying, stands: Progress | None, code: str) -> ResponseReturnValue:
    again = stands is not None and saying.act in stands.past_acts
    link = receipt_address(code)
    page = render_template("web/not_now.html", act=saying.act, again=again, link=link)
    return page, 409
