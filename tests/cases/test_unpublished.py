"""Open deadlines in a year that is still an estimate: counted, and told to the supervisors."""

from datetime import UTC, datetime

import pytest
import time_machine

from feedback.calendar.actions import load
from feedback.calendar.queries import calendar_in_force
from feedback.cases.states import State
from feedback.cases.unpublished import Unpublished, unpublished_years
from feedback.db import transaction
from feedback.ledger.actions import SYSTEM
from feedback.workdays import Calendar

from .. import slow_calendar as slow
from ..counting import statements
from ..factories import let_go, make_case, make_district, make_people, sign_in, walk_to

DECEMBER = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PUBLISHED = frozenset(range(2019, 2027))
ESTIMATE = Calendar(frozenset(), frozenset(), PUBLISHED)


@pytest.fixture
def people(app):
    with app.app_context():
        make_district()
        people = make_people()
        let_go(people.supervisor, people.handler, people.operator)
        return people


def test_a_case_due_in_the_next_year_counts_and_one_due_before_does_not(app, people):
    with app.app_context():
        make_case(MONDAY)
        assert unpublished_years(ESTIMATE, MONDAY) == []
        make_case(DECEMBER)  # contact by Tuesday 29 December, put right by Tuesday 5 January
        assert unpublished_years(ESTIMATE, DECEMBER) == [Unpublished(2027, 1)]


def test_what_waits_for_its_visit_counts_by_the_visitors_term_alone(app, people):
    with app.app_context():
        walk_to(make_case(DECEMBER), State.CLOSED, people, DECEMBER)
        assert unpublished_years(ESTIMATE, DECEMBER) == []
        walk_to(make_case(DECEMBER), State.VISITING, people, DECEMBER)
        assert unpublished_years(ESTIMATE, DECEMBER) == [Unpublished(2027, 1)]


def test_the_last_evening_of_a_year_is_not_the_next_one(app, people):
    with app.app_context():
        make_case(datetime(2026, 12, 24, 2, 0, tzinfo=UTC))  # put right by Thursday 31, 17:30
        assert unpublished_years(ESTIMATE, DECEMBER) == []


def test_once_the_notice_is_loaded_nobody_is_warned(app, people):
    with app.app_context():
        make_case(DECEMBER)
        with transaction():
            load(slow.notice_file(2027), 2027, "国办发明电〔2026〕1号", SYSTEM, DECEMBER)
        assert unpublished_years(calendar_in_force(), DECEMBER) == []


def test_it_costs_one_statement_however_many_cases(app, people):
    with app.app_context():
        for _ in range(3):
            make_case(DECEMBER)
        with statements(app) as seen:
            unpublished_years(ESTIMATE, DECEMBER)
    assert len([one for one in seen if "cases" in one]) == 1, seen


WARNING = "The days off and make-up days of that year are not on record yet"


def desk(client, person, language="en"):
    with time_machine.travel(DECEMBER, tick=False):
        sign_in(client, person)
        return client.get(f"/supervision?lang={language}").get_data(as_text=True)


def test_the_supervisors_desk_warns_while_the_year_is_an_estimate(app, client, people):
    with app.app_context():
        assert calendar_in_force().published.isdisjoint({2027}), (
            "the library's next release: mend me"
        )
        make_case(DECEMBER)
        make_case(DECEMBER)
    page = desk(client, people.supervisor)
    assert "2 open cases have a deadline in 2027." in page
    assert WARNING in page
    assert "2 件未办结的时限落在 2027 年" in desk(app.test_client(), people.supervisor, "zh-CN")


def test_the_desk_is_quiet_when_nothing_is_due_in_an_estimated_year(app, client, people):
    with app.app_context():
        make_case(MONDAY)
    assert WARNING not in desk(client, people.supervisor)


def test_the_metrics_count_deadlines_that_are_estimates(app, client, people):
    with app.app_context():
        make_case(DECEMBER)
    with time_machine.travel(DECEMBER, tick=False):
        told = client.get("/metrics").get_data(as_text=True)
    assert 'feedback_estimated_deadlines{year="2027"} 1.0' in told
