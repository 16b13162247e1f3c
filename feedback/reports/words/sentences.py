"""What the report says before it shows a number: titles, standing, and the first sentences."""

from collections.abc import Sequence
from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from ...wording import day_words, moment_words
from ..figures import Counts, OverdueCase, Way, WeekFigures
from ..queries import Report, Standing, bounds
from .numbers import days_words, holder_name

NAMED_DEPARTMENTS = 3
"""So many departments does the first sentence name; the table has them all."""


def title(week: str) -> str:
    """Return the report's title."""
    return _("Weekly closure report %(week)s", week=week)


def period(week: str) -> str:
    """Return the days of a week in words."""
    first, end = bounds(week)
    year, _dash, number = week.partition("-W")
    return _(
        "Week %(number)s of %(year)s, %(first)s to %(last)s",
        number=int(number), year=year, first=day_words(first),
        last=day_words(end - timedelta(days=1)),
    )  # fmt: skip


def standing_words(report: Report) -> str:
    """Say how final the report is."""
    if report.standing is Standing.KEPT and report.written_at:
        written_at = moment_words(report.written_at)
        return _("Written %(moment)s and kept as it was written.", moment=written_at)
    if report.standing is Standing.RUNNING:
        as_of = moment_words(report.figures.as_of)
        return _("Provisional: the week is still running. As of %(moment)s.", moment=as_of)
    if report.standing is Standing.AWAITED:
        return _("Provisional: the report of this week is written on Monday at 08:00.")
    return _("Nothing was on record in this week yet. No report of it is kept.")


def sentences(figures: WeekFigures) -> list[str]:
    """Say in a few sentences what the week showed: the leaders' list, then named ones first."""
    total = figures.total
    said = [_leaders(len(figures.leaders))] if figures.leaders else []
    said.append(_named(total, [case for case in figures.overdue if case.named]))
    if total.due.anonymous:
        said.append(_anonymous(total))
    if figures.way.voided or figures.way.dismissed or figures.way.revived:
        said.append(_judged(figures.way))
    return said


def _leaders(number: int) -> str:
    return ngettext(
        "%(num)s case is on the leaders' list.", "%(num)s cases are on the leaders' list.", number
    )


def _judged(way: Way) -> str:
    return _(
        "Judged this week: not counted on appeal %(voided)s, appeals dismissed %(dismissed)s, counted"
        " again after the citizen's objection %(revived)s.",
        voided=way.voided, dismissed=way.dismissed, revived=way.revived,
    )  # fmt: skip


def _named(total: Counts, overdue: Sequence[OverdueCase]) -> str:
    if total.due.named == 0:
        return _("No named negative review was due for closure this week.")
    due, closed, in_time = total.due.named, total.closed.named, total.in_time.named
    if not overdue:
        return ngettext(
            "This week %(num)s named negative review was due for closure: %(closed)s closed,"
            " %(in_time)s in time.",
            "This week %(num)s named negative reviews were due for closure: %(closed)s closed,"
            " %(in_time)s in time.",
            due, closed=closed, in_time=in_time,
        )  # fmt: skip
    return ngettext(
        "This week %(num)s named negative review was due for closure: %(closed)s closed,"
        " %(in_time)s in time; %(open)s not closed: %(where)s.",
        "This week %(num)s named negative reviews were due for closure: %(closed)s closed,"
        " %(in_time)s in time; %(open)s not closed: %(where)s.",
        due, closed=closed, in_time=in_time, open=len(overdue), where=_where(overdue),
    )  # fmt: skip


def _anonymous(total: Counts) -> str:
    return ngettext(
        "%(num)s anonymous one was due: %(closed)s closed, %(in_time)s in time.",
        "%(num)s anonymous ones were due: %(closed)s closed, %(in_time)s in time.",
        total.due.anonymous, closed=total.closed.anonymous, in_time=total.in_time.anonymous,
    )  # fmt: skip


def _where(overdue: Sequence[OverdueCase]) -> str:
    """Say with whom cases are overdue, the longest first, as many as fit into a sentence."""
    groups: dict[str, list[OverdueCase]] = {}
    for case in sorted(overdue, key=lambda case: -case.days):
        groups.setdefault(holder_name(case), []).append(case)
    said = [_of_department(cases) for cases in list(groups.values())[:NAMED_DEPARTMENTS]]
    if (rest := len(groups) - NAMED_DEPARTMENTS) > 0:
        said.append(ngettext("%(num)s more department", "%(num)s more departments", rest))
    return _("; ").join(said)


def _of_department(cases: Sequence[OverdueCase]) -> str:
    name, longest = holder_name(cases[0]), days_words(cases[0].days)
    if len(cases) == 1:
        return _("%(name)s, %(days)s", name=name, days=longest)
    return _(
        "%(name)s, %(count)s cases, the longest %(days)s",
        name=name, count=len(cases), days=longest,
    )  # fmt: skip
