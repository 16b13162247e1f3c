"""The bench's clients: a few processes that post over connections they keep, and take the time."""

import http.client
import multiprocessing
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

CLIENTS = 4
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
Post = tuple[str, str]
"""A path and a form body."""


@dataclass(frozen=True)
class Outcome:
    """What came of some posts: when they began and ended, each one's seconds, and the statuses."""

    began: float
    ended: float
    seconds: list[float]
    statuses: set[int]


class Load:
    """The clients, waiting for work; each gets an equal share of it."""

    def __init__(self, pipes: Sequence[Connection]) -> None:
        self.pipes = pipes

    def post(self, port: int, posts: Sequence[Post]) -> tuple[float, list[float]]:
        """Post everything once; return the posts per second and each one's seconds.

        Raises RuntimeError if any is answered with anything but 303.
        """
        for at, pipe in enumerate(self.pipes):
            pipe.send((port, posts[at :: len(self.pipes)]))
        outcomes = [pipe.recv() for pipe in self.pipes]
        statuses = set().union(*(outcome.statuses for outcome in outcomes))
        if statuses != {http.HTTPStatus.SEE_OTHER}:
            raise RuntimeError(f"answered with {sorted(statuses)} and not with 303 only")
        took = max(o.ended for o in outcomes) - min(o.began for o in outcomes)
        return len(posts) / took, [one for outcome in outcomes for one in outcome.seconds]


@contextmanager
def clients() -> Iterator[Load]:
    """Start the clients, and stop them whatever happens."""
    context = multiprocessing.get_context("fork")
    pairs = [context.Pipe() for _ in range(CLIENTS)]
    processes = [context.Process(target=_serve, args=(own,), daemon=True) for _, own in pairs]
    for process in processes:
        process.start()
    try:
        yield Load([near for near, _ in pairs])
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _serve(pipe: Connection) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the bench itself ends its clients
    connections: dict[int, http.client.HTTPConnection] = {}
    while True:
        port, posts = pipe.recv()
        if port not in connections:
            connections[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        pipe.send(_post_all(connections[port], posts))


def _post_all(connection: http.client.HTTPConnection, posts: Sequence[Post]) -> Outcome:
    seconds: list[float] = []
    statuses: set[int] = set()
    began = before = time.monotonic()
    for path, body in posts:
        connection.request("POST", path, body, HEADERS)
        answer = connection.getresponse()
        answer.read()
        statuses.add(answer.status)
        after = time.monotonic()
        seconds.append(after - before)
        before = after
    return Outcome(began, before, seconds, statuses)
