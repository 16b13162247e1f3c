"""Working days by the Chinese calendar, against the published days and a slow reference."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.workdays import china

CALENDAR = china()
DAYS = st.dates(date(2020, 1, 1), date(2026, 12, 1))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 11, 23), True),  # Monday
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 1, 4), True),  # Sunday worked for New Year
        (date(2026, 2, 14), True),  # Saturday worked for 春节
        (date(2026, 2, 16), False),  # Monday, 春节
        (date(2026, 9, 20), True),  # Sunday worked for 国庆
        (date(2026, 10, 1), False),  # Thursday, 国庆
        (date(2026, 10, 7), False),  # Wednesday, 国庆
        (date(2026, 10, 10), True),  # Saturday worked for 国庆
    ],
)
def test_make_up_days_are_worked_and_holidays_are_not(day, worked):
    assert CALENDAR.is_workday(day) is worked


@given(DAYS, st.integers(1, 30))
def test_the_nth_working_day_is_the_nth_when_one_counts_slowly(day, n):
    end = CALENDAR.add(day, n)
    passed = [day + timedelta(days=k) for k in range(1, (end - day).days + 1)]
    assert sum(map(CALENDAR.is_workday, passed)) == n
    assert CALENDAR.is_workday(end)


@given(DAYS, st.integers(1, 30))
def test_counting_undoes_adding(day, n):
    assert CALENDAR.between(day, CALENDAR.add(day, n)) == n


@given(DAYS, DAYS, st.integers(1, 20))
def test_a_later_start_is_never_due_earlier(one, other, n):
    first, second = sorted((one, other))
    assert CALENDAR.add(first, n) <= CALENDAR.add(second, n)


@given(DAYS, st.integers(1, 20))
def test_going_back_lands_on_a_working_day(day, n):
    assert CALENDAR.is_workday(CALENDAR.before(day, n))
