"""Who is responsible for a negative review: the first line of the routing table that matches.

Decides from the table and the facts of the service; leaves out who is on duty. If nothing matches
a department that exists, the answer is «nobody», and the supervisors' triage takes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .grades import TagClass

ITEM, GUIDE, WINDOW = "@item", "@guide", "@window"
PLACES = (ITEM, GUIDE, WINDOW)
"""Owners that are looked up in the service: the item's department, its guide's, the window's."""


@dataclass(frozen=True)
class Rule:
    """One line: when it applies (None: always) and who then is the owner."""

    position: int
    tag_class: TagClass | None
    item_code: str | None
    owner: str


@dataclass(frozen=True)
class Served:
    """What routing needs to know of the service."""

    item_code: str
    item_department: str
    guide_department: str | None
    window_department: str | None


@dataclass(frozen=True)
class Routing:
    """The department found, and why."""

    department: str | None
    rule: int | None
    owner: str | None
    tag_class: TagClass | None

    def facts(self) -> dict[str, Any]:
        """Return the reason as plain facts, as the case keeps it."""
        return {"department": self.department, "rule": self.rule, "owner": self.owner,
                "tag_class": self.tag_class.value if self.tag_class else None}  # fmt: skip


NOBODY = Routing(None, None, None, None)


def route(
    rules: Iterable[Rule], classes: frozenset[TagClass], served: Served, active: frozenset[str]
) -> Routing:
    """Return the responsible department by the first matching rule whose department is active."""
    places = {
        ITEM: served.item_department,
        GUIDE: served.guide_department or served.item_department,
        WINDOW: served.window_department,
    }
    for rule in sorted(rules, key=lambda rule: rule.position):
        department = places.get(rule.owner, rule.owner)
        if (
            (rule.tag_class is None or rule.tag_class in classes)
            and rule.item_code in (None, served.item_code)
            and department in active
        ):
            return Routing(department, rule.position, rule.owner, rule.tag_class)
    return NOBODY
