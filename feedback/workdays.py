"""Working-day arithmetic by the Chinese calendar, make-up working days included.

Decides which days are worked and counts them; knows no time of day, no half days and no rule of
the field. The calendar is data: `china()` takes it from the `holidays` library, and what was loaded
is laid over it (`with_year`, `with_days`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

import holidays

FIRST_YEAR, LAST_YEAR = 2019, 2035
"""The years that the calendar covers."""

SATURDAY = 5
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """The days that differ from Monday-to-Friday, and the years whose notice they rest on.

    Any other year is an estimate: the statutory holidays without what is swapped around them.
    """

    days_off: frozenset[date]
    days_worked: frozenset[date]
    published: frozenset[int] = frozenset()

    def is_workday(self, day: date) -> bool:
        """Say whether offices work on `day`."""
        if day in self.days_worked:
            return True
        return day.weekday() < SATURDAY and day not in self.days_off

    def add(self, day: date, workdays: int) -> date:
        """Return the n-th working day after `day`; `day` itself never counts. 0 gives `day`."""
        while workdays > 0:
            day += ONE_DAY
            workdays -= self.is_workday(day)
        return day

    def before(self, day: date, workdays: int) -> date:
        """Return the n-th working day before `day`; `day` itself never counts."""
        while workdays > 0:
            day -= ONE_DAY
            workdays -= self.is_workday(day)
        return day

    def between(self, first: date, last: date) -> int:
        """Count the working days after `first` up to and including `last`; 0 if it is not later."""
        days = max((last - first).days, 0)
        return sum(self.is_workday(first + ONE_DAY * n) for n in range(1, days + 1))

    def with_year(
        self, year: int, days_off: Collection[date], days_worked: Collection[date]
    ) -> "Calendar":
        """Return the calendar with one year as its notice has it, whatever was thought of it before.

        The days may also lie outside the year: a notice can have people work late in the December
        before.
        """
        others = replace(
            self,
            days_off=frozenset(day for day in self.days_off if day.year != year),
            days_worked=frozenset(day for day in self.days_worked if day.year != year),
            published=self.published | {year},
        )
        return others.with_days(days_off, days_worked)

    def with_days(self, days_off: Collection[date], days_worked: Collection[date]) -> "Calendar":
        """Return the calendar with single days changed."""
        return replace(
            self,
            days_off=self.days_off.difference(days_worked).union(days_off),
            days_worked=self.days_worked.difference(days_off).union(days_worked),
        )


@lru_cache(maxsize=4)
def china(first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> Calendar:
    """Return the national calendar as the `holidays` library knows it.

    A year for which the State Council has not published its notice yet, or whose notice the library
    does not have yet, is the library's estimate and not among the `published` ones.
    """
    years = range(first_year, last_year + 1)
    china_holidays = holidays.country_holidays("CN", years=years)
    worked = frozenset(d for d in china_holidays.weekend_workdays if d.year in years)
    off = frozenset(d for d in china_holidays if d not in worked)
    return Calendar(
        off, worked, frozenset(china_holidays.special_public_holidays).intersection(years)
    )


def china_names(year: int) -> Mapping[date, str]:
    """Return what the library calls the days off of a year, in Chinese."""
    return dict(holidays.country_holidays("CN", years=[year], language="zh_CN"))
