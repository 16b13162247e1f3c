"""The report in words and columns: the same on page and print, in the sheet and in the terminal."""

from .closing import COLUMNS, Cell, Column, Line, table
from .notes import basis, definitions
from .numbers import (
    NOTHING,
    change_words,
    days_words,
    holder_name,
    line_name,
    number_words,
    percent_words,
    rate_words,
    row_name,
    width,
)
from .sentences import period, sentences, standing_words, title
from .way import Plain, Value, leaders, rates, rung_words, tables

__all__ = [
    "COLUMNS", "NOTHING", "Cell", "Column", "Line", "Plain", "Value", "basis", "change_words",
    "days_words", "definitions", "holder_name", "leaders", "line_name", "number_words",
    "percent_words", "period", "rate_words", "rates", "row_name", "rung_words", "sentences",
    "standing_words", "table", "tables", "title", "width",
]  # fmt: skip
