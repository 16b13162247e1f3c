"""The tables beside the closure table; page, workbook and terminal show the same ones."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask_babel import gettext as _

from ...wording import label, moment_words
from ..figures import Answering, ByClass, Rate, Row, Way, WeekFigures, WindowRow
from .numbers import NOTHING, days_words, line_name, row_name

Value = str | int | Rate


@dataclass(frozen=True)
class Plain:
    """A table: names in the first column, numbers and rates beside them."""

    key: str
    title: str
    note: str
    heads: tuple[str, ...]
    lines: tuple[tuple[Value, ...], ...]
    total: tuple[Value, ...] = ()


def rates(figures: WeekFigures) -> list[tuple[str, Rate]]:
    """Return the rates that stand beside the closure rate, each with its name."""
    on_time = [(_("On-time rate of named ones"), figures.total.on_time)]
    if not figures.tells_the_way:
        return on_time
    return [
        *on_time,
        (_("Named ones visited"), figures.way.visits),
        (_("Satisfied of those who answered"), figures.way.satisfaction),
    ]


def tables(figures: WeekFigures) -> list[Plain]:
    """Return the tables of what happened on the way; none for a report kept before they were."""
    if not figures.tells_the_way:
        return []
    return [_way(figures), _appeals(figures), _answering(figures), _windows(figures)]


def leaders(figures: WeekFigures) -> Plain:
    """Return the leaders' list, which stands at the very top."""
    heads = (
        _("Case"), _("Department"), _("Identity"), _("State"), _("Deadline"), _("Overdue by"),
    )  # fmt: skip
    lines = (
        (case.number, row_name(case), label("identity", "named" if case.named else "anonymous"),
         label("state", case.state), moment_words(case.deadline), days_words(case.days))
        for case in figures.leaders
    )  # fmt: skip
    return Plain("leaders", _("On the leaders' list"), "", heads, tuple(lines))


def rung_words(rung: int) -> str:
    """Return how far up the ladder a case is, in a word; a dash at its foot."""
    return label("happened", f"rung_{rung}") if rung else NOTHING


def _by_department(
    key: str, title: str, note: str, figures: WeekFigures,
    columns: Iterable[tuple[str, Callable[[Way], int | Rate]]],
) -> Plain:  # fmt: skip
    heads, values = zip(*columns, strict=True)

    def line(name: str, way: Way) -> tuple[Value, ...]:
        return (name, *(value(way) for value in values))

    def tells(row: Row) -> bool:
        return any(v.whole if isinstance(v, Rate) else v for v in line("", row.way)[1:])

    lines = tuple(line(line_name(row, figures), row.way) for row in figures.rows if tells(row))
    return Plain(
        key, title, note, (_("Department"), *heads), lines, line(_("Total"), figures.way)
    )  # fmt: skip


def _way(figures: WeekFigures) -> Plain:
    return _by_department(
        "way", _("On the way"),
        _("What happened this week, for the department whose case it was then."), figures,
        (
            (_("Extensions granted"), lambda way: way.extended),
            (_("Treated as complex"), lambda way: way.made_complex),
            (_("Working days moved"), lambda way: way.days_moved),
            (_("Supervision notices"), lambda way: way.notices),
            (_("Sent back by citizens"), lambda way: way.sent_back),
            (_("Named ones visited"), lambda way: way.visits),
            (_("Satisfied of those who answered"), lambda way: way.satisfaction),
        ),
    )  # fmt: skip


def _appeals(figures: WeekFigures) -> Plain:
    return _by_department(
        "appeals", _("Appeals, and what is not counted"),
        _("Reviews that are not counted stay readable and are no part of the figures above."),
        figures,
        (
            (_("Cases received"), lambda way: way.received),
            (_("Appealed"), lambda way: way.appealed),
            (_("Not counted"), lambda way: way.voided),
            (_("Appeals dismissed"), lambda way: way.dismissed),
            (_("Objections of citizens"), lambda way: way.objected),
            (_("Objections upheld"), lambda way: way.revived),
        ),
    )  # fmt: skip


def _classes() -> tuple[str, ...]:
    names = ("guide", "time_limit", "process", "staff")
    return (*(label("tag_class", name) for name in names), _("Other"))


def _numbers(about: ByClass) -> tuple[int, ...]:
    return about.guide, about.time_limit, about.process, about.staff, about.other


def _answering(figures: WeekFigures) -> Plain:
    def line(name: str, about: ByClass) -> tuple[Value, ...]:
        return (name, *_numbers(about), about.total)

    def of(row: Answering) -> tuple[Value, ...]:
        return line(row_name(row), row.about)

    return Plain(
        "answering", _("Who answers for what"),
        _("Reviews received this week and counted, by what they are about."),
        (_("Department"), *_classes(), _("Total")), tuple(map(of, figures.answering)),
        line(_("Total"), sum((row.about for row in figures.answering), ByClass())),
    )  # fmt: skip


def _windows(figures: WeekFigures) -> Plain:
    def line(row: WindowRow) -> tuple[Value, ...]:
        numbers = row.own, *_numbers(row.others), row.own + row.others.total
        place = _("%(window)s (%(department)s)", window=row.name, department=row.department)
        return (place, *numbers)

    return Plain(
        "windows", _("Where it happened"),
        _(
            "Only what is about its staff counts for a window. Everything after that column happened"
            " there, but is not the window's to answer for."
        ),
        (_("Window"), _("Counts for the window"), *_not_the_windows(), _("Happened there in all")),
        tuple(map(line, figures.windows)),
    )  # fmt: skip


def _not_the_windows() -> tuple[str, ...]:
    guide, time_limit, process, _staff, other = _classes()
    named = (guide, time_limit, process, _("Staff, answered elsewhere"), other)
    return tuple(_("Not the window's: %(what)s", what=what) for what in named)
