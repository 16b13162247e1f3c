"""Every door is public on purpose or locked: a walk over all routes, with every role."""

import io
import re

import pytest
from werkzeug.routing import AnyConverter

from feedback.db import db
from feedback.offices.roles import Role

from .factories import let_go, make_account, make_district, sign_in

PUBLIC = {
    "static",
    # the citizen
    "web.home", "web.rate", "web.qr_svg", "web.qr_png",
    "receipts.ask", "receipts.look_up", "receipts.receipt", "receipts.words",
    # the citizen, with the receipt's code or the one-time link
    "afterwards.add", "afterwards.object_", "afterwards.second", "afterwards.pressed",
    "afterwards.pressed_sent", "afterwards.by_link",
    # gateways of text messages, by signature
    "sms.inbound", "sms.status", "sms.gateway_inbound", "sms.gateway_status",
    # business systems, by key
    "api.report_event", "api.report_events", "api.openapi",
    # those who run it
    "health.live", "health.ready", "health.metrics",
    # signing in
    "security.login", "security.logout", "security.static",
}  # fmt: skip
"""Open without signing in, on purpose. Whatever is not here must send a stranger to sign-in."""


def locked_rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in PUBLIC]


def address(rule):
    """Return an address of the rule with plausible parts filled in."""
    parts = {
        "number": "HC-2026-000001", "special": "ZX-2026-0001", "week": "2026-W47", "code": "X",
        "table": "items", "name": "x", "notice": "DB-2026-000001",
    }  # fmt: skip
    for argument, converter in rule._converters.items():
        if isinstance(converter, AnyConverter):
            parts[argument] = min(converter.items)
        parts.setdefault(argument, "018f0000-0000-7000-8000-000000000000")
    return rule.rule if not rule.arguments else _build(rule, parts)


def _build(rule, parts):
    path = rule.build({name: parts[name] for name in rule.arguments}, append_unknown=False)
    if path is not None:
        return path[1]
    raise AssertionError(f"give {rule} its parts here")


def test_a_stranger_is_sent_to_sign_in_from_every_door_that_is_not_public(app, client):
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        for rule in locked_rules(app):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                answer = client.open(address(rule), method=method)
                assert answer.status_code == 302, (rule.rule, method, answer.status_code)
                assert "/sign-in" in answer.location
    finally:
        app.config["WTF_CSRF_ENABLED"] = True


def test_the_list_of_public_doors_names_only_doors_that_exist(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints >= PUBLIC


@pytest.mark.parametrize("role", Role)
def test_a_person_without_the_right_role_gets_403(app, role):
    with app.app_context():
        make_district()
        account = make_account(role)
        let_go(account)
    client = app.test_client()
    sign_in(client, account)
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        for rule in locked_rules(app):
            allowed = getattr(app.view_functions[rule.endpoint], "roles", None)
            assert allowed, f"{rule.rule} does not say for whom it is"
            if role in allowed:
                continue
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                answer = client.open(address(rule), method=method)
                assert answer.status_code == 403, (rule.rule, method, answer.status_code)
    finally:
        app.config["WTF_CSRF_ENABLED"] = True


def test_a_copied_cookie_is_worth_nothing_after_signing_out(app, client):
    with app.app_context():
        make_district()
        account = make_account(Role.HANDLER)
        let_go(account)
    sign_in(client, account)
    cookie = client.get_cookie("session").value
    page = client.get("/cases").get_data(as_text=True)
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    assert client.post("/sign-out", data={"csrf_token": token}).status_code == 302
    thief = app.test_client()
    thief.set_cookie("session", cookie)
    assert thief.get("/cases").status_code == 302


def test_a_disabled_account_is_out_at_once(app):
    with app.app_context():
        make_district()
        account = make_account(Role.HANDLER)
        account_id, _ = account.id, let_go(account)
    client = app.test_client()
    sign_in(client, account)
    assert client.get("/cases").status_code == 200
    with app.app_context():
        from feedback.db import transaction
        from feedback.offices.models import Account

        with transaction():
            db.session.get_one(Account, account_id).active = False
    assert client.get("/cases").status_code == 302


def test_signing_in_wrongly_says_nothing_about_who_exists(app, client):
    with app.app_context():
        make_district()
        account = make_account(Role.HANDLER, email="known@licheng.example")
        let_go(account)
    answers = []
    for email in ("known@licheng.example", "unknown@licheng.example"):
        page = client.get("/sign-in").get_data(as_text=True)
        token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
        answer = client.post(
            "/sign-in", data={"email": email, "password": "wrong-password-x", "csrf_token": token}
        )
        text = answer.get_data(as_text=True).replace(email, "")
        answers.append(
            (answer.status_code, re.sub(r'(name="csrf_token" value|nonce)="[^"]+"', "", text))
        )
    assert answers[0] == answers[1]
    assert answers[0][0] in (200, 422)
    assert "error-summary" in answers[0][1]


def test_a_redirect_after_sign_in_stays_in_the_house(app, client):
    with app.app_context():
        make_district()
        account = make_account(Role.HANDLER)
        let_go(account)
    for there in ("//evil.example", "https://evil.example", "/\\evil.example"):
        page = client.get("/sign-in").get_data(as_text=True)
        token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
        answer = client.post(
            f"/sign-in?next={there}",
            data={"email": account.email, "password": "a-long-enough-password", "csrf_token": token,
                  "next": there},
        )  # fmt: skip
        assert answer.status_code != 302 or answer.location.startswith("/")
        assert not (answer.location or "").startswith(("//", "/\\"))
        client = app.test_client()


class Unread:
    """A body that must not be read."""

    def read(self, *_size):
        raise AssertionError("a stranger's body was read")

    readline = readinto = read


FILE_DOORS = ("/admin/catalogue", "/cases/HC-2026-000001/rectify",
              "/cases/HC-2026-000001/appeal")  # fmt: skip


def takes_files(app, path):
    endpoint, _ = app.url_map.bind("localhost").match(path, method="POST")
    return hasattr(app.view_functions[endpoint], "bytes_allowed")


@pytest.mark.parametrize("path", FILE_DOORS)
def test_a_strangers_large_body_is_refused_unread(app, client, path):
    assert takes_files(app, path)
    large = {"wsgi.input": Unread(), "CONTENT_LENGTH": "4500000"}
    kind = "multipart/form-data; boundary=x"
    answer = client.post(path, content_type=kind, environ_overrides=large)
    assert answer.status_code == 413


def test_a_large_body_of_somebody_signed_in_is_read(app, client):
    with app.app_context():
        make_district()
        account = make_account(Role.ADMIN, department="XZSP")
        let_go(account)
    sign_in(client, account)
    page = client.get("/admin/catalogue").get_data(as_text=True)
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    data = {"csrf_token": token, "table": "items", "file": (io.BytesIO(b"x" * 200_000), "x.csv")}
    assert client.post("/admin/catalogue", data=data).status_code == 422
