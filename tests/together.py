"""Several at the same moment, each in a thread of its own; nobody is waited for without end."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

from flask import Flask

START, PATIENCE = 30, 60
"""Seconds within which all must stand ready, and then be done."""


def at_once(app: Flask | None, *works: Callable[[], Any]) -> list[Any]:
    """Do all of `works` at once; return in their order what each returned, or the exception it raised.

    Each has a context of `app`, as a request has; None for works that bring their own. Callers
    assert on everything that comes back, or an exception would pass for an answer.
    """
    start = threading.Barrier(len(works))
    came: list[Any] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        try:
            with app.app_context() if app else nullcontext():
                start.wait(START)
                came[number] = work()
        except BaseException as problem:
            came[number] = problem

    threads = [
        threading.Thread(target=run, args=each, name=f"work {each[0]}", daemon=True)
        for each in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not [thread.name for thread in threads if thread.is_alive()], "they hang"
    return came


def wait_until(true: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait until it is true; fail when that takes longer than it ever should."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def raised(came: Sequence[Any]) -> list[BaseException]:
    """Return the exceptions among what came back."""
    return [one for one in came if isinstance(one, BaseException)]
