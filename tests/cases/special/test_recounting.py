"""A common cause's deadline follows the calendar, as a case's does. 60 working days reach far."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select, text

from feedback import clock
from feedback.calendar.actions import load
from feedback.calendar.queries import calendar_in_force
from feedback.cases.special import actions
from feedback.cases.special.models import Special
from feedback.cases.special.recounting import recount
from feedback.cases.unpublished import Unpublished, unpublished_years
from feedback.db import db, transaction
from feedback.ledger.actions import SYSTEM
from feedback.ledger.models import Entry

from ... import slow_calendar as slow
from ...factories import make_district, make_people
from .doing import MONDAY, do, proposed, reload

ESTIMATED = datetime(
    2027, 2, 22, 9, 30, tzinfo=UTC
)  # Monday 17:30, Monday to Friday from 1 January
COUNTED = clock.moment_of(slow.nth_after(date(2026, 11, 23), 60), time(17, 30))
LATER = MONDAY + timedelta(days=1)


@pytest.fixture
def people(context):
    make_district()
    return make_people()


@pytest.fixture
def confirmed(people):
    return do(actions.confirm, proposed(), people.supervisor, "RS", "改指南", 60)


def spring_festival():
    """Load the notice of 2027 as it might be."""
    with transaction():
        load(slow.notice_file(2027), 2027, "国办发明电〔2026〕9号", SYSTEM, LATER)


def test_days_off_that_are_loaded_move_the_deadline_and_are_reported(confirmed):
    assert confirmed.due_at == ESTIMATED
    seen = confirmed.version
    spring_festival()
    found = recount(LATER)
    assert [moved.number for moved in found.moved] == [confirmed.number]
    assert found.moved[0].deadlines["due_at"] == (ESTIMATED, COUNTED)
    after = reload(confirmed)
    assert (after.due_at, after.next_due_at, after.version) == (
        COUNTED, COUNTED, seen + 1,
    )  # fmt: skip
    line = db.session.scalars(select(Entry).where(Entry.act == "recomputed")).one().facts
    assert (line["due_before"], line["due_at"]) == (ESTIMATED.isoformat(), COUNTED.isoformat())


def test_the_same_count_again_moves_nothing(confirmed):
    spring_festival()
    recount(LATER)
    again = recount(LATER)
    assert (again.moved, again.unmoved) == ([], 1)


def test_an_owner_who_reported_keeps_the_deadline_and_the_desks_own_is_counted(people, confirmed):
    do(actions.measure, confirmed, people.handler, "重写")
    reported = do(actions.report, confirmed, people.handler, "已重写")
    spring_festival()
    assert recount(LATER).moved == []
    assert reload(reported).due_at == ESTIMATED


def test_sent_back_it_has_as_many_days_again_and_they_are_counted_too(people, confirmed):
    do(actions.measure, confirmed, people.handler, "重写")
    do(actions.report, confirmed, people.handler, "已重写")
    back = do(actions.send_back, confirmed, people.supervisor, "还缺样本")
    assert (back.days, back.due_since) == (60, MONDAY)
    spring_festival()
    assert [moved.number for moved in recount(LATER).moved] == [back.number]


def test_one_that_has_ended_moves_no_more(people, confirmed):
    do(actions.measure, confirmed, people.handler, "重写")
    do(actions.report, confirmed, people.handler, "已重写")
    do(actions.close, confirmed, people.supervisor, "已核对")
    spring_festival()
    assert (recount(LATER).moved, reload(confirmed).days) == ([], None)


def test_one_whose_term_was_not_kept_stays_as_it_is(confirmed):
    """The control, and what came over from before: without the two columns nothing can be counted."""
    with transaction() as session:
        session.execute(text("UPDATE specials SET due_since = NULL, days = NULL"))
    spring_festival()
    assert recount(LATER).moved == []


def test_a_deadline_in_a_year_not_published_is_counted_for_the_desk(confirmed):
    assert unpublished_years(calendar_in_force(), LATER) == [Unpublished(2027, 0, 1)]
    spring_festival()
    assert unpublished_years(calendar_in_force(), LATER) == []


def test_calendar_and_command_say_which_root_cause_moved(app, confirmed):
    spring_festival()
    said = app.test_cli_runner().invoke(args=["cases", "recount"])
    assert said.exit_code == 0, said.output
    assert confirmed.number in said.output
    assert (
        db.session.scalars(select(Special.due_at).execution_options(populate_existing=True)).one()
        == COUNTED
    )
