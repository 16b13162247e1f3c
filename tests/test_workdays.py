"""Working days by the Chinese calendar, against the published days and a slow reference."""

from datetime import date

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from feedback.workdays import Calendar, china, china_names

from . import slow_calendar as slow

NATIONAL = china()
CALENDAR = NATIONAL.with_year(2027, *slow.notice_of(2027))
# 40 working days back from the first of them are still days that the reference knows.
DAYS = st.dates(date(2026, 3, 15), date(2027, 6, 30))
MANY = st.integers(0, 40)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 11, 23), True),  # Monday
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 1, 2), False),  # Friday, off for New Year
        (date(2026, 1, 4), True),  # Sunday worked for New Year
        (date(2026, 2, 14), True),  # Saturday worked for 春节
        (date(2026, 2, 16), False),  # Monday, 春节
        (date(2026, 2, 23), False),  # Monday, 春节
        (date(2026, 2, 28), True),  # Saturday worked for 春节
        (date(2026, 9, 20), True),  # Sunday worked for 国庆
        (date(2026, 10, 1), False),  # Thursday, 国庆
        (date(2026, 10, 7), False),  # Wednesday, 国庆
        (date(2026, 10, 10), True),  # Saturday worked for 国庆
    ],
)
def test_make_up_days_are_worked_and_holidays_are_not(day, worked):
    assert NATIONAL.is_workday(day) is worked


def test_the_library_knows_2026_as_it_was_published():
    year = [day for day in slow.ALL_DAYS if day < date(2026, 12, 1)]
    assert [day for day in year if NATIONAL.is_workday(day) != slow.is_workday(day)] == []


def test_a_year_is_published_once_its_notice_is_known():
    assert set(range(2019, 2027)) <= NATIONAL.published
    assert 2035 not in NATIONAL.published
    assert CALENDAR.published == NATIONAL.published | {2027}


def test_the_days_off_have_their_names():
    assert china_names(2026)[date(2026, 2, 17)] == "春节"


@pytest.mark.parametrize(
    ("day", "n", "by_estimate", "by_notice"),
    [
        # after Thursday 31 December 2026. The notice: 1-4 January off (Friday to Monday)
        (date(2026, 12, 31), 1, date(2027, 1, 4), date(2027, 1, 5)),  # Monday → Tuesday
        (date(2026, 12, 31), 5, date(2027, 1, 8), date(2027, 1, 11)),  # Friday → Monday
        # after Wednesday 23 December 2026. The notice: Saturday 26 December is worked
        (date(2026, 12, 23), 5, date(2026, 12, 30), date(2026, 12, 29)),  # Wednesday → Tuesday
        # after Thursday 4 February 2027. The estimate: 5-10 off; the notice: 5-11 off, Sunday 14
        # February worked
        (date(2027, 2, 4), 1, date(2027, 2, 11), date(2027, 2, 12)),  # Thursday → Friday
        (date(2027, 2, 4), 2, date(2027, 2, 12), date(2027, 2, 14)),  # Friday → Sunday
    ],
)
def test_a_notice_moves_what_was_estimated(day, n, by_estimate, by_notice):
    assert Calendar(NATIONAL.days_off, NATIONAL.days_worked).add(day, n) == by_estimate
    assert CALENDAR.add(day, n) == by_notice


def test_a_notice_replaces_its_year_and_no_other():
    off = [date(2026, 1, 1), date(2026, 5, 1), date(2026, 10, 1)]
    short = NATIONAL.with_year(2026, off, [])
    assert sorted(day for day in short.days_off if day.year == 2026) == off
    assert not [day for day in short.days_worked if day.year == 2026]
    assert not short.is_workday(date(2025, 10, 1))
    assert short.is_workday(date(2025, 10, 11)), "a Saturday worked in 2025"


def test_the_later_word_on_a_day_counts():
    saturday = date(2026, 12, 5)
    worked = NATIONAL.with_days([], [saturday])
    assert worked.is_workday(saturday)
    assert not worked.with_days([saturday], []).is_workday(saturday)
    assert worked.with_days([saturday], []).with_days([], [saturday]) == worked


@given(DAYS, MANY)
def test_adding_is_what_one_counts_slowly(day, n):
    assert CALENDAR.add(day, n) == slow.nth_after(day, n)


@given(DAYS, MANY)
def test_going_back_is_what_one_counts_slowly(day, n):
    assert CALENDAR.before(day, n) == slow.nth_before(day, n)


@given(DAYS, DAYS)
def test_counting_is_what_one_counts_slowly(first, last):
    assert CALENDAR.between(first, last) == slow.count_between(first, last)


@given(DAYS, st.integers(1, 40))
def test_counting_undoes_adding(day, n):
    assert CALENDAR.between(day, CALENDAR.add(day, n)) == n


@given(DAYS, st.integers(1, 40))
def test_neither_way_leads_to_a_day_off(day, n):
    assert CALENDAR.is_workday(CALENDAR.add(day, n))
    assert CALENDAR.is_workday(CALENDAR.before(day, n))


@given(DAYS, DAYS, MANY, MANY)
def test_a_later_start_or_a_longer_term_never_ends_earlier(one, other, n, more):
    first, second = sorted((one, other))
    assert CALENDAR.add(first, n) <= CALENDAR.add(second, n)
    assert CALENDAR.add(first, n) <= CALENDAR.add(first, n + more)


IGNORANT = {
    "make-up days": Calendar(CALENDAR.days_off, frozenset()),
    "days off": Calendar(frozenset(), CALENDAR.days_worked),
    "the notice of 2027": NATIONAL,
}


@pytest.mark.parametrize("what", IGNORANT)
def test_the_reference_finds_out_a_calendar_that_ignores(what):
    """The control: with what every peer gets wrong, the property above does not hold."""

    @settings(derandomize=True, database=None, phases=[Phase.generate])
    @given(DAYS, MANY)
    def is_as_counted_slowly(day, n):
        assert IGNORANT[what].add(day, n) == slow.nth_after(day, n)

    with pytest.raises(AssertionError):
        is_as_counted_slowly()
