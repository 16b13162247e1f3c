"""Who is signed in: Flask-Security set up for accounts of the staff, and the locks on pages."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore, auth_required, current_user

from ..db import db
from ..errors import NotYours
from ..ledger.actions import Actor
from ..ledger.models import ActorKind
from .models import Account, AccountRole
from .roles import Role

ARGON2 = {"argon2__rounds": 2, "argon2__memory_cost": 19456, "argon2__parallelism": 1}
"""The library's default takes 243 ms and 64 MiB a try on two cores; these are OWASP's figures."""

datastore = SQLAlchemyUserDatastore(db, Account, AccountRole)


def open_accounts(app: Flask) -> None:
    """Set up sign-in: no registration, no recovery by mail, no remembering beyond the session."""
    settings = app.config["FEEDBACK"]
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS=ARGON2,
        SECURITY_PASSWORD_SALT=settings.secret_key.get_secret_value(),
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_LOGIN_VIEW="/desk",
        SECURITY_POST_LOGOUT_VIEW="/sign-in",
        SECURITY_LOGIN_USER_TEMPLATE="offices/sign_in.html",
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_FRESHNESS=timedelta(minutes=-1),  # nobody is asked twice, so no page for it
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        PERMANENT_SESSION_LIFETIME=12 * 3600,
    )
    Security(app, datastore)
    # Sessions only: the library's loader of auth tokens would read any body as JSON, however deep.
    app.login_manager.request_loader(None)  # type: ignore[attr-defined]


def for_roles(*roles: Role) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Lock a page: signed out leads to sign-in (302), signed in without a role to 403."""

    def lock(page: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(page)
        def locked(*args: Any, **kwargs: Any) -> Any:
            if not current_user.may_be(*roles):
                raise NotYours(who=[role.value for role in roles])
            return page(*args, **kwargs)

        guarded: Callable[..., Any] = auth_required("session")(locked)
        guarded.roles = roles  # type: ignore[attr-defined]
        return guarded

    return lock


def me() -> Account:
    """Return the account that is signed in. Only behind `for_roles`."""
    account: Account = current_user._get_current_object()
    return account


def actor(account: Account) -> Actor:
    """Return how the ledger names this person."""
    return Actor(ActorKind.STAFF, account.id, account.name, account.department_code)
