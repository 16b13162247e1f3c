"""The report as a workbook: the report itself, and the overdue cases.

Every text goes into its cell as a string: a name that begins with = + - @ is never a formula.
"""

from collections.abc import Sequence
from io import BytesIO
from math import ceil

from flask_babel import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ..config import settings
from ..wording import label
from . import words
from .figures import Rate, WeekFigures
from .queries import Report

A4 = 9
NAME_WIDTH, NUMBER_WIDTH, CHANGE_WIDTH, RATE_WIDTH = 26, 5.5, 5.5, 8.5
SIZE = 10
HEAD_HEIGHT, SMALL_HEAD_HEIGHT = 48, 24
LINE_SPACING = 1.8
"""A line's height, in sizes of its letters."""

TEXT = {"valign": "vcenter", "font_size": SIZE, "font_name": "Microsoft YaHei"}
EDGE = {"border": 1, "border_color": "#D5DBE1"}
HEAD = {
    **TEXT,
    **EDGE,
    "bold": True,
    "font_size": 9,
    "text_wrap": True,
    "align": "center",
    "bg_color": "#E8F1FA",
}
MUTED = "#59636E"
COUNT, CHANGE, POINTS, PERCENT = "0", "+0;−0;±0", "+0.0;−0.0;±0", "0.0%"
HEAD_ROWS = 2
WIDTHS = (
    NAME_WIDTH, *(NUMBER_WIDTH, CHANGE_WIDTH) * len(words.COLUMNS), *(RATE_WIDTH,) * 4,
)  # fmt: skip
"""A name, the columns and their changes, then numerator, denominator, rate and its change."""

LAST_COLUMN = len(WIDTHS) - 1


class _Sheet:
    """A worksheet that is filled from top to bottom, and lies on A4."""

    def __init__(self, book: Workbook, name: str, widths: Sequence[float]) -> None:
        self.book, self.row = book, 0
        self.last_column, self.width = len(widths) - 1, sum(widths)
        self.sheet: Worksheet = book.add_worksheet(name)
        self.sheet.set_landscape()
        self.sheet.set_paper(A4)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.center_horizontally()
        self.sheet.set_footer("&C&P / &N")
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)

    def look(self, **properties: object) -> Format:
        return self.book.add_format({**TEXT, **properties})

    def paragraph(self, text: str, size: int = SIZE, **properties: object) -> None:
        """Write a text over the whole width, in its own lines."""
        look = self.look(text_wrap=True, font_size=size, **properties)
        self.sheet.merge_range(self.row, 0, self.row, self.last_column, "", look)
        self.sheet.write_string(self.row, 0, text, look)
        self.end_row(text, self.width, size)

    def end_row(self, text: str, width: float, size: int = SIZE) -> None:
        """Make the row high enough for `text` in a cell of `width`: programs do not see to it."""
        places = width * SIZE / size
        lines = sum(max(ceil(words.width(line) / places), 1) for line in text.split("\n"))
        self.sheet.set_row(self.row, lines * size * LINE_SPACING)
        self.row += 1


def workbook(report: Report) -> bytes:
    """Return the report as the bytes of an XLSX file."""
    target = BytesIO()
    with Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        created = (report.written_at or report.figures.as_of).replace(tzinfo=None)
        book.set_properties({"title": words.title(report.week), "created": created})
        _write_report(_Sheet(book, _("Closure report"), WIDTHS), report)
        _write_overdue(_Sheet(book, _("Overdue cases"), OVERDUE_WIDTHS), report.figures)
    return target.getvalue()


def _write_report(page: _Sheet, report: Report) -> None:
    page.paragraph(f"{settings().district}  {words.title(report.week)}", 16, bold=True)
    page.paragraph(f"{words.period(report.week)}  {words.standing_words(report)}", font_color=MUTED)
    page.paragraph("\n".join(words.sentences(report.figures)), 11)
    _write_headline(page, report.figures.total.rate)
    _write_table(page, words.table(report))
    page.row += 1
    for definition in [*words.definitions(), words.basis()]:
        page.paragraph(definition, 9, font_color=MUTED)


def _write_headline(page: _Sheet, rate: Rate) -> None:
    text = _(": ").join((_("Closure rate of named ones"), words.rate_words(rate)))
    page.paragraph(text, 13, bold=True, font_color="#0A5FB4")


def _write_table(page: _Sheet, lines: Sequence[words.Line]) -> None:
    _write_heads(page)
    for line in lines:
        is_total = line is lines[-1]
        _write_line(page, line, {"bold": is_total, "top": 2 if is_total else 1})
    page.sheet.freeze_panes(page.row - len(lines), 1)


def _write_heads(page: _Sheet) -> None:
    head, row = page.look(**HEAD), page.row
    small = page.look(**{**HEAD, "bold": False, "font_size": 8, "font_color": MUTED})
    page.sheet.set_row(row, HEAD_HEIGHT)
    page.sheet.set_row(row + 1, SMALL_HEAD_HEIGHT)
    _merge(page, (row, 0, row + 1, 0), _("Department"), head)
    for number, column in enumerate(words.COLUMNS):
        _merge(page, (row, 2 * number + 1, row, 2 * number + 2), str(column.title), head)
        page.sheet.write_string(row + 1, 2 * number + 1, str(column.unit), small)
        page.sheet.write_string(row + 1, 2 * number + 2, _("Change"), small)
    _merge(page, (row, LAST_COLUMN - 3, row, LAST_COLUMN), _("Closure rate of named ones"), head)
    rate_heads = (_("Named closed"), _("Named due"), _("Rate"), _("Change (points)"))
    for offset, words_of_head in enumerate(rate_heads):
        page.sheet.write_string(row + 1, LAST_COLUMN - 3 + offset, words_of_head, small)
    page.sheet.repeat_rows(row, row + 1)
    page.row += HEAD_ROWS


def _merge(page: _Sheet, area: tuple[int, int, int, int], text: str, look: Format) -> None:
    page.sheet.merge_range(*area, "", look)
    page.sheet.write_string(area[0], area[1], text, look)


def _write_line(page: _Sheet, line: words.Line, properties: dict[str, object]) -> None:
    name = page.look(**EDGE, **properties, text_wrap=True)
    page.sheet.write_string(page.row, 0, line.name, name)
    column = 1
    for cell in line.cells:
        _write_number(page, column, cell.number, COUNT, properties)
        _write_number(page, column + 1, cell.change, CHANGE, {**properties, **SMALL})
        column += 2
    _write_number(page, column, line.rate.part, COUNT, properties)
    _write_number(page, column + 1, line.rate.whole, COUNT, properties)
    share, change = line.rate.per_mille, line.rate_change
    _write_number(page, column + 2, _scaled(share, 1000), PERCENT, properties)
    _write_number(page, column + 3, _scaled(change, 10), POINTS, {**properties, **SMALL})
    page.end_row(line.name, NAME_WIDTH)


SMALL = {"font_size": 8, "font_color": MUTED}


def _scaled(number: int | None, unit: int) -> float | None:
    return None if number is None else number / unit


def _write_number(
    page: _Sheet, column: int, number: float | None, shape: str, properties: dict[str, object]
) -> None:
    """Write a number as a number; where there is none, a dash for people to see."""
    look = page.look(**{**EDGE, **properties, "num_format": shape, "align": "right"})
    if number is None:
        page.sheet.write_string(page.row, column, words.NOTHING, look)
    else:
        page.sheet.write_number(page.row, column, number, look)


OVERDUE_WIDTHS = (20, 40, 14, 24, 24)


def _write_overdue(page: _Sheet, figures: WeekFigures) -> None:
    page.paragraph(f"{_('Overdue cases')}  {figures.week}", 16, bold=True)
    heads = (_("Case"), _("Department"), _("Identity"), _("Overdue (working days)"), _("State"))
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
        page.sheet.write_string(page.row, 2, identity, cell)
        page.sheet.write_number(page.row, 3, case.days, centred)
        page.sheet.write_string(page.row, 4, label("state", case.state), cell)
        page.end_row(words.row_name(case), OVERDUE_WIDTHS[1])
