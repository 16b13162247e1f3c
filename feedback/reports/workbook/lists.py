"""The further sheets: overdue cases, the leaders' list, and the tables of what happened on the way."""

from collections.abc import Sequence

from flask_babel import gettext as _

from ...wording import label
from .. import words
from ..figures import Rate, WeekFigures
from .sheet import (
    COUNT,
    EDGE,
    HEAD,
    HEAD_HEIGHT,
    MUTED,
    PERCENT,
    SMALL_HEAD_HEIGHT,
    Sheet,
    merge,
    scaled,
    write_number,
)

OVERDUE_WIDTHS = (20, 40, 28, 14, 24, 24, 28)


def write_overdue(page: Sheet, figures: WeekFigures) -> None:
    """Write the overdue cases, longest first."""
    page.paragraph(f"{_('Overdue cases')}  {figures.week}", 16, bold=True)
    heads = (
        _("Case"), _("Department"), _("Overdue with"), _("Identity"), _("Overdue (working days)"),
        _("State"), _("Ladder"),
    )  # fmt: skip
    for column, text in enumerate(heads):
        page.sheet.write_string(page.row, column, text, page.look(**HEAD))
    page.sheet.repeat_rows(page.row)
    page.row += 1
    page.sheet.freeze_panes(page.row, 1)
    if not figures.overdue:
        page.paragraph(_("No case is overdue."))
    cell = page.look(**EDGE, text_wrap=True)
    centred = page.look(**EDGE, align="center")
    for case in figures.overdue:
        identity = label("identity", "named" if case.named else "anonymous")
        page.sheet.write_string(page.row, 0, case.number, cell)
        page.sheet.write_string(page.row, 1, words.row_name(case), cell)
        page.sheet.write_string(page.row, 2, words.holder_name(case), cell)
        page.sheet.write_string(page.row, 3, identity, cell)
        page.sheet.write_number(page.row, 4, case.days, centred)
        page.sheet.write_string(page.row, 5, label("state", case.state), cell)
        page.sheet.write_string(page.row, 6, words.rung_words(case.rung), cell)
        page.end_row(words.row_name(case), OVERDUE_WIDTHS[1])


FIRST_WIDTH, TEXT_WIDTH, COLUMN_WIDTH = 40, 24, 13


def widths_of(table: words.Plain) -> Sequence[float]:
    """Return the widths of a table's columns; a rate takes three."""
    sample = table.total or next(iter(table.lines), table.heads)
    widths: list[float] = [FIRST_WIDTH]
    for value in sample[1:]:
        widths += {Rate: [COLUMN_WIDTH] * 3, str: [TEXT_WIDTH]}.get(type(value), [COLUMN_WIDTH])
    return widths


def write_plain(page: Sheet, table: words.Plain, nothing: str) -> None:
    """Write a table on a sheet of its own: numbers as numbers, a rate with its two numbers."""
    page.paragraph(table.title, 16, bold=True)
    if table.note:
        page.paragraph(table.note, font_color=MUTED)
    _write_heads(page, table)
    page.sheet.freeze_panes(page.row, 1)
    if not table.lines:
        page.paragraph(nothing)
    for line in table.lines:
        _write_values(page, line, {})
    if table.total and table.lines:
        _write_values(page, table.total, {"bold": True, "top": 2})


def _write_heads(page: Sheet, table: words.Plain) -> None:
    look, row, column = page.look(**HEAD), page.row, 0
    small = page.look(**{**HEAD, "bold": False, "font_size": 8, "font_color": MUTED})
    page.sheet.set_row(row, HEAD_HEIGHT)
    page.sheet.set_row(row + 1, SMALL_HEAD_HEIGHT)
    for head, value in zip(table.heads, table.total or table.heads, strict=True):
        if isinstance(value, Rate):
            merge(page, (row, column, row, column + 2), head, look)
            for offset, text in enumerate((_("Numerator"), _("Denominator"), _("Share"))):
                page.sheet.write_string(row + 1, column + offset, text, small)
            column += 3
        else:
            merge(page, (row, column, row + 1, column), head, look)
            column += 1
    page.sheet.repeat_rows(row, row + 1)
    page.row += 2


def _write_values(page: Sheet, line: Sequence[words.Value], properties: dict[str, object]) -> None:
    text, column = page.look(**EDGE, **properties, text_wrap=True), 0
    for value in line:
        if isinstance(value, str):
            page.sheet.write_string(page.row, column, value, text)
            column += 1
        elif isinstance(value, Rate):
            write_number(page, column, value.part, COUNT, properties)
            write_number(page, column + 1, value.whole, COUNT, properties)
            write_number(page, column + 2, scaled(value.per_mille, 1000), PERCENT, properties)
            column += 3
        else:
            write_number(page, column, value, COUNT, properties)
            column += 1
    page.end_row(str(line[0]), FIRST_WIDTH)
