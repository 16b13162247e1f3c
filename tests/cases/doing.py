"""Doing an act as a page does: in a transaction of its own, with the version that was seen."""

from contextlib import contextmanager

from sqlalchemy import text

from feedback.cases.models import Case
from feedback.db import db, transaction


def reload(case):
    return db.session.get_one(Case, case.id, populate_existing=True)


def do(action, case, *args, now, seen=None, **options):
    """Do a staff act and return the case as it then stands."""
    with transaction():
        fresh = reload(case)
        action(fresh, *args, now, fresh.version if seen is None else seen, **options)
    return reload(case)


def say(action, case, *args, now):
    """Do a citizen's act, which needs no version."""
    with transaction():
        action(reload(case), *args, now)
    return reload(case)


@contextmanager
def refusing(table, subject_id):
    """Let the database refuse every line of a table about one subject, as a fault of its own would."""
    on_sqlite = db.engine.dialect.name == "sqlite"
    refuse, admit = (
        (
            f"CREATE TRIGGER bad BEFORE INSERT ON {table} WHEN NEW.subject_id = '{subject_id}'"
            " BEGIN SELECT RAISE(ABORT, 'bad'); END",
            "DROP TRIGGER bad",
        )
        if on_sqlite
        else (
            f"ALTER TABLE {table} ADD CONSTRAINT bad CHECK (subject_id <> '{subject_id}') NOT VALID",
            f"ALTER TABLE {table} DROP CONSTRAINT bad",
        )
    )
    with transaction() as session:
        session.execute(text(refuse))
    try:
        yield
    finally:
        with transaction() as session:
            session.execute(text(admit))
