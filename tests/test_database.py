"""The session and its one commit: what `transaction()` refuses and how long anybody waits."""

import sys

import pytest
from sqlalchemy import select, update

from feedback.db import db, transaction
from feedback.errors import Busy
from feedback.offices.models import Department

from .factories import make_district
from .together import at_once, raised

house = sys.modules["feedback.db"]  # `feedback.db` is also the name of the extension in it


def test_rows_are_changed_inside_transaction_only(context):
    make_district()
    with pytest.raises(RuntimeError):
        db.session.execute(update(Department).values(note="x"))
    department = db.session.scalars(select(Department)).first()
    department.note = "x"
    with pytest.raises(RuntimeError):
        db.session.flush()


def test_transactions_do_not_nest(context):
    with transaction(), pytest.raises(RuntimeError), transaction():
        pass


def test_an_exception_rolls_everything_back(context):
    make_district()

    def fail_half_way():
        with transaction():
            db.session.execute(update(Department).values(note="x"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert set(db.session.scalars(select(Department.note))) == {""}


def test_no_update_is_lost_between_many_writers(app):
    with app.app_context():
        make_district()

    def count_up():
        for _ in range(10):
            with transaction():
                row = db.session.get_one(Department, "RS", with_for_update=True)
                row.note = str(int(row.note or 0) + 1)

    assert raised(at_once(app, *[count_up] * 8)) == []
    with app.app_context():
        assert db.session.get_one(Department, "RS").note == "80"


def test_nobody_queues_for_ever_behind_a_writer_who_hangs(context, monkeypatch):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows; there is no queue in the process")
    monkeypatch.setattr(house, "BUSY_SECONDS", 0.05)
    with house._sqlite_turn, pytest.raises(Busy), transaction():
        pass
    with transaction():
        pass
