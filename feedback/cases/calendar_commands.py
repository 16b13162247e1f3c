"""`flask calendar …`: the days off and the make-up days, and what they do to open deadlines.

It stands with the cases and not with the calendar, because a load counts the deadlines of open
cases again, of which the calendar's room knows nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from .. import clock
from ..calendar import queries
from ..calendar.actions import Loaded, load
from ..calendar.days import DayKind
from ..calendar.models import LoadedCalendar
from ..calendar.queries import ShownDay, calendar_in_force
from ..errors import SomeFailed
from ..ledger.actions import Actor
from ..ledger.models import ActorKind
from ..offices.commands import carry_out
from ..wording import WEEKDAYS, label
from ..workdays import FIRST_YEAR, LAST_YEAR
from .recounting import Moved, recount
from .special.recounting import recount as recount_specials

commands = AppGroup("calendar", help="Days off and make-up working days.")

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
YEAR = click.IntRange(FIRST_YEAR + 1, LAST_YEAR)
BY = click.option(
    "--by", default="", envvar=["SUDO_USER", "USER"], metavar="NAME",
    help="Who answers for it; the account of this terminal unless said.",
)  # fmt: skip
NAME_LIMIT = 60


def person(name: str) -> Actor:
    """Return how the ledger names whoever gives a command."""
    return Actor(ActorKind.SYSTEM, name="".join(filter(str.isprintable, name))[:NAME_LIMIT])


@commands.command("load")
@click.argument("file", type=FILE)
@click.option("--year", type=YEAR, help="The file is this year's whole notice and replaces it.")
@click.option("--local", is_flag=True, help="The file changes single days of any year.")
@click.option("--source", required=True, help="The document it rests on, with its number.")
@BY
def load_calendar(file: Path, year: int | None, local: bool, source: str, by: str) -> None:
    """Load days off and make-up days from a CSV or XLSX file, then count open deadlines again.

    Columns: day (2027-01-01), kind (off or worked, 休 or 班) and, if wanted, name. All rows or none;
    every row that is wrong is named. The same file again changes nothing.
    """
    if (year is not None) == local:
        raise click.UsageError(_("Please say either --year or --local."))
    now = clock.now()
    click.echo(_loaded(carry_out(load, file.read_bytes(), year, source, person(by), now)))
    count_again(now)


def _loaded(loaded: Loaded) -> str:
    if not loaded.is_new:
        return _("This is on record already, as version %(version)s.", version=loaded.version)
    return _("Version %(version)s: %(days)s days.", version=loaded.version, days=loaded.days)


def count_again(now: datetime) -> None:
    """Count open deadlines again and say which moved from when to when; 1 if a case failed."""
    failed = []
    for count, said in (
        (recount, _l("Cases moved: %(moved)s; did not need to: %(unmoved)s.")),
        (recount_specials, _l("Root causes moved: %(moved)s; did not need to: %(unmoved)s.")),
    ):
        try:
            found = count(now)
        except SomeFailed as some:
            failed += some.facts["which"]
            continue
        for line in (line for moved in found.moved for line in _moved(moved)):
            click.echo(line)
        click.echo(str(said) % {"moved": len(found.moved), "unmoved": found.unmoved})
    if failed:
        numbers = ", ".join(failed)
        raise click.ClickException(
            _("Not counted again: %(numbers)s. Please run it once more.", numbers=numbers)
        )


def _moved(moved: Moved) -> Iterator[str]:
    """Say one line for each deadline of a case that moved; what comes next is one of the others."""
    for name, (before, after) in moved.deadlines.items():
        if name == "next_due_at" and len(moved.deadlines) > 1:
            continue
        yield "\t".join((moved.number, label("deadline", name), _at(before), _at(after)))


def _at(moment: datetime | None) -> str:
    return f"{clock.local(moment):%F %H:%M}" if moment else ""


@commands.command("show")
@click.argument("year", type=click.IntRange(FIRST_YEAR, LAST_YEAR))
def show(year: int) -> None:
    """List every day of YEAR that differs from Monday to Friday, and where that is from."""
    if year not in calendar_in_force().published:
        click.echo(_("%(year)s has not been published or loaded: this is an estimate.", year=year))
    for day in queries.days_of(year):
        click.echo(_shown(day))


def _shown(day: ShownDay) -> str:
    source = _("version %(version)s", version=day.version) if day.version else _("library")
    weekday = str(WEEKDAYS[day.day.weekday()])
    return "\t".join((f"{day.day:%F}", weekday, label("day_kind", day.kind), day.name, source))


@commands.command("history")
def history() -> None:
    """List every calendar that was loaded, newest first."""
    loaded = queries.versions()
    for one in loaded:
        click.echo(_line(one))
    if not loaded:
        click.echo(_("Nothing was loaded; the library's calendar is in force."))


def _line(one: LoadedCalendar) -> str:
    off = sum(day.kind is DayKind.OFF for day in one.days)
    days = _("%(off)s off, %(worked)s worked", off=off, worked=len(one.days) - off)
    what = str(one.year) if one.year else _("local")
    return "\t".join((str(one.version), _at(one.at), one.by_name, what, days, one.source))
