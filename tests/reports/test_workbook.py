"""The workbook, read back: numbers are numbers, texts are texts, and nothing is a formula."""

from datetime import UTC, datetime
from io import BytesIO

import openpyxl
import pytest
from flask_babel import force_locale

from feedback.cases.states import State
from feedback.reports.figures import Counts, OverdueCase, Pair, Row, WeekFigures
from feedback.reports.queries import Report, Standing
from feedback.reports.workbook import LAST_COLUMN, workbook

AS_OF = datetime(2026, 11, 22, 16, tzinfo=UTC)
NAMES = ["=1+1", "+SUM(A1)", "-2", '@cmd|"/c calc"!A1', "http://example.org", "=" * 60]


def make_report(names=NAMES, before=True):
    counts = Counts(
        received=Pair(2, 1), due=Pair(2), in_time=Pair(1), overdue=Pair(1), longest_overdue=3
    )
    rows = tuple(Row(f"D{n}", name, counts) for n, name in enumerate(names))
    overdue = tuple(
        OverdueCase(f"HC-2026-{n:06d}", f"D{n}", name, True, 3, State.RECTIFYING)
        for n, name in enumerate(names)
    )
    n = len(names)
    total = Counts(
        received=Pair(2 * n, n), due=Pair(2 * n), in_time=Pair(n), overdue=Pair(n),
        longest_overdue=3 if n else None,
    )  # fmt: skip
    figures = WeekFigures("2026-W47", AS_OF, rows, total, overdue)
    earlier = WeekFigures("2026-W46", AS_OF, (), Counts(), ()) if before else None
    return Report("2026-W47", Standing.KEPT, figures, earlier, AS_OF)


@pytest.fixture
def read_back(context):
    def read(report):
        with force_locale("en"):
            return openpyxl.load_workbook(BytesIO(workbook(report)))

    return read


def rows_of(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_names_that_look_like_formulas_are_text(read_back):
    book = read_back(make_report())
    for sheet in book.worksheets:
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
        assert not [cell.coordinate for cell in cells if cell.hyperlink]
        texts = {cell.value for cell in cells if cell.data_type == "s"}
        assert set(NAMES) <= texts


def test_numbers_are_numbers_and_the_rate_a_percentage(read_back):
    sheet = read_back(make_report(["区水务局"])).worksheets[0]
    (line,) = (row for row in sheet.iter_rows() if row[0].value == "区水务局")
    values = [cell.value for cell in line]
    assert values == [
        "区水务局", 2, 2, 1, 1, 2, 2, 1, 1, 0, 0, 0, 0, 1, 1, 3, "—", 1, 2, 0.5, "—",
    ]  # fmt: skip
    assert len(values) == LAST_COLUMN + 1
    assert line[LAST_COLUMN - 1].number_format == "0.0%"


def test_the_first_sheet_has_sentence_number_total_and_definitions(read_back):
    rows = rows_of(read_back(make_report()).worksheets[0])
    first_cells = [str(row[0]) for row in rows]
    assert "2026-W47" in first_cells[0]
    assert any(text.startswith("This week 12 named") for text in first_cells)
    assert any("6 / 12 = 50%" in text for text in first_cells)
    assert any(text.startswith("Due for closure: closed this week, or") for text in first_cells)
    (total,) = (row for row in rows if row[0] == "Total")
    assert total[-4:-1] == [6, 12, 0.5]


def test_the_second_sheet_lists_the_overdue_cases(read_back):
    rows = rows_of(read_back(make_report(["区水务局"])).worksheets[1])
    assert ["HC-2026-000000", "区水务局", "Named", 3, "Being put right"] in rows


def test_an_empty_week_makes_a_readable_workbook(read_back):
    book = read_back(make_report([], before=False))
    assert any(row[0] == "No case is overdue." for row in rows_of(book.worksheets[1]))
    (total,) = (row for row in rows_of(book.worksheets[0]) if row[0] == "Total")
    assert total[-4:] == [0, 0, "—", "—"]


def test_it_prints_on_a4_with_its_head_on_every_page(read_back):
    sheet = read_back(make_report()).worksheets[0]
    assert sheet.page_setup.orientation == "landscape"
    assert int(sheet.page_setup.paperSize) == 9
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)
    assert sheet.freeze_panes == "B7"
    assert sheet.print_title_rows == "$5:$6"
