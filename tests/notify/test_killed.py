"""A worker killed with SIGKILL in the middle: nothing is sent twice by us, nothing lost in silence.

Real processes, a real mail server of our own, both databases.
"""

import random
import select
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest

from feedback import clock
from feedback.db import transaction
from feedback.ledger.actions import SYSTEM
from feedback.notify import decisions, outbox, senders
from feedback.notify.decisions import WhyRetry
from feedback.notify.models import State
from feedback.offices.mailboxes import mailboxes
from feedback.offices.roles import Role

from ..conftest import ROOT
from ..factories import make_account, make_district
from .helpers import SEED, environment, messages, post_office, promise_mail, standing

LAPSED = outbox.LEASE + timedelta(seconds=30)
ROUNDS, A_ROUND = 3, 12


@pytest.fixture
def office(context):
    make_district()
    make_account(Role.HANDLER, email="a@licheng.example")
    with post_office() as office:
        yield office


@pytest.fixture
def start(context, office):
    """Start a deliverer that stops at a certain place; whatever is left of it is killed."""
    started = []

    def run(where="nowhere"):
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.notify.deliverer", where], cwd=ROOT,
            env=environment(
                context, FEEDBACK_MAIL_SENDER="smtp", FEEDBACK_SMTP_HOST="127.0.0.1",
                FEEDBACK_SMTP_PORT=str(office.port), FEEDBACK_SMTP_TIMEOUT_SECONDS="30",
            ),
            stdout=subprocess.PIPE,
        )  # fmt: skip
        started.append(worker)
        return worker

    yield run
    for worker in started:
        worker.kill()
        worker.wait(10)
        worker.stdout.close()


def kill_when_halted(worker):
    readable, _, _ = select.select([worker.stdout], [], [], 60)
    assert readable
    assert worker.stdout.readline() == b"halted\n"
    kill(worker)


def kill(worker):
    worker.kill()
    worker.wait(10)


def deliver_later(office, context, later):
    """Take back and send whatever is due long after, as the next worker would."""
    config = context.config["FEEDBACK"].model_copy(
        update={"mail_sender": "smtp", "smtp_host": "127.0.0.1", "smtp_port": office.port}
    )
    return outbox.deliver(later, mailboxes, senders.chosen(config))


def test_killed_before_handing_over_it_comes_back_and_is_sent_once(context, office, start):
    promise_mail(clock.now())
    kill_when_halted(start("mailboxes"))
    assert standing() == {State.SENDING: 1}
    assert deliver_later(office, context, clock.now() + LAPSED) == {State.QUEUED: 1, State.SENT: 1}
    assert list(office.copies.values()) == [1]


@pytest.mark.parametrize(("place", "copies"), [("rcpt", 0), ("data", 1)])
def test_killed_while_the_server_has_it_a_person_decides(context, office, start, place, copies):
    promise_mail(clock.now())
    office.halts_at = place
    worker = start()
    assert office.halted.wait(60)
    kill(worker)
    office.halts_at = ""
    assert deliver_later(office, context, clock.now() + LAPSED) == {State.UNCERTAIN: 1}
    assert deliver_later(office, context, clock.now() + timedelta(days=9)) == {}
    assert len(office.mails) == copies


def test_killed_before_it_could_note_that_it_was_sent_nobody_sends_it_again(context, office, start):
    promise_mail(clock.now())
    kill_when_halted(start("sent"))
    deliver_later(office, context, clock.now() + LAPSED)
    assert standing() == {State.UNCERTAIN: 1}
    assert list(office.copies.values()) == [1]


def test_control_sending_an_uncertain_one_again_without_asking_sends_it_twice(
    context, office, start
):
    """What a lease without the mark of handing over would do by itself."""
    promise_mail(clock.now())
    kill_when_halted(start("sent"))
    deliver_later(office, context, clock.now() + LAPSED)
    uncertain = messages()[0].id
    with transaction():
        decisions.retry(uncertain, WhyRetry.NOT_ARRIVED, SYSTEM, clock.now())
    deliver_later(office, context, clock.now())
    assert list(office.copies.values()) == [2]


@pytest.mark.slow
def test_workers_killed_at_random_send_nothing_twice_and_lose_nothing(context, office, start):
    print(f"FEEDBACK_STORM_SEED={SEED}")
    chance = random.Random(SEED)
    office.pause = 0.01
    for _ in range(ROUNDS):
        promise_mail(clock.now(), A_ROUND)
        before = len(office.mails)
        first, second = start(), start()
        wait_for(office, before + chance.randint(1, A_ROUND), first)
        kill(first)
        kill(second)
    later = clock.now() + LAPSED
    office.pause = 0
    in_doubt = sum(may_have_left(message) for message in messages())
    deliver_later(office, context, later)
    stand = standing()
    copies = Counter({message.id: office.copies[message.id] for message in messages()})
    assert max(copies.values()) == 1
    assert set(stand) <= {State.SENT, State.UNCERTAIN}
    assert all(copies[m.id] == 1 for m in messages() if m.state is State.SENT)
    assert stand.total() == ROUNDS * A_ROUND
    assert stand[State.UNCERTAIN] == in_doubt, "no more than what the dead had handed over"


def may_have_left(message):
    """Whether a worker handed it over and did not live to record what came of it."""
    lost = message.state is State.SENDING and message.handed_over_at is not None
    return lost or message.state is State.UNCERTAIN


def wait_for(office, mails, worker):
    """Wait until the server has so many, or the worker has nothing more to do."""
    until = time.monotonic() + 60
    while len(office.mails) < mails and worker.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
