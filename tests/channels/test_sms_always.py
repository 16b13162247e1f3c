"""Whatever three phones write, and in whatever order: what must always hold, holds after each text."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from feedback import clock
from feedback.cases.models import Case
from feedback.db import db
from feedback.notify.models import Message
from feedback.replies.models import IncomingText
from feedback.reviews.models import Review

from ..conftest import MONDAY_MORNING, empty_database
from ..factories import make_district
from ..replies.talking import TOKEN, Citizen, invited, new_sid
from .texting import using

A_DAY = timedelta(days=1)
PHONES = [f"+861381234567{n}" for n in range(3)]
SIGN = "梧桐一百零三号"
"""Something that none of our own words says."""

GRADES = [
    "5",
    "4",
    "３",
    "2",
    "1",
    "五星",
    "非常满意",
    "满意",
    "不满意",
    "很不满意",
    "不太满意",
    "还行",
    "6",
    "0",
]
CHOICES = ["", "A", "b", "Ａ", "C", "Z"]
WISHES = [
    "TD",
    "退订",
    "T",
    "STOP",
    "订阅",
    "START",
    "EN",
    "中文",
    "谢谢",
    "好的",
    "",
    " ",
    "👍",
    "?",
]
RATINGS = st.tuples(st.sampled_from(CHOICES), st.sampled_from(GRADES)).map("".join)
WORDS = st.one_of(RATINGS, RATINGS, st.sampled_from(WISHES + CHOICES), st.text(max_size=40))
TAILS = st.sampled_from(["", "", f" {SIGN}", f"，{SIGN}没人理"])
TEXTS = st.tuples(st.sampled_from(PHONES), WORDS, TAILS, st.booleans())
"""Who writes what, with what after it, and whether the gateway brings it twice."""


@pytest.fixture(autouse=True)
def in_the_daytime():
    with time_machine.travel(MONDAY_MORNING, tick=True):
        yield


def serve():
    """Three phones, of which two have several services that they were asked about."""
    make_district()
    for days, phone in ((2, PHONES[0]), (1, PHONES[0]), (1, PHONES[1])):
        item = "RS-001" if days == 1 else "SW-001"
        invited(clock.now() - days * A_DAY, phone, item_code=item, window=None)


def count(of, *where):
    return db.session.scalar(select(func.count()).select_from(of).where(*where))


def check(answered, kept):
    """What must always hold, in the database and in what we have answered."""
    db.session.rollback()
    rated = db.session.scalars(select(Review.event_id)).all()
    assert len(rated) == len(set(rated)) <= 3
    assert count(Review, Review.grade <= 2) == count(Case)
    assert count(Review, Review.grade <= 2, Review.case_id.is_(None)) == 0
    rows = db.session.execute(select(IncomingText.provider_id, IncomingText.phone_digest))
    assert Counter(sid for sid, _ in rows) == dict.fromkeys(kept, 1)
    assert not any(SIGN in words for words in answered)
    texts = select(Message.to_phone_digest, Message.text_digest).where(
        Message.handed_over_at.is_not(None), Message.text_digest.is_not(None)
    )
    assert max(Counter(db.session.execute(texts).all()).values()) <= 2


@pytest.mark.slow
@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(st.lists(TEXTS, min_size=1, max_size=14))
def test_no_order_of_texts_breaks_what_must_always_hold(context, client, said):
    db.session.remove()
    empty_database(context)
    with using(context, twilio_auth_token=TOKEN):
        serve()
        answered, kept = [], []
        for phone, words, tail, twice in said:
            kept.append(sid := new_sid())
            first = Citizen(client, phone).say(words + tail, sid)
            assert not twice or Citizen(client, phone).say(words + tail, sid) == first
            answered.append(first)
            check(answered, kept)


def test_control_a_third_equal_answer_would_be_counted(context, client):
    """The count above sees what it is to see: without the limit there would be three."""
    with using(context, twilio_auth_token=TOKEN):
        serve()
        answers = [Citizen(client, PHONES[1]).say(words) for words in ("还行", "一般", "马马虎虎")]
    assert [bool(one) for one in answers] == [True, True, False]
    assert answers[0] == answers[1]
