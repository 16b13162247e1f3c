"""The lines of a list of cases: each with what was said, what waits, and whose turn it is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from .. import clock
from ..calendar.queries import calendar_in_force
from ..catalog.models import Item
from ..db import db
from ..events.models import ServiceEvent
from ..offices.models import Account
from ..offices.roles import OVERSEEING_ROLES
from ..reviews.models import Review
from ..workdays import Calendar
from . import rulebook
from .models import Addition, Case, Requested, ReturnVisit, SupervisionNotice
from .states import Act, Outcome
from .turns import Turn, turns

WITH_SERVICE = (
    joinedload(Case.event).joinedload(ServiceEvent.item).joinedload(Item.department),
    joinedload(Case.event).joinedload(ServiceEvent.window),
    joinedload(Case.event).joinedload(ServiceEvent.officer),
    joinedload(Case.department),
)
"""What every list and page shows of the service, read with the case."""


@dataclass(frozen=True)
class Tries:
    """Failed attempts of this round's return visit. Each has its own day."""

    failed: int = 0
    last_day: date | None = None


@dataclass(frozen=True)
class Row:
    """One line of a list."""

    case: Case
    review: Review
    reason: str
    """Why, if the citizen said so only afterwards."""
    turn: Turn | None
    """Whose turn it is; None once the case has ended."""
    asked: Requested | None
    """The request that waits for a decision."""
    notices: Sequence[str]
    """The numbers of the supervision notices that the one who looks may open."""
    tries: Tries
    tried_today: bool
    calendar: Calendar

    @property
    def words(self) -> str:
        """What the citizen said, or said afterwards when asked for the reason."""
        return self.review.comment or self.reason

    @property
    def next_due_at(self) -> datetime | None:
        """By when the one who looks must act: a request has a deadline of its own."""
        decides = self.turn and self.turn.act is Act.DECIDE
        if decides and self.asked:
            return self.asked.due_at
        return self.case.answer_due_at or self.case.next_due_at

    @property
    def warn_at(self) -> datetime | None:
        """From when that deadline is near."""
        due_at = self.next_due_at
        if due_at is None or due_at == self.case.next_due_at:
            return self.case.warn_at
        return rulebook.of_case(self.case, self.calendar).warn_at(due_at)


def rows_of(cases: Sequence[Case], account: Account, now: datetime) -> list[Row]:
    """Return the lines of these cases, in their order: a constant number of statements."""
    if not cases:
        return []
    ids = [case.id for case in cases]
    said, asked, notices, tries = (
        _reviews(ids),
        _requests(cases),
        _notices(ids, account),
        _tries(cases),
    )
    whose, today = turns(cases, account, now), clock.day_of(now)
    calendar = calendar_in_force()
    return [
        Row(
            case, *said[case.id], whose.get(case.id), asked.get(case.id), notices.get(case.id, ()),
            tries.get(case.id, Tries()), tries.get(case.id, Tries()).last_day == today, calendar,
        )
        for case in cases
    ]  # fmt: skip


def _reviews(ids: Sequence[UUID]) -> dict[UUID | None, tuple[Review, str]]:
    """Return what was said about each case, and the reason that was asked for afterwards."""
    reason = (Addition.case_id == Review.case_id) & Addition.is_reason  # there is one at most
    reviews = (
        select(Review, func.coalesce(Addition.words, ""))
        .options(selectinload(Review.tags))
        .outerjoin(Addition, reason)
        .where(Review.case_id.in_(ids))
    )
    return {review.case_id: (review, words) for review, words in db.session.execute(reviews)}


def _requests(cases: Sequence[Case]) -> dict[UUID, Requested]:
    waiting = [case.request_id for case in cases if case.request_id]
    requests = select(Requested).where(Requested.id.in_(waiting))
    with_names = requests.options(joinedload(Requested.owner), joinedload(Requested.by))
    return {asked.case_id: asked for asked in db.session.scalars(with_names).unique()}


def _notices(ids: Sequence[UUID], account: Account) -> dict[UUID, list[str]]:
    """Return the numbers of the notices by case; of those to another department, none to this one."""
    issued = select(SupervisionNotice.case_id, SupervisionNotice.number).where(
        SupervisionNotice.case_id.in_(ids)
    )
    if not account.may_be(*OVERSEEING_ROLES):
        issued = issued.where(SupervisionNotice.department_code == account.department_code)
    numbers = defaultdict(list)
    for case_id, number in db.session.execute(issued.order_by(SupervisionNotice.id)):
        numbers[case_id].append(number)
    return numbers


def _tries(cases: Sequence[Case]) -> dict[UUID, Tries]:
    rounds = {case.id: case.round for case in cases}
    failed = (
        select(ReturnVisit.case_id, ReturnVisit.round, func.count(), func.max(ReturnVisit.day))
        .where(ReturnVisit.case_id.in_(rounds), ReturnVisit.outcome == Outcome.FAILED)
        .group_by(ReturnVisit.case_id, ReturnVisit.round)
    )
    return {
        case_id: Tries(count, day)
        for case_id, round_, count, day in db.session.execute(failed)
        if rounds[case_id] == round_
    }
