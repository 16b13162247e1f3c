"""Counting the statements that reach the database, BEGIN included: measured in turns, not in time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from feedback.db import db


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect every statement of the app's engine meanwhile.

    PostgreSQL's driver begins by itself, unseen; its BEGIN is added so that both databases count
    alike. COMMIT and ROLLBACK are not counted.
    """
    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    def begun(_c: Any) -> None:
        if engine.dialect.name != "sqlite":
            seen.append("BEGIN")

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "begin", begun)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "begin", begun)


@contextmanager
def statements_of_writers(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that run meanwhile with the writers' lock in hand."""
    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if connection.get_execution_options().get("writing"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
