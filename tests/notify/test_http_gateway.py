import hashlib
import hmac
import json
import logging
import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from feedback.notify.models import By, State
from feedback.notify.senders import (
    HttpSender,
    Incoming,
    Letter,
    OptedOut,
    Refused,
    Rejected,
    Told,
    Uncertain,
    Unreachable,
    can_be_asked,
    chosen,
    inboxes,
)
from feedback.notify.senders import http as gateway

from ..conftest import make_settings
from .carriers import HTTP_SECRET, NO_NUMBER, Answer, Chance, http_settings, http_stand_in
from .helpers import nobody_there, script

MESSAGE = UUID("01930f2e-7c00-7000-8000-000000000001")
PHONE = "+8613812345678"
FACTS = {"item": "特殊工时首次审批", "code": "7K3M"}
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SECONDS = str(int(NOW.timestamp()))
TEMPLATES = {"invitation.zh_CN": "SMS_1001", "invitation.en": "SMS_1002", "empty.zh_CN": ""}

Refusal = (Refused, Rejected, Uncertain)


@pytest.fixture
def carrier():
    with http_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
def http(carrier, tmp_path):
    def sender(**changes):
        values = http_settings(carrier, sms_http_templates=TEMPLATES)
        # Unchecked, so that what is wrong with them is met here and not at the start.
        return HttpSender(make_settings(tmp_path, **values).model_copy(update=changes))

    return sender


def letter(to=PHONE, occasion="invitation", locale="zh_CN"):
    return Letter(MESSAGE, 2, [to], "", "请您评价", occasion, locale, FACTS)


def refusal(sender, **about):
    with pytest.raises(Refusal) as problem:
        sender.send(letter(**about))
    return problem.value


# --- handing over


def test_the_operator_gets_a_template_and_its_facts_and_no_words(carrier, http):
    assert http().send(letter()) == "M00000001"
    (message,) = carrier.messages
    assert message.pop("time").isdecimal()
    assert message == {
        "account": "licheng", "template": "SMS_1001", "to": PHONE, "params": FACTS,
        "id": f"{MESSAGE}.2",
    }  # fmt: skip


def test_a_citizen_is_written_to_in_their_language_or_else_in_chinese(carrier, http):
    for locale in ("en", "ug_CN"):
        http().send(letter(locale=locale))
    assert [one["template"] for one in carrier.messages] == ["SMS_1002", "SMS_1001"]


@pytest.mark.parametrize("occasion", ["reminder", "empty", ""])
def test_what_has_no_template_is_not_sent_and_in_the_end_a_person_sees_it(carrier, http, occasion):
    problem = refusal(http(), occasion=occasion)
    assert (type(problem), problem.reason) == (Refused, "http_no_template")
    assert carrier.posts == 0


def test_a_wrong_secret_is_our_trouble_and_not_the_messages(carrier, http):
    problem = refusal(http(sms_http_secret=SecretStr("wrong")))
    assert (type(problem), problem.reason) == (Unreachable, "http_401")
    assert carrier.messages == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("M1", "M1"),
        (7, "7"),
        (None, ""),
        ("", ""),
        ("x" * 65, ""),
        ("号", ""),
        ([], ""),
        (True, ""),
    ],
)
def test_an_id_is_kept_if_it_is_one(carrier, http, said, kept):
    carrier.answer = Answer(200, {"code": "OK", "id": said})
    assert http().send(letter()) == kept


# --- what goes wrong, and what that says of the message


@pytest.mark.parametrize(
    ("status", "said", "kind", "reason"),
    [
        (200, {"code": "LIMIT"}, Unreachable, "http_LIMIT"),
        (200, {"code": "STOPPED"}, OptedOut, "http_STOPPED"),
        (200, {"code": "BAD_NUMBER"}, Rejected, "http_BAD_NUMBER"),
        (200, {"code": "BAD_TEXT"}, Rejected, "http_BAD_TEXT"),
        (200, {"code": "BUSY"}, Unreachable, "http_BUSY"),
        (200, {"code": "BALANCE"}, Unreachable, "http_BALANCE"),
        (200, {"code": "AUTH"}, Unreachable, "http_AUTH"),
        (200, {"code": "BAD_ACCOUNT"}, Unreachable, "http_BAD_ACCOUNT"),
        # Only this occasion's texts suffer, so the others do not wait; but a person must see it.
        (200, {"code": "BAD_TEMPLATE"}, Refused, "http_BAD_TEMPLATE"),
        # Nobody knows what it is about, so no invitation may end by it in silence.
        (400, {"code": "BAD_NUMBER"}, Rejected, "http_BAD_NUMBER"),
        (200, {"code": "isv.amount-not-enough"}, Refused, "http_ISVAMOUNTNOTENOUGH"),
        (200, {"code": "余额不足"}, Refused, "http_other"),
        (200, {"code": ""}, Refused, "http_other"),
        (200, {"code": f"NO_{PHONE}"}, Refused, "http_other"),
        (200, {"code": "X" * 100_000}, Refused, "http_" + "X" * 20),
        (401, {"code": "SIGNATURE"}, Unreachable, "http_401"),
        (403, b"<html>", Unreachable, "http_403"),
        (404, b"<html>", Unreachable, "http_404"),
        (429, b"", Unreachable, "http_429"),
        (408, b"", Uncertain, "http_408"),
        (302, b"", Uncertain, "http_302"),
        (302, {"code": "OK", "id": "1"}, Uncertain, "http_302"),
        (400, {"code": "OK", "id": "1"}, Uncertain, "http_400"),
        (500, {"code": "OK", "id": "1"}, Uncertain, "http_5xx"),
        (500, {"code": "BAD_NUMBER"}, Uncertain, "http_5xx"),
        (502, b"<html>", Uncertain, "http_5xx"),
        (200, b"", Uncertain, "http_answer"),
        (200, b"<html>", Uncertain, "http_answer"),
        (200, b"null", Uncertain, "http_answer"),
        (200, b"[]", Uncertain, "http_answer"),
        (200, b'"OK"', Uncertain, "http_answer"),
        (200, b"[" * 100_000, Uncertain, "http_answer"),
        (200, b"\xff\xfe", Uncertain, "http_answer"),
        (200, {}, Uncertain, "http_answer"),
        (200, {"code": 0}, Uncertain, "http_answer"),
        (200, {"code": ["OK"]}, Uncertain, "http_answer"),
    ],
)
def test_the_answer_says_whether_the_text_has_left(carrier, http, status, said, kind, reason):
    carrier.answer = Answer(status, said)
    problem = refusal(http())
    assert type(problem) is kind
    assert problem.reason == reason


@pytest.mark.parametrize(
    ("status", "is_theirs"), [(500, True), (503, True), (408, True), (302, False), (200, False)]
)
def test_a_doubt_is_the_gateways_fault_if_the_gateway_failed(carrier, http, status, is_theirs):
    carrier.answer = Answer(status, b"oops")
    assert refusal(http()).carriers_fault is is_theirs


def test_a_doubt_is_the_gateways_fault_if_it_hung_up_or_kept_silent(carrier, http):
    carrier.chance = Chance(closes_after=1)
    assert refusal(http()).carriers_fault
    carrier.delay = 1
    assert refusal(http(sms_timeout_seconds=0.2)).carriers_fault


def test_a_number_that_is_none_and_a_phone_that_said_stop(carrier, http):
    carrier.opted_out.add(PHONE)
    assert refusal(http(), to=NO_NUMBER).reason == "http_BAD_NUMBER"
    assert type(refusal(http())) is OptedOut
    assert carrier.messages == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:{port}/send", "http_connect_ConnectionRefusedError"),
        ("https://127.0.0.1:{port}/send", "http_connect_ConnectionRefusedError"),
        ("no address", "http_connect_"),
        ("ftp://127.0.0.1/", "http_connect_InvalidSchema"),
        ("http://[/", "http_connect_"),
    ],
)
def test_where_nobody_can_be_reached_nothing_was_sent(http, url, reason):
    with nobody_there() as port:
        problem = refusal(http(sms_http_url=url.format(port=port)))
    assert type(problem) is Unreachable
    assert problem.reason.startswith(reason)


def test_a_handshake_that_is_broken_off_sent_nothing(http):
    with script(None) as port:
        assert type(refusal(http(sms_http_url=f"https://127.0.0.1:{port}/"))) is Unreachable


def test_an_answer_that_does_not_come_in_time_is_uncertain(carrier, http):
    carrier.delay = 1
    problem = refusal(http(sms_timeout_seconds=0.2))
    assert (type(problem), problem.reason) == (Uncertain, "http_read_TimeoutError")


@pytest.mark.parametrize(
    ("chance", "kind", "taken"),
    [
        (Chance(too_many=1), Unreachable, 0),
        (Chance(fails_first=1), Uncertain, 0),
        (Chance(fails_after=1), Uncertain, 1),
        (Chance(closes_first=1), Uncertain, 0),
        (Chance(closes_after=1), Uncertain, 1),
    ],
)
def test_one_sending_is_one_request_and_its_fate_is_told_truly(carrier, http, chance, kind, taken):
    carrier.chance = chance
    assert type(refusal(http())) is kind
    assert carrier.posts == 1
    assert len(carrier.messages) == taken


def test_a_redirect_is_not_followed(carrier, http):
    with http_stand_in() as elsewhere:
        carrier.answer = Answer(307, b"", {"Location": elsewhere.address})
        assert type(refusal(http())) is Uncertain
        assert elsewhere.posts == 0


@pytest.mark.parametrize("chance", [Chance(), Chance(fails_after=1), Chance(closes_after=1)])
def test_no_log_and_no_trace_names_phone_or_secret(carrier, http, caplog, chance):
    caplog.set_level(logging.DEBUG)
    carrier.chance = chance
    with suppress(*Refusal):
        http().send(letter())
    carrier.answer = Answer(200, {"code": f"BAD {PHONE}"})
    problem = refusal(http())
    logging.getLogger("outbox").error("not sent", exc_info=problem)
    said = caplog.text + "".join(traceback.format_exception(problem))
    assert not any(secret in said for secret in ("13812345678", "首次审批", HTTP_SECRET))
    assert "not sent" in caplog.text, "the log was listened to"


# --- what the operator sends us is proved by its signature


def signed(body=b"{}", timestamp=SECONDS, secret=HTTP_SECRET):
    said = timestamp.encode() + b"\n" + body
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()


def genuine(body=b"{}", timestamp=SECONDS, signature=None, secret=HTTP_SECRET, now=NOW):
    signature = signed(body, timestamp) if signature is None else signature
    return gateway.is_genuine(body, timestamp, signature, secret, now)


def test_what_the_operator_signed_is_genuine():
    assert genuine()
    assert genuine('{"text": "很好"}'.encode())
    assert genuine(b"\xff\x00")


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"{} "},
        {"timestamp": str(int(SECONDS) + 1)},
        {"secret": "another"},
        {"signature": ""},
        {"signature": signed().upper()},
        {"signature": signed()[:-1]},
        {"signature": "é" * 64},
        {"signature": "\ud800"},
    ],
)
def test_what_was_changed_is_not(change):
    assert not genuine(**{"signature": signed()} | change)


def test_an_empty_secret_proves_nothing():
    assert not genuine(secret="", signature=signed(secret=""))


@pytest.mark.parametrize(
    ("minutes", "is_genuine"), [(-5.1, False), (-5, True), (5, True), (5.1, False)]
)
def test_a_signature_holds_for_five_minutes_both_ways(minutes, is_genuine):
    assert genuine(now=NOW + timedelta(minutes=minutes)) == is_genuine


@pytest.mark.parametrize(
    "timestamp", ["", "x", "-1", "1e9", " " + SECONDS, SECONDS + "\n", "١٢٣", "9" * 10_000]
)
def test_a_moment_that_is_none_proves_nothing(timestamp):
    assert not genuine(timestamp=timestamp)


@given(st.binary(), st.text(), st.text(), st.text(st.characters(codec="utf-8")))
def test_nothing_breaks_the_check(body, timestamp, signature, secret):
    assert not gateway.is_genuine(body, timestamp, signature, secret, NOW)


# --- what the operator says

INCOMING = {"id": "R1", "from": "13812345678", "text": "5 很好", "time": SECONDS}
TOLD = {"id": "M1", "message": f"{MESSAGE}.2", "state": "failed", "code": "UNDELIV"}


def test_an_incoming_text_is_understood():
    assert heard() == Incoming("http", "R1", PHONE, "5 很好", NOW)


def heard(now=NOW + timedelta(seconds=3), **changes):
    return gateway.parse_incoming(INCOMING | changes, now)


@pytest.mark.parametrize(
    "moment",
    [int(SECONDS), SECONDS, float(SECONDS), f"{SECONDS}.0", int(SECONDS) * 1000, f"{SECONDS}000"],
)
def test_a_moment_is_seconds_or_milliseconds(moment):
    assert heard(time=moment).sent_at == NOW


@pytest.mark.parametrize(
    "moment",
    [None, "", "now", "2026-11-23 10:00:00", -1, 0, 1, "9" * 300, 10**3000, True, "١٢٣٤٥٦٧٨٩٠", [[]],
     int(SECONDS) + 60, float("nan"), float("inf")],
)  # fmt: skip
def test_a_text_with_an_odd_moment_was_sent_now(moment):
    now = NOW + timedelta(seconds=3)
    assert heard(time=moment) == Incoming("http", "R1", PHONE, "5 很好", now)


def test_a_text_without_a_moment_was_sent_now():
    said = {name: value for name, value in INCOMING.items() if name != "time"}
    assert gateway.parse_incoming(said, NOW).sent_at == NOW


@pytest.mark.parametrize(
    ("sender", "kept"),
    [("10086", "10086"), ("95588", "95588"), (10086, "10086"), (13812345678, PHONE),
     ("HCP", "HCP"), (None, "?"), ("", "?"), (True, "?"), ({}, "?"), ("1" * 1_000_000, "?"),
     ("甲", "?"), ("1 2", "?")],
)  # fmt: skip
def test_a_text_from_an_odd_sender_is_kept_for_a_person(sender, kept):
    found = heard(**{"from": sender})
    assert (found.phone, found.body) == (kept, "5 很好")


@pytest.mark.parametrize("said", ["x" * 65, "x" * 5000, "编号 1", "a b"])
def test_an_id_we_have_no_room_for_is_the_same_however_often_it_comes(said):
    first, other = heard(id=said).provider_id, heard(id=said + "y").provider_id
    assert first == heard(id=said).provider_id != other
    assert len(first) <= 64
    assert first.isascii()


@pytest.mark.parametrize(
    ("said", "kept"),
    [("1\x00\ud800", "1"), ("", ""), ("长" * 2000, "长" * 1600), ("一\n二", "一\n二")],
)
def test_a_text_is_kept_as_far_as_it_is_text(said, kept):
    assert heard(text=said).body == kept


@pytest.mark.parametrize(
    "change",
    [
        {"id": None}, {"id": ""}, {"id": True}, {"id": []}, {"id": 10**5000}, {"id": -1},
        {"text": None}, {"text": 5}, {"text": ["5"]},
    ],
)  # fmt: skip
def test_what_has_no_id_or_no_text_is_no_text_message(change):
    assert heard(**change) is None


@pytest.mark.parametrize(
    ("state", "code", "expected", "reason"),
    [
        ("sent", "x", State.SENT, ""),
        ("delivered", None, State.DELIVERED, ""),
        ("failed", "UNDELIV", State.FAILED, "http_UNDELIV"),
        ("failed", None, State.FAILED, "http_other"),
        ("failed", PHONE, State.FAILED, "http_other"),
    ],
)
def test_what_became_of_a_message_is_understood(state, code, expected, reason):
    said = TOLD | {"state": state, "code": code}
    assert gateway.parse_told(said) == Told("http", "M1", expected, reason, MESSAGE, 2)


@pytest.mark.parametrize(
    "ours",
    [
        None, "", 5, str(MESSAGE), f"{MESSAGE}.", f"{MESSAGE}.0", f"{MESSAGE}.-1", f"{MESSAGE}.x",
        f"{MESSAGE}.1.2", "x.1", ".1", [str(MESSAGE)], f"{MESSAGE}." + "1" * 10_000,
    ],
)  # fmt: skip
def test_an_id_that_is_not_ours_is_ignored(ours):
    assert gateway.parse_told(TOLD | {"message": ours}) == Told(
        "http", "M1", State.FAILED, "http_UNDELIV"
    )


@pytest.mark.parametrize(
    "change", [{"id": None}, {"id": ""}, {"state": "SENT"}, {"state": None}, {"state": ["sent"]}]
)
def test_what_says_nothing_we_know_is_nothing(change):
    assert gateway.parse_told(TOLD | change) is None


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)  # fmt: skip
NAMES = st.sampled_from([*INCOMING, *TOLD])
VALUES = ANYTHING | st.sampled_from([*INCOMING.values(), *TOLD.values(), 10**400])


@given(ANYTHING | st.dictionaries(NAMES, VALUES))
def test_no_object_breaks_the_reading(said):
    gateway.parse_incoming(said, NOW)
    gateway.parse_told(said)


@pytest.mark.parametrize("text", ["1" + "0" * 4000, "NaN", '"\\ud800"', "[" * 900 + "]" * 900])
def test_strange_json_is_nothing(text):
    said = json.loads(text)
    for value in (said, dict.fromkeys((*INCOMING, *TOLD), said)):
        assert gateway.parse_incoming(value, NOW) is None
        assert gateway.parse_told(value) is None


# --- who carries


def test_the_settings_choose_the_gateway(carrier, tmp_path):
    settings = make_settings(tmp_path, **http_settings(carrier))
    assert isinstance(chosen(settings)[By.SMS], HttpSender)
    assert not can_be_asked(chosen(settings)[By.SMS])
    assert inboxes(settings) == []
