"""A citizen's talk with us by text message, through the real door, on both databases."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from sqlalchemy import func, select, text, update

from feedback import clock
from feedback.cases.casefile import file_of
from feedback.cases.models import Addition, Case
from feedback.db import db, transaction
from feedback.ledger.models import Entry
from feedback.notify import inline
from feedback.notify.actions import phone_digest
from feedback.notify.models import Message, Phone, State
from feedback.offices.models import Officer
from feedback.replies import queries
from feedback.replies.models import IncomingText
from feedback.replies.talk import Made
from feedback.reviews.drafts import Channel, Identity

from ..conftest import MONDAY_MORNING
from ..factories import make_district, make_event, make_people, rate, walk_to
from ..together import at_once, raised
from .talking import (
    PHONE,
    TOKEN,
    Citizen,
    call,
    case_of,
    invited,
    new_sid,
    review_of,
    send_due,
    spoken,
    texts,
)

A_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def in_the_daytime():
    """A Monday morning, so that nobody's quiet hours are in the way."""
    with time_machine.travel(MONDAY_MORNING, tick=True):
        yield


@pytest.fixture
def gateway(context):
    """Twilio's calls are believed; what goes out is printed."""
    make_district()
    before = context.config["FEEDBACK"]
    twilio = {"twilio_auth_token": type(before.twilio_auth_token)(TOKEN)}
    context.config["FEEDBACK"] = before.model_copy(update=twilio)
    yield context
    context.config["FEEDBACK"] = before


@pytest.fixture
def citizen(gateway, client):
    return Citizen(client)


@pytest.fixture
def served(citizen):
    """A service of yesterday about which the phone was asked."""
    return invited(clock.now() - A_DAY)


def additions(case):
    db.session.rollback()
    rows = select(Addition).where(Addition.case_id == case.id).order_by(Addition.id)
    return [(one.words, one.is_reason) for one in db.session.scalars(rows)]


def test_a_good_rating_is_taken_and_thanked_for(citizen, served):
    assert "谢谢" in citizen.say("5")
    review = review_of(served)
    assert (review.grade, review.channel, review.identity) == (5, Channel.SMS, Identity.ANONYMOUS)
    assert review.phone_sealed is None, "a satisfied review keeps no person"


def test_a_bad_rating_with_a_reason_is_named_and_becomes_a_case(citizen, served):
    answer = citizen.say("2 等了三小时没人理")
    review, case = review_of(served), case_of(served)
    assert (review.grade, review.comment, review.identity) == (
        2,
        "等了三小时没人理",
        Identity.NAMED,
    )
    assert review.phone_digest == phone_digest(PHONE)
    assert case.identity is Identity.NAMED
    assert case.contact_due_at is not None
    assert answer
    assert "等了三小时" not in answer, "our texts carry no word of the citizen's"


def test_a_bad_rating_without_a_reason_is_kept_at_once_and_then_asked_why(citizen, served):
    answer = citizen.say("不满意")
    case = case_of(served)
    assert review_of(served).grade == 2
    assert texts()[-1].made is Made.REVIEW_ASKED_WHY
    assert "为什么" in answer or "原因" in answer
    assert citizen.say("材料交了三遍")
    assert additions(case) == [("材料交了三遍", True)]
    citizen.say("昨天又去了一趟")
    assert additions(case)[1:] == [("昨天又去了一趟", False)]


def test_the_reason_is_one_and_the_review_itself_is_never_changed(citizen, served):
    citizen.say("1")
    citizen.say("没人理")
    citizen.say("还是没人理")
    assert review_of(served).comment == ""
    assert [is_reason for _, is_reason in additions(case_of(served))] == [True, False]


def test_a_rating_in_doubt_is_asked_back_and_never_guessed(citizen, served):
    answer = citizen.say("不太满意")
    assert review_of(served) is None
    assert all(one in answer for one in ("5", "非常满意", "1", "非常不满意"))
    citizen.say("2")
    assert review_of(served).grade == 2


def test_with_several_open_the_phone_is_asked_which(citizen):
    now = clock.now()
    first = invited(now - 2 * A_DAY)
    second = invited(now - A_DAY, item_code="SW-001", window=None)
    answer = citizen.say("5")
    assert all(one in answer for one in ("A", "B", "特殊工时", "用水报装"))
    assert review_of(first) is review_of(second) is None
    citizen.say("B")
    assert (review_of(first), review_of(second).grade) == (None, 5)
    citizen.say("A1 没人理")
    assert review_of(first).grade == 1


def test_the_newest_is_meant_when_only_one_was_asked_about_since(citizen):
    now = clock.now()
    first = invited(now - 3 * A_DAY)
    citizen.say("你好")
    wrote_at(now - 2 * A_DAY)
    second = invited(now - A_DAY, item_code="SW-001", window=None)
    citizen.say("5")
    assert (review_of(first), review_of(second).grade) == (None, 5)


def wrote_at(moment):
    """Put the phone's last text back to when it would have come; of this row that may be changed by
    nobody, so the guard is lifted for the moment.
    """
    on = " ON incoming_texts" if db.engine.dialect.name == "postgresql" else ""
    with transaction() as session:
        session.execute(
            text("ALTER TABLE incoming_texts DISABLE TRIGGER ALL")
            if on
            else text("DROP TRIGGER incoming_texts_never_changed")
        )
        session.execute(update(IncomingText).values(received_at=moment))
        if on:
            session.execute(text("ALTER TABLE incoming_texts ENABLE TRIGGER ALL"))


def test_a_rating_of_which_we_cannot_learn_what_it_is_for_is_shown_to_a_person(citizen):
    now = clock.now()
    invited(now - 2 * A_DAY)
    invited(now - A_DAY, item_code="SW-001", window=None)
    for words in ("1 态度差", "前面那个呀", "1 态度太差了"):
        citizen.say(words)
    assert [one.made for one in texts()] == [Made.ASKED_WHICH] * 2 + [Made.PERSON]


def waiting(now):
    db.session.rollback()
    people = make_people()
    return [one.body for one in queries.for_a_person(people.supervisor, now)]


def test_a_complaint_that_we_asked_back_about_and_heard_no_more_of_is_shown_to_a_person(
    citizen, served
):
    complaint = "窗口的人骂我，我要投诉，没人管吗"
    citizen.say(complaint)
    assert texts()[-1].made is Made.ASKED_GRADE
    now = clock.now()
    assert waiting(now) == [], "they may still answer"
    assert waiting(now + timedelta(hours=7)) == [complaint]


def test_a_bare_grade_of_which_we_do_not_know_what_it_is_for_is_shown_too(citizen):
    now = clock.now()
    invited(now - 2 * A_DAY)
    invited(now - A_DAY, item_code="SW-001", window=None)
    citizen.say("1")
    assert waiting(clock.now() + timedelta(hours=7)) == ["1"]


def test_what_was_answered_or_says_nothing_waits_for_nobody(citizen, served):
    citizen.say("还行")
    assert waiting(clock.now() + timedelta(hours=7)) == []
    citizen.say("等了三小时没人理我")
    citizen.say("2")
    assert waiting(clock.now() + timedelta(hours=7)) == []


def test_thanks_or_a_stop_after_a_complaint_do_not_take_it_off_the_list(citizen, served):
    citizen.say("窗口的人骂我")
    citizen.say("谢谢")
    citizen.say("TD")
    assert waiting(clock.now() + timedelta(hours=7)) == ["窗口的人骂我"]


def test_a_question_that_may_not_go_out_leaves_the_text_to_a_person(citizen, served):
    citizen.say("TD")
    assert citizen.say("还行") == ""
    assert texts()[-1].made is Made.PERSON


def test_who_calls_a_service_by_its_name_need_not_know_its_letter(citizen):
    now = clock.now()
    first = invited(now - 2 * A_DAY)
    second = invited(now - A_DAY, item_code="SW-001", window=None)
    citizen.say("1 态度差")
    citizen.say(f"就是{first.item.name}那个")
    assert (review_of(first).comment, review_of(second)) == ("态度差", None)


def test_the_answer_to_a_newer_invitation_is_no_reason_for_the_rating_before(citizen):
    now = clock.now()
    first = invited(now - 3 * A_DAY)
    citizen.say("1")
    wrote_at(now - 2 * A_DAY)
    second = invited(now - A_DAY, item_code="SW-001", window=None)
    citizen.say("收到")
    citizen.say("5 很好，谢谢")
    assert (review_of(second).grade, additions(case_of(first))) == (5, [])


def test_praise_and_then_a_one_is_asked_about_before_it_opens_a_case(citizen, served):
    citizen.say("服务特别好")
    citizen.say("1")
    assert (review_of(served), texts()[-1].made) == (None, Made.ASKED_GRADE)
    citizen.say("5")
    assert review_of(served).grade == 5


def test_who_writes_stop_gets_one_confirmation_and_nothing_more(citizen, served):
    assert "订阅" in citizen.say("TD")
    phone = db.session.get(Phone, phone_digest(PHONE))
    assert phone.stopped_at is not None
    later = invited(clock.now() - timedelta(hours=1))
    assert send_due(clock.now() + A_DAY) == []
    assert citizen.say("5") == "", "they are heard, but we keep silent as they wished"
    assert review_of(later) is not None or review_of(served) is not None
    assert citizen.say("订阅")
    db.session.rollback()
    assert db.session.get(Phone, phone_digest(PHONE)).stopped_at is None


def test_a_second_stop_gets_no_second_confirmation_until_they_came_back(citizen, served):
    assert citizen.say("TD")
    assert [citizen.say(words) for words in ("TD", "退订", "STOP")] == ["", "", ""]
    assert citizen.say("订阅")
    assert citizen.say("TD")


def test_who_rates_and_stops_in_one_breath_is_heard_twice(citizen, served):
    citizen.say("1 态度差，退订")
    assert review_of(served).grade == 1
    assert db.session.get(Phone, phone_digest(PHONE)).stopped_at is not None
    assert texts()[-1].case_id == case_of(served).id


def test_twilios_own_stop_is_heeded_and_not_confirmed_a_second_time(client, served):
    form = {"MessageSid": new_sid(), "From": PHONE, "Body": "Cancel please", "OptOutType": "STOP"}
    assert spoken(call(client, "/sms/inbound", form).get_data(as_text=True)) == ""
    assert db.session.get(Phone, phone_digest(PHONE)).stopped_at is not None


def test_words_before_the_grade_that_we_asked_for_are_the_reason(citizen, served):
    citizen.say("等了三小时没人理我")
    citizen.say("2")
    assert "等了三小时没人理我" in review_of(served).comment


def test_whom_we_do_not_understand_for_a_third_time_is_looked_after_by_a_person(citizen, served):
    made = [citizen.say(words) and texts()[-1].made for words in ("还行", "一般", "凑合")]
    assert made[:2] == [Made.ASKED_GRADE] * 2
    assert texts()[-1].made is Made.PERSON


def test_the_reason_of_one_service_never_rates_another(citizen):
    now = clock.now()
    first = invited(now - 2 * A_DAY)
    second = invited(now - A_DAY, item_code="SW-001", window=None)
    citizen.say("A1")
    citizen.say("1，窗口的人态度差")
    assert (review_of(first).grade, review_of(second)) == (1, None)
    assert additions(case_of(first)) == [("窗口的人态度差", True)]


def test_a_stop_is_heard_though_the_case_takes_no_more_words(citizen, served):
    citizen.say("2 没人理")
    for n in range(25):
        citizen.say(f"第{n}次补充说明")
    assert citizen.say("退订，烦死了")
    assert db.session.get(Phone, phone_digest(PHONE)).stopped_at is not None


def test_a_rating_is_kept_though_there_are_no_words_for_an_answer(citizen, served, monkeypatch):
    def fails(*_):
        raise ValueError

    monkeypatch.setattr(inline, "words", fails)
    assert citizen.say("2 没人理") == ""
    assert review_of(served).grade == 2


def test_who_stops_in_anger_is_heard_twice(citizen, served):
    citizen.say("2 没人理")
    citizen.say("退订，态度太差")
    assert additions(case_of(served)) == [("态度太差", False)]


def test_who_wants_english_gets_it(citizen, served):
    assert "English" in citizen.say("EN")
    assert "thank" in citizen.say("5").lower()
    event = invited(clock.now() - timedelta(hours=1))
    assert review_of(event) is None
    sent = db.session.scalars(select(Message).where(Message.subject_id == str(event.id))).one()
    assert sent.locale == "en"


def test_a_stranger_gets_one_polite_sentence_a_day(citizen):
    assert "http://localhost" in citizen.say("你好")
    assert citizen.say("在吗") == ""
    assert [one.made for one in texts()] == [Made.STRANGER] * 2, "both are kept for a person"


def test_a_stranger_gets_one_answer_a_day_whatever_they_command_and_is_yet_obeyed(citizen):
    answers = [citizen.say(words) for words in ("EN", "中文", "TD", "START", "你好", "TD")]
    assert [bool(answer) for answer in answers] == [True] + [False] * 5
    assert db.session.get(Phone, phone_digest(PHONE)).stopped_at is not None


def test_commands_from_no_mobile_phone_are_obeyed_and_not_answered(gateway, client):
    assert Citizen(client, "10086").say("TD") == ""
    assert texts()[-1].made is Made.STOPPED


def test_strangers_cannot_make_us_send_more_than_so_many_in_a_day(gateway, client):
    before = gateway.config["FEEDBACK"]
    gateway.config["FEEDBACK"] = before.model_copy(update={"strangers_answered": 3})
    words = ("贷款", "EN", "TD")
    answers = [Citizen(client, f"+86138{n:08d}").say(words[n % 3]) for n in range(6)]
    gateway.config["FEEDBACK"] = before
    assert [bool(answer) for answer in answers] == [True] * 3 + [False] * 3


def test_spam_from_no_phone_at_all_is_kept_and_never_answered(gateway, client):
    for sender in ("10086", "ALPHATAG", "+1"):
        assert Citizen(client, sender).say("优惠") == ""
    assert len(texts()) == 3


def test_the_same_message_again_gets_the_same_answer_and_does_nothing(citizen, served):
    sid = new_sid()
    first = citizen.say("2 没人理", sid)
    counts = rows()
    assert [citizen.say("2 没人理", sid) for _ in range(3)] == [first] * 3
    assert rows() == counts


def rows():
    db.session.rollback()
    tables = [*db.metadata.sorted_tables]
    return {t.name: db.session.scalar(select(func.count()).select_from(t)) for t in tables}


def test_the_same_message_ten_times_at_once_is_one(gateway, client, served):
    sid = new_sid()
    citizens = [Citizen(gateway.test_client()) for _ in range(10)]
    answers = at_once(None, *(partial(one.say, "1 没人理", sid) for one in citizens))
    assert raised(answers) == []
    assert len(set(answers)) == 1
    assert len(texts()) == 1
    assert db.session.scalar(select(func.count()).select_from(Case)) == 1


def test_who_rated_by_the_code_meanwhile_is_told_so(citizen, served):
    rate(served, clock.now(), grade="5", tags=(), identity="")
    assert "评价" in citizen.say("1 没人理")
    assert review_of(served).grade == 5
    assert texts()[-1].made is Made.TOO_LATE


def test_staff_cannot_rate_their_own_office_from_their_phone(citizen, served):
    """Put on the register after the invitation went out."""
    with transaction() as session:
        session.add(
            Officer(code="RS-9", name="窗口人员", department_code="RS", active=True,
                    phone_digest=phone_digest(PHONE))
        )  # fmt: skip
    citizen.say("5")
    assert review_of(served) is None
    assert texts()[-1].made is Made.OWN_SERVICE


def test_after_the_case_has_ended_words_wait_for_a_person(citizen, served):
    people = make_people()
    citizen.say("2 没人理")
    case = case_of(served)
    walk_to(case, type(case.state).CLOSED, people, clock.now())
    citizen.say("谢谢")
    citizen.say("可是又没人理了")
    assert [one.made for one in texts()][1:] == [Made.NOTHING, Made.PERSON]
    assert additions(case) == []


def test_a_very_long_reply_is_kept_whole(citizen, served):
    words = "等了三小时" * 300
    citizen.say(f"2 {words}")
    case = case_of(served)
    kept = review_of(served).comment + "".join(text for text, _ in additions(case))
    assert kept == words


def test_our_answer_stands_in_the_outbox_with_its_parts(citizen, served):
    citizen.say("5")
    db.session.rollback()
    (answer,) = db.session.scalars(select(Message).where(Message.occasion == "answer_thanks"))
    assert (answer.state, answer.carrier) == (State.SENT, "twilio")
    assert 1 <= answer.parts <= 2


def test_the_same_question_back_is_not_sent_a_third_time_in_a_day(citizen, served):
    answers = [citizen.say(words) for words in ("还行", "一般", "马马虎虎")]
    assert [bool(answer) for answer in answers] == [True, True, False]
    assert len(texts()) == 3


def test_a_review_by_text_message_is_the_same_as_one_by_the_code(citizen, served):
    """The same row, case, ledger lines and message to the department; only the door differs."""
    citizen.say("1 等了三小时没人理")
    by_text = case_of(served)
    scanned = make_event(clock.now() - A_DAY, applicant={"kind": "person", "phone": PHONE})
    rate(scanned, clock.now(), tags=(), name="", phone=PHONE)
    by_code = case_of(scanned)
    ids = {"id", "number", "event_id", "case_id", "receipt_digest", "phone_sealed", "channel"}
    assert columns(review_of(served), ids) == columns(review_of(scanned), ids)
    assert columns(by_text, ids) == columns(by_code, ids)
    assert lines(by_text) == lines(by_code)
    assert told(by_text) == told(by_code)


def columns(row, but):
    """Return a row's columns; moments to the minute, since the two were not written at once."""
    values = {c.name: getattr(row, c.name) for c in row.__table__.columns if c.name not in but}
    return {
        k: v.replace(second=0, microsecond=0) if hasattr(v, "hour") else v
        for k, v in values.items()
    }


def lines(case):
    rows = select(Entry).where(Entry.subject == "case", Entry.subject_id == str(case.id))
    return [(one.act, one.actor_kind, sorted(one.facts)) for one in db.session.scalars(rows)]


def told(case):
    rows = select(Message).where(Message.subject_id == str(case.id))
    return [(one.occasion, one.to_department) for one in db.session.scalars(rows)]


def test_the_case_page_says_that_no_reason_was_given_until_there_is_one(citizen, served):
    citizen.say("1")
    assert file_of(case_of(served)).lacks_reason
    citizen.say("没人理")
    assert not file_of(case_of(served)).lacks_reason
