"""To whom in a department a message goes."""

from sqlalchemy import select

from ..db import db
from ..notify.occasions import FOR_SUPERVISORS
from .models import Account, AccountRole, Department
from .roles import DEPARTMENT_ROLES, Role


def mailboxes(department: str, occasion: str) -> list[str]:
    """Return the addresses of those in a department whom an occasion concerns.

    Its handlers and heads, or its supervisors when the occasion is for them; active accounts only.
    """
    roles = (Role.SUPERVISOR,) if occasion in FOR_SUPERVISORS else DEPARTMENT_ROLES
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
