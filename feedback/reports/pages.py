"""The reports for people: the list of weeks, and one week's report on page, print and as a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from flask import Blueprint, Response, render_template, send_file
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from .. import clock
from ..offices.roles import OVERSEEING_ROLES, REPORT_ROLES
from ..offices.sign_in import for_roles, me
from . import queries, words
from .figures import Counts, WeekFigures
from .queries import Report, Standing
from .workbook import workbook

pages = Blueprint("reports", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS: Sequence[tuple[str, LazyString]] = (
    ("in-time", _l("in time")),
    ("late", _l("late")),
    ("overdue", _l("overdue, not closed")),
)
BAR_LENGTH = 1000


@dataclass(frozen=True)
class Segment:
    """A part of a bar, in thousandths of the longest bar."""

    kind: str
    words: LazyString
    number: int
    start: int
    length: int


@dataclass(frozen=True)
class Bar:
    """What one department had due, and what became of it."""

    name: str
    due: int
    segments: tuple[Segment, ...]


def bars(figures: WeekFigures) -> list[Bar]:
    """Return a bar for each department that had anything due; the longest fills the width."""
    longest = max((row.counts.due.total for row in figures.rows), default=0)
    return [
        Bar(
            words.line_name(row, figures),
            row.counts.due.total,
            tuple(_segments(row.counts, longest)),
        )
        for row in figures.rows
        if row.counts.due.total
    ]


def _segments(counts: Counts, longest: int) -> Iterator[Segment]:
    before = 0
    numbers = (counts.in_time.total, counts.late.total, counts.overdue.total)
    for (kind, name), number in zip(KINDS, numbers, strict=True):
        start, end = (BAR_LENGTH * n // longest for n in (before, before + number))
        yield Segment(kind, name, number, start, end - start)
        before += number


@pages.get("/reports")
@for_roles(*REPORT_ROLES)
def index() -> str:
    """Every week on record, the running one on top."""
    weeks = queries.weeks(clock.now())
    return render_template("reports/index.html", weeks=weeks, words=words, Standing=Standing)


@pages.get("/reports/closure/<week>")
@for_roles(*REPORT_ROLES)
def closure(week: str) -> str:
    """One week's report; the same for every department, for it is a bulletin."""
    report = queries.closure(week, clock.now())
    return render_template(
        "reports/closure.html", report=report, words=words, bars=bars(report.figures),
        standing=Standing, links_cases=me().may_be(*OVERSEEING_ROLES),
    )  # fmt: skip


@pages.get("/reports/closure/<week>.xlsx")
@for_roles(*REPORT_ROLES)
def closure_workbook(week: str) -> Response:
    """The same report as a workbook."""
    report: Report = queries.closure(week, clock.now())
    return send_file(
        BytesIO(workbook(report)),
        mimetype=XLSX,
        as_attachment=True,
        download_name=f"closure-report-{week}.xlsx",
    )
