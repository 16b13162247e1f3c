"""The department's appeal and what becomes of it: on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.cases import actions
from feedback.cases.evidence import check
from feedback.cases.models import Evidence
from feedback.cases.rulebook import appeal_until
from feedback.cases.states import Finding, Ground, State, Verdict
from feedback.db import db
from feedback.errors import Invalid, NotYours, OutOfTurn
from feedback.notify.models import Message
from feedback.offices.roles import Role
from feedback.reviews.queries import of_case

from ..factories import VISITED, make_account, make_case, make_district, make_people, walk_to
from .doing import do, say
from .test_evidence import PNG


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def appealed(case, people, now, ground=Ground.MISTAKEN):
    return do(actions.appeal, case, people.head, ground, "把基本满意点成了不满意", (), now=now)


def occasions(case):
    rows = select(Message.occasion).where(Message.subject_id == str(case.id))
    return set(db.session.scalars(rows))


def test_an_upheld_appeal_voids_the_case_and_leaves_the_review_readable(people, now):
    case = appealed(make_case(now), people, now)
    assert case.state is State.APPEALED
    assert clock.local(case.next_due_at).isoformat()[:16] == "2026-11-30T17:30"
    case = do(actions.judge, case, people.judge, Verdict.UPHOLD, "录像可证", now=now)
    assert (case.state, case.next_due_at) == (State.VOIDED, None)
    assert of_case(case.id).comment == "等了三小时没人理"
    assert {"desk_asked", "case_decided", "citizen_voided"} <= occasions(case)
    # 10 working days after Monday 23rd: Monday 7 December, until its midnight
    assert clock.local(case.objection_until).isoformat()[:16] == "2026-12-08T00:00"


def test_a_dismissed_appeal_goes_back_to_where_it_was_with_the_judges_days_given_back(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = appealed(case, people, now)
    thursday = now + timedelta(days=3)
    case = do(actions.judge, case, people.judge, Verdict.DISMISS, "证据不足", now=thursday)
    assert case.state is State.RECTIFYING
    assert clock.local(case.due_at).isoformat()[:16] == "2026-12-03T17:30"  # 5 + 3 working days
    with pytest.raises(OutOfTurn):
        appealed(case, people, thursday)


def test_who_touched_the_case_does_not_judge_it(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.ask_complex, case, people.head, "x", now=now)
    case = do(actions.decide, case, people.supervisor, False, "x", now=now)
    case = appealed(case, people, now)
    own = make_account(Role.SUPERVISOR, department="RS")
    for somebody in (people.supervisor, own, people.head, people.operator):
        with pytest.raises(NotYours):
            do(actions.judge, case, somebody, Verdict.UPHOLD, "x", now=now)
    assert do(actions.judge, case, people.judge, Verdict.UPHOLD, "x", now=now).state is State.VOIDED


def test_an_appeal_comes_within_five_working_days_of_the_routing(people, now):
    case = walk_to(make_case(now), State.VERIFYING, people, now)
    last = clock.moment_of(clock.day_of(now) + timedelta(days=7), clock.local(case.due_at).time())
    with pytest.raises(Invalid) as refused:
        appealed(case, people, last + timedelta(seconds=1))
    assert refused.value.errors[0].code == "appeal_too_late"
    assert appealed(case, people, last).state is State.APPEALED


def test_unfounded_waits_for_an_appeal_and_is_gone_after_one_was_dismissed(people, now):
    case = walk_to(make_case(now), State.VERIFYING, people, now)
    case = do(actions.verify, case, people.handler, Finding.UNFOUNDED, "录像不符", now=now)
    assert case.state is State.VERIFYING
    with pytest.raises(OutOfTurn):
        do(actions.rectify, case, people.handler, "x", "", (), now=now)
    case = appealed(case, people, now, Ground.UNFOUNDED)
    case = do(actions.judge, case, people.judge, Verdict.DISMISS, "属实", now=now)
    with pytest.raises(Invalid) as refused:
        do(actions.verify, case, people.handler, Finding.UNFOUNDED, "还是不属实", now=now)
    assert refused.value.errors[0].code == "appeal_dismissed"
    case = do(actions.verify, case, people.handler, Finding.TRUE, "属实", now=now)
    assert case.state is State.RECTIFYING


def test_unfounded_is_not_found_once_it_is_too_late_to_appeal(people, now):
    case = walk_to(make_case(now), State.VERIFYING, people, now)
    late = appeal_until(case) + timedelta(seconds=1)
    with pytest.raises(Invalid) as refused:
        do(actions.verify, case, people.handler, Finding.UNFOUNDED, "录像不符", now=late)
    assert refused.value.errors[0].code == "appeal_over"
    case = do(
        actions.verify, case, people.handler, Finding.UNFOUNDED, "不符", now=appeal_until(case)
    )
    assert case.state is State.VERIFYING
    case = do(actions.verify, case, people.handler, Finding.PARTLY, "部分属实", now=late)
    assert case.state is State.RECTIFYING


def test_evidence_of_an_appeal_belongs_to_the_appeal(people, now):
    case = make_case(now)
    upload = check("截图.png", PNG)
    do(actions.appeal, case, people.head, Ground.DUPLICATE, "同一事项两次评价", (upload,), now=now)
    piece = db.session.scalars(select(Evidence)).one()
    assert (piece.rectification_id, piece.name) == (None, "截图.png")
    assert piece.appeal_id is not None


def voided(people, now):
    case = appealed(make_case(now), people, now)
    return do(actions.judge, case, people.judge, Verdict.UPHOLD, "录像可证", now=now)


def test_an_objection_goes_to_another_supervisor_and_upheld_the_review_counts_again(people, now):
    case = say(actions.object_to, voided(people, now), "我没有点错", now=now)
    assert case.state is State.OBJECTED
    with pytest.raises(NotYours):
        do(actions.reconsider, case, people.judge, Verdict.DISMISS, "x", now=now)
    later = now + timedelta(days=2)
    case = do(actions.reconsider, case, people.supervisor, Verdict.UPHOLD, "评价有效", now=later)
    assert (case.state, case.voided_at) == (State.ROUTED, None)
    assert clock.local(case.due_at).isoformat()[:16] == "2026-12-02T17:30"  # anew from Wednesday
    assert "citizen_objection_judged" in occasions(case)


def test_an_objection_dismissed_is_the_end(people, now):
    case = say(actions.object_to, voided(people, now), "我没有点错", now=now)
    case = do(actions.reconsider, case, people.supervisor, Verdict.DISMISS, "维持", now=now)
    assert (case.state, case.next_due_at) == (State.VOIDED, None)
    with pytest.raises(OutOfTurn):
        say(actions.object_to, case, "再次异议", now=now)


def test_an_objection_comes_in_time(people, now):
    case = voided(people, now)
    with pytest.raises(OutOfTurn):
        say(actions.object_to, case, "x", now=case.objection_until)
    case = say(actions.object_to, case, "x", now=case.objection_until - timedelta(seconds=1))
    assert case.state is State.OBJECTED


def test_the_judge_neither_visits_nor_handled(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = appealed(case, people, now)
    case = do(actions.judge, case, people.judge, Verdict.DISMISS, "证据不足", now=now)
    case = walk_to(case, State.VISITING, people, now)
    with pytest.raises(NotYours):
        do(actions.visit, case, people.judge, VISITED, now=now)
    assert do(actions.visit, case, people.operator, VISITED, now=now).state is State.CLOSING
