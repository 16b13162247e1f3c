"""Whatever is sent anywhere: a clear refusal, never a 500."""

import io
import re
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pkgutil import walk_packages

import pytest
import time_machine
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

import feedback
from feedback.channels.refusals import STATUS
from feedback.db import db
from feedback.errors import FeedbackError
from feedback.events import codes
from feedback.offices.roles import Role
from feedback.reviews.models import Review

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


def test_whoever_speaks_json_is_refused_in_json(client):
    answer = client.get("/sms/gateway/nowhere")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert client.get("/apiary").mimetype == "text/html"


def test_every_refusal_has_its_status():
    for module in iter_modules_of(feedback):
        import_module(module)
    codes = {one.code for one in family(FeedbackError)} - {FeedbackError.code}
    assert {"unknown", "too_often", "some_failed"} <= codes
    assert codes - set(STATUS) == set()
    assert STATUS["too_often"] == 429


def iter_modules_of(package):
    return (one.name for one in walk_packages(package.__path__, f"{package.__name__}."))


def family(kind):
    return {kind, *(one for child in kind.__subclasses__() for one in family(child))}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_method_is_405_before_anything_else_is_asked(client, method, path):
    answer = client.open(path, method=method)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"] or path.startswith("/api")


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
    assert "open the page anew" in answer.get_data(as_text=True)


def test_whoever_was_signed_out_while_writing_gets_the_words_back_to_copy(client):
    said = {"words": "材料清单<已>改好", "finding": "founded", "seen": "3", "csrf_token": "gone"}
    answer = client.post("/cases/HC-2026-000001/verify?lang=en", data=said)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "You are no longer signed in" in page
    assert re.search(r"<textarea[^>]*readonly>\n?材料清单&lt;已&gt;改好</textarea>", page)
    assert page.count("<textarea") == 1
    assert re.search('href="/sign-in"[^>]*target="_blank"', page)


def test_a_form_that_was_open_too_long_gives_the_words_back_too(app, client):
    with app.app_context():
        make_district()
        sign_in(client, make_account(Role.HANDLER))
    answer = client.post("/cases/HC-2026-000001/verify?lang=en", data={"words": "材料 清单"})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, page.count("<textarea")) == (400, 1)
    assert "This form was open too long" in page


def test_a_stale_sign_in_repeats_no_password(client):
    answer = client.post("/sign-in?lang=en", data={"email": "a@b.cn", "password": "so 密 geheim"})
    assert answer.status_code == 400
    assert "geheim" not in answer.get_data(as_text=True)


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


@pytest.fixture
def away(app):
    """Let no connection to the database come about any more, until it is let back."""

    def refuse(dialect, *_):
        raise dialect.loaded_dbapi.OperationalError("nobody there")

    with app.app_context():
        engine = db.engine

    @contextmanager
    def gone():
        engine.dispose()
        event.listen(engine, "do_connect", refuse)
        try:
            yield
        finally:
            event.remove(engine, "do_connect", refuse)

    return gone


@pytest.mark.parametrize("path", ["/", "/cases", "/desk", "/receipts/0000-0000-0000", "/r/token"])
def test_without_a_database_a_browser_that_is_signed_in_reads_a_page(app, client, away, path):
    with app.app_context():
        make_district()
        path = path.replace("token", codes.token(make_event()))
        sign_in(client, make_account(Role.CLERK))
    with away():
        answer = client.get(f"{path}?lang=en")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "Nothing was lost" in answer.get_data(as_text=True)
    assert client.get(path).status_code != 503


def test_without_a_database_a_citizen_reads_a_page(app, client, away):
    with app.app_context():
        make_district()
        token = codes.token(make_event())
    with away():
        for answer in (client.get(f"/r/{token}"), client.post(f"/r/{token}", data={"grade": "5"})):
            assert answer.status_code == 503
            assert 'class="button"' in answer.get_data(as_text=True)
        assert client.get("/nowhere").status_code == 404


def test_a_refusal_looks_like_the_citizens_page_and_speaks_as_large(client):
    page = client.get("/r/mistyped?lang=en&size=large").get_data(as_text=True)
    assert 'class="large"' in page
    assert "staff.css" not in page
    assert 'href="/?lang=en&amp;size=large"' in page
    assert 'href="?lang=zh_CN&amp;size=large"' in page


def test_a_refused_form_offers_no_link_that_would_lose_it(client):
    page = client.post("/r/mistyped?lang=en", data={"grade": "5"}).get_data(as_text=True)
    assert 'href="?' not in page


def test_a_refusal_leads_staff_back_to_their_desk(app, client):
    with app.app_context():
        make_district()
        sign_in(client, make_account(Role.CLERK))
    assert 'href="/desk"' in client.get("/nowhere").get_data(as_text=True)
    assert 'href="/desk"' not in app.test_client().get("/nowhere").get_data(as_text=True)


def test_a_locked_database_refuses_a_rating_clearly_and_takes_it_later(app, client, now):
    with app.app_context(), time_machine.travel(now + timedelta(minutes=1)):
        if db.engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL locks rows, not the file")
        make_district()
        token = codes.token(make_event())
        db.session.remove()
        with shorter_patience(), db.engine.connect() as holder:
            holder.exec_driver_sql("COMMIT")
            holder.exec_driver_sql("BEGIN IMMEDIATE")
            assert client.post(f"/r/{token}", data={"grade": "5"}).status_code == 503
            assert reviews_kept() == 0
            holder.exec_driver_sql("ROLLBACK")
            holder.exec_driver_sql("BEGIN")
        assert client.post(f"/r/{token}", data={"grade": "5"}).status_code == 303
        assert reviews_kept() == 1


def reviews_kept():
    with db.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Review))


@contextmanager
def shorter_patience():
    """Let connections wait for a lock for a moment only, so that the test need not."""

    def hurry(connection, *_):
        connection.execute("PRAGMA busy_timeout=50")

    event.listen(db.engine, "checkout", hurry)
    try:
        yield
    finally:
        event.remove(db.engine, "checkout", hurry)
        db.engine.dispose()


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
