import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from feedback.cases import reminders
from feedback.cases.deadlines import Told, notice_due
from feedback.cases.models import Case
from feedback.cases.reminders import SomeNotTold, tell_of_deadlines
from feedback.cases.states import State
from feedback.db import db, transaction
from feedback.ledger.models import Entry
from feedback.notify.models import Message

from ..factories import make_case, make_district, make_people, walk_to

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)  # Monday 17:30, the 5th working day
SECOND = timedelta(seconds=1)
ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}


@pytest.fixture
def case(context):
    make_district()
    return make_case(MONDAY, **ANONYMOUS)


def notices():
    db.session.rollback()
    rows = select(Message.occasion, Message.to_department).where(
        Message.occasion.in_([one.value for one in reminders.OCCASIONS.values()])
    )
    return sorted(tuple(row) for row in db.session.execute(rows))


def told_lines():
    db.session.rollback()
    acts = select(Entry.act).where(Entry.act.startswith("told_")).order_by(Entry.id)
    return list(db.session.scalars(acts))


def told(case):
    db.session.rollback()
    return db.session.get_one(Case, case.id, populate_existing=True).told


def test_nobody_is_told_while_there_is_time(case):
    assert tell_of_deadlines(MONDAY) == []
    assert notices() == []


def test_the_department_is_told_one_working_day_before(case):
    assert tell_of_deadlines(FRIDAY) == [case.number]
    assert notices() == [("case_due_soon", "RS")]
    assert told(case) is Told.SOON


def test_the_department_is_told_when_it_is_overdue_and_not_a_moment_before(case):
    assert tell_of_deadlines(DUE) == [case.number]
    assert tell_of_deadlines(DUE + SECOND) == [case.number]
    assert notices() == [("case_due_soon", "RS"), ("case_overdue", "RS")]
    assert told_lines() == ["told_soon", "told_overdue"]


def test_each_notice_is_promised_once_however_often_we_look(case):
    for hour in range(200):
        tell_of_deadlines(FRIDAY + timedelta(hours=hour))
    assert notices() == [("case_due_soon", "RS"), ("case_overdue", "RS")]


def test_after_long_silence_one_look_catches_up_with_the_highest_notice_only(case):
    assert tell_of_deadlines(DUE + timedelta(days=70)) == [case.number]
    assert tell_of_deadlines(DUE + timedelta(days=70)) == []
    assert notices() == [("case_overdue", "RS")]


def test_the_notice_names_its_deadline_and_leads_to_the_case(case):
    tell_of_deadlines(FRIDAY)
    message = db.session.scalars(select(Message).where(Message.occasion == "case_due_soon")).one()
    assert message.facts["number"] == case.number
    assert message.facts["due_at"] == DUE.isoformat()
    assert message.facts["link"].endswith(f"/cases/{case.number}")


def test_a_new_deadline_is_told_anew(case):
    tell_of_deadlines(FRIDAY)
    later = DUE + timedelta(days=7)
    with transaction() as session:
        moved = session.get_one(Case, case.id, populate_existing=True)
        moved.next_due_at, moved.warn_at, moved.told = (
            later,
            later - timedelta(days=1),
            Told.NOTHING,
        )
    assert tell_of_deadlines(DUE + SECOND) == []
    assert tell_of_deadlines(later + SECOND) == [case.number]
    assert notices() == [("case_due_soon", "RS"), ("case_overdue", "RS")]


def test_what_waits_for_assignment_is_told_to_every_supervising_office(context):
    make_district()
    with transaction() as session:
        session.execute(text("DELETE FROM routing_rules"))
    waiting = make_case(MONDAY, **ANONYMOUS)
    assert waiting.state is State.TRIAGE
    tell_of_deadlines(DUE + SECOND)
    assert notices() == [("desk_overdue", "GOV"), ("desk_overdue", "XZSP")]


@pytest.mark.parametrize("state", [State.VISITING, State.CLOSING])
def test_what_waits_for_the_supervisors_is_told_to_them_and_not_to_the_department(context, state):
    make_district()
    case = walk_to(make_case(MONDAY), state, make_people())
    assert case.state is state
    tell_of_deadlines(case.next_due_at + SECOND)
    assert notices() == [("desk_overdue", "GOV"), ("desk_overdue", "XZSP")]


def test_a_closed_case_is_never_told_about(context):
    make_district()
    walk_to(make_case(MONDAY), State.CLOSED, make_people())
    assert tell_of_deadlines(MONDAY + timedelta(days=365)) == []


def test_a_bad_case_does_not_hold_up_the_others_and_is_not_silent(case, context):
    bad, good = case, make_case(MONDAY, **ANONYMOUS)
    refuse_ledger_lines_of(bad)
    with pytest.raises(SomeNotTold) as failed:
        tell_of_deadlines(DUE + SECOND)
    assert failed.value.facts["numbers"] == [bad.number]
    assert notices() == [("case_overdue", "RS")]
    assert (told(bad), told(good)) == (Told.NOTHING, Told.OVERDUE)


def refuse_ledger_lines_of(case):
    """Let the database refuse to note anything about one case, as a fault of its own would."""
    with transaction() as session:
        if db.engine.dialect.name == "sqlite":
            session.execute(
                text(
                    "CREATE TRIGGER bad_case BEFORE INSERT ON ledger_entries "
                    f"WHEN NEW.subject_id = '{case.id}' BEGIN SELECT RAISE(ABORT, 'bad'); END"
                )
            )
        else:
            session.execute(
                text(
                    "ALTER TABLE ledger_entries ADD CONSTRAINT bad_case"
                    f" CHECK (subject_id <> '{case.id}') NOT VALID"
                )
            )


@pytest.fixture(autouse=True)
def mended(app):
    yield
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            with db.engine.begin() as connection:
                connection.execute(
                    text("ALTER TABLE ledger_entries DROP CONSTRAINT IF EXISTS bad_case")
                )


def test_several_who_look_at_once_promise_each_notice_once(case, context):
    for _ in range(9):
        make_case(MONDAY, **ANONYMOUS)
    start = threading.Barrier(4)

    def look():
        with context.app_context():
            start.wait(10)
            tell_of_deadlines(DUE + SECOND)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert notices() == [("case_overdue", "RS")] * 10
    assert told_lines() == ["told_overdue"] * 10


def test_a_case_that_moved_on_meanwhile_is_not_told_about_its_old_deadline(case):
    (seen,) = reminders._due(DUE + SECOND)
    with transaction() as session:
        session.get_one(Case, case.id, populate_existing=True).next_due_at = DUE + timedelta(days=9)
    with transaction():
        assert reminders._tell(seen, DUE + SECOND) is False
    assert notices() == []
    rule = notice_due(DUE + SECOND, seen.warn_at, seen.next_due_at, seen.told)
    assert rule is Told.OVERDUE, "control: what was seen alone would have told it"
