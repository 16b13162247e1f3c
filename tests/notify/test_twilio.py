import gzip
import json
import logging
import re
import socket
import ssl
import threading
import traceback
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from itertools import takewhile
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st
from requests import adapters
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.datastructures import CombinedMultiDict, MultiDict

from feedback.notify.models import By, State
from feedback.notify.senders import (
    CannotTell,
    Letter,
    OptedOut,
    Refused,
    Rejected,
    Told,
    TwilioSender,
    Uncertain,
    Unreachable,
    can_be_asked,
    chosen,
    inboxes,
    web,
)
from feedback.notify.senders import twilio as gateway

from ..conftest import make_settings
from ..together import at_once, raised
from .carriers import (
    ACCOUNT,
    NO_NUMBER,
    NUMBER,
    TOKEN,
    Answer,
    Chance,
    TwilioStandIn,
    twilio_settings,
    twilio_stand_in,
)
from .helpers import nobody_there, script

MESSAGE = UUID("01930f2e-7c00-7000-8000-000000000001")
PHONE = "+8613812345678"
WORDS = "【历城区】您的评价已有答复:<请> & 查看"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
PUBLIC = "https://pj.licheng.example"

Refusal = (Refused, Rejected, Uncertain)


@pytest.fixture
def carrier():
    with twilio_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
def twilio(carrier, tmp_path):
    def sender(**changes):
        return TwilioSender(make_settings(tmp_path, **twilio_settings(carrier, **changes)))

    return sender


def letter(to=PHONE, text=WORDS, fence=1):
    return Letter(MESSAGE, fence, [to], "", text)


def refusal(sender, to=PHONE):
    with pytest.raises(Refusal) as problem:
        sender.send(letter(to))
    return problem.value


# --- handing over


def test_a_text_reaches_twilio_in_its_own_words_and_from_our_number(carrier, twilio):
    sid = twilio().send(letter())
    (message,) = carrier.messages
    assert (message["to"], message["body"], message["from"]) == (PHONE, WORDS, NUMBER)
    assert message["sid"] == sid


def test_a_messaging_service_chooses_the_number_itself(carrier, twilio):
    twilio(twilio_from="MG" + "1" * 32).send(letter())
    (message,) = carrier.messages
    assert message["messaging_service_sid"] == "MG" + "1" * 32
    assert message["from"] is None


def test_twilio_is_told_where_to_say_what_became_of_it(twilio):
    heard = []
    tell = {"callbacks": lambda *said: heard.append(said), "callback_delay": 0.05}
    with twilio_stand_in(**tell) as talkative:
        twilio(twilio_api=talkative.address, base_url=PUBLIC).send(letter(fence=3))
        assert talkative.callbacks.settle(5)
    address, form, signature = heard[0]
    assert address == f"{PUBLIC}/sms/status?message={MESSAGE}&try=3"
    assert gateway.is_genuine(address, MultiDict(form), signature, None, [TOKEN])
    assert sorted(form["MessageStatus"] for _, form, _ in heard) == ["delivered"] * 2 + ["sent"] * 2


@pytest.mark.parametrize(
    ("base_url", "api", "is_told"),
    [
        ("http://localhost:8000", gateway.REAL_API, False),
        ("http://127.0.0.1:8000", f"{gateway.REAL_API}/", False),
        (PUBLIC, gateway.REAL_API, True),
        ("http://localhost:8000", "http://127.0.0.1:1", True),
    ],
)
def test_the_real_twilio_is_not_sent_to_this_machine(tmp_path, base_url, api, is_told):
    settings = make_settings(tmp_path, base_url=base_url, twilio_api=api, twilio_from=NUMBER)
    assert bool(TwilioSender(settings)._callback(letter())) == is_told


def test_two_threads_send_without_getting_in_each_others_way(carrier, twilio):
    sender = twilio()

    def send(name):
        return [sender.send(letter(text=f"{name} {n}")) for n in range(20)]

    sids = at_once(None, partial(send, "甲"), partial(send, "乙"))
    assert raised(sids) == []
    assert len({*sids[0], *sids[1]}) == 40
    assert sorted(carrier.bodies_to(PHONE)) == sorted(f"{a} {n}" for a in "甲乙" for n in range(20))
    assert set(carrier.copies.values()) == {1}


def test_the_environments_proxies_and_regions_do_not_lead_texts_elsewhere(
    carrier, twilio, monkeypatch
):
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    with nobody_there() as port:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        twilio().send(letter())
    assert len(carrier.messages) == 1


# --- what goes wrong, and what that says of the message


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        (400, 21211, Rejected, "twilio_21211"),
        (400, 21214, Rejected, "twilio_21214"),
        (400, 21217, Rejected, "twilio_21217"),
        (400, 21265, Rejected, "twilio_21265"),
        (400, 21610, OptedOut, "twilio_21610"),
        (400, 21614, Rejected, "twilio_21614"),
        (400, 21617, Rejected, "twilio_21617"),
        (400, 21635, Rejected, "twilio_21635"),
        # Nobody knows what it is about: a person must see it, so no invitation may end by it.
        (400, 29999, Refused, "twilio_29999"),
        # A trial account writes only to phones that it has verified: no fault of this phone.
        (400, 21219, Refused, "twilio_21219"),
        (400, 21608, Refused, "twilio_21608"),
        # Our own number, permissions, queue or settings: the next message would fare no better.
        (400, 21408, Refused, "twilio_21408"),
        (400, 21612, Refused, "twilio_21612"),
        (400, 21660, Unreachable, "twilio_21660"),
        (400, 21704, Unreachable, "twilio_21704"),
        (400, 21606, Unreachable, "twilio_21606"),
        (400, 21609, Unreachable, "twilio_21609"),
        (400, 21611, Unreachable, "twilio_21611"),
        (401, 20003, Unreachable, "twilio_auth"),
        (403, 20003, Unreachable, "twilio_auth"),
        (403, 20005, Unreachable, "twilio_auth"),
        (403, 21408, Refused, "twilio_21408"),
        (404, 20404, Unreachable, "twilio_20404"),
        (429, 20429, Unreachable, "twilio_429"),
        (408, 20408, Uncertain, "twilio_408"),
        (302, 0, Uncertain, "twilio_302"),
        (500, 20500, Uncertain, "twilio_5xx"),
        (502, 20502, Uncertain, "twilio_5xx"),
        (503, 20503, Uncertain, "twilio_5xx"),
    ],
)
def test_twilios_answer_says_whether_the_text_has_left(carrier, twilio, status, code, kind, reason):
    carrier.answer = Answer(status, {"code": code, "message": f"about {PHONE}", "status": status})
    problem = refusal(twilio())
    assert type(problem) is kind
    assert problem.reason == reason


@pytest.mark.parametrize(
    ("status", "is_twilios"),
    [(500, True), (502, True), (503, True), (408, True), (302, False), (201, False)],
)
def test_a_doubt_is_twilios_fault_if_twilio_failed(carrier, twilio, status, is_twilios):
    carrier.answer = Answer(status, b"oops")
    assert refusal(twilio()).carriers_fault is is_twilios


def test_a_doubt_is_twilios_fault_if_twilio_hung_up_or_kept_silent(carrier, twilio):
    carrier.chance = Chance(closes_after=1)
    assert refusal(twilio()).carriers_fault
    carrier.delay = 1
    assert refusal(twilio(sms_timeout_seconds=0.2)).carriers_fault


@pytest.mark.parametrize(
    ("said", "wait"),
    [("2", 2), ("1.5", 1.5), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("inf", None)],
)
def test_twilio_may_say_for_how_long_it_wants_to_be_left_alone(carrier, twilio, said, wait):
    carrier.answer = Answer(429, {"code": 20429, "status": 429}, {"Retry-After": said})
    assert refusal(twilio()).wait == wait


@pytest.mark.parametrize(
    "said",
    [
        b"", b"<html>busy</html>", b"{", b"null", b"[]", b"{}", b'"SM1"', b'{"sid": null}',
        b'{"sid": 7}', b'{"sid": ""}', b"[" * 100_000, json.dumps({"sid": "S" * 65}).encode(),
    ],
)  # fmt: skip
def test_a_yes_that_names_no_message_is_uncertain(carrier, twilio, said):
    carrier.answer = Answer(201, said)
    problem = refusal(twilio())
    assert type(problem) is Uncertain
    assert problem.reason == "twilio_answer"


@pytest.mark.parametrize(
    ("said", "kind", "reason"),
    [
        (b"<html>no</html>", Refused, "twilio_400"),
        (b"[" * 100_000, Refused, "twilio_400"),
        (b"[]", Refused, "twilio_400"),
        (b'{"code": "+8613812345678"}', Refused, "twilio_400"),
        (b'{"code": {"a": 1}}', Refused, "twilio_400"),
        # The newer way in which Twilio words an error (RFC 9457) claims a status of its own.
        (
            json.dumps({"type": "x", "title": PHONE, "status": 500, "code": 21211}).encode(),
            Rejected, "twilio_21211",
        ),
    ],
)  # fmt: skip
def test_a_no_counts_by_its_status_however_it_is_worded(carrier, twilio, said, kind, reason):
    carrier.answer = Answer(400, said)
    problem = refusal(twilio())
    assert type(problem) is kind
    assert problem.reason == reason


def test_a_number_that_is_none_and_a_phone_that_said_stop(carrier, twilio):
    carrier.opted_out.add(PHONE)
    assert type(refusal(twilio(), NO_NUMBER)) is Rejected
    assert type(refusal(twilio())) is OptedOut
    assert carrier.messages == []


def test_a_wrong_token_is_our_trouble_and_not_the_messages(carrier, twilio):
    problem = refusal(twilio(twilio_auth_token="wrong"))
    assert (type(problem), problem.reason) == (Unreachable, "twilio_auth")


def test_where_nobody_listens_nothing_was_sent(twilio):
    with nobody_there() as port:
        problem = refusal(twilio(twilio_api=f"http://127.0.0.1:{port}"))
    assert type(problem) is Unreachable
    assert problem.reason == "twilio_connect_ConnectionRefusedError"


def test_a_name_that_means_nothing_was_not_spoken_to(twilio):
    problem = refusal(twilio(twilio_api="http://twilio.invalid"))
    assert type(problem) is Unreachable
    assert problem.reason.startswith("twilio_connect_")


def test_a_server_without_tls_gets_nothing(carrier, twilio):
    problem = refusal(twilio(twilio_api=carrier.address.replace("http://", "https://")))
    assert (type(problem), problem.reason) == (Unreachable, "twilio_connect_SSLError")
    assert carrier.posts == 0


def test_a_handshake_that_is_broken_off_is_no_answer_that_is_broken_off(twilio):
    with script(None) as port:
        problem = refusal(twilio(twilio_api=f"https://127.0.0.1:{port}"))
    assert type(problem) is Unreachable


def test_a_connection_that_does_not_come_about_in_time_sent_nothing(twilio):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        queued = [socket.socket() for _ in range(4)]
        for one in queued:
            one.setblocking(False)
            one.connect_ex(address)
        problem = refusal(
            twilio(twilio_api=f"http://127.0.0.1:{address[1]}", sms_timeout_seconds=0.3)
        )
        for one in queued:
            one.close()
    assert (type(problem), problem.reason) == (Unreachable, "twilio_connect_TimeoutError")


def test_an_answer_that_does_not_come_in_time_is_uncertain(carrier, twilio):
    carrier.delay = 1
    problem = refusal(twilio(sms_timeout_seconds=0.2))
    assert (type(problem), problem.reason) == (Uncertain, "twilio_read_TimeoutError")


def test_hung_up_after_accepting_is_uncertain_and_the_text_is_found_at_twilio(carrier, twilio):
    carrier.chance = Chance(closes_after=1)
    problem = refusal(twilio())
    assert (type(problem), problem.reason) == (Uncertain, "twilio_read_RemoteDisconnected")
    (found,) = twilio().taken(PHONE, datetime.now(UTC) - A_MINUTE)
    assert found.text == WORDS
    assert found.provider_id == carrier.messages[0]["sid"]


def test_hung_up_before_accepting_looks_the_same_from_here_and_only_twilio_tells_them_apart(
    carrier, twilio
):
    carrier.chance = Chance(closes_first=1)
    problem = refusal(twilio())
    assert (type(problem), problem.reason) == (Uncertain, "twilio_read_RemoteDisconnected")
    assert twilio().taken(PHONE, datetime.now(UTC) - A_MINUTE) == []


def test_control_an_error_of_the_servers_may_come_before_or_after_it_took_the_text(carrier, twilio):
    reasons = set()
    for chance in (Chance(fails_first=1), Chance(fails_after=1)):
        carrier.chance = chance
        reasons.add(refusal(twilio()).reason)
    assert reasons == {"twilio_5xx"}
    assert len(carrier.messages) == 1


@pytest.mark.parametrize(
    "chance",
    [
        Chance(), Chance(too_many=1), Chance(fails_first=1), Chance(fails_after=1),
        Chance(closes_first=1), Chance(closes_after=1),
    ],
)  # fmt: skip
def test_one_sending_is_one_request_whatever_happens(carrier, twilio, chance):
    carrier.chance = chance
    with suppress(*Refusal):
        twilio().send(letter())
    assert carrier.posts == 1


def test_a_redirect_is_not_followed(carrier, twilio):
    with twilio_stand_in() as elsewhere:
        carrier.answer = Answer(307, b"", {"Location": elsewhere.address + carrier.expected_path})
        assert type(refusal(twilio())) is Uncertain
        assert elsewhere.posts == 0


# --- answers that never end


def request_on(line):
    """Read a whole request and return it.

    Its head and its body come in two pieces. Who hangs up between them tears down the line, and the
    answer with it.
    """
    with line.makefile("rb") as said:
        head = b"".join(takewhile(b"\r\n".__ne__, said))
        length = re.search(rb"(?i)content-length: (\d+)", head)
        return head + b"\r\n" + said.read(int(length[1]) if length else 0)


@contextmanager
def trickling(*parts, pause=0.05):
    """Open a server that takes a request and then says these parts, with a pause between bytes.

    Gives its address, and what it has said as it grows.
    """
    listener, stop, said = socket.create_server(("127.0.0.1", 0)), threading.Event(), []

    def talk():
        with suppress(OSError):
            line, _ = listener.accept()
            with line:
                request_on(line)
                for part in parts:
                    line.sendall(part)
                    said.append(part)
                    if stop.wait(pause):
                        return

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", said
    finally:
        stop.set()
        listener.close()
        thread.join(5)


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 201 Created\r\n\r\n", b"HTTP/1.1 201 Created\r\nContent-Length: 999\r\n\r\n",
             b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ids=["first line", "without end", "by length", "in chunks"],
)  # fmt: skip
def test_an_answer_that_trickles_is_given_up_and_is_the_carriers_fault(twilio, head):
    byte = b"1\r\nx\r\n" if b"chunked" in head else b"x"
    with trickling(head, *[byte] * 200) as (address, said):
        problem = refusal(twilio(twilio_api=address, sms_timeout_seconds=0.2))
        assert len(said) < 100, "given up long before its end"
    assert (type(problem), problem.reason) == (Uncertain, "twilio_read_TimeoutError")
    assert problem.carriers_fault


def test_an_answer_that_is_slow_but_ends_in_time_is_one(twilio):
    said = b'HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{"sid":"SM1"}'
    with trickling(*[bytes([one]) for one in said], pause=0.005) as (address, _):
        assert twilio(twilio_api=address, sms_timeout_seconds=15).send(letter()) == "SM1"


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}], ids=["plain", "packed"])
def test_an_answer_without_measure_is_not_read(carrier, twilio, headers):
    endless = b" " * (web.MOST_BYTES + 1)
    carrier.answer = Answer(201, gzip.compress(endless) if headers else endless, headers)
    problem = refusal(twilio())
    assert (type(problem), problem.reason) == (Uncertain, "twilio_read_TooLarge")


def test_a_full_page_of_the_longest_texts_is_read(carrier, twilio):
    for _ in range(gateway.PAGE):
        carrier.receive(PHONE, "长" * 1600, NOW)
    escaped = json.dumps(carrier._page(list(carrier.inbound), {"PageSize": "100"})).encode()
    carrier.answer = Answer(200, escaped)
    assert len(escaped) > 1_000_000
    assert len(twilio().incoming(NOW)) == gateway.PAGE


# --- who is believed


@contextmanager
def secure(
    certificate, key, answer=b'HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{"sid":"SM1"}'
):
    """Open a TLS server that shows this certificate, and return its address and what it heard."""
    context, heard = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def talk():
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                with suppress(OSError), context.wrap_socket(line, server_side=True) as line:
                    heard.append(request_on(line))
                    line.sendall(answer)

    threading.Thread(target=talk, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def fresh_trust():
    """Forget whom we believe, before and after."""
    web._trust.cache_clear()
    yield
    web._trust.cache_clear()


def vouched_for(folder, address):
    """Return files of a certificate for an address, signed by itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    today = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, today - A_MINUTE, today + 9 * A_MINUTE
        )
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    shown, kept = folder / "certificate.pem", folder / "key.pem"
    shown.write_bytes(certificate.public_bytes(Encoding.PEM))
    kept.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(shown), str(kept)


def test_a_server_for_whom_nobody_vouches_gets_nothing(twilio, tmp_path, fresh_trust):
    with secure(*vouched_for(tmp_path, "127.0.0.1")) as (address, heard):
        problem = refusal(twilio(twilio_api=address))
    assert (type(problem), problem.reason) == (
        Unreachable,
        "twilio_connect_SSLCertVerificationError",
    )
    assert heard == []


def test_a_server_that_shows_somebody_elses_certificate_gets_nothing(
    twilio, tmp_path, fresh_trust, monkeypatch
):
    certificate, key = vouched_for(tmp_path, "127.0.0.2")
    monkeypatch.setattr(web, "where", lambda: certificate)
    with secure(certificate, key) as (address, heard):
        assert type(refusal(twilio(twilio_api=address))) is Unreachable
    assert heard == []


def test_certificates_are_read_once_for_all_texts(twilio, tmp_path, fresh_trust, monkeypatch):
    certificate, key = vouched_for(tmp_path, "127.0.0.1")
    monkeypatch.setattr(web, "where", lambda: certificate)
    monkeypatch.setattr(adapters, "DEFAULT_CA_BUNDLE_PATH", certificate)
    read, reads = ssl.SSLContext.load_verify_locations, []
    monkeypatch.setattr(
        ssl.SSLContext, "load_verify_locations", lambda *said: reads.append(1) or read(*said)
    )
    with secure(certificate, key) as (address, heard):
        for _ in range(3):
            assert twilio(twilio_api=address).send(letter()) == "SM1"
    assert (len(heard), len(reads)) == (3, 1)


# --- nothing personal in logs and reasons


@pytest.mark.parametrize(
    "chance", [Chance(), Chance(too_many=1), Chance(fails_after=1), Chance(closes_after=1)]
)
def test_no_log_names_phone_words_or_token(carrier, twilio, caplog, chance):
    caplog.set_level(logging.DEBUG)
    carrier.chance = chance
    try:
        twilio().send(letter())
    except Refusal:
        logging.getLogger("outbox").exception("not sent")
    twilio().taken(PHONE, NOW)
    carrier.answer = Answer(400, {"code": 21211, "message": f"Invalid 'To' Number: {PHONE}"})
    for act in (lambda: twilio().send(letter()), lambda: twilio().taken(PHONE, NOW)):
        with pytest.raises((*Refusal, CannotTell)) as problem:
            act()
        logging.getLogger("outbox").error("not sent", exc_info=problem.value)
    assert not any(secret in caplog.text for secret in ("13812345678", "答复", TOKEN))
    assert "not sent" in caplog.text, "the log was listened to"


def test_a_trace_of_the_trouble_holds_no_phone(carrier, twilio):
    problem = refusal(twilio(), NO_NUMBER)
    assert NO_NUMBER not in "".join(traceback.format_exception(problem))


def test_control_the_library_alone_tells_the_log_whom_it_asks_after(carrier, caplog):
    caplog.set_level(logging.DEBUG)

    class Elsewhere(TwilioHttpClient):
        def request(self, method, url, *args, **kwargs):
            url = url.replace(gateway.REAL_API, carrier.address)
            return super().request(method, url, *args, **kwargs)

    Client(ACCOUNT, TOKEN, http_client=Elsewhere()).messages.list(to=PHONE)
    assert "13812345678" in caplog.text


def test_control_the_librarys_own_error_quotes_the_phone(carrier):
    class Elsewhere(TwilioHttpClient):
        def request(self, method, url, *args, **kwargs):
            url = url.replace(gateway.REAL_API, carrier.address)
            return super().request(method, url, *args, **kwargs)

    with pytest.raises(TwilioRestException, match=r"\+15005550001"):
        Client(ACCOUNT, TOKEN, http_client=Elsewhere()).messages.create(
            to=NO_NUMBER, from_=NUMBER, body="x"
        )


# --- asking afterwards


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("accepted", State.SENT), ("scheduled", State.SENT), ("queued", State.SENT),
        ("sending", State.SENT), ("sent", State.SENT), ("partially_delivered", State.SENT),
        ("delivered", State.DELIVERED), ("read", State.DELIVERED),
        ("failed", State.FAILED), ("undelivered", State.FAILED), ("canceled", State.FAILED),
    ],
)  # fmt: skip
def test_what_twilio_lists_it_took_whatever_became_of_it(carrier, twilio, status, state):
    carrier.become(twilio().send(letter()), status)
    (found,) = twilio().taken(PHONE, datetime.now(UTC))
    assert found.state == state
    assert found.reason == (f"twilio_{status}" if state is State.FAILED else "")


def test_a_failure_carries_twilios_number(carrier, twilio):
    carrier.become(twilio().send(letter()), "undelivered", 30003)
    (found,) = twilio().taken(PHONE, datetime.now(UTC))
    assert found.reason == "twilio_30003"


def test_only_what_went_to_this_phone_from_us_is_ours(carrier, twilio):
    twilio().send(letter())
    twilio().send(letter(to="+8613912345678", text="别人"))
    carrier.receive(PHONE, "1")
    text = carrier.receive("+8613812340000", "from a citizen to the phone itself, by some gateway")
    text["to"] = PHONE
    assert [one.text for one in twilio().taken(PHONE, datetime.now(UTC))] == [WORDS]


def test_three_hours_before_are_still_looked_at_because_clocks_differ(carrier, twilio):
    """Ours may be ahead; what was taken would look absent, and be sent twice."""
    carrier.clock = lambda: NOW
    twilio().send(letter())
    assert len(twilio().taken(PHONE, NOW + timedelta(seconds=90))) == 1
    assert len(twilio().taken(PHONE, NOW + timedelta(hours=3))) == 1
    assert twilio().taken(PHONE, NOW + timedelta(hours=3, seconds=1)) == []


def test_what_a_trial_account_puts_before_our_words_is_not_ours(carrier, twilio):
    twilio().send(letter())
    carrier.messages[0]["body"] = f"Sent from your Twilio trial account - {WORDS}"
    assert [one.text for one in twilio().taken(PHONE, datetime.now(UTC))] == [WORDS]


def test_every_page_is_read_until_a_whole_one_is_old(carrier, twilio):
    days_ago = NOW - timedelta(days=3)
    carrier.clock = lambda: days_ago
    for n in range(3 * gateway.PAGE):
        carrier.messages.append(carrier._record(NUMBER, PHONE, f"old {n}", "outbound-api", "sent",
                                                days_ago))  # fmt: skip
    carrier.clock = lambda: NOW
    for n in range(gateway.PAGE + 1):
        carrier.messages.append(carrier._record(NUMBER, PHONE, f"new {n}", "outbound-api", "sent",
                                                NOW))  # fmt: skip
    found = twilio().taken(PHONE, NOW)
    assert len({one.text for one in found}) == gateway.PAGE + 1
    assert len(carrier.gets) == 3, "and not all five"


def test_one_that_twilio_lists_behind_old_ones_is_found(carrier, twilio):
    """It lists by the moment of sending, which a text in its queue has not got."""
    carrier.clock = lambda: NOW
    twilio().send(letter())
    old = NOW - timedelta(days=3)
    for n in range(gateway.PAGE // 2):
        carrier.messages.append(carrier._record(NUMBER, PHONE, f"old {n}", "outbound-api", "sent",
                                                old))  # fmt: skip
    carrier._moments[carrier.messages[0]["sid"]] = old - A_MINUTE
    assert [one.text for one in twilio().taken(PHONE, NOW)] == [WORDS]


def test_a_list_without_end_is_no_answer(carrier, twilio, monkeypatch):
    monkeypatch.setattr(gateway, "MOST", 5)
    for _ in range(6):
        twilio().send(letter())
    with pytest.raises(CannotTell, match="twilio_too_many"):
        twilio().taken(PHONE, datetime.now(UTC))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(401, {"code": 20003}), "twilio_auth"),
        (Answer(429, {"code": 20429}), "twilio_429"),
        (Answer(500, b"oops"), "twilio_5xx"),
        (Answer(200, b"<html>"), "twilio_answer"),
        (Answer(200, b"null"), "twilio_answer"),
        (Answer(200, b"[" * 100_000), "twilio_answer"),
        (Answer(200, {}), "twilio_answer"),
        (Answer(200, {"messages": 5}), "twilio_answer"),
        (Answer(200, {"messages": ["x"]}), "twilio_answer"),
        (Answer(200, {"messages": [], "next_page_uri": 7}), "twilio_answer"),
        (
            Answer(200, {"messages": [], "meta": {"key": "messages",
                         "next_page_url": "https://api.twilio.com.thief.example/"}}),
            "twilio_answer",
        ),
    ],
)  # fmt: skip
def test_who_gets_no_proper_answer_cannot_tell(carrier, twilio, answer, reason):
    carrier.answer = answer
    for ask in (lambda: twilio().taken(PHONE, NOW), lambda: twilio().incoming(NOW)):
        with pytest.raises(CannotTell) as doubt:
            ask()
        assert doubt.value.reason == reason


@pytest.mark.parametrize("lost", ["body", "sid", "direction", "date_created"])
def test_a_record_that_lacks_something_is_no_answer(carrier, twilio, lost):
    twilio().send(letter())
    carrier.messages[0][lost] = None
    carrier._moments[None] = NOW
    with pytest.raises(CannotTell, match="twilio_answer"):
        twilio().taken(PHONE, datetime.now(UTC))


def test_where_nobody_listens_nobody_can_tell(twilio):
    with nobody_there() as port:
        sender = twilio(twilio_api=f"http://127.0.0.1:{port}")
        with pytest.raises(CannotTell, match="twilio_connect_ConnectionRefusedError"):
            sender.taken(PHONE, NOW)
        with pytest.raises(CannotTell, match="twilio_connect_ConnectionRefusedError"):
            sender.incoming(NOW)


# --- fetching what citizens sent


def test_what_citizens_sent_since_is_fetched(carrier, twilio):
    twilio().send(letter())
    carrier.receive(PHONE, "too old", NOW - A_MINUTE)
    text = carrier.receive(PHONE, "5\x00 很好", NOW)
    (found,) = twilio().incoming(NOW)
    assert (found.gateway, found.provider_id, found.phone) == ("twilio", text["sid"], PHONE)
    assert found.body == "5 很好"
    assert found.sent_at == NOW


def test_a_part_of_a_second_hides_nothing(carrier, twilio):
    carrier.receive(PHONE, "5", NOW)
    shanghai = datetime.fromisoformat("2026-11-23T10:00:00.900+08:00")
    assert len(twilio().incoming(shanghai)) == 1


def test_all_pages_of_what_citizens_sent_are_fetched(carrier, twilio):
    for n in range(gateway.PAGE * 2 + 1):
        carrier.receive(PHONE, str(n), NOW + timedelta(seconds=n))
    assert len({one.body for one in twilio().incoming(NOW)}) == gateway.PAGE * 2 + 1


SERVICE = "MG" + "1" * 32


def test_a_messaging_service_asks_for_each_of_its_numbers_and_takes_only_its_own(carrier, twilio):
    carrier.numbers, carrier.short_codes = [NUMBER, "+15005550009"], ["12345"]
    for belongs_to, words in ((None, "5"), (SERVICE, "4"), ("MG" + "2" * 32, "for somebody else")):
        text = carrier.receive(PHONE, words, NOW)
        text["messaging_service_sid"] = belongs_to
    carrier.receive(PHONE, "3", NOW, to="+15005550009")
    carrier.receive(PHONE, "2", NOW, to="12345")
    carrier.receive(PHONE, "to a number of the account that is not the service's", NOW, to="99999")
    found = twilio(twilio_from=SERVICE).incoming(NOW)
    assert sorted(one.body for one in found) == ["2", "3", "4", "5"]


def test_what_a_service_sent_does_not_stand_in_the_way_of_what_it_received(carrier, twilio):
    carrier.clock = lambda: NOW + A_MINUTE
    sender = twilio(twilio_from=SERVICE)
    for n in range(gateway.PAGE + 1):
        carrier.become(sender.send(letter(text=str(n))), "delivered")
    carrier.receive(PHONE, "5", NOW)
    carrier.gets.clear()
    assert [one.body for one in sender.incoming(NOW)] == ["5"]
    assert len(carrier.gets) == 3, "its numbers, its short codes, and one page of texts"


def test_a_service_without_any_number_cannot_tell_what_was_sent_to_it(carrier, twilio):
    carrier.numbers = []
    with pytest.raises(CannotTell, match="twilio_no_numbers"):
        twilio(twilio_from=SERVICE).incoming(NOW)


def test_however_much_citizens_sent_is_fetched(carrier, twilio, monkeypatch):
    monkeypatch.setattr(gateway, "MOST", 5)
    for n in range(gateway.PAGE + 6):
        carrier.receive(PHONE, str(n), NOW)
    assert len(twilio().incoming(NOW)) == gateway.PAGE + 6


def test_a_list_that_goes_round_in_circles_is_no_answer(carrier, twilio):
    for n in range(gateway.PAGE * 2):
        carrier.receive(PHONE, str(n), NOW)
    page = carrier._page
    carrier._page = lambda found, query: (
        page(found, query)
        | {"next_page_uri": f"{carrier.expected_path}?Page=0&PageSize={gateway.PAGE}"}
    )
    with pytest.raises(CannotTell, match="twilio_in_circles"):
        twilio().incoming(NOW)


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("https://api.twilio.com/a", "https://api.twilio.com/a"),
        ("https://messaging.twilio.com/a", "https://messaging.twilio.com/a"),
    ],
)
def test_the_real_twilio_is_asked_at_its_own_addresses(tmp_path, url, leads_to):
    assert gateway._Http(make_settings(tmp_path))._address(url) == leads_to
    trial = make_settings(tmp_path, twilio_api="http://127.0.0.1:1/")
    assert gateway._Http(trial)._address(url) == "http://127.0.0.1:1/a"


@pytest.mark.parametrize(
    "url", ["https://messaging.twilio.com.thief.example/", "http://api.twilio.com/", "https://x/"]
)
def test_our_token_goes_to_nobody_else(tmp_path, url):
    with pytest.raises(ValueError, match="elsewhere"):
        gateway._Http(make_settings(tmp_path))._address(url)


# --- what Twilio sends us is proved by its signature

STATUS = f"{PUBLIC}/sms/status?message={MESSAGE}&try=1"
INBOUND = MultiDict(
    [
        ("MessageSid", "SM" + "a" * 32), ("From", "+8613812345678"), ("To", "+15005550006"),
        ("Body", "很不满意 & 要求+回复 =?"), ("MediaUrl", "b"), ("MediaUrl", "a"), ("Empty", ""),
    ]
)  # fmt: skip


def signed(url, form, token=TOKEN, algorithm=None):
    return RequestValidator(token).compute_signature(url, form, algorithm)


def genuine(url=STATUS, form=INBOUND, signature="", header=None, tokens=(TOKEN,)):
    return gateway.is_genuine(url, form, signature, header, list(tokens))


@pytest.mark.parametrize(
    "url",
    [
        f"{PUBLIC}/sms/incoming",
        STATUS,
        f"{PUBLIC}:8443/sms/incoming?a=1&a=2",
        "http://localhost/sms/incoming",
        f"{PUBLIC}/sms/incoming?words=%E5%BE%88%E5%A5%BD",
    ],
)
def test_what_twilio_signed_is_genuine(url):
    assert genuine(url, signature=signed(url, INBOUND))


def test_a_repeated_parameter_is_signed_whole():
    alone = MultiDict(INBOUND.to_dict())
    assert len(INBOUND.getlist("MediaUrl")) == 2
    assert not genuine(form=INBOUND, signature=signed(STATUS, alone))


@pytest.mark.parametrize("port", ["", ":443"])
def test_the_usual_port_may_be_said_or_not(port):
    url = f"{PUBLIC}{port}/sms/incoming"
    assert genuine(f"{PUBLIC}/sms/incoming", signature=signed(url, INBOUND))


def test_control_the_address_behind_the_proxy_is_not_the_one_that_was_signed():
    behind = STATUS.replace(PUBLIC, "http://127.0.0.1:8000")
    assert not genuine(behind, signature=signed(STATUS, INBOUND))
    assert genuine(STATUS, signature=signed(STATUS, INBOUND))


def test_a_newer_signature_counts_too():
    header = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    signature = signed(STATUS, INBOUND, algorithm="HMAC_SHA256")
    assert genuine(signature=signature, header=header)
    assert not genuine(signature=signature)
    assert not genuine(signature=signed(STATUS, INBOUND), header=header)
    assert not genuine(signature=signature, header="algorithm=HMAC_MD5")


def test_the_old_token_counts_while_it_is_changed():
    signature = signed(STATUS, INBOUND, "old token")
    assert genuine(signature=signature, tokens=["new token", "old token"])
    assert not genuine(signature=signature, tokens=["new token", ""])


def test_an_empty_token_proves_nothing():
    assert not genuine(signature=signed(STATUS, INBOUND, ""), tokens=["", ""])
    assert not genuine(signature=signed(STATUS, INBOUND), tokens=[])


@pytest.mark.parametrize(
    "signature", [None, "", "x", "签名", "\x00", "\ud800", "é" * 28, "A" * 28, "A" * 100_000]
)
def test_a_bad_signature_is_no_and_never_an_error(signature):
    assert not genuine(signature=signature)


@pytest.mark.parametrize(
    "change",
    [{"Body": "很满意"}, {"From": "+8613912345678"}, {"MessageSid": "SM" + "b" * 32}, {"New": "1"}],
)
def test_a_changed_form_is_not_genuine(change):
    changed = INBOUND.copy()
    for name, value in change.items():
        changed[name] = value
    assert not genuine(form=changed, signature=signed(STATUS, INBOUND))


def test_a_changed_query_is_not_genuine():
    other = STATUS.replace("try=1", "try=2")
    assert not genuine(other, signature=signed(STATUS, INBOUND))


def test_text_that_no_encoding_knows_is_not_genuine():
    assert not genuine(form=MultiDict({"Body": "\ud800"}), signature="A" * 28)


@given(st.text(), st.text(), st.dictionaries(st.text(), st.text()))
def test_no_signature_or_header_breaks_the_check(signature, header, form):
    assert not gateway.is_genuine(STATUS, MultiDict(form), signature, header, [TOKEN])


# --- what Twilio says


def test_a_status_callback_is_understood():
    form = MultiDict({"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"})
    said = CombinedMultiDict([MultiDict({"message": str(MESSAGE), "try": "2"}), form])
    assert gateway.told(said) == Told("twilio", "SM1", State.FAILED, "twilio_30003", MESSAGE, 2)


def test_the_older_names_are_understood_too():
    assert gateway.told({"SmsSid": "SM1", "SmsStatus": "read"}) == Told(
        "twilio", "SM1", State.DELIVERED
    )


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"MessageSid": "SM1"},
        {"MessageSid": "SM1", "MessageStatus": "received"},
        {"MessageSid": "SM1", "MessageStatus": "exploded"},
        {"MessageStatus": "sent"},
        {"MessageSid": "S" * 65, "MessageStatus": "sent"},
        {"MessageSid": "SM\x001", "MessageStatus": "sent"},
        {"MessageSid": ["SM1"], "MessageStatus": ["sent"]},
    ],
)
def test_what_says_nothing_we_know_is_nothing(said):
    assert gateway.told(said) is None


@pytest.mark.parametrize(
    "ours",
    [
        {}, {"message": str(MESSAGE)}, {"try": "1"}, {"message": "x", "try": "1"},
        {"message": str(MESSAGE), "try": "0"}, {"message": str(MESSAGE), "try": "-1"},
        {"message": str(MESSAGE), "try": "١"}, {"message": str(MESSAGE), "try": "9" * 10},
    ],
)  # fmt: skip
def test_an_id_that_is_not_ours_is_ignored(ours):
    said = gateway.told({"MessageSid": "SM1", "MessageStatus": "sent", **ours})
    assert said == Told("twilio", "SM1", State.SENT)


def test_an_error_code_that_is_none_is_not_repeated():
    said = {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": PHONE}
    assert gateway.told(said).reason == "twilio_failed"


def test_an_incoming_text_is_understood():
    text = gateway.incoming_of(INBOUND, NOW)
    assert (text.gateway, text.provider_id, text.phone) == ("twilio", "SM" + "a" * 32, PHONE)
    assert (text.body, text.sent_at) == ("很不满意 & 要求+回复 =?", NOW)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("STOP", "STOP"), ("start", "START"), ("Help", "HELP"), ("", ""), (None, ""), ("NO", ""),
        (["STOP"], ""), ("STOP ", ""),
    ],
)  # fmt: skip
def test_twilio_tells_what_it_has_answered_itself(said, kept):
    assert gateway.incoming_of(INBOUND.to_dict() | {"OptOutType": said}, NOW).opt_out == kept


def test_a_text_that_twilio_left_to_us_is_nothing_of_that_kind():
    assert gateway.incoming_of(INBOUND, NOW).opt_out == ""


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (None, ""),
        ("", ""),
        ("1\x00\x1b[31m\ud800", "1[31m"),
        ("一\n二", "一\n二"),
        ("长" * 2000, "长" * 1600),
        ("5️⃣ 👍", "5️⃣ 👍"),
    ],
)
def test_a_text_is_kept_as_far_as_it_is_text(body, kept):
    assert gateway.incoming_of({"MessageSid": "SM1", "From": PHONE, "Body": body}, NOW).body == kept


@pytest.mark.parametrize(
    "change",
    [
        {"MessageSid": None}, {"MessageSid": ""}, {"MessageSid": "S" * 65}, {"From": None},
        {"From": ""}, {"From": "+" + "1" * 64}, {"From": "\x00"}, {"From": 8613812345678},
    ],
)  # fmt: skip
def test_a_text_of_nobody_is_none(change):
    form = {"MessageSid": "SM1", "From": PHONE, "Body": "1", **change}
    assert gateway.incoming_of(form, NOW) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMES = st.sampled_from(
    ["MessageSid", "MessageStatus", "ErrorCode", "message", "try", "From", "Body"]
) | st.text()  # fmt: skip


@given(st.dictionaries(NAMES, ANYTHING | st.sampled_from(["SM1", "failed", str(MESSAGE), "1"])))
def test_no_form_breaks_the_reading(form):
    gateway.told(form)
    gateway.incoming_of(form, NOW)


# --- what we answer


def test_an_answer_without_words_is_empty():
    for words in (None, "", "\x00"):
        assert len(fromstring(gateway.twiml(words, None))) == 0


def test_words_and_address_come_out_as_they_went_in():
    words = "</Message><Message>&amp; \"'<![CDATA[ 谢谢 ]]>"
    (message,) = fromstring(gateway.twiml(words, STATUS + "&x=\"'<>"))
    assert (message.tag, message.text) == ("Message", words)
    assert message.attrib == {"statusCallback": STATUS + "&x=\"'<>"}


def test_what_xml_cannot_say_is_left_out():
    (message,) = fromstring(gateway.twiml("谢\x00\x0b谢\ufffe\uffff您\ud800 👍\t\n", None))
    assert message.text == "谢谢您 👍\t\n"


@given(st.text(st.characters(codec=None)))
def test_no_words_break_the_answer(words):
    assert fromstring(gateway.twiml(words, None)).tag == "Response"


# --- who carries


def test_the_settings_choose_twilio_both_ways(tmp_path):
    settings = make_settings(
        tmp_path, sms_sender="twilio", twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN,
        twilio_from=NUMBER,
    )  # fmt: skip
    assert isinstance(chosen(settings)[By.SMS], TwilioSender)
    assert can_be_asked(chosen(settings)[By.SMS])
    assert [inbox.name for inbox in inboxes(settings)] == ["twilio"]


def test_nobody_else_keeps_what_citizens_sent(tmp_path):
    assert inboxes(make_settings(tmp_path)) == []


# --- the stand-in itself


def test_callbacks_travel_to_a_server_with_a_signature_over_the_public_address(twilio):
    with TwilioStandIn() as door:
        heard = []
        door.take = lambda handler, body: heard.append((handler, body)) or Answer(204, b"")
        with twilio_stand_in(callbacks=door.address, callback_delay=0.05) as carrier:
            carrier.undeliverable.add(PHONE)
            sender = twilio(twilio_api=carrier.address, base_url=PUBLIC)
            sender.send(letter())
            assert carrier.callbacks.settle(5)
            (found,) = sender.taken(PHONE, datetime.now(UTC))
    assert (found.state, found.reason) == (State.FAILED, "twilio_30003")
    assert carrier.callbacks.unheard == 0
    assert len(heard) == 4
    for handler, body in heard:
        form = MultiDict((k, v[0]) for k, v in parse_qs(body.decode()).items())
        assert genuine(form=form, signature=handler.headers["X-Twilio-Signature"])
