"""Acts on cases, on both databases: one file for the walk and each refusal on the way."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from feedback import clock
from feedback.cases import actions, queries
from feedback.cases.models import Case, Closure, Contact, ReturnVisit
from feedback.cases.states import Act, Finding, Means, Outcome, Part, Purpose, State
from feedback.catalog.grades import TagClass
from feedback.db import db, transaction
from feedback.errors import Invalid, NotYours, OutOfTurn, Unknown
from feedback.ledger.queries import timeline
from feedback.notify.models import Message
from feedback.offices.models import Account, AccountRole, Department
from feedback.offices.roles import Role

from ..factories import (
    NOBODY_HOME,
    UNHAPPY,
    VISITED,
    make_account,
    make_case,
    make_district,
    make_event,
    make_people,
    rate,
    walk_to,
)


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def reload(case):
    return db.session.get_one(Case, case.id, populate_existing=True)


def do(action, case, *args, now, seen=None, **options):
    with transaction():
        fresh = reload(case)
        action(fresh, *args, now, fresh.version if seen is None else seen, **options)
    return reload(case)


def test_a_negative_review_opens_a_case_with_its_deadlines(people, now):
    case = make_case(now)
    assert case.number == f"HC-{clock.day_of(now).year}-000001"
    assert case.state is State.ROUTED
    assert case.department_code == "RS"
    assert clock.local(case.contact_due_at).isoformat() == "2026-11-24T17:30:00+08:00"
    assert clock.local(case.due_at).isoformat() == "2026-11-30T17:30:00+08:00"
    assert case.next_due_at == case.contact_due_at


def test_an_anonymous_one_needs_no_contact_and_no_visit(people, now):
    case = make_case(now, identity="anonymous", name="", phone="")
    assert case.contact_due_at is None
    case = walk_to(case, State.CLOSING, people, now)
    assert case.state is State.CLOSING
    case = do(actions.close, case, people.supervisor, "", now=now)
    assert case.state is State.CLOSED


def test_numbers_count_without_gap(people, now):
    numbers = [make_case(now).number for _ in range(3)]
    assert numbers == ["HC-2026-000001", "HC-2026-000002", "HC-2026-000003"]


@pytest.mark.parametrize(
    ("tag", "department", "rule"),
    [("108", "RS", 10), ("115", "RS", 20), ("113", "RS", 90)],
)
def test_the_routing_and_its_reason_are_kept(people, now, tag, department, rule):
    case = make_case(now, tags=(tag,))
    assert (case.department_code, case.routing["rule"]) == (department, rule)


def test_a_complaint_about_staff_goes_to_the_windows_department(people, now):
    event = make_event(now, item_code="SW-001", window="RS-12")
    rate(event, now, tags=("115",))
    assert db.session.scalars(select(Case)).one().department_code == "RS"


def test_without_a_department_it_lands_in_triage_and_the_supervisors_are_told(people, now):
    with transaction():
        db.session.get_one(Department, "SW").active = False
    event = make_event(now, item_code="SW-001", window=None)
    rate(event, now, tags=("113",))
    case = db.session.scalars(select(Case)).one()
    assert (case.state, case.department_code) == (State.TRIAGE, None)
    told = db.session.scalars(
        select(Message.to_department).where(Message.occasion == "case_in_triage")
    )
    assert set(told) == {"GOV", "XZSP"}
    case = do(actions.assign, case, people.supervisor, "RS", "历史上由人社局承办", now=now,
              tag_class=TagClass.PROCESS)  # fmt: skip
    assert (case.state, case.department_code) == (State.ROUTED, "RS")
    assert case.routing["why"] == "历史上由人社局承办"


def test_a_case_is_not_assigned_to_a_department_that_does_not_exist(people, now):
    with transaction():
        db.session.get_one(Department, "SW").active = False
    rate(make_event(now, item_code="SW-001", window=None), now, tags=("113",))
    case = db.session.scalars(select(Case)).one()
    for nowhere in ("XX", "SW"):
        with pytest.raises(Invalid):
            do(actions.assign, case, people.supervisor, nowhere, "x", now=now,
               tag_class=TagClass.PROCESS)  # fmt: skip


def test_the_whole_way_to_closure_is_in_the_ledger(people, now):
    case = make_case(now)
    case = do(actions.accept, case, people.handler, now=now)
    case = do(actions.contact, case, people.handler, Means.PHONE, True, "已致歉", now=now)
    assert case.next_due_at == case.due_at
    case = walk_to(case, State.CLOSED, people, now)
    assert case.state is State.CLOSED
    assert case.next_due_at is None
    acts = [entry.act for entry in timeline("case", case.id)]
    assert acts == ["open", "accept", "contact", "verify", "rectify", "reply", "visit", "close"]


def test_a_reply_promises_the_named_citizen_a_message_and_no_one_else(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    message = db.session.scalars(select(Message).where(Message.occasion == "citizen_replied")).one()
    assert message.to_phone_sealed
    assert "13812345678" not in f"{message.facts}{message.to_phone_sealed}"
    other = make_case(now, identity="anonymous", phone="", name="")
    walk_to(other, State.CLOSING, people, now)
    count = select(func.count()).where(Message.occasion == "citizen_replied")
    assert db.session.scalar(count) == 1
    assert case.state is State.VISITING


def test_a_reply_needs_a_rectification_first(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    with pytest.raises(OutOfTurn):
        do(actions.reply, case, people.handler, "已改", "", "", now=now)


@pytest.mark.parametrize("state", [s for s in State if s not in (State.TRIAGE,)])
def test_an_act_out_of_turn_changes_nothing(people, now, state):
    case = walk_to(make_case(now), state, people, now)
    who = {"accept": people.handler, "verify": people.handler, "close": people.supervisor}
    for name, by in who.items():
        if Act(name) in queries.possible_acts(case, by):
            continue
        arguments = {"accept": (), "verify": (Finding.TRUE, "x"), "close": ("x",)}[name]
        with pytest.raises(OutOfTurn):
            do(getattr(actions, name), case, by, *arguments, now=now)
        assert reload(case).version == case.version


def test_a_colleague_from_another_office_is_refused(people, now):
    case = make_case(now)
    with pytest.raises(NotYours):
        do(actions.accept, case, people.colleague_elsewhere, now=now)
    with pytest.raises(Unknown):
        queries.by_number(case.number, people.colleague_elsewhere)


def test_a_clerk_sees_no_case_at_all(people, now):
    case = make_case(now)
    with pytest.raises(Unknown):
        queries.by_number(case.number, make_account(Role.CLERK))


def test_a_stale_page_is_refused(people, now):
    case = make_case(now)
    seen = case.version
    do(actions.accept, case, people.handler, now=now)
    with pytest.raises(OutOfTurn):
        do(actions.verify, case, people.handler, Finding.TRUE, "x", now=now, seen=seen)


def test_the_department_cannot_visit_its_own_case(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    own = make_account(Role.SUPERVISOR, department="RS")
    for visitor in (people.handler, people.head, own):
        with pytest.raises(NotYours):
            do(actions.visit, case, visitor, VISITED, now=now)


def test_three_failed_attempts_on_three_days_count_as_a_visit(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    for day in range(3):
        assert case.state is State.VISITING
        case = do(actions.visit, case, people.operator, NOBODY_HOME, now=now + timedelta(days=day))
    assert case.state is State.CLOSING
    assert do(actions.close, case, people.supervisor, "", now=now).state is State.CLOSED


def test_two_failed_attempts_on_one_day_are_one(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    case = do(actions.visit, case, people.operator, NOBODY_HOME, now=now)
    with pytest.raises(Invalid) as refused:
        do(actions.visit, case, people.operator, NOBODY_HOME, now=now + timedelta(hours=5))
    assert refused.value.errors[0].code == "attempt_today"
    case = do(actions.visit, case, people.operator, VISITED, now=now + timedelta(hours=5))
    assert case.state is State.CLOSING


def test_a_clock_set_back_over_midnight_does_not_make_two_attempts_of_one_day(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    tuesday = clock.end_of(clock.day_of(now)) + timedelta(minutes=10)
    case = do(actions.visit, case, people.operator, NOBODY_HOME, now=tuesday - timedelta(days=1))
    case = do(actions.visit, case, people.operator, NOBODY_HOME, now=tuesday)
    with pytest.raises(Invalid):
        do(actions.visit, case, people.operator, NOBODY_HOME, now=tuesday - timedelta(hours=1))


def test_a_dissatisfied_citizen_sends_it_back_once_and_then_to_a_written_conclusion(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    case = do(actions.visit, case, people.operator, UNHAPPY, now=now)
    assert (case.state, case.round, case.answered_at) == (State.RECTIFYING, 2, None)
    with pytest.raises(OutOfTurn):
        do(actions.reply, case, people.handler, "同样的话", "", "", now=now)
    case = walk_to(case, State.VISITING, people, now)
    case = do(actions.visit, case, people.operator, UNHAPPY, now=now)
    assert case.state is State.CLOSING
    with pytest.raises(Invalid):
        do(actions.close, case, people.supervisor, "", now=now)
    case = do(actions.close, case, people.supervisor, "已向其解释法规第X条", now=now)
    assert case.state is State.CLOSED


def test_a_case_sent_back_has_a_term_of_its_own_and_the_ledger_says_so(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    due_before = case.due_at
    later = now + timedelta(days=10)  # Thursday of the next week, past the first deadline
    case = do(actions.visit, case, people.operator, UNHAPPY, now=later)
    assert clock.local(case.due_at).isoformat() == "2026-12-10T17:30:00+08:00"
    assert case.next_due_at == case.due_at
    facts = next(line.facts for line in timeline("case", case.id) if line.act == "visit")
    assert facts["due_before"] == due_before.isoformat()
    assert facts["due_at"] == case.due_at.isoformat()


def test_a_handler_who_changed_office_neither_visits_nor_closes_the_own_case(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    with transaction():
        moved = db.session.get_one(Account, people.handler.id)
        moved.department_code = "GOV"
        moved.roles = [AccountRole(name=Role.SUPERVISOR)]
    with pytest.raises(NotYours):
        do(actions.visit, case, moved, VISITED, now=now)
    case = walk_to(case, State.CLOSING, people, now)
    with pytest.raises(NotYours):
        do(actions.close, case, moved, "x", now=now)


def test_the_department_complained_of_cannot_close_its_own_case(people, now):
    case = walk_to(make_case(now), State.CLOSING, people, now)
    own = make_account(Role.SUPERVISOR, department="RS")
    with pytest.raises(NotYours):
        do(actions.close, case, own, "x", now=now)


def test_a_supervising_office_that_is_given_a_case_is_told_as_its_owner(people, now):
    with transaction():
        db.session.get_one(Department, "SW").active = False
    rate(make_event(now, item_code="SW-001", window=None), now, tags=("113",))
    case = db.session.scalars(select(Case)).one()
    do(actions.assign, case, people.supervisor, "XZSP", "审批局承办", now=now,
       tag_class=TagClass.PROCESS)  # fmt: skip
    told = select(Message.occasion).where(Message.to_department == "XZSP")
    assert set(db.session.scalars(told)) == {"case_in_triage", "case_opened"}


def test_free_words_of_an_assignment_are_not_in_the_ledger(people, now):
    with transaction():
        db.session.get_one(Department, "SW").active = False
    rate(make_event(now, item_code="SW-001", window=None), now, tags=("113",))
    case = db.session.scalars(select(Case)).one()
    case = do(actions.assign, case, people.supervisor, "RS", "张三13812345678", now=now,
              tag_class=TagClass.PROCESS)  # fmt: skip
    assert "13812345678" not in str([entry.facts for entry in timeline("case", case.id)])
    assert case.routing["why"] == "张三13812345678"


def test_an_answered_visit_needs_a_verdict(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    silent = actions.Visit(Means.PHONE, Outcome.ANSWERED, None, "接通了")
    with pytest.raises(Invalid):
        do(actions.visit, case, people.operator, silent, now=now)


def test_contact_is_for_named_reviewers_only(people, now):
    case = walk_to(make_case(now, identity="anonymous", phone=""), State.VERIFYING, people, now)
    with pytest.raises(OutOfTurn):
        do(actions.contact, case, people.handler, Means.PHONE, True, "x", now=now)
    assert db.session.scalar(select(func.count()).select_from(Contact)) == 0


def test_a_new_deadline_forgets_what_was_told_about_the_old_one(people, now):
    case = make_case(now)
    with transaction():
        reload(case).rung = 2
    case = do(actions.accept, case, people.handler, now=now)
    assert case.rung == 2
    case = do(actions.contact, case, people.handler, Means.PHONE, True, "x", now=now)
    assert case.rung == 0


def test_opening_the_number_leaves_a_ledger_line_and_is_for_those_whose_turn_it_is(people, now):
    case = walk_to(make_case(now), State.VERIFYING, people, now)
    with transaction():
        opened = actions.reveal(reload(case), people.handler, Purpose.CALL_BACK, now)
    assert opened == ("王小明", "+8613812345678")
    assert timeline("case", case.id)[-1].act == "reveal"
    for nosy in (people.operator, people.supervisor, people.colleague_elsewhere):
        with transaction(), pytest.raises(NotYours):
            actions.reveal(reload(case), nosy, Purpose.CALL_BACK, now)


@pytest.mark.parametrize("act", [Act.VISIT, Act.CLOSE, Act.DECIDE, Act.REASSIGN])
def test_whoever_only_opened_the_number_is_a_handler_in_whatever_office_they_are_later(
    people, now, act
):
    case = do(actions.accept, make_case(now), people.head, now=now)
    with transaction():
        actions.reveal(reload(case), people.handler, Purpose.CALL_BACK, now)
    case = do(actions.contact, case, people.head, Means.PHONE, True, "已联系", now=now)
    if act is Act.DECIDE:
        case = do(actions.ask_extension, case, people.head, "要等", "周三", now=now)
    elif act is not Act.REASSIGN:
        case = do(actions.verify, case, people.head, Finding.TRUE, "属实", now=now)
        case = do(actions.rectify, case, people.head, "已改", "", (), now=now)
        case = do(actions.reply, case, people.head, "已改", "", "", now=now)
    if act is Act.CLOSE:
        case = do(actions.visit, case, people.operator, VISITED, now=now)
    role = Role.OPERATOR if act is Act.VISIT else Role.SUPERVISOR
    other = make_account(role, department="GOV", name="别人")
    action, said = {
        Act.VISIT: (actions.visit, (VISITED,)), Act.CLOSE: (actions.close, ("",)),
        Act.DECIDE: (actions.decide, (False, "不必")),
        Act.REASSIGN: (actions.reassign, ("SW", "属水务", "")),
    }[act]  # fmt: skip
    with transaction() as session:
        moved = session.get_one(Account, people.handler.id)
        moved.department_code, moved.roles = "GOV", [AccountRole(name=role)]
    with pytest.raises(NotYours):
        do(action, case, moved, *said, now=now)
    do(action, case, other, *said, now=now)  # the control: somebody who did not look may


def test_whoever_opened_the_number_for_the_visit_is_the_visitor_and_may_close(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    with transaction():
        actions.reveal(reload(case), people.supervisor, Purpose.VISIT, now)
    case = do(actions.visit, case, people.operator, VISITED, now=now)
    assert do(actions.close, case, people.supervisor, "", now=now).state is State.CLOSED
    closure = db.session.scalars(select(Closure)).one()
    assert closure.closer_part is Part.VISITOR


def test_a_closure_points_at_its_own_proofs(people, now):
    case = walk_to(make_case(now), State.CLOSED, people, now)
    closure = db.session.scalars(select(Closure)).one()
    visit = db.session.scalars(select(ReturnVisit)).one()
    assert (closure.case_id, closure.visit_id) == (case.id, visit.id)
