"""A district that was at work before the whole way came keeps all it had, up and down again."""

from datetime import timedelta

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from feedback import create_app
from feedback.cases import actions
from feedback.cases.models import Case
from feedback.cases.special import actions as special
from feedback.cases.special.models import Special
from feedback.cases.states import Finding, Ground, Purpose, State, Verdict
from feedback.cases.urging import climb
from feedback.catalog.grades import TagClass
from feedback.db import db, transaction
from feedback.ledger.actions import Line, write
from feedback.offices.sign_in import actor

from .cases.doing import do, reload, say
from .cases.machine import checks
from .conftest import MONDAY_MORNING, ROOT, make_settings
from .factories import (
    NOBODY_HOME,
    let_go,
    make_case,
    make_district,
    make_event,
    make_people,
    rate,
    walk_to,
)

MIGRATIONS = str(ROOT / "migrations")
ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}
OLD_STATES = (
    State.TRIAGE, State.ROUTED, State.VERIFYING, State.RECTIFYING, State.VISITING, State.CLOSING,
    State.CLOSED,
)  # fmt: skip
CARRIED = (
    "cases", "contacts", "verifications", "rectifications", "evidence", "replies", "return_visits",
    "closures", "reviews", "ledger_entries", "account_roles",
)  # fmt: skip


@pytest.fixture
def district(database_address, tmp_path, request):
    """A database of its own, so that what goes wrong half way hurts no other test."""
    if database_address:
        server = request.getfixturevalue("postgres_server")
        server.psql("DROP DATABASE IF EXISTS carried;")
        server.psql("CREATE DATABASE carried;")
        database_address = server.get_uri(database="carried")
    app = create_app(make_settings(tmp_path, database_url=database_address))
    with app.app_context():
        upgrade(directory=MIGRATIONS)
        make_district()
        people = make_people()
        let_go(*(person for person in vars(people).values() if person))
        yield people
        db.session.remove()
        db.engine.dispose()


def make_one_in_each_old_state(people):
    """Make a named and an anonymous case in each state the old house knew, and return the numbers."""
    made = {}
    for state in OLD_STATES:
        for said in ({}, ANONYMOUS):
            if (state, said) == (State.VISITING, ANONYMOUS):
                continue
            with transaction() as session:
                session.execute(text("UPDATE departments SET active = :on WHERE code = 'RS'"),
                                {"on": state is not State.TRIAGE})  # fmt: skip
            case = make_case(**said)
            case = case if state is State.TRIAGE else walk_to(case, state, people)
            assert case.state is state
            made[case.number] = state
    made[explained(people).number] = State.CLOSED
    made[never_reached(people).number] = State.CLOSED
    return made


def explained(people):
    case, now = walk_to(make_case(**ANONYMOUS), State.VERIFYING, people), MONDAY_MORNING
    case = do(actions.verify, case, people.handler, Finding.NO_LEGAL_BASIS, "依法收费", now=now)
    case = do(actions.rectify, case, people.handler, "水价办法第三条", "第三条", (), now=now)
    case = do(actions.reply, case, people.handler, "依法收费", "", "", now=now)
    return walk_to(case, State.CLOSED, people)


def never_reached(people):
    case = walk_to(make_case(), State.VISITING, people)
    for day in range(3):
        at = MONDAY_MORNING + timedelta(days=day)
        case = do(actions.visit, case, people.operator, NOBODY_HOME, now=at)
    return walk_to(case, State.CLOSED, people)


SENT_BACK = (
    "INSERT INTO return_visits (id, case_id, round, at, day, by_id, visitor_department,"
    " case_department, means, outcome, attempt, satisfied, words) SELECT p.id, c.id, 1, p.at,"
    " '2026-11-23', a.id, 'GOV', c.department_code, 'phone', 'answered', 1, false, '没有改'"
    " FROM cases c JOIN replies p ON p.case_id = c.id JOIN accounts a ON a.name = '话务员'"
    " WHERE c.state = 'visiting'",
    "UPDATE cases SET state = 'rectifying', round = 2, answered_at = NULL, visit_due_at = NULL,"
    " next_due_at = due_at WHERE state = 'visiting' AND number = (SELECT max(number) FROM cases"
    " WHERE state = 'visiting')",
)
"""A named case that the citizen sent back, as the old house wrote it down."""


def without_leaders():
    """Take the mark away that the old house did not know."""
    with transaction() as session:
        session.execute(text("DELETE FROM account_roles WHERE name = 'leader'"))


def down(revision="0002"):
    db.session.remove()
    downgrade(directory=MIGRATIONS, revision=revision)


def up():
    db.session.remove()
    upgrade(directory=MIGRATIONS)


REVIEW = (
    "id, event_id, case_id, receipt_digest, grade, comment, identity, name_sealed, phone_sealed,"
    " phone_digest, channel, locale, entered_by_id, received_at"
)
"""What a review has had in every house."""


def rows(table, columns="*"):
    with db.engine.connect() as connection:
        found = connection.execute(text(f"SELECT {columns} FROM {table}"))
        return sorted(tuple(map(str, row)) for row in found)


def as_old_rows(made):
    """Go down, and leave the rows as the old house would have had them."""
    without_leaders()
    down()
    with transaction() as session:
        for statement in SENT_BACK:
            session.execute(text(statement))
        session.execute(text("UPDATE cases SET told = 'overdue' WHERE state = 'routed'"))
        session.execute(text("UPDATE cases SET told = 'soon' WHERE state = 'verifying'"))
    assert len(rows("cases")) == len(made)


STANDING = (
    "number, state, department_code, identity, round, due_at, contact_due_at, next_due_at, warn_at,"
    " contacted_at, answered_at, closed_at, version"
)


def test_every_old_case_comes_up_where_it_stood_with_its_deadlines(district):
    made = make_one_in_each_old_state(district)
    as_old_rows(made)
    before = {table: len(rows(table)) for table in CARRIED}
    standing, reviews = rows("cases", STANDING), rows("reviews", REVIEW)
    up()
    assert {table: len(rows(table)) for table in CARRIED} == before
    assert rows("cases", STANDING) == standing
    assert rows("reviews", REVIEW) == reviews
    assert checks.broken() == []
    rungs = dict(rows("cases", "number, rung"))
    assert {rungs[n] for n, state in made.items() if state is State.ROUTED} == {"2"}
    assert {rungs[n] for n, state in made.items() if state is State.VERIFYING} == {"1"}


def test_the_way_down_gives_back_what_had_been_there(district):
    as_old_rows(make_one_in_each_old_state(district))
    before = {table: rows(table) for table in CARRIED}
    up()
    down()
    assert {table: rows(table) for table in CARRIED} == before


def test_an_old_case_goes_on_to_its_end_by_the_new_house(district):
    made = make_one_in_each_old_state(district)
    as_old_rows(made)
    up()
    for number, state in made.items():
        case = one(number)
        if state is State.TRIAGE:
            case = do(
                actions.assign,
                case,
                district.supervisor,
                "SW",
                "属水务",
                now=MONDAY_MORNING,
                tag_class=TagClass.PROCESS,
            )
            assert case.state is State.ROUTED
        elif state is not State.CLOSED:
            assert walk_to(case, State.CLOSED, district).state is State.CLOSED
    assert checks.broken() == []


def one(number):
    return reload(db.session.scalars(select(Case).where(Case.number == number)).one())


def test_old_rows_are_frozen_again_on_both_ways(district):
    as_old_rows(make_one_in_each_old_state(district))
    for go in (lambda: None, up):
        go()
        for forbidden in (
            "UPDATE verifications SET words = 'x'", "DELETE FROM closures", "DELETE FROM cases",
            "UPDATE cases SET opened_at = due_at", "UPDATE reviews SET grade = 5",
        ):  # fmt: skip
            with pytest.raises(DBAPIError), transaction() as session:
                session.execute(text(forbidden))


def test_what_the_old_house_has_no_place_for_stops_the_way_down_and_loses_nothing(district):
    without_leaders()
    case = walk_to(make_case(), State.VISITING, district)
    say(actions.second_review, case, 5, "改好了", now=MONDAY_MORNING)
    said = dict.fromkeys((*CARRIED, "second_reviews"), "*") | {"reviews": REVIEW}
    before = {table: rows(table, columns) for table, columns in said.items()}
    with pytest.raises(SystemExit):
        down()
    up()  # the newer houses had been left already
    assert {table: rows(table, columns) for table, columns in said.items()} == before


# -- before everybody who did something had a part --------------------------------------------------

WITHOUT_PARTS = "0007"

CALLED = (
    "INSERT INTO contacts (id, case_id, at, by_id, means, reached, words)"
    " SELECT a.id, c.id, c.opened_at, a.id, 'phone', true, '补录' FROM cases c, accounts a"
    " WHERE c.number = :number AND a.name = :who"
)
VISITED_TOO = (
    "INSERT INTO return_visits (id, case_id, round, at, day, by_id, visitor_department,"
    " case_department, means, outcome, attempt, satisfied, words)"
    " SELECT a.id, c.id, 1, c.opened_at, '2026-11-23', a.id, 'GOV', c.department_code, 'phone',"
    " 'answered', 1, true, '满意' FROM cases c, accounts a WHERE c.number = :number AND a.name = :who"
)
"""What nobody had to have a part for."""


def by_hand(statement, **values):
    with transaction() as session:
        assert session.execute(text(statement), values).rowcount == 1


def parts(number):
    with db.engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT a.name, p.part FROM case_parts p JOIN cases c ON c.id = p.case_id"
                " JOIN accounts a ON a.id = p.account_id WHERE c.number = :number"
            ),
            {"number": number},
        )
        return {row.name: row.part for row in found}


def test_parts_go_down_and_come_up_and_only_the_closers_have_to_be_made_again(district):
    made = make_one_in_each_old_state(district)
    voided = judged(make_case(), district)
    before = {table: rows(table) for table in (*CARRIED, "case_parts", "appeals", "judgements")}
    down(WITHOUT_PARTS)
    assert set(rows("case_parts", "DISTINCT part")) == {("handler",), ("visitor",), ("judge",)}
    up()
    assert {table: rows(table) for table in before} == before
    assert "judge" in parts(voided.number).values()
    for number, state in made.items():
        assert ("closer" in parts(number).values()) is (state is State.CLOSED)
    assert checks.broken() == []


def judged(case, people):
    case = do(actions.appeal, case, people.head, Ground.MISTAKEN, "误评", (), now=MONDAY_MORNING)
    return do(actions.judge, case, people.judge, Verdict.UPHOLD, "可证", now=MONDAY_MORNING)


def test_whoever_called_or_opened_the_number_without_a_part_gets_one_on_the_way_up(district):
    known = walk_to(make_case(), State.VERIFYING, district)
    visited = walk_to(make_case(), State.VISITING, district)
    opened(known, district.head, Purpose.CALL_BACK)
    opened(visited, district.operator, Purpose.VISIT)
    head, operator = district.head.name, district.operator.name
    known, visited = known.number, visited.number
    down(WITHOUT_PARTS)
    by_hand(CALLED, number=visited, who=head)
    up()
    assert parts(known)[head] == parts(visited)[head] == "handler"
    assert parts(visited)[operator] == "visitor"


def opened(case, who, purpose):
    """Write down that somebody opened the number, as it was when that gave nobody a part."""
    with transaction():
        facts = {"purpose": purpose.value}
        write(MONDAY_MORNING, actor(who), Line("case", case.id, "reveal", facts))


def test_somebody_with_two_parts_stops_the_way_up_and_nothing_is_lost(district, caplog):
    number = walk_to(make_case(), State.VISITING, district).number
    down(WITHOUT_PARTS)
    by_hand(VISITED_TOO, number=number, who=district.handler.name)
    before = {table: rows(table) for table in (*CARRIED, "case_parts")}
    with pytest.raises(SystemExit):
        up()
    assert number in caplog.text
    assert {table: rows(table) for table in before} == before


def test_a_second_review_that_nobody_answered_waits_on_the_desk_after_the_way_up(district):
    closed, answered = (walk_to(make_case(), State.CLOSED, district) for _ in range(2))
    said_at = MONDAY_MORNING + timedelta(days=1)
    say(actions.second_review, closed, 1, "又坏了", now=said_at)
    say(actions.second_review, answered, 4, "好了", now=said_at)
    waits = closed.id
    db.session.remove()
    downgrade(directory=MIGRATIONS, revision="0011")
    up()
    due = select(Case).where(Case.answer_due_at.is_not(None))
    waiting = db.session.scalars(due).one()
    assert (waiting.id, waiting.answer_due_at) == (waits, said_at)
    do(actions.answer, waiting, district.supervisor, "已派人再查", now=said_at)
    db.session.remove()
    with pytest.raises(SystemExit):
        downgrade(directory=MIGRATIONS, revision="0011")


def test_a_leaders_mark_stops_the_way_down_too(district):
    with pytest.raises(DBAPIError):
        down()
    assert ("leader",) in rows("account_roles", "DISTINCT name")


def reports_and_offices():
    return rows("pressure_offices", "report_id, department_code")


def test_a_report_of_pressure_from_before_is_kept_from_every_office_it_may_be_about(district):
    """Who answers, who answered before, and whose window it was: also on the way up from an old house."""
    event = make_event(window="XZSP-01")
    rate(event)
    case = db.session.scalars(select(Case).where(Case.event_id == event.id)).one()
    case = do(
        actions.reassign, case, district.supervisor, "SW", "职责已划转", "", now=MONDAY_MORNING
    )
    say(actions.report_pressure, case, "窗口让我改", now=MONDAY_MORNING)
    kept = reports_and_offices()
    assert {office for _, office in kept} == {"RS", "SW", "XZSP"}
    db.session.remove()
    downgrade(directory=MIGRATIONS, revision="0009")
    up()
    assert reports_and_offices() == kept
    for forbidden in (
        "DELETE FROM pressure_offices",
        "UPDATE pressure_offices SET report_id = NULL",
    ):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(text(forbidden))


def before_own_notices():
    db.session.remove()
    downgrade(directory=MIGRATIONS, revision="0010")


def test_a_root_cause_at_work_keeps_its_term_on_the_way_up(district):
    for _ in range(3):
        make_case(tags=("108",))
    special.propose(MONDAY_MORNING)
    with transaction():
        found = db.session.scalars(select(Special)).one()
        special.confirm(found, district.supervisor, "RS", "改指南", 60, MONDAY_MORNING, 1)
    before = rows("specials", "number, due_at, next_due_at, days, due_since")
    before_own_notices()
    up()
    assert rows("specials", "number, due_at, next_due_at, days, due_since") == before
    assert before[0][3] == "60"


def test_notices_come_through_both_ways_and_are_frozen_again(district):
    make_case(**ANONYMOUS)
    climb(MONDAY_MORNING + timedelta(days=9))
    before = rows("supervision_notices")
    assert len(before) == 1
    for go in (before_own_notices, up):
        go()
        assert rows("supervision_notices") == before
        for forbidden in (
            "UPDATE supervision_notices SET days_over = 0",
            "DELETE FROM supervision_notices",
        ):
            with pytest.raises(DBAPIError), transaction() as session:
                session.execute(text(forbidden))


def test_two_notices_about_one_deadline_stop_the_way_down(district):
    case, late = make_case(**ANONYMOUS), MONDAY_MORNING + timedelta(days=9)
    climb(late)
    do(actions.reassign, case, district.supervisor, "SW", "职责", "", now=late)
    before = rows("supervision_notices")
    assert len(before) == 2
    with pytest.raises(SystemExit):
        before_own_notices()
    assert rows("supervision_notices") == before
