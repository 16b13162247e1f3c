"""The roles of the staff, and which of them sees which desk. No person, no database."""

from enum import StrEnum


class Role(StrEnum):
    """What an account may be; the field's words are in DESIGN's table of people."""

    CLERK = "clerk"
    HANDLER = "handler"
    HEAD = "head"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    LEADER = "leader"  # a supervisor who may also grant what is granted once only
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

COMBINABLE_ROLES = frozenset({Role.HANDLER, Role.HEAD})
"""Those that one account may hold together: small departments have one person for both."""

LEADING = frozenset({Role.SUPERVISOR, Role.LEADER})
"""A leader is a supervisor who is marked as one; the mark alone opens no desk."""


def may_be_together(roles: frozenset[Role]) -> bool:
    """Say whether one account may hold these roles together.

    Those who work the department's cases may combine, and a supervisor may be marked as a leader.
    Every other role stands alone: the window is
    promised not to see who rated, who judges or visits must not have worked the case, who audits
    must not be able to write, and who hands out accounts must not read who said what.
    """
    if Role.LEADER in roles:
        return roles == LEADING
    return len(roles) == 1 or (len(roles) > 1 and roles <= COMBINABLE_ROLES)
