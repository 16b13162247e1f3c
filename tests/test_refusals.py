"""Whatever is sent anywhere: a clear refusal, never a 500."""

import io

import pytest
from sqlalchemy.exc import OperationalError

from feedback.db import db
from feedback.offices.roles import Role

from .factories import let_go, make_account, make_district, make_event, rate, sign_in

PATHS = ["/", "/cases", "/receipts", "/reports", "/desk", "/sign-in", "/api/v1/events", "/r/X"]


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/%00", "/%FF%FE", "/static/../wsgi.py", "/r/" + "A" * 9000],
)
def test_an_unknown_address_is_404_in_words(client, path):
    answer = client.get(f"{path}?lang=en")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.get_data(as_text=True)


def test_under_api_it_is_a_problem_in_json(client):
    answer = client.get("/api/nowhere")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "unknown"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_method_is_405_or_locked_never_500(client, method, path):
    assert client.open(path, method=method).status_code in (302, 400, 401, 404, 405)


@pytest.mark.parametrize("path", ["/sign-in", "/receipts", "/r/X", "/api/v1/events"])
def test_too_large_a_body_is_refused(client, path):
    answer = client.post(
        path, data=b"x" * 3_000_000, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code in (400, 401, 404, 413, 415)


@pytest.mark.parametrize("path", ["/sign-in", "/receipts", "/sign-out"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"email=%FF%FE&password=%00&code=%ED%A0%80", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x", "multipart/form-data"),
        (b"{" * 30_000, "application/json"),
        (b"&".join(b"a=1" for _ in range(9000)), "application/x-www-form-urlencoded"),
    ],
)
def test_malformed_bodies_are_refused(client, path, body, kind):
    assert client.post(path, data=body, content_type=kind).status_code < 500


def test_a_form_without_csrf_token_is_refused_in_words(client):
    answer = client.post("/sign-in?lang=en", data={"email": "a@b.example", "password": "x"})
    assert answer.status_code == 400
    assert "load the page again" in answer.get_data(as_text=True)


def test_a_surprise_is_500_in_words_without_its_cause(app, client, monkeypatch, capsys):
    def surprise():
        raise ValueError("13812345678 must not be shown")

    monkeypatch.setitem(app.view_functions, "web.home", surprise)
    answer = client.get("/?lang=en")
    assert answer.status_code == 500
    assert "13812345678" not in answer.get_data(as_text=True)


def test_a_database_that_is_away_is_503_and_nothing_is_lost(app, client, monkeypatch):
    def away():
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    monkeypatch.setitem(app.view_functions, "web.home", away)
    answer = client.get("/?lang=en")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "Nothing was lost" in answer.get_data(as_text=True)


def test_a_locked_database_refuses_a_rating_clearly_and_takes_it_later(app, client):
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL locks rows, not the file")
        make_district()
        event = make_event()
        from feedback.events import codes

        token = codes.token(event)
        db.session.remove()
        with db.engine.connect().execution_options(writing=True) as holder:
            holder.exec_driver_sql("PRAGMA busy_timeout=10")
            holder.begin() if not holder.in_transaction() else None
            other = app.test_client()
            with shorter_patience(app):
                assert other.post(f"/r/{token}", data={"grade": "5"}).status_code == 503
            holder.rollback()
    assert client.post(f"/r/{token}", data={"grade": "5"}).status_code in (303, 410)


def shorter_patience(app):
    """Let connections wait for a lock for a moment only, so that the test need not."""
    from contextlib import contextmanager

    from sqlalchemy import event

    @contextmanager
    def patience():
        def hurry(connection):
            if not connection.get_execution_options().get("hurried"):
                connection.connection.driver_connection.execute("PRAGMA busy_timeout=50")

        event.listen(db.engine, "begin", hurry, insert=True)
        try:
            yield
        finally:
            event.remove(db.engine, "begin", hurry)

    return patience()


def test_headers_are_on_every_answer(client):
    for path in ("/", "/nowhere", "/api/nowhere", "/cases", "/sign-in"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "DENY"
        assert "no-store" in headers["Cache-Control"]


def test_pages_allow_no_script_but_our_own(client):
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_logs_hold_neither_codes_nor_people(app, client, capsys):
    with app.app_context():
        make_district()
        receipt = rate(make_event())
    client.get(f"/receipts/{receipt}")
    client.post("/receipts", data={"code": receipt})
    said = capsys.readouterr()
    everything = said.out + said.err
    assert '"route": "/receipts/<code>"' in everything
    for secret in (receipt, "13812345678", "王小明"):
        assert secret not in everything


def test_uploads_where_none_are_taken_are_refused(app, client):
    with app.app_context():
        make_district()
        account = make_account(Role.HANDLER)
        let_go(account)
    sign_in(client, account)
    data = {"files": (io.BytesIO(b"x" * 200_000), "x.png")}
    assert client.post("/cases/HC-2026-000001/accept", data=data).status_code in (400, 413)
