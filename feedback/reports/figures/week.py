"""One week's figures, department by department, and the cases that are named one by one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ... import clock
from ...cases.ladder import Rung
from ...cases.states import State
from ...workdays import Calendar
from .closing import Counts, count, days_since, line_of, overdue_at
from .past import CaseFacts, Happened
from .responsibility import Answering, WindowRow, answering, windows
from .way import NOTHING, Way, ways

VERSION = 3
"""Of what is kept. Version 1 had the closure table and the overdue cases only; until 2, what was
overdue with the supervisors or the visitor stood in the department's line."""


@dataclass(frozen=True)
class Row:
    """One department's line. `department` and `name` are empty for that of supervisors and visitor."""

    department: str | None
    name: str
    counts: Counts
    way: Way = NOTHING


@dataclass(frozen=True)
class OverdueCase:
    """One case that is open although its day has passed."""

    number: str
    department: str | None
    name: str
    named: bool
    days: int
    state: State
    rung: int = 0
    """How far up the ladder the deadline of its next step is."""
    at_desk: bool = False
    """Whether it is overdue with the supervisors or the visitor, and not with the department."""


@dataclass(frozen=True)
class LeaderCase:
    """One case on the leaders' list: its next step is long overdue, whose ever step it is."""

    number: str
    department: str | None
    name: str
    named: bool
    state: State
    deadline: datetime
    days: int


@dataclass(frozen=True)
class WeekFigures:
    """All figures of one week, as of one moment."""

    week: str
    as_of: datetime
    rows: tuple[Row, ...]
    total: Counts
    overdue: tuple[OverdueCase, ...]
    way: Way = NOTHING
    leaders: tuple[LeaderCase, ...] = ()
    answering: tuple[Answering, ...] = ()
    windows: tuple[WindowRow, ...] = ()
    version: int = VERSION

    @property
    def tells_the_way(self) -> bool:
        """Whether more than the closure table was counted when this was kept."""
        return self.version >= 2

    @property
    def knows_the_desk(self) -> bool:
        """Whether what is overdue with supervisors and visitor stands in a line of its own."""
        return self.version >= 3

    def counts_of(self, department: str | None) -> Counts:
        """Return a department's counts; nothing at all if it has no line."""
        found = (row.counts for row in self.rows if row.department == department)
        return next(found, Counts())


@dataclass(frozen=True)
class Names:
    """The names of offices and windows by their codes."""

    departments: Mapping[str, str]
    windows: Mapping[str, str]

    def of(self, department: str | None) -> str:
        """Return a department's name; nothing for the supervisors' triage."""
        return self.departments.get(department or "", department or "")


def week_figures(
    week: str,
    until: datetime,
    cases: Iterable[CaseFacts],
    names: Names,
    calendar: Calendar,
    happened: Iterable[Happened] = (),
) -> WeekFigures:
    """Return the figures of `week` as of its end, or as of `until` if that comes earlier.

    A case given twice is counted once.
    """
    start, end = clock.week_bounds(week)
    as_of = min(until, end)
    known = list({case.number: case for case in cases}.values())
    received = [case for case in known if start <= case.opened_at < as_of]
    way = ways(
        (one for one in happened if start <= one.at < as_of),
        received, [case for case in known if is_unvisited_at(case, as_of)],
    )  # fmt: skip
    counting = [case for case in received if not case.voided]
    return WeekFigures(
        week, as_of, _rows(received, known, way, names, start, as_of, calendar),
        count(received, known, start, as_of, calendar),
        _overdue_cases(known, names, as_of, calendar), sum(way.values(), NOTHING),
        _leader_cases(known, names, as_of, calendar), answering(counting, names.departments),
        windows(counting, names.windows, names.departments),
    )  # fmt: skip


def _rows(
    received: Iterable[CaseFacts], cases: Iterable[CaseFacts], way: Mapping[str | None, Way],
    names: Names, start: datetime, as_of: datetime, calendar: Calendar,
) -> tuple[Row, ...]:  # fmt: skip
    came = _grouped((case.department, case) for case in received)
    stands = _grouped((line_of(case, as_of), case) for case in cases)
    rows = (
        Row(code, names.of(code),
            count(came.get(code, ()), stands.get(code, ()), start, as_of, calendar),
            way.get(code, NOTHING))
        for code in {*came, *stands, *way}
    )  # fmt: skip
    told = (row for row in rows if not row.counts.is_empty or row.way != NOTHING)
    return tuple(sorted(told, key=_worst_first))


def _grouped(
    cases: Iterable[tuple[str | None, CaseFacts]],
) -> Mapping[str | None, Sequence[CaseFacts]]:
    of: dict[str | None, list[CaseFacts]] = defaultdict(list)
    for code, case in cases:
        of[code].append(case)
    return of


def is_unvisited_at(case: CaseFacts, moment: datetime) -> bool:
    """Say whether a named case waited for its return visit although that was due."""
    due_at = case.next_due_at
    return case.state is State.VISITING and due_at is not None and due_at < moment


def _worst_first(row: Row) -> tuple[int, int, bool, str]:
    share = row.counts.rate.per_mille
    rate = 1001 if share is None else share
    return -row.counts.overdue.total, rate, row.department is None, row.department or ""


def _overdue_cases(
    cases: Iterable[CaseFacts], names: Names, as_of: datetime, calendar: Calendar
) -> tuple[OverdueCase, ...]:
    """Return the overdue cases, longest overdue first."""
    found = (
        OverdueCase(
            case.number, case.department, names.of(case.department), case.named,
            late.days(calendar), case.state, int(case.rung), late.at_desk,
        )
        for case in cases
        if (late := overdue_at(case, as_of))
    )  # fmt: skip
    return tuple(sorted(found, key=lambda case: (-case.days, case.number)))


def _leader_cases(
    cases: Iterable[CaseFacts], names: Names, as_of: datetime, calendar: Calendar
) -> tuple[LeaderCase, ...]:
    """Return the cases on the last rung, longest overdue first."""
    found = (
        LeaderCase(
            case.number, case.department, names.of(case.department), case.named, case.state,
            case.next_due_at, days_since(case.next_due_at, as_of, calendar),
        )
        for case in cases
        if case.rung is Rung.LEADERS and case.next_due_at is not None
    )  # fmt: skip
    return tuple(sorted(found, key=lambda case: (-case.days, case.number)))
