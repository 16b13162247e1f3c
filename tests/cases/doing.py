"""Doing an act as a page does: in a transaction of its own, with the version that was seen."""

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
