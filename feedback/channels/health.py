"""For the people who run it: whether this process lives, may be given work, and how things stand.

Computed on the spot with a few statements; counts and ages only, no personal data.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, jsonify
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.exc import SQLAlchemyError

from .. import clock
from ..calendar.queries import calendar_in_force
from ..cases.deadlines import Light
from ..cases.inboxes import is_open
from ..cases.models import Case
from ..cases.unpublished import unpublished_years
from ..config import ROOT
from ..db import db
from ..notify.queries import counts as message_counts
from ..reviews.models import Review

pages = Blueprint("health", __name__)
log = structlog.get_logger(__name__)

SILENT_SECONDS = 120
"""Without a tick for so long, the scheduler is not running or stuck."""

STARTED = time.monotonic()


@pages.get("/health/live")
def live() -> Response:
    """Say that this process answers."""
    return jsonify(status="ok", seconds_up=int(time.monotonic() - STARTED))


@pages.get("/health/ready")
def ready() -> tuple[Response, int]:
    """Say whether work may be sent here. A silent scheduler or a late job is told, but the web can serve."""
    try:
        at_head = _migrated_to() == _head()
        jobs = _ticks(clock.now())
    except SQLAlchemyError as problem:
        log.error("not_ready", error=type(problem).__name__)
        return jsonify(status="unready", database="unreachable"), 503
    told = jsonify(
        status="ok" if at_head else "unready", database="ok",
        migrations="ok" if at_head else "not at head",
        scheduler=_scheduler(jobs), late=[name for name, job in jobs.items() if job["late"]],
        jobs=jobs,
    )  # fmt: skip
    return told, 200 if at_head else 503


def _scheduler(jobs: dict[str, dict[str, int | bool]]) -> str:
    """Return how the scheduler fares: one job that ticks says nothing of the others."""
    if not any(job["seconds_since_tick"] <= SILENT_SECONDS for job in jobs.values()):
        return "silent"
    return "late" if any(job["late"] for job in jobs.values()) else "ok"


def _migrated_to() -> set[str]:
    with db.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads())


@lru_cache(maxsize=1)
def _head() -> set[str]:
    """Return what the migrations in this release lead to."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return set(ScriptDirectory.from_config(config).get_heads())


def _ticks(now: datetime) -> dict[str, dict[str, int | bool]]:
    # By name, because the scheduler is a later room, which none of the doors may know.
    ticks = db.metadata.tables["ticks"].c
    columns = ticks.job, ticks.at, ticks.error, ticks.late_at
    return {
        job: {
            "seconds_since_tick": int((now - at).total_seconds()), "failed": bool(error),
            "late": bool(late_at and late_at <= now),
        }
        for job, at, error, late_at in db.session.execute(select(*columns).order_by(ticks.job))
    }  # fmt: skip


@pages.get("/metrics")
def metrics() -> Response:
    """Show the counts to Prometheus. 503 if the database is gone."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Standing())
    try:
        page = generate_latest(registry)
    except SQLAlchemyError as problem:
        log.error("no_metrics", error=type(problem).__name__)
        return Response("the database cannot be reached\n", 503, mimetype="text/plain")
    return Response(page, content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Standing:
    """Counts things in the database whenever it is asked."""

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        yield _reviews(now)
        yield _open_cases(now)
        yield _estimated_deadlines(now)
        yield _messages()
        yield _silence(now)

    def describe(self) -> list[Metric]:
        return []


_before: dict[tuple[str, datetime], Counter[int]] = {}
"""How many reviews of each grade came before a day. They never change, so this is counted once a day."""


def _reviews(now: datetime) -> Metric:
    told = CounterMetricFamily("feedback_reviews", "Reviews taken, by grade.", labels=["grade"])
    # Not today's: what was received before midnight may be committed after it.
    yesterday = clock.moment_of(clock.day_of(now) - timedelta(days=1))
    key = str(db.engine.url), yesterday
    before = _before.get(key)
    if before is None:
        before = _grades(Review.received_at < yesterday)
        _before.clear()
        _before[key] = before
    found = before + _grades(Review.received_at >= yesterday)
    for grade in range(1, 6):
        told.add_metric([str(grade)], found[grade])
    return told


def _grades(came: ColumnElement[bool]) -> Counter[int]:
    rows = select(Review.grade, func.count()).where(came).group_by(Review.grade)
    return Counter(dict(db.session.execute(rows).all()))


def _open_cases(now: datetime) -> Metric:
    told = GaugeMetricFamily(
        "feedback_open_cases", "Open cases, by state and urgency.", labels=["state", "light"]
    )
    urgency = case(
        (Case.next_due_at < now, Light.RED.value),
        (Case.warn_at <= now, Light.YELLOW.value),
        else_=Light.GREEN.value,
    )
    rows = select(Case.state, urgency, func.count()).where(is_open())
    for state, light, number in db.session.execute(rows.group_by(Case.state, urgency)):
        told.add_metric([state.value, light], number)
    return told


def _estimated_deadlines(now: datetime) -> Metric:
    told = GaugeMetricFamily(
        "feedback_estimated_deadlines",
        "Open cases and root causes due in a year whose calendar is not on record yet.",
        labels=["year"],
    )
    for one in unpublished_years(calendar_in_force(), now):
        told.add_metric([str(one.year)], one.cases + one.specials)
    return told


def _messages() -> Metric:
    told = GaugeMetricFamily("feedback_messages", "Messages, by state.", labels=["state"])
    for state, number in message_counts().items():
        told.add_metric([state.value], number)
    return told


def _silence(now: datetime) -> Metric:
    told = GaugeMetricFamily(
        "feedback_scheduler_seconds_since_tick", "Age of each job's last tick.", labels=["job"]
    )
    for job, tick in _ticks(now).items():
        told.add_metric([job], tick["seconds_since_tick"])
    return told
