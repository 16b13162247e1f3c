"""What must never be in the database, tried with plain SQL behind the application's back."""

import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from feedback.cases.states import State
from feedback.db import db, transaction

from ..factories import make_case, make_district, make_event, make_people, rate, walk_to


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def key(value: uuid.UUID) -> str:
    """Return an id as this database holds it in plain SQL."""
    return value.hex if db.engine.dialect.name == "sqlite" else str(value)


def run(statement: str, **values: object) -> int:
    """Run plain SQL in a transaction of its own and return the rows it touched."""
    with transaction() as session:
        return session.execute(text(statement), values).rowcount


def refused(statement: str, **values: object) -> bool:
    """Say whether the database itself refuses a statement."""
    try:
        run(statement, **values)
    except DBAPIError:
        return True
    return False


CASES_REFUSED = {
    "closed without a closure": "UPDATE cases SET state='closed', closed_at=opened_at,"
    " next_due_at=NULL, answered_at=opened_at WHERE id=:case",
    "closed while a deadline runs": "UPDATE cases SET state='closed' WHERE id=:case",
    "triage with an owner": "UPDATE cases SET state='triage' WHERE id=:case",
    "an owner lost": "UPDATE cases SET department_code=NULL WHERE id=:case",
    "visited before the reply": "UPDATE cases SET state='visiting' WHERE id=:case",
    "an open case without deadline": "UPDATE cases SET next_due_at=NULL WHERE id=:case",
    "an unknown state": "UPDATE cases SET state='forgotten' WHERE id=:case",
    "the case deleted": "DELETE FROM cases WHERE id=:case",
    "the review deleted": "DELETE FROM reviews WHERE case_id=:case",
    "the grade raised": "UPDATE reviews SET grade=5 WHERE case_id=:case",
    "the words changed": "UPDATE reviews SET comment='很好' WHERE case_id=:case",
    "the review detached from its case": "UPDATE reviews SET case_id=NULL WHERE case_id=:case",
    "a tag taken away": "DELETE FROM review_tags",
    "the ledger rewritten": "UPDATE ledger_entries SET act='praise'",
    "the ledger shortened": "DELETE FROM ledger_entries",
    "the service deleted": "DELETE FROM service_events",
    "a named case made anonymous": "UPDATE cases SET identity='anonymous' WHERE id=:case",
    "a case renumbered": "UPDATE cases SET number='HC-2026-999999' WHERE id=:case",
    "the day of opening moved": "UPDATE cases SET opened_at=due_at WHERE id=:case",
}


@pytest.mark.parametrize("what", CASES_REFUSED)
def test_an_open_case_refuses(people, now, what):
    case = make_case(now)
    assert refused(CASES_REFUSED[what], case=key(case.id))


ACTS_REFUSED = {
    "finding changed": "UPDATE verifications SET finding='no_legal_basis'",
    "remedy deleted": "DELETE FROM rectifications",
    "reply changed": "UPDATE replies SET words='别的'",
    "visit changed": "UPDATE return_visits SET satisfied=NULL, outcome='failed'",
    "closure deleted": "DELETE FROM closures",
    "closure moved to another handler": "UPDATE closures SET closed_by_id=rectified_by_id",
    "visitor's office changed": "UPDATE return_visits SET visitor_department='XZSP'",
    "reopened by hand": "UPDATE cases SET state='rectifying' WHERE id=:case",
}


@pytest.mark.parametrize("what", ACTS_REFUSED)
def test_a_closed_case_refuses(people, now, what):
    case = walk_to(make_case(now), State.CLOSED, people, now)
    assert refused(ACTS_REFUSED[what], case=key(case.id))


def closure_of(case, people, **changes):
    """Return a closure's columns, right in everything but `changes`."""
    row = db.session.execute(
        text(
            "SELECT v.id AS verification_id, v.by_id AS verified_by_id, r.id AS rectification_id,"
            " r.by_id AS rectified_by_id,"
            " p.id AS reply_id, p.by_id AS replied_by_id, w.id AS visit_id, w.outcome AS visit_outcome,"
            " w.attempt AS visit_attempt, w.by_id AS visited_by_id, v.finding, r.kind AS remedy"
            " FROM cases c"
            " LEFT JOIN verifications v ON v.case_id=c.id LEFT JOIN rectifications r ON r.case_id=c.id"
            " LEFT JOIN replies p ON p.case_id=c.id LEFT JOIN return_visits w ON w.case_id=c.id"
            " WHERE c.id=:case"
        ),
        {"case": key(case.id)},
    ).one()
    return {
        **row._asdict(), "id": key(uuid.uuid4()), "case_id": key(case.id), "identity": "named",
        "round": 1, "closed_by_id": key(people.supervisor.id), "at": "2026-11-24 00:00:00+00:00",
        "words": "", "case_department": "RS", "closer_department": "GOV", **changes,
    }  # fmt: skip


def insert_closure(columns):
    names = ", ".join(columns)
    values = ", ".join(f":{name}" for name in columns)
    return refused(f"INSERT INTO closures ({names}) VALUES ({values})", **columns)


def test_a_closure_needs_this_cases_own_proofs_and_another_closer(people, now):
    case = walk_to(make_case(now), State.CLOSING, people, now)
    other = walk_to(make_case(now), State.CLOSED, people, now)
    foreign = closure_of(other, people)
    db.session.rollback()
    wrong = [
        {"closed_by_id": key(people.handler.id)},
        {"verification_id": foreign["verification_id"]},
        {"rectification_id": foreign["rectification_id"]},
        {"reply_id": foreign["reply_id"]},
        {"visit_id": foreign["visit_id"]},
        {"visit_id": None, "visit_outcome": None, "visit_attempt": None, "visited_by_id": None},
        {"visited_by_id": None},
        {"visited_by_id": key(people.handler.id)},
        {"closer_department": "RS"},
        {"closer_department": "SW", "case_department": "SW"},
        {"verified_by_id": key(people.supervisor.id)},
        {"identity": "anonymous", "visit_id": None, "visit_outcome": None, "visit_attempt": None},
        {"rectification_id": None}, {"reply_id": None}, {"verification_id": None},
        {"round": 2},
        {"visit_outcome": "failed"},
        {"rectified_by_id": key(people.head.id)},
        {"finding": "partly"},
        {"finding": "unfounded"},
        {"remedy": "explanation"},
        {"finding": "no_legal_basis", "remedy": "explanation"},
        {"visited_by_id": None, "second_review_id": key(uuid.uuid4())},
    ]  # fmt: skip
    for changes in wrong:
        assert insert_closure(closure_of(case, people, **changes)), changes
    assert not insert_closure(closure_of(case, people)), "the control: a right one is taken"


def test_failed_visits_cannot_be_counted_twice_a_day_or_out_of_order(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)

    def attempt(number, day, before, department="GOV"):
        return refused(
            "INSERT INTO return_visits (id, case_id, round, at, day, by_id, visitor_department,"
            " case_department, means, outcome, attempt, attempt_before, words) VALUES (:id, :case, 1,"
            " '2026-11-24 00:00:00+00:00', :day, :by, :department, 'RS', 'phone', 'failed', :attempt,"
            " :before, 'x')",
            id=key(uuid.uuid4()), case=key(case.id), day=day, by=key(people.operator.id),
            department=department, attempt=number, before=before,
        )  # fmt: skip

    assert attempt(3, "2026-11-24", None)
    assert attempt(3, "2026-11-24", 2)
    assert attempt(1, "2026-11-24", None, department="RS")
    assert not attempt(1, "2026-11-24", None), "the control"
    assert attempt(2, "2026-11-24", 1), "the same day"
    assert not attempt(2, "2026-11-25", 1), "the control"


def test_a_negative_review_without_a_case_is_refused_by_the_database(people, now):
    make_case(now)
    event = make_event(now)
    db.session.rollback()
    insert = (
        "INSERT INTO reviews (id, event_id, case_id, receipt_digest, grade, comment, identity, channel,"
        " locale, received_at) VALUES (:id, :event, NULL, :digest, :grade, '', 'anonymous', 'web',"
        " 'zh_CN', '2026-11-24 00:00:00+00:00')"
    )
    common = {"id": key(uuid.uuid4()), "event": key(event.id), "digest": "x" * 64}
    assert refused(insert, grade=2, **common)
    assert refused(insert, grade=0, **common)
    assert not refused(insert, grade=4, **common), "the control: a satisfied one is taken"


def test_a_satisfied_review_keeps_no_person_even_if_one_was_typed(people, now):
    event = make_event(now)
    rate(event, now, grade="5", tags=("510",))
    row = db.session.execute(text("SELECT * FROM reviews")).one()
    assert (row.name_sealed, row.phone_sealed, row.phone_digest) == (None, None, None)
    assert row.identity == "anonymous"


def test_names_and_phones_are_nowhere_in_the_clear(people, now):
    make_event(now, applicant={"name": "李雷雷", "phone": "13900001111"})
    walk_to(make_case(now), State.CLOSED, people, now)
    everything = ""
    for table in db.metadata.sorted_tables:
        everything += str(db.session.execute(table.select()).all())
    for secret in ("王小明", "13812345678", "李雷雷", "13900001111"):
        assert secret not in everything


def test_the_foreign_keys_are_really_on(context):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no switch for it")
    with db.engine.connect() as connection:
        pragma = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                  for name in ("foreign_keys", "synchronous", "journal_mode", "busy_timeout")}  # fmt: skip
    assert pragma == {
        "foreign_keys": 1,
        "synchronous": 2,
        "journal_mode": "wal",
        "busy_timeout": 10000,
    }
