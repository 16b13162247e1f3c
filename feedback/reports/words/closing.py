"""The closure table: every number of every department beside its change against the week before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..figures import Counts, Rate, WeekFigures
from ..queries import Report
from .numbers import line_name

CASES = _l("Count")


@dataclass(frozen=True)
class Column:
    """One number of every line; None where there is nothing to count."""

    title: LazyString
    number: Callable[[Counts], int | None]
    unit: LazyString = CASES


COLUMNS: Sequence[Column] = (
    Column(_l("Received, named"), lambda counts: counts.received.named),
    Column(_l("Received, anonymous"), lambda counts: counts.received.anonymous),
    Column(_l("Due for closure"), lambda counts: counts.due.total),
    Column(_l("Closed in time"), lambda counts: counts.in_time.total),
    Column(_l("Closed late"), lambda counts: counts.late.total),
    Column(_l("Still open"), lambda counts: counts.open.total),
    Column(_l("Of these overdue"), lambda counts: counts.overdue.total),
    Column(_l("Longest overdue (working days)"), lambda counts: counts.longest_overdue, _l("Days")),
)


@dataclass(frozen=True)
class Cell:
    """A number and by how much it differs from the week before; None where either is missing."""

    number: int | None
    change: int | None


@dataclass(frozen=True)
class Line:
    """One line of the table. The rate's change is in thousandths."""

    name: str
    cells: tuple[Cell, ...]
    rate: Rate
    rate_change: int | None


def table(report: Report) -> list[Line]:
    """Return the lines of the table, the total last."""
    lines = [
        _line(
            line_name(row, report.figures),
            report,
            partial(WeekFigures.counts_of, department=row.department),
        )
        for row in report.figures.rows
    ]
    return [*lines, _line(_("Total"), report, lambda figures: figures.total)]


def _line(name: str, report: Report, of: Callable[[WeekFigures], Counts]) -> Line:
    now = of(report.figures)
    earlier = of(report.before) if report.before else None
    cells = tuple(_cell(column.number, now, earlier) for column in COLUMNS)
    share_before = earlier.rate.per_mille if earlier else None
    return Line(name, cells, now.rate, _difference(now.rate.per_mille, share_before))


def _cell(number: Callable[[Counts], int | None], now: Counts, earlier: Counts | None) -> Cell:
    return Cell(number(now), _difference(number(now), number(earlier) if earlier else None))


def _difference(now: int | None, earlier: int | None) -> int | None:
    return None if now is None or earlier is None else now - earlier
