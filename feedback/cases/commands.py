"""`flask cases …`: duties around cases, by hand."""

import click
from flask.cli import AppGroup

from .. import clock
from .urging import climb

commands = AppGroup("cases", help="Cases being put right.")


@commands.command("remind")
def remind() -> None:
    """Promise the notices about deadlines that come near or have passed; each once."""
    told = climb(clock.now())
    click.echo(f"told about {len(told)} cases" + "".join(f"\n{number}" for number in told))
