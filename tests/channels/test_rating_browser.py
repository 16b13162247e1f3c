"""The citizen's pages in a real browser: without JavaScript, by keyboard, and for every eye."""

from datetime import timedelta

import pytest

from feedback import clock

from .. import axe
from ..factories import make_district
from .citizen import NAMED, kept, make_all_tags, make_token, only_review

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("monday")]

SMALL = {"width": 320, "height": 568}
LONG = "用人单位招用未成年工登记及特殊工时制度审批延续变更注销联合办理一件事申请服务"
GRADES = ("5", "4", "3", "2", "1")


@pytest.fixture
def token(app):
    with app.app_context():
        make_district()
        make_all_tags()
    return make_token(app, now=clock.now())


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


@pytest.mark.parametrize("query", ["", "?lang=en", "?size=large", "?lang=en&size=large"])
@pytest.mark.parametrize("item_name", ["特殊工时首次审批", LONG])
def test_five_grades_show_without_scrolling(app, open_page, token, query, item_name):
    page = open_page(f"/r/{token}{query}", java_script_enabled=True)
    page.evaluate("name => document.querySelector('.item').textContent = name", item_name)
    boxes = [page.locator(f"label[for=g{grade}]").bounding_box() for grade in GRADES]
    assert boxes[-1]["y"] + boxes[-1]["height"] <= SMALL["height"]
    assert len({(box["width"], box["height"]) for box in boxes}) == 1
    assert all(box["height"] >= 48 for box in boxes)


LOOK = """element => {
    const look = getComputedStyle(element);
    return [look.color, look.backgroundColor, look.fontSize, look.fontWeight, look.borderColor].join()
}"""


def test_all_grades_look_alike(open_page, token):
    page = open_page(f"/r/{token}", java_script_enabled=True)
    assert len({page.locator(f"label[for=g{grade}]").evaluate(LOOK) for grade in GRADES}) == 1


@pytest.mark.looks
def test_nothing_reaches_sideways_out_of_a_small_phone(open_page, token):
    for query in ("", "?lang=en", "?lang=en&size=large"):
        page = open_page(f"/r/{token}{query}", java_script_enabled=True)
        page.locator("label[for=g1]").click()
        page.locator("label[for=named]").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]


def test_without_javascript_the_tags_of_the_chosen_grade_unfold(open_page, token):
    page = open_page(f"/r/{token}")
    assert not page.locator(".more:visible").count()
    for grade in GRADES:
        page.locator(f"label[for=g{grade}]").click()
        shown = page.locator(f"#t{grade} .pick:visible")
        assert (shown.count(), page.locator(".pick:visible input[name=tags]").count()) == (3, 3)
        assert page.locator("#comment").is_visible()
        assert page.locator("#named + label").is_visible() == (grade in "21")
    page.locator("#t1 summary").click()
    assert page.locator("#t1 .pick:visible").count() == 8


def test_without_javascript_a_named_bad_rating_reaches_its_receipt(app, open_page, token):
    page = open_page(f"/R/{token}?lang=en")
    page.locator("label[for=g1]").click()
    page.locator("#t1 .pick").first.click()
    page.fill("#comment", "等了三小时没人理")
    assert not page.locator("#phone").is_visible()
    page.locator("label[for=named]").click()
    page.fill("#phone", "138 1234 5678")
    page.get_by_role("button", name="Submit").click()
    assert "/receipts/" in page.url
    assert page.url.endswith("?lang=en")
    assert kept(app) == (1, 1)


def test_without_javascript_a_changed_mind_is_told_what_was_taken_out(app, open_page, token):
    page = open_page(f"/r/{token}?lang=en")
    page.locator("label[for=g2]").click()
    page.locator("#t2 .pick").first.click()
    page.locator("label[for=g1]").click()
    page.fill("#comment", "慢")
    page.get_by_role("button", name="Submit").click()
    assert page.get_by_role("alert").is_visible()
    assert page.locator("#t2 input:checked").count() == 0
    assert page.locator("#comment").input_value() == "慢"
    page.get_by_role("button", name="Submit").click()
    assert (only_review(app).grade, kept(app)) == (1, (1, 1))


def test_with_javascript_a_changed_mind_needs_no_second_try(app, open_page, token):
    page = open_page(f"/r/{token}", java_script_enabled=True)
    page.locator("label[for=g2]").click()
    page.locator("#t2 .pick").first.click()
    page.locator("label[for=g5]").click()
    page.locator("main button").click()
    assert "/receipts/" in page.url
    assert only_review(app).grade == 5


def test_the_keyboard_alone_is_enough(app, open_page, token):
    page = open_page(f"/r/{token}?lang=en")
    keys = page.keyboard
    for _ in range(3):  # two links, then the grades
        keys.press("Tab")
    keys.press("Space")
    for _ in range(4):
        keys.press("ArrowDown")
    assert page.locator("#g1").is_checked()
    keys.press("Tab")
    keys.press("Space")
    assert page.locator("#t1 input").first.is_checked()
    for _ in range(4):  # two more reasons, «more reasons», words
        keys.press("Tab")
    keys.type("slow")
    keys.press("Tab")
    keys.press("Space")
    assert page.locator("#anonymous").is_checked()
    keys.press("ArrowDown")
    keys.press("Tab")
    keys.type("13812345678")
    keys.press("Enter")
    page.wait_for_url("**/receipts/**")
    assert only_review(app).phone_sealed


RING = """() => {
    const focused = document.activeElement;
    const shown = focused.matches(".g, .i") ? focused.nextElementSibling : focused;
    return getComputedStyle(shown).outlineStyle + getComputedStyle(shown).outlineWidth;
}"""


def test_every_stop_of_the_keyboard_shows_where_it_is(open_page, token):
    page = open_page(f"/r/{token}", java_script_enabled=True)
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(RING) == "solid3px"


def test_the_page_loads_with_one_request(open_page, token, live_server):
    page = open_page("/")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server}/r/{token}")
    assert [address for address in asked if not address.startswith("data:")] == [page.url]


def test_the_policy_stops_nothing_of_ours(open_page, token):
    page = open_page("/", java_script_enabled=True)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(page.url + f"r/{token}")
    page.locator("label[for=g1]").click()
    assert said == []


def test_going_back_after_rating_meets_the_receipt(open_page, token):
    page = open_page(f"/r/{token}?lang=en", java_script_enabled=True)
    page.locator("label[for=g5]").click()
    page.locator("main button").click()
    page.go_back()
    assert "rated already" in page.locator("h1").inner_text()
    page.get_by_role("link", name="Open the receipt").click()
    assert "/receipts/" in page.url


@pytest.fixture
def addresses(app, client, token):
    """Return every page a citizen may meet, by name."""
    rated = make_token(app, now=clock.now())
    named = client.post(f"/r/{rated}", data=NAMED).headers["Location"]
    good = client.post(f"/r/{make_token(app, now=clock.now())}", data={"grade": "5"})
    return {
        "rating": f"/r/{token}", "receipt": named, "thanks": good.headers["Location"],
        "already rated": f"/r/{rated}",
        "expired": f"/r/{make_token(app, now=clock.now() - timedelta(days=40))}",
        "home": "/", "receipts": "/receipts", "no receipt": "/receipts/x", "refusal": "/r/mistyped",
    }  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("query", ["", "?lang=en&size=large"])
@pytest.mark.looks
def test_axe_finds_nothing(open_page, addresses, scheme, query):
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21aa", "wcag22aa", "best-practice"]}
    wishes = {"java_script_enabled": True, "color_scheme": scheme, "bypass_csp": True}
    found = {}
    for name, path in addresses.items():
        page = open_page(path + query, **wishes)
        found[name] = axe.look(page, rules).generate_report()
        if name == "rating":
            page.locator("label[for=g1]").click()
            page.locator("#t1 summary").click()
            page.locator("label[for=named]").click()
            found["unfolded"] = axe.look(page, rules).generate_report()
            page.fill("#phone", "1")
            page.locator("main button").click()
            found["422"] = axe.look(page, rules).generate_report()
        page.context.close()
    assert {name: report for name, report in found.items() if "Found 0" not in report} == {}


def test_a_page_at_twice_the_size_still_fits(open_page, token):
    """200 % zoom on a desk of 640 pixels is a phone of 320."""
    page = open_page(
        f"/r/{token}", java_script_enabled=True, viewport={"width": 320, "height": 256},
        device_scale_factor=2,
    )  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
