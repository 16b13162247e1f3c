"""The halves of a duty do not wait for each other, and what fails in one is said at the end."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from feedback.cases import actions, pending
from feedback.cases.duties import tell_about_deadlines
from feedback.cases.states import State
from feedback.db import db
from feedback.errors import SomeFailed
from feedback.notify.models import Message

from ..factories import make_case, make_district, make_people, walk_to
from .doing import do, refusing

LATE = timedelta(days=30)


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def asked_for_time(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    return do(actions.ask_extension, case, people.head, "等设备", "12月8日前安装", now=now)


def told_of(case):
    """Return the offices that were told of the case's request."""
    rows = select(Message.to_department).where(Message.subject_id == str(case.request_id))
    return sorted(db.session.scalars(rows.where(Message.occasion == "desk_overdue")))


def test_a_late_request_is_told_of_though_a_case_is_bad(people, now):
    bad, waiting = make_case(now), asked_for_time(people, now)
    with refusing("ledger_entries", bad.id), pytest.raises(SomeFailed) as failed:
        tell_about_deadlines(now + LATE)
    assert failed.value.facts["which"] == [bad.number]
    assert told_of(waiting) == ["GOV", "XZSP"]


def test_a_bad_request_does_not_keep_the_others_from_being_told_of(people, now):
    bad, good = asked_for_time(people, now), asked_for_time(people, now)
    with refusing("messages", bad.request_id), pytest.raises(SomeFailed) as failed:
        pending.remind(now + LATE)
    assert failed.value.facts["which"] == [bad.number]
    assert (told_of(bad), told_of(good)) == ([], ["GOV", "XZSP"])


def test_what_failed_by_hand_is_named_and_ends_with_1(people, now, context):
    bad, waiting = make_case(now), asked_for_time(people, now)
    run = context.test_cli_runner()
    with refusing("ledger_entries", bad.id), time_machine.travel(now + LATE, tick=False):
        told = run.invoke(args=["cases", "remind"])
    assert (told.exit_code, told_of(waiting)) == (1, ["GOV", "XZSP"])
    assert bad.number in told.output
