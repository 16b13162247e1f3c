"""Calls that never came, came twice or failed half-way: each text is taken in once, and answered once.

Twilio calls once and forgets; what it could not bring us stands on its list. Our answer travels back
within its call, and may be lost there.
"""

import re
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from html import unescape

import pytest
import time_machine
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from feedback import clock
from feedback.db import db, insert, new_id, transaction
from feedback.notify.actions import phone_digest
from feedback.notify.models import State
from feedback.notify.outbox import always
from feedback.replies.models import IncomingText, Via
from feedback.replies.talk import Made
from feedback.scheduler.jobs import deliver_messages, fetch_texts

from ..conftest import MONDAY_MORNING
from ..counting import statements
from ..factories import make_district
from ..notify.carriers import NUMBER, TOKEN, Answer, twilio_settings, twilio_stand_in
from ..notify.helpers import messages
from ..replies.talking import PHONE, case_of, invited, new_sid, review_of, spoken, texts
from ..together import at_once, raised
from .texting import post, snapshot, text_form, using

A_DAY = timedelta(days=1)
A_MINUTE = timedelta(minutes=1)
LAPSED = timedelta(minutes=6)
MANY, MISSED = 1200, 7


@pytest.fixture(autouse=True)
def in_the_daytime():
    with time_machine.travel(MONDAY_MORNING, tick=True):
        yield


@pytest.fixture
def gateway(context):
    """Twilio, as it behaves, with an empty list."""
    make_district()
    with twilio_stand_in() as gateway, using(context, **twilio_settings(gateway)):
        yield gateway


@pytest.fixture
def served(gateway):
    return invited(clock.now() - A_DAY)


def bring(client, text):
    """Let Twilio bring a text that stands on its list; return the answer to the call."""
    return post(client, "/sms/inbound",
                text_form(text["body"], text["from"], MessageSid=text["sid"]), token=TOKEN)  # fmt: skip


def fetch():
    return fetch_texts(clock.now(), always)


def deliver(later=timedelta()):
    return deliver_messages(clock.now() + later, always)


def deliver_for_a_day():
    """Do what the scheduler does in the next hours."""
    for minutes in (0, 2, 4, 6, 8, 10, 40, 80, 300, 700):
        deliver(timedelta(minutes=minutes))


def send_as_answer(gateway, phone, words):
    """Let Twilio send what we answered to its call."""
    with gateway.lock:
        gateway.messages.append(
            gateway._record(NUMBER, phone, words, "outbound-reply", "queued", clock.now())
        )
        return gateway.messages[-1]["sid"]


def answers():
    return [one for one in messages() if one.occasion.startswith("answer_")]


# -- the database fails in the middle ------------------------------------------------------------


@contextmanager
def failing_at(number):
    """Let the database fail at its n-th statement, or at the commit (number 0)."""

    def fail(*_):
        seen.append(1)
        if number in (0, len(seen)):
            raise OperationalError("statement", {}, Exception("gone"))

    seen = []
    what = "before_cursor_execute" if number else "commit"
    event.listen(db.engine, what, fail)
    try:
        yield
    finally:
        event.remove(db.engine, what, fail)


def test_a_database_that_fails_anywhere_leaves_nothing_half_written(
    context, client, gateway, served
):
    text = gateway.receive(PHONE, "2 等了三小时没人理")
    before = snapshot()
    for number in range(100):
        with failing_at(number):
            status = bring(client, text).status_code
        if status == 200:
            break
        assert status == 503, number
        assert snapshot() == before, number
    assert number > 15, "a rating is many statements, and each of them may fail"
    assert [one.made for one in texts()] == [Made.REVIEW]


def test_what_a_failing_database_could_not_take_in_is_fetched_later_once(client, gateway, served):
    text = gateway.receive(PHONE, "2 等了三小时没人理")
    with failing_at(3):
        assert bring(client, text).status_code == 503
    assert fetch() == ["review"]
    assert fetch() == []
    assert [(one.via, one.provider_id) for one in texts()] == [(Via.LIST, text["sid"])]
    assert review_of(served).comment == "等了三小时没人理"
    assert case_of(served)
    deliver_for_a_day()
    (answer,) = answers()
    assert (answer.state, len(gateway.bodies_to(PHONE))) == (State.SENT, 1)


# -- by call and on the list ---------------------------------------------------------------------


def test_a_text_that_was_brought_and_stands_on_the_list_is_one(client, gateway, served):
    text = gateway.receive(PHONE, "5")
    assert spoken(bring(client, text).get_data(as_text=True))
    before = snapshot()
    assert fetch() == []
    assert {**snapshot(), "inboxes": before["inboxes"]} == before


def test_a_text_that_was_fetched_and_is_brought_late_is_not_answered_a_second_time(
    client, gateway, served
):
    text = gateway.receive(PHONE, "5")
    fetch()
    deliver()
    assert len(gateway.bodies_to(PHONE)) == 1
    assert spoken(bring(client, text).get_data(as_text=True)) == ""
    assert len(texts()) == 1


def test_texts_fetched_while_they_are_brought_are_each_one_and_answered_once(
    context, gateway, client
):
    phones = [f"+86138{n:08d}" for n in range(8)]
    for phone in phones:
        invited(clock.now() - A_DAY, phone)
    listed = [gateway.receive(phone, f"{n % 5 + 1} 没人理") for n, phone in enumerate(phones)]

    def brought(some):
        with context.test_client() as mine:
            for text in some:
                bring(mine, text)

    def fetched():
        with context.app_context():
            fetch()

    works = [partial(brought, listed[n::2]) for n in (0, 1, 0, 1)]
    assert raised(at_once(None, *works, fetched, fetched)) == []
    assert sorted(one.provider_id for one in texts()) == sorted(one["sid"] for one in listed)
    assert len(answers()) == len(phones)
    by_call = {one.answer_id for one in texts() if one.via is Via.CALL}
    deliver()
    sent_by_us = [len(gateway.bodies_to(phone)) for phone in phones]
    assert sum(sent_by_us) == len(phones) - len(by_call)


def keep(listed):
    """Have taken in so many of a list, and nothing else."""
    rows = [
        {
            "id": new_id(), "gateway": "twilio", "provider_id": one["sid"], "via": Via.CALL,
            "phone_digest": phone_digest(one["from"]), "body": one["body"],
            "sent_at": clock.now(), "received_at": clock.now(), "made": Made.NOTHING,
        }
        for one in listed
    ]  # fmt: skip
    with transaction() as session:
        session.execute(insert(IncomingText), rows)


def test_among_many_on_many_pages_the_missing_ones_are_found(gateway):
    listed = [gateway.receive(f"+86139{n:08d}", "谢谢", clock.now()) for n in range(MANY)]
    missed = listed[:: MANY // MISSED]
    keep([one for one in listed if one not in missed])
    assert len(fetch()) == len(missed) >= MISSED
    assert len(gateway.gets) >= MANY // 100
    assert sorted(one.provider_id for one in texts()) == sorted(one["sid"] for one in listed)


def test_a_list_that_cannot_be_read_is_a_warning_and_nothing_else(gateway, served, capsys):
    gateway.receive(PHONE, "5")
    before = snapshot()
    gateway.answer = Answer(503, {"code": 20503, "status": 503})
    assert fetch() == []
    assert "inbox_not_read" in capsys.readouterr().out
    assert snapshot() == before
    gateway.answer = None
    assert fetch() == ["review"]


def test_after_days_without_fetching_what_was_missed_on_the_first_is_still_found(
    client, gateway, served
):
    """The door went on meanwhile, so that the latest text is much newer than the one missed."""
    fetch()
    missed = gateway.receive(PHONE, "2 没人理", clock.now())
    with time_machine.travel(MONDAY_MORNING + 3 * A_DAY, tick=True):
        bring(client, gateway.receive("+8613912345678", "你好", clock.now()))
        assert fetch() == ["review"]
    assert missed["sid"] in {one.provider_id for one in texts()}


# -- an answer that is lost ----------------------------------------------------------------------


def test_an_answer_that_twilio_never_got_is_sent_once_by_us(client, gateway, served):
    words = spoken(bring(client, gateway.receive(PHONE, "5")).get_data(as_text=True))
    deliver(A_MINUTE)
    assert gateway.bodies_to(PHONE) == [], "it may still be on its way"
    deliver_for_a_day()
    assert gateway.bodies_to(PHONE) == [words]
    assert [one.state for one in answers()] == [State.SENT]


def test_an_answer_that_twilio_sent_is_not_sent_again(client, gateway, served):
    words = spoken(bring(client, gateway.receive(PHONE, "5")).get_data(as_text=True))
    sid = send_as_answer(gateway, PHONE, words)
    deliver_for_a_day()
    assert gateway.bodies_to(PHONE) == [words]
    assert [(one.state, one.provider_id) for one in answers()] == [(State.SENT, sid)]


@pytest.mark.parametrize("status", ["queued", "sent", "delivered", "undelivered"])
def test_an_answer_of_which_twilio_told_is_neither_asked_about_nor_sent(
    client, gateway, served, status
):
    twiml = bring(client, gateway.receive(PHONE, "5")).get_data(as_text=True)
    address = unescape(re.search('statusCallback="([^"]+)"', twiml)[1])
    path = address.removeprefix("http://localhost")
    form = {"MessageSid": new_sid(), "MessageStatus": status}
    assert post(client, path, form, token=TOKEN).status_code == 204
    deliver_for_a_day()
    assert (gateway.bodies_to(PHONE), gateway.gets) == ([], [])
    assert answers()[0].provider_id == form["MessageSid"]


def test_a_call_that_is_made_again_gets_the_same_answer_as_long_as_it_may_be_lost(
    client, gateway, served
):
    text = gateway.receive(PHONE, "5")
    first, second = (spoken(bring(client, text).get_data(as_text=True)) for _ in range(2))
    assert first == second != ""
    deliver_for_a_day()
    assert gateway.bodies_to(PHONE) == [first]
    assert spoken(bring(client, text).get_data(as_text=True)) == "", "it was sent meanwhile"


def test_a_call_that_is_made_again_gets_no_answer_that_twilio_has_told_to_be_sent(
    client, gateway, served
):
    text = gateway.receive(PHONE, "5")
    twiml = bring(client, text).get_data(as_text=True)
    address = unescape(re.search('statusCallback="([^"]+)"', twiml)[1])
    form = {"MessageSid": new_sid(), "MessageStatus": "sent"}
    post(client, address.removeprefix("http://localhost"), form, token=TOKEN)
    assert spoken(bring(client, text).get_data(as_text=True)) == ""


def test_one_that_cannot_be_asked_about_is_a_persons(client, gateway, served):
    bring(client, gateway.receive(PHONE, "5"))
    gateway.answer = Answer(503, {"code": 20503, "status": 503})
    deliver_for_a_day()
    assert [one.state for one in answers()] == [State.UNCERTAIN]
    assert gateway.posts == 0


# -- how much the database is asked --------------------------------------------------------------


@pytest.mark.parametrize(("words", "most"), [("5", 22), ("2 没人理", 29), ("你好", 18)])
def test_a_text_costs_the_same_however_much_was_said_before(
    context, client, gateway, served, words, most
):
    warm_up(client, gateway)
    with statements(context) as alone:
        bring(client, gateway.receive(PHONE, words))
    other = "+8613912345678"
    crowd(client, gateway, other)
    with statements(context) as among_many:
        bring(client, gateway.receive(other, words))
    assert len(among_many) == len(alone) <= most, "\n".join(among_many)


def warm_up(client, gateway):
    """Have two bad ratings, so that whatever is read once for all was read: the rules, the calendar."""
    for phone in ("+8613600000001", "+8613600000002"):
        invited(clock.now() - A_DAY, phone)
        bring(client, gateway.receive(phone, "2 没人理"))


def crowd(client, gateway, phone):
    """Many services of other phones, much said by them, and a good deal by this one."""
    for n in range(12):
        invited(clock.now() - A_DAY, f"+86137{n:08d}")
        bring(client, gateway.receive(f"+86137{n:08d}", "2 没人理"))
    for _ in range(20):
        bring(client, gateway.receive(phone, "谢谢"))
    invited(clock.now() - A_DAY, phone)
