"""A refusal's face: one table of statuses; JSON (RFC 9457) under /api, words for people elsewhere."""

from collections.abc import Sequence
from typing import Any

import structlog
from flask import Flask, Response, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError

from ..errors import FeedbackError, FieldError, Invalid
from ..wording import refusal, sentence

log = structlog.get_logger(__name__)

STATUS = {
    "unknown": 404, "not_yours": 403, "already_rated": 409, "out_of_turn": 409, "expired": 410,
    "own_service": 403, "invalid": 422, "table_invalid": 422, "refused": 400, "busy": 503,
    "form_expired": 400, "failed": 500,
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


def answer(status: int, code: str, errors: Sequence[FieldError] = ()) -> Response:
    """Return a refusal in the form that whoever asked can read."""
    if request.path.startswith("/api"):
        response = jsonify(problem(status, code, errors=errors))
        response.mimetype = "application/problem+json"
    else:
        headline, advice = refusal(code)
        response = Response(
            render_template(
                "refusals/refusal.html",
                status=status,
                headline=headline,
                advice=advice,
                errors=errors,
            ),
            mimetype="text/html",
        )
    response.status_code = status
    return response


def _refused(error: FeedbackError) -> Response:
    errors = error.errors if isinstance(error, Invalid) else ()
    return answer(STATUS.get(error.code, 400), error.code, errors)


def _form_expired(_error: CSRFError) -> Response:
    return answer(400, "form_expired")


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
    response = answer(503, "busy")
    response.headers["Retry-After"] = "10"
    return response


def _surprise(error: Exception) -> Response:
    log.error("surprise", kind=type(error).__name__, cause=_cause(error), exc_info=_trace(error))
    return answer(500, "failed")


def _cause(error: Exception) -> str:
    """Name a database error by its driver's class only: its text would hold the parameters."""
    return type(error.orig).__name__ if isinstance(error, DBAPIError) else ""


def _trace(error: Exception) -> Exception | None:
    return None if isinstance(error, DBAPIError) else error
