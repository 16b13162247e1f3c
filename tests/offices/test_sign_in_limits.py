"""Guessing passwords: by account from anywhere, and by address whatever the account."""

import pytest

from feedback import create_app
from feedback.db import db
from feedback.limits import limiter
from feedback.offices.roles import Role

from ..conftest import make_settings
from ..factories import PASSWORD
from .test_pages import make, try_to_sign_in

WRONG = "not the password"


@pytest.fixture
def counting(app):
    """Return an app that counts tries, on the test's database."""
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


def statuses(app, emails, password=WRONG):
    return [try_to_sign_in(app, email, password).status_code for email in emails]


def test_the_eleventh_wrong_password_for_an_account_is_429_and_others_may_sign_in(counting):
    account, other = make(counting, Role.HANDLER), make(counting, Role.HANDLER)
    assert statuses(counting, [account.email] * 11) == [200] * 10 + [429]
    assert try_to_sign_in(counting, other.email, PASSWORD).status_code == 302


def test_the_accounts_owner_is_told_in_words_what_to_do(counting):
    account = make(counting, Role.HANDLER)
    statuses(counting, [account.email] * 10)
    answer = try_to_sign_in(counting, account.email, PASSWORD)
    assert answer.status_code == 429
    assert "Please wait a minute and try again" in answer.get_data(as_text=True)
    assert int(answer.headers["Retry-After"]) <= 60


def test_an_account_is_the_same_however_its_address_is_typed(counting):
    account = make(counting, Role.HANDLER, email="known@licheng.example")
    ways = [
        "known@licheng.example", "KNOWN@licheng.example", " known@LICHENG.example ",
        "ｋｎｏｗｎ@licheng.example", "known＠licheng.example", "known@licheng。example",
    ]  # fmt: skip
    assert 429 not in statuses(counting, (ways * 2)[:10])
    assert statuses(counting, [*ways, account.email]) == [429] * 7


def test_the_sixty_first_made_up_account_from_one_address_is_429(counting):
    make(counting, Role.HANDLER)
    emails = [f"nobody{number}@licheng.example" for number in range(61)]
    assert statuses(counting, emails) == [200] * 60 + [429]


def test_looking_at_the_page_counts_for_nothing(counting):
    client = counting.test_client()
    assert {client.get("/sign-in").status_code for _ in range(70)} == {200}


def test_no_address_is_kept_in_clear_where_tries_are_counted(counting):
    account = make(counting, Role.HANDLER)
    statuses(counting, [account.email])
    kept = str(vars(limiter.storage))
    assert "LIMITER" in kept, "something is counted"
    assert account.email not in kept


def test_json_is_no_way_around_the_count(counting):
    account = make(counting, Role.HANDLER)
    client = counting.test_client()
    page = client.get("/sign-in").get_data(as_text=True)
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    for body in (f'{{"email": "{account.email}", "password": "{PASSWORD}"}}', "[" * 30_000):
        for method in ("GET", "POST"):
            answer = client.open(
                "/sign-in", method=method, data=body, content_type="application/json",
                headers={"X-CSRFToken": token},
            )  # fmt: skip
            assert answer.status_code in (400, 415)
    assert client.get("/cases").status_code == 302
