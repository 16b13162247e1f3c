"""The log: one JSON line a request, by route and status. No paths, because codes stand in them; no
bodies, names or phones."""

import logging
import time
import traceback
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("feedback.request")

DEPTH = 12
"""How many of the lines through which an error came are worth a look."""


def open_logs(app: Flask) -> None:
    """Write one line for each request."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    app.before_request(_start)
    app.after_request(_line)


def places(problem: BaseException) -> list[str]:
    """Return the lines through which an error came, innermost last. No words: they may be personal."""
    frames = traceback.extract_tb(problem.__traceback__)[-DEPTH:]
    return [f"{_file(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def failure(problem: BaseException) -> dict[str, Any]:
    """Return what a log line says of an error: its kind, and where it came through."""
    return {"error": type(problem).__name__, "at": places(problem)}


def _file(path: str) -> str:
    """Return a file with its room: many rooms have files of the same name."""
    return "/".join(Path(path).parts[-2:])


def _start() -> None:
    g.started = time.perf_counter()


def _line(response: Response) -> Response:
    if request.endpoint in ("static", "health.live", "health.ready", "health.metrics"):
        return response
    started = g.get("started")
    log.info(
        "request",
        route=request.url_rule.rule if request.url_rule else None,
        method=request.method,
        status=response.status_code,
        ms=round((time.perf_counter() - started) * 1000, 1) if started else None,
    )
    return response
