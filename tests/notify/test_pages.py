import pytest
from flask import Flask
from sqlalchemy import select

from feedback import clock
from feedback.db import db, transaction
from feedback.ledger.models import Entry
from feedback.notify import outbox
from feedback.notify.models import By, Message, State
from feedback.notify.queries import SENDING_TOO_LONG, WAITING_TOO_LONG
from feedback.notify.senders import Uncertain
from feedback.offices.roles import Role

from ..counting import statements
from ..factories import let_go, make_account, make_district, sign_in
from .helpers import Memory, by, promise_mail, promise_sms, standing, two_mailboxes


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
    assert browser.post(f"/messages/{message_id}/retry", data=send).status_code == 409


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


def test_names_are_escaped(app, browser):
    make_uncertain(app)
    with app.app_context(), transaction() as session:
        row = session.scalars(select(Message)).one()
        row.facts = row.facts | {"number": "<script>alert(1)</script>"}
    assert "<script>alert" not in page(browser)
