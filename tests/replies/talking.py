"""A phone that talks to us through Twilio's webhook, and what the tests look up afterwards."""

import re
from datetime import datetime, timedelta
from html import unescape
from itertools import count
from urllib.parse import urlencode

from sqlalchemy import select
from twilio.request_validator import RequestValidator

from feedback.cases.models import Case
from feedback.db import db
from feedback.invitations import actions as invitations
from feedback.notify import outbox
from feedback.notify.models import By
from feedback.replies.actions import afresh
from feedback.replies.models import IncomingText
from feedback.reviews.models import Review

from ..factories import make_event
from ..notify.helpers import Memory, two_mailboxes

TOKEN = "a-token-of-the-account"
PHONE = "+8613812345678"
HALF_AN_HOUR = timedelta(minutes=30)
_sids = count(1)


def new_sid() -> str:
    return f"SM{next(_sids):032x}"


def signed(address: str, form: dict[str, str], token: str = TOKEN) -> dict[str, str]:
    """Return the header with which Twilio proves a call."""
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(address, form)}


def call(client, path: str, form: dict[str, str], token: str = TOKEN):
    """Call the door as Twilio does."""
    headers = signed(f"http://localhost{path}", form, token)
    return client.post(
        path, data=urlencode(form), headers=headers,
        content_type="application/x-www-form-urlencoded; charset=UTF-8",
    )  # fmt: skip


class Citizen:
    """One phone. `say` returns the words of our answer ("" if there is none)."""

    def __init__(self, client, phone: str = PHONE) -> None:
        self.client, self.phone = client, phone

    def say(self, words: str, sid: str | None = None) -> str:
        form = {"MessageSid": sid or new_sid(), "From": self.phone, "To": "+8610000000000",
                "Body": words, "NumMedia": "0", "AccountSid": "AC1"}  # fmt: skip
        answer = call(self.client, "/sms/inbound", form)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert answer.mimetype == "text/xml"
        return spoken(answer.get_data(as_text=True))


def spoken(twiml: str) -> str:
    """Return what a TwiML answer says."""
    found = re.findall(r"<Message[^>]*>(.*?)</Message>", twiml, re.S)
    assert len(found) <= 1
    return unescape(found[0]) if found else ""


def always() -> bool:
    return True


def invited(now: datetime, phone: str = PHONE, **changes):
    """Serve somebody and send the invitation; returns the service. `now` is of the service."""
    event = make_event(
        now, applicant={"kind": "person", "name": "王小明", "phone": phone}, **changes
    )
    send_due(now + HALF_AN_HOUR)
    return event


def send_due(now: datetime) -> list[str]:
    """Do what the scheduler does at `now`, and return the text messages that went out."""
    invitations.invite(now, always)
    invitations.remind(now, always)
    carrier = Memory()
    senders = {By.SMS: carrier, By.MAIL: Memory()}
    outbox.deliver(now, two_mailboxes, senders, afresh=afresh)
    return [text for _, _, _, text in carrier.sent]


def review_of(event) -> Review | None:
    db.session.rollback()
    return db.session.scalar(select(Review).where(Review.event_id == event.id))


def case_of(event) -> Case:
    db.session.rollback()
    return db.session.scalars(select(Case).where(Case.event_id == event.id)).one()


def texts() -> list[IncomingText]:
    db.session.rollback()
    return list(db.session.scalars(select(IncomingText).order_by(IncomingText.id)))
