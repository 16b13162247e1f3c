"""Turns and the door: a limit that holds over several senders, and a carrier that is left alone."""

import threading
from datetime import timedelta
from functools import partial

import pytest

from feedback import clock
from feedback.db import db, transaction
from feedback.notify import carriers, outbox
from feedback.notify.actions import Promise, promise
from feedback.notify.models import By, Carrier, State
from feedback.notify.senders import Refused, Uncertain, Unreachable

from ..factories import make_district
from ..together import at_once, raised
from .helpers import Memory, by, messages, promise_mail, promise_sms, standing, two_mailboxes

pytestmark = pytest.mark.usefixtures("monday")

PER_SECOND, PAUSE = 40, 0.05


@pytest.fixture
def limited(context):
    make_district()
    before = context.config["FEEDBACK"]
    context.config["FEEDBACK"] = before.model_copy(
        update={"sms_per_second": PER_SECOND, "mail_per_second": PER_SECOND}
    )
    yield context
    context.config["FEEDBACK"] = before


def texts(now, number):
    for n in range(number):
        promise_sms(now, f"+86138{n:08d}", key=f"sms:{n}")


@pytest.mark.slow
def test_two_schedulers_share_the_work_and_the_limit(limited):
    """Every message once, and for each its share of a second; how close to the limit they come is
    measured in scripts/bench.
    """
    number = PER_SECOND * 2
    now = clock.now()
    texts(now, number)
    carrier = Memory(pause=PAUSE)

    both = [partial(outbox.deliver, now, two_mailboxes, by(carrier))] * 2
    assert raised(at_once(limited, *both)) == []
    assert set(carrier.copies.values()) == {1}
    assert standing() == {State.SENT: number}
    free_at = db.session.get(Carrier, By.SMS).free_at
    assert free_at >= now + timedelta(seconds=number / PER_SECOND)


def test_slow_mail_does_not_hold_up_text_messages(limited, now):
    promise_mail(now, 30)
    promise_sms(now)
    text_left, in_time = threading.Event(), []

    class Slow(Memory):
        def send(self, letter):
            in_time.append(text_left.wait(30))
            return super().send(letter)

    class Fast(Memory):
        def send(self, letter):
            text_left.set()
            return super().send(letter)

    outbox.deliver(now, two_mailboxes, {By.MAIL: Slow(), By.SMS: Fast()})
    assert in_time == [True] * 30, "no mail is through before it has left"


def test_somebody_who_has_just_written_is_answered_before_the_many_are_asked(limited, now):
    facts = {"item": "特殊工时首次审批", "day": "2026-11-23", "letter": "", "link": ""}
    with transaction():
        for n in range(5):
            asked = Promise("invitation", f"i{n}", n, facts, phone=f"+86138{n:08d}")
            promise(now - timedelta(hours=1), asked)
        promise(now, Promise("answer_started", "a", 9, {}, phone="+8613912345678"))
    first = outbox.claim(By.SMS, now).turns[0]
    assert first.claim.occasion == "answer_started"


def test_a_gateway_that_answers_with_errors_is_left_alone_too(limited, now):
    texts(now, 60)
    carrier = Memory(Uncertain("http_502", carriers_fault=True))
    outbox.deliver(now, two_mailboxes, by(carrier))
    stand = standing()
    assert stand[State.QUEUED] >= 60 - 2 * outbox.BATCH, "the rest waits, and needs nobody"


def test_turns_are_given_once_and_not_too_far_ahead(limited, now):
    with transaction():
        first = carriers.offer(By.SMS, now)
        carriers.take(By.SMS, first, 10)
    with transaction():
        second = carriers.offer(By.SMS, now)
    assert first.number == PER_SECOND * carriers.HORIZON.total_seconds()
    assert second.first == first.at(10) == now + timedelta(seconds=10 / PER_SECOND)
    assert second.number == first.number - 10


def test_a_turn_that_nobody_took_in_its_time_is_not_saved_up(limited, now):
    with transaction():
        carriers.take(By.SMS, carriers.offer(By.SMS, now), 1)
    with transaction():
        assert carriers.offer(By.SMS, now + timedelta(hours=1)).first == now + timedelta(hours=1)


def door(name=By.MAIL):
    db.session.rollback()
    return db.session.get(Carrier, name, populate_existing=True)


def test_a_carrier_that_cannot_be_reached_is_left_alone_for_a_while(limited, now):
    promise_mail(now, 40)
    carrier = Memory(Unreachable("smtp_connect_OSError"))
    outbox.deliver(now, two_mailboxes, by(carrier))
    assert carriers.TOLERATED <= door().failures <= carriers.TOLERATED + 20
    assert door().shut_until > now
    well = Memory()
    outbox.deliver(now + timedelta(seconds=1), two_mailboxes, by(well))
    assert well.sent == [], "shut: nothing is even claimed"


def test_after_that_it_is_tried_with_one_and_opens_again_when_it_answers(limited, now):
    promise_mail(now, 30)
    for _ in range(carriers.TOLERATED):
        with transaction():
            carriers.went_wrong(By.MAIL, "smtp_connect", None, now)
    later = door().shut_until
    well = Memory()
    outbox.deliver(later, two_mailboxes, by(well))
    assert len(well.sent) == 30
    assert (door().failures, door().shut_until) == (0, None)


def test_each_further_failure_keeps_it_shut_for_longer_up_to_a_bound(limited, now):
    spans = []
    for _ in range(carriers.TOLERATED + 12):
        with transaction():
            carriers.went_wrong(By.MAIL, "smtp_connect", None, now)
        spans.append(door().shut_until - now if door().shut_until else None)
    assert spans[: carriers.TOLERATED - 1] == [None] * (carriers.TOLERATED - 1)
    shut = spans[carriers.TOLERATED - 1 :]
    assert shut[:3] == [carriers.SHUT_FIRST, carriers.SHUT_FIRST * 2, carriers.SHUT_FIRST * 4]
    assert shut[-1] == carriers.SHUT_LONGEST


@pytest.mark.parametrize(
    ("wait", "span"),
    [(7, timedelta(seconds=7)), (86_400, carriers.SHUT_LONGEST), (-5, timedelta(0))],
)
def test_a_carrier_that_says_for_how_long_is_believed_within_reason(limited, now, wait, span):
    with transaction():
        carriers.went_wrong(By.MAIL, "twilio_429", wait, now)
    assert door().shut_until == now + span


def test_a_refusal_of_one_message_says_nothing_of_the_carrier(limited, now):
    promise_mail(now, 10)
    outbox.deliver(now, two_mailboxes, by(Memory(Refused("smtp_550"))))
    assert door().failures == 0


def test_mail_that_is_shut_does_not_hold_up_text_messages(limited, now):
    for _ in range(carriers.TOLERATED):
        with transaction():
            carriers.went_wrong(By.MAIL, "smtp_connect", None, now)
    promise_mail(now)
    promise_sms(now)
    assert outbox.deliver(now, two_mailboxes, by(Memory())) == {State.SENT: 1}


def test_a_mail_promised_while_many_texts_leave_does_not_wait_for_their_end(limited, now):
    """120 texts take three seconds here; a mail is promised half a second after they began."""
    texts(now, PER_SECOND * 3)
    left = []

    class Carrier(Memory):
        def send(self, letter):
            left.append(letter.occasion)
            return super().send(letter)

    def promise_in_between():
        with limited.app_context():
            promise_mail(now)

    later = threading.Timer(0.5, promise_in_between)
    later.start()
    assert outbox.deliver(now, two_mailboxes, by(Carrier())) == {State.SENT: PER_SECOND * 3 + 1}
    later.join(10)
    at = left.index("case_opened")
    assert at <= PER_SECOND * 2, "within the second in which an idle carrier looks again"


# -- a clock that is put back --------------------------------------------------------------------


def test_a_clock_put_back_by_an_hour_stops_no_turn(limited, now):
    with transaction():
        ahead = now + timedelta(hours=1)
        carriers.take(By.SMS, carriers.offer(By.SMS, ahead), 10)
    with transaction():
        assert carriers.offer(By.SMS, now).first == now


def test_turns_that_were_given_just_now_hold_though_they_are_the_last_of_the_horizon(limited, now):
    with transaction():
        offered = carriers.offer(By.SMS, now)
        carriers.take(By.SMS, offered, offered.number)
    with transaction():
        assert carriers.offer(By.SMS, now).first == offered.at(offered.number) > now


def test_a_door_that_was_shut_by_a_clock_put_back_since_is_open(limited, now):
    promise_mail(now)
    with transaction():
        carriers.went_wrong(By.MAIL, "twilio_429", 300, now + timedelta(hours=1))
    assert outbox.deliver(now, two_mailboxes, by(Memory())) == {State.SENT: 1}


# -- the door, for what was claimed before it was shut -------------------------------------------


class Silent(Memory):
    """A carrier that says nothing, and cannot be asked; it counts who is with it at once."""

    def __init__(self):
        super().__init__()
        self.calls = self.at_once = self._inside = 0

    def send(self, letter):
        with self._lock:
            self.calls, self._inside = self.calls + 1, self._inside + 1
            self.at_once = max(self.at_once, self._inside)
        threading.Event().wait(0.05)
        with self._lock:
            self._inside -= 1
        raise Uncertain("http_read_TimeoutError", carriers_fault=True)


def test_a_silent_gateway_gets_no_more_than_were_with_it_when_the_door_was_shut(limited, now):
    texts(now, 60)
    silent = Silent()
    outbox.deliver(now, two_mailboxes, by(silent))
    assert carriers.TOLERATED <= silent.calls < carriers.TOLERATED + outbox.WORKERS
    stand = standing()
    assert stand == {State.UNCERTAIN: silent.calls, State.QUEUED: 60 - silent.calls}
    back = [one for one in messages() if one.state is State.QUEUED]
    assert {(one.attempts, one.next_try_at, one.last_error) for one in back} == {(0, now, "")}


def test_a_silent_gateway_is_tried_again_with_one_message_at_a_time(limited, now):
    texts(now, 60)
    outbox.deliver(now, two_mailboxes, by(Silent()))
    for _ in range(3):
        later = door(By.SMS).shut_until
        silent = Silent()
        outbox.deliver(later, two_mailboxes, by(silent))
        assert (silent.calls, silent.at_once) == (1, 1)
        assert door(By.SMS).shut_until > later
    outbox.deliver(door(By.SMS).shut_until, two_mailboxes, by(well := Memory()))
    assert well.sent, "and it opens"
    assert standing()[State.QUEUED] == 0


def test_a_trial_whose_worker_was_lost_is_followed_by_another(limited, now):
    promise_mail(now, 3)
    for _ in range(carriers.TOLERATED):
        with transaction():
            carriers.went_wrong(By.MAIL, "smtp_connect", None, now)
    later = door().shut_until
    assert len(outbox.claim(By.MAIL, later).turns) == 1
    assert outbox.claim(By.MAIL, later + carriers.TRIAL / 2).turns == ()
    assert len(outbox.claim(By.MAIL, later + carriers.TRIAL).turns) == 1


def test_a_trial_that_says_nothing_of_the_carrier_makes_room_for_the_next(limited, now):
    promise_mail(now, 3)
    for _ in range(carriers.TOLERATED):
        with transaction():
            carriers.went_wrong(By.MAIL, "smtp_connect", None, now)
    later = door().shut_until
    outcomes = outbox.deliver(later, two_mailboxes, by(Memory(Refused("smtp_550"))))
    assert outcomes == {State.QUEUED: 3}


def test_who_asks_to_be_left_alone_is_left_alone_though_it_still_takes_some(limited, now):
    """Every third call is answered «429, come back in a minute»."""
    texts(now, 40)

    class Moody(Memory):
        calls = 0

        def send(self, letter):
            with self._lock:
                self.calls += 1
                is_third = self.calls % 3 == 0
            if is_third:
                raise Unreachable("twilio_429", 60)
            return super().send(letter)

    moody = Moody(pause=PAUSE)
    outbox.deliver(now, two_mailboxes, by(moody))
    assert moody.calls < 3 + outbox.WORKERS
    assert door(By.SMS).shut_until > now + timedelta(seconds=59)
    assert door(By.SMS).last_error == "twilio_429"


def test_a_failure_never_opens_a_door_sooner_than_the_carrier_asked(limited, now):
    for wait in (300, 5, None):
        with transaction():
            carriers.went_wrong(By.MAIL, "twilio_429", wait, now)
        assert door().shut_until == now + timedelta(seconds=300)
