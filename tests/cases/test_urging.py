from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from sqlalchemy import select, text

from feedback import clock
from feedback.cases import actions, urging
from feedback.cases.models import Case, RungClimbed, SupervisionNotice
from feedback.cases.states import State
from feedback.cases.urging import climb
from feedback.db import db, transaction
from feedback.errors import SomeFailed
from feedback.ledger.models import Entry
from feedback.notify.models import Message

from ..factories import UNHAPPY, make_case, make_district, make_people, walk_to
from ..together import at_once, raised
from .doing import do, refusing

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)  # Monday 17:30, the 5th working day
SECOND = timedelta(seconds=1)
ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}


URGING = (
    "case_due_soon", "head_due_soon", "case_overdue", "case_notice", "desk_due_soon",
    "desk_overdue", "desk_notice", "leaders_overdue",
)  # fmt: skip
DESK = [("desk_overdue", "GOV"), ("desk_overdue", "XZSP")]
NEXT_DAY, THIRD_DAY = DUE + timedelta(days=1, hours=1), DUE + timedelta(days=3, hours=1)


@pytest.fixture
def case(context):
    make_district()
    return make_case(MONDAY, **ANONYMOUS)


def notices():
    db.session.rollback()
    rows = select(Message.occasion, Message.to_department).where(Message.occasion.in_(URGING))
    return sorted(tuple(row) for row in db.session.execute(rows))


def told_lines():
    db.session.rollback()
    acts = select(Entry.act).where(Entry.act.startswith("rung_")).order_by(Entry.id)
    return list(db.session.scalars(acts))


def told(case):
    db.session.rollback()
    return db.session.get_one(Case, case.id, populate_existing=True).rung


def test_nobody_is_told_while_there_is_time(case):
    assert climb(MONDAY) == []
    assert notices() == []


def test_the_department_is_told_one_working_day_before(case):
    assert climb(FRIDAY) == [case.number]
    assert notices() == [("case_due_soon", "RS")]
    assert told(case) == 1


def test_the_department_is_told_when_it_is_overdue_and_not_a_moment_before(case):
    assert climb(DUE) == [case.number]
    assert climb(DUE + SECOND) == [case.number]
    assert notices() == [("case_due_soon", "RS"), ("case_overdue", "RS")]
    assert told_lines() == ["rung_1", "rung_2"]


WHOLE_LADDER = [
    ("case_due_soon", "RS"), ("case_notice", "RS"), ("case_notice", "RS"), ("case_overdue", "RS"),
    ("desk_notice", "GOV"), ("desk_notice", "GOV"), ("desk_notice", "XZSP"), ("desk_notice", "XZSP"),
    ("leaders_overdue", "GOV"), ("leaders_overdue", "XZSP"),
]  # fmt: skip


def test_each_rung_is_climbed_once_however_often_we_look(case):
    for hour in range(300):
        climb(FRIDAY + timedelta(hours=hour))
    assert notices() == WHOLE_LADDER
    assert told_lines() == ["rung_1", "rung_2", "rung_3", "rung_4"]


def test_after_long_silence_every_rung_is_on_record_and_only_the_highest_is_told(case):
    long_after = DUE + timedelta(days=70)
    assert climb(long_after) == [case.number]
    assert climb(long_after) == []
    assert [occasion for occasion, _ in notices()] == [
        "case_notice", "desk_notice", "desk_notice", "leaders_overdue", "leaders_overdue",
    ]  # fmt: skip
    rows = db.session.scalars(select(RungClimbed).order_by(RungClimbed.rung)).all()
    assert [row.rung for row in rows] == [1, 2, 3, 4]
    assert rows[1].crossed_at == DUE
    assert {row.recorded_at for row in rows} == {long_after}


def test_a_day_late_a_numbered_notice_goes_to_the_head_and_the_supervisors(case):
    climb(DUE + SECOND)
    assert db.session.scalars(select(SupervisionNotice)).all() == []
    climb(NEXT_DAY)
    notice = db.session.scalars(select(SupervisionNotice)).one()
    assert notice.number == "DB-2026-000001"
    assert (notice.department_code, notice.cause.value, notice.due_at) == ("RS", "overdue", DUE)
    climb(THIRD_DAY)
    assert len(db.session.scalars(select(SupervisionNotice)).all()) == 1


def test_three_days_late_it_is_the_leaders_concern(case):
    climb(NEXT_DAY)
    assert "leaders_overdue" not in dict(notices())
    climb(THIRD_DAY)
    assert "leaders_overdue" in dict(notices())
    assert told(case) == 4


def test_a_clock_set_back_an_hour_tells_nothing_again(case):
    climb(NEXT_DAY)
    before = notices()
    climb(NEXT_DAY - timedelta(hours=1))
    climb(NEXT_DAY + timedelta(hours=1))
    assert notices() == before


def test_a_column_behind_the_calendar_is_put_right_without_telling_anybody(case):
    with transaction() as session:
        session.get_one(Case, case.id).next_rung_at = MONDAY - timedelta(days=1)
    assert climb(MONDAY) == []
    assert notices() == []
    db.session.rollback()
    row = db.session.get_one(Case, case.id, populate_existing=True)
    assert row.next_rung_at == row.warn_at


def test_the_notice_names_its_deadline_and_leads_to_the_case(case):
    climb(FRIDAY)
    message = db.session.scalars(select(Message).where(Message.occasion == "case_due_soon")).one()
    assert message.facts["number"] == case.number
    assert message.facts["due_at"] == DUE.isoformat()
    assert message.facts["link"].endswith(f"/cases/{case.number}")


def test_a_case_sent_back_is_told_a_rung_higher(context):
    make_district()
    people = make_people()
    case = walk_to(make_case(MONDAY), State.VISITING, people)
    with transaction():
        fresh = db.session.get_one(Case, case.id)
        actions.visit(fresh, people.operator, UNHAPPY, MONDAY, fresh.version)
    notice = db.session.scalars(select(SupervisionNotice)).one()
    assert notice.cause.value == "dissatisfied"
    climb(FRIDAY)
    assert notices() == [("case_due_soon", "RS"), ("head_due_soon", "RS")]
    climb(DUE + SECOND)
    assert ("desk_notice", "GOV") in notices()
    climb(NEXT_DAY)
    assert ("leaders_overdue", "GOV") in notices()
    assert len(db.session.scalars(select(SupervisionNotice)).all()) == 2


def test_what_waits_for_assignment_is_told_to_every_supervising_office(context):
    make_district()
    with transaction() as session:
        session.execute(text("DELETE FROM routing_rules"))
    waiting = make_case(MONDAY, **ANONYMOUS)
    assert waiting.state is State.TRIAGE
    tuesday = clock.moment_of(clock.day_of(MONDAY) + timedelta(days=1), time(17, 30))
    assert waiting.next_due_at == tuesday
    climb(tuesday + SECOND)
    assert notices() == DESK
    climb(tuesday + timedelta(days=1, seconds=1))
    assert ("leaders_overdue", "GOV") not in notices()
    climb(tuesday + timedelta(days=3, seconds=1))
    assert ("leaders_overdue", "GOV") in notices()


@pytest.mark.parametrize("state", [State.VISITING, State.CLOSING])
def test_what_waits_for_the_supervisors_is_told_to_them_and_not_to_the_department(context, state):
    make_district()
    case = walk_to(make_case(MONDAY), state, make_people())
    assert case.state is state
    climb(case.next_due_at + SECOND)
    assert notices() == DESK


def test_a_deadline_of_the_desk_does_not_hide_the_departments_own_at_the_same_moment(context):
    make_district()
    people, case = make_people(), make_case(MONDAY)
    tuesday = case.contact_due_at
    case = do(actions.ask_transfer, case, people.head, "非本部门事项", "SW", now=MONDAY)
    assert case.next_due_at == tuesday
    climb(tuesday + SECOND)
    assert notices() == DESK
    wednesday = tuesday + timedelta(hours=16)
    case = do(actions.decide, case, people.supervisor, False, "属你部门", now=wednesday)
    assert (case.next_due_at, case.rung) == (tuesday, 0)
    climb(wednesday)
    assert ("case_overdue", "RS") in notices()
    climb(tuesday + timedelta(days=1, seconds=1))
    issued = db.session.scalars(select(SupervisionNotice)).one()
    assert (issued.department_code, issued.due_at) == ("RS", tuesday)


def test_a_closed_case_is_never_told_about(context):
    make_district()
    walk_to(make_case(MONDAY), State.CLOSED, make_people())
    assert climb(MONDAY + timedelta(days=365)) == []


def test_a_bad_case_does_not_hold_up_the_others_and_is_not_silent(case, context):
    bad, good = case, make_case(MONDAY, **ANONYMOUS)
    with refusing("ledger_entries", bad.id), pytest.raises(SomeFailed) as failed:
        climb(DUE + SECOND)
    assert failed.value.facts["which"] == [bad.number]
    assert notices() == [("case_overdue", "RS")]
    assert (told(bad), told(good)) == (0, 2)


def test_several_who_look_at_once_promise_each_notice_once(case, context):
    for _ in range(9):
        make_case(MONDAY, **ANONYMOUS)
    assert raised(at_once(context, *[partial(climb, DUE + SECOND)] * 4)) == []
    assert notices() == [("case_overdue", "RS")] * 10
    assert sorted(told_lines()) == ["rung_1"] * 10 + ["rung_2"] * 10


def test_a_case_that_moved_on_meanwhile_is_not_told_about_its_old_deadline(case):
    (seen,) = urging._due(DUE + SECOND)
    with transaction() as session:
        moved = session.get_one(Case, case.id)
        moved.next_due_at = moved.next_rung_at = DUE + timedelta(days=9)
    with transaction():
        assert urging._climb(seen, DUE + SECOND) is False
    assert notices() == []
    with transaction() as session:
        session.get_one(Case, case.id).next_due_at = DUE
    with transaction():
        assert urging._climb(seen, DUE + SECOND), "control: what was seen alone would have told it"


def test_the_database_keeps_a_rung_from_being_climbed_twice(case):
    climb(DUE + SECOND)
    with transaction() as session:
        session.get_one(Case, case.id).rung = 0
    climb(DUE + 2 * SECOND)
    assert len(db.session.scalars(select(RungClimbed)).all()) == 2
    assert notices() == [("case_overdue", "RS")]
