"""What the tests of the door of text messages share: calls as gateways make them, and what was kept."""

import json
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode

from pydantic import SecretStr
from sqlalchemy import select
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from feedback import clock
from feedback.db import db
from feedback.notify.senders.http import sign

from ..replies.talking import PHONE, TOKEN, new_sid

HOUSE = "http://localhost"
FORM = "application/x-www-form-urlencoded"
GATEWAY_SECRET = "a-secret-of-the-gateway"


@contextmanager
def using(app, **changes):
    """Let the app have other settings meanwhile."""
    before = app.config["FEEDBACK"]
    secret = ("twilio_auth_token", "twilio_old_auth_token", "sms_http_secret")
    changes |= {name: SecretStr(changes[name]) for name in secret if name in changes}
    app.config["FEEDBACK"] = before.model_copy(update=changes)
    try:
        yield app
    finally:
        app.config["FEEDBACK"] = before


def text_form(words="5", phone=PHONE, **changes):
    """Return the form of an incoming text as Twilio fills it in."""
    return {"MessageSid": new_sid(), "From": phone, "To": "+8610000000000", "Body": words,
            "NumMedia": "0", "AccountSid": "AC1", **changes}  # fmt: skip


def signature_of(path, body, token=TOKEN, house=HOUSE):
    """Return Twilio's signature for a form as it travels, however strange."""
    said = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="utf-8")
    return RequestValidator(token).compute_signature(f"{house}{path}", MultiDict(said))


def post(client, path, form, token=TOKEN, house=HOUSE, **more):
    """Call as Twilio does: a form (or its bytes), signed over the public address."""
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    headers = {"X-Twilio-Signature": signature_of(path, body, token, house)}
    headers |= more.pop("headers", {})
    return client.post(path, data=body, headers=headers, content_type=FORM, **more)


def gateway_post(client, path, said, secret=GATEWAY_SECRET, moment=None, **headers):
    """Call as the plain gateway does: JSON (or any bytes), signed with the moment."""
    body = said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode()
    stamp = str(int((moment or clock.now()).timestamp()))
    signed = {"X-Timestamp": stamp, "X-Signature": sign(secret, stamp, body), **headers}
    return client.post(path, data=body, headers=signed, content_type="application/json")


def snapshot():
    """Return every row of every table, to see whether anything was written."""
    db.session.rollback()
    return {
        table.name: sorted(map(repr, db.session.execute(select(table))))
        for table in db.metadata.sorted_tables
    }
