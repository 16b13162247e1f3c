"""Which case counts where, and in which week. Tables with weekdays written out; no database."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback import clock
from feedback.cases.states import State
from feedback.reports.figures import (
    CaseFacts,
    Counts,
    Names,
    Pair,
    Rate,
    WeekFigures,
    from_json,
    overdue_at,
    to_json,
    week_figures,
)
from feedback.workdays import china

from .made import shanghai

CALENDAR = china()
WEEK = "2026-W47"  # Monday 16 November to Sunday 22 November 2026
NAMES = Names({"RS": "区人力资源社会保障局", "SW": "区水务局"}, {})
LATER = shanghai("2027-01-01 00:00")
BEFORE, DUE_IN_WEEK, DUE_AFTER = "2026-11-10 10:00", "2026-11-18 17:30", "2026-11-25 17:30"


def case(
    opened: str, due: str, answered: str = "", closed: str = "", **changes: object
) -> CaseFacts:
    facts = CaseFacts(
        "HC-1", "RS", True, shanghai(opened), shanghai(due),
        shanghai(answered) if answered else None, shanghai(closed) if closed else None,
        State.CLOSED if closed else State.RECTIFYING,
    )  # fmt: skip
    return replace(facts, **changes)  # type: ignore[arg-type]


def with_visitor(answered: str, until: str, **changes: object) -> CaseFacts:
    """Return a case due on Wednesday that was answered and waits for its return visit."""
    return case(
        BEFORE, DUE_IN_WEEK, answered, state=State.VISITING, desk_since=shanghai(answered),
        next_due_at=shanghai(until), **changes,
    )  # fmt: skip


def total(*cases: CaseFacts, week: str = WEEK, until: datetime = LATER) -> Counts:
    return week_figures(week, until, cases, NAMES, CALENDAR).total


ONE = Pair(named=1)


@pytest.mark.parametrize(
    ("facts", "counts"),
    [
        # received Monday 00:00 exactly: this week; Monday 00:00 after it: the next
        (case("2026-11-16 00:00", DUE_AFTER), Counts(received=ONE, open=ONE)),
        (case("2026-11-15 23:59", DUE_AFTER), Counts(open=ONE)),
        (case("2026-11-22 23:59", "2026-11-27 17:30"), Counts(received=ONE, open=ONE)),
        (case("2026-11-23 00:00", "2026-11-27 17:30"), Counts()),
        # replied Wednesday at the very deadline, closed Thursday: in time
        (
            case(BEFORE, DUE_IN_WEEK, DUE_IN_WEEK, "2026-11-19 10:00"),
            Counts(due=ONE, in_time=ONE),
        ),
        # replied Wednesday a minute too late
        (
            case(BEFORE, DUE_IN_WEEK, "2026-11-18 17:31", "2026-11-19 10:00"),
            Counts(due=ONE, late=ONE),
        ),
        # replied in time, but visited and closed after the deadline: the department was in time
        (
            case(BEFORE, DUE_IN_WEEK, "2026-11-13 10:00", "2026-11-20 10:00"),
            Counts(due=ONE, in_time=ONE),
        ),
        # closed before it was due: it counts in the week in which it was closed
        (
            case(BEFORE, DUE_AFTER, "2026-11-17 10:00", "2026-11-17 11:00"),
            Counts(due=ONE, in_time=ONE),
        ),
        # closed Monday 00:00 exactly: this week; Monday 00:00 after it: open and overdue
        (
            case(BEFORE, "2026-11-13 17:30", "2026-11-13 10:00", "2026-11-16 00:00"),
            Counts(due=ONE, in_time=ONE),
        ),
        (
            with_visitor("2026-11-18 10:00", "2026-11-19 17:30", closed_at=shanghai("2026-11-23 00:00")),
            Counts(due=ONE, open=ONE, overdue=ONE, longest_overdue=1),
        ),
        # answered in time, to be visited by Monday evening: the visitor still has time
        (with_visitor("2026-11-18 10:00", until="2026-11-23 17:30"), Counts(open=ONE)),
        # answered in time, but nobody visited by Thursday evening: Friday is over
        (
            with_visitor("2026-11-18 10:00", until="2026-11-19 17:30"),
            Counts(due=ONE, open=ONE, overdue=ONE, longest_overdue=1),
        ),
        # answered on Friday, two days late, and the visitor still has time
        (
            with_visitor("2026-11-20 10:00", until="2026-11-27 17:30"),
            Counts(due=ONE, open=ONE, overdue=ONE, longest_overdue=2),
        ),
        # answered in time in the end, but what the citizen sent back had come late
        (
            case(BEFORE, DUE_AFTER, "2026-11-19 10:00", "2026-11-20 10:00", late_before=True),
            Counts(due=ONE, late=ONE),
        ),
        # due at the week's very end is not overdue yet
        (case(BEFORE, "2026-11-23 00:00"), Counts(open=ONE)),
        # closed before the week: nothing of it is left
        (case(BEFORE, DUE_IN_WEEK, "2026-11-13 10:00", "2026-11-15 23:59"), Counts()),
        # anonymous
        (
            case("2026-11-16 10:00", DUE_IN_WEEK, named=False),
            Counts(
                received=Pair(0, 1), due=Pair(0, 1), open=Pair(0, 1), overdue=Pair(0, 1),
                longest_overdue=2,
            ),
        ),
    ],
)  # fmt: skip
def test_a_case_counts_where_its_dates_put_it(facts: CaseFacts, counts: Counts) -> None:
    assert total(facts) == counts


@pytest.mark.parametrize(
    ("due", "as_of", "days"),
    [
        ("2026-11-18 17:30", "2026-11-23 00:00", 2),  # Wednesday → Thu, Fri
        ("2026-11-20 17:30", "2026-11-23 00:00", 0),  # Friday → Sat, Sun: nobody works
        ("2026-11-20 17:30", "2026-11-23 08:00", 1),  # Friday → Monday has begun
        ("2026-11-18 17:30", "2026-11-18 18:00", 0),  # the same evening
        (
            "2026-09-30 17:30",
            "2026-10-05 00:00",
            0,
        ),  # Wednesday before National Day: Thu 1–Sun 4 off
        ("2026-09-30 17:30", "2026-10-12 00:00", 3),  # Thu 8, Fri 9 and the make-up Saturday 10
        ("2026-09-18 17:30", "2026-09-21 00:00", 1),  # Friday → the make-up Sunday 20 September
        ("2026-10-09 17:30", "2026-10-12 00:00", 1),  # Friday → the make-up Saturday 10
    ],
)
def test_days_overdue_are_working_days(due: str, as_of: str, days: int) -> None:
    late = overdue_at(case("2026-09-01 10:00", due), shanghai(as_of))
    assert late is not None
    assert late.days(CALENDAR) == days


APPEALED = {"state": State.APPEALED, "desk_since": shanghai("2026-11-17 10:00")}


def row_of(figures: WeekFigures, department: str | None) -> Counts:
    return figures.counts_of(department)


def test_while_an_appeal_filed_in_time_is_judged_the_departments_clock_stands_still() -> None:
    judged_by = shanghai("2026-11-24 17:30")
    facts = case(BEFORE, DUE_IN_WEEK, next_due_at=judged_by, **APPEALED)
    figures = week_figures(WEEK, LATER, [facts], NAMES, CALENDAR)
    assert figures.overdue == ()
    assert row_of(figures, "RS") == Counts(open=ONE)


def test_what_takes_the_judge_too_long_stands_in_the_desks_line_and_in_the_total() -> None:
    facts = case(BEFORE, DUE_IN_WEEK, next_due_at=shanghai("2026-11-19 17:30"), **APPEALED)
    figures = week_figures(WEEK, LATER, [facts], NAMES, CALENDAR)
    assert row_of(figures, "RS") == Counts()
    late = Counts(due=ONE, open=ONE, overdue=ONE, longest_overdue=1)
    assert (row_of(figures, None), figures.total) == (late, late)
    assert [(c.department, c.at_desk, c.days) for c in figures.overdue] == [("RS", True, 1)]


def test_what_a_department_received_stays_its_own_though_it_is_overdue_elsewhere() -> None:
    asked = {"state": State.TRANSFERRING, "desk_since": shanghai("2026-11-17 10:00")}
    decided_by = shanghai("2026-11-18 17:30")
    facts = case("2026-11-16 10:00", DUE_AFTER, next_due_at=decided_by, **asked)
    figures = week_figures(WEEK, LATER, [facts], NAMES, CALENDAR)
    assert row_of(figures, "RS") == Counts(received=ONE)
    assert row_of(figures, None).overdue == ONE


def test_an_appeal_filed_too_late_to_be_in_time_takes_no_case_out_of_what_is_overdue() -> None:
    filed = {"state": State.APPEALED, "desk_since": shanghai("2026-11-20 10:00")}
    facts = case(BEFORE, DUE_IN_WEEK, next_due_at=shanghai("2026-11-27 17:30"), **filed)
    figures = week_figures(WEEK, LATER, [facts], NAMES, CALENDAR)
    assert row_of(figures, "RS").overdue == ONE
    assert [(c.at_desk, c.days) for c in figures.overdue] == [(False, 2)]


def test_a_running_week_is_counted_as_of_now() -> None:
    facts = case("2026-11-16 10:00", DUE_IN_WEEK, "2026-11-19 09:00", "2026-11-19 10:00")
    assert total(facts, until=shanghai("2026-11-16 09:00")) == Counts()
    assert total(facts, until=shanghai("2026-11-17 09:00")) == Counts(received=ONE, open=ONE)
    assert total(facts, until=shanghai("2026-11-19 10:00")).overdue == ONE
    assert total(facts, until=shanghai("2026-11-20 09:00")) == Counts(
        received=ONE, due=ONE, late=ONE
    )


def test_an_overdue_case_is_due_every_week_until_it_is_closed_once() -> None:
    facts = case("2026-11-02 10:00", "2026-11-09 17:30", "2026-11-30 10:00", "2026-12-02 10:00")
    weeks = [f"2026-W{n}" for n in range(44, 52)]
    due = [week for week in weeks if total(facts, week=week).due.total]
    closed = [week for week in weeks if total(facts, week=week).closed.total]
    assert due == ["2026-W46", "2026-W47", "2026-W48", "2026-W49"]
    assert closed == ["2026-W49"]


@pytest.mark.parametrize(
    ("part", "whole", "per_mille"),
    [
        (13, 14, 929), (1, 1, 1000), (0, 3, 0), (0, 0, None), (1, 3, 333), (2, 3, 667),
        (1999, 2000, 999), (2000, 2000, 1000),
    ],
)  # fmt: skip
def test_only_all_of_them_are_a_hundred_per_cent(
    part: int, whole: int, per_mille: int | None
) -> None:
    assert Rate(part, whole).per_mille == per_mille


def test_departments_stand_worst_first_and_triage_has_its_own_line() -> None:
    late, good = ("2026-11-02 10:00", "2026-11-09 17:30"), ("2026-11-16 10:00", DUE_AFTER)
    closed = ("2026-11-17 10:00", "2026-11-17 11:00")
    cases = [
        case(*good, *closed, number="1", department="B1"),
        case(*good, number="2", department=None, state=State.TRIAGE),
        case(*late, number="3", department="A2"),
        case(*late, number="4", department="Z9"),
        case(*late, number="5", department="Z9"),
        case(*good, number="6", department="C0"),
        case("2026-11-01 10:00", DUE_IN_WEEK, BEFORE, BEFORE, number="7", department="D0"),
    ]
    figures = week_figures(WEEK, LATER, cases, Names({"A2": "甲"}, {}), CALENDAR)
    assert [row.department for row in figures.rows] == ["Z9", "A2", "B1", "C0", None]
    assert [row.name for row in figures.rows][1:3] == ["甲", "B1"]
    assert [(c.number, c.days) for c in figures.overdue] == [("3", 9), ("4", 9), ("5", 9)]


# --- against a slow and obvious reference ---

MONDAY = shanghai("2026-09-14 00:00")
hours = st.integers(0, 24 * 7 * 6)


@st.composite
def lives(draw: st.DrawFn) -> list[CaseFacts]:
    """Cases over six weeks around National Day, by whole hours, so that edges are hit."""

    def one(number: int) -> CaseFacts:
        opened = draw(hours)
        answered = draw(st.none() | st.integers(0, 24 * 21))
        closed = None if answered is None else draw(st.none() | st.integers(0, 24 * 21))
        at = [opened, None, None]
        if answered is not None:
            at[1] = opened + answered
            at[2] = None if closed is None else opened + answered + closed
        moments = [None if h is None else MONDAY + timedelta(hours=h) for h in at]
        due = MONDAY + timedelta(hours=opened + draw(st.integers(1, 24 * 14)))
        department = draw(st.sampled_from(["RS", "SW", None]))
        assert moments[0]
        return CaseFacts(
            f"HC-{number}", department, draw(st.booleans()), moments[0], due, moments[1],
            moments[2], State.CLOSED if moments[2] else State.ROUTED,
        )  # fmt: skip

    return [one(number) for number in range(draw(st.integers(0, 8)))]


weeks = st.integers(38, 45).map(lambda number: f"2026-W{number}")


def reference(cases: list[CaseFacts], week: str, until: datetime) -> dict[str, int]:
    """Walk through the hours one by one and keep lists, as a clerk with a notebook would."""
    start, end = clock.week_bounds(week)
    book: dict[str, set[str]] = {n: set() for n in ("received", "in_time", "late", "open")}
    moment = MONDAY
    while moment < min(end, until):
        for facts in cases:
            if facts.opened_at == moment:
                book["open"].add(facts.number)
                if moment >= start:
                    book["received"].add(facts.number)
            if facts.closed_at == moment:
                book["open"].remove(facts.number)
                if moment >= start:
                    assert facts.answered_at
                    punctual = facts.answered_at <= facts.due_at
                    book["in_time" if punctual else "late"].add(facts.number)
        moment += timedelta(hours=1)
    overdue = {f.number for f in cases if f.number in book["open"] and f.due_at < min(end, until)}
    due = book["in_time"] | book["late"] | overdue
    sizes = {name: len(numbers) for name, numbers in book.items()}
    return {**sizes, "overdue": len(overdue), "due": len(due)}


@settings(max_examples=150)
@given(lives(), weeks, hours)
def test_the_figures_are_what_a_clerk_with_a_notebook_counts(
    cases: list[CaseFacts], week: str, hour: int
) -> None:
    until = MONDAY + timedelta(hours=hour)
    figures = week_figures(week, until, [*cases, *cases[:2]], NAMES, CALENDAR)
    counted = {
        name: getattr(figures.total, name).total
        for name in ("received", "in_time", "late", "open", "overdue", "due")
    }
    assert counted == reference(cases, week, until)


@settings(max_examples=150)
@given(lives(), weeks)
def test_departments_add_up_to_the_total(cases: list[CaseFacts], week: str) -> None:
    figures = week_figures(week, LATER, cases, NAMES, CALENDAR)
    for name in ("received", "due", "in_time", "late", "open", "overdue"):
        pairs = [getattr(row.counts, name) for row in figures.rows]
        assert sum(pairs, Pair()) == getattr(figures.total, name)
    assert figures.total.due == figures.total.closed + figures.total.overdue
    assert len(figures.overdue) == figures.total.overdue.total
    days = [overdue.days for overdue in figures.overdue]
    assert figures.total.longest_overdue == max(days, default=None)


@settings(max_examples=100)
@given(lives())
def test_no_case_vanishes_and_none_is_closed_twice(cases: list[CaseFacts]) -> None:
    all_weeks = [f"2026-W{number}" for number in range(37, 54)]
    for facts in cases:
        counts = [total(facts, week=week) for week in all_weeks]
        closed = [n for n, c in enumerate(counts) if c.closed.total]
        due = [n for n, c in enumerate(counts) if c.due.total]
        assert len(closed) == (facts.closed_at is not None)
        assert all(b == a + 1 for a, b in pairwise(due))
        if facts.closed_at is None:
            assert due, "an open case must turn up as overdue"
            assert due[-1] == len(all_weeks) - 1
        else:
            assert due[-1] == closed[0]


@settings(max_examples=100)
@given(lives(), weeks)
def test_what_is_kept_is_read_back_the_same(cases: list[CaseFacts], week: str) -> None:
    figures = week_figures(week, LATER, cases, NAMES, CALENDAR)
    assert from_json(json.loads(json.dumps(to_json(figures)))) == figures


@settings(max_examples=100)
@given(lives(), weeks)
def test_what_happens_after_the_week_changes_nothing(cases: list[CaseFacts], week: str) -> None:
    end = clock.week_bounds(week)[1]
    as_known_then = [
        replace(facts, closed_at=None, state=State.ROUTED)
        if facts.closed_at and facts.closed_at >= end
        else facts
        for facts in cases
        if facts.opened_at < end
    ]
    then = week_figures(week, end, as_known_then, NAMES, CALENDAR)
    assert week_figures(week, LATER, cases, NAMES, CALENDAR).total == then.total


def test_the_calendar_has_the_make_up_days_that_the_table_counts_on() -> None:
    assert CALENDAR.is_workday(date(2026, 9, 20))  # a Sunday
    assert CALENDAR.is_workday(date(2026, 10, 10))  # a Saturday
    assert not CALENDAR.is_workday(date(2026, 10, 5))  # a Monday
