"""The figures of the weekly closure report (办结周报): which case counts where, and in which week.

Decides from dated facts alone. Leaves out why a case was late, and reviews voided on appeal.

A week is ISO's, Monday 00:00 to Monday 00:00 in Shanghai, end excluded. The figures are as of T:
the end of the week, or the present moment while the week still runs. They depend on nothing that
happened at or after T, so that a week can be computed again at any later time with the same result.

- received: negative reviews received in the week, before T.
- open: received before T and not closed before T.
- overdue: open, and the day of closure that the citizen was promised (`due_at`) passed before T.
- due (应办结): closed in the week, plus overdue. So every case is counted as closed once, in the
  week in which it was closed, and is missing in every week at whose end it is overdue: it cannot
  vanish.
- closed in time, closed late: by whether the department's (last) reply came by `due_at`. Its clock
  stops at the reply; the return visit has a deadline of its own.
- days overdue: working days after the day of `due_at`, up to and including the last day before T.
- closure rate: named cases closed in the week, of named cases due. None where none was due.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from .. import clock
from ..cases.states import State
from ..workdays import Calendar

MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class CaseFacts:
    """What one case looked like at the moment the figures are as of."""

    number: str
    department: str | None
    """The responsible department's code; None while the supervisors have yet to find it."""
    named: bool
    opened_at: datetime
    due_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    state: State


@dataclass(frozen=True)
class Pair:
    """A number of cases, by whether the reviewer gave a name."""

    named: int = 0
    anonymous: int = 0

    @property
    def total(self) -> int:
        """Both together."""
        return self.named + self.anonymous

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(self.named + other.named, self.anonymous + other.anonymous)


@dataclass(frozen=True)
class Rate:
    """A share that is never shown without its numerator and denominator."""

    part: int
    whole: int

    @property
    def per_mille(self) -> int | None:
        """The share in thousandths, rounded; 1000 only if it is all of them, None of nothing."""
        if self.whole == 0:
            return None
        rounded = (2000 * self.part + self.whole) // (2 * self.whole)
        return rounded if self.part == self.whole else min(rounded, 999)


@dataclass(frozen=True)
class Counts:
    """What one department, or all of them together, had in the week."""

    received: Pair = Pair()
    due: Pair = Pair()
    in_time: Pair = Pair()
    late: Pair = Pair()
    open: Pair = Pair()
    overdue: Pair = Pair()
    longest_overdue: int | None = None
    """Working days of the case that is overdue longest; None if none is."""

    @property
    def closed(self) -> Pair:
        """Closed in the week, in time or late."""
        return self.in_time + self.late

    @property
    def rate(self) -> Rate:
        """The closure rate of the named ones."""
        return Rate(self.closed.named, self.due.named)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to report."""
        return self == Counts()


@dataclass(frozen=True)
class Row:
    """One department's line. `department` and `name` are empty for the supervisors' triage."""

    department: str | None
    name: str
    counts: Counts


@dataclass(frozen=True)
class OverdueCase:
    """One case that is open although its day has passed."""

    number: str
    department: str | None
    name: str
    named: bool
    days: int
    state: State


@dataclass(frozen=True)
class WeekFigures:
    """All figures of one week, as of one moment."""

    week: str
    as_of: datetime
    rows: tuple[Row, ...]
    total: Counts
    overdue: tuple[OverdueCase, ...]

    def counts_of(self, department: str | None) -> Counts:
        """Return a department's counts; nothing at all if it has no line."""
        found = (row.counts for row in self.rows if row.department == department)
        return next(found, Counts())


def week_figures(
    week: str,
    until: datetime,
    cases: Iterable[CaseFacts],
    names: Mapping[str, str],
    calendar: Calendar,
) -> WeekFigures:
    """Return the figures of `week` as of its end, or as of `until` if that comes earlier.

    `names` gives the departments' names by code. A case given twice is counted once.
    """
    start, end = clock.week_bounds(week)
    as_of = min(until, end)
    by_department: dict[str | None, list[CaseFacts]] = defaultdict(list)
    distinct = {case.number: case for case in cases}
    for case in distinct.values():
        by_department[case.department].append(case)
    rows = (
        Row(code, names.get(code or "", code or ""), count(of_one, start, as_of, calendar))
        for code, of_one in by_department.items()
    )
    return WeekFigures(
        week,
        as_of,
        tuple(sorted((row for row in rows if not row.counts.is_empty), key=_worst_first)),
        count(distinct.values(), start, as_of, calendar),
        _overdue_cases(distinct.values(), names, as_of, calendar),
    )


def count(
    cases: Iterable[CaseFacts], start: datetime, as_of: datetime, calendar: Calendar
) -> Counts:
    """Count the cases of a week that began at `start`, as of `as_of`."""
    cases = list(cases)
    closed = [case for case in cases if is_closed_within(case, start, as_of)]
    overdue = [case for case in cases if is_overdue_at(case, as_of)]
    return Counts(
        received=_pair(case for case in cases if start <= case.opened_at < as_of),
        due=_pair([*closed, *overdue]),
        in_time=_pair(case for case in closed if was_in_time(case)),
        late=_pair(case for case in closed if not was_in_time(case)),
        open=_pair(case for case in cases if is_open_at(case, as_of)),
        overdue=_pair(overdue),
        longest_overdue=max((days_overdue(c, as_of, calendar) for c in overdue), default=None),
    )


def is_open_at(case: CaseFacts, moment: datetime) -> bool:
    """Say whether the case was received and not closed before `moment`."""
    return case.opened_at < moment and (case.closed_at is None or case.closed_at >= moment)


def is_overdue_at(case: CaseFacts, moment: datetime) -> bool:
    """Say whether the case was open at `moment` although it should have been closed."""
    return is_open_at(case, moment) and case.due_at < moment


def is_closed_within(case: CaseFacts, start: datetime, end: datetime) -> bool:
    """Say whether the case was closed from `start` on and before `end`."""
    return case.closed_at is not None and start <= case.closed_at < end


def was_in_time(case: CaseFacts) -> bool:
    """Say whether the department replied by the deadline."""
    return case.answered_at is not None and case.answered_at <= case.due_at


def days_overdue(case: CaseFacts, as_of: datetime, calendar: Calendar) -> int:
    """Return the working days since the deadline's day; 0 while not one of them has begun."""
    return calendar.between(clock.day_of(case.due_at), clock.day_of(as_of - MOMENT))


def _pair(cases: Iterable[CaseFacts]) -> Pair:
    cases = list(cases)
    named = sum(case.named for case in cases)
    return Pair(named, len(cases) - named)


def _worst_first(row: Row) -> tuple[int, int, bool, str]:
    share = row.counts.rate.per_mille
    rate = 1001 if share is None else share
    return -row.counts.overdue.total, rate, row.department is None, row.department or ""


def _overdue_cases(
    cases: Iterable[CaseFacts], names: Mapping[str, str], as_of: datetime, calendar: Calendar
) -> tuple[OverdueCase, ...]:
    """Return the overdue cases, longest overdue first."""
    found = (
        OverdueCase(
            case.number, case.department, names.get(case.department or "", case.department or ""),
            case.named, days_overdue(case, as_of, calendar), case.state,
        )
        for case in cases
        if is_overdue_at(case, as_of)
    )  # fmt: skip
    return tuple(sorted(found, key=lambda case: (-case.days, case.number)))


def to_json(figures: WeekFigures) -> dict[str, Any]:
    """Return the figures as they are kept, with closed ones and rate added for whoever reads it."""
    return {
        "week": figures.week,
        "as_of": figures.as_of.isoformat(),
        "rows": [
            {"department": row.department, "name": row.name, **_counts_to_json(row.counts)}
            for row in figures.rows
        ],
        "total": _counts_to_json(figures.total),
        "overdue_cases": [asdict(case) for case in figures.overdue],
    }


def _counts_to_json(counts: Counts) -> dict[str, Any]:
    rate = counts.rate
    share = None if rate.per_mille is None else rate.per_mille / 10
    return {
        **asdict(counts),
        "closed": asdict(counts.closed),
        "closure_rate_named": {"closed": rate.part, "due": rate.whole, "percent": share},
    }


PAIRS = ("received", "due", "in_time", "late", "open", "overdue")


def from_json(kept: Mapping[str, Any]) -> WeekFigures:
    """Return the figures that `to_json` wrote down."""
    return WeekFigures(
        kept["week"],
        datetime.fromisoformat(kept["as_of"]),
        tuple(Row(r["department"], r["name"], _counts_from_json(r)) for r in kept["rows"]),
        _counts_from_json(kept["total"]),
        tuple(
            OverdueCase(**{**case, "state": State(case["state"])}) for case in kept["overdue_cases"]
        ),
    )


def _counts_from_json(kept: Mapping[str, Any]) -> Counts:
    pairs = {name: Pair(**kept[name]) for name in PAIRS}
    return Counts(**pairs, longest_overdue=kept["longest_overdue"])
