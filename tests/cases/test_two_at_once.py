"""Two who act on one case at the same moment: one is taken, the other refused in words."""

from functools import partial

import pytest
from sqlalchemy import select

from feedback.cases import actions
from feedback.cases.models import PressureReport
from feedback.cases.states import Act, Ground, State, Verdict
from feedback.db import db, transaction
from feedback.errors import FeedbackError

from ..factories import (
    NOBODY_HOME,
    VISITED,
    let_go,
    make_case,
    make_district,
    make_people,
    walk_to,
)
from ..together import at_once, raised
from .doing import do, reload, say


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def rectified(case, people, now):
    case = walk_to(case, State.RECTIFYING, people, now)
    return do(actions.rectify, case, people.handler, "已改", "", (), now=now)


def asked(case, people, now):
    case = walk_to(case, State.RECTIFYING, people, now)
    return do(actions.ask_complex, case, people.head, "涉及多个部门", now=now)


def appealed(case, people, now):
    return do(actions.appeal, case, people.head, Ground.MISTAKEN, "误点", (), now=now)


def voided(case, people, now):
    return do(actions.judge, appealed(case, people, now), people.judge, Verdict.UPHOLD, "可证",
              now=now)  # fmt: skip


def at(state):
    return lambda case, people, now: walk_to(case, state, people, now)


STAFF = {
    Act.REPLY: (rectified, "handler", actions.reply, ("已改", "", "")),
    Act.COMPLEX: (at(State.RECTIFYING), "head", actions.ask_complex, ("难",)),
    Act.EXTEND: (at(State.RECTIFYING), "head", actions.ask_extension, ("难", "下周")),
    Act.TRANSFER: (at(State.ROUTED), "head", actions.ask_transfer, ("非本部门", "SW")),
    Act.DECIDE: (asked, "supervisor", actions.decide, (True, "同意")),
    Act.APPEAL: (at(State.ROUTED), "head", actions.appeal, (Ground.MISTAKEN, "误点", ())),
    Act.JUDGE: (appealed, "judge", actions.judge, (Verdict.UPHOLD, "可证")),
    Act.VISIT: (at(State.VISITING), "operator", actions.visit, (NOBODY_HOME,)),
    Act.CLOSE: (at(State.CLOSING), "supervisor", actions.close, ("",)),
}  # fmt: skip


def race(app, *acts):
    """Start every act at the same moment, each as a request of its own; return what was refused."""

    def run(act):
        with transaction():
            act()

    refused = raised(at_once(app, *(partial(run, act) for act in acts)))
    assert [one for one in refused if not isinstance(one, FeedbackError)] == []
    return [refusal.code for refusal in refused]


@pytest.mark.parametrize("act", STAFF)
def test_of_two_who_press_the_button_at_once_one_is_refused(app, people, now, act):
    prepare, who, action, words = STAFF[act]
    case = prepare(make_case(now), people, now)
    person, seen = getattr(people, who), case.version
    let_go(person)
    db.session.remove()

    def press():
        action(reload(case), person, *words, now, seen)

    assert race(app, press, press, press) == ["out_of_turn"] * 2
    assert reload(case).version == seen + 1


def test_a_visitor_and_the_citizen_who_answer_at_once_are_both_kept_or_one_is_refused(
    app, people, now
):
    case = walk_to(make_case(now), State.VISITING, people, now)
    operator, seen = people.operator, case.version
    let_go(operator)
    db.session.remove()
    refused = race(
        app,
        lambda: actions.visit(reload(case), operator, VISITED, now, seen),
        lambda: actions.second_review(reload(case), 4, "改好了", now),
    )
    assert refused in ([], ["out_of_turn"])
    assert reload(case).state is State.CLOSING


def test_a_citizen_who_presses_twice_objects_once(app, people, now):
    case = voided(make_case(now), people, now)
    db.session.remove()

    def press():
        actions.object_to(reload(case), "不同意", now)

    assert race(app, press, press) == ["out_of_turn"]
    assert reload(case).state is State.OBJECTED


def test_two_supervisors_who_answer_about_pressure_at_once_answer_once(app, people, now):
    case = say(actions.report_pressure, make_case(now), "让我改好评", now=now)
    supervisor = people.supervisor
    let_go(supervisor)
    db.session.remove()

    def press():
        report = db.session.scalars(select(PressureReport)).one()
        actions.answer_pressure(report, reload(case), supervisor, "已约谈", now)

    assert race(app, press, press) == ["out_of_turn"]


def test_the_control_one_after_the_other_both_are_taken(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    case = do(actions.visit, case, people.operator, VISITED, now=now)
    case = say(actions.second_review, case, 4, "改好了", now=now)
    assert case.state is State.CLOSING
