"""Gateways of our own on this machine, which keep what they took and can be told how to misbehave.

They answer as Twilio's Messages API and the plain HTTP gateway are documented to. Each runs in
threads of the process that opens it, so it outlives the senders that a test kills.
"""

import base64
import hashlib
import heapq
import hmac
import json
import random
import re
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from twilio.request_validator import RequestValidator

ACCOUNT = "AC" + "0" * 32
TOKEN = "the-token-of-a-stand-in"
NUMBER = "+15005550006"
NO_NUMBER = "+15005550001"
"""Twilio's own test number for «this is no telephone number»."""

SENDERS_OF_A_SERVICE = re.compile("/v1/Services/MG[0-9a-f]{32}/(PhoneNumbers|ShortCodes)")

HTTP_ACCOUNT = "licheng"
HTTP_SECRET = "the-secret-of-a-stand-in"

CLOSES_FIRST, TOO_MANY, FAILS_FIRST, FAILS_AFTER, CLOSES_AFTER, ALL_WELL = range(6)

Hear = Callable[[str, dict[str, str], str], None]
"""Is told a callback: its address, its form and its signature."""


@dataclass
class Chance:
    """How likely which mishap is when a message is handed in; drawn anew for each."""

    draw: random.Random = field(default_factory=lambda: random.Random(1))
    too_many: float = 0
    """429 with Retry-After: not taken."""
    fails_first: float = 0
    """500, not taken."""
    fails_after: float = 0
    """500, taken."""
    closes_first: float = 0
    """Hung up without an answer, not taken."""
    closes_after: float = 0
    """Hung up without an answer, taken."""
    silent: float = 0
    """503 to a question about what was taken."""
    untold: float = 0
    """Taken, and nobody is ever told what became of it."""

    def mishap(self) -> int:
        """Draw one."""
        weights = [
            self.closes_first, self.too_many, self.fails_first, self.fails_after, self.closes_after,
        ]  # fmt: skip
        return self.draw.choices(range(6), [*weights, max(0.0, 1 - sum(weights))])[0]

    def is_silent(self) -> bool:
        """Draw whether a question goes unanswered."""
        return self.draw.random() < self.silent

    def is_untold(self) -> bool:
        """Draw whether nobody is told what became of a message."""
        return self.draw.random() < self.untold


@dataclass
class Answer:
    """What goes back: JSON, or any bytes if a test wants nonsense."""

    status: int
    said: object
    headers: dict[str, str] = field(default_factory=dict)


class StandIn:
    """A server on a free port of this machine, and what both gateways have in common."""

    def __init__(self, chance: Chance | None = None, delay: float = 0) -> None:
        self.chance = chance or Chance()
        self.delay = delay
        self.answer: Answer | None = None
        """Given to every request, whatever it asks, and nothing is taken."""
        self.opted_out: set[str] = set()
        self.messages: list[dict[str, Any]] = []
        """All that were taken."""
        self.posts = 0
        """How many requests asked to send, whatever came of them."""
        self.gets: list[str] = []
        self.lock = threading.RLock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def posted(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer | None:
        """Take a message or refuse it, with a mishap now and then; None hangs up."""
        time.sleep(self.delay)
        with self.lock:
            self.posts += 1
            mishap = self.chance.mishap()
            if self.answer or mishap in (CLOSES_FIRST, TOO_MANY, FAILS_FIRST):
                return self.answer or self.mishap_answer(mishap)
            answer = self.take(handler, body)
            if mishap in (FAILS_AFTER, CLOSES_AFTER):
                return self.mishap_answer(mishap)
            return answer

    def mishap_answer(self, mishap: int) -> Answer | None:
        """Return what is answered in a mishap."""
        if mishap in (CLOSES_FIRST, CLOSES_AFTER):
            return None
        if mishap == TOO_MANY:
            return Answer(429, {"code": 20429, "message": "Too Many Requests", "status": 429},
                          {"Retry-After": "2"})  # fmt: skip
        return Answer(500, {"code": 20500, "message": "Internal Server Error", "status": 500})

    def take(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        """Take a message or refuse it; called with the lock."""
        raise NotImplementedError

    def got(self, handler: BaseHTTPRequestHandler) -> Answer:
        """Answer a question."""
        return Answer(404, {"code": 20404, "message": handler.command, "status": 404})


class TwilioStandIn(StandIn):
    """Twilio's Messages API: takes messages, lists them both ways, and tells what became of them."""

    def __init__(
        self,
        chance: Chance | None = None,
        delay: float = 0,
        callbacks: Hear | str | None = None,
        callback_delay: float = 0.3,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(chance, delay)
        self.inbound: list[dict[str, Any]] = []
        self.numbers = [NUMBER]
        """Those of every messaging service."""
        self.short_codes: list[str] = []
        self.undeliverable: set[str] = set()
        self.clock = clock
        self.callbacks = _Callbacks(self, callbacks, callback_delay) if callbacks else None
        self._moments: dict[str, datetime] = {}

    @property
    def copies(self) -> Counter[tuple[str, str]]:
        """Count how often each text was taken for each phone."""
        with self.lock:
            return Counter((message["to"], message["body"]) for message in self.messages)

    def bodies_to(self, phone: str) -> list[str]:
        """Return the texts taken for a phone, oldest first."""
        with self.lock:
            return [message["body"] for message in self.messages if message["to"] == phone]

    def receive(
        self, phone: str, body: str, at: datetime | None = None, to: str = NUMBER
    ) -> dict[str, Any]:
        """Receive a text from a citizen, and keep it."""
        with self.lock:
            text = self._record(phone, to, body, "inbound", "received", at or self.clock())
            self.inbound.append(text | {"date_sent": text["date_created"]})
            return self.inbound[-1]

    def become(self, sid: str, status: str, error_code: int | None = None) -> None:
        """Let a message become `status`."""
        with self.lock:
            (message,) = (one for one in self.messages if one["sid"] == sid)
            sent = message["date_sent"] or _rfc2822(self.clock())
            message.update(status=status, error_code=error_code, date_sent=sent)

    def take(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        """Take a message as `POST …/Messages.json` does."""
        if not _is_known(handler, self.expected_path):
            return _twilio_error(401, 20003, "Authenticate")
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        if refusal := self._refusal(form):
            return refusal
        sender = form.get("From") or form["MessagingServiceSid"]
        message = self._record(sender, form["To"], form["Body"], "outbound-api", "queued",
                               self.clock())  # fmt: skip
        self.messages.append(message)
        if self.callbacks and "StatusCallback" in form and not self.chance.is_untold():
            self.callbacks.promise(message, form["StatusCallback"])
        return Answer(201, dict(message))

    def got(self, handler: BaseHTTPRequestHandler) -> Answer:
        """List messages as `GET …/Messages.json` does: newest first, a page at a time."""
        self.gets.append(handler.path)
        if self.answer:
            return self.answer
        if of_service := SENDERS_OF_A_SERVICE.fullmatch(urlsplit(handler.path).path):
            return self._senders(of_service[1])
        if not _is_known(handler, self.expected_path):
            return _twilio_error(401, 20003, "Authenticate")
        if self.chance.is_silent():
            return _twilio_error(503, 20503, "Service Unavailable")
        query = {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}
        with self.lock:
            found = [one for one in self.messages + self.inbound if _is_asked_for(one, query)]
            found.sort(key=lambda one: self._moments[one["sid"]], reverse=True)
            return Answer(200, self._page(found, query))

    def _senders(self, kind: str) -> Answer:
        """List the numbers of a messaging service, or its short codes."""
        key, field_name, known = {
            "PhoneNumbers": ("phone_numbers", "phone_number", self.numbers),
            "ShortCodes": ("short_codes", "short_code", self.short_codes),
        }[kind]
        meta = {"key": key, "page": 0, "page_size": 50, "next_page_url": None}
        return Answer(200, {key: [{field_name: one} for one in known], "meta": meta})

    expected_path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

    def _page(self, found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        size, page = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        more = query | {"Page": str(page + 1), "PageToken": f"PA{found[0]['sid'] if found else ''}"}
        is_last = len(found) <= (page + 1) * size
        return {
            "messages": [dict(one) for one in found[page * size : (page + 1) * size]],
            "page": page, "page_size": size, "start": page * size, "end": (page + 1) * size - 1,
            "uri": f"{self.expected_path}?{urlencode(query)}",
            "first_page_uri": f"{self.expected_path}?{urlencode(query | {'Page': '0'})}",
            "next_page_uri": None if is_last else f"{self.expected_path}?{urlencode(more)}",
            "previous_page_uri": None,
        }  # fmt: skip

    def _refusal(self, form: dict[str, str]) -> Answer | None:
        if not form.get("To"):
            return _twilio_error(400, 21604, "A 'To' phone number is required.")
        if not form.get("Body"):
            return _twilio_error(400, 21602, "Message body is required.")
        if form["To"] == NO_NUMBER:
            # The real one quotes the number, too.
            return _twilio_error(400, 21211, f"Invalid 'To' Phone Number: {form['To']}")
        if form["To"] in self.opted_out:
            return _twilio_error(400, 21610, "Attempt to send to unsubscribed recipient")
        return None

    def _record(
        self, sender: str, to: str, body: str, direction: str, status: str, at: datetime
    ) -> dict[str, Any]:
        sid, is_service = f"SM{token_hex(16)}", sender.startswith("MG")
        self._moments[sid] = at
        return {
            "sid": sid, "account_sid": ACCOUNT, "to": to, "from": None if is_service else sender,
            "messaging_service_sid": sender if is_service else None, "body": body,
            "direction": direction, "status": status, "error_code": None, "error_message": None,
            "num_segments": "1", "num_media": "0", "price": None, "price_unit": "USD",
            "api_version": "2010-04-01", "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
            "date_created": _rfc2822(at), "date_updated": _rfc2822(at), "date_sent": None,
            "subresource_uris": {},
        }  # fmt: skip


class HttpStandIn(StandIn):
    """The plain gateway: takes what is signed, by template and parameters."""

    def __init__(self, chance: Chance | None = None, delay: float = 0) -> None:
        super().__init__(chance, delay)
        self.templates: set[str] | None = None
        """Registered ones; None: all."""

    @property
    def copies(self) -> Counter[tuple[str, str]]:
        """Count how often each message was taken for each phone, whatever the try."""
        with self.lock:
            return Counter((one["to"], one["id"].partition(".")[0]) for one in self.messages)

    def take(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        """Take a message."""
        moment = handler.headers["X-Timestamp"] or ""
        wanted = hmac.new(HTTP_SECRET.encode(), f"{moment}\n".encode() + body, hashlib.sha256)
        if handler.headers["X-Signature"] != wanted.hexdigest():
            return Answer(401, {"code": "SIGNATURE"})
        message = json.loads(body)
        if refusal := self._refusal(message):
            return Answer(200, {"code": refusal})
        self.messages.append(message)
        return Answer(200, {"code": "OK", "id": f"M{len(self.messages):08}"})

    def _refusal(self, message: dict[str, Any]) -> str:
        if message["account"] != HTTP_ACCOUNT:
            return "BAD_ACCOUNT"
        if message["to"] == NO_NUMBER:
            return "BAD_NUMBER"
        if message["to"] in self.opted_out:
            return "STOPPED"
        if self.templates is not None and message["template"] not in self.templates:
            return "BAD_TEMPLATE"
        return ""


class _Callbacks:
    """Tells what became of messages: late, out of order, and each thing twice."""

    def __init__(self, stand_in: TwilioStandIn, hears: Hear | str, delay: float) -> None:
        self._stand_in = stand_in
        self._hear = _posting_to(hears) if isinstance(hears, str) else hears
        self._delay = delay
        self._draw = random.Random(2)
        self._due: list[tuple[float, int, str, dict[str, str]]] = []
        self._told = 0
        self._promised = 0
        self.unheard = 0
        """How many nobody answered; they are not repeated."""
        self._changed = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()

    def promise(self, message: dict[str, Any], address: str) -> None:
        """Tell this message's fate in a while."""
        is_lost = message["to"] in self._stand_in.undeliverable
        last = ("undelivered", "30003") if is_lost else ("delivered", "")
        with self._changed:
            for status, code in (("sent", ""), last) * 2:
                due = time.monotonic() + self._draw.random() * self._delay
                self._promised += 1
                form = _callback_form(message, status, code)
                heapq.heappush(self._due, (due, self._promised, address, form))
            self._changed.notify_all()

    def settle(self, stillness: float = 30) -> bool:
        """Wait until all is told, or for so many seconds nothing is; say whether all is."""
        with self._changed:
            while self._told < self._promised and self._changed.wait(stillness):
                pass
            return self._told == self._promised

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._due)
                due, _, address, form = heapq.heappop(self._due)
            time.sleep(max(0.0, due - time.monotonic()))
            self._tell(address, form)
            with self._changed:
                self._told += 1
                self._changed.notify_all()

    def _tell(self, address: str, form: dict[str, str]) -> None:
        if form["MessageStatus"] != "sent":
            code = int(form.get("ErrorCode", 0)) or None
            self._stand_in.become(form["MessageSid"], form["MessageStatus"], code)
        signature = RequestValidator(TOKEN).compute_signature(address, form)
        try:
            self._hear(address, form, signature)
        except Exception:  # whoever should hear it may be dead just now; Twilio does not mind
            self.unheard += 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep silent when a client that was killed does not listen to the end."""


def _handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._say(stand_in.posted(self, body))

        def do_GET(self) -> None:
            self._say(stand_in.got(self))

        def _say(self, answer: Answer | None) -> None:
            if answer is None:
                return  # and the connection closes
            said = answer.said
            # Raw UTF-8, and no charset named: it is JSON's own.
            body = (
                said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode()
            )
            self.send_response(answer.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
            for name, value in (headers | answer.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep silent."""

    return Handler


def _is_known(handler: BaseHTTPRequestHandler, path: str) -> bool:
    credentials = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return (
        urlsplit(handler.path).path == path
        and handler.headers["Authorization"] == f"Basic {credentials}"
    )


def _is_asked_for(message: dict[str, Any], query: dict[str, str]) -> bool:
    sent = message["date_sent"] and parsedate_to_datetime(message["date_sent"])
    after, before = (_moment(query.get(name)) for name in ("DateSent>", "DateSent<"))
    return (
        query.get("To", message["to"]) == message["to"]
        and query.get("From", message["from"]) == message["from"]
        and (not after or (bool(sent) and sent >= after))
        and (not before or (bool(sent) and sent <= before))
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _twilio_error(status: int, code: int, words: str) -> Answer:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": words, "more_info": more, "status": status})


def _callback_form(message: dict[str, Any], status: str, code: str) -> dict[str, str]:
    form = {
        "MessageSid": message["sid"], "SmsSid": message["sid"], "AccountSid": ACCOUNT,
        "MessageStatus": status, "SmsStatus": status, "ApiVersion": "2010-04-01",
        "To": message["to"], "From": message["from"] or NUMBER,
    }  # fmt: skip
    return form | ({"ErrorCode": code} if code else {})


def _posting_to(base: str) -> Hear:
    """Return what posts callbacks to the path they name, but at another address."""

    def post(address: str, form: dict[str, str], signature: str) -> None:
        there = urlsplit(address)._replace(**_place(base)).geturl()
        request = urllib.request.Request(
            there, urlencode(form).encode(), {"X-Twilio-Signature": signature}
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        direct.open(request, timeout=10).close()

    return post


def _place(base: str) -> dict[str, str]:
    return {"scheme": urlsplit(base).scheme, "netloc": urlsplit(base).netloc}


def _rfc2822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))


@contextmanager
def twilio_stand_in(**knobs: Any) -> Iterator[TwilioStandIn]:
    """Open Twilio on a free port."""
    with TwilioStandIn(**knobs) as stand_in:
        yield stand_in


@contextmanager
def http_stand_in(**knobs: Any) -> Iterator[HttpStandIn]:
    """Open the plain gateway on a free port."""
    with HttpStandIn(**knobs) as stand_in:
        yield stand_in


def twilio_settings(stand_in: TwilioStandIn, **changes: Any) -> dict[str, Any]:
    """Return the settings by which texts go to this stand-in."""
    return {
        "sms_sender": "twilio", "twilio_api": stand_in.address, "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": TOKEN, "twilio_from": NUMBER, "sms_timeout_seconds": 5, **changes,
    }  # fmt: skip


def http_settings(stand_in: HttpStandIn, **changes: Any) -> dict[str, Any]:
    """Return the settings by which texts go to this stand-in."""
    return {
        "sms_sender": "http", "sms_http_url": f"{stand_in.address}/send",
        "sms_http_account": HTTP_ACCOUNT, "sms_http_secret": HTTP_SECRET,
        "sms_timeout_seconds": 5, **changes,
    }  # fmt: skip
