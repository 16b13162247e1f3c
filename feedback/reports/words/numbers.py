"""Numbers, rates and names as the report shows them everywhere."""

import unicodedata

from flask_babel import gettext as _
from flask_babel import ngettext

from ..figures import Answering, LeaderCase, OverdueCase, Rate, Row, WeekFigures

NOTHING = "—"


def row_name(row: OverdueCase | LeaderCase | Answering) -> str:
    """Return the department's name; cases without one are the supervisors'."""
    return row.name or _("Supervisors' triage")


def line_name(row: Row, figures: WeekFigures) -> str:
    """Return whose line of the closure table it is."""
    if row.name or not figures.knows_the_desk:
        return row.name or _("Supervisors' triage")
    return _("Supervisors and visitor")


def holder_name(case: OverdueCase) -> str:
    """Return with whom a case is overdue."""
    return _("Supervisors and visitor") if case.at_desk else row_name(case)


def number_words(number: int | None) -> str:
    """Return a number of the table, or a dash where there is none."""
    return NOTHING if number is None else str(number)


def change_words(change: int | None, unit: int = 1) -> str:
    """Return a difference with its sign, in units of `unit`; nothing if there is none."""
    if change is None:
        return ""
    sign = {1: "+", -1: "−", 0: "±"}[(change > 0) - (change < 0)]
    return f"{sign}{abs(change) / unit:g}"


def percent_words(rate: Rate) -> str:
    """Return the share as a percentage with at most one decimal; a dash if nothing was due."""
    return NOTHING if rate.per_mille is None else f"{rate.per_mille / 10:g}%"


def rate_words(rate: Rate) -> str:
    """Return the share with its numerator and denominator, or say that nothing was due."""
    if rate.per_mille is None:
        return _("%(dash)s (none was due)", dash=NOTHING)
    return f"{rate.part} / {rate.whole} = {percent_words(rate)}"


def days_words(days: int) -> str:
    """Say how long a case is overdue."""
    if days == 0:
        return _("overdue by less than one working day")
    return ngettext("overdue by %(num)s working day", "overdue by %(num)s working days", days)


def width(text: str) -> int:
    """Return how many places the text takes in a terminal or a cell: a Chinese character two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
