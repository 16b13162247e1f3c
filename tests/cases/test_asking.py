"""What a department asks for, and what is decided: on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.cases import actions
from feedback.cases.models import Case, Decision
from feedback.cases.states import Complexity, Finding, Means, State
from feedback.db import db, transaction
from feedback.errors import Invalid, NotYours, OutOfTurn
from feedback.ledger.queries import timeline
from feedback.notify.models import Message
from feedback.offices.models import Account, AccountRole
from feedback.offices.roles import Role

from ..factories import (
    UNHAPPY,
    VISITED,
    make_account,
    make_case,
    make_district,
    make_people,
    walk_to,
)
from .doing import do


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def local(moment):
    return clock.local(moment).isoformat()[:16]


def told_dates():
    """Return every new date that the citizen was promised a message of."""
    told = select(Message).where(Message.occasion == "citizen_term_moved")
    return [m.facts["due_at"] for m in db.session.scalars(told.order_by(Message.id))]


def occasions():
    return set(db.session.scalars(select(Message.occasion)))


def test_a_complex_case_has_fifteen_working_days_from_the_review_not_from_the_decision(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    later = now + timedelta(days=3)
    case = do(actions.ask_complex, case, people.head, "涉及三个部门", now=later)
    assert (case.complexity, local(case.due_at)) == (Complexity.SIMPLE, "2026-11-30T17:30")
    case = do(actions.decide, case, people.supervisor, True, "同意", now=later + timedelta(hours=2))
    assert (case.complexity, local(case.due_at)) == (Complexity.COMPLEX, "2026-12-14T17:30")
    assert case.next_due_at == case.due_at
    assert {"desk_asked", "case_decided", "citizen_term_moved"} <= occasions()


def test_an_extension_adds_seven_working_days_and_the_citizen_is_told(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.ask_extension, case, people.head, "等设备", "12月8日前安装", now=now)
    case = do(actions.decide, case, people.supervisor, True, "同意", now=now)
    assert local(case.due_at) == "2026-12-09T17:30"
    line = next(entry for entry in timeline("case", case.id) if entry.act == "decide")
    assert line.facts["due_before"] == "2026-11-30T09:30:00+00:00"
    told = db.session.scalars(select(Message).where(Message.occasion == "citizen_term_moved")).one()
    assert told.facts["due_at"] == case.due_at.isoformat()


def test_what_was_verified_while_the_request_waited_stays_verified(people, now):
    case = walk_to(make_case(now), State.VERIFYING, people, now)
    case = do(actions.contact, case, people.handler, Means.PHONE, True, "已联系", now=now)
    case = do(actions.ask_extension, case, people.head, "等设备", "12月8日前安装", now=now)
    case = do(actions.verify, case, people.handler, Finding.TRUE, "属实", now=now)
    case = do(actions.decide, case, people.supervisor, True, "同意", now=now)
    assert (case.state, case.request_id) == (State.RECTIFYING, None)


def test_a_refused_request_changes_nothing_but_is_on_record(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    due = case.due_at
    case = do(actions.ask_extension, case, people.head, "忙", "尽快", now=now)
    case = do(actions.decide, case, people.supervisor, False, "理由不足", now=now)
    assert (case.state, case.due_at, case.request_id) == (State.RECTIFYING, due, None)
    assert not db.session.scalars(select(Decision)).one().granted
    assert "citizen_term_moved" not in occasions()


def test_a_further_extension_is_a_leaders(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    for _ in range(2):
        case = do(actions.ask_extension, case, people.head, "等设备", "尽快", now=now)
        if case.due_at > now + timedelta(days=10):
            break
        case = do(actions.decide, case, people.supervisor, True, "同意", now=now)
    with pytest.raises(NotYours):
        do(actions.decide, case, people.supervisor, True, "同意", now=now)
    case = do(actions.decide, case, people.leader, True, "同意", now=now)
    assert local(case.due_at) == "2026-12-18T17:30"  # 5 + 7 + 7 working days after Monday 23rd


def test_a_supervisor_may_refuse_a_further_extension(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.ask_extension, case, people.head, "等设备", "尽快", now=now)
    case = do(actions.decide, case, people.supervisor, True, "同意", now=now)
    case = do(actions.ask_extension, case, people.head, "还等设备", "尽快", now=now)
    case = do(actions.decide, case, people.supervisor, False, "不同意", now=now)
    assert case.request_id is None


def test_more_time_is_not_asked_for_after_the_deadline(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    late = case.due_at + timedelta(minutes=1)
    for ask, words in ((actions.ask_extension, ("x", "y")), (actions.ask_complex, ("x",))):
        with pytest.raises(Invalid) as refused:
            do(ask, case, people.head, *words, now=late)
        assert refused.value.errors[0].code == "asked_too_late"


@pytest.mark.parametrize("days", [0, 31, -1])
def test_an_extension_has_a_measure(people, now, days):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.ask_extension, case, people.head, "等设备", "尽快", now=now)
    with pytest.raises(Invalid):
        do(actions.decide, case, people.supervisor, True, "好", now=now, days=days)


def test_one_request_at_a_time_and_complex_only_once(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.ask_complex, case, people.head, "x", now=now)
    with pytest.raises(OutOfTurn):
        do(actions.ask_extension, case, people.head, "x", "y", now=now)
    case = do(actions.decide, case, people.supervisor, False, "不", now=now)
    with pytest.raises(OutOfTurn):
        do(actions.ask_complex, case, people.head, "x", now=now)


def test_the_department_never_decides_its_own_request(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.ask_complex, case, people.head, "x", now=now)
    own = make_account(Role.SUPERVISOR, department="RS")
    for somebody in (people.head, people.handler, people.operator, own):
        with pytest.raises(NotYours):
            do(actions.decide, case, somebody, True, "x", now=now)


def test_a_transfer_moves_the_case_and_not_its_clock(people, now):
    case = make_case(now)
    due, contact = case.due_at, case.contact_due_at
    case = do(actions.ask_transfer, case, people.head, "非本部门事项", "SW", now=now)
    assert (case.state, local(case.next_due_at)) == (State.TRANSFERRING, "2026-11-24T17:30")
    case = do(actions.decide, case, people.supervisor, True, "属水务", now=now)
    assert (case.state, case.department_code) == (State.ROUTED, "SW")
    assert (case.due_at, case.contact_due_at) == (due, contact)
    assert case.routing["why"] == "属水务"
    assert case.routing["history"][0]["department"] == "RS"
    opened = select(Message.to_department).where(Message.occasion == "case_opened")
    assert set(db.session.scalars(opened)) == {"RS", "SW"}


def test_the_clock_begins_again_only_with_a_reason(people, now):
    case = make_case(now)
    later = now + timedelta(days=2)  # Wednesday
    case = do(actions.ask_transfer, case, people.head, "非本部门事项", "SW", now=later)
    case = do(actions.decide, case, people.supervisor, True, "属水务", now=later,
              restart_why="原单位耽误两天")  # fmt: skip
    assert local(case.due_at) == "2026-12-02T17:30"
    assert local(case.next_due_at) == "2026-11-26T17:30"  # contact anew, too
    assert case.routing["restart_why"] == "原单位耽误两天"


def test_whoever_takes_over_with_a_fresh_clock_calls_the_citizen_themselves(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    later = now + timedelta(days=2)  # Wednesday
    assert case.contacted_at
    case = do(actions.reassign, case, people.supervisor, "SW", "属水务", "原单位耽误", now=later)
    assert (case.contacted_at, local(case.contact_due_at)) == (None, "2026-11-26T17:30")
    chen = people.colleague_elsewhere
    case = do(actions.accept, case, chen, now=later)
    case = do(actions.verify, case, chen, Finding.TRUE, "属实", now=later)
    case = do(actions.rectify, case, chen, "已改", "", (), now=later)
    with pytest.raises(OutOfTurn) as refused:
        do(actions.reply, case, chen, "已改", "", "", now=later)
    assert refused.value.facts["missing"] == "contact"
    case = do(actions.contact, case, chen, Means.PHONE, True, "已联系", now=later)
    assert do(actions.reply, case, chen, "已改", "", "", now=later).state is State.VISITING


def test_where_the_clock_goes_on_a_call_that_was_made_stays_made(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    called, due = case.contacted_at, case.next_due_at
    case = do(actions.reassign, case, people.supervisor, "SW", "属水务", "", now=now)
    assert (case.contacted_at, case.next_due_at) == (called, due)


def test_an_anonymous_citizen_is_called_by_nobody_also_with_a_fresh_clock(people, now):
    case = make_case(now, identity="anonymous", name="", phone="")
    case = do(actions.reassign, case, people.supervisor, "SW", "属水务", "原单位耽误", now=now)
    assert (case.contact_since, case.contact_due_at) == (None, None)


def test_the_citizen_is_told_the_new_date_when_the_clock_begins_again(people, now):
    case, later = make_case(now), now + timedelta(days=2)
    case = do(actions.ask_transfer, case, people.head, "非本部门事项", "SW", now=later)
    case = do(
        actions.decide, case, people.supervisor, True, "属水务", now=later, restart_why="耽误"
    )
    first = case.due_at.isoformat()
    assert told_dates() == [first]
    later += timedelta(days=1)
    case = do(actions.reassign, case, people.supervisor, "RS", "又划回", "又耽误了", now=later)
    assert told_dates() == [first, case.due_at.isoformat()]


def test_a_transfer_that_moves_no_date_tells_the_citizen_of_none(people, now):
    case = do(actions.ask_transfer, make_case(now), people.head, "非本部门事项", "SW", now=now)
    do(actions.decide, case, people.supervisor, True, "属水务", now=now)
    assert told_dates() == []


def test_a_refused_transfer_goes_back_to_where_it_was(people, now):
    case = walk_to(make_case(now), State.VERIFYING, people, now)
    case = do(actions.ask_transfer, case, people.head, "非本部门事项", "SW", now=now)
    case = do(actions.decide, case, people.supervisor, False, "属你部门", now=now)
    assert (case.state, case.department_code) == (State.VERIFYING, "RS")


def test_a_second_transfer_is_the_supervisors_alone(people, now):
    case = make_case(now)
    case = do(actions.ask_transfer, case, people.head, "非本部门事项", "SW", now=now)
    case = do(actions.decide, case, people.supervisor, True, "属水务", now=now)
    head_of_sw = make_account(Role.HEAD, department="SW")
    with pytest.raises(OutOfTurn):
        do(actions.ask_transfer, case, head_of_sw, "也不是我们", "RS", now=now)
    case = do(actions.reassign, case, people.supervisor, "RS", "确属人社", "", now=now)
    assert (case.state, case.department_code) == (State.ROUTED, "RS")


@pytest.mark.parametrize("nowhere", ["XX", "RS", ""])
def test_a_transfer_leads_to_another_department_that_exists(people, now, nowhere):
    with pytest.raises(Invalid):
        do(actions.ask_transfer, make_case(now), people.head, "x", nowhere, now=now)


def test_after_the_citizen_sent_it_back_it_stays_with_its_department(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    case = do(actions.visit, case, people.operator, UNHAPPY, now=now)
    with pytest.raises(OutOfTurn):
        do(actions.reassign, case, people.supervisor, "SW", "x", "", now=now)


def test_a_request_lapses_when_the_department_replies_meanwhile(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.ask_extension, case, people.head, "x", "y", now=now)
    case = do(actions.rectify, case, people.handler, "已改", "", (), now=now)
    case = do(actions.reply, case, people.handler, "已改", "", "", now=now)
    assert (case.state, case.request_id) == (State.VISITING, None)
    with pytest.raises(OutOfTurn):
        do(actions.decide, case, people.supervisor, True, "x", now=now)


def test_what_was_asked_twice_at_once_is_asked_once(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    seen = case.version
    do(actions.ask_complex, case, people.head, "x", now=now, seen=seen)
    with pytest.raises(OutOfTurn):
        do(actions.ask_complex, case, people.head, "x", now=now, seen=seen)
    with transaction():
        assert db.session.get_one(Case, case.id).version == seen + 1


def test_a_decision_leaves_the_work_where_it_has_come_to_meanwhile(people, now):
    case = walk_to(make_case(now), State.VERIFYING, people, now)
    case = do(actions.contact, case, people.handler, Means.PHONE, True, "已联系", now=now)
    case = do(actions.ask_complex, case, people.head, "涉及三个部门", now=now)
    case = do(actions.verify, case, people.handler, Finding.TRUE, "属实", now=now)
    case = do(actions.decide, case, people.supervisor, True, "同意", now=now)
    assert case.state is State.RECTIFYING


def test_who_asked_does_not_decide_in_whatever_office_by_then(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.ask_extension, case, people.head, "等设备", "下周", now=now)
    with transaction():
        head = db.session.get_one(Account, people.head.id)
        head.department_code, head.roles = "GOV", [AccountRole(name=Role.SUPERVISOR)]
    for act, words in ((actions.decide, (True, "同意")), (actions.reassign, ("SW", "x", ""))):
        with pytest.raises(NotYours):
            do(act, case, head, *words, now=now)
    assert not do(actions.decide, case, people.supervisor, True, "同意", now=now).request_id


def test_who_asked_does_not_make_the_visit_either(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    do(actions.ask_complex, case, people.head, "涉及三个部门", now=now)
    case = walk_to(case, State.VISITING, people, now)
    with transaction():
        head = db.session.get_one(Account, people.head.id)
        head.department_code, head.roles = "GOV", [AccountRole(name=Role.OPERATOR)]
    with pytest.raises(NotYours):
        do(actions.visit, case, head, VISITED, now=now)


def test_the_ledger_says_by_how_many_days_a_term_was_extended(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.ask_extension, case, people.head, "等设备", "下周", now=now)
    do(actions.decide, case, people.supervisor, True, "同意", now=now, days=3)
    line = next(entry for entry in timeline("case", case.id) if entry.act == "decide")
    assert line.facts["days"] == 3


def test_what_another_department_put_right_is_no_answer_of_this_one(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.rectify, case, people.handler, "已改", "", (), now=now)
    case = do(actions.reassign, case, people.supervisor, "SW", "属水务", "", now=now)
    chen = people.colleague_elsewhere
    case = do(actions.accept, case, chen, now=now)
    case = do(actions.verify, case, chen, Finding.NO_LEGAL_BASIS, "依法收费", now=now)
    with pytest.raises(OutOfTurn) as refused:
        do(actions.reply, case, chen, "已改", "", "", now=now)
    assert refused.value.facts["missing"] == "rectify"
    case = do(actions.rectify, case, chen, "依法收费", "水价办法第三条", (), now=now)
    assert do(actions.reply, case, chen, "说明", "", "", now=now).state is State.VISITING


def test_an_office_complained_of_is_not_asked_to_decide(people, now):
    case = make_case(now, item="GOV-001")
    head_of_gov = make_account(Role.HEAD, department="GOV")
    do(actions.ask_transfer, case, head_of_gov, "非本部门事项", "SW", now=now)
    asked = select(Message.to_department).where(Message.occasion == "desk_asked")
    assert set(db.session.scalars(asked)) == {"XZSP"}


def test_a_request_lapses_when_the_case_is_given_to_others_and_the_ledger_says_so(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.ask_extension, case, people.head, "等设备", "下周", now=now)
    asked = str(case.request_id)
    case = do(actions.reassign, case, people.supervisor, "SW", "属水务", "", now=now)
    line = next(entry for entry in timeline("case", case.id) if entry.act == "reassign")
    assert (case.request_id, line.facts["lapsed"]) == (None, asked)
