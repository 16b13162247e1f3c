"""The desks through the door: what each person sees, and what every wrong post gets."""

import io

import pytest
from sqlalchemy import select

from feedback.cases.evidence import plain_name
from feedback.cases.models import Case, Evidence
from feedback.cases.states import State
from feedback.db import db, transaction
from feedback.offices.models import Department
from feedback.offices.roles import Role

from ..counting import statements
from ..factories import (
    let_go,
    make_account,
    make_case,
    make_district,
    make_event,
    make_people,
    rate,
    sign_in,
    walk_to,
)

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PDF = b"%PDF-1.7\n%%EOF"


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


def seen(app, number):
    with app.app_context():
        return db.session.scalars(select(Case.version).where(Case.number == number)).one()


def state(app, number):
    with app.app_context():
        return db.session.scalars(select(Case.state).where(Case.number == number)).one()


def walk(app, number, to, people):
    with app.app_context():
        walk_to(db.session.scalars(select(Case).where(Case.number == number)).one(), to, people)


def csrf(client, number):
    page = client.get(f"/cases/{number}").get_data(as_text=True)
    return page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def post(client, number, act, **said):
    said.setdefault("csrf_token", csrf(client, number))
    said.setdefault("seen", seen(client.application, number))
    return client.post(f"/cases/{number}/{act}?lang=en", data=said)


def test_the_inbox_shows_own_cases_with_light_and_next_act(client, people, number):
    sign_in(client, people.handler)
    page = client.get("/cases?lang=en").get_data(as_text=True)
    assert number in page
    assert "特殊工时首次审批" in page
    assert ">Accept<" in page
    assert "13812345678" not in page


def test_an_inbox_costs_the_same_however_many_cases(app, client, people):
    sign_in(client, people.handler)
    client.get("/cases")
    with statements(app) as few:
        client.get("/cases")
    with app.app_context():
        for _ in range(30):
            make_case()
    with statements(app) as many:
        assert client.get("/cases").get_data(as_text=True).count("HC-2026-") >= 31
    assert len(few) == len(many)


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


def test_evidence_comes_back_as_a_download(app, client, people, number):
    walk(app, number, State.RECTIFYING, people)
    sign_in(client, people.handler)
    data = {"csrf_token": csrf(client, number), "seen": seen(app, number), "words": "x",
            "files": [(io.BytesIO(PDF), "通知.pdf")]}  # fmt: skip
    client.post(f"/cases/{number}/rectify", data=data)
    with app.app_context():
        file_id = db.session.scalars(select(Evidence.id)).one()
    answer = client.get(f"/cases/{number}/evidence/{file_id}")
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    stranger = app.test_client()
    sign_in(stranger, people.colleague_elsewhere)
    assert stranger.get(f"/cases/{number}/evidence/{file_id}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("shell.png", b"<?php system($_GET[0]);"), ("page.pdf", b"<html><script>1</script>"),
        ("empty.png", b""), ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("big.png", PNG + b"\0" * 10_000_001),
    ],
)  # fmt: skip
def test_what_is_no_evidence_is_refused_and_nothing_moves(
    app, client, people, number, name, content
):
    walk(app, number, State.RECTIFYING, people)
    sign_in(client, people.handler)
    before = seen(app, number)
    data = {"csrf_token": csrf(client, number), "seen": before, "words": "写了很多字",
            "files": [(io.BytesIO(content), name)]}  # fmt: skip
    answer = client.post(f"/cases/{number}/rectify", data=data)
    assert answer.status_code == 422
    assert "写了很多字" in answer.get_data(as_text=True)
    assert seen(app, number) == before


TRICKY = ["../../etc/passwd.png", "a" * 300 + ".png", "\x00x.png", ".."]


@pytest.mark.parametrize("name", TRICKY)
def test_tricky_file_names_are_only_words(app, client, people, number, name):
    walk(app, number, State.RECTIFYING, people)
    sign_in(client, people.handler)
    data = {"csrf_token": csrf(client, number), "seen": seen(app, number), "words": "x",
            "files": [(io.BytesIO(PNG), name)]}  # fmt: skip
    assert client.post(f"/cases/{number}/rectify", data=data).status_code == 303
    with app.app_context():
        kept = db.session.scalars(select(Evidence)).one()
        assert len(kept.name) <= 120
        assert "/" not in kept.name
        assert "\x00" not in kept.name
        folder = app.config["FEEDBACK"].var / "evidence"
        assert [p.name for p in folder.rglob("*") if p.is_file() and p.name == kept.sha256]
        file_id = kept.id
    answer = client.get(f"/cases/{number}/evidence/{file_id}")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


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
    assert "load the page again" in answer.get_data(as_text=True)


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
    assert post(client, number, "route", department="RS", why="原由人社局承办").status_code == 303
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


NONSENSE = [
    "?page=-1", "?page=٣", "?page=99999999999", "?light=pink", "?state=%00", "?q=%F0%28%8C%28",
]  # fmt: skip


@pytest.mark.parametrize("query", NONSENSE)
def test_nonsense_in_the_address_filters_nothing_and_breaks_nothing(client, people, query):
    sign_in(client, people.handler)
    assert client.get(f"/cases{query}").status_code == 200


def test_a_file_name_cannot_write_headers():
    assert plain_name("нет\r\nSet-Cookie: a.png") == "нетSet-Cookie: a.png"
