"""The business systems' door, one report at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
import time_machine
from sqlalchemy import select

from feedback.catalog.models import Item
from feedback.db import db, transaction
from feedback.events import tokens
from feedback.events.models import RecordedVia, ServiceEvent
from feedback.ledger.models import ActorKind, Entry
from feedback.offices.models import Officer, Window

from ..conftest import MONDAY_MORNING
from ..counting import statements
from .business import BULK, KEY, SINGLE, count, make_key, open_shop, report, send, wrong


@pytest.fixture(autouse=True)
def _monday(app):
    open_shop(app)
    with time_machine.travel(MONDAY_MORNING, tick=False):
        yield


def test_a_new_report_is_answered_with_its_code(app, client):
    answer = send(client, report())
    assert answer.status_code == 201
    body = answer.json
    assert set(body) == {
        "project_no", "service_number", "token", "link", "expires_at", "qr_svg", "qr_png",
    }  # fmt: skip
    assert body["project_no"] == "370112202611230001"
    assert body["service_number"] == 1
    assert tokens.read_token(app.config["FEEDBACK"].token_keys, body["token"]) is not None
    assert body["link"] == f"http://localhost/r/{body['token']}"
    assert body["qr_svg"] == f"{body['link']}/qr.svg"
    assert body["qr_png"] == f"{body['link']}/qr.png"
    # Five working days after Monday 23 November end with Monday the 30th.
    assert body["expires_at"] == "2026-12-01T00:00:00+08:00"


def test_what_is_recorded_is_what_was_said(app, client):
    applicant = {"kind": "2", "name": "某某有限公司", "phone": "13812345678"}
    send(client, report(mode="online", service_number="2", applicant=applicant))
    with app.app_context():
        event = db.session.scalars(select(ServiceEvent)).one()
        entry = db.session.scalars(select(Entry)).one()
    assert event.recorded_via is RecordedVia.API
    assert (event.mode, event.service_number, event.applicant_kind) == ("online", 2, "enterprise")
    assert event.served_at == datetime.fromisoformat("2026-11-23T09:30:00+08:00")
    assert "某某" not in event.applicant_name_sealed
    assert "138" not in event.applicant_phone_sealed[2:5]
    assert (entry.actor_kind, entry.actor_name, entry.act) == (
        ActorKind.API,
        "综合受理系统",
        "record",
    )
    assert "某某" not in str(entry.facts)


def test_the_same_again_is_answered_the_same(app, client):
    first, second = send(client, report()), send(client, report())
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json
    assert count(app) == 1


def test_the_same_without_a_time_is_the_same_an_hour_later(app, client):
    first = send(client, report(served_at=...))
    with time_machine.travel("2026-11-23T03:00:00Z", tick=False):
        second = send(client, report(served_at=...))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"item_code": "SW-001"}, {"item_code"}),
        ({"window": ...}, {"window"}),
        ({"mode": "online"}, {"mode"}),
        ({"served_at": "2026-11-23T09:31:00+08:00"}, {"served_at"}),
        ({"applicant": {"phone": "13812345679"}}, {"applicant"}),
        ({"item_code": "SW-001", "window": "XZSP-01"}, {"item_code", "window"}),
        ({"completed_at": "2026-11-23T09:31:00+08:00"}, {"completed_at"}),
    ],
)
def test_other_facts_under_a_known_number_are_refused_by_name(app, client, change, fields):
    send(client, report())
    answer = send(client, report(**change))
    assert answer.status_code == 422
    assert wrong(answer) == dict.fromkeys(fields, "recorded_differently")
    assert count(app) == 1


def test_a_number_belongs_to_its_source(app, client):
    first, second = send(client, report()), send(client, report(source="hospital", mode="online"))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["token"] != second.json["token"]
    third = send(client, report(service_number=2))
    assert third.status_code == 201
    assert count(app) == 3


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {KEY}", KEY]
)
def test_without_a_good_key_it_is_401(app, client, header):
    answer = client.post(SINGLE, json=report(), headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "unauthorised"
    assert count(app) == 0


def test_a_revoked_key_is_no_key(app, client):
    make_key(app, "revoked", revoked_at=MONDAY_MORNING)
    assert send(client, report(), key="revoked").status_code == 401


def test_a_key_bound_to_a_source_speaks_for_no_other(app, client):
    make_key(app, "bound", source="hospital")
    answer = send(client, report(), key="bound")
    assert (answer.status_code, answer.json["code"]) == (403, "not_yours")
    assert answer.mimetype == "application/problem+json"
    assert send(client, report(source="hospital"), key="bound").status_code == 201


def test_no_key_speaks_for_the_clerks_desk(app, client):
    assert send(client, report(source="desk")).status_code == 403
    assert count(app) == 0


def test_every_wrong_field_is_named_at_once(app, client):
    said = {
        "source": "", "project_no": "x" * 51, "service_number": 100, "item_code": None,
        "mode": "carrier pigeon", "served_at": "yesterday", "colour": "red",
        "applicant": {"kind": "alien", "phone": "12", "shoe": 43},
    }  # fmt: skip
    answer = send(client, said)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert wrong(answer) == {
        "source": "missing", "project_no": "too_long", "service_number": "out_of_range",
        "item_code": "not_text", "mode": "not_a_choice", "served_at": "not_a_moment",
        "colour": "unknown_field", "applicant.kind": "not_a_choice",
        "applicant.phone": "not_a_phone", "applicant.shoe": "unknown_field",
    }  # fmt: skip
    assert all(fault["message"] for fault in answer.json["errors"])
    assert {"type", "title", "status", "detail", "code"} <= set(answer.json)


def test_what_the_catalogue_does_not_know_is_named(client):
    answer = send(client, report(item_code="XX", window="YY", officer="ZZ"))
    assert wrong(answer) == {
        "item_code": "unknown_item", "window": "unknown_window", "officer": "unknown_officer",
    }  # fmt: skip


def test_the_future_and_an_end_before_its_beginning_are_refused(client):
    answer = send(
        client,
        report(
            served_at="2026-11-24T10:00:00+08:00",
            accepted_at="2026-11-23T09:00:00+08:00",
            completed_at="2026-11-22T09:00:00+08:00",
        ),
    )
    assert wrong(answer) == {"served_at": "in_future", "completed_at": "before_accepted"}


def test_no_cookie_is_set_and_none_is_needed(client):
    assert "Set-Cookie" not in send(client, report()).headers
    assert "Set-Cookie" not in send(client, report(), key="wrong").headers


def test_one_report_takes_a_constant_number_of_statements(app, client):
    with statements(app) as seen:
        send(client, report())
    assert len(seen) <= 9, seen


def test_the_same_report_twenty_times_at_once_is_one_service(app):
    def post(_: int) -> tuple[int, bytes]:
        answer = send(app.test_client(), report())
        return answer.status_code, answer.data

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(post, range(20)))
    assert sorted(status for status, _ in answers) == [200] * 19 + [201]
    assert len({body for _, body in answers}) == 1
    assert count(app) == 1
    with app.app_context():
        assert len(db.session.scalars(select(Entry)).all()) == 1


def test_other_facts_at_the_same_time_make_one_service_and_one_refusal(app):
    reports = [report(mode=mode) for mode in ("onsite", "online")] * 5

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda said: send(app.test_client(), said).status_code, reports))
    assert sorted(answers) == [200] * 4 + [201] + [422] * 5
    assert count(app) == 1


@pytest.mark.parametrize(
    ("model", "code"), [(Item, "RS-001"), (Window, "RS-12"), (Officer, "RS-1")]
)
def test_a_repeated_report_is_answered_the_same_though_something_was_retired(
    app, client, model, code
):
    with app.app_context(), transaction() as session:
        session.add(Officer(code="RS-1", name="柏", department_code="RS"))
    first = send(client, report(officer="RS-1"))
    retire(app, model, code)
    second = send(client, report(officer="RS-1"))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json
    assert send(client, report("new", officer="RS-1")).status_code == 422
    batch = send(client, {"events": [report(officer="RS-1"), report("n", officer="RS-1")]}, BULK)
    assert [row["status"] for row in batch.json["events"]] == [200, 422]


def retire(app, model, code):
    with app.app_context(), transaction() as session:
        session.get_one(model, code).active = False


def test_a_repeated_report_whose_key_was_dropped_is_410_and_spoils_no_batch(
    app, client, monkeypatch
):
    send(client, report("old"))
    monkeypatch.setattr(app.config["FEEDBACK"], "token_keys", {"N": b"n" * 32})
    answer = send(client, report("old"))
    assert (answer.status_code, answer.json["code"]) == (410, "expired")
    assert answer.mimetype == "application/problem+json"
    batch = send(client, {"events": [report("new"), report("old")]}, BULK)
    assert [row["status"] for row in batch.json["events"]] == [201, 410]
    assert count(app) == 2
