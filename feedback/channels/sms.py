"""The door of text messages: what gateways call when a citizen writes, and when a text has arrived.

Only a genuine call is heard: Twilio's by its own signature over our public address, the plain
gateway's by the shared secret. A call that says something twice, late or about nothing we know does
no harm. Twilio gets its answer in its own language, TwiML, within the call.
"""

import structlog
from flask import Blueprint, Response, abort, request
from flask.blueprints import BlueprintSetupState
from pydantic_core import from_json

from .. import clock
from ..config import settings
from ..db import transaction
from ..notify import told
from ..notify.senders import Told, http, twilio
from ..replies.actions import Heard, hear, keep_for_a_person
from ..replies.models import Via

log = structlog.get_logger(__name__)
pages = Blueprint("sms", __name__, url_prefix="/sms")

SIGNATURE, SIGNATURE_SETTINGS = "X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings"
NOTHING_TO_SAY = 204
JSON_BYTES = 20_000


@pages.record_once
def _exempt(state: BlueprintSetupState) -> None:
    """Ask gateways for no CSRF token: their signature is the proof."""
    for view in (inbound, status, gateway_inbound, gateway_status):
        state.app.extensions["csrf"].exempt(view)


@pages.post("/inbound")
def inbound() -> Response:
    """Take in a text message that Twilio brings, and answer it in TwiML."""
    _from_twilio()
    now = clock.now()
    incoming = twilio.incoming_of(request.form, now)
    if incoming is None:
        return _twiml(None)
    return _twiml(hear(incoming, Via.CALL, now, at_once=True))


@pages.post("/status")
def status() -> tuple[str, int]:
    """Take in what Twilio tells of a message of ours."""
    _from_twilio()
    return _take(twilio.told(request.values))


@pages.post("/gateway/inbound")
def gateway_inbound() -> tuple[str, int]:
    """Take in a text message that the plain gateway brings; our answer is sent through it."""
    now = clock.now()
    incoming = http.parse_incoming(_from_gateway(), now)
    if incoming is None:
        log.warning("text_not_understood", gateway="http")
        abort(400)
    if incoming.phone.startswith("+"):
        hear(incoming, Via.CALL, now, at_once=False)
    else:
        keep_for_a_person(incoming, Via.CALL, now)
    return "", NOTHING_TO_SAY


@pages.post("/gateway/status")
def gateway_status() -> tuple[str, int]:
    """Take in what the plain gateway tells of a message of ours."""
    said = http.parse_told(_from_gateway())
    if said is None:
        log.warning("status_not_understood", gateway="http")
        abort(400)
    return _take(said)


def _take(said: Told | None) -> tuple[str, int]:
    if said is not None:
        with transaction():
            told.take(said, clock.now())
    return "", NOTHING_TO_SAY


def _from_twilio() -> None:
    """Refuse whoever cannot sign as Twilio does. The address is the public one, never a header's."""
    query = request.query_string.decode("latin-1")
    address = settings().base_url + request.path + (f"?{query}" if query else "")
    secrets = (settings().twilio_auth_token, settings().twilio_old_auth_token)
    genuine = twilio.is_genuine(
        address, request.form, request.headers.get(SIGNATURE, ""),
        request.headers.get(SIGNATURE_SETTINGS),
        [secret.get_secret_value() for secret in secrets],
    )  # fmt: skip
    if not genuine:
        abort(403)


def _from_gateway() -> object:
    """Return what the plain gateway says. Refuses whoever does not know the secret."""
    request.max_content_length = JSON_BYTES
    body = request.get_data(cache=False)
    secret = settings().sms_http_secret.get_secret_value()
    stamp, signature = (request.headers.get(f"X-{name}", "") for name in ("Timestamp", "Signature"))
    if not http.is_genuine(body, stamp, signature, secret, clock.now()):
        abort(403)
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        abort(400)


def _twiml(heard: Heard | None) -> Response:
    callback = None
    if heard and heard.answer_id and heard.words:
        callback = f"{settings().base_url}/sms/status?message={heard.answer_id}&try=1"
    words = heard.words if heard else None
    return Response(twilio.twiml(words or None, callback), mimetype="text/xml")
