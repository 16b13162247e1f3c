"""Looking: the rating page before anything is sent, its pictures, and the home page."""

import gzip
import re
from datetime import timedelta

import pytest
import time_machine

from feedback.events import codes

from .. import counting
from ..codes import read_png
from ..factories import make_account, sign_in
from .citizen import kept, make_all_tags, rate, text_of

ROUND_TRIP = 14 * 1024
FORGED = "T" + "0" * 28


@pytest.fixture(autouse=True)
def _monday(now):
    with time_machine.travel(now + timedelta(minutes=42)):
        yield


def test_the_page_says_what_was_served_when_and_where(client, token):
    words = text_of(client.get(f"/r/{token}?lang=en"))
    assert "特殊工时首次审批" in words
    assert "Mon 23 Nov 10:00" in words
    assert "政务服务大厅12号窗口" in words


def test_five_grades_best_first_and_none_chosen(client, token):
    page = client.get(f"/r/{token}").get_data(as_text=True)
    assert re.findall(r'name="grade" id="g\d" value="(\d)"', page) == ["5", "4", "3", "2", "1"]
    assert "checked" not in re.sub(r"(?s)<(style|script).*?</\1>", "", page)


def test_every_grade_has_its_word_beside_its_face(client, token):
    page = client.get(f"/r/{token}?lang=en").get_data(as_text=True)
    labels = re.findall(r'(?s)<label class="grade".*?</svg>(.*?)</label>', page)
    assert labels == [
        "Very satisfied", "Satisfied", "Fairly satisfied", "Dissatisfied", "Very dissatisfied"
    ]  # fmt: skip


def test_only_tags_in_force_are_offered(client, token):
    page = client.get(f"/r/{token}").get_data(as_text=True)
    offered = {int(code) for code in re.findall(r'name="tags" value="(\d+)"', page)}
    assert offered == {510, 406, 307, 207, 209, 210, 214, 108, 110, 113, 115}


def test_three_tags_come_first_and_the_rest_on_request(client, token):
    page = client.get(f"/r/{token}").get_data(as_text=True)
    of_grade_2 = page.split('id="t2"')[1].split("</fieldset>")[0]
    first, _, rest = of_grade_2.partition("<details>")
    assert (first.count('name="tags"'), rest.count('name="tags"')) == (3, 1)


def test_only_those_who_are_not_satisfied_are_asked_who_they_are(client, token):
    page = client.get(f"/r/{token}").get_data(as_text=True)
    block = page.split('class="more for-neg"')[1].split("</fieldset>")[0]
    for field in ("identity", "name", "phone"):
        assert page.count(f'name="{field}"') == block.count(f'name="{field}"')


def test_the_page_is_chinese_unless_english_is_asked_for(client, token):
    assert '<html lang="zh-' in client.get(f"/r/{token}").get_data(as_text=True)
    assert '<html lang="en"' in client.get(f"/r/{token}?lang=en").get_data(as_text=True)


def test_language_and_size_stay_in_every_link_and_on_the_receipt(client, token):
    page = client.get(f"/r/{token}?lang=en&size=large").get_data(as_text=True)
    assert 'class="large"' in page
    assert 'href="?lang=zh_CN&amp;size=large"' in page
    assert 'href="?lang=en"' in page
    answer = client.post(f"/r/{token}?lang=en&size=large", data={"grade": "5"})
    assert answer.headers["Location"].endswith("?lang=en&size=large")


@pytest.mark.parametrize("query", ["?lang=xx&size=huge", "?lang=%22%3E%3Cb%3E", "?size=%00"])
def test_an_unknown_language_or_size_is_ignored(client, token, query):
    answer = client.get(f"/r/{token}{query}")
    assert answer.status_code == 200
    assert "<b>&" not in answer.get_data(as_text=True)


def test_the_address_works_in_capitals_and_in_small_letters(client, token):
    for path in (f"/R/{token}", f"/r/{token.lower()}", f"/R/{token.lower()}"):
        assert client.get(path).status_code == 200


def test_a_citizen_gets_no_cookie_but_the_one_that_finds_the_receipt_again(client, token):
    assert "Set-Cookie" not in client.get(f"/r/{token}").headers
    answer = client.post(f"/r/{token}", data={"grade": "5"})
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("rated=")
    assert f"Path=/r/{token}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Set-Cookie" not in client.get(answer.headers["Location"]).headers


def test_no_page_of_a_citizen_is_kept_by_anybody(client, token):
    answer = client.post(f"/r/{token}", data={"grade": "5"})
    for path in (f"/r/{token}", answer.headers["Location"]):
        assert client.get(path).headers["Cache-Control"] == "no-store"


def test_looking_a_hundred_times_spends_nothing(app, client, token):
    for _ in range(50):
        assert client.get(f"/r/{token}").status_code == 200
        assert client.head(f"/R/{token}").status_code == 200
    assert kept(app) == (0, 0)
    assert rate(client, token, grade="5").status_code == 303


def test_the_first_page_fits_one_round_trip(app, client, token):
    with app.app_context():
        make_all_tags()
    for query in ("", "?lang=en", "?size=large"):
        page = client.get(f"/r/{token}{query}").data
        assert len(gzip.compress(page, 6)) <= ROUND_TRIP, len(gzip.compress(page, 6))


def test_the_page_asks_for_nothing_else(client, token):
    page = client.get(f"/r/{token}").get_data(as_text=True)
    assert not re.findall(r'(?:src|srcset)=|@import|url\(|<link(?! rel="icon" href="data:,")', page)


def test_inline_style_and_script_carry_the_nonce_of_the_policy(client, token):
    answer = client.get(f"/r/{token}")
    nonces = set(re.findall(r'<(?:style|script) nonce="([^"]+)"', answer.get_data(as_text=True)))
    assert len(nonces) == 1
    assert f"'nonce-{nonces.pop()}'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r'\sstyle="|\son\w+="', answer.get_data(as_text=True))


def test_looking_costs_three_statements(app, client, token):
    with counting.statements(app) as seen:
        assert client.get(f"/r/{token}").status_code == 200
    assert len(seen) <= 3, seen


def test_a_forged_token_is_refused_without_a_statement(app, client, token):
    with counting.statements(app) as seen:
        for path in (f"/r/{FORGED}", f"/R/{FORGED}", f"/r/{FORGED}/qr.svg", f"/r/{FORGED}/qr.png"):
            assert client.get(path).status_code == 404
        assert client.post(f"/r/{FORGED}", data={"grade": "5"}).status_code == 404
    assert [s for s in seen if not s.startswith("BEGIN")] == []


@pytest.mark.parametrize(
    "text",
    ["x", "%00", "%FF%FE", "%ED%A0%80", "A" * 29, "A" * 5000, "٣" * 29, "..%2f..", "'--", "%E2%82"],
)
def test_nonsense_for_a_token_is_unknown(client, token, text):
    for path in (f"/r/{text}", f"/R/{text}", f"/r/{text}/qr.svg", f"/r/{text}/qr.png"):
        assert client.get(path).status_code == 404
    assert client.post(f"/r/{text}", data={"grade": "5"}).status_code == 404


def test_the_picture_holds_the_address_in_capitals(app, client, token):
    with app.app_context():
        address = codes.scan_address(token, "http://localhost")
    png = client.get(f"/r/{token}/qr.png")
    assert read_png(png.data) == address
    assert client.get(f"/r/{token.lower()}/qr.png").data == png.data
    assert address == f"HTTP://LOCALHOST/R/{token}"


def test_the_picture_needs_no_database_and_may_be_kept_privately(app, client, token):
    with counting.statements(app) as seen:
        answers = [client.get(f"/r/{token}/qr.{kind}") for kind in ("svg", "png")]
    assert seen == []
    assert [answer.mimetype for answer in answers] == ["image/svg+xml", "image/png"]
    assert all(answer.headers["Cache-Control"] == "private, max-age=86400" for answer in answers)


def test_a_service_is_closed_to_ratings_after_its_last_day(app, client, now, token):
    with time_machine.travel(now + timedelta(days=8)):  # the Monday after; Friday was the last day
        answers = client.get(f"/r/{token}?lang=en"), rate(client, token, grade="5")
    assert [answer.status_code for answer in answers] == [410, 410]
    assert "until the end of Mon 30 Nov" in text_of(answers[0])
    assert kept(app) == (0, 0)


def test_staff_are_told_that_their_screen_is_noted(app, client, token):
    with app.app_context():
        account = make_account()
        sign_in(client, account)
    assert "signed in as staff" in text_of(client.get(f"/r/{token}?lang=en"))


def test_the_home_page_leads_to_receipts_and_to_sign_in(client, token):
    page = client.get("/?lang=en").get_data(as_text=True)
    assert 'action="/receipts?lang=en"' in page
    assert 'href="/sign-in"' in page


def test_wrong_methods_are_refused(client, token):
    for method in ("put", "delete", "patch"):
        assert getattr(client, method)(f"/r/{token}").status_code == 405
    assert client.post("/").status_code == 405
