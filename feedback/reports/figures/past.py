"""What the figures are counted from: how each case stood at a moment, and what happened when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ...cases.ladder import Rung
from ...cases.states import State
from ...catalog.grades import TagClass


@dataclass(frozen=True)
class CaseFacts:
    """What one case looked like at the moment the figures are as of."""

    number: str
    department: str | None
    """The responsible department's code; None while the supervisors have yet to find it."""
    named: bool
    opened_at: datetime
    due_at: datetime
    answered_at: datetime | None
    """When the department last replied."""
    closed_at: datetime | None
    state: State
    voided: bool = False
    """Whether the review did not count at that moment, also while an objection was being judged."""
    next_due_at: datetime | None = None
    """The deadline of whatever came next, whose ever it was."""
    rung: Rung = Rung.NOTHING
    """How far up the ladder that deadline was, one higher once the citizen had sent the case back."""
    desk_since: datetime | None = None
    """Since when the next step was the supervisors' or the visitor's; None where it was not."""
    late_before: bool = False
    """Whether the reply of an earlier round came late. Being sent back makes it no better."""
    tag_class: TagClass | None = None
    window: str | None = None
    window_department: str | None = None


class Kind(StrEnum):
    """What happened to a case on its way."""

    APPEALED = "appealed"
    VOIDED = "voided"
    DISMISSED = "dismissed"
    OBJECTED = "objected"
    REVIVED = "revived"  # the citizen's objection was upheld
    EXTENDED = "extended"
    MADE_COMPLEX = "made_complex"
    SENT_BACK = "sent_back"
    NOTICE = "notices"
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    VISITED = "visited"  # a named citizen: answered, or called in vain on a third day


@dataclass(frozen=True)
class Happened:
    """One of these, counted for the department whose case it was then."""

    at: datetime
    kind: Kind
    department: str | None
    days: int = 0
    """By how many working days the deadline moved."""
