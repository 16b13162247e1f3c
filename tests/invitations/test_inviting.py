"""Who is asked by text message, when, how often, and why somebody is not."""

from datetime import time, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.db import db, transaction
from feedback.events import codes
from feedback.invitations import actions
from feedback.invitations.models import Invitation, Skipped
from feedback.invitations.queries import open_to
from feedback.ledger.actions import SYSTEM
from feedback.ledger.models import Entry
from feedback.notify import outbox, phones
from feedback.notify.actions import phone_digest
from feedback.notify.models import By, Message, State, StoppedBy
from feedback.offices.models import Officer
from feedback.replies.actions import afresh

from ..factories import make_district, make_event, rate
from ..notify.helpers import Memory, two_mailboxes
from ..together import at_once, raised

PHONE = "+8613812345678"
A_DAY = timedelta(days=1)
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def district(context):
    make_district()
    return context


def served(now, phone="13812345678", **changes):
    applicant = {"kind": "person", "name": "王小明", "phone": phone}
    return make_event(now, applicant=applicant, **changes)


def always():
    return True


def tick(now):
    """Do what the scheduler does: invite, remind, deliver. Return the texts that went out."""
    actions.invite(now, always)
    actions.remind(now, always)
    carrier = Memory()
    senders = {By.SMS: carrier, By.MAIL: Memory()}
    outbox.deliver(now, two_mailboxes, senders, afresh=afresh)
    return [text for _, _, _, text in carrier.sent]


def row(event):
    db.session.rollback()
    found = select(Invitation).where(Invitation.event_id == event.id)
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def test_whoever_was_served_is_asked_half_an_hour_later_and_not_before(district, now):
    event = served(now)
    assert tick(now + HALF_AN_HOUR - timedelta(seconds=1)) == []
    (text,) = tick(now + HALF_AN_HOUR)
    assert "特殊工时首次审批" in text
    assert f"/r/{codes.token(event)}" in text
    assert row(event).message.state is State.SENT


def test_the_one_time_link_is_not_kept_in_the_outbox(district, now):
    event = served(now)
    tick(now + A_DAY)
    (message,) = db.session.scalars(select(Message))
    assert codes.token(event) not in str(message.facts)


def test_without_links_the_text_says_it_all(district, now):
    before = district.config["FEEDBACK"]
    district.config["FEEDBACK"] = before.model_copy(update={"sms_links": "off"})
    served(now)
    (text,) = tick(now + A_DAY)
    district.config["FEEDBACK"] = before
    assert "http" not in text
    assert all(one in text for one in ("5", "非常满意", "1", "非常不满意", "退订"))


def test_a_service_is_asked_about_once_however_often_one_looks(district, now):
    served(now)
    texts = [text for hours in (1, 2, 3, 24, 48) for text in tick(now + timedelta(hours=hours))]
    assert len(texts) == 1


def test_two_schedulers_at_once_ask_once(district, now):
    for _ in range(30):
        served(now)
    asked = at_once(district, *[partial(actions.invite, now + A_DAY, always)] * 3)
    assert raised(asked) == []
    db.session.rollback()
    assert len(db.session.scalars(select(Invitation)).all()) == 30
    assert len(db.session.scalars(select(Message)).all()) == 30


def test_who_rated_meanwhile_is_not_asked(district, now):
    event = served(now)
    rate(event, now, grade="5", tags=(), identity="")
    assert tick(now + A_DAY) == []
    assert row(event).skipped is Skipped.RATED


def test_who_rates_between_the_promise_and_the_sending_is_not_asked(district, now):
    event = served(now)
    actions.invite(now + HALF_AN_HOUR, always)
    rate(event, now, grade="5", tags=(), identity="")
    assert tick(now + HALF_AN_HOUR) == []
    assert row(event).message.state is State.DROPPED


def test_after_its_last_day_nobody_is_asked(district, now):
    event = served(now)
    assert tick(now + timedelta(days=30)) == []
    assert row(event).skipped is Skipped.EXPIRED


def test_a_landline_is_not_written_to(district, now):
    event = served(now, phone="0531-88881234")
    assert tick(now + A_DAY) == []
    assert row(event).skipped is Skipped.NO_MOBILE


def test_a_service_without_a_phone_is_never_looked_at(district, now):
    assert make_event(now).invite_at is None


def test_who_wants_no_messages_is_not_asked_and_later_ones_either(district, now):
    event = served(now)
    with transaction():
        phones.stop(phones.hold(phone_digest(PHONE)), StoppedBy.REPLY, SYSTEM, now)
    assert tick(now + A_DAY) == []
    assert row(event).skipped is Skipped.STOPPED


def test_staff_are_not_asked_about_their_own_window(district, now):
    with transaction() as session:
        session.add(
            Officer(code="RS-9", name="窗口人员", department_code="RS", active=True,
                    phone_digest=phone_digest(PHONE))
        )  # fmt: skip
    event = served(now)
    assert tick(now + A_DAY) == []
    assert row(event).skipped is Skipped.OWN_SERVICE


def test_nobody_is_asked_at_night_whenever_it_was_promised(district):
    evening = clock.moment_of(clock.day_of(clock.now()), time(20, 50))
    served(evening)
    assert tick(evening + HALF_AN_HOUR) == []
    assert tick(evening + timedelta(hours=10)) == []
    assert len(tick(evening + timedelta(hours=11, minutes=10))) == 1


def test_one_phone_is_asked_once_a_day_and_four_times_in_a_month(district, now):
    """Six services in one morning: one question a day, and none after the fourth."""
    for _ in range(6):
        served(now)
    texts = [len(tick(now + timedelta(days=day, hours=1))) for day in range(7)]
    assert max(texts) == 1
    assert sum(texts) == 4


def test_a_reminder_comes_after_three_days_once(district, now):
    event = served(now)
    tick(now + HALF_AN_HOUR)
    assert tick(now + HALF_AN_HOUR + timedelta(days=3, seconds=-1)) == []
    (text,) = tick(now + HALF_AN_HOUR + timedelta(days=3, seconds=1))
    assert "特殊工时首次审批" in text
    assert tick(now + timedelta(days=5)) == []
    assert row(event).reminder.occasion == "invitation_reminder"


def test_who_has_rated_or_wants_nothing_is_not_reminded(district, now):
    rated, stopped = served(now), served(now, phone="13912345678")
    tick(now + HALF_AN_HOUR)
    rate(rated, now, grade="5", tags=(), identity="")
    with transaction():
        phones.stop(phones.hold(phone_digest("+8613912345678")), StoppedBy.REPLY, SYSTEM, now)
    assert tick(now + timedelta(days=4)) == []
    assert [row(one).reminder_id for one in (rated, stopped)] == [None, None]


def test_several_open_services_of_a_phone_have_letters(district, now):
    first, second = served(now), served(now, item_code="SW-001", window=None)
    (one,) = tick(now + timedelta(hours=1))
    (other,) = tick(now + A_DAY)
    letters = {row(first).letter, row(second).letter}
    assert not any(f"回复{letter}" in one for letter in letters), "the first is the only one so far"
    assert any(letter in other for letter in letters)
    assert letters == {found.letter for found in open_to(phone_digest(PHONE), now + A_DAY)}
    assert letters == {"A", "B"}
    assert one != other


def test_switched_off_nobody_is_asked(district, now):
    served(now)
    before = district.config["FEEDBACK"]
    district.config["FEEDBACK"] = before.model_copy(update={"invitations": "off"})
    assert tick(now + A_DAY) == []
    assert served(now).invite_at is None
    district.config["FEEDBACK"] = before


def test_every_decision_leaves_a_line_without_the_phone(district, now):
    served(now)
    tick(now + A_DAY)
    (line,) = db.session.scalars(select(Entry).where(Entry.act == "invite"))
    assert line.facts == {"outcome": "invited"}


def test_one_that_does_not_open_does_not_keep_the_others_from_being_asked(district, now):
    broken, well = served(now), served(now, phone="13912345678")
    with transaction() as session:
        session.get(type(broken), broken.id).applicant_phone_sealed = "Z.AAAA"
    assert len(tick(now + HALF_AN_HOUR)) == 1
    assert row(broken).skipped is Skipped.UNREADABLE
    assert row(well).message.state is State.SENT


def test_an_error_with_one_leaves_it_for_later_and_the_others_go_on(district, now, monkeypatch):
    bad, well = served(now), served(now, phone="13912345678")
    decide = actions._decide

    def fails(event, *rest):
        if event.id == bad.id:
            raise RuntimeError("a bug")
        return decide(event, *rest)

    monkeypatch.setattr(actions, "_decide", fails)
    assert len(tick(now + HALF_AN_HOUR)) == 1
    monkeypatch.setattr(actions, "_decide", decide)
    assert len(tick(now + HALF_AN_HOUR)) == 1
    assert {row(bad).message.state, row(well).message.state} == {State.SENT}


def test_many_services_of_few_phones_do_not_make_schedulers_wait_for_each_other(district, now):
    """A batch in one transaction would hold many phones at once, in another order than the next."""
    for n in range(60):
        served(now, phone=f"138123456{n % 7:02}")
    asked = at_once(district, *[partial(actions.invite, now + A_DAY, always)] * 3)
    assert raised(asked) == []
    db.session.rollback()
    assert {one for each in asked for one in each} == {"invited"}
    assert len(db.session.scalars(select(Invitation)).all()) == 60


def test_who_could_not_be_reached_is_not_reminded(district, now):
    event = served(now)
    tick(now + HALF_AN_HOUR)
    message_id = row(event).message_id
    with transaction() as session:
        session.get(Message, message_id).state = State.FAILED
    assert tick(now + timedelta(days=4)) == []


def test_a_letter_rests_before_it_names_another_service(district, now):
    """An answer to an old text must not meet a new service."""
    first = served(now)
    tick(now + HALF_AN_HOUR)
    rate(first, now, grade="5", tags=(), identity="")
    second = served(now + A_DAY)
    tick(now + A_DAY + HALF_AN_HOUR)
    assert (row(first).letter, row(second).letter) == ("A", "B")


def test_switched_off_nobody_is_reminded_either(district, now):
    served(now)
    tick(now + HALF_AN_HOUR)
    before = district.config["FEEDBACK"]
    district.config["FEEDBACK"] = before.model_copy(update={"invitations": "off"})
    assert tick(now + timedelta(days=4)) == []
    district.config["FEEDBACK"] = before
