"""The desks in a real browser: sign in, see what is due, click the next act, arrive at its form."""

import re
from datetime import timedelta

import pytest
import time_machine

from feedback.cases import actions
from feedback.cases.states import Finding, Ground, State
from feedback.cases.urging import climb
from feedback.catalog.models import Item
from feedback.db import db, transaction
from feedback.offices.models import Department
from feedback.offices.roles import Role

from ..cases.doing import do, say
from ..conftest import MONDAY_MORNING
from ..factories import (
    NOBODY_HOME,
    PASSWORD,
    UNHAPPY,
    let_go,
    make_account,
    make_case,
    make_district,
    make_people,
    walk_to,
)
from .test_main_job import LAPTOP, PHONE, Person
from .test_staff_for_every_eye import faults  # noqa: F401

pytestmark = pytest.mark.browser

TUESDAY = MONDAY_MORNING + timedelta(days=1)
LONG_DEPARTMENT = "区人力资源和社会保障局城乡居民社会保险服务中心"
LONG_ITEM = "特殊工时制度（不定时工作制和综合计算工时工作制）首次行政审批及其变更事项办理"
SIZES = (320, 390, 768, 1366)


@pytest.fixture
def tuesday(app):
    """Make it Tuesday 24 November 2026, 10:00 in Shanghai; a named review of Monday is due today."""
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("the database does not change how a page looks")
    with time_machine.travel(TUESDAY):
        yield TUESDAY


@pytest.fixture
def people(app, tuesday):
    """Return the people, with long names, and something in every pile and queue."""
    now, day = tuesday, timedelta(days=1)
    with app.app_context():
        make_district()
        people = make_people()
        people.auditor = make_account(Role.AUDITOR, department="XZSP")

        def at(state, ago=0, **said):
            return walk_to(make_case(now - ago * day, **said), state, people, now - ago * day)

        people.overdue = at(State.ROUTED, 12).number
        people.today = at(State.ROUTED, 1).number
        people.later = at(State.RECTIFYING, 1, comment="等" * 400).number
        asked = at(State.RECTIFYING, 0)
        do(actions.ask_extension, asked, people.head, "等设备", "周五到货", now=now)
        do(actions.appeal, make_case(now), people.head, Ground.MISTAKEN, "误评", (), now=now)
        tried = at(State.VISITING, 2)
        people.tried = do(actions.visit, tried, people.operator, NOBODY_HOME, now=now).number
        people.to_visit = at(State.VISITING, 1).number
        people.back = do(
            actions.visit, at(State.VISITING, 1), people.operator, UNHAPPY, now=now
        ).number
        people.to_close = at(State.CLOSING).number
        at(State.CLOSED, 3)
        with transaction():
            db.session.get_one(Department, "SW").active = False
        people.triage = make_case(now, item="SW-001", tags=("113",)).number
        with transaction():
            db.session.get_one(Department, "SW").active = True
            db.session.get_one(Department, "RS").name = LONG_DEPARTMENT
            db.session.get_one(Item, "RS-001").name = LONG_ITEM
        say(actions.report_pressure, asked, "要我改成好评", now=now)
        climb(now)
        let_go(*(each for each in vars(people).values() if hasattr(each, "email")))
    return people


def at_desk(chromium, address, account, viewport=LAPTOP, **options):
    person = Person(chromium, address, viewport, **options)
    person.signs_in(account)
    return person


def arrived_at(person, number, act):
    """Say whether the person stands before the form of this act, with no scrolling to do."""
    page = person.page
    form = page.locator(f"#act form[action$='/{number}/{act}']")
    return page.url.endswith(f"/cases/{number}#act") and form.is_visible()


def next_of(person, number):
    """Return the filled button of a case's line."""
    return person.page.locator("tr", has_text=number).locator("a.button.primary")


def test_a_handler_sees_what_is_due_and_arrives_at_the_next_act(chromium, live_server, people):
    handler = at_desk(chromium, live_server, people.handler)
    page = handler.page
    assert page.url.endswith("/cases"), "the day begins at the inbox"
    assert page.inner_text("h1") == "Due today: 1 · overdue: 1"
    bands = page.locator("tr.band").all_inner_texts()
    assert bands == [
        "Overdue",
        "Due today",
        "Later",
        "Somebody else's turn: nothing for you to do now",
    ]
    for number in (people.overdue, people.today):
        line = page.locator("tr", has_text=number)
        assert line.locator("a.button.primary").count() == 1
        assert line.is_visible()
        assert line.bounding_box()["y"] < LAPTOP["height"], "no scrolling to what is due"
    assert "7 working days over" in page.locator("tr", has_text=people.overdue).inner_text()
    assert "Today until 17:30" in page.locator("tr", has_text=people.today).inner_text()
    with page.expect_navigation():
        next_of(handler, people.today).click()
    assert arrived_at(handler, people.today, "accept")
    handler.does("accept")
    assert "Done: Accepted" in handler.reads()


@pytest.mark.looks
def test_no_line_has_two_filled_buttons(chromium, live_server, people):
    for account, path in ((people.handler, "/cases"), (people.supervisor, "/supervision"),
                          (people.operator, "/supervision")):  # fmt: skip
        person = at_desk(chromium, live_server, account)
        person.opens(path)
        lines = person.page.locator("tbody tr:not(.band)").all()
        filled = [line.locator(".button.primary").count() for line in lines]
        assert filled
        assert max(filled) == 1, path


def test_a_head_sees_what_was_asked_sent_back_and_urged(chromium, live_server, people):
    head = at_desk(chromium, live_server, people.head)
    page = head.page
    page.locator("details.notices summary").click()
    assert re.findall(r"DB-2026-\d{6}", page.inner_text("details.notices")) == [
        "DB-2026-000002", "DB-2026-000001",
    ]  # fmt: skip
    head.follows("ul.counts a:has-text('waiting for a decision')")
    assert "More time: to be decided by" in head.reads()
    assert "Judge the appeal: Supervisor" in head.reads()
    head.follows("ul.counts a:has-text('sent back by the citizen')")
    assert page.locator("tbody tr:not(.band)").count() == 1
    with page.expect_navigation():
        next_of(head, people.back).click()
    assert arrived_at(head, people.back, "rectify")


def test_a_supervisor_sees_every_queue_and_arrives_at_the_next_act(chromium, live_server, people):
    supervisor = at_desk(chromium, live_server, people.supervisor)
    page = supervisor.page
    assert page.url.endswith("/supervision")
    counts = " ".join(page.inner_text("ul.counts").split())
    assert counts == (
        "1 Reports of pressure 1 To assign 1 Requests to decide 1 Appeals to judge"
        " 0 Objections to judge 2 Return visits to make 1 To close 0 Dissatisfied after the end"
        " 1 Leaders' list 1 overdue ■ 10 open"
    )
    page.click("ul.counts a[href='#closing']")
    assert page.locator("#closing h2").is_visible()
    for queue, number, act in (
        ("triage", people.triage, "route"),
        ("closing", people.to_close, "close"),
    ):
        supervisor.opens("/supervision")
        with page.expect_navigation():
            page.locator(f"#{queue} a.button.primary").click()
        assert arrived_at(supervisor, number, act)
    supervisor.does("close", words="")
    assert "Done: Closed" in supervisor.reads()


def test_a_supervisor_looks_into_a_report_of_pressure(chromium, live_server, people):
    supervisor = at_desk(chromium, live_server, people.supervisor)
    supervisor.follows("#pressure a.button.primary")
    supervisor.follows("table a.button.primary")
    page = supervisor.page
    assert "要我改成好评" in page.inner_text("blockquote")
    page.fill("textarea", "已约谈窗口负责人")
    supervisor.follows("#act button")
    assert "Written down" in supervisor.reads()
    supervisor.follows("ul.counts a:has-text('Answered ones')")
    assert "要我改成好评" in supervisor.reads()


def test_a_leader_finds_the_leaders_list_before_anything_else(chromium, live_server, people):
    leader = at_desk(chromium, live_server, people.leader)
    first = leader.page.locator("section.queue:has(table)").first
    assert first.locator("h2").inner_text() == "Leaders' list 1"
    assert people.overdue in first.inner_text()


def test_an_operator_sees_whom_to_call_and_how_often_nobody_answered(chromium, live_server, people):
    operator = at_desk(chromium, live_server, people.operator)
    page = operator.page
    assert page.inner_text("h1") == "To visit: 2 · due today: 0"
    tables = page.locator("table.cases").all_inner_texts()
    assert people.to_visit in tables[0]
    assert people.tried in tables[1]
    assert "Not reached so far: 1 of 3" in tables[1]
    assert "the next attempt counts from tomorrow" in tables[1]
    with page.expect_navigation():
        next_of(operator, people.to_visit).click()
    assert arrived_at(operator, people.to_visit, "visit")
    operator.does("visit", means="phone", outcome="answered", satisfied="yes", words="满意")
    assert page.inner_text("h1") == "To visit: 1 · due today: 0"


def test_an_operator_finds_a_caller_by_number_and_by_no_part_of_it(chromium, live_server, people):
    operator = at_desk(chromium, live_server, people.operator)
    operator.follows("header nav a:has-text('Find a case')")
    page = operator.page
    page.fill("#phone", "1381234")
    page.check("[name=why][value=asks]")
    operator.follows("main form button")
    assert "type all its digits" in page.inner_text("#phone-error")
    page.fill("#phone", "138 1234 5678")
    operator.follows("main form button")
    assert page.inner_text("section[role=status] .lead") == "Found: 2 cases that are open to you"
    assert page.input_value("#phone") == "", "the next caller is somebody else"
    assert "138" not in page.url


def test_the_next_act_is_reached_by_keyboard_alone(chromium, live_server, people):
    handler = Person(chromium, live_server)
    handler.opens("/sign-in?lang=en")
    page = handler.page
    page.focus("[name=email]")
    page.keyboard.type(people.handler.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "button primary":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "one sees where one is"
    assert page.evaluate("document.activeElement.textContent") == f"Accept {people.overdue}"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert arrived_at(handler, people.overdue, "accept")


def pages_of(people):
    return {
        people.handler: ["/cases", "/cases?pile=ended", "/cases?q=nothing-like-it"],
        people.head: ["/cases?pile=waiting", "/cases?pile=back"],
        people.colleague_elsewhere: ["/cases"],
        people.supervisor: ["/supervision", "/cases", "/supervision/pressure",
                            "/supervision/pressure?answered=1", "/find"],
        people.operator: ["/supervision", "/find"],
        people.auditor: ["/cases", "/find"],
    }  # fmt: skip


@pytest.mark.looks
def test_no_desk_scrolls_sideways_however_long_the_names(chromium, live_server, people):
    wide = []
    for account, paths in pages_of(people).items():
        person = at_desk(chromium, live_server, account)
        for path in paths:
            for language in ("zh_CN", "en"):
                joined = "&" if "?" in path else "?"
                person.opens(f"{path}{joined}lang={language}")
                for width in SIZES:
                    person.page.set_viewport_size({"width": width, "height": 800})
                    if person.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                        wide.append((path, language, width))
        person.browser.close()
    assert wide == []


@pytest.mark.looks
def test_axe_finds_nothing_on_any_desk(chromium, live_server, people, faults):  # noqa: F811
    found = {}
    for account, paths in pages_of(people).items():
        person = at_desk(chromium, live_server, account, bypass_csp=True)
        for path in paths:
            joined = "&" if "?" in path else "?"
            assert person.opens(f"{path}{joined}lang=zh_CN") == 200
            found[path] = faults(person.page)
        if account is people.supervisor:
            person.opens("/supervision/pressure")
            person.follows("table a.button.primary")
            found["a report"] = faults(person.page)
            person.opens("/find")
            person.page.fill("#phone", "138")
            person.page.check("[name=why][value=check]")
            person.follows("main form button")
            found["a refusal"] = faults(person.page)
            person.page.fill("#phone", "13812345678")
            person.follows("main form button")
            found["an answer"] = faults(person.page)
        person.browser.close()
    assert {path: reports for path, reports in found.items() if reports} == {}


def test_on_a_telephone_the_next_act_is_no_smaller_than_a_finger(chromium, live_server, people):
    handler = at_desk(chromium, live_server, people.handler, PHONE)
    for button in handler.page.locator("a.button.primary").all():
        assert button.bounding_box()["height"] >= 36


@pytest.mark.looks
def test_many_cases_come_in_pages(app, chromium, live_server, people, tuesday):
    with app.app_context():
        for _ in range(110):
            make_case(tuesday)
    handler = at_desk(chromium, live_server, people.handler)
    page = handler.page
    assert page.locator("tbody tr:not(.band)").count() == 50
    assert people.overdue in page.locator("tbody tr:not(.band)").first.inner_text()
    handler.follows("nav.pages a:has-text('On')")
    handler.follows("nav.pages a:has-text('On')")
    assert "Page 3 of 3" in handler.reads()
    page.fill("#q", people.overdue)
    handler.follows("form[role=search] button")
    assert page.locator("tbody tr:not(.band)").count() == 1


def test_an_unfounded_finding_leads_the_head_and_not_the_handler_on(
    app, chromium, live_server, people, tuesday
):
    with app.app_context():
        case = make_case(tuesday, identity="anonymous", name="", phone="")
        handler = db.session.merge(people.handler)
        case = do(actions.accept, case, handler, now=tuesday)
        do(actions.verify, case, handler, Finding.UNFOUNDED, "查无此事", now=tuesday)
        number = case.number
    handler = at_desk(chromium, live_server, people.handler)
    line = handler.page.locator("tr", has_text=number)
    assert "Appeal: Department head" in line.inner_text()
    head = at_desk(chromium, live_server, people.head)
    assert next_of(head, number).inner_text().startswith("Appeal")
