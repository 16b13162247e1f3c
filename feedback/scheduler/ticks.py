"""One round of one job: done, recorded, and never in the way of the others."""

from dataclasses import dataclass
from datetime import datetime

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


def tick(app: Flask, job: Job, now: datetime, go_on: GoOn = lambda: True) -> Ticked:
    """Do one round of a job as of `now` and record it. Never raises; the session is its own."""
    with app.app_context():
        ticked = _run(job, now, go_on)
        try:
            _record(ticked)
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


def _record(ticked: Ticked) -> None:
    row = {"at": clock.now(), "error": ticked.error}
    ticking = insert(Tick).values(job=ticked.job, **row)
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
