"""How often: limits by address, account and key. Coarse on purpose; the one-time right is not here."""

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from .config import settings

limiter = Limiter(get_remote_address, headers_enabled=True)


def open_limits(app: Flask) -> None:
    """Set up the counting; a broken store refuses nobody's rating but is logged by the library."""
    config = app.config["FEEDBACK"]
    app.config.update(
        RATELIMIT_ENABLED=config.rate_limits == "on",
        RATELIMIT_STORAGE_URI=config.rate_store,
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=not config.rate_store.startswith("memory"),
        RATELIMIT_IN_MEMORY_FALLBACK=[config.api_limit],
    )
    limiter.init_app(app)


def rating_limit() -> str:
    """Return the limit of ratings from one address."""
    return settings().rating_limit


def sign_in_limit() -> str:
    """Return the limit of sign-in attempts for one account."""
    return settings().sign_in_limit


def api_limit() -> str:
    """Return the limit of calls with one key."""
    return settings().api_limit


def account_tried() -> str:
    """Return the account that somebody tries to sign in to, from anywhere."""
    return f"account:{request.form.get('email', '').strip().lower()[:254]}"


def key_used() -> str:
    """Return the API key's bearer, or the address where there is none."""
    return request.headers.get("Authorization", "")[:200] or get_remote_address()
