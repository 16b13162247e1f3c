"""The door of text messages, as whoever knocks meets it: gateways, forgers and nonsense."""

import json
from datetime import timedelta
from itertools import permutations
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest
import time_machine
from sqlalchemy import update
from werkzeug.middleware.proxy_fix import ProxyFix

from feedback import clock
from feedback.catalog.models import Item
from feedback.db import transaction
from feedback.notify import outbox
from feedback.notify.models import State
from feedback.replies.talk import Made

from ..conftest import MONDAY_MORNING
from ..factories import make_district
from ..notify.helpers import Memory, by, messages, promise_sms, two_mailboxes
from ..replies.talking import TOKEN, invited, new_sid, texts
from .texting import (
    FORM,
    GATEWAY_SECRET,
    gateway_post,
    post,
    signature_of,
    snapshot,
    text_form,
    using,
)

A_DAY = timedelta(days=1)
DOORS = ("/sms/inbound", "/sms/status", "/sms/gateway/inbound", "/sms/gateway/status")


@pytest.fixture(autouse=True)
def in_the_daytime():
    with time_machine.travel(MONDAY_MORNING, tick=True):
        yield


@pytest.fixture
def door(context):
    """Both gateways' calls are believed."""
    make_district()
    with using(context, twilio_auth_token=TOKEN, sms_http_secret=GATEWAY_SECRET):
        yield context


@pytest.fixture
def served(door):
    return invited(clock.now() - A_DAY)


# -- Twilio's signature --------------------------------------------------------------------------

NO_PROOF = [
    {}, {"HTTP_X_TWILIO_SIGNATURE": ""}, {"HTTP_X_TWILIO_SIGNATURE": "AAAA"},
    {"HTTP_X_TWILIO_SIGNATURE": "签名".encode().decode("latin-1")},
    {"HTTP_X_TWILIO_SIGNATURE": "x" * 5000},
    {"HTTP_X_TWILIO_SIGNATURE": "AAAA",
     "HTTP_X_TWILIO_WEBHOOKS_SIGNATURE_SETTINGS": "signatureAlgorithm=none"},
]  # fmt: skip


@pytest.mark.parametrize("path", DOORS[:2])
@pytest.mark.parametrize("proof", NO_PROOF)
def test_who_cannot_sign_is_refused_and_nothing_is_written(client, served, path, proof):
    form, before = text_form(MessageStatus="delivered"), snapshot()
    answer = client.post(path, data=urlencode(form), content_type=FORM, environ_overrides=proof)
    assert answer.status_code == 403
    assert snapshot() == before


def changed(form, **changes):
    return urlencode(form | changes).encode()


@pytest.mark.parametrize(
    "change", [{"Body": "1"}, {"From": "+8613912345678"}, {"MessageSid": new_sid()}, {"More": ""}]
)
def test_a_form_that_was_changed_on_its_way_is_refused(client, served, change):
    form, before = text_form("5"), snapshot()
    proof = {"X-Twilio-Signature": signature_of("/sms/inbound", urlencode(form).encode())}
    answer = post(client, "/sms/inbound", changed(form, **change), headers=proof)
    assert answer.status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize(
    "words", ["2 等了三小时，没人理！", "5+5=10 & 100% <b>", "👍🏽 满意\n\t5", ""]
)
def test_every_sign_that_citizens_write_can_be_signed_and_is_kept(client, served, words):
    assert post(client, "/sms/inbound", text_form(words)).status_code == 200
    assert texts()[-1].body == words


def test_a_query_belongs_to_the_address_that_is_signed(client, served):
    path = "/sms/status?message=018f0000-0000-7000-8000-000000000000&try=1"
    form = {"MessageSid": new_sid(), "MessageStatus": "sent"}
    assert post(client, path, form).status_code == 204
    proof = {"X-Twilio-Signature": signature_of(path, urlencode(form).encode())}
    assert post(client, path + "1", form, headers=proof).status_code == 403
    assert post(client, "/sms/status", form, headers=proof).status_code == 403


def test_behind_a_proxy_only_the_public_address_counts(door, client, served, monkeypatch):
    public, inside = "https://hcp.licheng.example", "http://inside.local:8000"
    behind = ProxyFix(door.wsgi_app, x_for=1, x_proto=1)
    monkeypatch.setattr(door, "wsgi_app", behind)
    there = {"base_url": inside, "headers": {"X-Forwarded-Proto": "https",
                                             "X-Forwarded-For": "54.1.2.3"}}  # fmt: skip
    with using(door, base_url=public):
        answers = [
            post(client, "/sms/inbound", text_form("5"), house=house, **there).status_code
            for house in (public, inside, "https://inside.local:8000", "http://hcp.licheng.example")
        ]
    assert answers == [200, 403, 403, 403]


def test_while_the_token_is_changed_both_are_believed_and_no_third(door, client, served):
    with using(door, twilio_auth_token="new-token", twilio_old_auth_token=TOKEN):
        answers = [
            post(client, "/sms/inbound", text_form("你好"), token=token).status_code
            for token in ("new-token", TOKEN, "another", "")
        ]
    assert answers == [200, 200, 403, 403]


@pytest.mark.parametrize("token", ["", TOKEN])
def test_without_a_token_nobody_is_believed(door, client, served, token):
    with using(door, twilio_auth_token="", twilio_old_auth_token=""):
        for path in DOORS[:2]:
            assert post(client, path, text_form(), token=token).status_code == 403


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_only_a_post_is_heard(door, client, path, method):
    assert client.open(path, method=method).status_code == 405


# -- what is no text message ---------------------------------------------------------------------


def raw(body, **form):
    """Return a form with a body as it travels, percent-encoded or not."""
    return urlencode(text_form(**form) | {"Body": ""}).encode() + body


STRANGE = [
    (urlencode({"Body": "5"}).encode(), 200, 0),
    (urlencode({"MessageSid": "", "From": "", "Body": "5"}).encode(), 200, 0),
    (urlencode(text_form("5", MessageSid="x" * 65)).encode(), 200, 0),
    (urlencode(text_form("5", From="+86 138")).encode(), 200, 0),
    (urlencode(text_form("5", From="+8613812345678" * 9)).encode(), 200, 0),
    (b"", 200, 0),
    (b"&&&===", 200, 0),
    (urlencode(text_form("2 没人理")).encode() + b"&Body=5", 200, 1),
    (urlencode(text_form("x" * 70_000)).encode(), 413, 0),
    (raw(b"5%00"), 200, 1),
    (raw(b"%ED%A0%80"), 400, 0),
    (raw(b"\xff\xfe"), 400, 0),
    (raw(quote("￾\x0b\x1b[31m").encode()), 200, 1),
    (raw(b"%zz%"), 200, 1),
    (b"&".join(b"a%d=1" % n for n in range(3000)), 200, 0),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "kept"), STRANGE)
def test_a_strange_form_gets_a_clear_answer_and_keeps_only_what_is_a_text(
    client, served, body, status, kept
):
    assert post(client, "/sms/inbound", body).status_code == status
    assert len(texts()) == kept


@pytest.mark.parametrize("path", DOORS[:2])
@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"[" * 30_000, 415),
        ("text/xml", b"<a/>", 415),
        ("multipart/form-data", b"--x", 403),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n", 403),
        ("", b"Body=5", 415),
        ("application/x-www-form-urlencoded; charset=gbk", b"Body=%C2%FA%D2%E2", 400),
    ],
)
def test_what_is_no_form_is_refused(door, client, path, kind, body, status):
    headers = {"X-Twilio-Signature": signature_of(path, body)}
    answer = client.post(path, data=body, headers=headers, content_type=kind)
    assert answer.status_code == status


@pytest.mark.parametrize("name", ["<b>&amp;\"'</Message>", "]]>", "￾￿", "&#0;", "특수 工时 👍"])
def test_the_answer_is_well_formed_whatever_words_are_in_it(client, served, name):
    with transaction() as session:
        session.execute(update(Item).values(name=name))
    answer = post(client, "/sms/inbound", text_form("还行"))
    assert answer.mimetype == "text/xml"
    (message,) = ElementTree.fromstring(answer.data)
    assert name.strip("￾￿") in message.text


# -- what became of a message --------------------------------------------------------------------


def sent_text(key):
    """Promise a text, send it, and return its row and the address at which to tell of it."""
    promise_sms(clock.now(), key=key)
    outbox.deliver(clock.now(), two_mailboxes, by(Memory()))
    (message,) = (one for one in messages() if one.dedupe_key == key)
    return message.id, f"/sms/status?message={message.id}&try=1"


def state_of(message_id):
    return next(one.state for one in messages() if one.id == message_id)


@pytest.mark.parametrize("last", ["delivered", "undelivered"])
def test_what_became_of_a_text_ends_the_same_in_any_order_and_however_often(door, client, last):
    ends = State.DELIVERED if last == "delivered" else State.FAILED
    for number, said in enumerate(permutations(("queued", "sent", last))):
        with time_machine.travel(MONDAY_MORNING + number * A_DAY):
            message_id, path = sent_text(f"test:{number}")
        sid = new_sid()
        for status in said * 2:
            form = {"MessageSid": sid, "MessageStatus": status, "ErrorCode": "30003"}
            assert post(client, path, form).status_code == 204
        assert state_of(message_id) is ends, said


@pytest.mark.parametrize(
    "path",
    ["/sms/status",
     "/sms/status?message=018f0000-0000-7000-8000-000000000000&try=1", "/sms/status?message=x&try=y",
     "/sms/status?message=%00&try=-1", "/sms/status?message=%ED%A0%80&try=99999999999"],
)  # fmt: skip
def test_what_is_told_of_texts_we_do_not_know_changes_nothing(client, served, path):
    before = snapshot()
    form = {"MessageSid": new_sid(), "MessageStatus": "delivered"}
    assert post(client, path, form).status_code == 204
    assert snapshot() == before


@pytest.mark.parametrize("status", ["", "flying", "DELIVERED", "received", "已送达"])
def test_a_state_that_is_none_changes_nothing(door, client, status):
    _, path = sent_text("test:1")
    before = snapshot()
    form = {"MessageSid": new_sid(), "MessageStatus": status}
    assert post(client, path, form).status_code == 204
    assert snapshot() == before


# -- the plain gateway ---------------------------------------------------------------------------


def said_in_a_text(words="5", **changes):
    return {"id": new_sid(), "from": "13812345678", "text": words,
            "time": str(int(clock.now().timestamp())), **changes}  # fmt: skip


@pytest.mark.parametrize("path", DOORS[2:])
@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another"}, {"secret": ""}, {"moment": MONDAY_MORNING - timedelta(minutes=6)},
        {"moment": MONDAY_MORNING + timedelta(minutes=6)}, {"X-Signature": ""},
        {"X-Signature": "\xe7\xad\xbe"}, {"X-Timestamp": ""}, {"X-Timestamp": "1e9"},
        {"X-Timestamp": "9" * 400},
    ],
)  # fmt: skip
def test_who_does_not_know_the_gateways_secret_is_refused(client, served, path, wrong):
    before = snapshot()
    said = said_in_a_text() | {"state": "delivered"}
    assert gateway_post(client, path, said, **wrong).status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("secret", ["", GATEWAY_SECRET])
def test_without_a_secret_no_gateway_is_believed(door, client, secret):
    with using(door, sms_http_secret=""):
        assert gateway_post(client, DOORS[2], said_in_a_text(), secret=secret).status_code == 403


def test_a_text_by_the_gateway_that_is_played_back_is_one(client, served):
    said, moment = said_in_a_text("2 没人理"), clock.now()
    answers = [gateway_post(client, DOORS[2], said, moment=moment) for _ in range(3)]
    assert [one.status_code for one in answers] == [204] * 3
    assert [one.made for one in texts()] == [Made.REVIEW]
    assert [one.occasion for one in messages()].count("answer_negative") == 1


NASTY = [
    (b"", 400), (b"{", 400), (b"\xff", 400), (b"null", 400), (b"[]", 400), (b"5", 400),
    (b"[" * 19_000, 400), (b'{"a":' * 3_900, 400), (b"[" * 30_000, 413),
    (b'{"id": NaN}', 400), (b'{"id": Infinity}', 400), (b'{"id": 1e999}', 400),
    (b'{"text": "\\ud800"}', 400), (json.dumps(said_in_a_text(id=10**300)).encode(), 400),
    (json.dumps(said_in_a_text(text=["5"])).encode(), 400),
    (json.dumps(said_in_a_text(text={"5": 5}, id=[1], **{"from": True})).encode(), 400),
    (json.dumps(said_in_a_text(id=True, **{"from": {}})).encode(), 400),
    (json.dumps({"id": "M1", "state": ["sent"], "message": 5, "code": {}}).encode(), 400),
]  # fmt: skip


@pytest.mark.parametrize("path", DOORS[2:])
@pytest.mark.parametrize(("body", "status"), NASTY, ids=range(len(NASTY)))
def test_nonsense_that_the_gateway_signs_gets_a_clear_answer_and_nothing_is_kept(
    client, served, path, body, status
):
    before = snapshot()
    assert gateway_post(client, path, body).status_code == status
    assert snapshot() == before


def test_what_a_gateway_says_of_a_message_we_do_not_know_changes_nothing(client, served):
    before = snapshot()
    said = {"id": "M1", "state": "failed", "message": "x.y", "code": []}
    assert gateway_post(client, DOORS[3], said).status_code == 204
    assert snapshot() == before


@pytest.mark.parametrize(
    "odd",
    [{"time": int(clock.now().timestamp() * 1000)}, {"time": 1.5e9}, {"time": "2026-11-23 10:00"},
     {"time": None}, {"time": -1}, {"time": "9" * 300}, {"id": "x" * 200}],
)  # fmt: skip
def test_a_rating_is_taken_however_odd_the_moment_or_the_id(client, served, odd):
    said = said_in_a_text("5", **odd)
    assert [gateway_post(client, DOORS[2], said).status_code for _ in range(2)] == [204, 204]
    assert [one.made for one in texts()] == [Made.REVIEW]


@pytest.mark.parametrize("sender", ["10086", None, "甲", "1" * 60])
@pytest.mark.parametrize("words", ["5", "TD", "EN", "没人理"])
def test_a_text_that_no_telephone_sent_waits_for_a_person_and_nobody_is_answered(
    client, served, sender, words
):
    before = len(messages())
    assert (
        gateway_post(client, DOORS[2], said_in_a_text(words, **{"from": sender})).status_code == 204
    )
    assert [(one.made, one.body) for one in texts()] == [(Made.PERSON, words)]
    assert len(messages()) == before


def test_what_cannot_be_read_leaves_a_line_in_the_log_and_no_phone_in_it(client, served, capsys):
    said = {"from": "13812345678", "text": "5 13812345678", "time": "1"}
    assert gateway_post(client, DOORS[2], said).status_code == 400
    printed = capsys.readouterr()
    assert "text_not_understood" in printed.out + printed.err
    assert "13812345678" not in printed.out + printed.err


def test_what_the_gateway_says_of_a_text_moves_it_forward_only(door, client):
    message_id, _ = sent_text("test:1")
    for state in ("sent", "delivered", "sent", "failed", "delivered"):
        said = {"id": "M1", "message": f"{message_id}.1", "state": state}
        assert gateway_post(client, DOORS[3], said).status_code == 204
    assert state_of(message_id) is State.DELIVERED


def test_a_text_from_far_in_the_future_by_its_own_clock_is_kept(client, served):
    said = said_in_a_text("5", time="9999999999")
    assert gateway_post(client, DOORS[2], said).status_code == 204
    assert [one.made for one in texts()] == [Made.REVIEW]
