"""The pages about the words of messages: who may, what is shown, and what saving asks for."""

import pytest

from feedback.db import db
from feedback.notify import edited
from feedback.notify.occasions import Occasion
from feedback.offices.roles import Role

from ..factories import let_go, make_account, make_district, sign_in

pytestmark = pytest.mark.looks
PAGE = "/messages/wording/citizen_closed/zh_CN"
WORDS = "【{{ district }}】“{{ item|shorten }}”办好了。{% if link %}{{ link }}{% endif %}"
SAID = "【济南市历城区】“特殊工时首次审批”办好了。"


def browser_of(app, role):
    with app.app_context():
        account = make_account(role, department="GOV", name="陈")
        let_go(account)
    client = app.test_client()
    sign_in(client, account)
    return client


@pytest.fixture
def browser(app):
    """An administrator who is signed in and reads English."""
    with app.app_context():
        make_district()
    return browser_of(app, Role.ADMIN)


def read(browser, path=PAGE):
    answer = browser.get(f"{path}?lang=en")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def hidden(page, name):
    return page.split(f'name="{name}"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def send(browser, text, path=PAGE, seen=None, **more):
    page = read(browser)
    fields = {"csrf_token": hidden(page, "csrf_token"), "seen": seen or hidden(page, "seen")}
    answer = browser.post(path, data={**fields, "text": text, **more})
    return answer, answer.get_data(as_text=True)


def in_force(app):
    with app.app_context():
        found = edited.in_force("citizen_closed", "zh_CN")
        db.session.remove()
        return found


def test_every_message_is_on_the_list_and_has_its_page(browser):
    listed = read(browser, "/messages/wording")
    for occasion in Occasion:
        for locale in ("zh_CN", "en"):
            path = f"/messages/wording/{occasion.value}/{locale}"
            assert path in listed
            assert "cannot be said" not in read(browser, path)
    assert "cannot be said" not in listed
    assert "/messages/wording" in read(browser, "/messages")


def test_what_does_not_exist_is_404(browser):
    for path in ("no_such/zh_CN", "citizen_closed/fr", "citizen_closed/../zh_CN"):
        assert browser.get(f"/messages/wording/{path}").status_code == 404
    token = hidden(read(browser), "csrf_token")
    for path in ("no_such/zh_CN", "no_such/zh_CN/from-file"):
        answer = browser.post(f"/messages/wording/{path}", data={"csrf_token": token})
        assert answer.status_code == 404


def test_supervisors_look_and_administrators_edit(app, browser):
    supervisor = browser_of(app, Role.SUPERVISOR)
    page = read(supervisor)
    assert "An administrator can change these words" in page
    assert "<textarea" not in page
    token = hidden(page, "csrf_token")
    for path in (PAGE, f"{PAGE}/from-file"):
        answer = supervisor.post(path, data={"csrf_token": token, "text": WORDS, "seen": "0"})
        assert answer.status_code == 403
    assert browser_of(app, Role.HANDLER).get("/messages/wording").status_code == 403
    assert in_force(app) is None


def test_a_preview_shows_the_words_and_their_cost_and_saves_nothing(app, browser):
    answer, page = send(browser, WORDS, preview="1")
    assert answer.status_code == 200
    assert SAID in page
    assert "Not saved yet" in page
    assert "1 part" in page
    assert f"{len(SAID)} characters" in page
    assert in_force(app) is None


def test_saved_words_are_in_force_and_their_versions_stay_on_the_page(app, browser):
    answer, _ = send(browser, WORDS)
    assert (answer.status_code, answer.location) == (303, PAGE)
    send(browser, WORDS + "谢谢")
    assert in_force(app) == WORDS + "谢谢"
    page = read(browser)
    assert "Version 1" in page
    assert "Version 2" in page
    assert "陈" in page
    assert "edited" in read(browser, "/messages/wording")
    answer, _ = send(browser, "", path=f"{PAGE}/from-file")
    assert answer.status_code == 303
    assert in_force(app) is None
    assert "Version 3" in read(browser)


def test_words_that_cannot_be_said_come_back_with_the_reason(app, browser):
    for more in ({"preview": "1"}, {}):
        answer, page = send(browser, "您好{{ phone }}", **more)
        assert answer.status_code == 422
        assert "nothing called phone" in page
        assert "您好{{ phone }}" in page
    answer, page = send(browser, "您好" * 80)
    assert "at most two parts" in page
    assert in_force(app) is None


def test_of_two_editors_the_second_keeps_what_was_typed(app, browser):
    send(browser, WORDS)
    answer, page = send(browser, "另一种说法", seen="0")
    assert answer.status_code == 409
    assert "Somebody else has saved" in page
    assert "另一种说法" in page
    assert in_force(app) == WORDS
    again = {"csrf_token": hidden(page, "csrf_token"), "seen": hidden(page, "seen")}
    assert browser.post(PAGE, data={**again, "text": "另一种说法"}).status_code == 303
    assert in_force(app) == "另一种说法"
    answer, _ = send(browser, "", path=f"{PAGE}/from-file", seen="1")
    assert answer.status_code == 409


def test_markup_in_words_is_shown_as_text(browser):
    for more in ({"preview": "1"}, {}):
        send(browser, "<script>alert(1)</script></textarea>", **more)
        _, page = send(browser, "<script>alert(1)</script></textarea>", preview="1")
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in read(browser)


def test_a_form_without_its_token_is_refused(app, browser):
    assert browser.post(PAGE, data={"text": WORDS, "seen": "0"}).status_code == 400
    assert in_force(app) is None
