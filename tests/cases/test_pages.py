"""The desks through the door: what each person sees, and what every wrong post gets."""

import io
import re

import pytest
from sqlalchemy import select

from feedback.cases.models import Case
from feedback.cases.states import State
from feedback.db import db, transaction
from feedback.offices.models import Department
from feedback.offices.roles import Role

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
from .at_desk import csrf, post, seen, state, walk
from .test_evidence import PDF, PNG


@pytest.fixture
def people(app):
    with app.app_context():
        make_district()
        people = make_people()
        people.cases = [make_case().number]
        let_go(people.handler, people.head, people.colleague_elsewhere, people.operator,
               people.supervisor)  # fmt: skip
    return people


@pytest.fixture
def number(people):
    return people.cases[0]


def test_another_departments_case_is_not_there_at_all(client, people, number):
    sign_in(client, people.colleague_elsewhere)
    assert client.get(f"/cases/{number}").status_code == 404
    assert number not in client.get("/cases").get_data(as_text=True)
    token = client.get("/cases").get_data(as_text=True)
    token = token.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    for act in ("accept", "verify", "rectify", "reply", "visit", "close", "reveal"):
        answer = client.post(f"/cases/{number}/{act}", data={"csrf_token": token, "seen": "1"})
        assert answer.status_code in (403, 404), act


def test_a_handler_works_a_case_through_to_the_reply(app, client, people, number):
    sign_in(client, people.handler)
    assert post(client, number, "accept").status_code == 303
    assert (
        post(
            client, number, "contact", means="phone", reached="answered", words="已致歉"
        ).status_code
        == 303
    )
    assert post(client, number, "verify", finding="true", words="属实").status_code == 303
    answer = client.post(
        f"/cases/{number}/rectify",
        data={"csrf_token": csrf(client, number), "seen": seen(app, number), "words": "已增开窗口",
              "files": [(io.BytesIO(PNG), "现场.png"), (io.BytesIO(PDF), "通知.pdf")]},
    )  # fmt: skip
    assert answer.status_code == 303
    assert post(client, number, "reply", words="已增开窗口，欢迎再来").status_code == 303
    assert state(app, number) is State.VISITING
    page = client.get(f"/cases/{number}").get_data(as_text=True)
    assert "现场.png" in page
    assert "138****5678" in page
    assert "王**" in page
    assert "13812345678" not in page
    assert "王小明" not in page


def words_in(answer, element):
    """Return what stands in the first such element of the page."""
    page = answer.get_data(as_text=True)
    return page.split(f"<{element}", 1)[1].split(">", 1)[1].split("<", 1)[0].strip()


def test_a_stale_page_keeps_the_words_in_the_form_while_the_act_is_possible(
    app, client, people, number
):
    walk(app, number, State.RECTIFYING, people)
    old = seen(app, number)
    sign_in(client, people.handler)
    post(client, number, "contact", means="phone", reached="answered", words="打过电话")
    answer = post(client, number, "rectify", seen=old, words="写了半小时的整改情况")
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "moved on by somebody" in page
    assert "打过电话" in page, "the page is fresh"
    form = page.split(f'action="/cases/{number}/rectify"', 1)[1].split("</form>", 1)[0]
    assert "写了半小时的整改情况" in form
    assert f'name="seen" value="{seen(app, number)}"' in form
    assert "readonly" not in page
    again = post(client, number, "rectify", words="写了半小时的整改情况")
    assert again.status_code == 303


def test_a_stale_page_gives_the_words_back_to_copy_when_the_act_is_over(
    app, client, people, number
):
    walk(app, number, State.VERIFYING, people)
    old = seen(app, number)
    walk(app, number, State.RECTIFYING, people)
    sign_in(client, people.handler)
    answer = post(client, number, "verify", seen=old, finding="true", words="<b>查了</b>很久")
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert 'id="kept" rows="6" readonly' in page
    assert "&lt;b&gt;查了&lt;/b&gt;很久" in page
    assert "Awaiting" not in page


def test_words_are_given_back_even_when_the_case_has_left_the_desk(app, client, people, number):
    walk(app, number, State.VISITING, people)
    sign_in(client, people.operator)
    said = {"means": "phone", "outcome": "answered", "satisfied": "yes", "words": "群众很满意",
            "seen": seen(app, number), "csrf_token": csrf(client, number)}  # fmt: skip
    walk(app, number, State.CLOSING, people)
    gone = client.post(f"/cases/{number}/visit", data=said)
    assert gone.status_code == 404
    assert "群众很满意" in gone.get_data(as_text=True)
    for change in ({"outcome": "nonsense"}, {}):
        nowhere = client.post("/cases/HC-2026-999999/visit", data={**said, **change})
        assert nowhere.status_code == 404
        assert words_in(nowhere, "h1") == words_in(gone, "h1")


def test_a_wrong_purpose_opens_nothing_and_is_named(client, people, number):
    sign_in(client, people.handler)
    post(client, number, "accept")
    for purpose in ("curiosity", "", "\x00"):
        answer = post(client, number, "reveal", purpose=purpose)
        assert answer.status_code == 422
        page = answer.get_data(as_text=True)
        assert "13812345678" not in page
        assert "Some of it needs another look" in page


def test_the_office_complained_of_is_told_that_another_one_closes(app, client, people, number):
    walk(app, number, State.CLOSING, people)
    with app.app_context():
        own = make_account(Role.SUPERVISOR, department="RS", name="局督查")
        let_go(own)
    sign_in(client, own)
    page = client.get(f"/cases/{number}?lang=en").get_data(as_text=True)
    assert "Next: Close the case (Supervisor of another office)" in page
    assert "This case is about your own office" in page
    assert f"/cases/{number}/close" not in page
    elsewhere = app.test_client()
    sign_in(elsewhere, people.supervisor)
    page = elsewhere.get(f"/cases/{number}?lang=en").get_data(as_text=True)
    assert "about your own office" not in page
    assert f"/cases/{number}/close" in page


def test_every_label_has_a_field_of_its_own(app, client, people, number):
    walk(app, number, State.VERIFYING, people)
    sign_in(client, people.handler)
    page = client.get(f"/cases/{number}").get_data(as_text=True)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<label for="([^"]+)"', page)) <= set(ids)


def test_a_stale_page_and_an_act_out_of_turn_are_told_so(app, client, people, number):
    sign_in(client, people.handler)
    old = seen(app, number)
    post(client, number, "accept")
    assert post(client, number, "verify", seen=old, finding="true", words="x").status_code == 409
    assert post(client, number, "accept").status_code == 409
    assert state(app, number) is State.VERIFYING


@pytest.mark.parametrize("said", [
    {}, {"finding": "true"}, {"words": "x"}, {"finding": "nonsense", "words": "x"},
    {"finding": "true", "words": "\x00"}, {"finding": "true", "words": "字" * 2001},
    {"finding": "true", "words": "x", "seen": "١"}, {"finding": "true", "words": "x", "seen": "9" * 30},
    {"finding": "true", "words": "x", "seen": ""},
])  # fmt: skip
def test_wrong_fields_are_named_and_nothing_moves(app, client, people, number, said):
    sign_in(client, people.handler)
    post(client, number, "accept")
    assert post(client, number, "verify", **said).status_code == 422
    assert state(app, number) is State.VERIFYING


def test_a_form_without_its_token_is_refused_in_words(client, people, number):
    sign_in(client, people.handler)
    answer = post(client, number, "accept", csrf_token="")
    assert answer.status_code == 400
    assert "open the page anew" in answer.get_data(as_text=True)


def test_the_number_is_opened_for_a_purpose_only(client, people, number):
    sign_in(client, people.handler)
    post(client, number, "accept")
    answer = post(client, number, "reveal", purpose="call_back")
    assert "13812345678" in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "13812345678" not in client.get(f"/cases/{number}").get_data(as_text=True)
    assert "Number opened" in client.get(f"/cases/{number}?lang=en").get_data(as_text=True)


def test_supervisor_and_operator_find_what_waits_for_them(app, client, people, number):
    walk(app, number, State.VISITING, people)
    sign_in(client, people.operator)
    assert number in client.get("/supervision").get_data(as_text=True)
    answer = post(
        client, number, "visit", means="phone", outcome="answered", satisfied="yes", words="满意"
    )
    assert answer.status_code == 303
    assert answer.location == "/supervision"
    supervisor = app.test_client()
    sign_in(supervisor, people.supervisor)
    assert number in supervisor.get("/supervision").get_data(as_text=True)
    assert post(supervisor, number, "close", words="").status_code == 303
    assert state(app, number) is State.CLOSED


def test_only_a_supervisor_closes(app, client, people, number):
    walk(app, number, State.CLOSING, people)
    sign_in(client, people.head)
    assert post(client, number, "close", words="x").status_code == 403
    assert state(app, number) is State.CLOSING


def test_triage_is_assigned_from_the_desk(app, client, people):
    with app.app_context():
        with transaction():
            db.session.get_one(Department, "SW").active = False
        number = make_case_in_triage().number
    sign_in(client, people.supervisor)
    assert (
        post(
            client, number, "route", department="RS", tag_class="process", why="原由人社局承办"
        ).status_code
        == 303
    )
    assert state(app, number) is State.ROUTED


def make_case_in_triage():
    event = make_event(item_code="SW-001", window=None)
    rate(event, tags=("113",))
    return db.session.scalars(select(Case).where(Case.event_id == event.id)).one()


@pytest.mark.parametrize("role", [Role.CLERK, Role.ADMIN])
def test_clerk_and_administrator_see_no_case(app, client, people, number, role):
    with app.app_context():
        account = make_account(role)
        let_go(account)
    sign_in(client, account)
    for path in ("/cases", "/supervision", f"/cases/{number}"):
        assert client.get(path).status_code == 403
