"""The rungs of a deadline, with weekdays written out."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.cases.deadlines import Terms
from feedback.cases.ladder import Rung, climbed, next_rung_at, rungs
from feedback.cases.rules import first_rules
from feedback.workdays import china

TERMS = Terms(first_rules(), china(), time(9), time(17, 30))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def ladder(due):
    return rungs(TERMS.warn_at(at(due)), at(due), TERMS)


@pytest.mark.parametrize(
    ("due", "near", "notice", "leaders"),
    [
        # due on        yellow from            督办 after            leaders after
        ("2026-11-30T17:30", "2026-11-27T09:00", "2026-12-01T17:30", "2026-12-03T17:30"),  # Monday
        ("2026-11-27T17:30", "2026-11-26T09:00", "2026-11-30T17:30", "2026-12-02T17:30"),  # Friday
        ("2026-02-14T17:30", "2026-02-13T09:00", "2026-02-24T17:30", "2026-02-26T17:30"),  # worked
        # Saturday before 春节 (15-23 February): the next working day is Tuesday the 24th
        ("2026-09-30T17:30", "2026-09-29T09:00", "2026-10-08T17:30", "2026-10-10T17:30"),  # 国庆:
        # 1-7 October off, Saturday the 10th is worked
    ],
)
def test_the_rungs_of_a_deadline(due, near, notice, leaders):
    assert [one.at for one in ladder(due)] == [at(near), at(due), at(notice), at(leaders)]


@pytest.mark.parametrize(
    ("moment", "highest"),
    [
        ("2026-11-27T09:00", None),
        ("2026-11-27T09:01", Rung.NEAR),
        ("2026-11-30T17:30", Rung.NEAR),  # the last moment is still in time
        ("2026-11-30T17:31", Rung.DUE),
        ("2026-12-01T17:31", Rung.NOTICE),
        ("2026-12-03T17:31", Rung.LEADERS),
        ("2027-03-01T09:00", Rung.LEADERS),
    ],
)
def test_a_rung_is_climbed_after_its_moment(moment, highest):
    found = climbed(ladder("2026-11-30T17:30"), Rung.NOTHING, at(moment))
    assert (found[-1].rung if found else None) == highest


def test_nothing_is_climbed_twice():
    found = climbed(ladder("2026-11-30T17:30"), Rung.NOTICE, at("2027-03-01T09:00"))
    assert [one.rung for one in found] == [Rung.LEADERS]
    assert next_rung_at(ladder("2026-11-30T17:30"), Rung.LEADERS) is None


@given(st.lists(st.integers(0, 60 * 24 * 40), min_size=1, max_size=12))
def test_however_the_looks_fall_each_rung_is_climbed_once_and_in_order(minutes):
    """Whatever the scheduler went through: late, often, out of order."""
    start, told, seen = at("2026-11-20T00:00"), Rung.NOTHING, []
    for minute in minutes:
        found = climbed(ladder("2026-11-30T17:30"), told, start + timedelta(minutes=minute))
        seen += [one.rung for one in found]
        told = found[-1].rung if found else told
    assert seen == sorted(set(seen))
    latest = start + timedelta(minutes=max(minutes))
    assert seen == [one.rung for one in climbed(ladder("2026-11-30T17:30"), Rung.NOTHING, latest)]
