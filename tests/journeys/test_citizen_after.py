"""What a citizen sees and does after the review, on an old phone: without JavaScript, for every eye."""

import pytest

from feedback.cases import actions as cases
from feedback.cases.states import Purpose, State, Verdict
from feedback.db import db

from .. import axe
from ..channels.matter import ANONYMOUS, Matter
from ..factories import UNHAPPY, make_district

pytestmark = pytest.mark.browser

SMALL = {"width": 320, "height": 568}
GRADES = ("5", "4", "3", "2", "1")
LONG = "用人单位招用未成年工登记及特殊工时制度审批延续变更注销联合办理一件事申请服务"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def district(app):
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("the database does not change how a page looks")
        make_district()


@pytest.fixture
def matters(app, district):
    """Return a matter in every state that a receipt can show, by name."""
    called = Matter(app).walk(State.VERIFYING).opens_number("handler", Purpose.CALL_BACK).contact()
    objected = Matter(app).void().says(cases.object_to, "不是另一件事")
    stands = Matter(app).void().says(cases.object_to, "不是另一件事")
    stands.does("supervisor", cases.reconsider, Verdict.DISMISS, "两件事确实不同，维持不予采纳。")
    asked = Matter(app)
    asked.does("head", cases.ask_transfer, "这个事项由水务局负责", "SW")
    longer = Matter(app).walk(State.VERIFYING)
    longer.does("head", cases.ask_extension, "要等新设备到货安装", "先临时加人")
    longer.does("leader", cases.decide, True, "同意")
    return {
        "fresh": Matter(app), "called": called, "replied": Matter(app).walk(State.VISITING),
        "sent back": Matter(app).walk(State.VISITING).does("operator", cases.visit, UNHAPPY),
        "voided": Matter(app).void("评的是另一件事：您当天办理的是用水报装，不是本事项。"),
        "objected": objected, "void stands": stands, "closed": Matter(app).walk(State.CLOSED),
        "transfer": asked, "longer": longer,
        "law": Matter(app).explain_the_law("《中华人民共和国行政许可法》第三十二条"),
        "anonymous": Matter(app, **ANONYMOUS).walk(State.CLOSING),
    }  # fmt: skip


@pytest.fixture
def open_page(chromium, live_server):
    """Open a path in a fresh browser on a small phone, JavaScript off unless told."""
    opened = []

    def open_it(path, **wishes):
        options = {"viewport": SMALL, "java_script_enabled": False, **wishes}
        opened.append(chromium.new_context(**options))
        page = opened[-1].new_page()
        page.goto(live_server + path)
        return page

    yield open_it
    for browser_context in opened:
        browser_context.close()


def test_a_citizen_reads_the_reply_and_says_how_it_is(app, open_page, district):
    matter = Matter(app).walk(State.VISITING)
    page = open_page(matter.receipt)
    assert "已增开窗口，欢迎再来" in page.inner_text("main")
    page.get_by_role("link", name="Say how you find it").click()
    page.get_by_role("button", name="Submit").click()
    assert page.get_by_role("alert").is_visible()
    page.locator("label[for=g2]").click()
    page.fill("#words", "还是一个窗口")
    page.get_by_role("button", name="Submit").click()
    words = page.inner_text("main")
    assert "we have received how you find it" in words
    assert "put right once more, because you were not satisfied" in words
    assert "还是一个窗口" not in words
    assert matter.state is State.RECTIFYING


def test_the_link_in_the_message_asks_at_once(app, open_page, district):
    matter = Matter(app).walk(State.VISITING)
    page = open_page(f"{matter.link}?lang=en")
    page.locator("label[for=g4]").click()
    page.get_by_role("button", name="Submit").click()
    assert matter.code in page.inner_text("main")
    again = open_page(f"{matter.link}?lang=en")
    assert "You have said already" in again.inner_text("h1")
    again.get_by_role("link", name="Open the receipt").click()
    assert "What happens with it" in again.inner_text("main")


def test_a_citizen_adds_something_and_tells_of_pressure_by_keyboard(app, open_page, district):
    matter = Matter(app)
    page = open_page(matter.page("add"))
    for _ in range(2):  # language, size
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("two others saw it")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=add")
    page.get_by_role("link", name="I was pressed to change my rating").click()
    page.get_by_role("button", name="Tell the supervisors").click()
    assert "reaches the supervisors and nobody else" in page.inner_text("main")
    page.get_by_role("link", name="Back to the receipt").click()
    assert "pressed" not in page.inner_text("main").replace("I was pressed to change my rating", "")


def test_a_citizen_objects_and_reads_what_came_of_it(app, open_page, district):
    matter = Matter(app).void("评的是另一件事")
    page = open_page(matter.receipt)
    page.get_by_role("link", name="I do not agree").click()
    page.fill("#words", "不是另一件事")
    page.get_by_role("button", name="Submit").click()
    assert "We have received your objection" in page.inner_text("main")
    matter.does("supervisor", cases.reconsider, Verdict.DISMISS, "两件事确实不同")
    page.goto(page.url)
    assert "两件事确实不同" in page.inner_text("main")


@pytest.mark.parametrize("query", ["", "?lang=en", "?size=large", "?lang=en&size=large"])
@pytest.mark.parametrize("item_name", ["特殊工时首次审批", LONG])
def test_five_grades_show_without_scrolling_and_alike(app, open_page, district, query, item_name):
    matter = Matter(app).walk(State.VISITING)
    page = open_page(f"/receipts/{matter.code}/second{query}", java_script_enabled=True)
    page.evaluate("name => document.querySelector('.item').textContent = name", item_name)
    labels = [page.locator(f"label[for=g{grade}]") for grade in GRADES]
    boxes = [label.bounding_box() for label in labels]
    assert boxes[-1]["y"] + boxes[-1]["height"] <= SMALL["height"]
    assert len({(box["width"], box["height"]) for box in boxes}) == 1
    assert all(box["height"] >= 48 for box in boxes)
    assert page.locator("input:checked").count() == 0


def paths_of(matters):
    """Return every page a citizen may meet after the review, by name."""
    replied, voided = matters["replied"], matters["voided"]
    receipts = {name: f"/receipts/{matter.code}" for name, matter in matters.items()}
    return {
        **receipts,
        **{f"page {p}": f"/receipts/{replied.code}/{p}" for p in
           ("add", "second", "pressed", "pressed/sent", "words", "objection")},
        "objection": f"/receipts/{voided.code}/objection", "link": replied.link,
        "thanked": f"/receipts/{replied.code}?said=add",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scheme", "query"), [("light", "lang=zh_CN"), ("dark", "lang=en&size=large")]
)
@pytest.mark.looks
def test_axe_finds_nothing_and_nothing_reaches_sideways(open_page, matters, scheme, query):
    found = {}
    wishes = {"java_script_enabled": True, "color_scheme": scheme, "bypass_csp": True}
    for name, path in paths_of(matters).items():
        page = open_page(f"{path}{'&' if '?' in path else '?'}{query}", **wishes)
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"], name
        found[name] = axe.look(page, RULES).generate_report()
        if page.locator("main form button").count():
            if "second" in name:
                page.locator("label[for=g1]").click()
                page.evaluate("document.querySelector('#words').value = 'x'.repeat(1001)")
            page.locator("main form button").click()
            found[f"{name} sent"] = axe.look(page, RULES).generate_report()
        page.context.close()
    assert {name: report for name, report in found.items() if "Found 0" not in report} == {}
