"""The scheduler's process: ticks, a watchdog, and a clean end.

APScheduler is the ticker here and nothing more: jobs stand in code, its store is in memory, and
what is due is read from rows. So a restart loses nothing and a renamed job leaves nothing behind.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask

from .. import clock
from .jobs import JOBS, Job
from .ticks import forget_all_but, tick

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 120
"""Without any finished tick for so long, the process is stuck, however alive it looks."""

GRACE_SECONDS = 8
"""For work in hand when the scheduler is told to stop; supervisors tend to kill after ten."""

STUCK = 1


def end_process() -> None:
    """End this process at once. Whoever supervises it starts a new one."""
    log.critical("scheduler_stuck", seconds=PATIENCE_SECONDS)
    os._exit(STUCK)


class Watchdog:
    """Ends the process when nothing has ticked for too long, by a clock that cannot be set."""

    def __init__(self, patience: float, bite: Callable[[], None] = end_process) -> None:
        self._patience = patience
        self._bite = bite
        self._patted = time.monotonic()

    def pat(self) -> None:
        """Say that a tick has finished."""
        self._patted = time.monotonic()

    def look(self) -> None:
        """Bite if it has been too long."""
        if time.monotonic() - self._patted > self._patience:
            self._bite()


class Runner:
    """Runs the jobs until it is told to stop."""

    def __init__(self, app: Flask, jobs: Sequence[Job] = JOBS) -> None:
        self._app = app
        self._jobs = jobs
        self._stopping = threading.Event()
        self._seats = threading.Semaphore(len(jobs))
        self._watchdog = Watchdog(PATIENCE_SECONDS)
        self._ticker = _ticker(len(jobs))

    def run(self) -> None:
        """Tick until SIGTERM or SIGINT, then finish what is in hand. Blocks the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with self._app.app_context():
            forget_all_but([job.name for job in self._jobs])
        for job in self._jobs:
            self._ticker.add_job(
                self._round, "interval", args=[job], id=job.name, seconds=job.every_seconds,
                next_run_time=clock.now(),
            )  # fmt: skip
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        log.info("scheduler_started", jobs=[job.name for job in self._jobs])
        self._ticker.start()
        self._finish()

    def _stop(self, number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # asked twice, it ends at once
        self._stopping.set()

    def _round(self, job: Job) -> None:
        with self._seats:
            tick(self._app, job, clock.now(), lambda: not self._stopping.is_set())
            self._watchdog.pat()

    def _watch(self) -> None:
        # Stopping from the signal handler itself could meet APScheduler in the middle of a round.
        while not self._stopping.wait(1):
            self._watchdog.look()
        self._ticker.shutdown(wait=False)

    def _finish(self) -> None:
        """Wait for the work in hand, for a while: a claim that is cut off comes back by itself."""
        until = time.monotonic() + GRACE_SECONDS
        done = all(
            self._seats.acquire(timeout=max(until - time.monotonic(), 0)) for _ in self._jobs
        )
        log.info("scheduler_stopped", work_finished=done)
        if not done:
            os._exit(0)  # the interpreter would wait for the threads for ever


def _ticker(jobs: int) -> BlockingScheduler:
    """Return a ticker that drops no late tick and never runs a job beside itself."""
    # It warns whenever a job outlasts its interval, which is nothing to warn of here.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    return BlockingScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(jobs)},
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
    )
