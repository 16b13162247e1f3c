"""How the cases stood at a past moment, and what had happened to them by then.

From dated rows wherever there are any. Some columns have none (state, department, kind, deadlines):
for them, what was done since is taken back by what the ledger's lines say they replaced.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from .. import clock
from ..cases import rulebook
from ..cases.actions.visiting import SATISFIED_FROM
from ..cases.ladder import Rung, climbed, rungs
from ..cases.models import (
    Appeal,
    Case,
    Decision,
    Judgement,
    Objection,
    Reconsideration,
    Reply,
    Requested,
    ReturnVisit,
    SecondReview,
    SupervisionNotice,
)
from ..cases.states import LAST_ROUND, VISIT_ATTEMPTS, Act, Outcome, Request, State, Verdict
from ..catalog.grades import TagClass
from ..db import db
from ..events.models import ServiceEvent
from ..ledger.models import Entry
from ..offices.models import Window
from ..reviews.drafts import Identity
from ..workdays import Calendar
from .figures import CaseFacts, Happened, Kind

REPLACED = ("from", "due_before", "next_due_before", "before", "class_before")
"""What a ledger line says of how a case stood before the act: state, deadlines, department, kind."""


def cases_at(start: datetime, as_of: datetime, calendar: Calendar) -> Iterator[CaseFacts]:
    """Return the cases that were received, open, closed or voided from `start` to `as_of`.

    Each is shown as it was at `as_of`.
    """
    was, voided, twice = _before_acts_since(as_of), _voided_at(as_of), _sent_back_before(as_of)
    late_before = _late_before(start, as_of)
    for case in db.session.execute(_touched(start, as_of)):
        before = was.get(str(case.id), {})
        state = State(before.get("from", case.state))
        next_due_at = _moment(before.get("next_due_before", case.next_due_at))
        department = before.get("before", case.department_code)
        yield CaseFacts(
            case.number, None if state is State.TRIAGE else department,
            case.identity is Identity.NAMED, case.opened_at,
            _moment(before.get("due_before", case.due_at)) or case.due_at,
            case.replied_at, case.closed_at, state, case.id in voided, next_due_at,
            _rung(next_due_at, case.rules_version, case.id in twice, as_of, calendar),
            _at_desk_since(state, case), case.id in late_before,
            _kind(before.get("class_before", case.tag_class)), case.window_code, case.window_department,
        )  # fmt: skip


def _at_desk_since(state: State, case: Any) -> datetime | None:
    """Return since when the next step was not the department's, by what had been done until then."""
    since: datetime | None = {
        State.TRIAGE: case.opened_at, State.TRANSFERRING: case.asked_at,
        State.APPEALED: case.appealed_at, State.VISITING: case.replied_at,
        State.CLOSING: case.replied_at,
    }.get(state)  # fmt: skip
    return since


def _touched(start: datetime, as_of: datetime) -> Any:
    """Return the statement for every case that any figure of the span may need."""
    # Cases whose voiding was settled before are not read again week after week.
    settled = and_(
        Case.state == State.VOIDED, Case.voided_at < start, Case.opened_at < start,
        ~exists().where(Reconsideration.case_id == Case.id, Reconsideration.at >= start),
    )  # fmt: skip
    return (
        select(
            Case.id, Case.number, Case.department_code, Case.identity, Case.opened_at, Case.due_at,
            _last(Reply, as_of).label("replied_at"), _last(Appeal, as_of).label("appealed_at"),
            _last(Requested, as_of, Requested.kind == Request.TRANSFER).label("asked_at"),
            Case.closed_at, Case.state, Case.next_due_at, Case.rules_version,
            Case.tag_class, ServiceEvent.window_code,
            Window.department_code.label("window_department"),
        )
        .join(ServiceEvent, ServiceEvent.id == Case.event_id)
        .outerjoin(Window, Window.code == ServiceEvent.window_code)
        .where(
            Case.opened_at < as_of, or_(Case.closed_at.is_(None), Case.closed_at >= start),
            ~settled,
        )
        .order_by(Case.number)
    )  # fmt: skip


def _last(kind: Any, as_of: datetime, *which: Any) -> Any:
    """Return the column of when the last of a case's rows of a kind was written before `as_of`."""
    rows = select(func.max(kind.at)).where(kind.case_id == Case.id, kind.at < as_of, *which)
    return rows.correlate(Case).scalar_subquery()


def _late_before(start: datetime, as_of: datetime) -> frozenset[UUID]:
    """Return the cases sent back by then whose reply of before had come late.

    Being sent back gives a new term; the line of it says which deadline that replaced. Where it
    replaced none, the old one had not passed.
    """
    sent_back = (
        select(ReturnVisit.case_id, Reply.at)
        .join(Case, Case.id == ReturnVisit.case_id)
        .join(Reply, and_(Reply.case_id == Case.id, Reply.round == ReturnVisit.round))
        .where(
            _is_sending_back(), ReturnVisit.at < as_of,
            or_(Case.closed_at.is_(None), Case.closed_at >= start),
        )
    )  # fmt: skip
    replied = {str(case_id): (case_id, at) for case_id, at in db.session.execute(sent_back)}
    lines = select(Entry.subject_id, Entry.facts).where(
        Entry.subject == "case", Entry.subject_id.in_(replied), Entry.at < as_of,
        Entry.act.in_((Act.VISIT.value, Act.SECOND_REVIEW.value)),
    )  # fmt: skip
    return frozenset(
        replied[subject_id][0]
        for subject_id, facts in db.session.execute(lines)
        if "due_before" in facts
        and replied[subject_id][1] > datetime.fromisoformat(facts["due_before"])
    )


def _before_acts_since(moment: datetime) -> Mapping[str, dict[str, Any]]:
    """Return, by case id, what the ledger says stood before the acts since `moment`.

    A line names the state the act came from, and the deadlines and the department it replaced; of
    several lines the earliest says how it was.
    """
    lines = db.session.execute(
        select(Entry.subject_id, Entry.facts)
        .where(Entry.subject == "case", Entry.at >= moment)
        .order_by(Entry.at.desc(), Entry.id.desc())
    )
    was: dict[str, dict[str, Any]] = defaultdict(dict)
    for subject_id, facts in lines:
        was[subject_id] |= {name: facts[name] for name in REPLACED if name in facts}
    return was


def _kind(kept: str | None) -> TagClass | None:
    return TagClass(kept) if kept else None


def _moment(kept: str | datetime | None) -> datetime | None:
    return datetime.fromisoformat(kept) if isinstance(kept, str) else kept


def _voided_at(moment: datetime) -> frozenset[UUID]:
    """Return the cases whose appeal was upheld before `moment`, and no objection to that."""
    revived = exists().where(
        Reconsideration.case_id == Judgement.case_id,
        Reconsideration.verdict == Verdict.UPHOLD,
        Reconsideration.at < moment,
    )
    upheld = Judgement.verdict == Verdict.UPHOLD
    rows = select(Judgement.case_id).where(upheld, Judgement.at < moment, ~revived)
    return frozenset(db.session.scalars(rows))


def _sent_back_before(moment: datetime) -> frozenset[UUID]:
    """Return the cases that a citizen had sent back by then: they stand one rung higher."""
    rows = select(ReturnVisit.case_id).where(_is_sending_back(), ReturnVisit.at < moment)
    return frozenset(db.session.scalars(rows))


def _is_sending_back() -> Any:
    return and_(ReturnVisit.satisfied.is_(False), ReturnVisit.round < LAST_ROUND)


def _rung(
    next_due_at: datetime | None, version: int, twice: bool, as_of: datetime, calendar: Calendar
) -> Rung:
    """Return how far up the ladder a deadline was, by the rules alone.

    Not by what the scheduler had recorded: a report written just before its first round after a
    silence must not miss what became due in it.
    """
    if next_due_at is None or next_due_at >= as_of:
        return Rung.NOTHING
    terms = rulebook.terms_of(version, calendar)
    all_rungs = rungs(terms.warn_at(next_due_at), next_due_at, terms)
    highest = climbed(all_rungs, Rung.NOTHING, as_of)[-1].rung
    return Rung(min(highest + twice, Rung.LEADERS))


def happened(start: datetime, as_of: datetime, calendar: Calendar) -> Iterator[Happened]:
    """Return what happened to cases from `start` on and before `as_of`."""
    for look in (_appeals, _judgements, _objections, _revivals, _notices, _answers):
        yield from look(start, as_of)
    yield from _moved_deadlines(start, as_of, calendar)
    yield from _visits(start, as_of)


def _within(at: Any, start: datetime, as_of: datetime) -> Any:
    return and_(at >= start, at < as_of)


def _rows(start: datetime, as_of: datetime, kind: Any, *columns: Any) -> Iterator[Any]:
    yield from db.session.execute(
        select(kind.at, *columns).where(_within(kind.at, start, as_of)).order_by(kind.at)
    )


def _appeals(start: datetime, as_of: datetime) -> Iterator[Happened]:
    for at, department in _rows(start, as_of, Appeal, Appeal.case_department):
        yield Happened(at, Kind.APPEALED, department)


def _judgements(start: datetime, as_of: datetime) -> Iterator[Happened]:
    columns = Judgement.case_department, Judgement.verdict
    for at, department, verdict in _rows(start, as_of, Judgement, *columns):
        yield Happened(at, Kind.VOIDED if verdict is Verdict.UPHOLD else Kind.DISMISSED, department)


def _objections(start: datetime, as_of: datetime) -> Iterator[Happened]:
    for at, department in _rows(start, as_of, Objection, Objection.case_department):
        yield Happened(at, Kind.OBJECTED, department)


def _revivals(start: datetime, as_of: datetime) -> Iterator[Happened]:
    columns = Reconsideration.case_department, Reconsideration.verdict
    for at, department, verdict in _rows(start, as_of, Reconsideration, *columns):
        if verdict is Verdict.UPHOLD:
            yield Happened(at, Kind.REVIVED, department)


def _notices(start: datetime, as_of: datetime) -> Iterator[Happened]:
    for at, department in _rows(start, as_of, SupervisionNotice, SupervisionNotice.department_code):
        yield Happened(at, Kind.NOTICE, department)


def _answers(start: datetime, as_of: datetime) -> Iterator[Happened]:
    """Return what citizens answered: at a visit, by a second review, or by one after the closure."""
    columns = ReturnVisit.case_department, ReturnVisit.satisfied, ReturnVisit.round
    for at, department, satisfied, round_ in _rows(start, as_of, ReturnVisit, *columns):
        if satisfied is None:
            continue
        yield Happened(at, Kind.SATISFIED if satisfied else Kind.DISSATISFIED, department)
        if not satisfied and round_ < LAST_ROUND:
            yield Happened(at, Kind.SENT_BACK, department)
    after_closure = (
        select(SecondReview.at, Case.department_code, SecondReview.grade)
        .join(Case, Case.id == SecondReview.case_id)
        .where(
            _within(SecondReview.at, start, as_of),
            ~exists().where(ReturnVisit.second_review_id == SecondReview.id),
        )
    )
    for at, department, grade in db.session.execute(after_closure):
        satisfied = grade >= SATISFIED_FROM
        yield Happened(at, Kind.SATISFIED if satisfied else Kind.DISSATISFIED, department)


def _visits(start: datetime, as_of: datetime) -> Iterator[Happened]:
    """Return when named cases had had their return visit: the first answer, or the third call in
    vain. Whatever the citizen says after that is an answer, but not another visit.
    """
    earlier = aliased(ReturnVisit)
    had_it = exists().where(
        earlier.case_id == ReturnVisit.case_id, earlier.round == ReturnVisit.round,
        earlier.outcome == Outcome.FAILED, earlier.attempt >= VISIT_ATTEMPTS,
        earlier.id < ReturnVisit.id,
    )  # fmt: skip
    ends = or_(
        and_(ReturnVisit.outcome == Outcome.ANSWERED, ReturnVisit.attempt == 1, ~had_it),
        and_(ReturnVisit.outcome == Outcome.FAILED, ReturnVisit.attempt == VISIT_ATTEMPTS),
    )
    rows = (
        select(ReturnVisit.at, ReturnVisit.case_department)
        .join(Case, Case.id == ReturnVisit.case_id)
        .where(_within(ReturnVisit.at, start, as_of), Case.identity == Identity.NAMED, ends)
    )
    for at, department in db.session.execute(rows):
        yield Happened(at, Kind.VISITED, department)


MOVING = {Request.EXTEND: Kind.EXTENDED, Request.COMPLEX: Kind.MADE_COMPLEX}
"""The requests that move a deadline once they are granted."""


def _moved_deadlines(start: datetime, as_of: datetime, calendar: Calendar) -> Iterator[Happened]:
    """Return the requests granted, each with the days by which its ledger line moved the deadline."""
    days = _days_moved(start, as_of, calendar)
    columns = Decision.case_id, Decision.kind, Decision.number, Decision.asked_by_department
    granted = select(Decision.at, *columns).where(
        _within(Decision.at, start, as_of), Decision.granted, Decision.kind.in_(MOVING)
    )
    for at, case_id, kind, number, department in db.session.execute(granted):
        moved = days.get((str(case_id), kind.value, number), 0)
        yield Happened(at, MOVING[kind], department, moved)


def _days_moved(
    start: datetime, as_of: datetime, calendar: Calendar
) -> Mapping[tuple[str, str, int], int]:
    lines = select(Entry.subject_id, Entry.facts).where(
        Entry.subject == "case", Entry.act == "decide", _within(Entry.at, start, as_of)
    )
    return {
        (case_id, facts["request"], facts["number"]): _days(facts, calendar)
        for case_id, facts in db.session.execute(lines)
        if "due_before" in facts
    }


def _days(facts: Mapping[str, Any], calendar: Calendar) -> int:
    before, after = (
        clock.day_of(datetime.fromisoformat(facts[name])) for name in ("due_before", "due_at")
    )
    return calendar.between(before, after)
