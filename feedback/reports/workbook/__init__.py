"""The report as a workbook: the report itself, what happened on the way, and the cases by number."""

from io import BytesIO

from flask_babel import gettext as _
from xlsxwriter import Workbook

from .. import words
from ..queries import Report
from .closing import LAST_COLUMN, WIDTHS, write_report
from .lists import OVERDUE_WIDTHS, widths_of, write_overdue, write_plain
from .sheet import Sheet

__all__ = ["LAST_COLUMN", "workbook"]

SHEET_NAME = 31
"""The longest name that a sheet may have."""


def workbook(report: Report) -> bytes:
    """Return the report as the bytes of an XLSX file."""
    target, figures = BytesIO(), report.figures
    with Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        created = (report.written_at or figures.as_of).replace(tzinfo=None)
        book.set_properties({"title": words.title(report.week), "created": created})
        write_report(Sheet(book, _("Closure report"), WIDTHS), report)
        write_overdue(Sheet(book, _("Overdue cases"), OVERDUE_WIDTHS), figures)
        tables = [words.leaders(figures), *words.tables(figures)] if figures.tells_the_way else []
        for table in tables:
            page = Sheet(book, table.title[:SHEET_NAME], widths_of(table))
            write_plain(page, table, _("Nothing in this week."))
    return target.getvalue()
