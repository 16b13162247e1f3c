"""The files from which items, tags and routing rules are loaded, and all registers in their order."""

from ..errors import FieldError
from ..offices.loading import ACTIVE, Column, Register, Values, Wrong, code, flag, one_of, whole
from ..offices.registers import DEPARTMENTS, OFFICERS, WINDOWS
from .grades import Grade, PromiseUnit, ServiceKind, TagClass
from .models import Item, RoutingRule, Tag
from .routing import PLACES

LONGEST_PROMISE = 3650  # days
LAST_POSITION = 99_999


def _owner(cell: str) -> str:
    """Read a place such as `@item`, or the code of a department."""
    if cell.startswith("@") and cell not in PLACES:
        raise Wrong("not_in_list", expected=", ".join(PLACES))
    return cell if cell in PLACES else code(cell)


def _code_tells_grade(values: Values) -> list[FieldError]:
    """A tag's code begins with its grade, in the field's own numbering (510 belongs to 5)."""
    if values["code"] // 100 == values["grade"]:
        return []
    return [FieldError("grade", "grade_not_in_code", {"expected": values["code"] // 100})]


ITEMS = Register(
    "items",
    Item,
    (
        Column("code", code),
        Column("name", str),
        Column("department", code, fills="department_code", refers=DEPARTMENTS),
        Column("kind", one_of(ServiceKind)),
        Column("guide_owner", code, None, fills="guide_owner_code", refers=DEPARTMENTS),
        Column("promised_days", whole(0, LONGEST_PROMISE), None),
        Column("promised_unit", one_of(PromiseUnit), PromiseUnit.WORKDAY),
        Column("source", str, ""),
        ACTIVE,
    ),
)

TAGS = Register(
    "tags",
    Tag,
    (
        Column("code", whole(100, 599)),
        Column("grade", whole(min(Grade), max(Grade))),
        Column("name", str),
        Column("name_en", str, ""),
        Column("in_force", flag),
        Column("shown_first", flag),
        Column("responsibility", one_of(TagClass), None),
    ),
    check=_code_tells_grade,
)
"""A tag is retired by 0 in `in_force`."""

ROUTING = Register(
    "routing",
    RoutingRule,
    (
        Column("position", whole(1, LAST_POSITION)),
        Column("tag_class", one_of(TagClass), None),
        Column("item", code, None, fills="item_code", refers=ITEMS),
        Column("owner", _owner, refers=DEPARTMENTS, besides=PLACES),
        Column("note", str, ""),
    ),
)

REGISTERS = {
    register.name: register for register in (DEPARTMENTS, WINDOWS, OFFICERS, ITEMS, TAGS, ROUTING)
}
"""In the order in which one refers to another."""
