"""A refusal's face: one table of statuses; JSON (RFC 9457) for machines, words for people."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from flask import Flask, Response, abort, current_app, jsonify, request, session, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError

from ..db import db
from ..errors import FeedbackError, FieldError, Invalid
from ..logs import places
from ..wording import refusal, sentence

log = structlog.get_logger(__name__)
MACHINES = ("/api/", "/sms/gateway/")
"""Where programs knock that speak JSON."""
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

STATUS = {
    "unknown": 404, "not_yours": 403, "already_rated": 409, "out_of_turn": 409, "expired": 410,
    "own_service": 403, "invalid": 422, "table_invalid": 422, "refused": 400, "busy": 503,
    "too_often": 429, "some_failed": 500, "unknown_key": 400, "form_expired": 400, "failed": 500,
}  # fmt: skip

HTTP_CODES = {
    400: "bad_request", 401: "unauthorised", 403: "not_yours", 404: "unknown", 405: "bad_method",
    409: "out_of_turn", 410: "expired", 413: "too_large", 415: "unsupported", 422: "invalid",
    429: "too_often", 503: "busy",
}  # fmt: skip


def open_refusals(app: Flask) -> None:
    """Give every refusal and every surprise its face."""
    app.register_error_handler(FeedbackError, _refused)
    app.register_error_handler(CSRFError, _form_expired)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(Exception, _surprise)


def forms_only() -> None:
    """Refuse a body that no page asks for, before anything tries to read it as JSON.

    Registered before the CSRF guard, which would parse 30,000 brackets. Raises 415 for another kind of
    content and 400 for a form that is not UTF-8. The doors of machines read their bodies themselves.
    """
    if request.method != "POST" or request.path.startswith(MACHINES):
        return
    if request.mimetype == URLENCODED:
        body = request.get_data(cache=True, parse_form_data=False)
        try:
            unquote_to_bytes(body).decode()
        except UnicodeDecodeError:
            abort(400)
    elif request.mimetype != MULTIPART and (request.mimetype or request.content_length):
        abort(415)


def problem(
    status: int, code: str, detail: str | None = None, errors: Sequence[FieldError] = ()
) -> dict[str, Any]:
    """Return a refusal as RFC 9457 has it, each wrong field with its code and words."""
    headline, advice = refusal(code)
    body: dict[str, Any] = {
        "type": f"urn:feedback:{code}", "title": headline, "status": status, "code": code,
        "detail": detail or advice,
    }  # fmt: skip
    if errors:
        body["errors"] = [
            {"field": fault.field, "code": fault.code, "message": sentence(fault)}
            for fault in errors
        ]
    return body


def answer(
    status: int, code: str, errors: Sequence[FieldError] = (), typed: Sequence[str] = ()
) -> Response:
    """Return a refusal in the form that whoever asked can read, with what they typed to copy it."""
    if request.path.startswith(MACHINES):
        response = jsonify(problem(status, code, errors=errors))
        response.mimetype = "application/problem+json"
    else:
        headline, advice = refusal(code)
        # Without the context processors of render_template, which ask the database who is signed in.
        page = current_app.jinja_env.get_template("refusals/refusal.html").render(
            status=status,
            headline=headline,
            advice=advice,
            errors=errors,
            typed=typed,
            code=code,
        )
        response = Response(page, mimetype="text/html")
    response.status_code = status
    return response


def _refused(error: FeedbackError) -> Response:
    errors = error.errors if isinstance(error, Invalid) else ()
    return answer(STATUS.get(error.code, 400), error.code, errors)


def _form_expired(_error: CSRFError) -> Response:
    """A form that was open too long, or whose sender was signed out meanwhile, as in another tab."""
    if request.path == url_for("security.login"):
        return answer(400, "form_expired")
    code = "form_expired" if "_user_id" in session else "signed_out"
    return answer(400, code, typed=_typed_words())


def _typed_words() -> list[str]:
    """Return what was typed in sentences; codes, ticks and secrets are nothing to copy."""
    said = [value.strip() for _, value in request.form.items(multi=True)]
    return [value for value in said if not value.isascii() or " " in value]


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if isinstance(error, InternalServerError) or status < 400:
        return _surprise(error) if status >= 400 else error
    response = answer(status, HTTP_CODES.get(status, "bad_request"))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _database_away(error: Exception) -> Response:
    """The database is locked, full or gone: say so, and that nothing was lost."""
    log.error("database_away", kind=type(error).__name__, cause=_cause(error))
    if isinstance(error, DBAPIError) and "readonly" in str(error.orig):
        db.engine.dispose()  # a connection opened while the file was read-only stays so
    response = answer(503, "busy")
    response.headers["Retry-After"] = "60"
    return response


def _surprise(error: Exception) -> Response:
    log.error("surprise", kind=type(error).__name__, cause=_cause(error), at=places(error))
    return answer(500, "failed")


def _cause(error: Exception) -> str:
    """Name a database error by its driver's class only: its text may hold what somebody said."""
    return type(error.orig).__name__ if isinstance(error, DBAPIError) else ""
