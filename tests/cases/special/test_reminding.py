from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from feedback.cases.special import actions
from feedback.cases.special.states import State
from feedback.db import db
from feedback.ledger.models import Entry

from ...factories import make_district, make_people
from ...together import at_once, raised
from .doing import DAY, MONDAY, do, proposed, reload, told, walk_to

SECOND = timedelta(seconds=1)
DESK = [("special_desk_overdue", "GOV"), ("special_desk_overdue", "XZSP")]


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def overdue():
    return [one for one in told() if one[0].endswith("overdue")]


@pytest.mark.parametrize(
    ("state", "whom"),
    [
        (State.PROPOSED, DESK),
        (State.WORKING, [*DESK, ("special_overdue", "RS")]),
        (State.REPORTED, DESK),
    ],
)
def test_a_deadline_that_passed_is_told_once_to_whoever_has_the_next_step(people, state, whom):
    special = walk_to(proposed(), state, people)
    assert actions.remind(special.next_due_at) == []
    assert actions.remind(special.next_due_at + SECOND) == [special.number]
    for days in range(60):
        assert actions.remind(special.next_due_at + days * DAY) == []
    assert overdue() == whom
    lines = db.session.scalars(select(Entry).where(Entry.act == "overdue")).all()
    assert [line.facts["state"] for line in lines] == [state.value]


@pytest.mark.parametrize("state", [State.DECLINED, State.CLOSED])
def test_what_has_ended_is_never_told_of(people, state):
    walk_to(proposed(), state, people)
    assert actions.remind(MONDAY + 400 * DAY) == []


def test_a_new_deadline_is_told_of_anew(people):
    special = walk_to(proposed(), State.WORKING, people)
    late = special.due_at + DAY
    actions.remind(late)
    do(actions.measure, special, people.handler, "重写", now=late)
    special = do(actions.report, special, people.handler, "已重写", now=late)
    special = do(actions.send_back, special, people.supervisor, "还缺", now=late)
    assert actions.remind(late) == []
    assert actions.remind(special.due_at + SECOND) == [special.number]
    assert overdue().count(("special_overdue", "RS")) == 2


def test_several_who_look_at_once_tell_once(context, people):
    special = walk_to(proposed(), State.WORKING, people)
    due_at, number = special.due_at, special.number
    done = at_once(context, *[partial(actions.remind, due_at + SECOND)] * 4)
    assert raised(done) == []
    assert sorted(done) == [[], [], [], [number]]
    assert len(overdue()) == 3
    assert reload(special).told_due_at == special.due_at
