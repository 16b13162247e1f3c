"""The figures about messages: every number counted by hand, days as Shanghai has them, on both databases."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from feedback.channels.message_figures import PERIODS
from feedback.db import db, transaction
from feedback.ledger.actions import SYSTEM
from feedback.notify import decisions
from feedback.notify.decisions import WhyDrop, WhyRetry
from feedback.notify.models import Message, State
from feedback.offices.roles import Role
from feedback.reviews.drafts import Channel

from ..conftest import MONDAY_MORNING
from ..counting import statements
from ..factories import let_go, make_account, make_district, make_event, rate, sign_in
from ..notify.helpers import promise_mail, promise_sms
from ..replies.talking import invited, send_due

A_DAY = timedelta(days=1)
YESTERDAY = MONDAY_MORNING - A_DAY
GOOD = {"grade": "5", "tags": (), "comment": "", "identity": ""}


@pytest.fixture(autouse=True)
def monday():
    with time_machine.travel(MONDAY_MORNING, tick=True):
        yield


@pytest.fixture
def browser(app):
    """A supervisor who is signed in and reads English."""
    with app.app_context():
        make_district()
        supervisor = make_account(Role.SUPERVISOR, department="GOV")
        let_go(supervisor)
    client = app.test_client()
    sign_in(client, supervisor)
    return client


def page(browser, period=""):
    answer = browser.get(f"/messages/figures?lang=en&period={period}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def number(shown, name, section="Text messages"):
    """Return what stands beside a name in a section."""
    part = shown.split(f"<h2>{section}</h2>", 1)[1].split("</section>", 1)[0]
    found = part.split(f"<dt>{name}</dt><dd>", 1)[1].split("</dd>", 1)[0]
    return re.sub("<[^>]+>", "", found)


def text(now=YESTERDAY, **columns):
    """Let a text message have been promised at `now` and have fared so."""
    promise_sms(now)
    with transaction() as session:
        row = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
        for name, value in columns.items():
            setattr(row, name, value)


SENT = {"sent_at": YESTERDAY, "handed_over_at": YESTERDAY, "parts": 2}


def test_nothing_divides_nothing(browser):
    shown = page(browser)
    assert number(shown, "Promised in all") == "0"
    assert number(shown, "Delivered, of those sent") == "—"
    assert number(shown, "Parts per message") == "—"
    reply_rate = "Reply rate: ratings by text message / invitations sent"
    assert number(shown, reply_rate, "Invitations to rate") == "—"


def test_every_message_is_counted_where_it_stands(app, browser):
    with app.app_context():
        at = [YESTERDAY + timedelta(seconds=n) for n in range(7)]
        text(at[0])
        text(at[1], state=State.SENT, **SENT)
        text(at[2], state=State.DELIVERED, delivered_at=YESTERDAY, **SENT | {"parts": 1})
        text(at[3], state=State.FAILED, last_error="twilio_30006", **SENT)
        text(at[4], state=State.DROPPED, last_error="too_many")
        text(at[5], state=State.UNCERTAIN, handed_over_at=YESTERDAY, parts=2)
        text(at[6], state=State.DROPPED)
        promise_mail(YESTERDAY, 3)
    shown = page(browser)
    names = (
        "Promised in all", "Handed to the gateway", "Sent", "Delivered, of those sent",
        "Not delivered", "Given up", "Sent or not: unknown", "Dropped", "On their way",
        "Parts, which is what is paid for", "Parts per message",
    )  # fmt: skip
    assert [number(shown, name) for name in names] == [
        "7", "4", "3", "33.3% (1 / 3)", "1", "0", "1", "2", "1", "5", "1.7",
    ]  # fmt: skip
    assert "This is a landline" in shown
    assert "asked often enough" in shown
    assert "A person decided so." in shown
    assert number(shown, "Promised in all", "E-mail") == "3"
    assert "A reply, to the citizen" in shown.split('id="occasions"', 1)[1]


def figures_of(browser):
    names = ("Sent", "Delivered, of those sent", "Not delivered", "Dropped", "On their way",
             "Parts, which is what is paid for")  # fmt: skip
    shown = page(browser)
    return [number(shown, name) for name in names]


def test_dropping_what_did_not_arrive_makes_no_figure_better(app, browser):
    with app.app_context():
        at = [YESTERDAY + timedelta(seconds=n) for n in range(4)]
        for n in (0, 1):
            text(at[n], state=State.DELIVERED, delivered_at=YESTERDAY, **SENT)
            text(at[n + 2], state=State.FAILED, last_error="twilio_30006", **SENT)
    before = figures_of(browser)
    assert before == ["4", "50% (2 / 4)", "2", "0", "0", "8"]
    with app.app_context():
        for one in failed():
            with transaction():
                decisions.drop(one, WhyDrop.TOLD_OTHERWISE, SYSTEM, MONDAY_MORNING)
    assert figures_of(browser) == before
    assert "This is a landline" in page(browser)


def test_sending_again_costs_again(app, browser):
    with app.app_context():
        text(YESTERDAY, state=State.FAILED, last_error="twilio_30003", **SENT)
        (one,) = failed()
        with transaction():
            decisions.retry(one, WhyRetry.NOT_ARRIVED, SYSTEM, MONDAY_MORNING)
    assert figures_of(browser) == ["1", "0% (0 / 1)", "0", "0", "1", "2"]
    with app.app_context(), transaction() as session:
        row = session.get_one(Message, one)
        row.state, row.delivered_at = State.DELIVERED, MONDAY_MORNING
        row.sent_at = row.handed_over_at = MONDAY_MORNING
    assert figures_of(browser) == ["1", "100% (1 / 1)", "0", "0", "0", "4"]


def failed():
    return db.session.scalars(select(Message.id).where(Message.state == State.FAILED)).all()


def test_who_answers_before_the_carrier_says_that_it_was_sent_is_counted(app, browser):
    """The carrier tells of it a minute after the phone had it, and the citizen is quicker."""
    with app.app_context():
        quick = invited(YESTERDAY, phone="+8613812340000")
        with transaction() as session:
            row = session.scalars(select(Message)).one()
            row.sent_at = row.handed_over_at + timedelta(minutes=2)
            told = row.handed_over_at
        rate(quick, told + timedelta(minutes=1), **GOOD, channel=Channel.SMS)
    reply_rate = "Reply rate: ratings by text message / invitations sent"
    assert number(page(browser), reply_rate, "Invitations to rate") == "100% (1 / 1)"


def test_an_invitation_is_counted_with_what_came_of_it(app, browser):
    with app.app_context():
        phones = (f"+861381234{n:04d}" for n in range(9))
        by_text, by_code, nobody = (invited(YESTERDAY, phone=next(phones)) for _ in range(3))
        assert nobody.id
        rate(by_text, YESTERDAY + A_DAY / 2, **GOOD, channel=Channel.SMS)
        rate(by_code, YESTERDAY + A_DAY / 2, **GOOD)
        before = make_event(YESTERDAY, applicant={"kind": "person", "phone": next(phones)})
        rate(before, YESTERDAY, **GOOD)
        make_event(YESTERDAY, applicant={"kind": "person", "phone": "053188888888"})
        make_event(YESTERDAY)
        send_due(YESTERDAY + A_DAY / 2)
        db.session.rollback()
    shown = page(browser)
    expected = {
        "Services with a telephone": "5", "Invited": "3", "Not invited: rated already": "1",
        "Not invited: no mobile number": "1", "Not invited: wants no text messages": "0",
        "Invitations sent": "3", "Rated by text message": "1",
        "Rated otherwise after the invitation": "1",
        "Reply rate: ratings by text message / invitations sent": "33.3% (1 / 3)",
        "All ratings after an invitation / invitations sent": "66.7% (2 / 3)",
    }  # fmt: skip
    assert {name: number(shown, name, "Invitations to rate") for name in expected} == expected


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("this-week", date(2026, 11, 23), date(2026, 11, 29)),
        ("last-week", date(2026, 11, 16), date(2026, 11, 22)),
        ("this-month", date(2026, 11, 1), date(2026, 11, 26)),
        ("30-days", date(2026, 10, 28), date(2026, 11, 26)),
    ],
)
def test_a_period_is_these_days_on_a_thursday(period, first, last):
    found = PERIODS[period][1](date(2026, 11, 26))
    assert (found.first, found.last) == (first, last)


def test_days_end_at_midnight_in_shanghai(app, browser):
    midnight = datetime(2026, 11, 22, 16, tzinfo=UTC)  # Monday 00:00 in Shanghai
    with app.app_context():
        text(midnight - timedelta(microseconds=1))
        text(midnight)
    assert [number(page(browser, one), "Promised in all") for one in PERIODS] == [
        "2",
        "1",
        "1",
        "2",
    ]
    assert 'period=30-days" aria-current="true"' in page(browser, "no-such-period")


def test_many_messages_need_no_more_statements_than_few(app, browser):
    def counted():
        page(browser)
        with statements(app) as seen:
            page(browser)
        return len(seen)

    few = counted()
    with app.app_context():
        for n in range(5):
            text(YESTERDAY + timedelta(seconds=n), state=State.DROPPED, last_error=f"quiet{n}")
            invited(YESTERDAY + n * A_DAY / 24, phone=f"+861381234{n:04d}")
    assert counted() == few
