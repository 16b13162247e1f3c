"""Loading registers from files: every fault found first, then all rows or none.

A register says which columns its file has and which table they fill; `load` does the rest, the
same for departments, windows, officers, items, tags and routing rules.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import String, select

from .. import tables
from ..db import Base, db, insert
from ..errors import FieldError, TableInvalid
from ..ledger.actions import Actor, Line, write
from ..tables import Fault
from ..text import integer

CODE = re.compile(r"\w[\w.\-]*")

Values = dict[str, Any]
"""One row as the table has it, by column of the model."""


class Wrong(ValueError):
    """A cell that cannot be read: a stable code and facts for the sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


NEEDED: Any = object()
"""The default of a column that has none: it must be there, and filled in every row."""


@dataclass(frozen=True)
class Column:
    """One column of a file: how its cells are read, and what an empty or absent one means.

    `fills` is the model's column where it has another name; `refers` is the register that must
    know the code, unless it is one of `besides`.
    """

    name: str
    read: Callable[[str], object]
    default: Any = NEEDED
    fills: str = ""
    refers: "Register | None" = None
    besides: Collection[str] = ()

    @property
    def target(self) -> str:
        """The model's column that this one fills."""
        return self.fills or self.name

    @property
    def is_optional(self) -> bool:
        """Whether a file may leave it out, and a row leave it empty."""
        return self.default is not NEEDED


def _no_faults(_values: Values) -> list[FieldError]:
    return []


def _as_read(values: Values, _before: Values | None) -> Values:
    return values


@dataclass(frozen=True)
class Register:
    """A table that is loaded from files; the first column is its key.

    `check` finds what is wrong between the cells of one row. `complete` turns what was read into
    what is stored, given the row as it was before.
    """

    name: str
    model: type[Base]
    columns: tuple[Column, ...]
    check: Callable[[Values], list[FieldError]] = _no_faults
    complete: Callable[[Values, Values | None], Values] = _as_read

    @property
    def key(self) -> str:
        """The column by which a row is known again."""
        return self.columns[0].target

    def limit(self, column: Column) -> int | None:
        """Return how long a text of this column may be."""
        target = self.model.__table__.columns.get(column.target)
        return (
            target.type.length if target is not None and isinstance(target.type, String) else None
        )


@dataclass(frozen=True)
class File:
    """A file that somebody wants loaded, and for which register."""

    name: str
    content: bytes
    register: Register


@dataclass(frozen=True)
class Entry:
    """One row of a file, as far as it could be read."""

    number: int
    values: Values


@dataclass
class Sheet:
    """A file that was read, and every fault found in it so far."""

    file: File
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Counts:
    """What came of one file."""

    file: str
    register: str
    rows: int
    new: int
    changed: int


def code(cell: str) -> str:
    """Read a code: letters, digits, dots, hyphens. It stands in addresses and in other files."""
    if not CODE.fullmatch(cell):
        raise Wrong("not_a_code")
    return cell


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within these bounds."""

    def read_number(cell: str) -> int:
        number = integer(cell)
        if number is None:
            raise Wrong("not_a_number")
        if not lowest <= number <= highest:
            raise Wrong("out_of_range", ge=lowest, le=highest)
        return number

    return read_number


def flag(cell: str) -> bool:
    """Read 1 or 0."""
    if cell not in ("0", "1"):
        raise Wrong("not_a_flag")
    return cell == "1"


def one_of(kind: type[Enum]) -> Callable[[str], Enum]:
    """Return a reader of one of an enum's values."""

    def read_choice(cell: str) -> Enum:
        try:
            return kind(cell)
        except ValueError:
            raise Wrong("not_in_list", expected=", ".join(m.value for m in kind)) from None

    return read_choice


ACTIVE = Column("active", flag, True)
"""0 retires the row; nothing that was ever used is deleted."""


def load(files: Sequence[File], by: Actor, now: datetime) -> list[Counts]:
    """Load the files, all or none of them, and return what came of each. Inside a transaction.

    1. Read every file, and check what its rows refer to: rows on record or in these files.
    2. Raise TableInvalid with every fault of every file, or else
    3. write what is new or changed, with two statements a file, and its ledger line.

    The same files again change nothing. What a file does not mention stays as it is.
    """
    sheets = [read(file) for file in files]
    check_references(sheets)
    refuse_faulty(sheets)
    counts = [_store(sheet) for sheet in sheets]
    write(now, by, *(_line(each) for each in counts))
    return counts


def read(file: File) -> Sheet:
    """Read one file and find what is wrong with it by itself."""
    columns = file.register.columns
    required = [column.name for column in columns if not column.is_optional]
    optional = [column.name for column in columns if column.is_optional]
    try:
        table = tables.read(file.content, required, optional)
    except TableInvalid as invalid:
        return Sheet(file, faults=list(invalid.rows))
    sheet = Sheet(file, faults=list(table.faults))
    faulty = {(number, fault.field) for number, fault in table.faults}
    for row in table.rows:
        sound = {name: cell for name, cell in row.cells.items() if (row.number, name) not in faulty}
        _read_row(sheet, row.number, sound)
    _check_keys(sheet)
    return sheet


def _read_row(sheet: Sheet, number: int, cells: Mapping[str, str]) -> None:
    register = sheet.file.register
    values: Values = {}
    wrong: list[FieldError] = []
    for column in register.columns:
        if column.name in cells:
            try:
                values[column.target] = _value(register, column, cells[column.name])
            except Wrong as fault:
                wrong.append(FieldError(column.name, fault.code, fault.facts))
    if all(column.target in values for column in register.columns if not column.is_optional):
        wrong += register.check(values)
    sheet.entries.append(Entry(number, values))
    sheet.faults.extend((number, fault) for fault in wrong)


def _value(register: Register, column: Column, cell: str) -> object:
    if not cell:
        if not column.is_optional:
            raise Wrong("missing")
        return column.default
    limit = register.limit(column)
    if limit is not None and len(cell) > limit:
        raise Wrong("too_long", max_length=limit, length=len(cell))
    return column.read(cell)


def _check_keys(sheet: Sheet) -> None:
    register = sheet.file.register
    first: dict[object, int] = {}
    for entry in sheet.entries:
        key = entry.values.get(register.key)
        if key is not None and first.setdefault(key, entry.number) != entry.number:
            facts = {"first_row": first[key]}
            sheet.faults.append(
                (entry.number, FieldError(register.columns[0].name, "key_twice", facts))
            )


def check_references(sheets: Sequence[Sheet]) -> None:
    """Find the codes that neither the database nor any of these files knows."""
    known: dict[str, set[object]] = {}
    for sheet in sheets:
        for column in sheet.file.register.columns:
            if column.refers:
                if column.refers.name not in known:
                    known[column.refers.name] = _known(column.refers, sheets)
                dangling = _dangling(sheet, column, known[column.refers.name])
                fault = FieldError(column.name, f"unknown_{column.refers.name.removesuffix('s')}")
                sheet.faults.extend((number, fault) for number in dangling)


def _known(register: Register, sheets: Iterable[Sheet]) -> set[object]:
    """Return the codes of a register, on record or about to be."""
    on_record = db.session.scalars(select(register.model.__table__.c[register.key]))
    coming = (sheet.entries for sheet in sheets if sheet.file.register is register)
    told = {entry.values.get(register.key) for entries in coming for entry in entries}
    return {*on_record, *told}


def _dangling(sheet: Sheet, column: Column, known: Collection[object]) -> Iterable[int]:
    """Return the numbers of the rows whose code in this column nobody knows."""
    for entry in sheet.entries:
        told = entry.values.get(column.target)
        if told is not None and told not in column.besides and told not in known:
            yield entry.number


def refuse_faulty(sheets: Sequence[Sheet]) -> None:
    """Raise TableInvalid with every fault of every file, in their order, naming the file."""
    rows = [
        (number, replace(fault, facts={**fault.facts, "file": sheet.file.name}))
        for sheet in sheets
        for number, fault in sorted(sheet.faults, key=lambda found: found[0])
    ]
    if rows:
        raise TableInvalid(rows)


def _store(sheet: Sheet) -> Counts:
    """Write what is new or differs, and count it."""
    register = sheet.file.register
    before = _on_record(register)
    to_write, new = [], 0
    for entry in sheet.entries:
        old = before.get(entry.values[register.key])
        row = _merged(register, entry.values, old)
        if row != old:
            to_write.append(row)
            new += old is None
    if to_write:
        _upsert(register, to_write)
    return Counts(sheet.file.name, register.name, len(sheet.entries), new, len(to_write) - new)


def _on_record(register: Register) -> dict[object, Values]:
    rows = db.session.execute(select(*register.model.__table__.columns)).mappings()
    return {row[register.key]: dict(row) for row in rows}


def _merged(register: Register, values: Values, old: Values | None) -> Values:
    """Return the row as it shall be: the file's cells over what was there, or over the defaults."""
    defaults = {c.target: c.default for c in register.columns if c.is_optional}
    told = register.complete({**({} if old else defaults), **values}, old)
    return {**(old or {}), **told}


def _upsert(register: Register, rows: list[Values]) -> None:
    statement = insert(register.model)
    fresh = {name: statement.excluded[name] for name in rows[0] if name != register.key}
    db.session.execute(
        statement.on_conflict_do_update(index_elements=[register.key], set_=fresh), rows
    )


def _line(counts: Counts) -> Line:
    facts: Mapping[str, Any] = {
        "table": counts.register, "rows": counts.rows, "new": counts.new,
        "changed": counts.changed,
    }  # fmt: skip
    return Line("catalog", counts.register, "load", dict(facts))
