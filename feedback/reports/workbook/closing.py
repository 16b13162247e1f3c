"""The first sheet: sentence, number, closure table and what the columns mean."""

from collections.abc import Sequence

from flask_babel import gettext as _

from ...config import settings
from .. import words
from ..figures import WeekFigures
from ..queries import Report
from .sheet import (
    CHANGE,
    CHANGE_WIDTH,
    COUNT,
    EDGE,
    HEAD,
    HEAD_HEIGHT,
    MUTED,
    NAME_WIDTH,
    NUMBER_WIDTH,
    PERCENT,
    POINTS,
    RATE_WIDTH,
    SMALL,
    SMALL_HEAD_HEIGHT,
    Sheet,
    merge,
    scaled,
    write_number,
)  # fmt: skip

HEAD_ROWS = 2
WIDTHS = (
    NAME_WIDTH, *(NUMBER_WIDTH, CHANGE_WIDTH) * len(words.COLUMNS), *(RATE_WIDTH,) * 4,
)  # fmt: skip
"""A name, the columns and their changes, then numerator, denominator, rate and its change."""

LAST_COLUMN = len(WIDTHS) - 1


def write_report(page: Sheet, report: Report) -> None:
    """Write the first sheet."""
    page.paragraph(f"{settings().district}  {words.title(report.week)}", 16, bold=True)
    page.paragraph(f"{words.period(report.week)}  {words.standing_words(report)}", font_color=MUTED)
    page.paragraph("\n".join(words.sentences(report.figures)), 11)
    _write_leaders(page, report.figures)
    _write_headline(page, report.figures)
    _write_table(page, words.table(report))
    page.row += 1
    for definition in [*words.definitions(report.figures), words.basis()]:
        page.paragraph(definition, 9, font_color=MUTED)


def _write_leaders(page: Sheet, figures: WeekFigures) -> None:
    """Name the cases on the leaders' list above everything that is counted."""
    cases = [
        _("%(number)s %(name)s (%(days)s)", number=line[0], name=line[1], days=line[-1])
        for line in words.leaders(figures).lines
    ]
    if cases:
        page.paragraph(_("; ").join(cases), font_color="#B3261E")


def _write_headline(page: Sheet, figures: WeekFigures) -> None:
    text = _(": ").join((_("Closure rate of named ones"), words.rate_words(figures.total.rate)))
    page.paragraph(text, 13, bold=True, font_color="#0A5FB4")
    others = (_(": ").join((name, words.rate_words(rate))) for name, rate in words.rates(figures))
    page.paragraph(_("; ").join(others))


def _write_table(page: Sheet, lines: Sequence[words.Line]) -> None:
    _write_heads(page)
    for line in lines:
        is_total = line is lines[-1]
        _write_line(page, line, {"bold": is_total, "top": 2 if is_total else 1})
    page.sheet.freeze_panes(page.row - len(lines), 1)


def _write_heads(page: Sheet) -> None:
    head, row = page.look(**HEAD), page.row
    small = page.look(**{**HEAD, "bold": False, "font_size": 8, "font_color": MUTED})
    page.sheet.set_row(row, HEAD_HEIGHT)
    page.sheet.set_row(row + 1, SMALL_HEAD_HEIGHT)
    merge(page, (row, 0, row + 1, 0), _("Department"), head)
    for number, column in enumerate(words.COLUMNS):
        merge(page, (row, 2 * number + 1, row, 2 * number + 2), str(column.title), head)
        page.sheet.write_string(row + 1, 2 * number + 1, str(column.unit), small)
        page.sheet.write_string(row + 1, 2 * number + 2, _("Change"), small)
    merge(page, (row, LAST_COLUMN - 3, row, LAST_COLUMN), _("Closure rate of named ones"), head)
    rate_heads = (_("Named closed"), _("Named due"), _("Rate"), _("Change (points)"))
    for offset, words_of_head in enumerate(rate_heads):
        page.sheet.write_string(row + 1, LAST_COLUMN - 3 + offset, words_of_head, small)
    page.sheet.repeat_rows(row, row + 1)
    page.row += HEAD_ROWS


def _write_line(page: Sheet, line: words.Line, properties: dict[str, object]) -> None:
    name = page.look(**EDGE, **properties, text_wrap=True)
    page.sheet.write_string(page.row, 0, line.name, name)
    column = 1
    for cell in line.cells:
        write_number(page, column, cell.number, COUNT, properties)
        write_number(page, column + 1, cell.change, CHANGE, {**properties, **SMALL})
        column += 2
    write_number(page, column, line.rate.part, COUNT, properties)
    write_number(page, column + 1, line.rate.whole, COUNT, properties)
    share, change = line.rate.per_mille, line.rate_change
    write_number(page, column + 2, scaled(share, 1000), PERCENT, properties)
    write_number(page, column + 3, scaled(change, 10), POINTS, {**properties, **SMALL})
    page.end_row(line.name, NAME_WIDTH)
