"""The reports in the terminal: one week's report, and the scheduler's duty by hand."""

import json
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap

import click
from flask.cli import AppGroup
from flask_babel import force_locale
from flask_babel import gettext as _

from .. import clock
from ..errors import Unknown
from ..language import DEFAULT, LANGUAGES
from ..wording import label
from . import actions, queries, words
from .figures import OverdueCase, Rate, to_json
from .queries import Report, Standing
from .workbook import workbook

commands = AppGroup("reports", help="Weekly closure reports.")
GAP = "  "
HEAD_WIDTH = 12


@commands.command("closure")
@click.option("--week", required=True, help="ISO week, for example 2026-W47.")
@click.option(
    "--xlsx",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the report into this file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--lang", type=click.Choice(LANGUAGES), default=DEFAULT, show_default=True)
def closure(week: str, xlsx: Path | None, as_json: bool, lang: str) -> None:
    """Print the closure report of a week.

    A finished week's report is written and kept the first time it is asked for, from the Monday
    after it at 08:00 on. Before that the figures are provisional and nothing is kept.
    """
    now = clock.now()
    with force_locale(lang):
        try:
            started_at, _end = queries.bounds(week)
        except Unknown:
            raise click.BadParameter(
                _("%(week)s is not an ISO week such as 2026-W47.", week=week), param_hint="--week"
            ) from None
        if started_at > now:
            raise click.BadParameter(
                _("%(week)s has not begun yet.", week=week), param_hint="--week"
            )
        actions.write_if_due(week, now)
        report = queries.closure(week, now)
        click.echo(_as_json(report) if as_json else "\n".join(text_of(report)))
        if xlsx:
            xlsx.write_bytes(workbook(report))
            click.echo(_("Written to %(file)s.", file=xlsx), err=True)


@commands.command("write-due")
def write_due() -> None:
    """Write every closure report that is due, each once. The scheduler does this by itself."""
    written = actions.write_due(clock.now())
    click.echo(
        _("Written: %(weeks)s", weeks=", ".join(written))
        if written
        else _("Nothing to write: no finished week is without its report.")
    )


def _as_json(report: Report) -> str:
    told = {
        "week": report.week,
        "standing": report.standing.value,
        "provisional": report.standing is not Standing.KEPT,
        "written_at": report.written_at and report.written_at.isoformat(),
        "sentences": words.sentences(report.figures),
        "figures": to_json(report.figures),
        "before": report.before and to_json(report.before),
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def text_of(report: Report) -> list[str]:
    """Return the lines of the report as a terminal shows them."""
    rate = _("Closure rate of named ones"), words.rate_words(report.figures.total.rate)
    return [
        words.title(report.week),
        words.period(report.week),
        words.standing_words(report),
        "",
        *_leaders(report),
        *words.sentences(report.figures),
        _(": ").join(rate),
        *(_(": ").join((name, words.rate_words(one))) for name, one in words.rates(report.figures)),
        "",
        *aligned(_table(report)),
        "",
        *_overdue(report.figures.overdue),
        "",
        *(line for table in words.tables(report.figures) for line in _plain(table)),
        *words.definitions(report.figures),
        words.basis(),
    ]


def _leaders(report: Report) -> list[str]:
    """Return the leaders' list, which stands above everything that is counted."""
    table = words.leaders(report.figures)
    return [table.title, *aligned(_rows(table.lines)), ""] if table.lines else []


def _table(report: Report) -> list[list[str]]:
    titles = (str(column.title) for column in words.COLUMNS)
    heads = [wrap(title, HEAD_WIDTH) for title in (*titles, _("Closure rate of named ones"))]
    return [
        *([*line] for line in zip_longest([_("Department")], *heads, fillvalue="")),
        *(
            [
                line.name,
                *(_compared(words.number_words(c.number), c.change) for c in line.cells),
                _compared(words.rate_words(line.rate), line.rate_change, unit=10),
            ]
            for line in words.table(report)
        ),
    ]


def _compared(number: str, change: int | None, unit: int = 1) -> str:
    return number if change is None else f"{number} ({words.change_words(change, unit)})"


def _plain(table: words.Plain) -> list[str]:
    """Return a table's title and lines; nothing at all if it is empty."""
    if not table.lines:
        return []
    heads = zip_longest(*(wrap(head, HEAD_WIDTH) for head in table.heads), fillvalue="")
    rows = _rows([*table.lines, *([table.total] if table.total else [])])
    return [table.title, *aligned([*map(list, heads), *rows]), ""]


def _rows(lines: Sequence[Sequence[words.Value]]) -> list[list[str]]:
    return [
        [words.rate_words(value) if isinstance(value, Rate) else str(value) for value in line]
        for line in lines
    ]


def _overdue(cases: Sequence[OverdueCase]) -> list[str]:
    if not cases:
        return [_("No case is overdue.")]
    return aligned(
        [
            [
                case.number,
                words.row_name(case),
                words.holder_name(case),
                words.days_words(case.days),
                _state(case),
                words.rung_words(case.rung),
            ]
            for case in cases
        ]
    )


def _state(case: OverdueCase) -> str:
    return label("state", case.state)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines of equal columns."""
    widths = [max(map(words.width, column)) for column in zip(*rows, strict=True)]
    return [
        GAP.join(
            text + " " * (wide - words.width(text)) for text, wide in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
