"""The staff's pages under axe: every desk, by day and by night."""

import pytest

from feedback import clock
from feedback.cases import actions
from feedback.cases.states import State
from feedback.db import db
from feedback.notify.models import Message
from feedback.offices.roles import Role

from .. import axe
from ..cases.doing import do
from ..factories import (
    UNHAPPY,
    let_go,
    make_account,
    make_case,
    make_district,
    make_event,
    make_people,
    walk_to,
)  # fmt: skip
from ..notify.helpers import promise_mail
from .test_main_job import Person

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("monday")]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
STATES = (State.ROUTED, State.VERIFYING, State.RECTIFYING, State.VISITING, State.CLOSING)


@pytest.fixture
def desks(app):
    """Return, for each person of the staff, the pages of their desk; a case stands in every state."""
    now = clock.now()
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("the database does not change how a page looks")
        make_district()
        people = make_people()
        clerk, admin = make_account(Role.CLERK), make_account(Role.ADMIN, department="GOV")
        cases = [f"/cases/{walk_to(make_case(now), to, people, now).number}" for to in STATES]
        closed = f"/cases/{walk_to(make_case(now), State.CLOSED, people, now).number}"
        unnamed = f"/cases/{make_case(now, identity='anonymous', name='', phone='').number}"
        notice = send_back(walk_to(make_case(now), State.VISITING, people, now), people, now)
        service = f"/desk/events/{make_event(now).id}"
        promise_mail(now)
        message = give_up(now)
        number = f"?number={make_event(now).project_no}"
        let_go(people.handler, people.head, people.operator, people.supervisor, clerk, admin)
    report = f"/reports/closure/{clock.week_of(now)}"
    return {
        None: ["/sign-in", "/nowhere"],
        clerk: ["/desk/events", "/desk/events?item=RS-001", f"/desk/events{number}",
                "/desk/events?q=zzz", service, f"{service}/slip",
                f"/desk/events/sheet?event={service.split('/')[-1]}"],
        people.handler: ["/cases", "/cases?pile=overdue", "/cases?pile=ended", *cases, closed, unnamed],
        people.head: ["/reports", report, "/supervision/notices", notice],
        people.operator: ["/supervision", cases[3]],
        people.supervisor: ["/supervision", "/cases", *cases, closed, report, "/messages", message],
        admin: ["/admin/accounts", f"/admin/accounts/{admin.id}", "/admin/catalogue",
                "/admin/catalogue?q=RS", "/messages"],
    }  # fmt: skip


def send_back(case, people, now):
    """Have the citizen send a case back, and return the page of the notice that follows."""
    do(actions.visit, case, people.operator, UNHAPPY, now=now)
    return f"/cases/{case.number}/notices/DB-{now.year}-000001"


def give_up(now):
    """Give a message up, and return its page."""
    with db.engine.connect().execution_options(writing=True) as connection:
        messages = Message.__table__
        given_up = {"state": "given_up", "attempts": 8, "last_error": "no_mailbox"}
        connection.execute(messages.update().values(**given_up))
        found = connection.scalar(messages.select().with_only_columns(messages.c.id))
        connection.commit()
    return f"/messages/{found}"


@pytest.fixture
def faults():
    """Return a function that looks at a page, folded parts too, and says what axe finds there."""

    def look(page):
        page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
        by_day = axe.look(page, RULES)
        page.emulate_media(color_scheme="dark")
        by_night = axe.look(page, {"runOnly": ["color-contrast"]})  # the rest stays as it was
        page.emulate_media(color_scheme="light")
        return [seen.generate_report() for seen in (by_day, by_night) if seen.violations_count]

    return look


@pytest.mark.looks
def test_axe_finds_nothing_on_any_desk(chromium, live_server, desks, faults):
    found = {}
    for account, paths in desks.items():
        person = Person(chromium, live_server, bypass_csp=True)
        if account:
            person.signs_in(account)
        for path in paths:
            joined = "&" if "?" in path else "?"
            assert person.opens(f"{path}{joined}lang=zh_CN") in (200, 404), path
            found[path] = faults(person.page)
        person.browser.close()
    assert {path: reports for path, reports in found.items() if reports} == {}


@pytest.mark.looks
def test_axe_finds_nothing_where_something_was_wrong(chromium, live_server, desks, faults):
    stranger = Person(chromium, live_server, bypass_csp=True)
    stranger.opens("/sign-in")
    stranger.page.fill("[name=email]", "nobody@licheng.example")
    stranger.page.fill("[name=password]", "wrong")
    stranger.follows("main button")
    handler = next(account for account, paths in desks.items() if "/cases" in paths)
    staff = Person(chromium, live_server, bypass_csp=True)
    staff.signs_in(handler)
    accepted = [path for path in desks[handler] if "/cases/" in path][STATES.index(State.VERIFYING)]
    staff.opens(f"{accepted}?lang=zh_CN")
    staff.page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
    staff.page.evaluate(
        "document.querySelectorAll('details').forEach(folded => folded.open = true)"
    )
    staff.follows("form[action$='/contact'] button")
    for person in (stranger, staff):
        assert person.page.locator(".error-summary").is_visible()
        assert faults(person.page) == []
        person.browser.close()


def test_control_axe_sees_what_cannot_be_read(chromium, live_server, desks, faults):
    person = Person(chromium, live_server, bypass_csp=True)
    person.opens("/sign-in")
    person.page.add_style_tag(content="main p { color: #999; background: #aaa }")
    assert len(faults(person.page)) == 2
    person.browser.close()
