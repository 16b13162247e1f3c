"""The first page after sign-in, and the administrator's desk of accounts."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from .. import clock
from ..db import transaction
from ..errors import Invalid
from ..wording import sentence
from . import actions, queries
from .actions import Issued, Person, person_of
from .credentials import new_password
from .forms import NewAccountForm, PersonForm
from .models import Account
from .roles import Role
from .sign_in import actor, for_roles, me

pages = Blueprint("offices", __name__)

FIRST_DESK = {
    Role.CLERK: "/desk/events", Role.HANDLER: "/cases", Role.HEAD: "/cases",
    Role.OPERATOR: "/supervision", Role.SUPERVISOR: "/supervision", Role.AUDITOR: "/reports",
    Role.ADMIN: "/admin/accounts",
}  # fmt: skip
"""Where each role begins its day; with several roles, the first in this order."""


@pages.get("/desk")
@for_roles(*Role)
def desk() -> Response:
    """Lead everybody to the first desk of their role."""
    return redirect(next(path for role, path in FIRST_DESK.items() if me().may_be(role)))


@pages.get("/admin/accounts")
@for_roles(Role.ADMIN)
def accounts() -> str:
    """Show every account, and a form for another."""
    return _list(NewAccountForm())


@pages.post("/admin/accounts")
@for_roles(Role.ADMIN)
def add() -> str | tuple[str, int]:
    """Make an account; its password is on the answer's page and nowhere else."""
    form, password = NewAccountForm(), new_password()
    if not form.validate():
        return _list(form), 422
    person = form.person(form.email.data or "")
    try:
        with transaction():
            account = actions.add_account(person, password, actor(me()), clock.now())
    except Invalid as invalid:
        form.mark(invalid.errors)
        return _list(form), 422
    return _list(NewAccountForm(formdata=None), Issued(account.email, password))


@pages.get("/admin/accounts/<uuid:account_id>")
@for_roles(Role.ADMIN)
def edit(account_id: UUID) -> str:
    """Show the form for one account."""
    account = queries.account_by_id(account_id)
    return _edit(account, _form_of(account))


@pages.post("/admin/accounts/<uuid:account_id>")
@for_roles(Role.ADMIN)
def change(account_id: UUID) -> Response | tuple[str, int]:
    """Change name, department, window and roles."""
    form = PersonForm()
    if not form.validate():
        return _edit(queries.account_by_id(account_id), form), 422
    try:
        with transaction():
            account = queries.account_by_id(account_id)
            person = form.person(account.email)
            actions.change_account(account, person, actor(me()), clock.now())
    except Invalid as invalid:
        form.mark(invalid.errors)
        return _edit(queries.account_by_id(account_id), form), 422
    flash(_("Saved: %(name)s", name=account.name))
    return redirect(url_for("offices.accounts"), 303)


@pages.post("/admin/accounts/<uuid:account_id>/<any(disable, enable):act>")
@for_roles(Role.ADMIN)
def switch(account_id: UUID, act: str) -> Response | tuple[str, int]:
    """Close an account and end its sessions, or open it again."""
    do = {"disable": actions.disable_account, "enable": actions.enable_account}[act]
    try:
        with transaction():
            account = queries.account_by_id(account_id)
            do(account, actor(me()), clock.now())
    except Invalid as invalid:
        return _list(NewAccountForm(formdata=None), refused=invalid), 422
    flash(_("Saved: %(name)s", name=account.name))
    return redirect(url_for("offices.accounts"), 303)


@pages.post("/admin/accounts/<uuid:account_id>/password")
@for_roles(Role.ADMIN)
def password(account_id: UUID) -> str:
    """Make another password; it is on the answer's page and nowhere else."""
    made = new_password()
    with transaction():
        account = queries.account_by_id(account_id)
        actions.set_password(account, made, actor(me()), clock.now())
    return _list(NewAccountForm(formdata=None), Issued(account.email, made))


def _list(form: FlaskForm, issued: Issued | None = None, refused: Invalid | None = None) -> str:
    faults = [sentence(fault) for fault in refused.errors] if refused else []
    return render_template(
        "offices/accounts.html", accounts=queries.accounts(), form=form, issued=issued,
        faults=faults,
    )  # fmt: skip


def _edit(account: Account, form: FlaskForm) -> str:
    return render_template("offices/account.html", account=account, form=form)


def _form_of(account: Account) -> PersonForm:
    person: Person = person_of(account)
    said: dict[str, Any] = {
        "name": person.name, "department": person.department, "window": person.window or "",
        "roles": sorted(person.roles),
    }  # fmt: skip
    return PersonForm(formdata=None, data=said)
