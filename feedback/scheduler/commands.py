"""`flask scheduler …`: the process that does the recurring duties, and each duty by hand."""

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from .. import clock
from .jobs import JOBS
from .ticks import Ticked, tick

commands = AppGroup("scheduler", help="The recurring duties: messages, deadlines, reports.")


@commands.command("run")
def run_for_ever() -> None:
    """Do every duty in its time until told to stop (SIGTERM or Ctrl-C).

    Run one such process under something that starts it again when it ends; two do no harm.
    """
    from .runner import Runner

    Runner(current_app._get_current_object()).run()  # type: ignore[attr-defined]


@commands.command("once")
@click.argument("job", required=False, type=click.Choice([job.name for job in JOBS]))
def run_once(job: str | None) -> None:
    """Do one round of JOB, or of every duty, now. Ends with 1 if one failed."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    rounds = [tick(app, one, clock.now()) for one in JOBS if job in (None, one.name)]
    for ticked in rounds:
        _print(ticked)
    sys.exit(any(ticked.error for ticked in rounds))


def _print(ticked: Ticked) -> None:
    done = ", ".join(ticked.done) or "nothing was due"
    failed = f"FAILED ({ticked.error})"
    click.echo(f"{ticked.job}: {failed if ticked.error else done}", err=bool(ticked.error))
