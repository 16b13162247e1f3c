"""No address breaks the service: nonsense in any part of any of them is refused in words."""

import re

import pytest

from feedback.offices.roles import Role

from .factories import let_go, make_account, make_district, sign_in

NONSENSE = [
    "%00", "HC-2026-000001%00", "HC-2026-000001%0A", "HC-2026-٠٠٠٠٠١", "2026-W47%00", "2026-W4७",
    "%FF", "%ED%A0%80", "a" * 300, "9" * 300, "-1", "..", "'", "%25", "%F0%9F%92%A9",
]  # fmt: skip
PART = re.compile(r"<(?:[^<>:]+:)?([a-z_]+)>")
PLAUSIBLE = {
    "number": "HC-2026-000001", "week": "2026-W47", "code": "X", "token": "X", "table": "items",
    "name": "x", "filename": "x.css", "act": "accept",
}  # fmt: skip


def addresses(rule):
    """Yield the rule's address with each part in turn replaced by nonsense."""
    names = PART.findall(rule.rule)
    assert set(names) == rule.arguments - set(rule.defaults or ()), rule.rule
    for place in names:
        for nonsense in NONSENSE:

            def fill(part, place=place, nonsense=nonsense):
                name = part.group(1)
                return nonsense if name == place else PLAUSIBLE.get(name, SOME_ID)

            yield PART.sub(fill, rule.rule)


SOME_ID = "018f0000-0000-7000-8000-000000000000"


def walk(app, client):
    """Ask for every such address with every method; return the answers."""
    answers = []
    for rule in app.url_map.iter_rules():
        for path in addresses(rule):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                answers.append((client.open(path, method=method).status_code, method, path))
    return answers


@pytest.fixture
def without_csrf(app):
    """Let posts through to the pages themselves."""
    app.config["WTF_CSRF_ENABLED"] = False
    yield
    app.config["WTF_CSRF_ENABLED"] = True


@pytest.mark.parametrize("role", [None, *Role])
def test_nonsense_in_an_address_never_breaks_a_page(app, without_csrf, role):
    client = app.test_client()
    with app.app_context():
        make_district()
        account = make_account(role, department="GOV") if role else None
        if account:
            let_go(account)
    if account:
        sign_in(client, account)
    answers = walk(app, client)
    assert len(answers) > 200
    assert [answer for answer in answers if answer[0] >= 500] == []
