"""What a case is about can be put right by whoever gives it to a department, and its figures follow."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, select

from feedback.cases import actions
from feedback.cases.models import Case
from feedback.cases.states import State
from feedback.catalog.grades import TagClass
from feedback.catalog.models import RoutingRule
from feedback.db import db, transaction
from feedback.errors import Invalid
from feedback.ledger.queries import timeline
from feedback.offices.roles import Role
from feedback.reports import queries

from ..conftest import MONDAY_MORNING
from ..factories import (
    let_go,
    make_account,
    make_case,
    make_district,
    make_event,
    make_people,
    rate,
    sign_in,
)
from .doing import do

WEEK = "2026-W48"
SUNDAY = MONDAY_MORNING + timedelta(days=6)


@pytest.fixture
def people(app):
    with app.app_context():
        make_district()
        people = make_people()
        let_go(people.head, people.supervisor)
        yield people


def in_triage():
    with transaction() as session:
        session.execute(delete(RoutingRule))
    rate(make_event(MONDAY_MORNING))
    return db.session.scalars(select(Case)).one()


def about_a_guide():
    """Make a case that the citizen's tag made a guide's, though it was the window's clerk."""
    case = make_case(MONDAY_MORNING, item="SW-001", tags=("108",), comment="窗口人员没说清")
    assert case.tag_class is TagClass.GUIDE
    return case


def window_row():
    return queries.figures(WEEK, SUNDAY).windows[0]


def test_out_of_triage_somebody_says_what_the_case_is_about(people):
    case = in_triage()
    with pytest.raises(Invalid) as refused:
        do(actions.assign, case, people.supervisor, "RS", "职责", now=MONDAY_MORNING)
    assert [fault.field for fault in refused.value.errors] == ["tag_class"]
    kind = {"tag_class": TagClass.STAFF}
    case = do(actions.assign, case, people.supervisor, "RS", "职责", now=MONDAY_MORNING, **kind)
    assert (case.tag_class, window_row().own) == (TagClass.STAFF, 1)


def test_what_turns_out_to_be_the_clerks_counts_for_the_window(people):
    case = about_a_guide()
    assert (window_row().own, window_row().others.guide) == (0, 1)
    case = do(
        actions.reassign, case, people.supervisor, "RS", "是窗口人员的问题", "",
        now=MONDAY_MORNING + timedelta(hours=1), tag_class=TagClass.STAFF,
    )  # fmt: skip
    assert (window_row().own, window_row().others.total) == (1, 0)


def test_a_transfer_that_is_granted_says_it_too_and_keeps_it_with_its_why(people):
    case, head = about_a_guide(), make_account(Role.HEAD, department="SW")
    case = do(actions.ask_transfer, case, head, "是窗口人员", "RS", now=MONDAY_MORNING)
    kind = {"tag_class": TagClass.STAFF}
    case = do(actions.decide, case, people.supervisor, True, "属实", now=MONDAY_MORNING, **kind)
    assert (case.tag_class, case.routing["tag_class"]) == (TagClass.STAFF, "staff")
    line = timeline("case", case.id)[-1].facts
    assert (line["class_before"], line["tag_class"]) == ("guide", "staff")


def test_what_nobody_puts_right_stays_as_it_was(people):
    case = about_a_guide()
    case = do(actions.reassign, case, people.supervisor, "RS", "职责", "", now=MONDAY_MORNING)
    assert (case.tag_class, window_row().others.guide) == (TagClass.GUIDE, 1)


def test_what_is_put_right_later_leaves_the_weeks_before_as_they_were(people):
    case = about_a_guide()
    then = queries.figures(WEEK, SUNDAY)
    do(
        actions.reassign, case, people.supervisor, "RS", "是窗口人员的问题", "",
        now=MONDAY_MORNING + timedelta(days=8), tag_class=TagClass.STAFF,
    )  # fmt: skip
    assert queries.figures(WEEK, SUNDAY) == then


def test_the_form_shows_the_present_kind_and_the_page_says_why_afterwards(app, client, people):
    with time_machine.travel(MONDAY_MORNING, tick=False):
        number = about_a_guide().number
        sign_in(client, people.supervisor)
        page = client.get(f"/cases/{number}?lang=en").get_data(as_text=True)
        assert '<option selected value="guide">' in page
        said = {"department": "RS", "why": "是窗口人员的问题", "tag_class": "staff", "seen": "1"}
        token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
        answer = client.post(f"/cases/{number}/reassign", data={**said, "csrf_token": token})
        assert answer.status_code == 303
        page = client.get(f"/cases/{number}?lang=en").get_data(as_text=True)
        assert "Assigned by 督查: 是窗口人员的问题 (about «Staff»)" in page


def test_a_form_that_names_no_kind_is_refused_beside_its_field(app, client, people):
    with time_machine.travel(MONDAY_MORNING, tick=False):
        number = in_triage().number
        sign_in(client, people.supervisor)
        page = client.get(f"/cases/{number}").get_data(as_text=True)
        token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
        said = {"department": "RS", "why": "职责", "seen": "1", "csrf_token": token}
        for kind in ({}, {"tag_class": ""}, {"tag_class": "weather"}):
            answer = client.post(f"/cases/{number}/route", data={**said, **kind})
            assert answer.status_code == 422
        assert db.session.scalars(select(Case.state)).one() is State.TRIAGE
