"""Where operators let no address pass: no text has one, and what it led to can still be reached."""

import pytest

from feedback.db import transaction
from feedback.notify import outbox
from feedback.notify.actions import Promise, promise
from feedback.notify.models import By, State
from feedback.notify.occasions import NEWS
from feedback.replies.actions import afresh
from feedback.reviews.actions import grouped_receipt_of

from ..factories import make_case, make_district
from .helpers import Memory, promise_mail, two_mailboxes

PHONE = "+8613812345678"


@pytest.fixture(params=["on", "off"])
def links(context, request):
    make_district()
    before = context.config["FEEDBACK"]
    context.config["FEEDBACK"] = before.model_copy(update={"sms_links": request.param})
    yield request.param
    context.config["FEEDBACK"] = before


class Letters(Memory):
    """A carrier that keeps whole letters."""

    def __init__(self):
        super().__init__()
        self.letters = []

    def send(self, letter):
        self.letters.append(letter)
        return super().send(letter)


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("occasion", NEWS)
def test_news_name_an_address_or_the_receipts_code(links, now, occasion, locale):
    case = make_case(now)
    facts = {
        "item": "特殊工时首次审批", "link": "https://hcp.licheng.gov.cn/receipts/X", "upheld": True,
        "due_at": "2026-11-30T09:30:00+00:00",
    }  # fmt: skip
    with transaction():
        promise(now, Promise(occasion.value, "n", case.id, facts, phone=PHONE, locale=locale))
    texts = Letters()
    senders = {By.SMS: texts, By.MAIL: Memory()}
    assert outbox.deliver(now, two_mailboxes, senders, afresh=afresh)[State.SENT]
    (letter,) = texts.letters
    code = grouped_receipt_of(case.event_id)
    assert ("https://" in letter.text) == (links == "on")
    assert (code in letter.text) == (links == "off")
    assert bool(letter.parameters["link"]) == (links == "on")
    assert letter.parameters["receipt"] == code


def test_mail_to_offices_keeps_its_links(links, now):
    promise_mail(now)
    mails = Letters()
    outbox.deliver(now, two_mailboxes, {By.SMS: Memory(), By.MAIL: mails}, afresh=afresh)
    assert "/cases/HC-2026-000123" in mails.letters[0].text
