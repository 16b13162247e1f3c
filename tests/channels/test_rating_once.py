"""Sending: what is kept, and that it is kept once."""

import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text

from feedback.db import db
from feedback.offices.roles import Role
from feedback.reviews.drafts import Channel, Identity
from feedback.reviews.queries import name_of, phone_of

from .. import counting
from ..factories import make_account, sign_in
from ..together import at_once
from .citizen import BAD, NAMED, kept, only_review, rate, text_of

SCANS = 200


@pytest.fixture(autouse=True)
def _monday(now):
    with time_machine.travel(now + timedelta(minutes=42)):
        yield


def test_a_satisfied_rating_is_one_review_and_no_case(app, client, token):
    answer = rate(client, token, grade="5", tags="510", comment="快")
    assert answer.status_code == 303
    assert kept(app) == (1, 0)
    review = only_review(app)
    assert (review.grade, review.comment, review.channel) == (5, "快", Channel.WEB)


def test_a_negative_rating_is_one_review_and_one_case(app, client, token):
    assert rate(client, token, **BAD).status_code == 303
    assert kept(app) == (1, 1)
    assert only_review(app).identity is Identity.ANONYMOUS


def test_a_named_rating_keeps_name_and_phone_sealed(app, client, token):
    assert rate(client, token, **NAMED).status_code == 303
    review = only_review(app)
    assert not re.search("陈|12345678", f"{review.name_sealed} {review.phone_sealed}")
    with app.app_context():
        assert (name_of(review), phone_of(review)) == ("陈先生", "+8613812345678")


def test_the_capitals_path_is_a_scan(app, client, token):
    client.post(f"/R/{token}", data={"grade": "4"})
    assert only_review(app).channel is Channel.QR


def test_the_language_of_the_page_is_kept_with_the_review(app, client, token):
    rate(client, token, grade="4")
    assert only_review(app).locale == "en"


def test_a_multipart_form_is_as_good(app, client, token):
    said = {**NAMED, "tags": ["110", "113"]}
    answer = client.post(f"/r/{token}", data=said, content_type="multipart/form-data")
    assert answer.status_code == 303


def test_a_token_is_used_once_through_either_path(app, client, token):
    first = rate(client, token, grade="5")
    again = [rate(client, token, **BAD), client.post(f"/R/{token}", data={"grade": "1"})]
    again += [client.get(f"/r/{token}?lang=en"), client.post(f"/r/{token.lower()}", data={})]
    again += [app.test_client().get(f"/r/{token}?lang=en")]
    assert [answer.status_code for answer in again] == [409] * 5
    assert kept(app) == (1, 0)
    receipt = first.headers["Location"]
    assert f'href="{receipt}"' in again[2].get_data(as_text=True)
    assert client.get(receipt).status_code == 200


def test_a_double_tap_leads_to_the_same_receipt(client, token):
    first, second = rate(client, token, **NAMED), rate(client, token, **NAMED)
    assert first.headers["Location"] in second.get_data(as_text=True)


def page_of(client, token):
    """Open the page and return the number it carries."""
    page = client.get(f"/r/{token}").get_data(as_text=True)
    return re.search('name="ticket" value="([^"]+)"', page)[1]


def test_a_page_sent_again_leads_to_the_receipt_though_its_answer_and_cookie_never_came(app, token):
    sent = {**NAMED, "ticket": page_of(app.test_client(), token)}
    first = rate(app.test_client(), token, **sent)
    again = rate(app.test_client(), token, **sent)
    assert again.status_code == 409
    assert f'href="{first.headers["Location"]}"' in again.get_data(as_text=True)


@pytest.mark.parametrize("ticket", ["", "x" * 22, "0", "x" * 10_000, "\0", "é" * 22])
def test_whoever_else_holds_the_slip_learns_only_that_it_was_used(app, token, ticket):
    stranger = app.test_client()
    other = page_of(stranger, token)
    rate(app.test_client(), token, **NAMED, ticket=page_of(app.test_client(), token))
    for sent in (ticket, other):
        for answer in (stranger.get(f"/r/{token}?lang=en"), rate(stranger, token, ticket=sent)):
            assert answer.status_code in (400, 409)
            assert "/receipts/" not in answer.get_data(as_text=True)


def test_without_a_number_nobody_is_taken_for_whoever_sent_none(app, token):
    rate(app.test_client(), token, **NAMED)
    answer = rate(app.test_client(), token, **NAMED)
    assert answer.status_code == 409
    assert "/receipts/" not in answer.get_data(as_text=True)
    assert "by the receipt number" in text_of(answer)


def test_a_staff_screen_keeps_no_way_to_the_receipt(app, client, token):
    ticket = page_of(client, token)
    with app.app_context():
        sign_in(client, make_account())
    rate(client, token, **NAMED, ticket=ticket)
    assert client.get_cookie("rated", path=f"/r/{token}") is None
    later = app.test_client()
    for answer in (later.get(f"/r/{token}"), rate(later, token, **NAMED, ticket=ticket)):
        assert answer.status_code == 409
        assert "/receipts/" not in answer.get_data(as_text=True)


def test_a_wrong_form_comes_back_with_its_number(client, token):
    ticket = page_of(client, token)
    refused = rate(client, token, ticket=ticket)
    assert refused.status_code == 422
    assert f'value="{ticket}"' in refused.get_data(as_text=True)


def test_the_back_button_meets_the_receipt_and_not_an_empty_form(client, token):
    client.get(f"/r/{token}")
    rate(client, token, grade="5")
    back = client.get(f"/r/{token}")
    assert back.status_code == 409
    assert "<form" not in back.get_data(as_text=True)


def test_a_rating_on_a_staff_screen_is_marked(app, client, token):
    with app.app_context():
        account = make_account()
        sign_in(client, account)
    answer = rate(client, token, grade="5")
    assert only_review(app).entered_by_id == account.id
    receipt = answer.headers["Location"]
    assert "Entered on a staff screen" in text_of(app.test_client().get(receipt))


def test_whoever_rates_on_a_staff_screen_can_take_the_receipt_code_home(app, client, token):
    with app.app_context():
        sign_in(client, make_account())
    receipt = rate(client, token, grade="5").headers["Location"]
    answer = client.get(receipt)
    assert answer.status_code == 403
    assert receipt.split("/")[-1].split("?")[0] in text_of(answer)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("path", ["r", "R"])
def test_staff_who_open_a_code_again_learn_only_that_it_was_used(app, client, token, role, path):
    rate(client, token, **BAD)
    with app.app_context():
        staff = app.test_client()
        sign_in(staff, make_account(role))
    for answer in (staff.get(f"/{path}/{token}?lang=en"), rate(staff, token, grade="5")):
        page = answer.get_data(as_text=True)
        assert answer.status_code == 409
        assert "rated already" in page
        assert "/receipts" not in page
        assert "eceipt" not in page
    assert "/receipts/" in client.get(f"/r/{token}").get_data(as_text=True)


def test_a_rating_on_a_citizens_screen_is_not_marked(app, client, token):
    rate(client, token, grade="5")
    assert only_review(app).entered_by_id is None


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ({"grade": "5"}, 6), ({"grade": "5", "tags": "510", "comment": "快"}, 6), (BAD, 14),
        ({**NAMED, "tags": ["110", "113", "115"]}, 14),
    ],
)  # fmt: skip
def test_a_rating_costs_few_statements(app, client, token, said, most):
    with counting.statements(app) as seen:
        assert rate(client, token, **said).status_code == 303
    assert len(seen) <= most, seen


def race(runners: int, run: Callable[[], object]) -> Counter[object]:
    """Let many threads start at the same moment and count what they got."""
    return Counter(at_once(None, *[run] * runners))


@pytest.mark.slow
@pytest.mark.parametrize(("said", "rows"), [({"grade": "5"}, (1, 0)), (NAMED, (1, 1))])
def test_two_hundred_scans_at_once_are_one_review(app, token, said, rows):
    got = race(SCANS, lambda: rate(app.test_client(), token, **said).status_code)
    assert got == {303: 1, 409: SCANS - 1}
    assert kept(app) == rows


@pytest.mark.slow
def test_different_answers_at_once_are_one_review(app, token):
    grades = iter("12345" * 8)
    got = race(
        40, lambda: rate(app.test_client(), token, grade=next(grades), comment="慢").status_code
    )
    assert got == {303: 1, 409: 39}
    reviews, cases = kept(app)
    assert (reviews, cases) == (1, int(only_review(app).grade <= 2))


@pytest.mark.parametrize("unique", [True, False])
def test_control_without_the_unique_key_check_then_write_takes_several(context, unique):
    """The race above can fail: the same race on a table without the key lets everybody in."""
    db.session.remove()
    key = "UNIQUE" if unique else ""
    on_conflict = "ON CONFLICT DO NOTHING" if unique else ""
    with db.engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE scratch (event_id INTEGER {key})"))
    checked = threading.Barrier(8)
    engine = db.engine

    def check_then_write() -> int:
        with engine.begin() as connection:
            taken = connection.scalar(text("SELECT count(*) FROM scratch WHERE event_id = 1"))
        checked.wait(30)
        if taken:
            return 0
        with engine.connect().execution_options(writing=True) as connection:
            written = connection.execute(text(f"INSERT INTO scratch VALUES (1) {on_conflict}"))
            connection.commit()
            return written.rowcount

    accepted = race(8, check_then_write)[1]
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE scratch"))
    assert accepted == (1 if unique else 8)
