"""A common cause, as people put it right: confirmed, worked on, closed; and its pages under axe."""

import pytest

from feedback import clock
from feedback.cases.special import actions
from feedback.cases.special.states import State
from feedback.db import db

from ..cases.special.doing import do, make_cases, the_one, walk_to
from ..factories import let_go, make_district, make_people
from .test_main_job import PHONE, Person
from .test_staff_for_every_eye import faults

__all__ = ["faults"]
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("monday")]


@pytest.fixture
def people(app):
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("the database does not change how a page looks")
        make_district()
        people = make_people()
        make_cases(now=clock.now())
        actions.propose(clock.now())
        let_go(people.supervisor, people.judge, people.handler)
    return people


def test_a_common_cause_is_put_right(chromium, live_server, people):
    supervisor = Person(chromium, live_server)
    supervisor.signs_in(people.supervisor)
    supervisor.follows("text=Root causes")
    supervisor.follows("text=Take it up")
    assert "3 bad reviews of this item" in supervisor.reads()
    supervisor.does("confirm", words="把材料清单写全")
    owner = Person(chromium, live_server, PHONE)
    owner.signs_in(people.handler)
    owner.follows("text=Root causes")
    owner.follows("text=Report what was done")
    assert "把材料清单写全" in owner.reads()
    owner.does("measure", words="重写指南，12 月 1 日前公布")
    owner.does("report", words="已公布，附样本")
    supervisor.opens("/specials")
    supervisor.follows("text=Close it")
    supervisor.does("close", words="已核对新指南")
    assert "已核对新指南" in supervisor.reads()
    for person in (supervisor, owner):
        person.browser.close()


def report_on(special, people):
    return walk_to(special, State.REPORTED, people, clock.now())


def close(special, people):
    return do(actions.close, special, people.supervisor, "已核对", now=clock.now())


@pytest.mark.looks
def test_axe_finds_nothing_wherever_it_stands(app, chromium, live_server, people, faults):
    found = {}
    desk = Person(chromium, live_server, bypass_csp=True)
    desk.signs_in(people.supervisor)
    owner = Person(chromium, live_server, PHONE, bypass_csp=True)
    owner.signs_in(people.handler)
    desk.opens("/specials/ZX-2026-0001?lang=zh_CN")
    found["proposed"] = faults(desk.page)
    for leads_to in (report_on, close):
        with app.app_context():
            special = leads_to(the_one(), people)
        for person in (desk, owner):
            for path in ("/specials", f"/specials/{special.number}", "/specials?ended=1"):
                assert person.opens(path) == 200
                found[special.state, path] = faults(person.page)
    desk.opens("/cases")
    desk.follows("table a")
    assert "ZX-" in desk.reads()
    found["case"] = faults(desk.page)
    assert {where: reports for where, reports in found.items() if reports} == {}
