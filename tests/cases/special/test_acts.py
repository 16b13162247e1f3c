from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import func, select

from feedback.cases.special import actions, queries
from feedback.cases.special.models import (
    SpecialClosure,
    SpecialDecision,
    SpecialMeasure,
    SpecialReport,
    SpecialReturn,
)
from feedback.cases.special.states import MOVES, Act, State
from feedback.db import db, transaction
from feedback.errors import Invalid, NotYours, OutOfTurn
from feedback.ledger.models import Entry
from feedback.offices.models import Account
from feedback.offices.roles import DEPARTMENT_ROLES, Role

from ...factories import make_account, make_district, make_people
from ...together import at_once, raised
from .doing import DAY, MONDAY, do, proposed, reload, told, walk_to

TWENTY_WORKDAYS = datetime(2026, 12, 21, 9, 30, tzinfo=UTC)  # Monday 17:30
FIVE_WORKDAYS = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)  # Monday 17:30

DOING = {
    Act.CONFIRM: (actions.confirm, "RS", "改指南", 20), Act.DECLINE: (actions.decline, "已有改进"),
    Act.MEASURE: (actions.measure, "重写材料清单"), Act.REPORT: (actions.report, "已重写"),
    Act.SEND_BACK: (actions.send_back, "还缺样本"), Act.CLOSE: (actions.close, "已核对"),
}  # fmt: skip
OWNERS = (Act.MEASURE, Act.REPORT)
WRITTEN = (SpecialDecision, SpecialMeasure, SpecialReport, SpecialReturn, SpecialClosure, Entry)


@pytest.fixture
def people(context):
    make_district()
    return make_people()


@pytest.fixture
def special(people):
    return proposed()


def rows():
    """Count what was written and promised."""
    db.session.rollback()
    counts = [db.session.scalar(select(func.count()).select_from(kind)) for kind in WRITTEN]
    return counts, told()


def refused(refusal, act, special, by, **options):
    """Try an act, and see that it is refused and leaves nothing behind."""
    before, version = rows(), reload(special).version
    action, *said = DOING[act]
    with pytest.raises(refusal) as why:
        do(action, special, by, *said, **options)
    assert (rows(), reload(special).version) == (before, version)
    return why.value


def test_confirmed_it_has_an_owner_a_deadline_and_what_is_wanted(special, people):
    special = walk_to(special, State.WORKING, people)
    assert (special.owner_code, special.due_at) == ("RS", TWENTY_WORKDAYS)
    assert special.next_due_at == TWENTY_WORKDAYS
    decision = db.session.scalars(select(SpecialDecision)).one()
    assert (decision.owner_code, decision.days, decision.words) == ("RS", 20, "改指南")
    assert ("special_confirmed", "RS") in told()


def test_the_supervisors_may_name_another_owner_than_the_routing_table(special, people):
    special = do(actions.confirm, special, people.supervisor, "SW", "改指南", 5)
    assert (special.suggested_code, special.owner_code) == ("RS", "SW")
    assert special.due_at == FIVE_WORKDAYS
    do(actions.measure, special, people.colleague_elsewhere, "重写")


@pytest.mark.parametrize(
    ("owner", "wanted", "days", "fields"),
    [
        ("nobody", "改", 20, ["owner"]), ("", "改", 20, ["owner"]), ("RS", " ", 20, ["words"]),
        ("RS", "改", 0, ["days"]), ("RS", "改", 121, ["days"]), ("", "", -1, ["owner", "words", "days"]),
    ],
)  # fmt: skip
def test_a_wrong_confirmation_names_every_wrong_field(special, people, owner, wanted, days, fields):
    before = rows()
    with pytest.raises(Invalid) as invalid:
        do(actions.confirm, special, people.supervisor, owner, wanted, days)
    assert [fault.field for fault in invalid.value.errors] == fields
    assert rows() == before


def test_declined_it_has_ended_and_nobody_is_told(special, people):
    before = told()
    special = walk_to(special, State.DECLINED, people)
    assert (special.owner_code, special.next_due_at, special.ended_at) == (None, None, MONDAY)
    assert told() == before


def test_the_report_needs_measures(special, people):
    special = do(actions.confirm, special, people.supervisor, "RS", "改", 20)
    refused(OutOfTurn, Act.REPORT, special, people.handler)
    do(actions.measure, special, people.head, "重写")
    special = do(actions.report, special, people.handler, "已重写")
    assert special.state is State.REPORTED
    assert [office for occasion, office in told() if occasion == "special_reported"] == [
        "GOV",
        "XZSP",
    ]


def test_the_supervisors_have_five_working_days_for_a_proposal_and_for_a_report(special, people):
    assert special.next_due_at == FIVE_WORKDAYS
    special = walk_to(special, State.REPORTED, people, now=MONDAY)
    assert special.next_due_at == FIVE_WORKDAYS
    assert special.due_at == TWENTY_WORKDAYS, "the owner's own deadline stays on record"


def test_a_report_is_sent_back_once_with_as_many_days_again(special, people):
    special = walk_to(special, State.REPORTED, people)
    special = do(actions.send_back, special, people.judge, "还缺样本", now=MONDAY + 7 * DAY)
    assert (special.state, special.round, special.report_id) == (State.WORKING, 2, None)
    assert special.due_at == TWENTY_WORKDAYS + 7 * DAY
    assert ("special_sent_back", "RS") in told()
    special = do(actions.report, special, people.handler, "已补样本")
    refused(OutOfTurn, Act.SEND_BACK, special, people.judge)
    assert do(actions.close, special, people.judge, "已核对").state is State.CLOSED


def test_closed_by_another_office_with_words_and_the_owner_is_told(special, people):
    special = walk_to(special, State.CLOSED, people)
    closure = db.session.get_one(SpecialClosure, special.closure_id)
    assert (closure.by_department, closure.owner_code) == ("GOV", "RS")
    assert (special.next_due_at, special.ended_at) == (None, MONDAY)
    assert ("special_closed", "RS") in told()


@pytest.mark.parametrize("act", [Act.DECLINE, Act.MEASURE, Act.REPORT, Act.SEND_BACK, Act.CLOSE])
def test_nothing_is_done_without_words(special, people, act):
    special = walk_to(special, MOVES[act].come_from, people)
    by = people.handler if act in OWNERS else people.supervisor
    if act is Act.REPORT:
        special = do(actions.measure, special, by, "重写")
    with pytest.raises(Invalid):
        do(DOING[act][0], special, by, " \n ")


@pytest.mark.parametrize("state", State)
def test_an_act_out_of_turn_is_refused_and_changes_nothing(people, special, state):
    special = walk_to(special, state, people)
    for act in Act:
        if MOVES[act].come_from is not state:
            refused(OutOfTurn, act, special, people.handler if act in OWNERS else people.supervisor)


@pytest.mark.parametrize("act", Act)
def test_every_act_is_refused_to_whoever_may_not_do_it(people, special, act):
    special = walk_to(special, MOVES[act].come_from, people)
    if act is Act.REPORT:
        special = do(actions.measure, special, people.head, "重写")
    right = []
    for role in set(Role) - {Role.LEADER}:
        for department in ("RS", "SW", "GOV"):
            by, own = make_account(role, department=department), department == "RS"
            if (
                role in DEPARTMENT_ROLES and own
                if act in OWNERS
                else role is Role.SUPERVISOR and not own
            ):
                right.append(by)
            else:
                refused(NotYours, act, special, by)
    assert len(right) == 2
    action, *said = DOING[act]
    moved = do(action, special, right[0], *said)
    assert moved.state is MOVES[act].to, "control: the right person may"


def test_a_stale_page_is_refused(special, people):
    refused(OutOfTurn, Act.CONFIRM, special, people.supervisor, seen=special.version + 1)
    special = walk_to(special, State.WORKING, people)
    old = special.version
    do(actions.measure, special, people.head, "重写")
    refused(OutOfTurn, Act.MEASURE, special, people.handler, seen=old)


def test_whoever_worked_for_the_owner_does_not_close_from_a_new_office(special, people):
    special = walk_to(special, State.REPORTED, people)
    with transaction() as session:
        moved = session.get_one(Account, people.handler.id)
        moved.department_code = "GOV"
        session.delete(moved.roles[0])
        session.flush()
        session.expire(moved)
        moved.roles.append(type(people.judge.roles[0])(name=Role.SUPERVISOR))
    moved = db.session.get_one(Account, people.handler.id, populate_existing=True)
    for act in (Act.CLOSE, Act.SEND_BACK):
        refused(NotYours, act, special, moved)


@pytest.mark.parametrize("act", Act)
def test_of_two_at_once_one_succeeds_and_nothing_is_told_twice(context, people, special, act):
    special = walk_to(special, MOVES[act].come_from, people)
    pair = (people.handler, people.head) if act in OWNERS else (people.supervisor, people.judge)
    if act is Act.REPORT:
        special = do(actions.measure, special, people.head, "重写")
    action, *said = DOING[act]
    version, ids = special.version, [one.id for one in pair]
    before = told()
    special = reload(special)
    db.session.expunge(special)  # loaded: the threads share it, and not the session it came from

    def attempt(by_id):
        by = db.session.get_one(Account, by_id)
        do(action, special, by, *said, seen=version)

    refused = raised(at_once(context, *(partial(attempt, by_id) for by_id in ids)))
    assert [type(problem) for problem in refused] == [OutOfTurn]
    assert reload(special).version == version + 1
    new = [one for one in told() if one not in before]
    assert len(new) == len(set(new))


def test_every_act_leaves_one_line_with_where_it_led(special, people):
    special = walk_to(special, State.CLOSED, people)
    lines = db.session.scalars(
        select(Entry).where(Entry.subject == "special").order_by(Entry.id)
    ).all()
    assert [line.act for line in lines] == ["propose", "confirm", "measure", "report", "close"]
    assert {line.subject_id for line in lines} == {str(special.id)}
    assert [line.facts.get("to") for line in lines[1:]] == [
        "working", "working", "reported", "closed",
    ]  # fmt: skip
    assert lines[1].facts["due_at"] == TWENTY_WORKDAYS.isoformat()


@pytest.mark.parametrize("state", State)
def test_what_is_offered_is_accepted_and_what_is_not_is_refused(people, special, state):
    special = walk_to(special, state, people)
    everybody = (people.handler, people.head, people.colleague_elsewhere, people.supervisor,
                 people.judge, people.operator)  # fmt: skip
    for by in everybody:
        offers = queries.offered(queries.file_of(reload(special), by), by)
        for act in set(Act) - set(offers):
            refused((NotYours, OutOfTurn), act, special, by)
    for by in everybody:
        offers = queries.offered(queries.file_of(reload(special), by), by)
        if offers:
            action, *said = DOING[offers[0]]
            do(action, special, by, *said)
            return
    assert state in (State.DECLINED, State.CLOSED)
