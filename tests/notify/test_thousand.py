"""A thousand invitations, their senders killed at fifty random moments: one for every phone.

The whole way: services are recorded, applicants invited, and deliverers in processes of their own
hand the texts to a gateway that refuses, fails and hangs up, before and after it took a text, and
tells what became of each late, twice and out of order to the real door. Deliverers work two at a
time; when both are killed it is three minutes later, so that what they left is found, asked about
and sent again all through the storm. Both databases.
"""

import random
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from feedback import privacy
from feedback.db import db, transaction
from feedback.events import actions as events
from feedback.events.facts import EventFacts
from feedback.events.models import RecordedVia
from feedback.invitations import actions as invitations
from feedback.ledger.actions import SYSTEM
from feedback.notify import decisions
from feedback.notify.decisions import WhyRetry
from feedback.notify.models import By, Carrier, Message, State
from feedback.notify.outbox import always

from ..conftest import MONDAY_MORNING
from ..factories import make_district
from .carriers import TOKEN, Chance, TwilioStandIn, twilio_settings, twilio_stand_in
from .helpers import SEED, environment, messages, standing
from .nursery import deliver, nursery

HALF_AN_HOUR = timedelta(minutes=30)
LATER, MUCH_LATER = timedelta(minutes=3), timedelta(minutes=5)
A_DAY_OF_ROUNDS = 24 * 12
LONGEST_WAIT = 20  # seconds until a kill where nothing is sent
IN_HAND = frozenset({State.QUEUED, State.SENDING, State.ASKING})
WITH_A_PERSON = frozenset({State.UNCERTAIN, State.GIVEN_UP})


class Clock:
    """Runs like any other and can be put forward."""

    def __init__(self, at):
        self._at, self._since = at, time.monotonic()

    def __call__(self):
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def put_forward(self, span):
        self._at += span


@dataclass
class Storm:
    """So many texts, so many kills, and what the gateway does to us meanwhile."""

    texts: int
    pairs: int
    seed: int
    sort: str = "asking"
    chance: Chance = field(default_factory=Chance)

    def __post_init__(self):
        self.draw = random.Random(self.seed)
        self.chance.draw = random.Random(self.seed + 1)
        self.clock = Clock(MONDAY_MORNING + HALF_AN_HOUR)
        self.held = self.handed_over = 0

    def rage(self, gateway, deliverers):
        """Kill pairs of deliverers, each at a moment of its own, and let it be later each time."""
        for _ in range(self.pairs):
            pair = [deliverers.start(self.clock(), self.sort) for _ in range(2)]
            for deliverer in self.draw.sample(pair, 2):
                self._wait(gateway)
                deliverers.kill(deliverer)
            self._count()
            self.clock.put_forward(LATER)
            self._send_blindly_again()

    def _wait(self, gateway):
        """Wait until so many more were handed in, and then a moment, wherever that finds them."""
        enough = gateway.posts + self.draw.randint(1, int(0.8 * self.texts / self.pairs))
        until = time.monotonic() + LONGEST_WAIT
        while gateway.posts < enough and time.monotonic() < until and not self._is_left_alone():
            time.sleep(0.005)
        time.sleep(self.draw.random() * 0.02)

    def _is_left_alone(self):
        """Whether the gateway wants no texts for a while, so that there is nothing to wait for."""
        db.session.rollback()
        shut_until = db.session.scalar(select(Carrier.shut_until).where(Carrier.name == By.SMS))
        return bool(shut_until and shut_until > self.clock())

    def _count(self):
        """Count what the dead held, and what of it may have left."""
        held = [one for one in messages() if one.state is State.SENDING]
        self.held += len(held)
        self.handed_over += sum(one.handed_over_at is not None for one in held)

    def _send_blindly_again(self):
        if self.sort == "blind":
            for message in messages():
                if message.state is State.UNCERTAIN:
                    with transaction():
                        decisions.retry(message.id, WhyRetry.NOT_ARRIVED, SYSTEM, self.clock())

    def calm_down(self):
        """Deliver at later and later moments until nothing is in hand; the gateway gets no better."""
        for _ in range(A_DAY_OF_ROUNDS):
            self.clock.put_forward(MUCH_LATER)
            deliver(self.clock(), self.sort)
            self._send_blindly_again()
            if not IN_HAND & set(standing()):
                return


@contextmanager
def gateway_of(storm, app, callbacks):
    """Open a gateway and lead the app to it."""
    before = app.config["FEEDBACK"]
    knobs = {"chance": storm.chance, "delay": 0.005, "clock": storm.clock}
    with twilio_stand_in(callbacks=callbacks, callback_delay=1.0, **knobs) as gateway:
        ours = twilio_settings(gateway, twilio_auth_token=SecretStr(TOKEN), sms_per_second=400)
        app.config["FEEDBACK"] = before.model_copy(update=ours)
        yield gateway
    app.config["FEEDBACK"] = before


def process_environment(app):
    """Return the environment of deliverers that work with the app's settings."""
    config = app.config["FEEDBACK"]
    names = ("sms_sender", "twilio_api", "twilio_account_sid", "twilio_from", "sms_timeout_seconds",
             "sms_per_second")  # fmt: skip
    ours = {f"FEEDBACK_{name.upper()}": str(getattr(config, name)) for name in names}
    token = config.twilio_auth_token.get_secret_value()
    return environment(app, FEEDBACK_TWILIO_AUTH_TOKEN=token, **ours)


def serve(number):
    """Record so many services for as many phones, and decide to invite every applicant."""
    make_district()
    batch = [
        EventFacts.model_validate(
            {"source": "test", "project_no": f"T{n:06d}", "item_code": "RS-001", "window": "RS-12",
             "applicant": {"kind": "person", "phone": f"+86138{n:08d}"}}
        )
        for n in range(number)
    ]  # fmt: skip
    with transaction():
        events.record_all(batch, RecordedVia.API, SYSTEM, MONDAY_MORNING)
    done = invitations.invite(MONDAY_MORNING + HALF_AN_HOUR, always)
    assert Counter(done) == {"invited": number}


def phone_of(app, message):
    keys = app.config["FEEDBACK"].data_keys
    return privacy.unseal(keys, "messages", "to_phone", message.id, message.to_phone_sealed)


@dataclass
class Aftermath:
    """What the phones got and what our own rows say of it, in figures."""

    storm: Storm
    gateway: TwilioStandIn
    rows: dict[str, Message]

    @property
    def copies(self):
        return Counter(one["to"] for one in self.gateway.messages)

    @property
    def doubled(self):
        return [phone for phone, number in self.copies.items() if number > 1]

    @property
    def with_a_person(self):
        return {phone for phone, row in self.rows.items() if row.state in WITH_A_PERSON}

    @property
    def lost(self):
        return [one for one in self.rows if not self.copies[one] and one not in self.with_a_person]

    def __str__(self):
        again = sum(row.fence > 1 for row in self.rows.values())
        states = Counter(row.state.value for row in self.rows.values())
        return (
            f"FEEDBACK_STORM_SEED={self.storm.seed}: {len(self.rows)} phones, copies"
            f" {dict(Counter(self.copies.values()))}, rows {dict(states)}; killed senders held"
            f" {self.storm.held} texts, {self.storm.handed_over} of them handed over; {again} were"
            f" claimed again; {self.gateway.posts} requests, {len(self.gateway.gets)} questions"
        )


def aftermath_of(storm, app, callbacks=None):
    """Let a storm happen and return what is left."""
    serve(storm.texts)
    with gateway_of(storm, app, callbacks) as gateway, nursery(process_environment(app)) as ours:
        storm.rage(gateway, ours)
        storm.calm_down()
        if gateway.callbacks:
            assert gateway.callbacks.settle(60)
    rows = messages()
    after = Aftermath(storm, gateway, {phone_of(app, message): message for message in rows})
    assert len(after.rows) == len(rows) == storm.texts
    print(after)
    return after


BAD_DAY = {
    "too_many": 0.005, "fails_first": 0.03, "fails_after": 0.03, "closes_first": 0.03,
    "closes_after": 0.03, "silent": 0.03, "untold": 0.5,
}  # fmt: skip
STORMS = {"sqlite": (1000, 25), "postgresql": (300, 8)}
"""Texts, and pairs of senders killed: the whole storm on one database, a smaller one on the other."""


@pytest.mark.slow
def test_a_thousand_phones_get_one_invitation_each_though_senders_are_killed_fifty_times(
    context, live_server
):
    number, pairs = STORMS[db.engine.dialect.name]
    storm = Storm(number, pairs=pairs, seed=SEED, chance=Chance(**BAD_DAY))
    after = aftermath_of(storm, context, callbacks=live_server)
    assert after.doubled == [], after
    assert after.lost == [], after
    assert len(after.with_a_person) < 0.02 * storm.texts, after
    assert storm.handed_over > 10, f"the kills came too late to harm anything; {after}"
    theirs = {one["sid"]: one["to"] for one in after.gateway.messages}
    ours = {row.provider_id: phone for phone, row in after.rows.items()
            if row.state in (State.SENT, State.DELIVERED)}  # fmt: skip
    assert len(ours) + len(after.with_a_person) == storm.texts, after
    assert ours.items() <= theirs.items(), f"a row names a text that went elsewhere; {after}"
    untold = [one for one in theirs if one in ours and told_otherwise(after, theirs[one])]
    assert len(untold) <= after.gateway.callbacks.unheard, after


def told_otherwise(after, phone):
    """Whether the gateway says that a text arrived, and the row does not."""
    (theirs,) = (one for one in after.gateway.messages if one["to"] == phone)
    return theirs["status"] == "delivered" and after.rows[phone].state is not State.DELIVERED


@pytest.mark.slow
def test_control_senders_that_never_ask_and_send_again_send_twice(context):
    """The same storm, smaller, over a gateway that cannot be asked: whoever is in doubt sends."""
    chance = Chance(fails_after=0.1, closes_after=0.1)
    after = aftermath_of(Storm(60, pairs=5, seed=SEED, chance=chance, sort="blind"), context)
    assert after.doubled != [], after
