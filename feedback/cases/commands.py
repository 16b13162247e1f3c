"""`flask cases …`: duties around cases, by hand."""

from collections.abc import Callable
from datetime import datetime

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from .. import clock
from ..errors import SomeFailed
from . import duties
from .calendar_commands import count_again

commands = AppGroup("cases", help="Cases being put right.")


def _done(duty: Callable[[datetime], list[str]]) -> list[str]:
    """Do a duty now; what failed of it ends the command with 1, after all else was done."""
    try:
        return duty(clock.now())
    except SomeFailed as failed:
        which = ", ".join(failed.facts["which"])
        raise click.ClickException(
            _("These failed, all others were done: %(which)s. The log says why.", which=which)
        ) from None


@commands.command("remind")
def remind() -> None:
    """Promise the notices about deadlines that come near or have passed; each once."""
    told = _done(duties.tell_about_deadlines)
    click.echo(f"told about {len(told)} cases" + "".join(f"\n{number}" for number in told))


@commands.command("recount")
def recount_deadlines() -> None:
    """Count the deadlines of all open cases again by the calendar in force, and list which moved."""
    count_again(clock.now())


@commands.command("root-causes")
def root_causes() -> None:
    """Propose a special rectification where cases of a kind pile up, and tell of those overdue."""
    for number in _done(duties.look_for_root_causes):
        click.echo(f"proposed, joined by later cases, or told as overdue: {number}")
