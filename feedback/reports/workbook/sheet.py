"""A worksheet as all of ours are: filled from top to bottom, on A4, every text a string.

A name that begins with = + - @ is never a formula.
"""

from collections.abc import Sequence
from math import ceil

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from .. import words

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
SMALL = {"font_size": 8, "font_color": MUTED}


class Sheet:
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
        """Return a look that differs from the ordinary one by `properties`."""
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


def merge(page: Sheet, area: tuple[int, int, int, int], text: str, look: Format) -> None:
    """Write a text into a rectangle of cells."""
    page.sheet.merge_range(*area, "", look)
    page.sheet.write_string(area[0], area[1], text, look)


def scaled(number: int | None, unit: int) -> float | None:
    """Return a number of thousandths as a fraction; nothing of nothing."""
    return None if number is None else number / unit


def write_number(
    page: Sheet, column: int, number: float | None, shape: str, properties: dict[str, object]
) -> None:
    """Write a number as a number; where there is none, a dash for people to see."""
    look = page.look(**{**EDGE, **properties, "num_format": shape, "align": "right"})
    if number is None:
        page.sheet.write_string(page.row, column, words.NOTHING, look)
    else:
        page.sheet.write_number(page.row, column, number, look)
