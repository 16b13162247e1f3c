"""What a citizen says after the review: each page, each refusal, twice at once, and every hostile input."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from feedback import create_app
from feedback.cases import actions as cases
from feedback.cases.models import Addition, Objection, PressureReport, SecondReview
from feedback.cases.states import State, Verdict
from feedback.db import db
from feedback.limits import limiter
from feedback.notify.models import Message
from feedback.offices.roles import Role

from .. import counting
from ..conftest import make_settings
from ..factories import let_go, make_account, make_district, make_event, rate, sign_in
from ..together import at_once
from .citizen import text_of
from .matter import ANONYMOUS, Matter

WORDS = {"words": "当时还有两个人可以作证"}


@pytest.fixture
def clocks(now):
    with time_machine.travel(now + timedelta(minutes=51), tick=False) as traveller:
        yield traveller


@pytest.fixture
def matter(app, clocks):
    with app.app_context():
        make_district()
    return Matter(app)


@pytest.fixture
def rows(app):
    """Return how many rows of a kind there are."""

    def count(kind):
        with app.app_context():
            return db.session.scalar(select(func.count()).select_from(kind))

    return count


@pytest.fixture
def told(app):
    """Return how many messages of an occasion were promised."""

    def count(occasion):
        with app.app_context():
            return db.session.scalar(select(func.count()).where(Message.occasion == occasion))

    return count


# What it is for


def test_something_added_reaches_the_case_and_leads_back_to_the_receipt(client, matter, rows, told):
    assert "What would you like to add?" in text_of(client.get(matter.page("add")))
    answer = client.post(matter.page("add"), data=WORDS)
    assert answer.status_code == 303
    receipt = text_of(client.get(answer.headers["Location"]))
    assert "We have received what you added" in receipt
    assert "you added something" in receipt
    assert WORDS["words"] not in receipt
    assert (rows(Addition), told("citizen_added")) == (1, 1)
    assert "We have received what you added" not in text_of(client.get(matter.receipt))


def test_a_second_review_on_the_receipt_closes_the_visit(app, client, matter, rows):
    matter.walk(State.VISITING)
    assert "Say how you find it" in text_of(client.get(matter.receipt))
    answer = client.post(matter.page("second"), data={"grade": "4", "words": "改好了"})
    assert answer.status_code == 303
    receipt = text_of(client.get(answer.headers["Location"]))
    assert "we have received how you find it" in receipt
    assert "you said how you find what was done" in receipt
    assert "Say how you find it" not in receipt
    assert "atisfied" not in receipt
    assert matter.state is State.CLOSING
    with app.app_context():
        kept = db.session.scalars(select(SecondReview)).one()
    assert (kept.grade, kept.words) == (4, "改好了")


def test_a_dissatisfied_second_review_sends_it_back_with_a_new_date(client, matter, told):
    matter.walk(State.VISITING)
    answer = client.post(matter.page("second"), data={"grade": "1"})
    receipt = text_of(client.get(answer.headers["Location"]))
    assert "sent back to be put right once more, because you were not satisfied" in receipt
    assert "○ by Mon 30 Nov put right once more" in receipt
    assert told("case_sent_back") == 1


def test_the_one_time_link_asks_and_takes_the_same(client, matter, rows):
    matter.walk(State.VISITING)
    page = client.get(f"{matter.link}?lang=en")
    assert "Are you satisfied with how it was handled?" in text_of(page)
    for personal in ("王", "138", "5678", "等了三小时", matter.code, matter.number):
        assert personal not in text_of(page)
    answer = client.post(f"{matter.link}?lang=en", data={"grade": "5"})
    assert answer.status_code == 303
    assert matter.code in answer.headers["Location"]
    assert rows(SecondReview) == 1


def test_an_anonymous_citizen_says_on_the_receipt_how_it_is(app, client, clocks):
    with app.app_context():
        make_district()
    matter = Matter(app, **ANONYMOUS).walk(State.CLOSING)
    assert client.post(matter.page("second"), data={"grade": "2"}).status_code == 303
    assert matter.state is State.RECTIFYING


def test_an_objection_goes_to_the_supervisors(client, matter, rows, told):
    matter.void()
    assert "Why do you not agree?" in text_of(client.get(matter.page("objection")))
    answer = client.post(matter.page("objection"), data={"words": "不是另一件事"})
    receipt = text_of(client.get(answer.headers["Location"]))
    assert "We have received your objection" in receipt
    assert (matter.state, rows(Objection)) == (State.OBJECTED, 1)


def test_a_report_of_pressure_goes_to_the_supervisors_and_shows_nowhere(client, matter, rows):
    before = client.get(matter.receipt).text
    answer = client.post(matter.page("pressed"), data={"words": "窗口打电话让我改"})
    assert answer.status_code == 303
    assert "With the supervisors" in text_of(client.get(answer.headers["Location"]))
    assert rows(PressureReport) == 1
    after = client.get(matter.receipt).text
    assert without_nonce(after) == without_nonce(before)


def without_nonce(page):
    head, _, rest = page.partition('nonce="')
    return head + rest.split('"', 1)[1]


def test_the_page_after_a_report_is_the_same_for_those_who_sent_none(client, matter):
    never = client.get(f"/receipts/{matter.code}/pressed/sent?lang=en").text
    there = client.post(matter.page("pressed"), data={}).headers["Location"]
    assert without_nonce(client.get(there).text) == without_nonce(never)


def test_a_report_of_pressure_needs_no_words_and_may_come_after_the_end(client, matter, rows):
    matter.walk(State.CLOSED)
    assert client.get(matter.page("pressed")).status_code == 200
    assert client.post(matter.page("pressed"), data={"words": ""}).status_code == 303
    assert rows(PressureReport) == 1


# Looking spends nothing


@pytest.mark.parametrize("page", ["add", "second", "pressed", "words"])
def test_looking_changes_nothing(app, client, matter, page):
    matter.walk(State.VISITING)
    with counting.statements(app) as seen:
        for _ in range(5):
            assert client.get(matter.page(page)).status_code == 200
            assert client.head(matter.page(page)).status_code == 200
            assert client.get(matter.link).status_code == 200
    assert not [s for s in seen if s.split()[0] not in ("BEGIN", "SELECT")]
    assert matter.state is State.VISITING


def test_no_page_sets_a_cookie_or_needs_a_form_token(client, matter):
    matter.walk(State.VISITING)
    for name in ("add", "second", "pressed"):
        answer = client.get(f"/receipts/{matter.code}/{name}")
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert "csrf" not in answer.text
    assert "Set-Cookie" not in client.post(f"/receipts/{matter.code}/add", data=WORDS).headers


def test_language_and_size_stay_through_an_act(client, matter):
    answer = client.post(f"/receipts/{matter.code}/add?lang=en&size=large", data=WORDS)
    assert answer.headers["Location"].endswith("?lang=en&size=large&said=add")
    sent = client.post(f"/receipts/{matter.code}/pressed?size=large", data={})
    assert sent.headers["Location"].endswith("/pressed/sent?size=large")


# Out of turn


def test_a_second_review_has_its_time_and_is_given_once(client, matter, rows):
    for address in (matter.page("second"), f"{matter.link}?lang=en"):
        for answer in (client.get(address), client.post(address, data={"grade": "5"})):
            assert answer.status_code == 409
            assert "once the department has replied" in text_of(answer)
    matter.walk(State.VISITING)
    assert client.post(matter.page("second"), data={"grade": "5"}).status_code == 303
    for address in (matter.page("second"), f"{matter.link}?lang=en"):
        for answer in (client.get(address), client.post(address, data={"grade": "1"})):
            assert answer.status_code == 409
            assert "You have said already how you find it" in text_of(answer)
            assert f"/receipts/{matter.code}" in answer.text
    assert rows(SecondReview) == 1


def test_after_the_end_a_second_review_is_kept_and_nothing_can_be_added(client, matter, rows):
    matter.walk(State.CLOSED)
    words = text_of(client.get(matter.receipt))
    assert "Say how you find it" in words
    assert "something to add" not in words
    answers = client.get(matter.page("add")), client.post(matter.page("add"), data=WORDS)
    for answer in answers:
        assert answer.status_code == 409
        assert "call 12345" in text_of(answer)
    assert client.post(matter.page("second"), data={"grade": "1"}).status_code == 303
    assert (rows(Addition), rows(SecondReview), matter.state) == (0, 1, State.CLOSED)


def test_an_objection_has_its_time_and_is_made_once(client, matter, rows, clocks):
    refused = client.post(matter.page("objection"), data=WORDS)
    assert refused.status_code == 409
    assert "only where a review does not count" in text_of(refused)
    matter.void()
    assert client.post(matter.page("objection"), data=WORDS).status_code == 303
    matter.does("supervisor", cases.reconsider, Verdict.DISMISS, "维持")
    again = client.post(matter.page("objection"), data=WORDS)
    assert again.status_code == 409
    assert "You have objected already" in text_of(again)
    assert rows(Objection) == 1


def test_an_objection_after_its_last_day_is_refused(client, matter, rows, clocks):
    matter.void()
    clocks.shift(timedelta(days=15))
    assert client.get(matter.page("objection")).status_code == 409
    assert client.post(matter.page("objection"), data=WORDS).status_code == 409
    assert rows(Objection) == 0


@pytest.mark.parametrize("page", ["add", "second", "objection", "pressed"])
def test_a_satisfied_review_has_no_matter_to_speak_of(app, client, matter, page):
    with app.app_context():
        code = rate(make_event(), grade="5", tags=())
    for answer in (
        client.get(f"/receipts/{code}/{page}"), client.post(f"/receipts/{code}/{page}", data=WORDS)
    ):  # fmt: skip
        assert answer.status_code == 409
    assert client.get(f"/receipts/{code}/words").status_code == 303


# What was typed


LONG = "字" * 1001


@pytest.mark.parametrize(
    ("page", "said", "fault"),
    [
        ("add", {}, "Please write a few words."),
        ("add", {"words": " \n\t "}, "Please write a few words."),
        ("add", {"words": LONG}, "keep it to 1000 characters"),
        ("add", {"words": "a\x00b"}, "not text"),
        ("objection", {}, "Please write a few words."),
        ("objection", {"words": LONG}, "keep it to 1000 characters"),
        ("pressed", {"words": LONG}, "keep it to 1000 characters"),
        ("pressed", {"words": "\x07"}, "not text"),
        ("second", {}, "Please choose how satisfied you are."),
        ("second", {"grade": "6"}, "one of the five grades"),
        ("second", {"grade": "٥"}, "one of the five grades"),
        ("second", {"grade": "5.0"}, "one of the five grades"),
        ("second", {"grade": "9" * 400}, "one of the five grades"),
        ("second", {"grade": ["5", "1"]}, "one of the five grades"),
        ("second", {"grade": "5", "words": LONG}, "keep it to 1000 characters"),
        ("second", {"grade": "", "words": LONG}, "Please choose how satisfied you are."),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_the_field_and_on_top(client, matter, rows, page, said, fault):
    if page == "second":
        matter.walk(State.VISITING)
    if page == "objection":
        matter.void()
    state = matter.state
    answer = client.post(matter.page(page), data=said)
    assert answer.status_code == 422
    assert text_of(answer).count(fault) == 2
    assert 'role="alert"' in answer.text
    if said.get("words") == LONG:
        assert LONG in answer.text
    kinds = (Addition, Objection, PressureReport, SecondReview)
    assert ([rows(kind) for kind in kinds], matter.state) == ([0] * 4, state)


def test_a_thousand_characters_are_taken_whatever_they_are(app, client, matter):
    words = ("<script>𠮷" * 200)[:1000]
    assert client.post(matter.page("add"), data={"words": words}).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Addition)).one().words == words


def test_what_was_typed_is_shown_and_never_run(client, matter):
    typed = "</textarea><script>alert(1)</script>" + LONG
    answer = client.post(matter.page("add"), data={"words": typed})
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


@pytest.mark.parametrize("page", ["add", "pressed"])
def test_the_twenty_first_is_refused_in_words_and_kept_in_the_field(client, matter, clocks, page):
    for number in range(20):
        assert client.post(matter.page(page), data={"words": f"第{number}"}).status_code == 303
    answer = client.post(matter.page(page), data={"words": "第二十一"})
    assert answer.status_code == 429
    assert "20 of these are on record" in text_of(answer)
    assert "第二十一" in answer.text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"words=%ED%A0%80", "application/x-www-form-urlencoded", 400),
        (b"words=%FF", "application/x-www-form-urlencoded", 400),
        (b"{" * 30_000, "application/json", 415),
        (b"words=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"words=1" for _ in range(9000)), "application/x-www-form-urlencoded", 422),
    ],
)
def test_a_body_that_is_no_form_is_refused(client, matter, rows, body, kind, status):
    for page in ("add", "pressed"):
        answer = client.post(matter.page(page), data=body, content_type=kind)
        assert answer.status_code in (status, 413), answer.status_code
    assert (rows(Addition), rows(PressureReport)) == (0, 0)


# Twice


def test_the_same_words_sent_twice_are_kept_and_told_once(client, matter, rows, told, clocks):
    for _ in range(2):
        assert client.post(matter.page("add"), data=WORDS).status_code == 303
        assert client.post(matter.page("pressed"), data={}).status_code == 303
    assert (rows(Addition), rows(PressureReport)) == (1, 1)
    assert (told("citizen_added"), told("desk_asked")) == (1, 2), "two supervising offices"
    clocks.shift(timedelta(minutes=11))
    client.post(matter.page("pressed"), data={})
    assert rows(PressureReport) == 2, "another day is another report"


@pytest.mark.parametrize(
    ("page", "said", "kind"),
    [
        ("add", WORDS, Addition), ("pressed", {}, PressureReport),
        ("second", {"grade": "1"}, SecondReview), ("objection", WORDS, Objection),
    ],
)  # fmt: skip
def test_six_at_once_are_kept_once(app, matter, rows, page, said, kind):
    if page == "second":
        matter.walk(State.VISITING)
    if page == "objection":
        matter.void()
    address = matter.page(page)

    def send():
        return app.test_client().post(address, data=said).status_code

    answers = at_once(None, *[send] * 6)
    assert set(answers) <= {303, 409}
    assert 303 in answers
    assert rows(kind) == 1


# Not for everybody


@pytest.mark.parametrize("role", Role)
def test_no_page_opens_and_nothing_is_taken_where_staff_are_signed_in(app, matter, rows, role):
    matter.walk(State.VISITING)
    with app.app_context():
        account = make_account(role)
        let_go(account)
    staff = app.test_client()
    sign_in(staff, account)
    there = [matter.page(name) for name in ("add", "second", "pressed", "pressed/sent", "words")]
    for address in (*there, matter.link):
        answers = [staff.get(address)]
        if not address.startswith((matter.page("pressed/sent"), matter.page("words"))):
            answers.append(staff.post(address, data={**WORDS, "grade": "5"}))
        for answer in answers:
            assert answer.status_code == 403, address
            assert "特殊工时首次审批" not in answer.text
    assert matter.code not in staff.get(matter.link).text
    assert [rows(kind) for kind in (Addition, PressureReport, SecondReview)] == [0, 0, 0]


PAGES = ("", "/add", "/second", "/objection", "/pressed", "/pressed/sent", "/words")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("code", ["0000-0000-0000", "x", "%00", "%FF", "A" * 3000, "٣" * 12])
def test_a_code_that_is_none_opens_no_page(client, matter, page, code):
    answer = client.get(f"/receipts/{code}{page}?lang=en")
    assert answer.status_code == 404
    assert "There is no receipt with this code" in text_of(answer)
    if page in ("/add", "/second", "/objection", "/pressed"):
        assert client.post(f"/receipts/{code}{page}", data=WORDS).status_code == 404


@pytest.mark.parametrize(
    "token",
    ["x", "HC-2026-000001", "HC-2026-000001-aaaaaaaaaaaaaaaa", "%00", "%FF", "-", "A" * 3000],
)
def test_a_forged_link_is_refused_without_a_statement(app, client, matter, token):
    with counting.statements(app) as seen:
        for answer in (client.get(f"/second/{token}"), client.post(f"/second/{token}")):
            assert answer.status_code == 404
    assert seen == []


def test_a_link_of_another_matter_is_of_no_use_here(app, client, matter):
    other = Matter(app).walk(State.VISITING)
    assert client.post(f"{other.link}?lang=en", data={"grade": "5"}).status_code == 303
    assert (other.state, matter.state) == (State.CLOSING, State.ROUTED)


def test_wrong_methods_are_refused(client, matter):
    for page in PAGES:
        assert client.delete(f"/receipts/{matter.code}{page}").status_code == 405
    assert client.put(matter.link).status_code == 405
    for page in ("/pressed/sent", "/words"):
        assert client.post(f"/receipts/{matter.code}{page}").status_code == 405


@pytest.fixture
def guarded(tmp_path):
    """Return a browser at an app of its own, with three wrong codes a minute."""
    app = create_app(make_settings(tmp_path, rate_limits="on", guessing_limit="3 per minute"))
    yield app.test_client()
    limiter.reset()
    limiter.enabled = False


def test_whoever_tries_codes_is_slowed_down_over_all_pages_together(guarded):
    tries = ["/receipts/nonsense", "/receipts/nonsense/add", "/second/nonsense"]
    assert [guarded.get(address).status_code for address in tries] == [404] * 3
    for address in (*tries, "/receipts/nonsense/pressed"):
        assert guarded.get(address).status_code == 429
    assert guarded.get("/receipts").status_code == 200
