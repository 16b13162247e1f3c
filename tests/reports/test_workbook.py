"""The workbook, read back: numbers are numbers, texts are texts, and nothing is a formula."""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import openpyxl
import pytest
from flask_babel import force_locale

from feedback.cases.states import State
from feedback.reports.figures import (
    Answering,
    ByClass,
    Counts,
    LeaderCase,
    OverdueCase,
    Pair,
    Row,
    Way,
    WeekFigures,
    WindowRow,
)
from feedback.reports.queries import Report, Standing
from feedback.reports.workbook import LAST_COLUMN, workbook

AS_OF = datetime(2026, 11, 22, 16, tzinfo=UTC)
NAMES = ["=1+1", "+SUM(A1)", "-2", '@cmd|"/c calc"!A1', "http://example.org", "=" * 60]


def make_report(names=NAMES, before=True):
    counts = Counts(
        received=Pair(2, 1), due=Pair(2), in_time=Pair(1), overdue=Pair(1), longest_overdue=3
    )
    way = Way(received=3, appealed=2, voided=1, dismissed=1, satisfied=1, dissatisfied=1)
    rows = tuple(Row(f"D{n}", name, counts, way) for n, name in enumerate(names))
    overdue = tuple(
        OverdueCase(f"HC-2026-{n:06d}", f"D{n}", name, True, 3, State.RECTIFYING, 3)
        for n, name in enumerate(names)
    )
    leaders = tuple(
        LeaderCase(f"HC-2026-{n:06d}", f"D{n}", name, True, State.RECTIFYING, AS_OF, 3)
        for n, name in enumerate(names)
    )
    answering = tuple(Answering(f"D{n}", name, ByClass(guide=2)) for n, name in enumerate(names))
    windows = tuple(
        WindowRow(f"W{n}", name, name, 1, ByClass(guide=2)) for n, name in enumerate(names)
    )
    n = len(names)
    total = Counts(
        received=Pair(2 * n, n), due=Pair(2 * n), in_time=Pair(n), overdue=Pair(n),
        longest_overdue=3 if n else None,
    )  # fmt: skip
    figures = WeekFigures(
        "2026-W47", AS_OF, rows, total, overdue, sum((way for _ in names), Way()), leaders,
        answering, windows,
    )  # fmt: skip
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
        assert all(any(text.startswith(name) for text in texts) for name in NAMES)


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
    assert any("\nThis week 12 named" in text for text in first_cells)
    assert any("6 / 12 = 50%" in text for text in first_cells)
    assert any(text.startswith("Due for closure: closed this week, or") for text in first_cells)
    (total,) = (row for row in rows if row[0] == "Total")
    assert total[-4:-1] == [6, 12, 0.5]


def test_the_second_sheet_lists_the_overdue_cases(read_back):
    rows = rows_of(read_back(make_report(["区水务局"])).worksheets[1])
    assert [
        "HC-2026-000000",
        "区水务局",
        "区水务局",
        "Named",
        3,
        "Being put right",
        "Overdue: urged",
    ] in rows


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
    assert sheet.freeze_panes == "B9"
    assert sheet.print_title_rows == "$7:$8"


def test_what_happened_on_the_way_has_sheets_of_its_own(read_back):
    book = read_back(make_report(["区水务局"]))
    titles = [sheet.title for sheet in book.worksheets]
    assert titles == [
        "Closure report", "Overdue cases", "On the leaders' list", "On the way",
        "Appeals, and what is not counted"[:31], "Who answers for what", "Where it happened",
    ]  # fmt: skip
    sheets = dict(zip(titles, map(rows_of, book.worksheets), strict=True))
    assert ["区水务局", 3, 2, 1, 1, 0, 0] in sheets["Appeals, and what is not counted"[:31]]
    assert ["区水务局", 0, 0, 0, 0, 0, 0, 0, "—", 1, 2, 0.5] in sheets["On the way"]
    assert ["区水务局", 2, 0, 0, 0, 0, 2] in sheets["Who answers for what"]
    assert ["区水务局 (区水务局)", 1, 2, 0, 0, 0, 0, 3] in sheets["Where it happened"]
    assert sheets["On the leaders' list"][-1][0] == "HC-2026-000000"


def test_the_leaders_list_stands_above_every_number(read_back):
    rows = rows_of(read_back(make_report(["区水务局"])).worksheets[0])
    first_cells = [str(row[0]) for row in rows]
    listed = next(n for n, text in enumerate(first_cells) if text.startswith("HC-2026-000000"))
    rate = next(n for n, text in enumerate(first_cells) if "%" in text)
    assert first_cells[listed - 1].startswith("1 case is on the leaders' list.")
    assert listed < rate


def test_a_report_of_before_has_the_sheets_it_had(read_back):
    report = make_report(["区水务局"])
    old = replace(report, figures=replace(report.figures, version=1, leaders=()))
    assert len(read_back(old).worksheets) == 2
