import pytest
from sqlalchemy import select

from feedback import clock
from feedback.db import db
from feedback.ledger.models import Entry
from feedback.notify import outbox
from feedback.notify.models import Message, State
from feedback.notify.senders import Uncertain
from feedback.offices.roles import Role

from ..factories import make_account, make_district
from ..notify.helpers import Memory, by, promise_mail, promise_sms, standing, two_mailboxes


@pytest.fixture
def run(context):
    return lambda *arguments: context.test_cli_runner().invoke(args=arguments)


@pytest.fixture
def uncertain(context):
    make_district()
    promise_mail(clock.now())
    outbox.deliver(clock.now(), two_mailboxes, by(Memory(Uncertain("smtp_data"))))
    return str(db.session.scalars(select(Message.id)).one())


def test_one_round_of_everything_says_what_was_done(run):
    make_district()
    make_account(Role.HANDLER)
    promise_mail(clock.now())
    result = run("scheduler", "once")
    assert result.exit_code == 0, result.output
    assert "deliver-messages: sent 1" in result.output
    assert "tell-of-deadlines: nothing was due" in result.output
    assert "write-reports: " in result.output


def test_one_round_of_one_job(run):
    make_district()
    result = run("scheduler", "once", "tell-of-deadlines")
    assert result.output == "tell-of-deadlines: nothing was due\n"


def test_a_job_that_is_none_is_refused_with_the_names_of_those_that_are(run):
    result = run("scheduler", "once", "make-coffee")
    assert result.exit_code == 2
    assert "deliver-messages" in result.output


def test_a_failed_job_ends_the_command_with_1(run_flask, context):
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE messages RENAME TO away")
    try:
        result = run_flask("scheduler", "once", check=False)
    finally:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO messages")
    assert result.returncode == 1
    assert "deliver-messages: FAILED" in result.stderr
    assert "tell-of-deadlines: nothing was due" in result.stdout


def test_messages_are_delivered_by_hand(run):
    make_district()
    make_account(Role.HEAD)
    promise_mail(clock.now())
    assert "sent: 1" in run("messages", "deliver").output
    assert run("messages", "deliver").output == "nothing was due\n"


def test_the_list_masks_phones(run, context):
    make_district()
    promise_sms(clock.now())
    shown = run("messages", "list").output
    assert "138****5678" in shown
    assert "13812345678" not in shown


def test_the_list_can_be_narrowed_to_a_state(run, uncertain):
    assert uncertain in run("messages", "list", "--state", "uncertain").output
    assert run("messages", "list", "--state", "sent").output == ""


def test_a_person_decides_by_command_and_the_ledger_knows(run, uncertain):
    assert run("messages", "retry", uncertain, "--why", "not_arrived").exit_code == 0
    assert standing() == {State.QUEUED: 1}
    again = run("messages", "drop", uncertain, "--why", "arrived")
    assert again.exit_code == 1
    assert "queued" in again.output
    acts = db.session.execute(select(Entry.act, Entry.actor_name).where(Entry.act == "retry")).all()
    assert acts == [("retry", "command line")]


def test_a_decision_needs_a_reason(run, uncertain):
    assert run("messages", "drop", uncertain).exit_code == 2
    assert run("messages", "drop", uncertain, "--why", "because").exit_code == 2


def test_an_unknown_message_is_said_to_be_unknown(run, context):
    nobody = "01930f2e-7c00-7000-8000-000000000001"
    result = run("messages", "drop", nobody, "--why", "arrived")
    assert (result.exit_code, "no such message" in result.output) == (1, True)


def test_cases_are_reminded_by_hand(run):
    make_district()
    assert run("cases", "remind").output == "told about 0 cases\n"
