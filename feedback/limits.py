"""How often: limits by address, account and key. Coarse on purpose; the one-time right is not here."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from .config import settings

F = TypeVar("F", bound=Callable[..., Any])

FORM_MEMORY = 500_000  # bytes

limiter = Limiter(get_remote_address, headers_enabled=True)


def open_limits(app: Flask) -> None:
    """Set up the counting; when the store is away, each process counts the same limits itself."""
    config = app.config["FEEDBACK"]
    app.config.update(
        RATELIMIT_ENABLED=config.rate_limits == "on",
        RATELIMIT_STORAGE_URI=config.rate_store,
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=not config.rate_store.startswith("memory"),
    )
    limiter.init_app(app)


def rating_limit() -> str:
    """Return the limit of ratings from one address."""
    return settings().rating_limit


def guessing_limit() -> str:
    """Return the limit of receipt codes and one-time links from one address that do not exist."""
    return settings().guessing_limit


slow_down_guessing = limiter.shared_limit(
    guessing_limit, scope="guessing", deduct_when=lambda answer: answer.status_code == 404
)
"""Mark a page that a code opens: wrong ones are counted over all such pages, right ones never."""


def sign_in_limit() -> str:
    """Return the limit of sign-in attempts for one account."""
    return settings().sign_in_limit


def sign_in_address_limit() -> str:
    """Return the limit of sign-in attempts from one address, whatever the accounts."""
    return settings().sign_in_address_limit


def finding_limit() -> str:
    """Return the limit of looking citizens up with one account."""
    return settings().finding_limit


def api_limit() -> str:
    """Return the limit of calls with one key, and of calls without a good one from one address."""
    return settings().api_limit


def larger_body(bytes_allowed: Callable[[], int]) -> Callable[[F], F]:
    """Mark a page that takes files: its body may be as large as `bytes_allowed()` says."""

    def mark(page: F) -> F:
        page.bytes_allowed = bytes_allowed  # type: ignore[attr-defined]
        return page

    return mark


def allow_body() -> None:
    """Apply the mark to those who are signed in; a stranger's large body is refused unread.

    Registered before the CSRF guard, which is the first to read a body.
    """
    page = current_app.view_functions.get(request.endpoint or "")
    bytes_allowed = getattr(page, "bytes_allowed", None)
    if bytes_allowed and "_user_id" in session:
        request.max_content_length = bytes_allowed()
        # The parser's own buffer counts here, and it reads a file 64 KiB at a time.
        request.max_form_memory_size = FORM_MEMORY
