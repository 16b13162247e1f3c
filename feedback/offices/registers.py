"""The files from which departments, windows, officers and accounts are loaded, column by column."""

from .. import privacy, text
from ..config import settings
from .credentials import read_email
from .loading import ACTIVE, Column, Register, Values, Wrong, code, one_of
from .models import Account, Department, DepartmentKind, Officer, Window
from .roles import Role, may_be_together


def _phone(cell: str) -> str:
    number = text.phone(cell)
    if number is None:
        raise Wrong("not_a_phone")
    return number


def phone_digest(number: str) -> str:
    """Return the keyed digest by which a phone (E.164) is found on the staff register."""
    return privacy.digest(settings().digest_key.get_secret_value(), "phone", number)


def _seal_phone(values: Values, before: Values | None) -> Values:
    """Put digest and sealed phone for the phone; one that is on record stays sealed as it is."""
    if "phone" not in values:
        return values
    stored = {name: value for name, value in values.items() if name != "phone"}
    number = values["phone"]
    digest = number and phone_digest(number)
    if before and before["phone_digest"] == digest:
        return stored
    sealed = number and privacy.seal(
        settings().data_keys, "officers", "phone", values["code"], number
    )
    return {**stored, "phone_digest": digest, "phone_sealed": sealed}


def _email(cell: str) -> str:
    email = read_email(cell)
    if email is None:
        raise Wrong("not_an_email")
    return email


def _roles(cell: str) -> frozenset[Role]:
    """Read roles with spaces between them: `handler head`."""
    try:
        roles = frozenset(Role(word) for word in cell.split())
    except ValueError:
        raise Wrong("not_in_list", expected=", ".join(Role)) from None
    if not may_be_together(roles):
        raise Wrong("roles_apart")
    return roles


DEPARTMENTS = Register(
    "departments",
    Department,
    (
        Column("code", code),
        Column("name", str),
        Column("kind", one_of(DepartmentKind)),
        Column("note", str, ""),
        ACTIVE,
    ),
)

WINDOWS = Register(
    "windows",
    Window,
    (
        Column("code", code),
        Column("name", str),
        Column("department", code, fills="department_code", refers=DEPARTMENTS),
        ACTIVE,
    ),
)

OFFICERS = Register(
    "officers",
    Officer,
    (
        Column("code", code),
        Column("name", str),
        Column("department", code, fills="department_code", refers=DEPARTMENTS),
        Column("window", code, None, fills="window_code", refers=WINDOWS),
        Column("phone", _phone, None),
        ACTIVE,
    ),
    complete=_seal_phone,
)

ACCOUNTS = Register(
    "accounts",
    Account,
    (
        Column("email", _email),
        Column("name", str),
        Column("department", code, fills="department_code", refers=DEPARTMENTS),
        Column("roles", _roles),
        Column("window", code, None, fills="window_code", refers=WINDOWS),
        ACTIVE,
    ),
)
"""Read like the others, but written by `actions.load_accounts`: passwords are made on the way."""
