"""Finding a case by its citizen's whole telephone number or receipt code, for a purpose.

The number is typed into a form and never stands in an address, a log or the ledger; cases are found
by its keyed digest, so that part of a number finds nothing.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from sqlalchemy import ColumnElement, select
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired

from .. import clock, limits, privacy
from ..config import settings
from ..db import db, new_id, transaction
from ..errors import FieldError, Invalid
from ..events import tokens
from ..ledger.actions import Line, write
from ..limits import limiter
from ..offices.forms import StaffForm
from ..offices.models import Account
from ..offices.roles import Role
from ..offices.sign_in import actor, for_roles, me
from ..reviews.actions import receipt_digest
from ..reviews.models import Review
from ..text import phone
from ..wording import label, sentence
from .due import urgency_at
from .inboxes import visible
from .models import Case
from .rows import WITH_SERVICE, Row, rows_of
from .states import LAST_ROUND

pages = Blueprint("finding", __name__)
ROLES = (Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR)
MOST = 50
"""How many cases of one citizen are shown, the latest first."""


class Why(StrEnum):
    """For what a case is looked up."""

    ASKS = "asks"  # the citizen asks what became of it
    VISIT = "visit"  # the citizen calls back about a visit
    CHECK = "check"  # an inspection or an audit


REASONS = {
    Role.OPERATOR: (Why.ASKS, Why.VISIT), Role.SUPERVISOR: tuple(Why), Role.AUDITOR: (Why.CHECK,),
}  # fmt: skip
"""Which purposes a role may have."""


class By(StrEnum):
    """By what a case is looked up."""

    PHONE = "phone"
    RECEIPT = "receipt"


@dataclass(frozen=True)
class Clue:
    """A whole telephone number or receipt code, as the digest under which a review is found."""

    by: By
    digest: str

    def matches(self) -> ColumnElement[bool]:
        """Return the condition that a review is this citizen's, or this receipt's."""
        column = Review.phone_digest if self.by is By.PHONE else Review.receipt_digest
        return column == self.digest


class FindForm(StaffForm):
    """One of the two, and for what."""

    phone = StringField(
        _l("Telephone number"),
        render_kw={"type": "tel", "maxlength": 40, "autocomplete": "off"},
    )
    receipt = StringField(_l("Or receipt code"), render_kw={"maxlength": 40, "autocomplete": "off"})
    why = RadioField(_l("For what"), [InputRequired(_l("Please say for what you look it up."))])

    def for_person(self, account: Account) -> "FindForm":
        """Offer the purposes that this person may have."""
        mine = [why for role, reasons in REASONS.items() if account.may_be(role) for why in reasons]
        self.why.choices = [(why.value, label("find_why", why)) for why in mine]
        return self

    def mark(self, errors: Sequence[FieldError]) -> None:
        """Put each fault beside its field."""
        for fault in errors:
            field = self[fault.field]
            field.errors = [*field.errors, sentence(fault)]


def read_clue(typed_phone: str, typed_receipt: str) -> Clue:
    """Return what was typed as a clue. Raises Invalid for none, both, or part of one."""
    if bool(typed_phone.strip()) is bool(typed_receipt.strip()):
        raise Invalid([FieldError("phone", "one_clue")])
    if typed_receipt.strip():
        code = tokens.read_receipt(unicodedata.normalize("NFKC", typed_receipt))
        if code is None:
            raise Invalid([FieldError("receipt", "not_a_receipt")])
        return Clue(By.RECEIPT, receipt_digest(code))
    number = phone(typed_phone)
    if number is None:
        raise Invalid([FieldError("phone", "phone_not_whole")])
    key = settings().digest_key.get_secret_value()
    return Clue(By.PHONE, privacy.digest(key, "phone", number))


def find(clue: Clue, why: Why, by: Account, now: datetime) -> list[Case]:
    """Return the cases of a clue that this person may see, and note in the ledger that they looked.

    Inside a transaction. One line for each look, also for one that finds nothing. It belongs to the
    look and not to the cases: looking a case up is no hand in it and keeps nobody from judging it.
    """
    cases = (
        select(Case)
        .join(Review, Review.case_id == Case.id)
        .where(clue.matches(), visible(by))
        .order_by(Case.id.desc())
        .limit(MOST)
    )
    found = list(db.session.scalars(cases.options(*WITH_SERVICE)))
    facts = {"by": clue.by.value, "why": why.value, "cases": [case.number for case in found]}
    write(now, actor(by), Line("look", new_id(), "found", facts))
    return found


def whoever_looks() -> str:
    """Return whose looks are counted: the account, wherever it is signed in."""
    return f"find:{current_user.get_id()}"


@pages.get("/find")
@for_roles(*ROLES)
def ask() -> str:
    """Ask for the number or code, and for what."""
    return _page(FindForm(formdata=None).for_person(me()))


@pages.post("/find")
@limiter.limit(limits.finding_limit, key_func=whoever_looks)
@for_roles(*ROLES)
def answer() -> str | tuple[str, int]:
    """Show the cases of one citizen; the page is the answer, so that no address holds the number."""
    form, now = FindForm().for_person(me()), clock.now()
    fields_fit = form.validate_on_submit()
    try:
        clue = read_clue(form.phone.data or "", form.receipt.data or "")
    except Invalid as invalid:
        form.mark(invalid.errors)
        return _page(form), 422
    if not fields_fit:
        return _page(form), 422
    with transaction():
        rows = rows_of(find(clue, Why(form.why.data), me(), now), me(), now)
    return _page(FindForm(formdata=None).for_person(me()), rows)


def _page(form: FindForm, rows: list[Row] | None = None) -> str:
    now = clock.now()
    return render_template(
        "cases/find.html", form=form, rows=rows, now=now, urgency=urgency_at(now), most=MOST,
        last_round=LAST_ROUND,
    )  # fmt: skip
