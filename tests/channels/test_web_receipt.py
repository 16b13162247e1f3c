"""The receipt: what became of a review, without anything personal."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, select

from feedback import clock, create_app
from feedback.cases import actions as cases
from feedback.cases.models import Case
from feedback.cases.states import Means, Outcome, State
from feedback.catalog.models import RoutingRule
from feedback.db import db, transaction
from feedback.events import tokens as codes
from feedback.limits import limiter
from feedback.offices.roles import Role
from feedback.reviews import actions as reviews

from .. import counting
from ..conftest import make_settings
from ..factories import let_go, make_account, make_people, sign_in, walk_to
from .citizen import BAD, NAMED, rate, text_of


@pytest.fixture(autouse=True)
def _monday(now):
    with time_machine.travel(now + timedelta(minutes=51)):
        yield


@pytest.fixture
def receipt(client, token):
    """Rate, and return the receipt's address."""

    def of(**said):
        answer = rate(client, token, **said)
        assert answer.status_code == 303
        return answer.headers["Location"]

    return of


def test_a_satisfied_receipt_is_a_thank_you_with_its_code(client, receipt):
    address = receipt(grade="5", comment="快")
    words = text_of(client.get(address))
    assert address.split("/")[-1].split("?")[0] in words
    assert "Thank you" in words
    assert "特殊工时首次审批" in words
    assert "What happens with it" not in words


@pytest.mark.parametrize("grade", "12345")
def test_no_receipt_tells_the_grade(client, receipt, grade):
    words = text_of(client.get(receipt(grade=grade, comment="慢")))
    assert "atisfied" not in words
    assert "rating:" not in words


def test_a_named_receipt_shows_the_road_ahead_with_its_dates(client, receipt):
    words = text_of(client.get(receipt(**NAMED)))
    for step in (
        "● Mon 23 Nov 10:51 received", "passed to", "○ by Tue 24 Nov you are called",
        "○ by Mon 30 Nov put right and answered", "○ confirmed with you by another office",
        "○ finished", "Nobody so far",
    ):  # fmt: skip
        assert step in words


def test_an_anonymous_receipt_promises_no_call(client, receipt):
    words = text_of(client.get(receipt(**BAD)))
    assert "put right and answered" in words
    assert "called" not in words
    assert "confirmed with you" not in words
    assert "your number" not in words


@pytest.fixture
def walk(app):
    """Lead the one case to a state, then, if told, do one act more."""

    def to(state, act=None, *words, at=None):
        with app.app_context():
            people = make_people()
            case = walk_to(db.session.scalars(select(Case)).one(), state, people, clock.now())
            if act:
                with transaction():
                    case = db.session.get_one(Case, case.id, populate_existing=True)
                    act(case, people.operator, *words, at or clock.now(), case.version)

    return to


def test_what_was_done_is_ticked_off_and_the_reply_can_be_read(client, receipt, walk):
    address = receipt(**NAMED)
    walk(State.VISITING)
    words = text_of(client.get(address))
    assert "● Mon 23 Nov 10:51 it was put right and answered" in words
    assert "已增开窗口，欢迎再来" in words
    assert "○ by Mon 30 Nov confirmed with you" in words
    walk(State.CLOSED)
    words = text_of(client.get(address))
    assert "● Mon 23 Nov 10:51 another office asked you, and you confirmed it" in words
    assert "● Mon 23 Nov 10:51 the matter was finished" in words
    assert "○" not in words


def test_a_citizen_who_is_not_satisfied_sees_it_go_round_again(client, receipt, walk):
    address = receipt(**NAMED)
    unhappy = cases.Visit(Means.PHONE, Outcome.ANSWERED, False, "没有改")
    walk(State.VISITING, cases.visit, unhappy)
    words = text_of(client.get(address))
    assert "● Mon 23 Nov 10:51 sent back to be put right once more" in words
    assert "○ by Mon 30 Nov put right once more, because you were not satisfied" in words
    assert "没有改" not in words


def test_three_calls_in_vain_are_told_as_such(app, client, receipt, walk, now):
    address = receipt(**NAMED)
    for day in range(3):
        missed = cases.Visit(Means.PHONE, Outcome.FAILED, None, "无人接听")
        walk(State.VISITING, cases.visit, missed, at=now + timedelta(days=day, hours=1))
    walk(State.CLOSED)
    words = text_of(client.get(address))
    for day in ("Mon 23 Nov", "Tue 24 Nov", "Wed 25 Nov"):
        assert f"● {day} 11:00 another office called you and did not reach you" in words


def test_a_case_without_a_department_yet_says_so(app, client, receipt):
    with app.app_context(), transaction() as session:
        session.execute(delete(RoutingRule))
    words = text_of(client.get(receipt(**BAD)))
    assert "the responsible department is being found" in words


def test_a_case_that_is_late_says_so(client, receipt, now):
    address = receipt(**NAMED)
    with time_machine.travel(now + timedelta(days=9)):
        assert "overdue" in text_of(client.get(address))


def test_a_receipt_holds_nothing_personal(client, receipt):
    answer = client.get(receipt(**{**NAMED, "comment": "我叫陈小明"}))
    for secret in ("陈", "138", "5678", "小明"):
        assert secret not in text_of(answer)


def test_a_receipt_is_found_however_its_code_is_typed(client, receipt):
    address = receipt(grade="5")
    code = address.split("/")[-1].split("?")[0]
    full_width = "".join(chr(ord(c) + 0xFEE0) for c in code)
    for typed in (code, code.replace("-", ""), code.lower(), f" {code} ", full_width):
        answer = client.post("/receipts?lang=en", data={"code": typed})
        assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert client.get(f"/receipts/{code.replace('-', '').lower()}").status_code == 200


@pytest.mark.parametrize(
    "code", ["0000-0000-0000", "x", "%00", "%FF", "A" * 3000, "٣" * 12, "%2e%2e"]
)
def test_a_code_that_is_none_is_answered_in_words_with_a_place_to_try_again(client, token, code):
    answer = client.get(f"/receipts/{code}?lang=en")
    assert answer.status_code == 404
    assert "There is no receipt with this code" in text_of(answer)
    assert 'name="code"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("typed", ["", "x", "\x00", "<b>", "A" * 60_000, "7K3M-92QF"])
def test_a_malformed_code_is_refused_and_kept(client, token, typed):
    answer = client.post("/receipts?lang=en", data={"code": typed})
    assert answer.status_code == 422
    assert "twelve letters and digits" in text_of(answer)
    assert b"<b>" not in answer.data.split(b"</header>")[1]


def test_a_malformed_code_costs_no_statement(app, client, token):
    with counting.statements(app) as seen:
        client.get("/receipts/nonsense")
        client.get("/receipts")
    assert seen == []


@pytest.mark.parametrize("role", Role)
def test_no_receipt_opens_where_staff_are_signed_in(app, client, receipt, role):
    address = receipt(**NAMED)
    with app.app_context():
        account = make_account(role)
        let_go(account)
    staff = app.test_client()
    sign_in(staff, account)
    answer = staff.get(address)
    assert answer.status_code == 403
    words = text_of(answer)
    assert "for the person who rated" in words
    for told in ("received your review", "put right", "特殊工时首次审批", "Mon 23 Nov"):
        assert told not in words
    assert client.get(address).status_code == 200


def test_a_receipt_is_refused_to_staff_alike_whether_it_exists_or_not(app, client, token):
    with app.app_context():
        account = make_account(Role.CLERK)
        sign_in(client, account)
        unused = codes.grouped(reviews.receipt_of(account.id))
    assert client.get(f"/receipts/{unused}").status_code == 403
    assert client.get("/receipts/x").status_code == 404


@pytest.fixture
def three_a_minute(tmp_path):
    """Return a browser at an app of its own with the limits on, at three a minute."""
    app = create_app(make_settings(tmp_path, rate_limits="on", rating_limit="3 per minute"))
    yield app.test_client()
    limiter.reset()
    limiter.enabled = False


def test_looking_receipts_up_and_rating_are_limited_and_looking_at_the_page_is_not(three_a_minute):
    forged = f"/r/T{'0' * 28}"
    for ask, free in [
        (lambda: three_a_minute.get("/receipts/nonsense"), 404),
        (lambda: three_a_minute.post("/receipts", data={"code": "x"}), 422),
        (lambda: three_a_minute.post(forged, data={"grade": "5"}), 404),
    ]:
        assert [ask().status_code for _ in range(4)] == [free, free, free, 429]
    assert [three_a_minute.get(forged).status_code for _ in range(5)] == [404] * 5


@pytest.mark.parametrize(("said", "most"), [({"grade": "5"}, 4), (NAMED, 9)])
def test_a_receipt_costs_few_statements(app, client, receipt, said, most):
    address = receipt(**said)
    with counting.statements(app) as seen:
        assert client.get(address).status_code == 200
    assert len(seen) <= most, seen
