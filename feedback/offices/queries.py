"""Looking up departments, windows, people and keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select

from ..db import db
from ..errors import Unknown
from ..ledger.queries import timeline
from .credentials import api_key_digest
from .models import Account, AccountRole, ApiKey, Department, DepartmentKind, Officer, Window
from .roles import LEADING, Role


def departments() -> Sequence[Department]:
    """Return every department, retired ones included, in order of code."""
    return db.session.scalars(select(Department).order_by(Department.code)).all()


@dataclass(frozen=True)
class Supervision:
    """The offices that supervise and have somebody for it, and those of them that have a leader."""

    offices: frozenset[str]
    leading: frozenset[str]


def supervision() -> Supervision:
    """Return which offices can supervise now: by who is there, and not by their kind alone."""
    people = (
        select(Account.department_code, AccountRole.name)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .join(Department, Department.code == Account.department_code)
        .where(Department.kind == DepartmentKind.SUPERVISOR, Department.active, Account.active)
        .where(AccountRole.name.in_(LEADING))
        .distinct()
    )
    found = [tuple(row) for row in db.session.execute(people)]
    return Supervision(
        *(frozenset(code for code, role in found if role is of)
          for of in (Role.SUPERVISOR, Role.LEADER))
    )  # fmt: skip


def windows(department: str | None = None) -> Sequence[Window]:
    """Return the windows in use, of one department or of all."""
    wanted = select(Window).where(Window.active).order_by(Window.code)
    if department is not None:
        wanted = wanted.where(Window.department_code == department)
    return db.session.scalars(wanted).all()


def is_own_service(phone_digest: str, department_codes: set[str], window_code: str | None) -> bool:
    """Say whether a phone on the staff register belongs to this window or one of these departments."""
    place: list[ColumnElement[bool]] = [Officer.department_code.in_(department_codes)]
    if window_code is not None:
        place.append(Officer.window_code == window_code)
    theirs = exists().where(Officer.active, Officer.phone_digest == phone_digest, or_(*place))
    return bool(db.session.scalar(select(theirs)))


def api_key(bearer: str) -> ApiKey | None:
    """Return the key that a caller bears, or None if it is none or was revoked."""
    mine = select(ApiKey).where(
        ApiKey.key_digest == api_key_digest(bearer), ApiKey.revoked_at.is_(None)
    )
    return db.session.scalar(mine)


def api_keys() -> Sequence[ApiKey]:
    """Return every key that was ever given out, newest first."""
    return db.session.scalars(select(ApiKey).order_by(ApiKey.id.desc())).all()


def accounts() -> Sequence[Account]:
    """Return every account by department and address, with department and roles."""
    people = select(Account).order_by(Account.department_code, Account.email)
    return db.session.scalars(people).unique().all()


def account_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of these accounts."""
    rows = select(Account.id, Account.name).where(Account.id.in_(set(ids)))
    return {row.id: row.name for row in db.session.execute(rows)}


@dataclass(frozen=True)
class Posting:
    """Where an account belongs from a moment on: its office, and its window if it has one."""

    at: datetime
    department: str
    window: str | None


def postings(account_id: UUID) -> Sequence[Posting]:
    """Return where an account has belonged, oldest first, as the ledger tells."""
    return [
        Posting(line.at, line.facts["department"], line.facts.get("window"))
        for line in timeline("account", account_id) if "department" in line.facts
    ]  # fmt: skip


def account(email: str) -> Account | None:
    """Return the account with this address."""
    people = select(Account).where(Account.email == email.strip().lower())
    return db.session.scalars(people).unique().one_or_none()


def account_by_id(account_id: UUID) -> Account:
    """Return this account. Raises Unknown."""
    found = db.session.get(Account, account_id)
    if found is None:
        raise Unknown()
    return found
