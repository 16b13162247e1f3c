"""How gateways are spoken to over HTTP: a connection of its own for each request, never a second try.

Nothing is pooled. `requests.Session` does not promise to be safe between threads, and a connection
that was kept may have been hung up at the other end, which looks like a message of unknown fate.
A handshake for each message is a small price at the ten a second we send. An answer may take so long
and be so large: a gateway that says a byte now and then would hold a hand that sends for ever.
"""

import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any
from uuid import UUID

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from requests.certs import where
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from ...text import CONTROL, integer
from .base import NotSent, Uncertain, Unreachable

LONGEST_TEXT = 1600
MOST_BYTES = 4_000_000
"""Of an answer, unpacked. A hundred of the longest texts, every character escaped, come to 1.1 MB."""
SILENCES = 3
"""An answer may take as long as so many silences that we bear, however it comes."""

for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    # They log whole addresses, and a phone stands in those by which we ask after its messages.
    logging.getLogger(_name).addFilter(lambda _: False)


class TooLarge(RequestException):
    """An answer that is larger than any a gateway has reason to give."""


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


def unanswered(name: str, problem: RequestException) -> NotSent:
    """Return what a request without an answer means for the message in it."""
    why = reason(name, problem)
    return Unreachable(why) if never_left(problem) else Uncertain(why, carriers_fault=True)


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


class _InTime(RawIOBase):
    """What a socket brings, until the time for all of it is over."""

    def __init__(self, sock: socket, raw: Any) -> None:
        self._sock, self._raw = sock, raw
        self._silence = sock.gettimeout()
        self._until = time.monotonic() + SILENCES * self._silence if self._silence else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._until is not None:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(min(left, self._silence or left))
        got: int | None = self._raw.readinto(buffer)
        return got

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    """Is read in time, from its first line on."""

    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = BufferedReader(_InTime(sock, self.fp.detach()))


class _Http(HTTPConnection):
    response_class = _Answer

    def connect(self) -> None:
        with _connecting(self):
            super().connect()


class _Https(HTTPSConnection):
    response_class = _Answer

    def connect(self) -> None:
        with _connecting(self):
            super().connect()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Trust(ssl.SSLContext):
    """Whom we believe, for all threads: so nothing of it changes once it is there."""

    def set_alpn_protocols(self, alpn_protocols: Any) -> None:
        """Offer none, which means HTTP/1.1. It would be set for each connection, under others' feet."""


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Return the certificates we believe, read once: it takes longer than all else we compute."""
    trust = _Trust(ssl.PROTOCOL_TLS_CLIENT)
    trust.minimum_version = ssl.TLSVersion.TLSv1_2
    trust.load_verify_locations(where())
    return trust


class _Once(HTTPAdapter):
    """Sends a request once, and tells trouble before the connection stands from trouble after."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send the request and read the answer to its end, or as far as it may go."""
        response = super().send(request, **{**kwargs, "stream": True})
        response._content = _read(response)  # as its own `content` would, but bounded
        return response

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Let the context decide, which has the certificates already; they are always asked for."""
        conn.cert_reqs = "CERT_REQUIRED"

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=_trust(), **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


def _read(response: Response) -> bytes:
    with response:
        body = bytearray()
        for chunk in response.iter_content(65_536):
            body += chunk
            if len(body) > MOST_BYTES:
                raise TooLarge
        return bytes(body)
