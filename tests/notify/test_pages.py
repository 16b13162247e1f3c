from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from feedback import clock
from feedback.channels.message_reasons import reason_words
from feedback.db import db, transaction
from feedback.ledger.models import Entry
from feedback.notify import outbox
from feedback.notify.models import By, Carrier, Message, State
from feedback.notify.pace import urgency_of
from feedback.notify.queries import SENDING_TOO_LONG, WAITING_TOO_LONG
from feedback.notify.senders import Uncertain, http
from feedback.notify.senders.twilio import HOPELESS, OUR_OWN, STOPPED
from feedback.offices.models import Account
from feedback.offices.roles import Role

from ..conftest import MONDAY_MORNING
from ..counting import statements
from ..factories import let_go, make_account, make_case, make_district, sign_in
from .helpers import Memory, by, promise_mail, promise_sms, standing, two_mailboxes

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def browser(app: Flask):
    """A supervisor who is signed in and reads English."""
    with app.app_context():
        make_district()
        supervisor = make_account(Role.SUPERVISOR, department="GOV", name="督查")
        let_go(supervisor)
    client = app.test_client()
    sign_in(client, supervisor)
    return client


def make_uncertain(app, promised=promise_mail):
    with app.app_context():
        now = clock.now()
        promised(now)
        outbox.deliver(now, two_mailboxes, by(Memory(Uncertain("smtp_data_Timeout"))))
        return db.session.scalars(select(Message.id).order_by(Message.id.desc())).first()


def page(browser, path="/messages"):
    answer = browser.get(f"{path}?lang=en")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def post(browser, path, **fields):
    text = page(browser, path.rpartition("/")[0])
    token = text.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    return browser.post(path, data={"csrf_token": token, **fields})


def test_an_empty_list_says_what_will_appear(browser):
    assert "Nothing to do here" in page(browser)


def test_an_uncertain_message_is_on_the_list_with_what_to_do(app, browser):
    message_id = make_uncertain(app)
    shown = page(browser)
    assert f"/messages/{message_id}" in shown
    assert "Sent or not: unknown" in shown
    assert "HC-2026-000123" in shown
    assert "区人力资源社会保障局" in shown
    assert "broke off in the middle" in shown


def test_a_message_that_goes_well_is_counted_and_not_on_the_list(app, browser):
    with app.app_context():
        promise_mail(clock.now())
        outbox.deliver(clock.now(), two_mailboxes, by(Memory()))
    shown = page(browser)
    assert "<b>1</b> Sent" in shown
    assert "Nothing to do here" in shown


@pytest.mark.parametrize("silence", [SENDING_TOO_LONG + outbox.LEASE, WAITING_TOO_LONG])
def test_what_nobody_sends_appears_though_no_program_says_so(app, browser, silence):
    """A dead scheduler cannot report itself."""
    with app.app_context():
        promise_mail(clock.now() - 3 * silence)
        if silence is not WAITING_TOO_LONG:
            long_ago = clock.now() - silence - outbox.LEASE
            assert outbox.claim(By.MAIL, long_ago).turns
    assert "is the scheduler running?" in page(browser)


def test_no_phone_is_shown_in_the_clear(app, browser):
    message_id = make_uncertain(app, promise_sms)
    for path in ("/messages", f"/messages/{message_id}"):
        shown = page(browser, path)
        assert "138****5678" in shown
        assert "13812345678" not in shown


def test_a_supervisor_has_it_sent_again_and_the_ledger_says_who(app, browser):
    message_id = make_uncertain(app)
    answer = post(browser, f"/messages/{message_id}/retry", **{"retry-why": "not_arrived"})
    assert (answer.status_code, answer.location) == (303, "/messages")
    with app.app_context():
        assert standing() == {State.QUEUED: 1}
        line = db.session.scalars(select(Entry).where(Entry.act == "retry")).one()
        assert (line.actor_name, line.facts["why"]) == ("督查", "not_arrived")


def test_a_supervisor_drops_it(app, browser):
    message_id = make_uncertain(app)
    answer = post(browser, f"/messages/{message_id}/drop", **{"drop-why": "told_otherwise"})
    assert answer.status_code == 303
    with app.app_context():
        assert standing() == {State.DROPPED: 1}
    assert "There is nothing to decide" in page(browser, f"/messages/{message_id}")


@pytest.mark.parametrize(
    "fields", [{}, {"retry-why": "because"}, {"retry-why": "arrived"}, {"drop-why": "arrived"}]
)
def test_a_decision_needs_a_reason_of_its_own_list(app, browser, fields):
    message_id = make_uncertain(app)
    answer = post(browser, f"/messages/{message_id}/retry", **fields)
    assert answer.status_code == 422
    with app.app_context():
        assert standing() == {State.UNCERTAIN: 1}


def test_a_decision_needs_the_forms_own_token(app, browser):
    message_id = make_uncertain(app)
    answer = browser.post(f"/messages/{message_id}/retry", data={"retry-why": "not_arrived"})
    assert answer.status_code == 400


def test_the_second_of_two_decisions_is_out_of_turn(app, browser):
    message_id = make_uncertain(app)
    text = page(browser, f"/messages/{message_id}")
    token = text.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    send = {"csrf_token": token, "retry-why": "not_arrived", "drop-why": "arrived"}
    assert browser.post(f"/messages/{message_id}/drop", data=send).status_code == 303
    second = browser.post(f"/messages/{message_id}/retry", data=send)
    assert second.status_code == 409
    assert "open the page again" in second.get_data(as_text=True)
    assert "the case" not in second.get_data(as_text=True), "it is about a message"


def test_an_unknown_message_is_404(browser):
    assert browser.get("/messages/01930f2e-7c00-7000-8000-000000000001").status_code == 404
    assert browser.get("/messages/x").status_code == 404


@pytest.mark.parametrize("role", [Role.HANDLER, Role.HEAD, Role.AUDITOR, Role.CLERK, Role.OPERATOR])
def test_it_is_not_for_departments(app, browser, role):
    with app.app_context():
        account = make_account(role)
        let_go(account)
    client = app.test_client()
    sign_in(client, account)
    assert client.get("/messages").status_code == 403


def test_a_long_list_needs_no_more_statements_than_a_short_one(app, browser):
    def counted():
        with statements(app) as seen:
            page(browser)
        return len(seen)

    make_uncertain(app)
    few = counted()
    for _ in range(5):
        make_uncertain(app)
    assert counted() == few


def put(app, message_id, **columns):
    """Put a message where a carrier or a night would have led it."""
    with app.app_context(), transaction() as session:
        for name, value in columns.items():
            setattr(session.get_one(Message, message_id), name, value)


def promised(app, key="", **columns):
    """Promise a notice to a citizen, put it somewhere, and return its id."""
    with app.app_context():
        promise_sms(clock.now(), key=key or "sms")
        message_id = db.session.scalars(select(Message.id).order_by(Message.id.desc())).first()
    put(app, message_id, **columns)
    return message_id


LANDLINE = {"state": State.FAILED, "sent_at": MONDAY_MORNING, "last_error": "twilio_30006"}


def test_a_notice_that_did_not_arrive_needs_a_person_and_says_what_to_do(app, browser):
    message_id = promised(app, **LANDLINE)
    shown = page(browser)
    assert f"/messages/{message_id}" in shown
    assert "Not delivered" in shown
    assert "This is a landline" in shown


@pytest.mark.parametrize("occasion", ["invitation", "invitation_reminder", "answer_thanks"])
def test_what_only_asks_or_answers_needs_nobody_but_can_be_looked_at(app, browser, occasion):
    message_id = promised(app, occasion=occasion, urgency=urgency_of(occasion), **LANDLINE)
    shown = page(browser)
    assert "Nothing to do here" in shown
    assert "1 invitation or answer did not arrive" in shown
    lost = browser.get("/messages?show=asks&lang=en").get_data(as_text=True)
    assert f"/messages/{message_id}" in lost


def test_an_answer_beside_a_telephone_does_not_tell_how_they_rated(app, browser):
    message_id = promised(app, occasion="answer_asked_why", urgency=0,
                          facts={"number": "HC-2026-000123"}, **LANDLINE)  # fmt: skip
    for path in ("/messages?show=asks&lang=en", f"/messages/{message_id}?lang=en"):
        shown = browser.get(path).get_data(as_text=True)
        assert "An answer to a text message" in shown
        assert "bad rating" not in shown
        assert "HC-2026-000123" not in shown


def test_a_carrier_that_nobody_asks_when_it_is_time_is_noticed(app, browser):
    hours_ago = clock.now() - timedelta(hours=6)
    due = clock.now() - WAITING_TOO_LONG
    asking = {"state": State.ASKING, "handed_over_at": hours_ago, "next_try_at": due}
    message_id = promised(app, **asking | {"next_try_at": due + timedelta(minutes=1)})
    assert "Nothing to do here" in page(browser)
    put(app, message_id, next_try_at=due)
    assert "is the scheduler running?" in page(browser)


def test_a_gateway_that_is_shut_is_told_on_top_and_blamed_for_the_waiting(app, browser):
    now = clock.now()
    promised(app, next_try_at=now - timedelta(hours=1))
    with app.app_context(), transaction() as session:
        session.add(Carrier(name=By.SMS, free_at=now, failures=6, last_error="twilio_auth",
                            shut_until=now + timedelta(minutes=5)))  # fmt: skip
    shown = page(browser)
    assert "Text messages: the gateway is paused until" in shown
    assert "does not accept our account" in shown
    assert "Waiting for the gateway" in shown
    assert "scheduler" not in shown


def test_a_notice_to_somebody_who_wants_no_texts_leads_to_the_case_to_call_from(app, browser):
    with app.app_context():
        case = make_case()
        subject, number = str(case.id), case.number
    stopped = {"state": State.GIVEN_UP, "last_error": "stopped", "subject_id": subject}
    shown = page(browser, f"/messages/{promised(app, **stopped)}")
    assert "somebody has to call" in shown
    assert f'href="/cases/{number}"' in shown
    invited = promised(app, "2", occasion="invitation", **stopped)
    assert "somebody has to call" not in page(browser, f"/messages/{invited}")


def test_an_administrator_gets_no_link_to_a_case(app, browser):
    with app.app_context():
        subject = str(make_case().id)
        admin = make_account(Role.ADMIN, department="XZSP")
        let_go(admin)
    message_id = promised(app, state=State.GIVEN_UP, last_error="stopped", subject_id=subject)
    client = app.test_client()
    sign_in(client, admin)
    assert "/cases/HC-" not in page(client, f"/messages/{message_id}")


def test_no_case_number_stands_beside_a_telephone_for_whoever_may_not_open_cases(app, browser):
    with app.app_context():
        case = make_case()
        subject, number = str(case.id), case.number
        admin = make_account(Role.ADMIN, department="XZSP")
        let_go(admin)
    message_id = promised(app, subject_id=subject, facts={"number": number}, **LANDLINE)
    client = app.test_client()
    sign_in(client, admin)
    for path, beside in (("/messages", "<tr>"), (f"/messages/{message_id}", "<h1>")):
        for who, sees in ((client, False), (browser, True)):
            (row,) = (one for one in page(who, path).split(beside) if "138****5678" in one)
            assert (number in row) is sees


def test_not_even_a_part_of_the_number_is_for_whom_the_case_is_about(app, browser):
    with app.app_context():
        subject = str(make_case().id)
        accused = make_account(Role.SUPERVISOR, department="RS")
        with transaction() as session:
            session.get_one(Account, accused.id).window_code = "RS-12"
        let_go(accused)
    message_id = promised(app, state=State.GIVEN_UP, last_error="stopped", subject_id=subject)
    client = app.test_client()
    sign_in(client, accused)
    for path in ("/messages", f"/messages/{message_id}"):
        assert "138****" not in page(client, path)
        assert "138****5678" in page(browser, path)


def test_a_page_tells_how_a_text_travelled(app, browser):
    now = clock.now()
    message_id = promised(
        app, state=State.DELIVERED, carrier="twilio", provider_id="SM77", parts=2, sent_at=now,
        delivered_at=now, not_before=now + timedelta(hours=9),
    )  # fmt: skip
    shown = page(browser, f"/messages/{message_id}")
    for words in ("Delivered", "twilio", "SM77", "<dt>Parts</dt><dd>2</dd>", "Not before"):
        assert words in shown


CODES = (
    "no_mailbox lease_lapsed no_words_KeyError no_phone_InvalidTag failed_OSError stopped too_many "
    "quiet asked_today said_twice not_wanted not_on_list cannot_be_asked smtp_data_Timeout smtp_550 "
    "smtp_connect_gaierror smtp_envelope_OSError twilio_client twilio_answer twilio_too_many "
    "twilio_connect_timeout twilio_read_ReadTimeout twilio_5xx twilio_408 twilio_429 twilio_auth "
    "twilio_undelivered twilio_failed twilio_canceled twilio_30001 twilio_30003 twilio_30004 "
    "twilio_30005 twilio_30006 twilio_30007 twilio_30008 twilio_30034 twilio_99999 http_LIMIT "
    "http_no_template http_STOPPED http_connect_X http_read_X http_5xx http_302 http_403 "
    "http_answer http_other http_BLACKLIST overslept twilio_in_circles"
)


def test_every_reason_is_said_in_words(app):
    codes = [
        *CODES.split(),
        *(f"twilio_{one}" for one in (STOPPED, *HOPELESS, *OUR_OWN)),
        *(f"http_{one}" for one in http.NO),
    ]
    with app.test_request_context("/?lang=en"):
        assert [code for code in codes if reason_words(code) == code] == []
        looked_up = reason_words("http_other")
        assert [one for one in http.NO if reason_words(f"http_{one}") == looked_up] == []
        assert "switched off" in reason_words("twilio_30003")
        assert "settings" in reason_words("twilio_21606")
        assert "wants no text messages" in reason_words("twilio_21610")


def test_names_are_escaped(app, browser):
    make_uncertain(app)
    with app.app_context(), transaction() as session:
        row = session.scalars(select(Message)).one()
        row.facts = row.facts | {"number": "<script>alert(1)</script>"}
    assert "<script>alert" not in page(browser)
