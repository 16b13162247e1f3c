"""Text messages through Twilio, both ways.

The library makes the requests and knows the signatures. What it raises holds phones and words, so
none of it goes on from here: reasons are codes, and nothing is logged.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from requests import RequestException
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse
from werkzeug.datastructures import MultiDict

from ...config import Settings
from ...text import CONTROL
from ..models import State
from . import web
from .base import (
    CannotTell,
    Incoming,
    Letter,
    NotSent,
    OnList,
    OptedOut,
    Refused,
    Rejected,
    Told,
    Uncertain,
    Unreachable,
)

REAL_API = "https://api.twilio.com"
SERVICES = "https://messaging.twilio.com"
"""Where the library asks which numbers a messaging service has."""
PAGE = 100
MOST = 10_000
"""So many messages to one phone are read; beyond that something is wrong, and nothing is concluded."""
CLOCKS_DIFFER = timedelta(hours=3)
"""Nothing is lost by looking back far: a message is known again by its words, and once only."""
TRIAL = "Sent from your Twilio trial account - "
"""What Twilio puts before each text of a trial account, in its list, too."""
OPT_OUTS = ("STOP", "START", "HELP")
LONGEST_ID = 64

STOPPED = 21610
HOPELESS = {21211, 21214, 21217, 21265, 21614, 21617, 21635}
"""What is wrong with this phone or this text (twilio.com/docs/api/errors); the next may go well."""
OUT_OF_REACH = {21408, 21612}
"""The country or the network of this phone is closed to us: others' are not, and it may be opened."""
OUR_OWN = {20404, 21212, 21603, 21606, 21609, 21611, 21659, 21660, 21703, 21704, 21705}
"""What is wrong with our number, our settings or our queue: the next would fare no better. What is
in no set and no trouble of signing in is tried again, and a person sees it."""

STATES = {
    "accepted": State.SENT, "scheduled": State.SENT, "queued": State.SENT, "sending": State.SENT,
    "sent": State.SENT, "delivered": State.DELIVERED, "read": State.DELIVERED,
    "failed": State.FAILED, "undelivered": State.FAILED, "canceled": State.FAILED,
}  # fmt: skip

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What the library stumbles into when an answer is not what Twilio documents."""


class TwilioSender:
    """Hands text messages to Twilio, asks what it took, and fetches what it received for us."""

    name = "twilio"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, letter: Letter) -> str:
        with self._client() as (client, http):
            try:
                sid = client.messages.create(**self._message(letter)).sid
            except RequestException as problem:
                raise web.unanswered("twilio", problem) from None
            except TwilioException:
                raise _refusal(http.answer) from None
            except UNREADABLE:
                raise Uncertain("twilio_answer") from None
        if not _is_id(sid):
            raise Uncertain("twilio_answer")
        return str(sid)

    def taken(self, phone: str, since: datetime) -> list[OnList]:
        with self._asking() as client:
            found = _until_old(client.messages.stream(to=phone, page_size=PAGE), since)
            return [_on_list(one) for one in found if one.direction.startswith("outbound")]

    def incoming(self, since: datetime) -> list[Incoming]:
        # Twilio counts in whole seconds.
        after = since.astimezone(UTC).replace(microsecond=0)
        with self._asking() as client:
            texts = [
                text for number in self._numbers(client) for text in _to(client, number, after)
            ]
            return [text for one in texts if self._is_ours(one) and (text := _received(one))]

    def _numbers(self, client: Client) -> list[str]:
        """Return the numbers that citizens write to.

        Asked for number by number, what we send is not on the list, which may be ten times as much.
        """
        ours = self._settings.twilio_from
        if not _is_service(ours):
            return [ours]
        service = client.messaging.v1.services(ours)
        numbers = [one.phone_number for one in service.phone_numbers.stream(page_size=PAGE)]
        numbers += [one.short_code for one in service.short_codes.stream(page_size=PAGE)]
        if not numbers or not all(map(_is_id, numbers)):
            raise CannotTell("twilio_no_numbers")
        return numbers

    def _is_ours(self, one: Any) -> bool:
        """Say whether a citizen sent it, and not to a service that had the number before."""
        ours, service = self._settings.twilio_from, one.messaging_service_sid
        return one.direction == "inbound" and (not _is_service(ours) or service in (None, ours))

    def _message(self, letter: Letter) -> dict[str, str]:
        ours = self._settings.twilio_from
        sender = {"messaging_service_sid" if _is_service(ours) else "from_": ours}
        return {"to": letter.to[0], "body": letter.text, **sender, **self._callback(letter)}

    def _callback(self, letter: Letter) -> dict[str, str]:
        """Say where Twilio shall tell what became of it: nowhere if it could not get there.

        It refuses the whole message if the address is one of this machine (21609).
        """
        if self._settings.twilio_api.rstrip("/") == REAL_API and _is_here(self._settings.base_url):
            return {}
        known_by = urlencode({"message": letter.message_id, "try": letter.fence})
        return {"status_callback": f"{self._settings.base_url}/sms/status?{known_by}"}

    @contextmanager
    def _client(self) -> Iterator[tuple[Client, "_Http"]]:
        """Lend a client for one errand; no two threads share one (see `web` for why)."""
        config, http = self._settings, _Http(self._settings)
        token = config.twilio_auth_token.get_secret_value()
        # Given an empty environment, the library would take the process's own.
        nowhere = {"TWILIO_EDGE": ""}
        with http.session:
            yield (
                Client(config.twilio_account_sid, token, http_client=http, environment=nowhere),
                http,
            )

    @contextmanager
    def _asking(self) -> Iterator[Client]:
        """Lend a client for questions. Whatever goes wrong, we do not know."""
        with self._client() as (client, http):
            try:
                yield client
            except RequestException as problem:
                raise CannotTell(web.reason("twilio", problem)) from None
            except (TwilioException, *UNREADABLE):
                raise CannotTell(_trouble(http.answer)) from None


class _Http(TwilioHttpClient):
    """The library's way to Twilio: by our session, to where the settings say, and without a log."""

    answer: Response | None = None

    def __init__(self, settings: Settings) -> None:
        super().__init__(pool_connections=False, timeout=settings.sms_timeout_seconds)
        self.session = web.session()
        self._api = settings.twilio_api.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Make the request and keep the answer: what the library raises forgets its headers."""
        self.answer = None
        self.answer = super().request(method, self._address(url), *args, **kwargs)
        return self.answer

    def _address(self, url: str) -> str:
        """Return where the settings want a request to go. Raises ValueError."""
        for host in (REAL_API, SERVICES):
            if url.startswith(f"{host}/"):
                return url if self._api == REAL_API else self._api + url.removeprefix(host)
        raise ValueError("a page of Twilio's leads elsewhere, and our token would go along")

    def log_request(self, kwargs: object) -> None:
        """Keep silent: there are phones in it."""

    def log_response(self, status_code: int, response: object) -> None:
        """Keep silent."""


def _refusal(answer: Response | None) -> NotSent:
    """Return what Twilio's own no means for the message; only 4xx says that it took nothing."""
    if answer is None:
        return Unreachable("twilio_client")
    status = answer.status_code
    if status == 408 or not 400 <= status < 500:
        is_theirs = status == 408 or status >= 500
        return Uncertain("twilio_5xx" if status >= 500 else f"twilio_{status}", is_theirs)
    if status == 429:
        return Unreachable("twilio_429", _wait(answer))
    return _no(status, _code(answer))


def _no(status: int, code: int) -> NotSent:
    if code == STOPPED:
        return OptedOut(f"twilio_{code}")
    if code in HOPELESS:
        return Rejected(f"twilio_{code}")
    if code in OUR_OWN:
        return Unreachable(f"twilio_{code}")
    if status == 400 or code in OUT_OF_REACH:
        return Refused(f"twilio_{code}")
    return Unreachable("twilio_auth" if status in (401, 403) else f"twilio_{code}")


def _trouble(answer: Response | None) -> str:
    if answer is None or answer.status_code < 300:
        return "twilio_answer"
    return _refusal(answer).reason


def _code(answer: Response) -> int:
    """Return Twilio's number for an error, or the status where there is none."""
    try:
        code = json.loads(answer.text)["code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return answer.status_code
    return code if type(code) is int and 0 < code < 1_000_000 else answer.status_code


def _wait(answer: Response) -> float | None:
    seconds = (answer.headers or {}).get("Retry-After", "")
    return float(seconds) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", seconds) else None


def _until_old(messages: Iterable[Any], since: datetime) -> Iterator[Any]:
    """Give the messages from `since` on, and stop reading when they are a day older than that.

    Twilio lists the newest first by the moment it sent them, which those in its queue have not
    got. So a whole page of old ones is read before we believe that nothing newer comes.
    """
    old = 0
    for one in _in_reason(messages):
        if one.date_created >= since - CLOCKS_DIFFER:
            yield one
        old += one.date_created < since - timedelta(days=1)
        if old == PAGE:
            return


def _to(client: Client, number: str, after: datetime) -> Iterator[Any]:
    """Give what was sent to a number from `after` on, page after page, however much it is."""
    listed = client.messages.stream(to=number, date_sent_after=after, page_size=PAGE)
    return (one for one in _onward(listed) if (one.date_sent or one.date_created) >= after)


def _onward(messages: Iterable[Any]) -> Iterator[Any]:
    """Give each message once. A list that goes round in circles would never end."""
    seen: set[str] = set()
    again = 0
    for one in messages:
        again += one.sid in seen
        if again > PAGE:
            raise CannotTell("twilio_in_circles")
        if one.sid not in seen:
            yield one
        seen.add(one.sid)


def _in_reason(messages: Iterable[Any]) -> Iterator[Any]:
    for number, one in enumerate(messages):
        if number == MOST:
            raise CannotTell("twilio_too_many")
        yield one


def _on_list(one: Any) -> OnList:
    if not _is_id(one.sid) or not isinstance(one.body, str):
        raise ValueError("what Twilio lists has an id and a text")
    state = STATES.get(one.status, State.SENT)  # whatever became of it, it was taken
    reason = _why(one.status, str(one.error_code)) if state is State.FAILED else ""
    return OnList(one.sid, one.body.removeprefix(TRIAL), state, reason)


def _received(one: Any) -> Incoming | None:
    return _incoming(one.sid, one.from_, one.body, one.date_sent or one.date_created)


def _is_service(ours: str) -> bool:
    return ours.startswith("MG")


def _is_here(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(rf"[!-~]{{1,{LONGEST_ID}}}", value))


def _why(status: str, code: object) -> str:
    known = code if isinstance(code, str) and re.fullmatch("[0-9]{1,6}", code) else status
    return f"twilio_{known}"


def is_genuine(
    url: str,
    form: MultiDict[str, str],
    signature: str,
    settings_header: str | None,
    tokens: list[str],
) -> bool:
    """Say whether Twilio sent this form, signed with one of `tokens`; an empty one proves nothing.

    `url` is the public address with its query, made from our settings: what a request says of its
    own host may be anybody's words.
    """
    algorithm = get_signature_algorithm(settings_header)
    try:
        return any(
            RequestValidator(token).validate(url, form, signature, algorithm)
            for token in filter(None, tokens)
        )
    except UNREADABLE:
        return False


def told(said: Mapping[str, object]) -> Told | None:
    """Return what a status callback says, or None if it says nothing we know.

    `said` is the form together with the query, in which we gave Twilio our own id.
    """
    sid = said.get("MessageSid") or said.get("SmsSid")
    status = said.get("MessageStatus") or said.get("SmsStatus")
    if not _is_id(sid) or not isinstance(status, str) or status not in STATES:
        return None
    state = STATES[status]
    reason = _why(status, said.get("ErrorCode")) if state is State.FAILED else ""
    ours = web.said_back(said.get("message"), said.get("try"))
    return Told("twilio", str(sid), state, reason, *ours)


def incoming_of(form: Mapping[str, object], now: datetime) -> Incoming | None:
    """Return the text message that Twilio hands us, or None if this is none."""
    opt_out = _opt_out(form.get("OptOutType"))
    return _incoming(form.get("MessageSid"), form.get("From"), form.get("Body"), now, opt_out)


def _incoming(
    sid: object, phone: object, body: object, at: datetime, opt_out: str = ""
) -> Incoming | None:
    if not _is_id(sid) or not _is_id(phone):
        return None
    return Incoming("twilio", str(sid), str(phone), web.words(body), at, opt_out)


def _opt_out(said: object) -> str:
    """Return what Twilio's Advanced Opt-Out took a text for, if it is one of the three."""
    kind = said.upper() if isinstance(said, str) else ""
    return kind if kind in OPT_OUTS else ""


def twiml(words: str | None, callback: str | None) -> str:
    """Return the answer to an incoming message: `words` for the citizen, or nothing.

    The library escapes what XML can say at all; the rest would break it and is left out.
    """
    answer = MessagingResponse()
    said = re.sub("[\ufffe\uffff]", "", CONTROL.sub("", words or ""))
    if said:
        answer.message(said, status_callback=callback)
    return str(answer)
