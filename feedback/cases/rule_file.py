"""Reading a file of terms: which rules it changes to what, and every row that is wrong.

Decides what a file may say; knows no database. Each row names its rule, an amount with its unit,
and the legal basis; without a basis nobody could answer for the term.
"""

from collections.abc import Mapping

from .. import tables
from ..errors import FieldError, TableInvalid
from ..tables import Row
from ..text import integer
from .rules import LIMITS, Rule, Term, Unit

BASIS_LIMIT = 300
HEADER = 1

Said = Mapping[Rule, tuple[Term, str]]
"""A term and its legal basis for each rule that a file names."""


def read_rules(content: bytes) -> Said:
    """Return what a CSV or XLSX file says. Raises TableInvalid with every row that is wrong."""
    table = tables.read(content, ("rule", "amount", "unit", "basis"))
    faults = list(table.faults)
    if any(number == HEADER for number, _ in faults):
        raise TableInvalid(faults)
    unread = {(number, fault.field) for number, fault in faults}
    said: dict[Rule, tuple[Term, str]] = {}
    first: dict[str, int] = {}
    for row in table.rows:
        wrong = _wrong(row, first)
        faults += [(row.number, one) for one in wrong if (row.number, one.field) not in unread]
        if not wrong:
            term = Term(int(row.cells["amount"]), Unit(row.cells["unit"]))
            said[Rule(row.cells["rule"])] = term, row.cells["basis"]
    if faults:
        raise TableInvalid(sorted(faults, key=lambda fault: fault[0]))
    return said


def _wrong(row: Row, first: dict[str, int]) -> list[FieldError]:
    """Return every fault of a row; `first` remembers in which row each rule was named."""
    cells = row.cells
    wrong = [FieldError(name, "missing") for name, cell in cells.items() if not cell]
    if cells["rule"]:
        wrong += _wrong_rule(cells["rule"], first.setdefault(cells["rule"], row.number), row.number)
    if cells["unit"] and cells["unit"] not in list(Unit):
        wrong.append(_not_in_list("unit", Unit))
    if cells["amount"]:
        wrong += _wrong_amount(cells["amount"], cells["unit"])
    if len(cells["basis"]) > BASIS_LIMIT:
        wrong.append(FieldError("basis", "too_long", {"max_length": BASIS_LIMIT}))
    return wrong


def _wrong_rule(rule: str, first: int, number: int) -> list[FieldError]:
    if rule not in list(Rule):
        return [_not_in_list("rule", Rule)]
    return [FieldError("rule", "key_twice", {"first_row": first})] if first != number else []


def _wrong_amount(cell: str, unit: str) -> list[FieldError]:
    amount = integer(cell)
    if amount is None:
        return [FieldError("amount", "not_a_number")]
    most = LIMITS[Unit(unit)] if unit in list(Unit) else max(LIMITS.values())
    if not 1 <= amount <= most:
        return [FieldError("amount", "days_out_of_range", {"least": 1, "most": most})]
    return []


def _not_in_list(field: str, kind: type[Rule] | type[Unit]) -> FieldError:
    return FieldError(field, "not_in_list", {"expected": ", ".join(one.value for one in kind)})
