"""Loading the catalogue: what may be rated, in which words, and who is responsible."""

from collections.abc import Sequence
from datetime import datetime

from ..ledger.actions import Actor
from ..offices.loading import Counts, File, load
from .registers import REGISTERS

ORDER = tuple(REGISTERS.values())


def load_files(files: Sequence[File], by: Actor, now: datetime) -> list[Counts]:
    """Load the files in the order in which they refer to one another; see `loading.load`.

    Inside a transaction. Raises TableInvalid with every fault of every file.
    """
    return load(sorted(files, key=lambda file: ORDER.index(file.register)), by, now)


def table_of(file_name: str) -> str | None:
    """Return the table that a file's name speaks of: `items.csv`, `Items-2026.xlsx`; else None."""
    stem = file_name.rpartition("/")[2].lower()
    return next((name for name in REGISTERS if stem.startswith(name)), None)
