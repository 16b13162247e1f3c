"""Working-day arithmetic by the Chinese calendar, make-up working days included.

Decides which days are worked and counts them; knows no time of day, no half days and no rule of
the field. The calendar is data: `china()` takes it from the `holidays` library.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

SATURDAY = 5
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """The days that differ from Monday-to-Friday."""

    days_off: frozenset[date]
    days_worked: frozenset[date]

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


@lru_cache(maxsize=4)
def china(first_year: int = 2019, last_year: int = 2035) -> Calendar:
    """Return the national calendar as the `holidays` library knows it.

    A year for which the State Council has not published its notice yet is the library's estimate.
    """
    years = range(first_year, last_year + 1)
    china_holidays = holidays.country_holidays("CN", years=years)
    worked = frozenset(d for d in china_holidays.weekend_workdays if d.year in years)
    off = frozenset(d for d in china_holidays if d not in worked)
    return Calendar(off, worked)
