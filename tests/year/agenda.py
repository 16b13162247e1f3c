"""Who will do what when: moments in the order in which they come, chosen by one seeded die."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

from feedback import clock
from feedback.workdays import china

OFFICE = (time(9, 30), time(11), time(14, 30), time(16, 30))
"""When people of the offices act."""

EVENING = time(20)
"""When citizens write."""

Deed = Callable[[datetime], None]


class Agenda:
    """Deeds by their moment. Those of one moment are handed out together."""

    def __init__(self, seed: int) -> None:
        self.die = random.Random(seed)
        self._deeds: list[tuple[datetime, int, Deed]] = []
        self._order = itertools.count()

    def at(self, moment: datetime, deed: Deed) -> None:
        """Note a deed for a moment."""
        heapq.heappush(self._deeds, (moment, next(self._order), deed))

    def in_office(self, now: datetime, least: int, most: int, deed: Deed) -> None:
        """Note a deed for an office hour, `least` to `most` working days after now."""
        self.at(self._office_hour(now, self.die.randint(least, most)), deed)

    def _office_hour(self, now: datetime, workdays: int) -> datetime:
        today, calendar = clock.day_of(now), china()
        later = [clock.moment_of(today, hour) for hour in OFFICE]
        later = [moment for moment in later if moment > now]
        if workdays == 0 and later and calendar.is_workday(today):
            return self.die.choice(later)
        return clock.moment_of(calendar.add(today, max(workdays, 1)), self.die.choice(OFFICE))

    def some_evening(self, now: datetime, days: int, deed: Deed) -> None:
        """Note a citizen's deed for one of the next evenings, days off included."""
        day = clock.day_of(now) + timedelta(days=self.die.randint(1, days))
        self.at(clock.moment_of(day, EVENING), deed)

    def chance(self, share: float) -> bool:
        """Throw the die."""
        return self.die.random() < share

    def until(self, end: datetime) -> Iterator[tuple[datetime, list[Deed]]]:
        """Hand out the deeds before `end`, moment by moment; new ones may be noted meanwhile."""
        while self._deeds and self._deeds[0][0] < end:
            moment, together = self._deeds[0][0], []
            while self._deeds and self._deeds[0][0] == moment:
                together.append(heapq.heappop(self._deeds)[2])
            yield moment, together


def days(first: date, last: date) -> Iterator[date]:
    """Return the days from `first` to `last`."""
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)
