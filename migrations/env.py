"""How Alembic runs for this service: on the app's own engine, one transaction a migration."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from feedback.db import db

metadata = db.metadata


def run() -> None:
    """Run the migrations on the app's database."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect().execution_options(writing=True) as connection:
        watch_keys(connection, False)
        context.configure(connection=connection, target_metadata=metadata,
                          transaction_per_migration=True, compare_type=True)  # fmt: skip
        try:
            with context.begin_transaction():
                context.run_migrations()
        finally:
            watch_keys(connection, True)


def watch_keys(connection: Connection, on: bool) -> None:
    """Switch SQLite's foreign keys, outside any transaction: a table that is made anew is gone for a
    moment. The migration that does so checks them all at its end.
    """
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


run()
