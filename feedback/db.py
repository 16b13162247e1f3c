"""The database: sessions, column types, naming, and `transaction()`, the only commit.

SQLite needs help that PostgreSQL does not: explicit BEGIN (the driver's own mode loses updates
silently), BEGIN IMMEDIATE for writers, foreign keys, FULL durability, and a version without the
WAL-reset bug (3.7.0 to 3.51.2).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import uuid_utils.compat
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CheckConstraint,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    MetaData,
    String,
    Table,
    TypeDecorator,
    event,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, registry

from .errors import Busy

SAFE_SQLITE = (3, 51, 3)
PATCHED_SQLITE = ((3, 44, 6), (3, 50, 7))
BUSY_SECONDS = 10
POOL_SIZE = 16
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "trusted_schema=OFF",
    "cell_size_check=ON",
)


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: aware on both sides, UTC in between. A naive datetime is a mistake and refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What every table has in common."""

    # On the registry and not on the class: Flask-SQLAlchemy 3.1 copies the class attribute badly.
    registry = registry(
        metadata=MetaData(naming_convention=NAMING), type_annotation_map={datetime: UTCDateTime()}
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

_sqlite_turn = threading.Lock()
"""Writers of this process queue here, because SQLite's own waiting is unfair (4 s tails)."""


def new_id() -> UUID:
    """Return a fresh UUIDv7: known before the row is inserted, and in order of time."""
    return uuid_utils.compat.uuid7()


def table_of(model: type[Base]) -> Table:
    """Return the plain table of a model, for statements that do without the ORM."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101  every model of ours is one table
    return table


def insert(model: Any) -> Any:
    """Return an INSERT that knows ON CONFLICT, in the words of the database at hand."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    return dialect.insert(model)


def execute(statement: Executable, parameters: Any = None) -> CursorResult[Any]:
    """Run a statement that was built once, on this session's connection.

    For the walk of a review: building a statement anew and passing it through the ORM costs several
    times what running it does. The statement is a constant; what changes are its parameters.
    """
    session = db.session()
    connection = session.info.get("writing") or session.connection()
    return connection.execute(statement, parameters)


def choice(of: type[Enum], name: str, *, checked: bool = True, **options: Any) -> EnumType:
    """Return the column type for one of `of`, stored as its value and held by a CHECK.

    Not `checked` is for a column that something stricter holds.
    """
    return EnumType(
        of,
        name=name,
        native_enum=False,
        create_constraint=checked,
        length=20,
        values_callable=lambda members: [m.value for m in members],
        **options,
    )


@event.listens_for(Table, "after_parent_attach")
def _limit_lengths(table: Table, metadata: MetaData) -> None:
    """Give every String(n) a CHECK, because SQLite accepts text longer than its column."""
    if metadata is not Base.metadata:
        return
    for column in table.columns:
        if type(column.type) is String and column.type.length:
            limit = f"length({column.name}) <= {column.type.length}"
            table.append_constraint(CheckConstraint(limit, name=f"{column.name}_length"))


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for this process's turn to write to SQLite, but not longer than for the file itself.

    Raises Busy. PostgreSQL has no such queue.
    """
    if db.engine.dialect.name != "sqlite":
        yield
        return
    if not _sqlite_turn.acquire(timeout=BUSY_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _sqlite_turn.release()


@contextmanager
def transaction() -> Iterator[Session]:
    """Open the one transaction of a request or of a job's item, and commit it at the end.

    Actions run inside and never commit. Whatever was read before is forgotten first, so that what
    is decided here is decided on what is locked here. Any exception rolls everything back. Raises
    Busy when others hold the database for too long.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("transaction() does not nest")
    session.rollback()
    session.expire_all()
    try:
        with _turn():
            session.info["writing"] = session.connection(execution_options={"writing": True})
            yield session
            session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["writing"] = None


@contextmanager
def reading() -> Iterator[Session]:
    """Look at rows as they stand now, without the writers' lock, and hold nothing afterwards.

    For jobs, whose session lives on: what was read before would be seen again, and what is read here
    would keep its view of the database open while the job calls somebody. Columns only: objects of
    the session are forgotten at the end.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("inside transaction() there is no need of reading()")
    session.rollback()
    try:
        yield session
    finally:
        session.rollback()


@event.listens_for(Session, "before_flush")
def _flush_only_in_transaction(session: Session, *_: object) -> None:
    if not session.info.get("writing"):
        raise RuntimeError("rows are changed inside transaction() only")


@event.listens_for(Session, "do_orm_execute")
def _write_only_in_transaction(state: ORMExecuteState) -> None:
    writes = state.is_insert or state.is_update or state.is_delete
    if writes and not state.session.info.get("writing"):
        raise RuntimeError("rows are changed inside transaction() only")


def engine_options(address: str) -> dict[str, Any]:
    """Return what the engine for `address` is made with. Raises RuntimeError for an unsafe SQLite."""
    options: dict[str, Any] = {
        "pool_size": POOL_SIZE, "max_overflow": 0, "pool_timeout": BUSY_SECONDS,
        "hide_parameters": True,  # an error's text would hold what somebody said
    }  # fmt: skip
    if not address.startswith("sqlite"):
        connect = {"connect_timeout": BUSY_SECONDS}
        return {**options, "pool_pre_ping": True, "connect_args": connect}
    return {**options, "module": _safe_sqlite(), "connect_args": {"timeout": BUSY_SECONDS}}


def _safe_sqlite() -> Any:
    """Return a driver whose SQLite has no WAL-reset bug: the wheel's, or else Python's own."""
    try:
        import pysqlite3 as driver
    except ImportError:  # no wheel for this system
        import sqlite3 as driver
    if (
        driver.sqlite_version_info < SAFE_SQLITE
        and driver.sqlite_version_info not in PATCHED_SQLITE
    ):
        raise RuntimeError(f"SQLite {driver.sqlite_version} may corrupt its file; 3.51.3 is needed")
    return driver


def open_database(app: Flask) -> None:
    """Attach the database to the app."""
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _teach_sqlite(db.engine)


def _teach_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not emit BEGIN by itself
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
