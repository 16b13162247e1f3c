"""`flask cases …`: duties around cases, by hand."""

import click
from flask.cli import AppGroup

from .. import clock
from . import pending
from .calendar_commands import count_again
from .special import actions as special
from .urging import climb

commands = AppGroup("cases", help="Cases being put right.")


@commands.command("remind")
def remind() -> None:
    """Promise the notices about deadlines that come near or have passed; each once."""
    now = clock.now()
    told = climb(now) + pending.remind(now)
    click.echo(f"told about {len(told)} cases" + "".join(f"\n{number}" for number in told))


@commands.command("recount")
def recount_deadlines() -> None:
    """Count the deadlines of all open cases again by the calendar in force, and list which moved."""
    count_again(clock.now())


@commands.command("root-causes")
def root_causes() -> None:
    """Propose a special rectification where cases of a kind pile up, and tell of those overdue."""
    now = clock.now()
    for number in special.propose(now):
        click.echo(f"proposed, or joined by later cases: {number}")
    for number in special.remind(now):
        click.echo(f"told as overdue: {number}")
