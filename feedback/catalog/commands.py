"""`flask catalog …`: loading the catalogue and the staff register from files."""

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from .. import clock
from ..ledger.actions import SYSTEM
from ..offices.commands import carry_out
from ..offices.loading import File
from . import actions
from .registers import REGISTERS

catalog = AppGroup("catalog", help="Departments, windows, officers, items, tags, routing rules.")


@catalog.command("load")
@click.argument(
    "files", nargs=-1, required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE…",
)  # fmt: skip
@click.option(
    "--table", type=click.Choice(list(REGISTERS)), help="Instead of guessing from the file name."
)
def load(files: tuple[Path, ...], table: str | None) -> None:
    """Load CSV or XLSX files, all rows of all files or none.

    The table is guessed from the file name (departments.csv). Rows are known again by their code;
    loading the same file twice changes nothing. With any fault, every one is listed with its file,
    row and column, and the command ends with 1.
    """
    asked = [_file(path, table) for path in files]
    for each in carry_out(actions.load_files, asked, SYSTEM, clock.now()):
        click.echo(
            _(
                "%(file)s: %(rows)s rows, %(new)s new, %(changed)s changed",
                file=each.file, rows=each.rows, new=each.new, changed=each.changed,
            )
        )  # fmt: skip


def _file(path: Path, table: str | None) -> File:
    table = table or actions.table_of(path.name)
    if table is None:
        raise click.UsageError(f"{path.name}: which table is it? Say so with --table.")
    return File(path.name, path.read_bytes(), REGISTERS[table])
