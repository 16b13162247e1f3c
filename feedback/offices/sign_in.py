"""Who is signed in: Flask-Security set up for accounts of the staff, and the locks on pages."""

import unicodedata
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Flask, request
from flask_security import Security, SQLAlchemyUserDatastore, auth_required, current_user
from werkzeug.exceptions import BadRequest

from .. import limits, privacy
from ..config import settings
from ..db import db, transaction
from ..errors import NotYours
from ..ledger.actions import Actor
from ..ledger.models import ActorKind
from ..limits import limiter
from .credentials import new_uniquifier, read_email
from .models import Account, AccountRole
from .roles import Role

ARGON2 = {"argon2__rounds": 2, "argon2__memory_cost": 19456, "argon2__parallelism": 1}
"""The library's default takes 243 ms and 64 MiB a try on two cores; these are OWASP's figures."""

SIGN_IN = "security.login"
SIGN_OUT = "security.logout"
"""The endpoints of the library's own pages."""

datastore = SQLAlchemyUserDatastore(db, Account, AccountRole)


def open_accounts(app: Flask) -> None:
    """Set up sign-in: no registration, no recovery by mail, no remembering beyond the session."""
    config = app.config["FEEDBACK"]
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS=ARGON2,
        SECURITY_PASSWORD_SALT=config.secret_key.get_secret_value(),
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
        SESSION_COOKIE_SECURE=config.is_https,
        PERMANENT_SESSION_LIFETIME=12 * 3600,
    )
    Security(app, datastore)
    # Sessions only: the library's loader of auth tokens would read any body as JSON, however deep.
    app.login_manager.request_loader(None)  # type: ignore[attr-defined]
    app.view_functions[SIGN_IN] = _guarded(app.view_functions[SIGN_IN])
    app.view_functions[SIGN_OUT] = _for_good(app.view_functions[SIGN_OUT])


def _for_good(page: Callable[..., Any]) -> Callable[..., Any]:
    """End the account's sessions at sign-out, so that a copied cookie is worth nothing after it."""

    @wraps(page)
    def signing_out() -> Any:
        if current_user.is_authenticated:
            with transaction() as session:
                session.get_one(Account, current_user.id).fs_uniquifier = new_uniquifier()
        return page()

    return signing_out


def _guarded(page: Callable[..., Any]) -> Callable[..., Any]:
    """Limit tries by account and by address, before any password is hashed; take forms only.

    The library would also read JSON, of any depth and past the limit by account.
    """
    by_address = limiter.limit(limits.sign_in_address_limit, methods=["POST"])
    by_account = limiter.limit(limits.sign_in_limit, key_func=account_tried, methods=["POST"])
    limited = by_account(by_address(page))

    @wraps(page)
    def guarded() -> Any:
        if request.is_json:
            raise BadRequest
        return limited()

    return guarded


def account_tried() -> str:
    """Return a digest of the address that somebody tries to sign in with, however it is typed."""
    typed = unicodedata.normalize("NFKC", request.form.get("email", "")).strip().lower()
    email = read_email(typed) or typed
    return privacy.digest(settings().digest_key.get_secret_value(), "sign-in", email)


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
