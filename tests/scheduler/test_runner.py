"""The scheduler as a real process: it starts, ticks, stops when told, and survives being killed."""

import signal
import subprocess
import sys
import threading
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.cases.urging import climb
from feedback.db import db
from feedback.notify.models import Message, State
from feedback.offices.roles import Role
from feedback.scheduler.jobs import JOBS
from feedback.scheduler.models import Tick
from feedback.scheduler.runner import STUCK, Watchdog

from ..conftest import ROOT
from ..factories import make_account, make_case, make_district
from ..notify.helpers import environment, post_office, standing
from ..together import wait_until

ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}
LONG_AGO = timedelta(days=60)
PATIENCE = 180  # seconds, longer than the pause after a first refusal


@pytest.fixture
def run_python(context):
    """Start Python in a process of its own; whatever is left of it is killed."""
    started = []

    def run(*arguments, **settings):
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment(context, **settings),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait(10)


@pytest.fixture
def start(run_python):
    """Start `flask …` in a process of its own."""
    return partial(run_python, "-m", "flask", "--app", "wsgi")


@pytest.fixture
def start_hurried(run_python):
    """Start a scheduler whose duties come round every second."""
    return partial(run_python, "-m", "tests.scheduler.hurried")


def ticked():
    db.session.rollback()
    return set(db.session.scalars(select(Tick.job)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_does_every_job_and_stops_when_told(context, start, number):
    make_district()
    process = start("scheduler", "run")
    wait_until(lambda: ticked() == {job.name for job in JOBS}, PATIENCE)
    process.send_signal(number)
    assert process.wait(30) == 0


def test_told_to_stop_while_a_mail_server_hangs_it_does_not_hang_with_it(context, start):
    make_district()
    make_account(Role.HANDLER, email="a@licheng.example")
    make_case(clock.now(), **ANONYMOUS)
    with post_office() as office:
        office.halts_at = "data"
        process = start(
            "scheduler", "run", FEEDBACK_MAIL_SENDER="smtp", FEEDBACK_SMTP_HOST="127.0.0.1",
            FEEDBACK_SMTP_PORT=str(office.port), FEEDBACK_SMTP_TIMEOUT_SECONDS="60",
        )  # fmt: skip
        assert office.halted.wait(PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_killed_in_the_middle_the_next_one_goes_on_and_nobody_is_told_twice(context, start):
    make_district()
    cases = 40
    for _ in range(cases):
        make_case(clock.now() - LONG_AGO, **ANONYMOUS)
    process = start("cases", "remind")
    wait_until(lambda: notices() >= 3 or process.poll() is not None, PATIENCE)
    process.kill()
    process.wait(10)
    left = climb(clock.now())
    assert notices() == cases
    assert len(left) <= cases
    assert climb(clock.now()) == []


def notices():
    db.session.rollback()
    rows = select(Message.id).where(Message.occasion == "case_notice")
    return len(db.session.scalars(rows).all())


def test_two_processes_share_the_work(context, start_hurried):
    make_district()
    for office, role in (("RS", Role.HANDLER), ("GOV", Role.SUPERVISOR), ("XZSP", Role.SUPERVISOR)):
        make_account(role, department=office)
    messages = 15 * (1 + 1 + 2 + 2)  # opened, notice; to both supervising offices, twice each
    messages += 2  # fifteen of a kind: their common cause, to both supervising offices
    for _ in range(15):
        make_case(clock.now() - LONG_AGO, **ANONYMOUS)
    with post_office() as office:
        mail = {
            "FEEDBACK_MAIL_SENDER": "smtp", "FEEDBACK_SMTP_HOST": "127.0.0.1",
            "FEEDBACK_SMTP_PORT": str(office.port),
        }  # fmt: skip
        processes = [start_hurried(**mail) for _ in range(2)]
        wait_until(lambda: standing() == {State.SENT: messages}, PATIENCE)
        for process in processes:
            process.terminate()
        assert [process.wait(30) for process in processes] == [0, 0]
        assert len(office.copies) == messages
        assert set(office.copies.values()) == {1}


def test_the_watchdog_bites_when_nothing_ticks():
    bitten = threading.Event()
    dog = Watchdog(patience=-1, bite=bitten.set)
    dog.look()
    assert bitten.is_set()


def test_the_watchdog_is_quiet_while_something_ticks():
    bitten = threading.Event()
    dog = Watchdog(patience=3600, bite=bitten.set)
    dog.pat()
    dog.look()
    assert not bitten.is_set()


def test_a_bite_ends_the_process_whatever_its_threads_do():
    stuck = (
        "import threading, time; from feedback.scheduler.runner import Watchdog;"
        "threading.Thread(target=time.sleep, args=(600,)).start(); Watchdog(patience=-1).look()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", stuck], cwd=ROOT, timeout=60, capture_output=True, check=False
    )
    assert ended.returncode == STUCK
    assert b"scheduler_stuck" in ended.stdout
