"""The business systems' door and what should never be sent to it: no answer is a 500."""

import json

import pytest
from flask_migrate import upgrade

from feedback import create_app
from feedback.db import db
from feedback.limits import limiter

from ..conftest import ROOT, make_settings
from .business import BULK, KEY, SINGLE, count, make_key, open_shop, report, send, wrong

NASTY = {
    "NUL": "a\x00b", "a lone surrogate": "\ud800", "a control character": "a\x07b",
    "over-long": "x" * 30_000, "over-long Chinese": "字" * 10_000,
    "longer when normalised": "\u0958" * 30, "an integer": 7,
    "beyond int32": 2**31, "beyond int64": 2**63, "a huge integer": 10**400, "negative": -1,
    "a float": 1.5, "a huge float": 1e308, "null": None, "true": True,
    "a list": ["a"], "an object": {"a": "b"}, "an empty text": "", "spaces": "   ",
    "Arabic digits": "١٢", "full-width digits": "１２", "an SQL quote": "'; DROP TABLE x; --",
    "wildcards": "%_\\", "a right-to-left mark": "\u202eabc", "line ends": "a\r\nb",
    "year 0": "0000-01-01T00:00:00+08:00", "year 1": "0001-01-01T00:00:00+23:59",
    "year 9999": "9999-12-31T23:59:59-23:59", "no offset": "2026-11-23T10:00:00",
    "no such day": "2026-02-30T10:00:00+08:00", "a date": "2026-11-23",
}  # fmt: skip
FIELDS = (
    "source", "project_no", "service_number", "item_code", "mode", "served_at", "window", "officer",
    "promised_at", "accepted_at", "completed_at", "applicant",
)  # fmt: skip
INNER = ("kind", "name", "phone")


@pytest.fixture(autouse=True)
def _shop(app):
    open_shop(app)


def with_value(field: str, value: object) -> dict[str, object]:
    inner = field.removeprefix("applicant.")
    return report(**({"applicant": {inner: value}} if inner in INNER else {field: value}))


@pytest.mark.parametrize("field", [*FIELDS, *(f"applicant.{name}" for name in INNER)])
def test_no_value_of_a_field_surprises_either_database(client, field):
    for words, value in NASTY.items():
        answer = send(client, with_value(field, value))
        assert answer.status_code in (200, 201, 400, 403, 422), (words, answer.data)
        if answer.status_code == 422:
            blamed = {name.partition(".")[0] for name in wrong(answer)}
            assert blamed == {field.partition(".")[0]}, (words, answer.json)


@pytest.mark.parametrize("field", FIELDS)
def test_nor_does_it_in_a_batch(client, field):
    values = {words: value for words, value in NASTY.items() if words != "a lone surrogate"}
    rows = [with_value(field, value) for value in values.values()]
    answer = send(client, {"events": [report("good"), *rows]}, BULK)
    assert answer.status_code == 207
    assert {row["status"] for row in answer.json["events"]} <= {200, 201, 403, 422}
    assert answer.json["events"][0]["status"] == 201


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("service_number", "١٢", "not_a_number"), ("service_number", True, "not_a_number"),
        ("service_number", 10**400, "out_of_range"), ("service_number", 0, "out_of_range"),
        ("service_number", 1.0, "not_a_number"), ("project_no", "a\x00b", "not_text"),
        ("project_no", {"a": "b"}, "not_text"), ("project_no", None, "not_text"),
        ("project_no", "字" * 51, "too_long"), ("project_no", "  ", "missing"),
        ("project_no", "\u0958" * 50, "too_long"), ("source", " \n ", "missing"),
        ("served_at", "2026-11-23T10:00:00", "not_a_moment"), ("served_at", 1, "not_a_moment"),
        ("applicant", "王小明", "not_an_object"), ("applicant", None, "not_an_object"),
    ],
)  # fmt: skip
def test_a_nasty_value_is_refused_by_name_and_code(client, field, value, code):
    answer = send(client, report(**{field: value}))
    assert (answer.status_code, wrong(answer)) == (422, {field: code})


BROKEN = {
    "nothing": b"", "a text": b'"a"', "a list": b"[]", "null": b"null", "a number": b"1",
    "half an object": b'{"source": ', "two objects": b"{} {}", "malformed UTF-8": b'{"source": "\xff"}',
    "UTF-16": "{}".encode("utf-16"), "NaN": b'{"service_number": NaN}',
    "Infinity": b'{"service_number": -Infinity}', "a lone surrogate": b'{"source": "\\ud800"}',
    "30,000 lists deep": b'{"source": ' + b"[" * 30_000, "single quotes": b"{'source': 'a'}",
    "9,000 objects deep": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "a number of 60,000 digits": b'{"service_number": ' + b"9" * 60_000 + b"}",
    "a raw NUL": b'{"source": "\x00"}', "a form": b"source=a&project_no=b",
}  # fmt: skip


@pytest.mark.parametrize("path", [SINGLE, BULK])
@pytest.mark.parametrize("name", BROKEN)
def test_a_body_that_is_no_json_object_is_400(app, client, path, name):
    answer = send(client, BROKEN[name], path)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "bad_request"
    assert count(app) == 0


def test_control_a_lenient_parser_would_let_nan_and_depth_through():
    assert json.loads(BROKEN["NaN"])["service_number"] != 1
    with pytest.raises(RecursionError):
        json.loads(BROKEN["9,000 objects deep"])


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (SINGLE, b" " * (64 * 1024 - 2) + b"{}", 422), (SINGLE, b" " * 64 * 1024 + b"{}", 413),
        (BULK, b" " * (2 * 1024 * 1024 - 2) + b"{}", 422), (BULK, b" " * 2 * 1024 * 1024 + b"{}", 413),
    ],
)  # fmt: skip
def test_too_large_a_body_is_413(client, path, body, status):
    answer = send(client, body, path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "options",
    [
        {"content_type": "text/plain"}, {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "multipart/form-data; boundary=x"}, {"content_type": ""},
        {"headers": {"Content-Encoding": "gzip"}},
    ],
)  # fmt: skip
def test_another_kind_of_content_is_415(client, options):
    answer = send(client, report(), **options)
    assert answer.status_code == 415
    assert answer.json["code"] == "unsupported"


def test_a_charset_beside_the_type_does_no_harm(client):
    assert send(client, report(), content_type="application/json; charset=utf-8").status_code == 201


def test_who_has_no_key_learns_nothing_of_the_body(client):
    assert send(client, b"\xff", key=None).status_code == 401
    assert send(client, b" " * 100_000, key="wrong").status_code == 401


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_another_method_is_405_in_json(client, method):
    answer = getattr(client, method)(SINGLE)
    assert (answer.status_code, answer.json["code"]) == (405, "bad_method")
    assert answer.mimetype == "application/problem+json"


def test_an_unknown_address_under_the_door_is_404_in_json(client):
    answer = client.post("/api/v1/reviews", json={})
    assert (answer.status_code, answer.json["code"]) == (404, "unknown")
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("bearer", ["\x00", "字", "x" * 5_000, "a b", "%00", "' OR 1=1 --"])
def test_no_bearer_surprises_the_database(client, bearer):
    header = f"Bearer {bearer}".encode().decode("latin-1")
    environ = {"HTTP_AUTHORIZATION": header}
    answer = client.post(SINGLE, json=report(), environ_overrides=environ)
    assert answer.status_code == 401


@pytest.fixture
def hurried(tmp_path):
    """Return an app that counts calls, on a database of its own."""
    app = create_app(make_settings(tmp_path, rate_limits="on", api_limit="3 per minute"))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
    open_shop(app)
    yield app
    limiter.reset()
    limiter.enabled = False
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_key_that_calls_too_often_is_429_and_others_are_not(hurried):
    client = hurried.test_client()
    answers = [send(client, report()) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 429]
    assert answers[-1].mimetype == "application/problem+json"
    assert answers[-1].json["code"] == "too_often"
    assert "Retry-After" in answers[-1].headers
    make_key(hurried, "another")
    assert send(client, report(), key="another").status_code == 200


@pytest.fixture
def counting(app):
    """Return an app that counts calls, on the test's database."""
    config = app.config["FEEDBACK"]
    counting = create_app(
        make_settings(config.var, database_url=config.database_url, rate_limits="on")
    )
    limiter.reset()
    yield counting
    limiter.reset()
    limiter.enabled = False
    with counting.app_context():
        db.session.remove()
        db.engine.dispose()


def test_made_up_keys_are_counted_by_address_and_do_not_hinder_a_good_one_elsewhere(counting):
    client = counting.test_client()
    answers = [send(client, {}, key=f"made-up-{number}").status_code for number in range(700)]
    assert answers == [401] * 600 + [429] * 100
    elsewhere = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    assert send(client, report(), **elsewhere).status_code == 201


def test_good_calls_count_for_the_key_and_not_for_the_address(hurried):
    client = hurried.test_client()
    make_key(hurried, "another")
    answers = [send(client, report(), key=key).status_code for key in (KEY, "another") * 3]
    assert answers == [201] + [200] * 5
    assert send(client, report(), key="made-up").status_code == 401


def test_a_key_is_the_same_however_its_header_is_written(hurried):
    client = hurried.test_client()
    headers = (f"Bearer {KEY}", f"bearer {KEY}", f"BEARER   {KEY} ", f"bEARER  {KEY}")
    answers = [
        client.post(SINGLE, json=report(), headers={"Authorization": header}).status_code
        for header in headers
    ]
    assert answers == [201, 200, 200, 429]


def test_no_key_is_kept_in_clear_where_calls_are_counted(hurried):
    client = hurried.test_client()
    for key in (KEY, "made-up"):
        send(client, report(), key=key)
    kept = str(vars(limiter.storage))
    assert "LIMITER" in kept, "something is counted"
    assert KEY not in kept
    assert "made-up" not in kept
