"""Looking supervision notices (督办单) up, and what one says of the citizen's words.

Who may read a notice: those who oversee; and the department it was issued to, also once the case is
another's. It names the citizen to nobody.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, select
from sqlalchemy.orm import joinedload

from .. import clock
from ..catalog.models import Item
from ..db import db
from ..errors import Unknown
from ..events.models import ServiceEvent
from ..offices.models import Account
from ..offices.roles import DEPARTMENT_ROLES
from ..reviews.models import Review
from ..reviews.queries import name_of
from ..reviews.queries import of_case as review_of_case
from .inboxes import sees_all, visible
from .models import Addition, Case, SupervisionNotice
from .models.urging import Cause
from .paging import shown_page

PAGE_SIZE = 50
SUMMARY_LIMIT = 160
HIDDEN = "****"
PHONE = re.compile(r"(?:\+?86[-\s]?)?1\d{2}[-\s]\d{4}[-\s]\d{4}|0\d{2,3}[-\s]\d{7,8}|\d{7,}[Xx]?")
"""Telephones as people write them, and any long number: it may be a certificate's."""


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to; `first` and `last` are Shanghai days, both included."""

    department: str | None = None
    cause: Cause | None = None
    first: date | None = None
    last: date | None = None
    page: int = 1

    @property
    def is_set(self) -> bool:
        """Whether anything is left out."""
        return any((self.department, self.cause, self.first, self.last))


@dataclass(frozen=True)
class Notices:
    """A page of notices, newest first."""

    rows: Sequence[SupervisionNotice]
    found: int
    page: int
    pages: int


@dataclass(frozen=True)
class Said:
    """What the citizen said, as a paper may say that others will read: no name, no number."""

    grade: int
    tags: tuple[str, ...]
    words: str


def readable(account: Account) -> ColumnElement[bool]:
    """Return the condition that holds for the notices a person may read. Needs Case joined."""
    if sees_all(account):
        return visible(account)
    if account.may_be(*DEPARTMENT_ROLES):
        return SupervisionNotice.department_code == account.department_code
    return false()


def has_the_case(notice: SupervisionNotice, account: Account) -> bool:
    """Say whether a reader of the notice may see its case as well: it is another's by now if not."""
    return sees_all(account) or notice.case.department_code == account.department_code


_WITH_CASE = (
    joinedload(SupervisionNotice.department),
    joinedload(SupervisionNotice.issuer),
    joinedload(SupervisionNotice.case).joinedload(Case.event).joinedload(ServiceEvent.item)
    .joinedload(Item.department),
)  # fmt: skip


def notice_of(case_number: str, number: str, account: Account) -> SupervisionNotice:
    """Return one notice of one case, for somebody who may read it. Raises Unknown otherwise."""
    wanted = select(SupervisionNotice).join(SupervisionNotice.case).options(*_WITH_CASE)
    found = db.session.scalar(
        wanted.where(
            SupervisionNotice.number == number, Case.number == case_number, readable(account)
        )
    )
    if found is None:
        raise Unknown
    return found


def notices(account: Account, wanted: Filter) -> Notices:
    """Return a page of the notices a person may read, newest first."""
    matching = select(SupervisionNotice).join(SupervisionNotice.case)
    matching = matching.where(readable(account), *_conditions(wanted))
    found = db.session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    page, pages = shown_page(wanted.page, found, PAGE_SIZE)
    rows = matching.order_by(SupervisionNotice.at.desc(), SupervisionNotice.number.desc())
    rows = rows.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE).options(*_WITH_CASE)
    return Notices(db.session.scalars(rows).all(), found, page, pages)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.department:
        conditions.append(SupervisionNotice.department_code == wanted.department)
    if wanted.cause:
        conditions.append(SupervisionNotice.cause == wanted.cause)
    if wanted.first:
        conditions.append(SupervisionNotice.at >= clock.moment_of(wanted.first))
    if wanted.last:
        conditions.append(SupervisionNotice.at < clock.end_of(wanted.last))
    return conditions


def said_in(notice: SupervisionNotice) -> Said:
    """Return what the citizen said, shortened and without name and numbers.

    Whoever gave only a grade by text message may have said why when asked; then that stands here.
    """
    review: Review = review_of_case(notice.case_id)
    said = review.comment or _reason_of(notice.case_id)
    words = without_person(said, name_of(review))
    return Said(review.grade, tuple(tag.name for tag in review.tags), _shortened(words))


def _reason_of(case_id: UUID) -> str:
    reason = select(Addition.words).where(Addition.case_id == case_id, Addition.is_reason)
    return db.session.scalar(reason) or ""


def without_person(words: str, name: str | None) -> str:
    """Return the words with the citizen's own name and every long number hidden."""
    hidden = words.replace(name, HIDDEN) if name and len(name) > 1 else words
    return PHONE.sub(HIDDEN, hidden)


def _shortened(words: str) -> str:
    one_line = " ".join(words.split())
    return one_line if len(one_line) <= SUMMARY_LIMIT else one_line[:SUMMARY_LIMIT] + "……"
