"""To whom in a department a message goes."""

from sqlalchemy import select

from ..db import db
from ..notify.occasions import Readers, readers
from .models import Account, AccountRole, Department
from .roles import DEPARTMENT_ROLES, Role

ROLES = {
    Readers.DEPARTMENT: (DEPARTMENT_ROLES,),
    Readers.HANDLERS: ((Role.HANDLER,), (Role.HEAD,)),
    Readers.HEADS: ((Role.HEAD,), (Role.HANDLER,)),
    Readers.SUPERVISORS: ((Role.SUPERVISOR,),),
    Readers.LEADERS: ((Role.LEADER,), (Role.SUPERVISOR,)),
}
"""Which roles read what; the second choice is for an office that has nobody of the first."""


def mailboxes(department: str, occasion: str) -> list[str]:
    """Return the addresses of those in a department whom an occasion concerns; active ones only."""
    found = (_addresses(department, roles) for roles in ROLES[readers(occasion)])
    return next((addresses for addresses in found if addresses), [])


def _addresses(department: str, roles: tuple[Role, ...]) -> list[str]:
    addresses = (
        select(Account.email)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .join(Department, Department.code == Account.department_code)
        .where(Department.code == department, Department.active, Account.active)
        .where(AccountRole.name.in_(roles))
        .distinct()
        .order_by(Account.email)
    )
    return list(db.session.scalars(addresses))
