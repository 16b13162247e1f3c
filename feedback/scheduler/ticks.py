"""One round of one job: done, recorded, and never in the way of the others."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask import Flask
from sqlalchemy import delete

from .. import clock
from ..db import db, insert, transaction
from ..errors import FeedbackError, SomeFailed
from ..logs import places
from .jobs import GoOn, Job
from .models import Tick

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Ticked:
    """What a round did; `error` is empty if it went well."""

    job: str
    done: list[str]
    error: str = ""


PERIODS_MISSED = 3
LEAST_PATIENCE = timedelta(minutes=10)
"""Before a job counts as late: rounds that it missed, but never less than a long round may take."""

A_SIGN = 30.0
"""Seconds between two signs of life within a long round."""


def tick(app: Flask, job: Job, now: datetime, go_on: GoOn = lambda: True) -> Ticked:
    """Do one round of a job as of `now` and record it. Never raises; the session is its own.

    A round that asks whether to go on shows by it that it does: a long one is not taken for dead.
    """
    with app.app_context():
        ticked = _run(job, now, _alive(app, job, go_on))
        try:
            _record(job, {"error": ticked.error})
        except Exception as problem:  # the database is gone: silence is noticed by its age
            log.error("tick_not_recorded", job=job.name, error=in_short(problem))
            return Ticked(job.name, ticked.done, ticked.error or in_short(problem))
        finally:
            db.session.remove()
    return ticked


def _run(job: Job, now: datetime, go_on: GoOn) -> Ticked:
    try:
        done = job.run(now, go_on)
    except Exception as problem:
        error = in_short(problem)
        log.error("job_failed", job=job.name, error=error, at=places(problem))
        return Ticked(job.name, [], error)
    if done:
        log.info("job_done", job=job.name, done=len(done))
    return Ticked(job.name, done)


def _alive(app: Flask, job: Job, go_on: GoOn) -> GoOn:
    """Return a `go_on` that now and then records that the job is at work, whoever's thread asks."""
    signed, lock = time.monotonic(), threading.Lock()

    def sign() -> bool:
        nonlocal signed
        with lock:
            is_time = time.monotonic() - signed >= A_SIGN
            signed = time.monotonic() if is_time else signed
        if is_time:
            # A session of its own: the job may be in the middle of something.
            with app.app_context():
                try:
                    _record(job, {})
                except Exception as problem:
                    log.error("tick_not_recorded", job=job.name, error=in_short(problem))
                finally:
                    db.session.remove()
        return go_on()

    return sign


def _record(job: Job, outcome: dict[str, str]) -> None:
    """Record a sign of life, and the outcome if the round is over."""
    now = clock.now()
    patience = max(timedelta(seconds=job.every_seconds) * PERIODS_MISSED, LEAST_PATIENCE)
    row = {"at": now, "late_at": now + patience, **outcome}
    ticking = insert(Tick).values(job=job.name, **{"error": "", **row})
    with transaction() as session:
        session.execute(ticking.on_conflict_do_update(index_elements=["job"], set_=row))


def forget_all_but(names: list[str]) -> None:
    """Remove the ticks of jobs that no longer exist, so that nobody waits for them."""
    with transaction() as session:
        session.execute(delete(Tick).where(Tick.job.not_in(names)))


def in_short(problem: BaseException) -> str:
    """Return what kind of error it is. Its words stay out: they quote the values of rows."""
    if isinstance(problem, SomeFailed):
        return f"{problem.code}: " + ", ".join(problem.facts["which"])
    kind = type(problem).__name__
    return f"{kind} {problem.code}" if isinstance(problem, FeedbackError) else kind
