"""The bench's floor: by hand, the least that a server can do and still keep what it was told.

One request, one durable INSERT, nothing else: no framework, no token, no rules. Writers to SQLite
queue in the process as ours do, because SQLite's own waiting would make the floor needlessly low.
"""

import os
import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

ADDRESS = os.environ["FLOOR_DATABASE"]
TABLE = "CREATE TABLE IF NOT EXISTS floor (id TEXT PRIMARY KEY, said TEXT, at TEXT NOT NULL)"
_own = threading.local()
_turn = threading.Lock()


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Keep the body of a request and answer 303, as the rating page does."""
    said = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
    keep((str(uuid.uuid4()), said, datetime.now(UTC).isoformat()))
    start_response("303 See Other", [("Location", "/receipts/none"), ("Content-Length", "0")])
    return [b""]


def _sqlite() -> Any:
    import pysqlite3

    connection = pysqlite3.connect(ADDRESS, isolation_level=None, timeout=10)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _keep_in_sqlite(row: tuple[str, str, str]) -> None:
    if not hasattr(_own, "connection"):
        _own.connection = _sqlite()
    with _turn:
        _own.connection.execute("BEGIN IMMEDIATE")
        _own.connection.execute("INSERT INTO floor VALUES (?, ?, ?)", row)
        _own.connection.execute("COMMIT")


def _postgresql() -> Any:
    import psycopg

    return psycopg.connect(ADDRESS)


def _keep_in_postgresql(row: tuple[str, str, str]) -> None:
    if not hasattr(_own, "connection"):
        _own.connection = _postgresql()
    _own.connection.execute("INSERT INTO floor VALUES (%s, %s, %s)", row)
    _own.connection.commit()


def _prepare(connection: Any) -> None:
    connection.execute(TABLE)
    connection.commit()
    connection.close()


if ADDRESS.startswith("postgresql"):
    keep = _keep_in_postgresql
    _prepare(_postgresql())
else:
    keep = _keep_in_sqlite
    _prepare(_sqlite())
