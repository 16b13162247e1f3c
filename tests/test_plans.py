"""What is looked up often has an index, and looking keeps nobody from writing."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from feedback import clock
from feedback.calendar.queries import calendar_in_force
from feedback.db import db
from feedback.events import queries as events
from feedback.invitations import actions as invitations
from feedback.notify.asking import ask
from feedback.notify.models import By
from feedback.offices.roles import Role
from feedback.replies import queries as replies
from feedback.reports import past

from .counting import statements_of_writers
from .factories import make_account, make_district, make_event
from .notify.helpers import Memory


@contextmanager
def plans():
    """Collect how the database means to find what is asked for meanwhile."""
    asked, told = [], []

    def note(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    explain = "EXPLAIN "
    if db.engine.dialect.name == "sqlite":
        explain += "QUERY PLAN "
    else:  # in tables as small as these it would read everything
        db.session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
    for statement, parameters in asked:
        rows = db.session.connection().exec_driver_sql(explain + statement, parameters)
        told += [str(row[-1]) for row in rows]


def by_number():
    events.numbered("HC-1", clerk(), 20)


def clerk():
    account = make_account(Role.CLERK)
    return events.Clerk(account.id, account.department_code)


def window():
    events.last_window(clerk(), clock.now())


def ledger_since():
    past._before_acts_since(clock.now())


def week():
    now = clock.now()
    list(past.happened(now - timedelta(days=7), now, calendar_in_force()))


def texts():
    replies.latest(make_account(Role.SUPERVISOR))


@pytest.mark.parametrize(
    ("look", "index"),
    [
        (by_number, "ix_service_events_project_no"),
        (window, "ix_service_events_recorded_by_id_recorded_at"),
        (ledger_since, "ix_ledger_entries_subject_at"),
        (week, "ix_ledger_entries_subject_at"),
        (week, "ix_return_visits_at"),
        (week, "ix_decisions_at"),
        (texts, "ix_incoming_texts_received_at"),
    ],
)
def test_what_is_looked_up_often_is_found_by_its_index(context, look, index):
    make_district()
    with plans() as told:
        look()
    assert [line for line in told if index in line], told


def test_looking_for_what_is_due_keeps_nobody_from_writing(app, context):
    make_district()
    now = clock.now()
    applicant = {"kind": "person", "name": "王小明", "phone": "13812345678"}
    make_event(now, applicant=applicant)
    with statements_of_writers(app) as seen:
        assert invitations.invite(now - timedelta(days=9), lambda: True) == []
        assert invitations.remind(now, lambda: True) == []
        assert not ask(now, By.SMS, Memory(), lambda: True)
    assert seen == []
    with statements_of_writers(app) as seen:
        assert invitations.invite(now + timedelta(days=9), lambda: True) == ["expired"]
    assert seen, "control: whoever decides is seen"
