"""The time: moments are aware UTC, days are Shanghai's. The only file that knows Asia/Shanghai."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return this moment, aware, in UTC. Asked by doors and jobs, which pass it down."""
    return datetime.now(UTC)


def local(moment: datetime) -> datetime:
    """Return the moment as a Shanghai wall clock shows it."""
    return moment.astimezone(SHANGHAI)


def day_of(moment: datetime) -> date:
    """Return the Shanghai date on which the moment falls."""
    return local(moment).date()


def moment_of(day: date, at: time = time(0)) -> datetime:
    """Return the UTC moment at which Shanghai's clock shows `at` on `day`."""
    return datetime.combine(day, at, SHANGHAI).astimezone(UTC)


def end_of(day: date) -> datetime:
    """Return the first moment after the Shanghai day `day` (its midnight, end excluded)."""
    return moment_of(day + timedelta(days=1))


def just_before(end: datetime) -> datetime:
    """Return a moment on the last day of a span whose end is excluded, for showing its date."""
    return end - timedelta(seconds=1)


def week_of(moment: datetime) -> str:
    """Return the ISO week of the moment's Shanghai date, e.g. `2026-W47`."""
    year, week, _ = day_of(moment).isocalendar()
    return f"{year}-W{week:02d}"


def week_bounds(week: str) -> tuple[datetime, datetime]:
    """Return the first moment of an ISO week such as `2026-W47` and the first moment after it.

    Weeks run from Monday 00:00 to Monday 00:00 in Shanghai, end excluded. Raises ValueError
    for anything that is not a week of a four-digit year.
    """
    year, _, number = week.partition("-W")
    if not (len(year) == 4 and len(number) == 2 and week.isascii() and (year + number).isdigit()):
        raise ValueError(f"not an ISO week like 2026-W47: {week!r}")
    monday = date.fromisocalendar(int(year), int(number), 1)
    return moment_of(monday), moment_of(monday + timedelta(days=7))


def week_before(week: str) -> str:
    """Return the ISO week before `week`."""
    return week_of(week_bounds(week)[0] - timedelta(days=1))
