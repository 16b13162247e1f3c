import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from feedback.db import db, transaction
from feedback.errors import OutOfTurn, Unknown
from feedback.ledger.actions import SYSTEM
from feedback.ledger.models import Entry
from feedback.notify import decisions, outbox
from feedback.notify.backoff import ATTEMPTS
from feedback.notify.decisions import WhyDrop, WhyRetry
from feedback.notify.models import By, Message, State
from feedback.notify.senders import Letter, Refused, Uncertain

from ..factories import make_district
from ..together import at_once, raised
from .helpers import Memory, by, messages, promise_mail, promise_sms, standing, two_mailboxes

AN_HOUR = timedelta(hours=1)
LAPSED = outbox.LEASE + timedelta(seconds=1)


@pytest.fixture
def district(context):
    make_district()
    return context


def deliver(now, carrier, mailboxes=two_mailboxes, **options):
    return outbox.deliver(now, mailboxes, by(carrier), **options)


def acts():
    db.session.rollback()
    rows = select(Entry.act).where(Entry.subject == "message").order_by(Entry.id)
    return list(db.session.scalars(rows))


def test_a_promise_is_kept_and_noted(district, now):
    promise_mail(now)
    carrier = Memory()
    assert deliver(now, carrier) == {State.SENT: 1}
    (message,) = messages()
    ((sent_id, to, subject, words),) = carrier.sent
    assert (sent_id, to) == (message.id, two_mailboxes("RS", "case_opened"))
    assert "HC-2026-000123" in subject
    assert "特殊工时首次审批" in words
    assert message.sent_at >= now
    assert message.handed_over_at
    assert acts() == ["sent"]


def test_a_promise_is_kept_once_however_often_we_look(district, now):
    promise_mail(now, 3)
    carrier = Memory()
    for minutes in (0, 1, 60, 3 * 24 * 60):
        deliver(now + timedelta(minutes=minutes), carrier)
    assert set(carrier.copies.values()) == {1}


def test_the_same_reason_is_promised_once(district, now):
    promise_mail(now)
    promise_mail(now)
    assert standing() == {State.QUEUED: 1}


def test_what_is_not_due_yet_waits(district, now):
    promise_mail(now)
    assert deliver(now - timedelta(seconds=1), Memory()) == {}


def test_more_than_a_batch_goes_in_one_round_however_late(district, now):
    promise_mail(now, outbox.BATCH * 2 + 1)
    assert deliver(now + timedelta(days=3), Memory()) == {State.SENT: outbox.BATCH * 2 + 1}


def test_no_transaction_is_open_while_a_carrier_works(district, now):
    promise_mail(now, 2)
    carrier = Memory()
    deliver(now, carrier)
    assert carrier.in_transaction == [False, False]


def test_a_text_message_goes_to_the_phone_it_was_sealed_for(district, now):
    promise_sms(now)
    carrier = Memory()
    deliver(now, carrier)
    assert carrier.sent[0][1] == ["+8613812345678"]
    assert carrier.sent[0][2] == ""


def test_a_refusal_is_tried_again_later_and_not_before(district, now):
    promise_mail(now)
    assert deliver(now, Memory(Refused("smtp_451"))) == {State.QUEUED: 1}
    (message,) = messages()
    assert (message.attempts, message.last_error) == (1, "smtp_451")
    assert timedelta(minutes=1) <= message.next_try_at - now <= timedelta(minutes=2)
    carrier = Memory()
    deliver(now + timedelta(seconds=30), carrier)
    assert carrier.sent == []
    deliver(now + timedelta(minutes=2), carrier)
    assert len(carrier.sent) == 1


def test_after_eight_refusals_it_is_given_up_and_visible(district, now):
    promise_mail(now)
    for day in range(ATTEMPTS + 2):
        deliver(now + timedelta(days=day), Memory(Refused("smtp_550")))
    (message,) = messages()
    assert (message.state, message.attempts) == (State.GIVEN_UP, ATTEMPTS)
    assert acts() == ["given_up"]


def test_an_uncertain_one_is_never_tried_again_by_itself(district, now):
    promise_mail(now)
    assert deliver(now, Memory(Uncertain("smtp_data"))) == {State.UNCERTAIN: 1}
    carrier = Memory()
    deliver(now + timedelta(days=30), carrier)
    assert carrier.sent == []
    assert acts() == ["uncertain"]


def test_an_error_of_the_carriers_own_is_uncertain(district, now):
    promise_mail(now)
    deliver(now, Memory(RuntimeError("a bug")))
    (message,) = messages()
    assert (message.state, message.last_error) == (State.UNCERTAIN, "failed_RuntimeError")


def test_a_department_with_nobody_to_write_to_is_not_silence(district, now):
    promise_mail(now)
    deliver(now, Memory(), lambda *_: [])
    (message,) = messages()
    assert (message.state, message.last_error) == (State.QUEUED, "no_mailbox")
    assert message.handed_over_at is None


def test_a_message_that_has_no_words_does_not_hold_up_the_others(district, now):
    promise_mail(now, due_at="not a moment")
    promise_mail(now + timedelta(seconds=1))
    carrier = Memory()
    outcomes = deliver(now + timedelta(seconds=1), carrier)
    assert outcomes == {State.QUEUED: 1, State.SENT: 1}
    assert messages()[0].last_error == "no_words_ValueError"


def test_a_phone_whose_key_is_gone_is_not_silence(district, now):
    promise_sms(now)
    with transaction() as session:
        session.execute(text("UPDATE messages SET to_phone_sealed = 'Z.AAAA'"))
    deliver(now, Memory())
    assert messages()[0].last_error == "no_phone_KeyError"


def test_trouble_in_finding_the_mailboxes_of_one_leaves_the_others(district, now):
    promise_mail(now)
    promise_mail(now + timedelta(seconds=1), department="SW")

    def mailboxes(department, _occasion):
        if department == "RS":
            raise RuntimeError("a bug")
        return ["c@licheng.example"]

    deliver(now + timedelta(seconds=1), Memory(), mailboxes)
    assert standing() == {State.SENDING: 1, State.SENT: 1}
    outbox.reclaim(now + AN_HOUR, by(Memory()))
    assert standing() == {State.QUEUED: 1, State.SENT: 1}


# -- claims and their lapse ---------------------------------------------------------------------


def claim(now):
    return [turn.claim for turn in outbox.claim(By.MAIL, now).turns]


def reclaim(now):
    return outbox.reclaim(now, by(Memory()))


def hand_over(claimed, now):
    """Return what is handed over, if anything, as one round of delivering would do it."""
    carrier = Memory()
    round_ = outbox.Round(None, lambda: now, outbox.always, two_mailboxes, outbox.nothing_new,
                          by(carrier))  # fmt: skip
    return outbox._hand_over(claimed, round_, carrier)


def test_what_is_claimed_is_nobody_elses(district, now):
    promise_mail(now)
    assert len(claim(now)) == 1
    assert claim(now) == []
    assert deliver(now, Memory()) == {}


def test_a_lapsed_claim_that_was_not_handed_over_comes_back_by_itself(district, now):
    promise_mail(now)
    claim(now)
    assert reclaim(now + timedelta(seconds=89)) == {}
    assert reclaim(now + LAPSED) == {State.QUEUED: 1}
    assert deliver(now + LAPSED, Memory()) == {State.SENT: 1}


def test_a_lapsed_claim_that_was_handed_over_waits_for_a_person(district, now):
    promise_mail(now)
    (one,) = claim(now)
    hand_over(one, now)
    assert reclaim(now + LAPSED) == {State.UNCERTAIN: 1}
    assert deliver(now + timedelta(days=1), Memory()) == {}
    assert acts() == ["uncertain"]


def test_handing_over_starts_the_lease_anew(district, now):
    promise_mail(now)
    (one,) = claim(now)
    hand_over(one, now + timedelta(seconds=80))
    assert reclaim(now + LAPSED) == {}


def test_who_was_overtaken_before_handing_over_sends_nothing(district, now):
    promise_mail(now)
    (slow,) = claim(now)
    reclaim(now + LAPSED)
    assert hand_over(slow, now + LAPSED) == []
    (quick,) = claim(now + LAPSED)
    assert hand_over(slow, now + LAPSED) == []
    assert hand_over(quick, now + LAPSED) != []


def test_who_was_overtaken_records_nothing(district, now):
    promise_mail(now)
    (slow,) = claim(now)
    hand_over(slow, now)
    reclaim(now + LAPSED)
    with transaction():
        decisions.drop(slow.id, WhyDrop.TOLD_OTHERWISE, SYSTEM, now + LAPSED)
    assert outbox._record(slow, outbox.Outcome(State.SENT), now + AN_HOUR) == []
    assert standing() == {State.DROPPED: 1}


def test_a_late_sender_that_knows_better_ends_the_uncertainty(district, now):
    promise_mail(now)
    (slow,) = claim(now)
    hand_over(slow, now)
    reclaim(now + LAPSED)
    assert outbox._record(slow, outbox.Outcome(State.SENT), now + AN_HOUR) == [State.SENT]
    assert acts() == ["uncertain", "sent"]


def test_a_message_that_loses_every_worker_is_given_up(district, now):
    promise_mail(now)
    for hour in range(ATTEMPTS):
        assert len(claim(now + hour * AN_HOUR)) == 1
        reclaim(now + hour * AN_HOUR + LAPSED)
    assert standing() == {State.GIVEN_UP: 1}


def test_who_is_told_to_stop_starts_nothing_new(district, now):
    promise_mail(now, 30)
    carrier = Memory(pause=0.02)
    outcomes = deliver(now, carrier, go_on=lambda: len(carrier.sent) < 2)
    assert 2 <= outcomes[State.SENT] <= 2 + outbox.WORKERS
    reclaim(now + LAPSED)
    assert standing() == {**outcomes, State.QUEUED: 30 - outcomes[State.SENT]}


# -- two at once --------------------------------------------------------------------------------


def together(app, work, number=4):
    assert raised(at_once(app, *[work] * number)) == []


def test_several_deliverers_share_the_messages_without_overlap(district, now):
    promise_mail(now, 60)
    carrier = Memory(pause=0.002)
    together(district, lambda: deliver(now, carrier))
    assert len(carrier.copies) == 60
    assert set(carrier.copies.values()) == {1}
    assert standing() == {State.SENT: 60}
    assert acts() == ["sent"] * 60


def test_control_looking_without_claiming_sends_more_than_once(district, now):
    promise_mail(now, 5)
    carrier, looked = Memory(), threading.Barrier(4)

    def careless():
        queued = list(db.session.scalars(select(Message.id).where(Message.state == State.QUEUED)))
        db.session.rollback()
        looked.wait(10)
        for message_id in queued:
            carrier.send(Letter(message_id, 1, [], "", ""))

    together(district, careless)
    assert max(carrier.copies.values()) > 1


# -- what a person decides ----------------------------------------------------------------------


@pytest.fixture
def uncertain(district, now):
    promise_mail(now)
    deliver(now, Memory(Uncertain("smtp_data")))
    return messages()[0].id


def test_a_person_may_have_it_sent_again(uncertain, now):
    with transaction():
        decisions.retry(uncertain, WhyRetry.NOT_ARRIVED, SYSTEM, now)
    carrier = Memory()
    deliver(now + AN_HOUR, carrier)
    assert carrier.copies == {uncertain: 1}
    assert acts() == ["uncertain", "retry", "sent"]
    assert messages()[0].attempts == 1


def test_a_person_may_drop_it_and_the_ledger_says_why(uncertain, now):
    with transaction():
        decisions.drop(uncertain, WhyDrop.ARRIVED, SYSTEM, now)
    assert deliver(now + AN_HOUR, Memory()) == {}
    line = db.session.scalars(select(Entry).where(Entry.act == "drop")).one()
    assert line.facts == {"occasion": "case_opened", "was": "uncertain", "why": "arrived"}


def test_a_decision_is_made_once(uncertain, now):
    with transaction():
        decisions.drop(uncertain, WhyDrop.ARRIVED, SYSTEM, now)
    with pytest.raises(OutOfTurn), transaction():
        decisions.retry(uncertain, WhyRetry.NOT_ARRIVED, SYSTEM, now)


def test_what_we_are_still_trying_is_not_a_persons_to_decide(district, now):
    promise_mail(now)
    with pytest.raises(OutOfTurn), transaction():
        decisions.drop(messages()[0].id, WhyDrop.NOT_NEEDED, SYSTEM, now)


def test_an_unknown_message_is_unknown(district, now, uncertain):
    with pytest.raises(Unknown), transaction():
        decisions.drop(db.session.scalars(select(Entry.id)).first(), WhyDrop.ARRIVED, SYSTEM, now)


def test_of_several_who_decide_at_once_one_does(uncertain, now, context):
    done = Counter()

    def decide():
        try:
            with transaction():
                decisions.retry(uncertain, WhyRetry.NOT_ARRIVED, SYSTEM, now)
            done["yes"] += 1
        except OutOfTurn:
            done["no"] += 1

    together(context, decide)
    assert done == {"yes": 1, "no": 3}
    assert acts() == ["uncertain", "retry"]
