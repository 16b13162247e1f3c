"""The main job, as people do it: recorded, scanned, rated badly, put right, visited, closed, reported."""

import pytest
from sqlalchemy import func, select

from feedback import clock
from feedback.cases.models import Case
from feedback.db import db
from feedback.offices.roles import Role
from feedback.reviews.models import Review

from ..codes import read_png
from ..factories import PASSWORD, let_go, make_account, make_district, make_people

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("monday")]

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1366, "height": 768}


class Person:
    """Somebody at a browser of their own, in English so that the test can be read."""

    def __init__(self, browser, address, viewport=LAPTOP, **options):
        self.browser = browser.new_context(viewport=viewport, locale="en", **options)
        self.page = self.browser.new_page()
        self.page.set_default_timeout(15_000)
        self.address = address

    def opens(self, path):
        there = path if path.upper().startswith("HTTP") else self.address + path
        answer = self.page.goto(there)
        assert answer is not None
        return answer.status

    def signs_in(self, account):
        self.opens("/sign-in?lang=en")
        self.page.fill("[name=email]", account.email)
        self.page.fill("[name=password]", PASSWORD)
        with self.page.expect_navigation():
            self.page.click("main button")

    def follows(self, link):
        with self.page.expect_navigation():
            self.page.click(link)

    def does(self, act, **said):
        form = self.page.locator(f"form[action$='/{act}']")
        if not form.locator("button").is_visible():
            self.page.locator("details", has=form).locator("summary").click()
        for name, value in said.items():
            field = form.locator(f"[name={name}]").first
            if field.get_attribute("type") == "radio":
                form.locator(f"[name={name}][value={value}]").check()
            elif field.get_attribute("type") == "file":
                field.set_input_files(value)
            else:
                field.fill(value)
        with self.page.expect_navigation():
            form.locator("button").click()

    def reads(self):
        return self.page.inner_text("body")


@pytest.fixture
def people(app):
    with app.app_context():
        make_district()
        people = make_people()
        people.clerk = make_account(Role.CLERK, name="窗口")
        let_go(people.handler, people.head, people.colleague_elsewhere, people.operator,
               people.supervisor, people.clerk)  # fmt: skip
    return people


def read_code(page):
    """Read the QR code back from the picture that the browser rendered."""
    return read_png(page.screenshot(full_page=True))


def record_a_service(clerk, number):
    clerk.opens("/desk/events?item=RS-001")
    clerk.page.fill("[name=project_no]", number)
    clerk.page.click("form[method=post][action='/desk/events'] button")
    clerk.page.wait_for_url("**/desk/events/*-*")
    clerk.opens(clerk.page.url + "/slip")
    return read_code(clerk.page)


def test_a_bad_review_walks_to_its_closure_and_into_the_weeks_report(
    app, chromium, live_server, people
):
    clerk = Person(chromium, live_server)
    clerk.signs_in(people.clerk)
    address = record_a_service(clerk, "370112202611240001")
    assert address == address.upper()

    citizen = Person(chromium, live_server, PHONE, java_script_enabled=False)
    assert citizen.opens(address + "?lang=en") == 200
    assert "特殊工时首次审批" in citizen.reads()
    page = citizen.page
    page.click("label[for=g1]")
    page.locator("input[name=tags][value='110']").check()
    page.fill("#comment", "等了三小时没人理")
    page.click("label[for=named]")
    page.fill("#phone", "13812345678")
    page.fill("#name", "王小明")
    page.click("form[method=post] button")
    page.wait_for_url("**/receipts/*")
    receipt = page.url
    assert "13812345678" not in citizen.reads()
    assert "王小明" not in citizen.reads()
    assert citizen.opens(address) == 409
    assert (
        page.locator(f"a[href*='{receipt.removeprefix(live_server).split('?')[0]}']").count() == 1
    )

    handler = Person(chromium, live_server)
    handler.signs_in(people.handler)
    handler.opens("/cases")
    handler.follows("table a.button.primary")
    handler.does("accept")
    handler.does("contact", means="phone", reached="answered", words="已致歉")
    handler.does("verify", finding="true", words="属实")
    photo = {"name": "现场.png", "mimeType": "image/png", "buffer": handler.page.screenshot()}
    handler.does("rectify", words="已增开窗口", files=photo)
    handler.does("reply", words="已增开一个窗口，欢迎再来")
    assert "Awaiting return visit" in handler.reads()

    supervisor = Person(chromium, live_server)
    supervisor.signs_in(people.supervisor)
    supervisor.opens("/supervision")
    supervisor.follows("table a.button.primary")
    supervisor.does("visit", means="phone", outcome="answered", satisfied="yes", words="满意")
    supervisor.does("close", words="")
    assert "Closed" in supervisor.reads()

    supervisor.opens(f"/reports/closure/{clock.week_of(clock.now())}?lang=en")
    assert "1 of 1" in supervisor.reads()
    assert supervisor.page.inner_text(".headline strong") == "100%"
    departments = supervisor.page.locator("table.figures").first
    own = departments.locator("tbody tr", has_text="区人力资源社会保障局")
    assert own.locator("td").last.inner_text().split() == ["100%", "1", "/", "1"]

    citizen.opens(receipt)
    assert "已增开一个窗口，欢迎再来" in citizen.reads()


def test_a_satisfied_review_opens_no_case(app, chromium, live_server, people):
    clerk = Person(chromium, live_server)
    clerk.signs_in(people.clerk)
    address = record_a_service(clerk, "370112202611240002")
    citizen = Person(chromium, live_server, PHONE, java_script_enabled=False)
    citizen.opens(address)
    citizen.page.click("label[for=g5]")
    citizen.page.click("form[method=post] button")
    citizen.page.wait_for_url("**/receipts/*")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Review)) == 1
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0
