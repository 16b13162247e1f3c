from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from feedback.db import db, transaction
from feedback.errors import OutOfTurn, SomeFailed
from feedback.notify.models import Message, State
from feedback.offices.roles import Role
from feedback.reports.models import ClosureReport
from feedback.scheduler.jobs import JOBS, Job
from feedback.scheduler.models import Tick
from feedback.scheduler.ticks import forget_all_but, in_short, tick

from ..factories import make_account, make_case, make_district
from ..together import at_once, raised

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}


@pytest.fixture
def district(context):
    make_district()
    make_account(Role.HANDLER, email="a@licheng.example")
    return context


def one_round(app, now):
    return {one.name: tick(app, one, now) for one in JOBS}


def delivered():
    db.session.rollback()
    rows = select(Message.occasion, Message.state).order_by(Message.occasion)
    rows = rows.where(Message.occasion.like("case%"))  # nobody sits at the supervisors' desk here
    return [tuple(row) for row in db.session.execute(rows)]


def test_after_three_days_of_silence_one_round_catches_up_once(district):
    make_case(MONDAY, **ANONYMOUS)
    make_case(MONDAY, **ANONYMOUS)
    first = one_round(district, DUE + timedelta(days=3, hours=1))
    one_round(district, DUE + timedelta(days=3, hours=1, minutes=1))
    again = one_round(district, DUE + timedelta(days=3, hours=1, minutes=2))
    assert first["write-reports"].done == ["2026-W48"]
    assert delivered() == [
        ("case_notice", State.SENT), ("case_notice", State.SENT),
        ("case_opened", State.SENT), ("case_opened", State.SENT),
    ]  # fmt: skip
    assert not any(ticked.done or ticked.error for ticked in again.values())
    assert list(db.session.scalars(select(ClosureReport.week))) == ["2026-W48"]


def test_two_schedulers_at_once_do_no_harm(district, capsys):
    for _ in range(6):
        make_case(MONDAY, **ANONYMOUS)

    def schedule():
        for minute in range(3):
            rounds = one_round(district, DUE + timedelta(days=3, hours=1, minutes=minute))
            assert [one for one in rounds.values() if one.error] == []

    assert raised(at_once(None, *[schedule] * 3)) == []
    assert delivered() == [("case_notice", State.SENT)] * 6 + [("case_opened", State.SENT)] * 6
    printed = capsys.readouterr().out
    assert printed.count("\n--- ") + printed.startswith("--- ") == 12


def fail(_now, _go_on):
    raise ValueError("王小明 13812345678")


def test_a_job_that_fails_says_so_and_does_not_stop_the_others(district, capsys):
    jobs = [Job("fails", 60, fail, "x"), Job("works", 60, lambda *_: ["done"], "x")]
    failed, worked = (tick(district, one, MONDAY) for one in jobs)
    assert (failed.error, worked.done) == ("ValueError", ["done"])
    ticks = dict(db.session.execute(select(Tick.job, Tick.error)).all())
    assert ticks == {"fails": "ValueError", "works": ""}
    told = capsys.readouterr()
    assert "13812345678" not in told.out + told.err, "an error's words may name somebody"


def test_a_job_leaves_no_open_transaction_to_the_next(district):
    def leave_a_mess(_now, _go_on):
        db.session.scalars(select(Tick)).all()
        raise RuntimeError

    def write(_now, _go_on):
        with transaction() as session:
            session.add(Tick(job="written", at=MONDAY))
        return []

    tick(district, Job("mess", 1, leave_a_mess, "x"), MONDAY)
    assert tick(district, Job("write", 1, write, "x"), MONDAY).error == ""


def test_a_second_tick_replaces_the_first(district):
    job = Job("fails", 60, fail, "x")
    tick(district, job, MONDAY)
    tick(district, Job("fails", 60, lambda *_: [], "x"), MONDAY)
    assert db.session.scalars(select(Tick.error)).all() == [""]


def test_a_renamed_job_leaves_nothing_behind(district):
    tick(district, Job("old-name", 60, lambda *_: [], "x"), MONDAY)
    forget_all_but([job.name for job in JOBS])
    assert db.session.scalars(select(Tick.job)).all() == []


def test_errors_are_told_by_kind_and_code_only():
    assert in_short(KeyError("王小明")) == "KeyError"
    assert in_short(OutOfTurn(name="王小明")) == "OutOfTurn out_of_turn"


def test_of_many_things_those_that_failed_are_named():
    assert in_short(SomeFailed(which=["2026-W46", "2026-W47"])) == "some_failed: 2026-W46, 2026-W47"


def test_every_job_can_be_done_by_hand(app):
    for job in JOBS:
        group, name = job.command.split()
        assert name in app.cli.commands[group].commands, job.command


def test_job_names_are_their_own():
    names = [job.name for job in JOBS]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 40
