"""Text messages through a plain HTTP gateway, as domestic operators run them.

The operator keeps the words: we name a registered template and give its parameters. Each side
signs what it sends, HMAC-SHA256 of the moment (seconds since 1970), a line end and the body.
"""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from requests import RequestException, Response

from ... import clock
from ...config import Settings
from ...text import CONTROL, phone
from ..models import State
from ..occasions import TEXTS
from ..wording import LOCALES
from . import web
from .base import (
    Incoming,
    Letter,
    NotSent,
    OptedOut,
    Refused,
    Rejected,
    Told,
    Uncertain,
    Unreachable,
)

MAY_DIFFER = timedelta(minutes=5)

NO: dict[str, type[NotSent]] = {
    "BAD_NUMBER": Rejected, "BAD_TEXT": Rejected, "STOPPED": OptedOut, "LIMIT": Unreachable,
    "BUSY": Unreachable, "BALANCE": Unreachable, "AUTH": Unreachable, "BAD_ACCOUNT": Unreachable,
    "BAD_TEMPLATE": Refused,
}  # fmt: skip
"""What a code means; one that we do not know is tried again, and in the end a person sees it.

A bad template is one of many: texts of other occasions would go, so nobody else waits for it.
"""
NOT_US = {401, 403, 429}
"""Answers to whoever asks, whatever the message."""

NOBODY = "?"
"""The sender of a text where the gateway names none."""
MILLISECONDS = 10**11
"""More seconds than this since 1970 are milliseconds: it would be the year 5138."""
OLDEST = timedelta(days=30)
"""An older moment is a mistake: no gateway keeps a text for so long."""

STATES = {"sent": State.SENT, "delivered": State.DELIVERED, "failed": State.FAILED}


class HttpSender:
    """Hands text messages to the gateway, which cannot be asked afterwards what it took."""

    name = "http"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, letter: Letter) -> str:
        moment = str(int(clock.now().timestamp()))
        body = json.dumps(self._order(letter, moment), ensure_ascii=False).encode()
        try:
            answer = self._post(body, moment)
        except RequestException as problem:
            raise web.unanswered("http", problem) from None
        return _provider_id(_accepted(answer).get("id"))

    def _order(self, letter: Letter, moment: str) -> dict[str, object]:
        return {
            "account": self._settings.sms_http_account,
            "template": self._template(letter),
            "to": letter.to[0],
            "params": letter.parameters,
            "id": f"{letter.message_id}.{letter.fence}",
            "time": moment,
        }

    def _template(self, letter: Letter) -> str:
        """Return the template in the citizen's language, or in Chinese if none is registered."""
        registered = self._settings.sms_http_templates
        for locale in (letter.locale, "zh_CN"):
            if template := registered.get(f"{letter.occasion}.{locale}"):
                return template
        raise Refused("http_no_template")

    def _post(self, body: bytes, moment: str) -> Response:
        secret = self._settings.sms_http_secret.get_secret_value()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Timestamp": moment,
            "X-Signature": sign(secret, moment, body),
        }
        with web.session() as session:
            return session.post(
                self._settings.sms_http_url, data=body, headers=headers, allow_redirects=False,
                timeout=self._settings.sms_timeout_seconds,
            )  # fmt: skip


def check_templates(registered: dict[str, str]) -> None:
    """Refuse templates for messages that there are not, and messages without a Chinese template.

    Otherwise it would be found out one text message after the other. Raises ValueError.
    """
    known = {f"{one}.{locale}" for one in TEXTS for locale in LOCALES}
    has = {name for name, template in registered.items() if template.strip()}
    lacks = {f"{one}.zh_CN" for one in TEXTS} - has
    problems = [
        f"{what} {', '.join(sorted(names))}"
        for what, names in (("lacks", lacks), ("has unknown", set(registered) - known))
        if names
    ]
    if problems:
        raise ValueError(f"FEEDBACK_SMS_HTTP_TEMPLATES {' and '.join(problems)}")


def _accepted(response: Response) -> dict[str, object]:
    """Return the gateway's answer if it says that it took the message; raise what else it says."""
    status, answer = response.status_code, _json(response)
    if answer.get("code") == "OK" and status < 300:
        return answer
    raise _refusal(status, answer.get("code"))


def _json(response: Response) -> dict[str, object]:
    try:
        answer = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(status: int, code: object) -> NotSent:
    """Return what an answer other than yes means; only a clear no says that nothing was taken."""
    if status >= 500:
        return Uncertain("http_5xx", carriers_fault=True)
    if 300 <= status < 400 or status == 408 or code == "OK":
        return Uncertain(f"http_{status}", carriers_fault=status == 408)
    if status in NOT_US or (status >= 400 and not isinstance(code, str)):
        return Unreachable(f"http_{status}")
    if not isinstance(code, str):
        return Uncertain("http_answer")
    return NO.get(code, Refused)(_reason(code))


def _reason(code: object) -> str:
    """Return a gateway's code as one of ours; what may be a phone is none."""
    known = re.sub("[^A-Z0-9_]", "", code[:200].upper())[:20] if isinstance(code, str) else ""
    return f"http_{known}" if known and not re.search("[0-9]{7}", known) else "http_other"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a body at a moment."""
    return hmac.new(secret.encode(), timestamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()


def is_genuine(body: bytes, timestamp: str, signature: str, secret: str, now: datetime) -> bool:
    """Say whether the gateway sent this body, within five minutes of `now`."""
    if not secret or not signature.isascii() or not re.fullmatch("[0-9]{1,11}", timestamp):
        return False
    if abs(now.timestamp() - int(timestamp)) > MAY_DIFFER.total_seconds():
        return False
    return hmac.compare_digest(sign(secret, timestamp, body), signature)


def parse_incoming(said: object, now: datetime) -> Incoming | None:
    """Return the text message in `{"id", "from", "text", "time"}`, or None if this is none.

    With an id and a text it is one: what a citizen wrote must not be lost for an odd moment, which
    counts as now, nor for an odd sender, which is kept as it stands (see `base.Incoming.phone`).
    """
    if not isinstance(said, dict) or not isinstance(said.get("text"), str):
        return None
    provider_id = _known_by(said.get("id"))
    if not provider_id:
        return None
    at = _moment(said.get("time"), now)
    return Incoming("http", provider_id, _sender(said.get("from")), web.words(said["text"]), at)


def parse_told(said: object) -> Told | None:
    """Return what became of a message by `{"id", "message", "state", "code"}`, or None."""
    if not isinstance(said, dict):
        return None
    provider_id, state = _known_by(said.get("id")), said.get("state")
    if not provider_id or not isinstance(state, str) or state not in STATES:
        return None
    reason = _reason(said.get("code")) if STATES[state] is State.FAILED else ""
    return Told("http", provider_id, STATES[state], reason, *_ours(said.get("message")))


def _ours(value: object) -> tuple[UUID, int] | tuple[None, None]:
    """Return our own id and the try from `id.fence`, or neither."""
    message, _, fence = value.partition(".") if isinstance(value, str) else ("", "", "")
    return web.said_back(message, fence)


def _provider_id(value: object) -> str:
    """Return the gateway's id for a message, or "" if this cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 <= value < 10**64 else ""
    return value if isinstance(value, str) and re.fullmatch("[!-~]{1,64}", value) else ""


def _known_by(value: object) -> str:
    """Return by what a message that the gateway tells of is known however often it comes, "" if by nothing.

    That is its id, or the digest of one that we have no room for.
    """
    if _provider_id(value) or not isinstance(value, str) or not value or CONTROL.search(value):
        return _provider_id(value)
    return "sha256:" + hashlib.sha256(value.encode()).hexdigest()[:57]


def _sender(value: object) -> str:
    """Return who sent a text: a phone in E.164, or what the gateway says instead, such as 10086."""
    said = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(said, str) or not re.fullmatch("[!-~]{1,40}", said):
        return NOBODY
    return phone(said) or said


def _moment(value: object, now: datetime) -> datetime:
    """Return when a text was sent: seconds since 1970, or milliseconds; anything else is now."""
    seconds = _number(value)
    if seconds is not None and seconds > MILLISECONDS:
        seconds /= 1000
    if seconds is None or not 0 <= now.timestamp() - seconds <= OLDEST.total_seconds():
        return now
    return datetime.fromtimestamp(seconds, UTC)


def _number(value: object) -> float | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", value):
        return float(value)
    is_one = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_one and 0 <= value < 10**15 else None  # type: ignore[arg-type, operator]
