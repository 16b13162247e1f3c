"""Deadlines with weekdays written out, across the holidays of 2026."""

from datetime import UTC, datetime, time

import pytest

from feedback import clock
from feedback.cases.deadlines import Light, Terms, Told, light, next_due_at, notice_due
from feedback.cases.states import Complexity, State
from feedback.workdays import china

TERMS = Terms(china(), time(17, 30), contact=1, simple=5, complex=15, visit=5, warn=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("opened", "contact", "simple"),
    [
        ("2026-11-23T10:00", "2026-11-24", "2026-11-30"),  # Monday → Tuesday, Monday
        ("2026-11-27T16:00", "2026-11-30", "2026-12-04"),  # Friday → Monday, Friday
        ("2026-11-28T09:00", "2026-11-30", "2026-12-04"),  # Saturday → Monday, Friday
        ("2026-11-27T23:59", "2026-11-30", "2026-12-04"),  # late on Friday is still Friday
        ("2026-02-13T10:00", "2026-02-14", "2026-02-27"),  # Friday → worked Saturday; 春节 15-23
        ("2026-09-30T10:00", "2026-10-08", "2026-10-13"),  # Wednesday before 国庆 → Thursday 8th;
        ("2026-12-31T10:00", "2027-01-04", "2027-01-08"),  # Thursday → Monday (estimate for 2027)
    ],
)
def test_deadlines_fall_on_office_closing_of_the_nth_working_day(opened, contact, simple):
    assert TERMS.due_at(at(opened), TERMS.contact) == at(f"{contact}T17:30")
    assert TERMS.case_due_at(at(opened), Complexity.SIMPLE) == at(f"{simple}T17:30")


def test_friday_evening_is_due_on_monday():
    assert clock.day_of(TERMS.due_at(at("2026-11-27T21:00"), 1)).isoweekday() == 1


def test_a_complex_case_has_fifteen_working_days():
    assert TERMS.case_due_at(at("2026-11-23T10:00"), Complexity.COMPLEX) == at("2026-12-14T17:30")


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-11-26T23:59", Light.GREEN),  # Thursday
        ("2026-11-27T00:00", Light.YELLOW),  # Friday, the working day before
        ("2026-11-30T17:30", Light.YELLOW),  # Monday, the last moment
        ("2026-11-30T17:31", Light.RED),
    ],
)
def test_the_light_turns_a_working_day_before_and_at_the_deadline(moment, shown):
    due = at("2026-11-30T17:30")  # Monday
    assert light(at(moment), TERMS.warn_at(due), due) is shown


def test_a_closed_case_is_never_urgent():
    assert light(at("2030-01-01T00:00"), None, None) is Light.GREEN


@pytest.mark.parametrize(
    ("state", "contacted", "due"),
    [
        (State.ROUTED, None, "contact"), (State.VERIFYING, None, "contact"),
        (State.VERIFYING, "yes", "due"), (State.RECTIFYING, "yes", "due"),
        (State.VISITING, "yes", "visit"), (State.CLOSING, "yes", "visit"), (State.CLOSED, "yes", None),
    ],
)  # fmt: skip
def test_the_next_deadline_is_that_of_what_comes_next(state, contacted, due):
    days = {"contact": at("2026-11-24T17:30"), "due": at("2026-11-30T17:30"),
            "visit": at("2026-12-07T17:30"), None: None}  # fmt: skip
    met = at("2026-11-24T09:00") if contacted else None
    assert next_due_at(state, days["contact"], met, days["due"], days["visit"]) == days[due]


@pytest.mark.parametrize(
    ("moment", "told", "notice"),
    [
        ("2026-11-26T10:00", Told.NOTHING, None),
        ("2026-11-27T10:00", Told.NOTHING, Told.SOON),
        ("2026-11-27T10:00", Told.SOON, None),
        ("2026-12-04T10:00", Told.SOON, Told.OVERDUE),
        ("2026-12-04T10:00", Told.NOTHING, Told.OVERDUE),  # slept through the yellow one: once, red
        ("2026-12-04T10:00", Told.OVERDUE, None),
    ],
)
def test_only_the_highest_notice_that_was_not_given_is_due(moment, told, notice):
    due = at("2026-11-30T17:30")
    assert notice_due(at(moment), TERMS.warn_at(due), due, told) is notice
