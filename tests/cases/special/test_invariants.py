"""What must never be in the database, tried with plain SQL behind the application's back."""

import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from feedback.cases.special import actions
from feedback.cases.special.states import State
from feedback.db import db, transaction

from ...factories import make_district, make_people
from .doing import MONDAY, do, make_cases, proposed, the_one, walk_to


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def key(value):
    """Return an id as this database holds it in plain SQL."""
    return value.hex if db.engine.dialect.name == "sqlite" else str(value)


def refused(statement, **values):
    """Say whether the database itself refuses a statement."""
    try:
        with transaction() as session:
            session.execute(text(statement), values)
    except DBAPIError:
        return True
    return False


def insert(table, **columns):
    names = ", ".join(columns)
    values = ", ".join(f":{name}" for name in columns)
    return refused(f"INSERT INTO {table} ({names}) VALUES ({values})", **columns)


LATER = "'2026-12-24 00:00:00+00:00'"

REFUSED = {
    State.PROPOSED: {
        "confirmed without a decision": "UPDATE specials SET state='working', owner_code='RS',"
        f" due_at={LATER}",
        "an owner before the confirmation": f"UPDATE specials SET owner_code='RS', due_at={LATER}",
        "closed at once": f"UPDATE specials SET state='closed', ended_at={LATER}, next_due_at=NULL,"
        " warn_at=NULL",
        "open without a deadline": "UPDATE specials SET next_due_at=NULL, warn_at=NULL",
        "an unknown state": "UPDATE specials SET state='forgotten'",
        "renumbered": "UPDATE specials SET number='ZX-2026-9999'",
        "another item": "UPDATE specials SET item_code='SW-001'",
        "another class": "UPDATE specials SET tag_class='staff'",
        "whom the table names": "UPDATE specials SET suggested_code='SW'",
        "deleted": "DELETE FROM specials",
        "a member taken out": "DELETE FROM special_members",
        "a member moved in time": "UPDATE special_members SET later=NOT later",
        "a third round": "UPDATE specials SET round=3",
    },
    State.WORKING: {
        "without an owner": "UPDATE specials SET owner_code=NULL, due_at=NULL",
        "without a deadline": "UPDATE specials SET due_at=NULL",
        "another owner than confirmed": "UPDATE specials SET owner_code='SW'",
        "the decision changed": "UPDATE special_decisions SET days=100",
        "the decision deleted": "DELETE FROM special_decisions",
        "reported without a report": "UPDATE specials SET state='reported'",
        "closed without a closure": f"UPDATE specials SET state='closed', ended_at={LATER},"
        " next_due_at=NULL, warn_at=NULL",
    },
    State.REPORTED: {
        "a measure changed": "UPDATE special_measures SET words='别的'",
        "a report changed": "UPDATE special_reports SET words='别的'",
        "a report deleted": "DELETE FROM special_reports",
        "worked on with a report pending": "UPDATE specials SET state='working'",
        "the report of another round": "UPDATE specials SET round=2",
    },
    State.CLOSED: {
        "reopened by hand": f"UPDATE specials SET state='working', ended_at=NULL,"
        f" next_due_at={LATER}, warn_at={LATER}",
        "the conclusion changed": "UPDATE special_closures SET words='别的'",
        "the closure deleted": "DELETE FROM special_closures",
        "the closer changed": "UPDATE special_closures SET by_department='RS'",
    },
}


@pytest.mark.parametrize(
    ("state", "what"), [(state, what) for state, rules in REFUSED.items() for what in rules]
)
def test_the_database_refuses(people, state, what):
    special = walk_to(proposed(), state, people)
    assert special.state is state
    assert refused(REFUSED[state][what])


def test_control_a_column_that_may_change_is_changed(people):
    proposed()
    assert not refused("UPDATE specials SET version=version+1")


def test_of_one_kind_one_is_open_and_the_next_only_after_its_end(people):
    special = proposed()
    again = (
        "INSERT INTO specials (id, number, item_code, tag_class, state, opened_at, suggested_code,"
        " round, next_due_at, warn_at, version) SELECT :id, :number, item_code, tag_class,"
        " 'proposed', opened_at, suggested_code, 1, opened_at, opened_at, 1 FROM specials"
        " WHERE number='ZX-2026-0001'"
    )
    assert refused(again, id=key(uuid.uuid4()), number="ZX-2026-0002")
    walk_to(special, State.DECLINED, people)
    assert not refused(again, id=key(uuid.uuid4()), number="ZX-2026-0002"), "the control"
    assert refused(again, id=key(uuid.uuid4()), number="ZX-2026-0002"), "a number twice"


def test_a_case_is_a_member_once_for_each_class(people):
    special = proposed()
    (other,) = make_cases(1)
    member = {"special_id": key(special.id), "at": "2026-11-24 00:00:00+00:00", "later": True}
    (inside,) = db.session.execute(text("SELECT case_id FROM special_members LIMIT 1")).one()
    assert insert("special_members", case_id=inside, tag_class="guide", **member)
    assert insert("special_members", case_id=key(other.id), tag_class="staff", **member)
    assert not insert("special_members", case_id=key(other.id), tag_class="guide", **member), (
        "the control"
    )


def closure(people, **changes):
    """Return a closure's columns, right in everything but `changes`."""
    report = db.session.execute(text("SELECT id, special_id, by_id FROM special_reports")).one()
    db.session.rollback()
    return {
        "id": key(uuid.uuid4()), "special_id": report.special_id, "report_id": report.id,
        "owner_code": "RS", "reported_by_id": report.by_id, "at": "2026-11-24 00:00:00+00:00",
        "by_id": key(people.supervisor.id), "by_department": "GOV", "words": "已核对", **changes,
    }  # fmt: skip


@pytest.mark.parametrize("table", ["special_closures", "special_returns"])
def test_a_report_is_judged_by_another_person_of_another_office_and_once(people, table):
    walk_to(proposed(), State.REPORTED, people)
    wrong = [
        {"by_department": "RS"},
        {"by_department": "SW", "owner_code": "SW"},
        {"by_id": key(people.handler.id)},
        {"by_id": key(people.handler.id), "reported_by_id": key(people.head.id)},
        {"report_id": key(uuid.uuid4())},
        {"words": ""},
    ]
    for changes in wrong:
        assert insert(table, **closure(people, **changes)), changes
    assert not insert(table, **closure(people)), "the control"
    assert insert(table, **closure(people)), "once"


def test_a_report_belongs_to_the_owner_and_to_measures_of_its_own(people):
    special = do(actions.confirm, proposed(), people.supervisor, "RS", "改", 20)
    report = {
        "special_id": key(special.id), "round": 1, "owner_code": "RS", "words": "已改",
        "by_id": key(people.handler.id), "at": "2026-11-24 00:00:00+00:00",
        "due_at": "2026-12-24 00:00:00+00:00",
    }  # fmt: skip
    assert insert("special_reports", id=key(uuid.uuid4()), measure_id=key(uuid.uuid4()), **report)
    do(actions.measure, special, people.handler, "重写")
    measure = db.session.execute(text("SELECT id FROM special_measures")).scalar()
    db.session.rollback()
    right = {**report, "measure_id": measure}
    assert insert("special_reports", id=key(uuid.uuid4()), **{**right, "owner_code": "SW"})
    assert not insert("special_reports", id=key(uuid.uuid4()), **right), "the control"
    assert insert("special_reports", id=key(uuid.uuid4()), **right), "one in each round"


def test_a_proposal_is_decided_once_and_not_by_the_office_it_is_about(people):
    special = proposed()
    decision = {
        "special_id": key(special.id), "suggested_code": "RS", "at": "2026-11-24 00:00:00+00:00",
        "by_id": key(people.supervisor.id), "by_department": "GOV", "owner_code": "RS", "days": 20,
        "words": "改",
    }  # fmt: skip
    wrong = [
        {"by_department": "RS"}, {"by_department": "SW", "suggested_code": "SW"}, {"days": None},
        {"owner_code": None}, {"days": 0}, {"days": 121}, {"words": ""},
    ]  # fmt: skip
    for changes in wrong:
        columns = {**decision, **changes}
        assert insert("special_decisions", id=key(uuid.uuid4()), **columns), changes
    assert not insert("special_decisions", id=key(uuid.uuid4()), **decision), "the control"
    assert insert("special_decisions", id=key(uuid.uuid4()), **decision), "once"
    assert the_one().state is State.PROPOSED
    assert the_one().opened_at == MONDAY
