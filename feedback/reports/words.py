"""The report in words and columns: the same on page and print, in the sheet and in the terminal."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..wording import day_words, moment_words
from .figures import Counts, OverdueCase, Rate, Row, WeekFigures
from .queries import Report, Standing, bounds

NAMED_DEPARTMENTS = 3
"""So many departments does the first sentence name; the table has them all."""

NOTHING = "—"


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
        _line(row_name(row), report, partial(WeekFigures.counts_of, department=row.department))
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


def row_name(row: Row | OverdueCase) -> str:
    """Return the department's name; cases without one are the supervisors'."""
    return row.name or _("Supervisors' triage")


def number_words(number: int | None) -> str:
    """Return a number of the table, or a dash where there is none."""
    return NOTHING if number is None else str(number)


def change_words(change: int | None, unit: int = 1) -> str:
    """Return a difference with its sign, in units of `unit`; nothing if there is none."""
    if change is None:
        return ""
    sign = {1: "+", -1: "−", 0: "±"}[(change > 0) - (change < 0)]
    return f"{sign}{abs(change) / unit:g}"


def percent_words(rate: Rate) -> str:
    """Return the share as a percentage with at most one decimal; a dash if nothing was due."""
    return NOTHING if rate.per_mille is None else f"{rate.per_mille / 10:g}%"


def rate_words(rate: Rate) -> str:
    """Return the share with its numerator and denominator, or say that nothing was due."""
    if rate.per_mille is None:
        return _("%(dash)s (none was due)", dash=NOTHING)
    return f"{rate.part} / {rate.whole} = {percent_words(rate)}"


def title(week: str) -> str:
    """Return the report's title."""
    return _("Weekly closure report %(week)s", week=week)


def period(week: str) -> str:
    """Return the days of a week in words."""
    first, end = bounds(week)
    year, _dash, number = week.partition("-W")
    return _(
        "Week %(number)s of %(year)s, %(first)s to %(last)s",
        number=int(number), year=year, first=day_words(first),
        last=day_words(end - timedelta(days=1)),
    )  # fmt: skip


def standing_words(report: Report) -> str:
    """Say how final the report is."""
    if report.standing is Standing.KEPT and report.written_at:
        written_at = moment_words(report.written_at)
        return _("Written %(moment)s and kept as it was written.", moment=written_at)
    if report.standing is Standing.RUNNING:
        as_of = moment_words(report.figures.as_of)
        return _("Provisional: the week is still running. As of %(moment)s.", moment=as_of)
    if report.standing is Standing.AWAITED:
        return _("Provisional: the report of this week is written on Monday at 08:00.")
    return _("Nothing was on record in this week yet. No report of it is kept.")


def sentences(figures: WeekFigures) -> list[str]:
    """Say in a sentence or two what the week showed: named ones first."""
    total = figures.total
    said = [_named(total, [case for case in figures.overdue if case.named])]
    if total.due.anonymous:
        said.append(_anonymous(total))
    return said


def _named(total: Counts, overdue: Sequence[OverdueCase]) -> str:
    if total.due.named == 0:
        return _("No named negative review was due for closure this week.")
    due, closed, in_time = total.due.named, total.closed.named, total.in_time.named
    if not overdue:
        return ngettext(
            "This week %(num)s named negative review was due for closure: %(closed)s closed,"
            " %(in_time)s in time.",
            "This week %(num)s named negative reviews were due for closure: %(closed)s closed,"
            " %(in_time)s in time.",
            due, closed=closed, in_time=in_time,
        )  # fmt: skip
    return ngettext(
        "This week %(num)s named negative review was due for closure: %(closed)s closed,"
        " %(in_time)s in time; %(open)s not closed: %(where)s.",
        "This week %(num)s named negative reviews were due for closure: %(closed)s closed,"
        " %(in_time)s in time; %(open)s not closed: %(where)s.",
        due, closed=closed, in_time=in_time, open=len(overdue), where=_where(overdue),
    )  # fmt: skip


def _anonymous(total: Counts) -> str:
    return ngettext(
        "%(num)s anonymous one was due: %(closed)s closed, %(in_time)s in time.",
        "%(num)s anonymous ones were due: %(closed)s closed, %(in_time)s in time.",
        total.due.anonymous, closed=total.closed.anonymous, in_time=total.in_time.anonymous,
    )  # fmt: skip


def _where(overdue: Sequence[OverdueCase]) -> str:
    """Say which departments are overdue, the longest first, as many as fit into a sentence."""
    groups: dict[str, list[OverdueCase]] = {}
    for case in sorted(overdue, key=lambda case: -case.days):
        groups.setdefault(row_name(case), []).append(case)
    said = [_of_department(cases) for cases in list(groups.values())[:NAMED_DEPARTMENTS]]
    if (rest := len(groups) - NAMED_DEPARTMENTS) > 0:
        said.append(ngettext("%(num)s more department", "%(num)s more departments", rest))
    return _("; ").join(said)


def _of_department(cases: Sequence[OverdueCase]) -> str:
    name, longest = row_name(cases[0]), days_words(cases[0].days)
    if len(cases) == 1:
        return _("%(name)s, %(days)s", name=name, days=longest)
    return _(
        "%(name)s, %(count)s cases, the longest %(days)s",
        name=name, count=len(cases), days=longest,
    )  # fmt: skip


def days_words(days: int) -> str:
    """Say how long a case is overdue."""
    if days == 0:
        return _("overdue by less than one working day")
    return ngettext("overdue by %(num)s working day", "overdue by %(num)s working days", days)


def definitions() -> list[str]:
    """Return what the columns mean, in plain words, to stand under the table."""
    return [
        _(
            "Week: Monday 00:00 to the next Monday 00:00, Beijing time. The figures stand as they"
            " were at its end, or as they are now while it still runs."
        ),
        _(
            "Due for closure: closed this week, or open at its end although the deadline had passed."
            " An overdue case stays in this number every week until it is closed."
        ),
        _(
            "In time or late: by whether the department replied to the citizen by the deadline."
            " The return visit that follows has a deadline of its own."
        ),
        _(
            "Overdue days: working days after the day of the deadline (0: not one yet), by the"
            " official calendar with its make-up working days."
        ),
        _(
            "Closure rate: named cases closed this week, of named cases due this week, with both"
            " numbers beside it; a dash if none was due."
        ),
        _(
            "Changes are against the whole week before, also while this week still runs; changes of"
            " the rate are in percentage points."
        ),
    ]


def basis() -> str:
    """Return the documents that ask for this report."""
    return _(
        "Basis: 国办发〔2019〕51号 (every negative review is put right); 鲁政办发〔2020〕10号 (every"
        " named one is visited; how negative reviews were handled is published regularly)."
    )


def width(text: str) -> int:
    """Return how many places the text takes in a terminal or a cell: a Chinese character two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
