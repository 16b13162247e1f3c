"""What must never be in the database, tried with plain SQL behind the application's back."""

import uuid

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from feedback import create_app
from feedback.cases import actions
from feedback.cases.models import Appeal, Objection
from feedback.cases.states import Ground, State, Verdict
from feedback.db import db, transaction
from feedback.offices.roles import Role

from ..conftest import make_settings
from ..factories import (
    UNHAPPY,
    make_account,
    make_case,
    make_district,
    make_event,
    make_people,
    rate,
    walk_to,
)
from .doing import do, say


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


def closure_of(case, people, round_=1, **changes):
    """Return a closure's columns, right in everything but `changes`."""
    row = db.session.execute(
        text(
            "SELECT v.id AS verification_id, v.by_id AS verified_by_id, r.id AS rectification_id,"
            " r.by_id AS rectified_by_id,"
            " p.id AS reply_id, p.by_id AS replied_by_id, w.id AS visit_id, w.outcome AS visit_outcome,"
            " w.attempt AS visit_attempt, w.by_id AS visited_by_id,"
            " w.satisfied AS visit_satisfied, v.finding, r.kind AS remedy"
            " FROM cases c LEFT JOIN verifications v ON v.case_id=c.id"
            " LEFT JOIN rectifications r ON r.case_id=c.id AND r.round=:round"
            " LEFT JOIN replies p ON p.case_id=c.id AND p.round=:round"
            " LEFT JOIN return_visits w ON w.case_id=c.id AND w.round=:round"
            " WHERE c.id=:case ORDER BY w.attempt LIMIT 1"
        ),
        {"case": key(case.id), "round": round_},
    ).one()
    return {
        **row._asdict(), "id": key(uuid.uuid4()), "case_id": key(case.id), "identity": "named",
        "round": round_, "closed_by_id": key(people.supervisor.id), "closer_part": "closer",
        "at": "2026-11-24 00:00:00+00:00", "words": "", "case_department": "RS",
        "closer_department": "GOV", **changes,
    }  # fmt: skip


def take_part(case, account, part):
    """Give somebody a part in a case by hand."""
    run(
        "INSERT INTO case_parts (case_id, account_id, part, at)"
        " VALUES (:case, :who, :part, '2026-11-24 00:00:00+00:00')",
        case=key(case.id), who=key(account.id), part=part,
    )  # fmt: skip


def insert_closure(columns):
    names = ", ".join(columns)
    values = ", ".join(f":{name}" for name in columns)
    return refused(f"INSERT INTO closures ({names}) VALUES ({values})", **columns)


def test_a_closure_needs_this_cases_own_proofs_and_another_closer(people, now):
    case = walk_to(make_case(now), State.CLOSING, people, now)
    other = walk_to(make_case(now), State.CLOSED, people, now)
    foreign = closure_of(other, people)
    db.session.rollback()
    take_part(case, people.supervisor, "closer")
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
        {"visit_satisfied": False},
        {"visit_satisfied": False, "words": "结论"},
        {"visit_satisfied": None},
        {"closer_part": None}, {"closer_part": "judge"}, {"closer_part": "nobody"},
        {"closed_by_id": key(people.judge.id)},
    ]  # fmt: skip
    for changes in wrong:
        assert insert_closure(closure_of(case, people, **changes)), changes
    assert not insert_closure(closure_of(case, people)), "the control: a right one is taken"


def test_a_hand_in_the_case_that_no_proof_shows_keeps_somebody_from_closing(people, now):
    case = walk_to(make_case(now), State.CLOSING, people, now)
    take_part(case, people.judge, "handler")
    for part in ("handler", "closer", "judge", "visitor", None):
        columns = closure_of(case, people, closed_by_id=key(people.judge.id), closer_part=part)
        assert insert_closure(columns), part
    db.session.rollback()
    columns = closure_of(
        case, people, closed_by_id=key(people.operator.id), closer_part="visitor"
    )  # fmt: skip
    assert not insert_closure(columns), "the control: whoever visited may close"


def sent_back(people, now):
    """Return a case that a dissatisfied citizen sent back, with nothing done since."""
    case = walk_to(make_case(now), State.VISITING, people, now)
    case = do(actions.visit, case, people.operator, UNHAPPY, now=now)
    take_part(case, people.supervisor, "closer")
    return case


CLOSED_BY_HAND = (
    "UPDATE cases SET state='closed', closed_at=opened_at, answered_at=opened_at, next_due_at=NULL,"
    " warn_at=NULL, next_rung_at=NULL, closure_id=:closure WHERE id=:case"
)


def test_a_case_that_was_sent_back_does_not_close_on_the_proofs_of_the_round_before(people, now):
    case = sent_back(people, now)
    for words in ("", "结论"):
        assert insert_closure(closure_of(case, people, words=words)), (
            "dissatisfied, and not yet done"
        )
    case = walk_to(make_case(now), State.CLOSING, people, now)
    case = say(actions.second_review, case, 1, "又坏了", now=now)
    assert (case.state, case.round) == (State.RECTIFYING, 2)
    take_part(case, people.supervisor, "closer")
    closure = closure_of(case, people)
    db.session.rollback()
    assert not insert_closure(closure), "on the visit that found the citizen satisfied at first"
    assert refused(CLOSED_BY_HAND, case=key(case.id), closure=closure["id"])
    run("UPDATE cases SET round = 1 WHERE id = :case", case=key(case.id))
    assert not refused(CLOSED_BY_HAND, case=key(case.id), closure=closure["id"]), "the control"
    assert refused("UPDATE cases SET round = 2 WHERE id = :case", case=key(case.id))


def test_who_stayed_dissatisfied_to_the_last_is_answered_in_words(people, now):
    case = sent_back(people, now)
    case = walk_to(case, State.VISITING, people, now)
    case = do(actions.visit, case, people.operator, UNHAPPY, now=now)
    assert case.state is State.CLOSING
    assert insert_closure(closure_of(case, people, 2))
    assert insert_closure(closure_of(case, people, 2, visit_satisfied=True)), "not what was said"
    assert insert_closure(closure_of(case, people, 2, visit_satisfied=None)), "not said at all"
    db.session.rollback()
    assert not insert_closure(closure_of(case, people, 2, words="结论")), "the control"


DONE = {
    "contacts": "means='phone', reached=:yes", "verifications": "finding='true'",
    "rectifications": "round=1, kind='remedy', article=''",
    "replies": "round=2, internal='', publishable=''",
    "requests": "kind='extend', number=1, further=:no, by_department='RS', come_from='verifying',"
    " reason='x', plan='x', due_at=:at",
    "appeals": "case_department='RS', come_from='verifying', ground='other'",
    "return_visits": "round=2, day='2026-11-24', visitor_department='GOV', case_department='RS',"
    " means='phone', outcome='failed', attempt=1",
    "judgements": "appeal_id=:appeal, appellant_id=:appellant, case_department='RS',"
    " by_department='GOV', verdict='uphold'",
    "reconsiderations": "objection_id=:objection, judge_id=:judge, case_department='RS',"
    " by_department='GOV', verdict='uphold'",
}  # fmt: skip
"""A row of what was done, by table; requests have no `words`."""

PART_OF = {
    **dict.fromkeys(DONE, "handler"), "return_visits": "visitor", "judgements": "judge",
    "reconsiderations": "judge",
}  # fmt: skip


def does(table, case, account, part, **more):
    """Write down by hand that somebody did something in a part; say whether it is refused."""
    columns = dict(one.split("=", 1) for one in DONE[table].replace(", ", ",").split(","))
    columns |= {"id": ":id", "case_id": ":case", "at": ":at", "by_id": ":who", "part": ":part"}
    columns |= {} if table == "requests" else {"words": "'x'"}
    values = {
        "id": key(uuid.uuid4()), "case": key(case.id), "who": key(account.id), "part": part,
        "at": "2026-11-24 00:00:00+00:00", "yes": True, "no": False, **more,
    }  # fmt: skip
    said = ", ".join(columns.values())
    bound = {name: value for name, value in values.items() if f":{name}" in columns.values()}
    return refused(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({said})", **bound)


@pytest.mark.parametrize("table", DONE)
def test_nobody_does_by_hand_what_another_part_or_none_of_theirs_would_allow(people, now, table):
    case, more = a_case_for(table, people, now)
    right = PART_OF[table]
    wrong = "visitor" if right == "handler" else "handler"
    bystander, other, own = (make_account(Role.SUPERVISOR, department="GOV") for _ in range(3))
    take_part(case, other, wrong)
    take_part(case, own, right)
    for part in ("handler", "judge", "visitor", "closer", None):
        assert does(table, case, bystander, part, **more), part
        assert does(table, case, other, part, **more), part
    for part in (wrong, "closer", None):
        assert does(table, case, own, part, **more), part
    assert not does(table, case, own, right, **more), "the control: in one's own part"


def a_case_for(table, people, now):
    """Return a case in which a row of `table` may be written, and what the row must point at."""
    case = make_case(now)
    if table not in ("judgements", "reconsiderations"):
        return case, {}
    case = do(actions.appeal, case, people.head, Ground.OTHER, "误评", (), now=now)
    if table == "judgements":
        appeal = db.session.scalars(select(Appeal)).one()
        ids = {"appeal": key(appeal.id), "appellant": key(appeal.by_id)}
    else:
        case = do(actions.judge, case, people.judge, Verdict.UPHOLD, "可证", now=now)
        case = say(actions.object_to, case, "不同意", now=now)
        objection = db.session.scalars(select(Objection)).one()
        ids = {"objection": key(objection.id), "judge": key(objection.judge_id)}
    db.session.rollback()
    return case, ids


def test_failed_visits_cannot_be_counted_twice_a_day_or_out_of_order(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)

    def attempt(number, day, before, department="GOV"):
        return refused(
            "INSERT INTO return_visits (id, case_id, round, at, day, by_id, visitor_department,"
            " case_department, means, outcome, attempt, attempt_before, words, part)"
            " VALUES (:id, :case, 1, '2026-11-24 00:00:00+00:00', :day, :by, :department, 'RS',"
            " 'phone', 'failed', :attempt, :before, 'x', 'visitor')",
            id=key(uuid.uuid4()), case=key(case.id), day=day, by=key(people.operator.id),
            department=department, attempt=number, before=before,
        )  # fmt: skip

    take_part(case, people.operator, "visitor")
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


def test_the_foreign_keys_are_really_on(tmp_path):
    """In an app of its own, since that of the tests does not wait for the disk."""
    with create_app(make_settings(tmp_path)).app_context():
        with db.engine.connect() as connection:
            names = ("foreign_keys", "synchronous", "journal_mode", "busy_timeout")
            pragma = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}
        db.engine.dispose()
    assert pragma == {
        "foreign_keys": 1,
        "synchronous": 2,
        "journal_mode": "wal",
        "busy_timeout": 10000,
    }
