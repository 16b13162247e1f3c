"""How gateways are spoken to over HTTP: a connection of its own for each request, never a second try.

Nothing is pooled. `requests.Session` does not promise to be safe between threads, and a connection
that was kept may have been hung up at the other end, which looks like a message of unknown fate.
A handshake for each message is a small price at the ten a second we send.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from uuid import UUID

from requests import RequestException, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from ...text import CONTROL, integer

LONGEST_TEXT = 1600

for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    # They log whole addresses, and a phone stands in those by which we ask after its messages.
    logging.getLogger(_name).addFilter(lambda _: False)


def session() -> Session:
    """Return a session for one request, which is tried once and goes straight to its address.

    The environment (proxies, .netrc) does not lead citizens' phones elsewhere; settings do.
    """
    fresh = Session()
    fresh.trust_env = False
    for scheme in ("http://", "https://"):
        fresh.mount(scheme, _Once(max_retries=0))
    return fresh


def never_left(problem: RequestException) -> bool:
    """Say whether certainly nothing of the request was sent: there never was a connection."""
    return isinstance(problem, (MissingSchema, InvalidSchema, InvalidURL)) or any(
        isinstance(cause, ConnectTimeoutError) for cause in _causes(problem)
    )


def reason(name: str, problem: RequestException) -> str:
    """Return the trouble's code: when it came and of which kind, and nothing of what was sent."""
    *_, first = _causes(problem)
    return f"{name}_{'connect' if never_left(problem) else 'read'}_{type(first).__name__}"


def said_back(message: object, fence: object) -> tuple[UUID, int] | tuple[None, None]:
    """Return our own id and try as a gateway repeats them, or neither: one alone proves nothing."""
    number = integer(fence) if isinstance(fence, str) else None
    if not number or number < 0 or not isinstance(message, str):
        return None, None
    try:
        return UUID(message), number
    except ValueError:
        return None, None


def words(body: object) -> str:
    """Return a citizen's words without what is no text and not longer than texts are."""
    return CONTROL.sub("", body)[:LONGEST_TEXT] if isinstance(body, str) else ""


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem:
        yield problem
        problem = problem.__cause__ or problem.__context__


@contextmanager
def _connecting(connection: HTTPConnection) -> Iterator[None]:
    """Call all trouble by one name until the connection stands, TLS included.

    Otherwise a handshake that is broken off looks like an answer that is broken off.
    """
    try:
        yield
    except ConnectTimeoutError:
        raise
    except (OSError, HTTPError, HTTPException) as problem:
        raise NewConnectionError(connection, type(problem).__name__) from problem


class _Http(HTTPConnection):
    def connect(self) -> None:
        with _connecting(self):
            super().connect()


class _Https(HTTPSConnection):
    def connect(self) -> None:
        with _connecting(self):
            super().connect()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Once(HTTPAdapter):
    """Sends a request once, and tells trouble before the connection stands from trouble after."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
