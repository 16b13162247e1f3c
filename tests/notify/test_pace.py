"""How often and when a phone is written to: a table of days, no database."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback import clock
from feedback.notify.pace import Go, Got, Kind, Limits, is_quiet, kind_of, quiet_end, verdict

LIMITS = Limits(time(21), time(8), 4)
A_DAY = timedelta(days=1)


def at(text: str) -> datetime:
    """Return a moment by Shanghai's clock, e.g. `11-23 10:00`."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=clock.SHANGHAI)


def asked(*when: str) -> list[Got]:
    return [Got(at(one), "invitation", f"t{one}") for one in when]


def said(*when: str, occasion: str = "citizen_closed") -> list[Got]:
    return [Got(at(one), occasion, "same") for one in when]


@pytest.mark.parametrize(
    ("now", "got", "go", "later"),
    [
        ("11-23 10:00", [], Go.NOW, None),
        ("11-23 20:59", [], Go.NOW, None),
        ("11-23 21:00", [], Go.LATER, "11-24 08:00"),
        ("11-23 23:59", [], Go.LATER, "11-24 08:00"),
        ("11-24 00:00", [], Go.LATER, "11-24 08:00"),
        ("11-24 07:59", [], Go.LATER, "11-24 08:00"),
        ("11-24 08:00", [], Go.NOW, None),
        ("11-23 18:00", asked("11-23 09:00"), Go.LATER, "11-24 08:00"),
        ("11-24 08:00", asked("11-23 20:59"), Go.NOW, None),
        ("11-23 10:00", asked("11-20 09:00", "11-10 09:00", "10-30 09:00"), Go.NOW, None),
        (
            "11-23 10:00", asked("11-20 09:00", "11-10 09:00", "10-30 09:00", "10-25 09:00"),
            Go.NEVER, None,
        ),
        (
            "11-23 10:00", asked("11-20 09:00", "11-10 09:00", "10-30 09:00", "10-24 09:59"),
            Go.NOW, None,
        ),
        ("11-23 18:00", said("11-23 09:00", "11-23 10:00"), Go.NOW, None),
    ],
)  # fmt: skip
def test_when_somebody_is_asked(now, got, go, later):
    found = verdict(at(now), "invitation", "new", False, got, LIMITS)
    assert (found.go, found.at) == (go, at(later) if later else None)


@pytest.mark.parametrize("occasion", ["citizen_closed", "answer_thanks"])
def test_what_answers_or_informs_knows_no_hours_and_no_number(occasion):
    got = asked("11-23 09:00", "11-22 09:00", "11-21 09:00", "11-20 09:00")
    assert verdict(at("11-23 23:00"), occasion, "new", False, got, LIMITS).go is Go.NOW


@pytest.mark.parametrize(
    ("occasion", "go"),
    [
        ("invitation", Go.NEVER), ("invitation_reminder", Go.NEVER), ("answer_thanks", Go.NEVER),
        ("answer_stopped", Go.NOW), ("answer_started", Go.NOW), ("citizen_closed", Go.PERSON),
        ("citizen_replied", Go.PERSON),
    ],
)  # fmt: skip
def test_a_phone_that_wants_nothing_gets_nothing_but_a_notice_goes_to_a_person(occasion, go):
    assert verdict(at("11-23 10:00"), occasion, "new", True, [], LIMITS).go is go


@pytest.mark.parametrize(
    ("occasion", "go", "later"),
    [
        ("citizen_closed", Go.LATER, "11-24 08:00"), ("answer_grade", Go.NEVER, None),
        ("invitation", Go.NEVER, None),
    ],
)  # fmt: skip
def test_a_third_equal_text_within_a_day_is_held(occasion, go, later):
    got = said("11-23 08:00", "11-23 09:00")
    found = verdict(at("11-23 10:00"), occasion, "same", False, got, LIMITS)
    assert (found.go, found.at) == (go, at(later) if later else None)
    assert verdict(at("11-23 10:00"), occasion, "other", False, got, LIMITS).go is Go.NOW
    assert verdict(at("11-24 08:00"), occasion, "same", False, got, LIMITS).go is Go.NOW


def test_after_three_equal_texts_the_next_waits_for_the_last_but_one():
    """A careless sum would let it go when the first of them is a day old."""
    got = said("11-22 12:00", "11-23 08:00", "11-23 09:00")
    assert verdict(at("11-23 13:00"), "citizen_closed", "same", False, got, LIMITS).at == at(
        "11-24 08:00"
    )


def test_every_occasion_is_of_one_kind():
    assert kind_of("invitation_reminder") is Kind.ASK
    assert kind_of("answer_which") is Kind.ANSWER
    assert kind_of("citizen_term_moved") is Kind.NOTICE


@given(
    st.integers(0, 60 * 24 * 400), st.times(), st.times(),
)  # fmt: skip
def test_the_quiet_hours_end_when_they_are_over(minutes, quiet_from, quiet_until):
    now = at("01-01 00:00") + timedelta(minutes=minutes)
    limits = Limits(quiet_from, quiet_until, 4)
    if is_quiet(now, limits):
        end = quiet_end(now, limits)
        assert now < end <= now + A_DAY
        assert quiet_from == quiet_until or not is_quiet(end, limits)


@given(st.lists(st.integers(0, 60 * 24 * 40), max_size=60), st.integers(1, 4))
def test_however_they_are_promised_a_phone_is_asked_once_a_day_and_so_often_in_a_month(
    minutes, most
):
    """Promises at any minute of forty days, handed over as the verdict says."""
    limits, got = Limits(time(21), time(8), most), []
    start = at("11-01 00:00")
    for now in sorted(start + timedelta(minutes=one) for one in minutes):
        found = verdict(now, "invitation", str(now), False, got, limits)
        if found.go is Go.NOW:
            got.append(Got(now, "invitation", str(now)))
    days = [clock.day_of(one.at) for one in got]
    assert len(days) == len(set(days))
    assert not any(is_quiet(one.at, limits) for one in got)
    for one in got:
        assert sum(one.at - timedelta(days=30) < other.at <= one.at for other in got) <= most
