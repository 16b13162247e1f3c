"""Changing who works here: accounts of the staff, and the keys of business systems.

All are called inside a transaction and write their ledger line; addresses and names of people stay
out of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_security.utils import hash_password
from sqlalchemy import Select, select, update

from ..db import db, insert, new_id
from ..errors import FieldError, Invalid, Unknown
from ..ledger.actions import Actor, Line, write
from ..text import CONTROL, NotText, clean_line
from . import loading, queries
from .credentials import (
    api_key_digest,
    new_api_key,
    new_password,
    new_uniquifier,
    normal_password,
    password_fault,
    read_email,
)
from .models import Account, AccountRole, ApiKey, Department, Window
from .registers import ACCOUNTS
from .roles import Role, may_be_together

NAME_LIMIT = 60
SOURCE_LIMIT = 40


@dataclass(frozen=True)
class Person:
    """What an account says of somebody, as it was typed."""

    email: str
    name: str
    department: str
    roles: frozenset[Role]
    window: str | None = None


@dataclass(frozen=True)
class Issued:
    """A password that was made here, to be shown once."""

    email: str
    password: str


def add_account(person: Person, password: str, by: Actor, now: datetime) -> Account:
    """Make an account. Raises Invalid naming every wrong field."""
    wrong: list[FieldError] = []
    email = read_email(person.email)
    if email is None:
        wrong.append(FieldError("email", "not_an_email"))
    values = _checked(person, wrong)
    if fault := password_fault(password):
        wrong.append(FieldError("password", fault))
    if wrong:
        raise Invalid(wrong)
    values |= {
        "id": new_id(), "email": email, "password": hash_password(normal_password(password)),
        "fs_uniquifier": new_uniquifier(), "active": True, "created_at": now,
    }  # fmt: skip
    _insert_account(values, person.roles)
    write(now, by, _account_line(values["id"], "add", person))
    return db.session.get_one(Account, values["id"])


def change_account(account: Account, person: Person, by: Actor, now: datetime) -> None:
    """Change name, department, window and roles; new rights end the account's sessions."""
    wrong: list[FieldError] = []
    values = _checked(person, wrong)
    if wrong:
        raise Invalid(wrong)
    before = person_of(account)
    with _an_administrator_stays():
        for name, value in values.items():
            setattr(account, name, value)
        if (before.department, before.roles) != (person.department, person.roles):
            account.roles = [AccountRole(name=role) for role in sorted(person.roles)]
            account.fs_uniquifier = new_uniquifier()
    write(now, by, _account_line(account.id, "change", person))


def disable_account(account: Account, by: Actor, now: datetime) -> None:
    """Close an account and end its sessions at once. The last administrator stays."""
    with _an_administrator_stays():
        account.active = False
        account.fs_uniquifier = new_uniquifier()
    write(now, by, Line("account", account.id, "disable", {}))


def enable_account(account: Account, by: Actor, now: datetime) -> None:
    """Open a closed account again, with the password it had."""
    account.active = True
    write(now, by, Line("account", account.id, "enable", {}))


def set_password(account: Account, password: str, by: Actor, now: datetime) -> None:
    """Give an account another password and end its sessions. Raises Invalid."""
    if fault := password_fault(password):
        raise Invalid([FieldError("password", fault)])
    account.password = hash_password(normal_password(password))
    account.fs_uniquifier = new_uniquifier()
    write(now, by, Line("account", account.id, "password", {}))


def load_accounts(file: loading.File, by: Actor, now: datetime) -> list[Issued]:
    """Load accounts from a file, all rows or none, and return the new ones' passwords.

    Accounts on record are changed and keep their password; 0 in `active` closes one. Raises
    TableInvalid with every fault.
    """
    sheet = loading.read(file)
    loading.check_references([sheet])
    loading.refuse_faulty([sheet])
    issued = []
    with _an_administrator_stays():
        for entry in sheet.entries:
            issued += _load_account(entry.values, by, now)
    return issued


def account_file(name: str, content: bytes) -> loading.File:
    """Return a file of accounts, for `load_accounts`."""
    return loading.File(name, content, ACCOUNTS)


def add_api_key(name: str, source: str | None, by: Actor, now: datetime) -> str:
    """Make a key for a business system and return it; it is kept nowhere. Raises Invalid.

    A key with a `source` reports services of that source only.
    """
    wrong: list[FieldError] = []
    name = _line("name", name, NAME_LIMIT, wrong)
    source = _line("source", source, SOURCE_LIMIT, wrong) if source else None
    if db.session.scalar(_key_named(name)):
        wrong.append(FieldError("name", "key_name_taken"))
    if wrong:
        raise Invalid(wrong)
    bearer = new_api_key()
    key = ApiKey(name=name, key_digest=api_key_digest(bearer), source=source, created_at=now)
    db.session.add(key)
    db.session.flush()
    write(now, by, Line("api_key", key.id, "add", {"name": name, "source": source}))
    return bearer


def revoke_api_key(name: str, by: Actor, now: datetime) -> None:
    """End a key. Raises Unknown if no key of this name is in use."""
    key_id = db.session.scalar(_key_named(name))
    claim = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    if db.session.scalar(claim.values(revoked_at=now).returning(ApiKey.id)) is None:
        raise Unknown()
    write(now, by, Line("api_key", key_id, "revoke", {"name": name}))


def _key_named(name: str) -> Select[Any]:
    return select(ApiKey.id).where(ApiKey.name == name, ApiKey.revoked_at.is_(None))


def _checked(person: Person, wrong: list[FieldError]) -> dict[str, Any]:
    """Return the columns that a person's account has besides address and password."""
    name = _line("name", person.name, NAME_LIMIT, wrong)
    if not may_be_together(person.roles):
        wrong.append(FieldError("roles", "roles_apart" if person.roles else "missing"))
    if not _is_in_use(Department, person.department):
        wrong.append(FieldError("department", "unknown_department"))
    if person.window and not _is_in_use(Window, person.window):
        wrong.append(FieldError("window", "unknown_window"))
    return {
        "name": name, "department_code": person.department, "window_code": person.window or None,
    }  # fmt: skip


def _is_in_use(model: Any, code: str) -> bool:
    """Say whether there is such a row; PostgreSQL would not even compare what is not text."""
    if CONTROL.search(code):
        return False
    return bool(db.session.scalar(select(model.code).where(model.code == code, model.active)))


def _line(field: str, typed: str, limit: int, wrong: list[FieldError]) -> str:
    try:
        said = clean_line(typed)
    except NotText:
        wrong.append(FieldError(field, "not_text"))
        return ""
    if not said:
        wrong.append(FieldError(field, "missing"))
    if len(said) > limit:
        wrong.append(FieldError(field, "too_long", {"max_length": limit, "length": len(said)}))
    return said


def _insert_account(values: dict[str, Any], roles: frozenset[Role]) -> None:
    """Insert an account with its roles; the UNIQUE address decides who was first."""
    statement = insert(Account).values(values).on_conflict_do_nothing(index_elements=["email"])
    if db.session.scalar(statement.returning(Account.id)) is None:
        raise Invalid([FieldError("email", "email_taken")])
    rows = [{"account_id": values["id"], "name": role} for role in sorted(roles)]
    db.session.execute(insert(AccountRole), rows)


def _account_line(account_id: object, act: str, person: Person) -> Line:
    facts = {"department": person.department, "window": person.window or None,
             "roles": sorted(person.roles)}  # fmt: skip
    return Line("account", account_id, act, facts)


@contextmanager
def _an_administrator_stays() -> Iterator[None]:
    """Refuse a change after which nobody could hand out accounts any more."""
    administrators = (
        select(Account.id)
        .where(Account.active, Account.roles.any(AccountRole.name == Role.ADMIN))
        .order_by(Account.id)
        .with_for_update()
    )
    before = db.session.scalars(administrators).all()
    yield
    db.session.flush()
    if before and not db.session.scalars(administrators).all():
        raise Invalid([FieldError("email", "last_administrator")])


def _load_account(values: loading.Values, by: Actor, now: datetime) -> list[Issued]:
    account = queries.account(values["email"])
    window = values.get("window_code", account.window_code if account else None)
    person = Person(
        values["email"], values["name"], values["department_code"], values["roles"], window
    )
    issued = []
    if account is None:
        issued.append(Issued(values["email"], new_password()))
        account = add_account(person, issued[0].password, by, now)
    elif person != person_of(account):
        change_account(account, person, by, now)
    if account.active and not values.get("active", True):
        disable_account(account, by, now)
    elif not account.active and values.get("active"):
        enable_account(account, by, now)
    return issued


def person_of(account: Account) -> Person:
    """Return what an account says of its person."""
    roles = frozenset(role.name for role in account.roles)
    return Person(account.email, account.name, account.department_code, roles, account.window_code)
