"""Writing into the ledger: always inside the transaction of what happened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ..db import execute, new_id, table_of
from .models import ActorKind, Entry

APPEND = table_of(Entry).insert()


@dataclass(frozen=True)
class Actor:
    """Who does something: a person of the staff, a citizen, a business system or a job."""

    kind: ActorKind
    id: UUID | None = None
    name: str = ""
    department: str | None = None


CITIZEN = Actor(ActorKind.CITIZEN)
SYSTEM = Actor(ActorKind.SYSTEM)


@dataclass(frozen=True)
class Line:
    """One line to be written. `facts` holds codes and numbers, never personal data."""

    subject: str
    subject_id: object
    act: str
    facts: dict[str, Any]


def write(now: datetime, actor: Actor, *lines: Line) -> None:
    """Append the lines, in order, with one statement. To be called inside a transaction."""
    rows = [
        {
            "id": new_id(), "at": now, "subject": line.subject, "subject_id": str(line.subject_id),
            "act": line.act, "actor_kind": actor.kind, "actor_id": actor.id,
            "actor_name": actor.name, "actor_department": actor.department, "facts": line.facts,
        }
        for line in lines
    ]  # fmt: skip
    execute(APPEND, rows)
