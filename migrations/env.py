"""How Alembic runs for this service: on the app's own engine, one transaction a migration."""

from alembic import context
from flask import current_app

from feedback.db import db

metadata = db.metadata


def run() -> None:
    """Run the migrations on the app's database."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect().execution_options(writing=True) as connection:
        context.configure(connection=connection, target_metadata=metadata,
                          transaction_per_migration=True, compare_type=True)  # fmt: skip
        with context.begin_transaction():
            context.run_migrations()


run()
