"""A text message that may have left: the carrier is asked before anybody sends it again."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from feedback.db import db, transaction
from feedback.ledger.actions import SYSTEM
from feedback.notify import asking, decisions, outbox, phones, told
from feedback.notify.actions import phone_digest
from feedback.notify.backoff import ATTEMPTS
from feedback.notify.claims import QUIET
from feedback.notify.decisions import WhyRetry
from feedback.notify.models import By, Message, Phone, State, StoppedBy
from feedback.notify.pace import EQUAL_TEXTS
from feedback.notify.senders import (
    CannotTell,
    OnList,
    OptedOut,
    Rejected,
    Told,
    Uncertain,
)

from ..factories import make_district
from .helpers import Memory, by, messages, promise_sms, standing, two_mailboxes

PHONE = "+8613812345678"


class Gateway(Memory):
    """A carrier that can be asked: what it took, `listed` more, and what to raise."""

    name = "twilio"

    def __init__(self, problem=None, silent=False):
        super().__init__(problem)
        self.silent, self.listed, self.asked = silent, [], 0
        self.lets_go = True

    def send(self, letter):
        if self.problem and not self.lets_go:
            super().send(letter)
        sid = f"SM{uuid4().hex}"
        self.listed.append(OnList(sid, letter.text, State.SENT))
        if self.problem:
            self.sent.append((letter.message_id, letter.to, "", letter.text))
            raise self.problem
        super().send(letter)
        return sid

    def taken(self, phone, since):
        self.asked += 1
        if self.silent:
            raise CannotTell("twilio_503")
        return self.listed


@pytest.fixture
def district(context):
    make_district()
    return context


def deliver(now, carrier, **options):
    return outbox.deliver(now, two_mailboxes, by(carrier), **options)


def only():
    return messages()[0]


def test_an_answer_that_was_lost_is_looked_up_and_nothing_is_sent_twice(district, now):
    promise_sms(now)
    carrier = Gateway(Uncertain("twilio_read_Timeout"))
    assert deliver(now, carrier) == {State.ASKING: 1}
    carrier.problem = None
    assert deliver(now + QUIET / 2, carrier) == {}, "its list may lag behind"
    assert deliver(now + QUIET * 2, carrier) == {State.SENT: 1}
    assert set(carrier.copies.values()) == {1}
    assert only().provider_id == carrier.listed[0].provider_id


def test_what_the_carrier_surely_does_not_have_is_sent(district, now):
    promise_sms(now)
    carrier = Gateway(Uncertain("twilio_5xx"))
    carrier.lets_go = False
    assert deliver(now, carrier) == {State.ASKING: 1}
    carrier.problem = None
    assert deliver(now + QUIET * 2, carrier) == {State.QUEUED: 1}
    assert deliver(now + QUIET * 5, carrier) == {State.SENT: 1}
    assert set(carrier.copies.values()) == {1}


def test_a_carrier_that_fails_all_day_is_not_tried_without_end(district, now):
    promise_sms(now)
    carrier = Gateway(Uncertain("twilio_5xx", carriers_fault=True))
    carrier.lets_go = False
    for minutes in range(0, 3 * 24 * 60, 50):
        deliver(now + timedelta(minutes=minutes), carrier)
    assert (only().state, only().attempts) == (State.GIVEN_UP, ATTEMPTS)


def test_control_sending_again_without_asking_sends_it_twice(district, now):
    promise_sms(now)
    carrier = Gateway(Uncertain("twilio_read_Timeout"))
    deliver(now, carrier)
    carrier.problem = None
    doubtful = only().id
    with transaction() as session:
        session.get(Message, doubtful).state = State.UNCERTAIN
    with transaction():
        decisions.retry(doubtful, WhyRetry.NOT_ARRIVED, SYSTEM, now)
    deliver(now + QUIET * 2, carrier)
    assert max(carrier.copies.values()) == 2


def test_a_carrier_that_cannot_say_is_asked_again_and_then_a_person(district, now):
    promise_sms(now)
    carrier = Gateway(Uncertain("twilio_5xx"), silent=True)
    deliver(now, carrier)
    carrier.problem = None
    for minutes in range(2, 60, 3):
        deliver(now + timedelta(minutes=minutes), carrier)
    assert 5 < carrier.asked < 20
    assert (only().state, only().last_error) == (State.UNCERTAIN, "twilio_503")
    assert len(carrier.sent) == 1


def test_a_carrier_that_cannot_say_is_asked_once_a_round_however_many_are_waiting(district, now):
    """Or a gateway that hangs would hold up everybody's messages for ten seconds each."""
    for number in range(5):
        promise_sms(now, f"+8613812345{number:03}", key=f"sms:{number}")
    carrier = Gateway(Uncertain("twilio_5xx"), silent=True)
    deliver(now, carrier)
    carrier.problem = None
    for rounds in range(1, 4):
        deliver(now + QUIET + asking.AGAIN * 2 * rounds, carrier)
        assert carrier.asked == rounds
    carrier.silent = False
    deliver(now + timedelta(minutes=20), carrier)
    assert standing() == {State.SENT: 5}
    assert len(carrier.sent) == 5


def test_an_entry_of_the_list_is_one_messages_only(district, now):
    """Two equal texts to one phone; one of them left."""
    promise_sms(now)
    carrier = Gateway()
    deliver(now, carrier)
    promise_sms(now + timedelta(seconds=1))
    carrier.problem, carrier.lets_go = Uncertain("twilio_5xx"), False
    deliver(now + timedelta(seconds=1), carrier)
    carrier.problem = None
    for quiet in (3, 6):
        deliver(now + QUIET * quiet, carrier)
    assert standing() == {State.SENT: 2}
    assert len({message.provider_id for message in messages()}) == 2


def test_a_worker_lost_after_handing_over_leads_to_asking_and_not_to_a_person(district, now):
    promise_sms(now)
    carrier = Gateway()
    (turn,) = outbox.claim(By.SMS, now).turns
    round_ = outbox.Round(None, lambda: now, outbox.always, two_mailboxes, outbox.nothing_new, {})
    outbox._hand_over(turn.claim, round_, carrier)
    later = now + outbox.LEASE * 2
    assert deliver(later, carrier) == {State.ASKING: 1}
    assert deliver(later + QUIET * 2, carrier) == {State.QUEUED: 1}
    assert deliver(later + QUIET * 5, carrier) == {State.SENT: 1}


def test_a_carrier_that_was_exchanged_meanwhile_leaves_it_to_a_person(district, now):
    promise_sms(now)
    deliver(now, Gateway(Uncertain("twilio_5xx")))
    assert deliver(now + QUIET * 2, Memory()) == {State.UNCERTAIN: 1}


# -- what the carrier refuses for good ----------------------------------------------------------


def test_a_wrong_number_is_not_tried_again_and_a_notice_goes_to_a_person(district, now):
    promise_sms(now)
    assert deliver(now, Gateway(Rejected("twilio_21614"))) == {State.GIVEN_UP: 1}
    assert only().handed_over_at is None, "it has not left, so it counts for nothing"


def test_a_phone_that_told_the_carrier_to_stop_is_remembered(district, now):
    promise_sms(now)
    deliver(now, Gateway(OptedOut("twilio_21610")))
    phone = db.session.scalars(select(Phone)).one()
    assert phone.stopped_by is StoppedBy.CARRIER
    promise_sms(now + timedelta(seconds=1))
    carrier = Gateway()
    deliver(now + timedelta(seconds=1), carrier)
    assert carrier.sent == []
    assert [one.last_error for one in messages()] == ["twilio_21610", "stopped"]
    assert standing() == {State.GIVEN_UP: 2}, "both notices wait for somebody to call"


def test_a_message_that_is_not_wanted_any_more_is_dropped(district, now):
    promise_sms(now)
    assert deliver(now, Gateway(), afresh=lambda *_: None) == {State.DROPPED: 1}


# -- what the carrier tells ---------------------------------------------------------------------


def hear(state, now, reason="", **known):
    with transaction():
        return told.take(Told("twilio", state=state, reason=reason, **known), now)


@pytest.mark.parametrize(
    ("order", "ends"),
    [
        ((State.SENT, State.DELIVERED), State.DELIVERED),
        ((State.DELIVERED, State.SENT), State.DELIVERED),
        ((State.DELIVERED, State.DELIVERED, State.SENT), State.DELIVERED),
        ((State.SENT, State.FAILED, State.SENT), State.FAILED),
        ((State.FAILED, State.DELIVERED), State.FAILED),
        ((State.DELIVERED, State.FAILED), State.DELIVERED),
    ],
)
def test_a_state_only_moves_forward_in_whatever_order_it_is_told(district, now, order, ends):
    promise_sms(now)
    deliver(now, Gateway())
    known = only().provider_id
    for state in order:
        hear(state, now, provider_id=known)
    assert only().state is ends
    assert (only().delivered_at is not None) == (ends is State.DELIVERED)


def test_what_is_told_of_a_message_we_do_not_know_does_nothing(district, now):
    promise_sms(now)
    before = standing()
    assert not hear(State.DELIVERED, now, provider_id="SMunknown")
    assert not hear(State.DELIVERED, now, provider_id="SMx", message_id=uuid4(), fence=1)
    assert standing() == before


def test_a_call_that_is_quicker_than_our_own_record_is_proof_that_it_left(district, now):
    promise_sms(now)
    (turn,) = outbox.claim(By.SMS, now).turns
    known = {"provider_id": "SMquick", "message_id": turn.claim.id, "fence": turn.claim.fence}
    assert hear(State.DELIVERED, now, **known)
    recorded = outbox.Outcome(State.SENT, provider_id="SMquick")
    assert outbox._record(turn.claim, recorded, now) == []
    assert (only().state, only().provider_id) == (State.DELIVERED, "SMquick")


def test_a_call_after_the_worker_was_lost_keeps_the_message_from_being_sent_again(district, now):
    promise_sms(now)
    carrier = Gateway(Uncertain("twilio_read_Timeout"))
    deliver(now, carrier)
    hear(State.SENT, now, provider_id="SMlate", message_id=only().id, fence=only().fence)
    carrier.problem = None
    assert deliver(now + timedelta(days=1), carrier) == {}
    assert len(carrier.sent) == 1


def test_what_is_told_of_an_earlier_try_is_not_taken_for_the_later(district, now):
    promise_sms(now)
    (first,) = outbox.claim(By.SMS, now).turns
    later = now + outbox.LEASE * 2
    outbox.reclaim(later, by(Gateway()))
    (second,) = outbox.claim(By.SMS, later).turns
    stale = {"provider_id": "SMold", "message_id": first.claim.id, "fence": first.claim.fence}
    assert not hear(State.FAILED, later, **stale)
    assert second.claim.fence > first.claim.fence
    assert only().state is State.SENDING


def test_a_failure_that_is_told_late_waits_for_a_person(district, now):
    promise_sms(now)
    deliver(now, Gateway())
    hear(State.FAILED, now, "twilio_30005", provider_id=only().provider_id)
    assert (only().state, only().last_error) == (State.FAILED, "twilio_30005")
    failed = only().id
    with transaction():
        decisions.retry(failed, WhyRetry.CAUSE_MENDED, SYSTEM, now)
    carrier = Gateway()
    deliver(now, carrier)
    assert len(carrier.sent) == 1


def test_asking_never_holds_a_transaction_while_the_carrier_answers(district, now):
    promise_sms(now)
    carrier = Gateway(Uncertain("twilio_5xx"))
    deliver(now, carrier)
    open_ones = []
    carrier.taken = lambda *_: open_ones.append(db.session().in_transaction()) or []
    asking.ask(now + QUIET * 2, By.SMS, carrier, outbox.always)
    assert open_ones == [False]


def test_a_stop_that_the_carrier_tells_late_is_heeded(district, now):
    promise_sms(now)
    deliver(now, Gateway())
    hear(State.FAILED, now, "twilio_21610", provider_id=only().provider_id)
    assert db.session.scalars(select(Phone)).one().stopped_by is StoppedBy.CARRIER


def test_what_may_have_left_before_a_person_sent_it_again_counts_for_the_phone(district, now):
    """However often somebody presses the button, no phone gets a third equal text in a day."""
    promise_sms(now)
    for minute in range(6):
        deliver(now + timedelta(minutes=minute), carrier := Memory(Uncertain("http_5xx")))
        doubtful = only()
        if doubtful.state is State.UNCERTAIN:
            with transaction():
                decisions.retry(doubtful.id, WhyRetry.NOT_ARRIVED, SYSTEM, now)
    assert carrier.problem
    assert len(only().earlier) == EQUAL_TEXTS
    assert (only().state, only().last_error) == (State.QUEUED, "said_twice")


def test_a_message_of_before_that_had_no_digest_is_held_to_its_phones_wishes(district, now):
    promise_sms(now)
    with transaction() as session:
        session.execute(update(Message).values(to_phone_digest=None))
        phones.stop(phones.hold(phone_digest(PHONE)), StoppedBy.REPLY, SYSTEM, now)
    carrier = Gateway()
    deliver(now, carrier)
    assert (carrier.sent, only().last_error) == ([], "stopped")


def test_a_worker_that_stood_still_sends_nothing_late(district, now, monkeypatch):
    promise_sms(now)
    seconds = iter([0.0, outbox.OVERSLEPT.total_seconds() + 1])
    monkeypatch.setattr(outbox, "_seconds_awake", lambda: next(seconds))
    carrier = Gateway()
    assert deliver(now, carrier) == {State.QUEUED: 1}
    assert (carrier.sent, only().last_error) == ([], "overslept")


def test_a_carrier_that_fails_one_look_after_a_long_silence_of_ours_is_asked_again(district, now):
    """The scheduler was down for six hours: nobody has asked yet, so nobody has been told nothing."""
    promise_sms(now)
    carrier = Gateway(Uncertain("twilio_5xx"), silent=True)
    deliver(now, carrier)
    carrier.problem = None
    later = now + timedelta(hours=6)
    assert deliver(later, carrier) == {}
    assert only().state is State.ASKING
    assert only().asked_at >= later
    carrier.silent = False
    assert deliver(later + asking.AGAIN * 2, carrier) == {State.SENT: 1}


def test_a_new_try_is_asked_about_with_new_patience(district, now):
    promise_sms(now)
    carrier = Gateway(Uncertain("twilio_5xx"), silent=True)
    carrier.lets_go = False
    deliver(now, carrier)
    deliver(now + QUIET * 2, carrier)
    assert only().asked_at >= now + QUIET * 2
    carrier.silent = False
    deliver(now + QUIET * 5, carrier)
    deliver(now + QUIET * 8, carrier)
    assert (only().attempts, only().asked_at) == (2, None)


@pytest.mark.parametrize(
    ("carrier", "code"), [("twilio", "twilio_21610"), ("http", "http_STOPPED")]
)
def test_what_a_carrier_tells_later_of_a_stop_is_heeded_whichever_it_is(
    district, now, carrier, code
):
    promise_sms(now)
    deliver(now, Memory())
    message = only()
    said = Told(carrier, "M1", State.FAILED, code, message.id, message.fence)
    with transaction():
        assert told.take(said, now)
    assert db.session.get(Phone, phone_digest(PHONE)).stopped_by is StoppedBy.CARRIER
