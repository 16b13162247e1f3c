"""Controls: each check of the random walks speaks when what it watches over is broken on purpose."""

import pytest
from sqlalchemy.exc import IntegrityError

from feedback.cases import actions, deadlines, queries, urging
from feedback.cases.actions import appealing, asking, assigning, closing, handling, moving, visiting
from feedback.cases.models import Case
from feedback.cases.states import Ground, Means, Purpose, State, Verdict
from feedback.db import db, transaction
from feedback.offices.models import Account, AccountRole
from feedback.offices.roles import Role

from ..factories import UNHAPPY, VISITED, make_case, make_district, make_people, walk_to
from .doing import do, reload, say
from .machine import checks
from .machine.walks import run_walks

FIRST, LAST = "0" * 32, "f" * 32
NO_VISIT = "DELETE FROM return_visits"

FURTHER = (
    "UPDATE decisions SET kind = 'extend', granted = 1, by_leader = 0;"
    f"UPDATE copy SET id = '{LAST}', kind = 'extend', granted = 1, by_leader = 0, number = 2"
)

WRONG_ROWS: dict[str, tuple[State, str]] = {
    "a negative review without its own case": (
        State.ROUTED, "UPDATE reviews SET case_id = NULL"),
    "a case without a negative review": (State.ROUTED, "UPDATE reviews SET grade = 5"),
    "two cases of one service": (
        State.ROUTED, f"UPDATE copy SET id = '{LAST}', number = 'HC-2026-999999'"),
    "a case that is nobody's and not in triage": (
        State.ROUTED, "UPDATE cases SET department_code = NULL"),
    "a case that ended without closure and without judgement": (
        State.ROUTED, "UPDATE cases SET state = 'closed', next_due_at = NULL"),
    "a closure without all its proofs": (State.CLOSED, "DELETE FROM rectifications"),
    "a closure on a finding that was not the last": (
        State.CLOSED, f"UPDATE copy SET id = '{LAST}'"),
    "a closure whose remedy is older than its finding": (
        State.CLOSED, f"UPDATE closures SET rectification_id = '{FIRST}'"),
    "a remedy where the law had to be explained, or the reverse": (
        State.CLOSED, "UPDATE verifications SET finding = 'no_legal_basis'"),
    "a named case closed without a visit that counts": (State.CLOSED, NO_VISIT),
    "a dissatisfied citizen left without a written conclusion": (
        State.CLOSED, "UPDATE return_visits SET satisfied = 0"),
    "a case closed by somebody who handled it": (
        State.CLOSED, "UPDATE ledger_entries SET actor_id = (SELECT e.actor_id FROM ledger_entries e"
        " WHERE e.act = 'verify') WHERE act = 'close'"),
    "a case closed by its own department": (
        State.CLOSED, "UPDATE closures SET closer_department = 'RS'"),
    "one person with two parts": (
        State.CLOSED, "UPDATE ledger_entries SET actor_id = (SELECT e.actor_id FROM ledger_entries e"
        " WHERE e.act = 'verify') WHERE act = 'visit'"),
    "an act by somebody who has another part in the case, or none": (
        State.CLOSING, "UPDATE ledger_entries SET act = 'reveal', facts = '{}' WHERE act = 'visit'"),
    "what was done by somebody who has another part in the case, or none": (
        State.CLOSING, "UPDATE case_parts SET part = 'visitor' WHERE part = 'handler'"),
    "a request decided by one who had a hand in the case": (
        State.CLOSING, "UPDATE ledger_entries SET act = 'decide' WHERE act = 'verify'"),
    "an appeal judged by one who had touched the case": (
        State.CLOSING, "UPDATE ledger_entries SET act = 'judge' WHERE act = 'verify'"),
    "an objection judged by the judge of the appeal": (
        State.OBJECTED, "INSERT INTO reconsiderations (case_id, by_id, by_department, case_department)"
        " SELECT case_id, by_id, 'XZSP', 'RS' FROM judgements"),
    "a visit by the department complained of": (
        State.CLOSING, "UPDATE return_visits SET visitor_department = 'RS'"),
    "a judgement by the department complained of": (
        State.VOIDED, "UPDATE judgements SET by_department = case_department"),
    "a request decided by the department that asked": (
        State.TRANSFERRING, "UPDATE decisions SET by_department = asked_by_department"),
    "a further extension granted by somebody who is no leader": (
        State.TRANSFERRING, FURTHER),
    "a second transfer asked for by departments": (
        State.TRANSFERRING, f"UPDATE copy SET id = '{LAST}', number = 2"),
    "a void case without a judgement in words": (
        State.VOIDED, "UPDATE judgements SET words = ''"),
    "an open case without deadline": (State.ROUTED, "UPDATE cases SET next_rung_at = NULL"),
    "an ended case with a deadline": (State.CLOSED, "UPDATE cases SET next_due_at = closed_at"),
    "a message promised twice": (State.ROUTED, f"UPDATE copy SET id = '{LAST}'"),
    "two supervision notices for one deadline": (
        State.RECTIFYING, f"UPDATE copy SET id = '{LAST}', number = 'DB-2026-000002'"),
    "a supervision notice without number, or with a gap before it": (
        State.RECTIFYING, "UPDATE notice_counters SET last = 2"),
    "more than one second review": (State.OBJECTED, f"UPDATE copy SET id = '{LAST}'"),
    "a citizen dissatisfied after the end whom nobody owes an answer": (
        State.CLOSED, "UPDATE cases SET answer_due_at = NULL"),
    "pressure on a citizen that shows in the case": (
        State.ROUTED, "UPDATE ledger_entries SET subject = 'case' WHERE subject = 'pressure'"),
    "pressure on a citizen that the office which answers may read of": (
        State.ROUTED, "DELETE FROM pressure_offices"),
    "pressure on a citizen that the office of the window may read of": (
        State.ROUTED, "UPDATE service_events SET window_code = 'XZSP-01'"),
    "pressure on a citizen told to the department complained of": (
        State.ROUTED, "UPDATE messages SET to_department = 'RS' WHERE dedupe_key LIKE 'pressed:%'"),
}  # fmt: skip
"""For each check: a case in some state, and a wrong row that no constraint is left to refuse.

`copy` stands for a second row of the table the check is about.
"""

COPIED = {
    "two cases of one service": "cases", "a closure on a finding that was not the last": "verifications",
    "a further extension granted by somebody who is no leader": "decisions",
    "a second transfer asked for by departments": "requests", "a message promised twice": "messages",
    "two supervision notices for one deadline": "supervision_notices",
    "more than one second review": "second_reviews",
}  # fmt: skip


@pytest.fixture
def people(context):
    make_district()
    return make_people()


@pytest.fixture
def unguarded(people):
    """Make every table anew without a single constraint, key or guard: on SQLite that is short."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("constraints are taken away on SQLite; the checks are the same text on both")

    def strip():
        db.session.remove()
        with db.engine.connect() as connection:
            driver = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys=OFF")
            for table in db.metadata.sorted_tables:
                driver.execute(f"CREATE TABLE bare AS SELECT * FROM {table.name}")
                driver.execute(f"DROP TABLE {table.name}")
                driver.execute(f"ALTER TABLE bare RENAME TO {table.name}")

    return strip


def stand(state, people, now):
    """Bring a case to a state, with a report of pressure in every one."""
    case = make_case(now)
    say(actions.report_pressure, case, "有人让我改", now=now)
    if state in (State.VOIDED, State.OBJECTED):
        case = do(actions.appeal, case, people.head, Ground.MISTAKEN, "误点", (), now=now)
        case = do(actions.judge, case, people.judge, Verdict.UPHOLD, "可证", now=now)
        return say(actions.object_to, case, "不同意", now=now) if state is State.OBJECTED else case
    if state is State.TRANSFERRING:
        case = do(actions.ask_transfer, case, people.head, "非本部门", "SW", now=now)
        return do(actions.decide, case, people.supervisor, False, "属你部门", now=now)
    if state is State.RECTIFYING:
        case = walk_to(case, State.VISITING, people, now)
        return do(actions.visit, case, people.operator, UNHAPPY, now=now)
    return walk_to(case, state, people, now)


def corrupt(what, statement):
    table = COPIED.get(what)
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        if table:
            driver.execute(f"CREATE TABLE copy AS SELECT * FROM {table} LIMIT 1")
        driver.executescript(statement)
        if table:
            driver.execute(f"INSERT INTO {table} SELECT * FROM copy")


def test_every_check_has_its_control():
    assert set(WRONG_ROWS) == set(checks.MUST_FIND_NOTHING)


@pytest.mark.parametrize("what", WRONG_ROWS)
def test_a_wrong_row_is_found(unguarded, people, now, what):
    state, statement = WRONG_ROWS[what]
    case = stand(state, people, now)
    if what == "more than one second review":
        case = walk_to(make_case(now), State.VISITING, people, now)
        say(actions.second_review, case, 5, "", now=now)
    if what == "a citizen dissatisfied after the end whom nobody owes an answer":
        say(actions.second_review, case, 1, "又坏了", now=now)
    unguarded()
    assert checks.broken() == []
    corrupt(what, statement)
    assert what in checks.broken()


# -- a mechanism is taken away, and what it kept out comes in ----------------------------------------


def let_everybody(*_arguments, **_options):
    """Stand in for a refusal that does not refuse."""


def becomes(person, department, *roles):
    """Give a person another office and other roles."""
    with transaction():
        account = db.session.get_one(Account, person.id)
        account.department_code = department
        account.roles = [AccountRole(name=role) for role in roles]
    return db.session.get_one(Account, person.id)


def test_without_the_question_for_parts_the_database_still_keeps_a_handler_from_visiting(
    people, now, monkeypatch
):
    case = walk_to(make_case(now), State.VISITING, people, now)
    monkeypatch.setattr(visiting, "take_part", let_everybody)
    handler = becomes(people.handler, "GOV", Role.OPERATOR)
    with pytest.raises(IntegrityError):
        do(actions.visit, case, handler, VISITED, now=now)


def test_without_parts_for_it_somebody_opens_a_number_and_visits_later(people, now, monkeypatch):
    case = do(actions.accept, make_case(now), people.head, now=now)
    with monkeypatch.context() as looking, transaction():
        looking.setattr(handling, "take_part", let_everybody)
        actions.reveal(reload(case), people.handler, Purpose.CALL_BACK, now)
    case = walk_by(people.head, case, now)
    handler = becomes(people.handler, "GOV", Role.OPERATOR)
    do(actions.visit, case, handler, VISITED, now=now)
    broken = "an act by somebody who has another part in the case, or none"
    assert broken in checks.broken()


def walk_by(head, case, now):
    """Let the head do what is left until the reply."""
    case = do(actions.contact, case, head, Means.PHONE, True, "已联系", now=now)
    case = do(actions.verify, case, head, handling.Finding.TRUE, "属实", now=now)
    case = do(actions.rectify, case, head, "已改", "", (), now=now)
    return do(actions.reply, case, head, "已改", "", "", now=now)


def test_without_the_question_whether_they_touched_it_a_judge_has(people, now, monkeypatch):
    monkeypatch.setattr(appealing, "require_untouched", let_everybody)
    case = do(actions.ask_transfer, make_case(now), people.head, "非本部门", "SW", now=now)
    case = do(actions.decide, case, people.judge, False, "属你部门", now=now)
    case = do(actions.appeal, case, people.head, Ground.MISTAKEN, "误点", (), now=now)
    do(actions.judge, case, people.judge, Verdict.DISMISS, "不成立", now=now)
    assert "an appeal judged by one who had touched the case" in checks.broken()


def test_without_the_question_who_handled_it_the_database_keeps_whoever_accepted_from_closing(
    people, now, monkeypatch
):
    monkeypatch.setattr(closing, "require_not_handler", let_everybody)
    case = do(actions.accept, make_case(now), people.head, now=now)
    case = walk_to(case, State.CLOSING, people, now)
    head = becomes(people.head, "GOV", Role.SUPERVISOR)
    with pytest.raises(IntegrityError):
        do(actions.close, case, head, "", now=now)


def test_without_the_question_what_was_put_right_an_old_remedy_counts(people, now, monkeypatch):
    monkeypatch.setattr(handling, "_is_put_right", lambda case: True)
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.rectify, case, people.handler, "已改", "", (), now=now)
    case = do(actions.reassign, case, people.supervisor, "SW", "属水务", "", now=now)
    chen = people.colleague_elsewhere
    case = do(actions.accept, case, chen, now=now)
    case = do(actions.verify, case, chen, handling.Finding.TRUE, "属实", now=now)
    case = do(actions.reply, case, chen, "已改", "", "", now=now)
    walk_to(case, State.CLOSED, people, now)
    assert "a closure whose remedy is older than its finding" in checks.broken()


# -- the walks themselves ----------------------------------------------------------------------------

ACTS = (handling, asking, appealing, assigning, closing, visiting)


def a_day_late(terms, day, term):
    return terms.calendar.add(day, term.amount + 1)


def recorded_nowhere(case, crossed, now):
    return [one.rung for one in crossed]


BROKEN_ON_PURPOSE = {
    "anybody may do anything from any page": [(act, "allow", let_everybody) for act in ACTS],
    "deadlines are a working day late": [(deadlines.Terms, "day_after", a_day_late)],
    "acts leave no line in the ledger": [(moving, "note", let_everybody)],
    "rungs are told and not recorded": [(urging, "_record", recorded_nowhere)],
    "the scheduler sees nothing": [(urging, "_due", lambda now: [])],
    "a department sees every case": [(queries, "visible", lambda account: Case.id.is_not(None))],
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN_ON_PURPOSE)
def test_the_walks_notice_when(migrated_app, monkeypatch, what):
    for place, name, instead in BROKEN_ON_PURPOSE[what]:
        monkeypatch.setattr(place, name, instead)
    with pytest.raises((AssertionError, ValueError)):
        run_walks(migrated_app, max_examples=15, stateful_step_count=30)
