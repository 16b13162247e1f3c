"""`flask accounts …` and `flask api-keys …`: who may sign in, and which systems may report."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from .. import clock
from ..db import transaction
from ..errors import FeedbackError, Invalid, TableInvalid
from ..ledger.actions import SYSTEM
from ..wording import label, refusal, sentence
from . import actions, queries
from .credentials import new_password
from .models import Account
from .roles import Role

accounts = AppGroup("accounts", help="Accounts of the staff.")
api_keys = AppGroup("api-keys", help="Keys with which business systems report services.")

Result = TypeVar("Result")
ROLE = click.Choice([role.value for role in Role])
GENERATE = click.option("--generate", is_flag=True, help="Make a password and print it once.")


def carry_out(action: Callable[..., Result], *arguments: Any) -> Result:
    """Call one action in one transaction; a refusal ends the command with 1 and says what to do."""
    try:
        with transaction():
            return action(*arguments)
    except TableInvalid as invalid:
        raise click.ClickException("\n".join(report(invalid))) from None
    except Invalid as invalid:
        raise click.ClickException(
            "\n".join(f"{fault.field}: {sentence(fault)}" for fault in invalid.errors)
        ) from None
    except FeedbackError as refused:
        raise click.ClickException(" ".join(refusal(refused.code))) from None


def report(invalid: TableInvalid) -> list[str]:
    """Return every fault of a file in words, one a line, with what it means for the load."""
    lines = [_("Nothing was loaded. Please mend these and load the file again:")]
    for number, fault in invalid.rows:
        place = " · ".join(
            filter(None, (str(fault.facts.get("file", "")), str(number), fault.field))
        )
        lines.append(f"{place} · {sentence(fault)}")
    return lines


@accounts.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--department", required=True, metavar="CODE")
@click.option("--role", "roles", required=True, multiple=True, type=ROLE, help="May be repeated.")
@click.option("--window", metavar="CODE", help="The window where this person serves.")
@GENERATE
def add(
    email: str, name: str, department: str, roles: tuple[str, ...], window: str | None,
    generate: bool,
) -> None:  # fmt: skip
    """Add an account. The password is asked for, or read from standard input."""
    password = _password(generate)
    person = actions.Person(email, name, department, frozenset(map(Role, roles)), window)
    account = carry_out(actions.add_account, person, password, SYSTEM, clock.now())
    click.echo(_("Added: %(email)s", email=account.email))
    _show(generate, password)


@accounts.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(file: Path) -> None:
    """Load accounts from a CSV or XLSX file: email, name, department, roles, window, active.

    All rows or none. The passwords of new accounts are printed once.
    """
    loaded = actions.account_file(file.name, file.read_bytes())
    issued = carry_out(actions.load_accounts, loaded, SYSTEM, clock.now())
    click.echo(_("New accounts: %(count)s", count=len(issued)))
    for each in issued:
        click.echo(f"{each.email}\t{each.password}")


@accounts.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Close an account and end its sessions."""
    carry_out(lambda: actions.disable_account(_account(email), SYSTEM, clock.now()))
    click.echo(_("Disabled: %(email)s", email=email))


@accounts.command("enable")
@click.argument("email")
def enable(email: str) -> None:
    """Open a closed account again."""
    carry_out(lambda: actions.enable_account(_account(email), SYSTEM, clock.now()))
    click.echo(_("Enabled: %(email)s", email=email))


@accounts.command("password")
@click.argument("email")
@GENERATE
def password(email: str, generate: bool) -> None:
    """Give an account another password and end its sessions."""
    chosen = _password(generate)
    carry_out(lambda: actions.set_password(_account(email), chosen, SYSTEM, clock.now()))
    click.echo(_("New password set: %(email)s", email=email))
    _show(generate, chosen)


@accounts.command("list")
def list_accounts() -> None:
    """List every account with department and roles."""
    for account in queries.accounts():
        roles = " ".join(label("role", role.name) for role in account.roles)
        state = "" if account.active else _("disabled")
        click.echo("\t".join((account.email, account.department_code, account.name, roles, state)))


@api_keys.command("add")
@click.argument("name")
@click.option("--source", help="Let the key report services of this source only.")
def add_key(name: str, source: str | None) -> None:
    """Make a key for a business system and print it; it cannot be shown again."""
    click.echo(carry_out(actions.add_api_key, name, source, SYSTEM, clock.now()))


@api_keys.command("revoke")
@click.argument("name")
def revoke_key(name: str) -> None:
    """End a key; calls with it are refused from now on."""
    carry_out(actions.revoke_api_key, name, SYSTEM, clock.now())
    click.echo(_("Revoked: %(name)s", name=name))


@api_keys.command("list")
def list_keys() -> None:
    """List the keys that were given out, never the keys themselves."""
    for key in queries.api_keys():
        state = "" if key.revoked_at is None else _("revoked")
        click.echo(
            "\t".join((key.name, key.source or "", f"{clock.local(key.created_at):%F}", state))
        )


def _account(email: str) -> Account:
    account = queries.account(email)
    if account is None:
        raise click.ClickException(_("There is no account %(email)s.", email=email))
    return account


def _password(generate: bool) -> str:
    if generate:
        return new_password()
    if sys.stdin.isatty():
        return str(click.prompt(_("Password"), hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _show(generated: bool, password: str) -> None:
    if generated:
        click.echo(_("Password, shown once: %(password)s", password=password))
