"""The roles of the staff, and which of them sees which desk. No person, no database."""

from enum import StrEnum


class Role(StrEnum):
    """What an account may be; the field's words are in DESIGN's table of people."""

    CLERK = "clerk"
    HANDLER = "handler"
    HEAD = "head"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMIN = "admin"


DEPARTMENT_ROLES = (Role.HANDLER, Role.HEAD)
"""Those who see and work their own department's cases."""

VISITING_ROLES = (Role.SUPERVISOR, Role.OPERATOR)
"""Those who make return visits."""

OVERSEEING_ROLES = (Role.SUPERVISOR, Role.AUDITOR)
"""Those who see every department's cases."""

REPORT_ROLES = (Role.SUPERVISOR, Role.AUDITOR, Role.HEAD)
"""Those who read the reports."""
