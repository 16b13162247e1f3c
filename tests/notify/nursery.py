"""Deliverers in processes of their own, to be killed: forked from one that has everything loaded.

To start Python with all that is imported costs a second of work, a fork some milliseconds, and here
fifty are killed in half a minute. This one opens no database and starts no thread before it forks,
so that its children share nothing and each connects for itself.

Each line that it hears is an order: `start <moment> <sort>` is answered with the new process's id,
`kill <id>` with how that process ended (-9: by us). A `blind` deliverer's carrier cannot be asked.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import Flask

from feedback import create_app
from feedback.config import settings
from feedback.notify import outbox
from feedback.notify.models import By
from feedback.notify.senders import Senders, chosen
from feedback.offices.mailboxes import mailboxes
from feedback.replies.actions import afresh

A_PAUSE = 0.02
"""Seconds between two rounds of delivering."""


class Unasked:
    """Hands on to a gateway and hides that it could be asked."""

    def __init__(self, sender):
        self.name, self.send = sender.name, sender.send


def carriers(sort: str) -> Senders:
    """Return who carries what; to be called in an app's context."""
    senders = chosen(settings())
    return senders | {By.SMS: Unasked(senders[By.SMS])} if sort == "blind" else senders


def deliver(now: datetime, sort: str) -> outbox.Outcomes:
    """Deliver what is due, as the scheduler does."""
    return outbox.deliver(now, mailboxes, carriers(sort), afresh=afresh)


class Nursery:
    """Starts and kills deliverers that work on an app's database."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def start(self, now: datetime, sort: str = "asking") -> int:
        """Start a deliverer at `now` and return its process's id."""
        return int(self._order(f"start {now.isoformat()} {sort}"))

    def kill(self, pid: int) -> None:
        """Kill a deliverer with SIGKILL, in the middle of its work: it never ends by itself."""
        ended = self._order(f"kill {pid}")
        assert ended == str(-signal.SIGKILL), f"it was gone already: {ended}"

    def _order(self, words: str) -> str:
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def nursery(environment: dict[str, str]) -> Iterator[Nursery]:
    """Open a nursery; whatever still lives in it at the end is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.notify.nursery"], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Nursery(process)
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def main() -> None:
    app, living = create_app(), set()
    for line in sys.stdin:
        order, *words = line.split()
        if order == "start":
            living.add(answer := _start(app, *words))
        else:
            living.discard(pid := int(words[0]))
            answer = _kill(pid)
        print(answer, flush=True)
    for pid in living:
        _kill(pid)


def _start(app: Flask, now: str, sort: str) -> int:
    if pid := os.fork():
        return pid
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(2, 1)
        _work(app, datetime.fromisoformat(now), sort)
    finally:
        os._exit(1)


def _work(app: Flask, now: datetime, sort: str) -> None:
    started = time.monotonic()
    with app.app_context():
        while True:
            deliver(now + timedelta(seconds=time.monotonic() - started), sort)
            time.sleep(A_PAUSE)


def _kill(pid: int) -> int:
    try:
        os.kill(pid, signal.SIGKILL)
    finally:
        _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
