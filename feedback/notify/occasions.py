"""What messages are sent about, and whom in a department they are for. No person, no database."""

from enum import StrEnum


class Occasion(StrEnum):
    """Why a message is sent; each has its folder of wording in templates/messages."""

    CASE_OPENED = "case_opened"  # to the responsible department
    CASE_DUE_SOON = "case_due_soon"
    CASE_OVERDUE = "case_overdue"
    CASE_IN_TRIAGE = "case_in_triage"  # to the supervisors
    DESK_DUE_SOON = "desk_due_soon"
    DESK_OVERDUE = "desk_overdue"
    CITIZEN_REPLIED = "citizen_replied"  # to the citizen, by text message


FOR_SUPERVISORS = frozenset(
    {Occasion.CASE_IN_TRIAGE, Occasion.DESK_DUE_SOON, Occasion.DESK_OVERDUE}
)
"""An office that supervises may also be complained of: then its handlers are meant, and not its
supervisors. So the occasion says for whom a message is."""
