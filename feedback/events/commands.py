"""`flask events …`: services from a file."""

import csv
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from pydantic import ValidationError

from .. import clock, tables
from ..db import transaction
from ..errors import FieldError, Invalid, TableInvalid
from ..ledger.actions import SYSTEM
from ..tables import Fault, Row, Table
from ..wording import sentence
from . import codes
from .actions import BULK_LIMIT, Recorded, record_all
from .facts import EventFacts, at_shanghai, field_errors, parse
from .models import RecordedVia

REQUIRED = ("project_no", "item_code")
MOMENTS = ("served_at", "promised_at", "accepted_at", "completed_at")
APPLICANT = ("applicant_kind", "applicant_name", "applicant_phone")
OPTIONAL = ("service_number", "mode", "window", "officer", *MOMENTS, *APPLICANT)
DEFAULT_SOURCE = "file"

Numbered = tuple[int, EventFacts]
HEADER = 1
OWNER_ONLY = 0o600
FORMULA_STARTS = tuple("=+-@＝＋－＠")

commands = AppGroup("events", help="Services that were given and may be rated.")


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default=DEFAULT_SOURCE, show_default=True, help="The reporting system.")
@click.option(
    "--links",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write each project number and its link to this CSV file, readable by you alone.",
)
def import_events(file: Path, source: str, links: Path | None) -> None:
    """Put the services of FILE (CSV or XLSX) on record: all of them, or none.

    Columns are the fields of the interface: project_no and item_code; and, if wanted,
    service_number, mode, window, officer, served_at, promised_at, accepted_at, completed_at,
    applicant_kind, applicant_name, applicant_phone. A time without an offset is Shanghai's. The
    same file again records nothing new.
    """
    try:
        recorded = import_table(file.read_bytes(), source, clock.now())
    except TableInvalid as refused:
        _complain(refused)
        raise SystemExit(1) from None
    fresh = sum(one.is_new for one in recorded)
    click.echo(
        _(
            "%(fresh)s recorded, %(known)s already on record.",
            fresh=fresh,
            known=len(recorded) - fresh,
        )
    )
    if links:
        write_links(links, recorded)


def import_table(content: bytes, source: str, now: datetime) -> list[Recorded]:
    """Record every row of a file in one transaction. Raises TableInvalid, and then records none."""
    table = tables.read(content, REQUIRED, OPTIONAL)
    if any(number == HEADER for number, _ in table.faults):
        raise TableInvalid(list(table.faults))
    faults: list[Fault] = list(table.faults)
    batch = list(_parsed(table, source, faults))
    with transaction():
        recorded = list(_record(batch, now, faults))
        if faults:
            raise TableInvalid(sorted(faults, key=lambda fault: fault[0]))
    return recorded


def _parsed(table: Table, source: str, faults: list[Fault]) -> Iterator[Numbered]:
    """Give the facts of every row that can be read, and add the faults of the others."""
    unreadable = {(number, fault.field) for number, fault in table.faults}
    for row in table.rows:
        try:
            yield row.number, _facts(row, source)
        except ValidationError as error:
            found = [_in_columns(fault) for fault in field_errors(error)]
            faults += [(row.number, f) for f in found if (row.number, f.field) not in unreadable]


def _facts(row: Row, source: str) -> EventFacts:
    said: dict[str, object] = {name: cell for name, cell in row.cells.items() if cell}
    said |= {name: at_shanghai(row.cells[name]) for name in MOMENTS if name in said}
    applicant = {
        name.removeprefix("applicant_"): said.pop(name) for name in APPLICANT if name in said
    }
    return parse({"source": source, **said, "applicant": applicant})


def _in_columns(fault: FieldError) -> FieldError:
    """Name a fault by the column of the file."""
    return FieldError(fault.field.replace(".", "_"), fault.code, fault.facts)


def _record(batch: Sequence[Numbered], now: datetime, faults: list[Fault]) -> Iterator[Recorded]:
    """Record in portions, so that no statement outgrows the database's limits."""
    for at in range(0, len(batch), BULK_LIMIT):
        portion = batch[at : at + BULK_LIMIT]
        outcomes = record_all([facts for _, facts in portion], RecordedVia.FILE, SYSTEM, now)
        for (number, _said), outcome in zip(portion, outcomes, strict=True):
            if isinstance(outcome, Invalid):
                faults += [(number, _in_columns(fault)) for fault in outcome.errors]
            else:
                yield outcome


def _complain(refused: TableInvalid) -> None:
    for number, fault in refused.rows:
        place = {"number": number, "column": fault.field or "–", "words": sentence(fault)}
        words = _("Row %(number)s, column %(column)s: %(words)s", **place)
        click.echo(f"{words} ({fault.code})", err=True)
    click.echo(_("Nothing was recorded."), err=True)


def write_links(path: Path, recorded: Sequence[Recorded]) -> None:
    """Write the links to a file of the owner's: whoever has a link can rate."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with open(handle, "w", encoding="utf-8-sig", newline="") as out:
        os.fchmod(handle, OWNER_ONLY)  # the file may have been there, open to others
        lines = csv.writer(out)
        lines.writerow(["project_no", "service_number", "link"])
        for one in recorded:
            event = one.event
            link = codes.link(event) if codes.can_be_made(event) else ""
            lines.writerow([_as_text(event.project_no), event.service_number, link])


def _as_text(cell: str) -> str:
    """Keep a spreadsheet program from reading a number that starts like a formula as one."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
