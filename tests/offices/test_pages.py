"""Signing in, the first desk, and the administrator's desk of accounts."""

import pytest

from feedback.offices import queries
from feedback.offices.actions import person_of
from feedback.offices.roles import LEADING, Role

from ..factories import PASSWORD, let_go, make_account, make_district, sign_in, sign_in_by_page

DESKS = {
    Role.CLERK: "/desk/events", Role.HANDLER: "/cases", Role.HEAD: "/cases",
    Role.OPERATOR: "/supervision", Role.SUPERVISOR: "/supervision", Role.AUDITOR: "/reports",
    Role.ADMIN: "/admin/accounts", Role.LEADER: "/supervision",
}  # fmt: skip


def signed_in(app, *roles, **facts):
    """Return a browser in which somebody with these roles is signed in."""
    account = make(app, *roles, **facts)
    client = app.test_client()
    sign_in(client, account)
    return client


def make(app, *roles, **facts):
    with app.app_context():
        if not queries.departments():
            make_district()
        account = make_account(*roles, **facts)
        let_go(account)
    return account


def token_of(page):
    return page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def post(client, path, **said):
    token = token_of(client.get("/admin/accounts").get_data(as_text=True))
    return client.post(f"{path}?lang=en", data={**said, "csrf_token": token})


def try_to_sign_in(app, email, password):
    client = app.test_client()
    token = token_of(client.get("/sign-in").get_data(as_text=True))
    data = {"email": email, "password": password, "csrf_token": token}
    return client.post("/sign-in?lang=en", data=data)


@pytest.mark.parametrize("role", Role)
def test_everybody_begins_at_the_first_desk_of_their_role_and_may_enter_it(app, role):
    client = signed_in(app, *(LEADING if role is Role.LEADER else {role}))
    answer = client.get("/desk")
    assert (answer.status_code, answer.location) == (302, DESKS[role])
    assert client.get(answer.location).status_code == 200


def test_signing_in_leads_to_the_desk_and_signing_out_back(app):
    account = make(app, Role.HANDLER)
    answer = try_to_sign_in(app, account.email.upper(), PASSWORD)
    assert answer.location == "/desk"


def test_a_wrong_password_is_refused_in_words_and_the_address_is_kept(app):
    account = make(app, Role.HANDLER)
    page = try_to_sign_in(app, account.email, "not the password").get_data(as_text=True)
    assert "The e-mail address or the password is not right" in page
    assert f'value="{account.email}"' in page
    assert "not the password" not in page


def test_the_way_on_after_signing_in_is_kept(client):
    page = client.get("/sign-in?next=/cases?light=red%26a").get_data(as_text=True)
    assert 'action="/sign-in?next=/cases%3Flight%3Dred%26a"' in page


def test_an_administrator_makes_an_account_that_can_sign_in_with_the_password_shown(app):
    admin = signed_in(app, Role.ADMIN, department="XZSP")
    answer = post(admin, "/admin/accounts", email="New@Licheng.example", name="陈",
                  department="RS", window="RS-12", roles=["handler", "head"])  # fmt: skip
    page = answer.get_data(as_text=True)
    password = page.split("<code>", 1)[1].split("</code>", 1)[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert password not in admin.get("/admin/accounts").get_data(as_text=True)
    assert try_to_sign_in(app, "new@licheng.example", password).status_code == 302
    with app.app_context():
        person = person_of(queries.account("new@licheng.example"))
    assert (person.window, person.roles) == ("RS-12", {Role.HANDLER, Role.HEAD})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "This is not an e-mail address"),
        ({"email": "x@licheng.example", "name": "陈", "department": "RS",
          "roles": ["admin", "clerk"]}, "every other role stands alone"),
        ({"email": "x@licheng.example", "name": "陈", "department": "RS",
          "roles": ["clerk", "handler"]}, "every other role stands alone"),
        ({"email": "x@licheng.example", "name": "陈", "department": "RS", "roles": ["king"]},
         "error-summary"),
        ({"email": "x@licheng.example", "name": "陈", "department": "NONE", "roles": ["clerk"]},
         "error-summary"),
        ({"email": "x@licheng.example", "name": "a\x00", "department": "RS", "roles": ["clerk"]},
         "characters that are not text"),
    ],
)  # fmt: skip
def test_a_wrong_account_is_refused_in_words(app, said, words):
    admin = signed_in(app, Role.ADMIN, department="XZSP")
    answer = post(admin, "/admin/accounts", **said)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert "<code>" not in answer.get_data(as_text=True)


def test_a_disabled_person_is_out_at_once_and_may_come_back_when_enabled(app):
    admin = signed_in(app, Role.ADMIN, department="XZSP")
    account = make(app, Role.HANDLER)
    theirs = app.test_client()
    sign_in(theirs, account)
    assert post(admin, f"/admin/accounts/{account.id}/disable").status_code == 303
    assert theirs.get("/cases").status_code == 302
    assert try_to_sign_in(app, account.email, PASSWORD).status_code != 302
    assert post(admin, f"/admin/accounts/{account.id}/enable").status_code == 303
    assert theirs.get("/cases").status_code == 302
    assert try_to_sign_in(app, account.email, PASSWORD).status_code == 302


def test_another_role_counts_at_once(app):
    admin = signed_in(app, Role.ADMIN, department="XZSP")
    account = make(app, Role.HANDLER)
    theirs = app.test_client()
    sign_in(theirs, account)
    page = admin.get(f"/admin/accounts/{account.id}").get_data(as_text=True)
    assert account.email in page
    path = f"/admin/accounts/{account.id}"
    answer = post(admin, path, name="爱丽", department="RS", window="", roles=["clerk"])
    assert answer.status_code == 303
    assert theirs.get("/cases").status_code == 302
    again = app.test_client()
    sign_in_by_page(again, account)
    assert again.get("/cases").status_code == 403


def test_a_wrong_change_is_refused_in_words_and_changes_nothing(app):
    admin = signed_in(app, Role.ADMIN, department="XZSP")
    account = make(app, Role.HANDLER)
    answer = post(admin, f"/admin/accounts/{account.id}", name="", department="RS", window="",
                  roles=["handler", "operator"])  # fmt: skip
    assert answer.status_code == 422
    assert "every other role stands alone" in answer.get_data(as_text=True)
    with app.app_context():
        assert person_of(queries.account(account.email)).name == "爱丽"


def test_a_new_password_replaces_the_old_one(app):
    admin = signed_in(app, Role.ADMIN, department="XZSP")
    account = make(app, Role.HANDLER)
    page = post(admin, f"/admin/accounts/{account.id}/password").get_data(as_text=True)
    password = page.split("<code>", 1)[1].split("</code>", 1)[0]
    assert try_to_sign_in(app, account.email, PASSWORD).status_code != 302
    assert try_to_sign_in(app, account.email, password).status_code == 302


def test_the_last_administrator_cannot_be_disabled(app):
    admin_account = make(app, Role.ADMIN, department="XZSP")
    admin = app.test_client()
    sign_in(admin, admin_account)
    answer = post(admin, f"/admin/accounts/{admin_account.id}/disable")
    assert answer.status_code == 422
    assert "last administrator" in answer.get_data(as_text=True)
    assert admin.get("/admin/accounts").status_code == 200


def test_an_unknown_account_is_404(app):
    admin = signed_in(app, Role.ADMIN, department="XZSP")
    nobody = "/admin/accounts/018f0000-0000-7000-8000-000000000000"
    assert admin.get(nobody).status_code == 404
    for act in ("disable", "enable", "password"):
        assert post(admin, f"{nobody}/{act}").status_code == 404


def test_a_password_may_be_typed_in_either_composition(app):
    from feedback.db import transaction
    from feedback.ledger.actions import SYSTEM
    from feedback.offices.actions import set_password

    from ..conftest import MONDAY_MORNING

    account = make(app, Role.HANDLER)
    with app.app_context(), transaction():
        set_password(
            queries.account(account.email), "caf\u00e9 au lait ici", SYSTEM, MONDAY_MORNING
        )
    for typed in ("caf\u00e9 au lait ici", "cafe\u0301 au lait ici"):
        assert try_to_sign_in(app, account.email, typed).status_code == 302
