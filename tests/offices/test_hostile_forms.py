"""What no browser sends, in every field of the administrator's and the clerk's forms: never a 5xx."""

import io

import pytest

from feedback.offices.roles import Role

from .test_pages import make, signed_in, token_of

NASTY = {
    "NUL": "a\x00b", "a lone surrogate": b"a\xed\xa0\x80b", "no UTF-8": b"\xff\xfe",
    "over-long": "x" * 10_000, "over-long Chinese": "字" * 10_000, "empty": "", "a NUL alone": "\x00",
    "twice": ["RS", "a\x00b"], "a number": "9" * 400, "an SQL quote": "'; DROP TABLE x; --",
}  # fmt: skip
ANSWERS = {200, 303, 400, 413, 422}
PERSON = {"name": "陈", "department": "RS", "window": "RS-12", "roles": "handler"}
ACCOUNT = {"email": "new@licheng.example", **PERSON}
SERVICE = {
    "item_code": "RS-001", "project_no": "37011220261123", "service_number": "1", "window": "RS-12",
    "officer": "", "mode": "onsite", "applicant_kind": "person", "applicant_name": "王小明",
    "applicant_phone": "13812345678", "served_at": "2026-11-23T09:30",
}  # fmt: skip
FORMS = [
    (Role.ADMIN, "/admin/accounts", "/admin/accounts", ACCOUNT),
    (Role.ADMIN, "/admin/accounts/{id}", "/admin/accounts", PERSON),
    (Role.ADMIN, "/admin/catalogue", "/admin/catalogue", {"table": "items", "file": ""}),
    (Role.CLERK, "/desk/events", "/desk/events?item=RS-001", SERVICE),
]
SEARCHES = [
    (Role.ADMIN, "/admin/catalogue", ("q",)),
    (Role.CLERK, "/desk/events", ("q", "item", "number")),
    (Role.CLERK, "/desk/events/sheet", ("event",)),
]


@pytest.mark.parametrize(("role", "path", "page", "good"), FORMS)
def test_nothing_typed_into_a_form_is_a_surprise(app, role, path, page, good):
    browser = signed_in(app, role)
    path = path.format(id=make(app, Role.HANDLER).id)
    token = token_of(browser.get(page).get_data(as_text=True))
    for field in good:
        for name, nasty in NASTY.items():
            answer = browser.post(path, data={**good, field: nasty, "csrf_token": token})
            assert answer.status_code in ANSWERS, (field, name, answer.status_code)
        for said in ({field: (io.BytesIO(b"\x00"), "a\x00b.csv")}, {}):
            rest = {name: value for name, value in good.items() if name != field}
            answer = browser.post(path, data={**rest, **said, "csrf_token": token})
            assert answer.status_code in ANSWERS, (field, said, answer.status_code)


@pytest.mark.parametrize("field", ["department", "window"])
@pytest.mark.parametrize("path", ["/admin/accounts", "/admin/accounts/{id}"])
def test_a_code_that_is_no_text_is_refused(app, field, path):
    admin = signed_in(app, Role.ADMIN)
    account = make(app, Role.HANDLER)
    token = token_of(admin.get("/admin/accounts").get_data(as_text=True))
    data = {**ACCOUNT, field: "RS\x00", "csrf_token": token}
    assert admin.post(path.format(id=account.id), data=data).status_code == 422


@pytest.mark.parametrize(("role", "path", "fields"), SEARCHES)
def test_nothing_typed_into_a_search_is_a_surprise(app, role, path, fields):
    browser = signed_in(app, role)
    for field in fields:
        for name, nasty in NASTY.items():
            answer = browser.get(path, query_string={field: nasty})
            assert answer.status_code in (200, 404, 422), (field, name, answer.status_code)
