"""Each finished week's report is written once, and then stays as it was written."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from feedback.cases import actions as cases
from feedback.cases.models import Case
from feedback.cases.states import Finding
from feedback.catalog.grades import TagClass
from feedback.db import db, transaction
from feedback.errors import SomeFailed, Unknown
from feedback.ledger.actions import SYSTEM, Line, write
from feedback.ledger.queries import timeline
from feedback.offices.roles import Role
from feedback.reports import actions, queries
from feedback.reports.figures import Pair, Rate
from feedback.reports.models import ClosureReport
from feedback.reports.queries import Standing

from ..counting import statements, statements_of_writers
from ..factories import make_account, make_district, make_event
from ..together import at_once, raised
from .made import make_case, shanghai

MONDAY_EIGHT = shanghai("2026-11-23 08:00")


@pytest.fixture(autouse=True)
def _district(context):
    make_district()


def kept_weeks():
    return list(db.session.scalars(select(ClosureReport.week).order_by(ClosureReport.week)))


def test_nothing_on_record_writes_nothing(now):
    assert actions.write_due(now) == []
    assert kept_weeks() == []


def test_a_week_without_cases_is_reported_from_the_first_recorded_service_on():
    make_event(shanghai("2026-11-11 10:00"))
    assert actions.write_due(MONDAY_EIGHT) == ["2026-W46", "2026-W47"]


def test_a_report_waits_for_monday_eight_o_clock():
    make_case("2026-11-18 10:00")
    assert actions.write_due(MONDAY_EIGHT - timedelta(seconds=1)) == []
    assert actions.write_due(MONDAY_EIGHT) == ["2026-W47"]


def test_a_report_is_written_once():
    make_case("2026-11-18 10:00")
    assert actions.write_due(MONDAY_EIGHT) == ["2026-W47"]
    assert actions.write_due(MONDAY_EIGHT + timedelta(hours=1)) == []
    report = queries.closure("2026-W47", MONDAY_EIGHT + timedelta(days=30))
    assert (report.standing, report.written_at) == (Standing.KEPT, MONDAY_EIGHT)
    assert [entry.act for entry in timeline("report", "2026-W47")] == ["write"]


def test_ten_weeks_of_downtime_give_ten_reports_each_as_of_its_own_end():
    make_case("2026-09-14 10:00", due="2026-09-21 17:30")  # a Monday, week 38
    written = actions.write_due(shanghai("2026-11-23 09:00"))
    assert written == [f"2026-W{number}" for number in range(38, 48)]
    assert kept_weeks() == written
    received = {
        week: queries.closure(week, MONDAY_EIGHT).figures.total.received for week in written
    }
    assert received.pop("2026-W38") == Pair(named=1)
    assert set(received.values()) == {Pair()}
    overdue = [
        queries.closure(week, MONDAY_EIGHT).figures.total.longest_overdue for week in written[:4]
    ]
    assert overdue == [
        None,
        3,
        6,
        9,
    ]  # to 27 Sep (25th off), 4 Oct, 11 Oct (8th, 9th, Saturday 10th)


def test_two_at_once_write_one(app):
    make_case("2026-11-18 10:00")
    written = at_once(app, *[partial(actions.write_due, MONDAY_EIGHT)] * 4)
    assert raised(written) == []
    assert sorted(written) == [[], [], [], ["2026-W47"]]
    assert len(timeline("report", "2026-W47")) == 1


def test_a_second_writer_who_did_not_look_writes_nothing():
    make_case("2026-11-18 10:00")
    counted = actions.count("2026-W47", MONDAY_EIGHT)
    with transaction():
        assert actions.keep("2026-W47", counted, MONDAY_EIGHT)
    with transaction():
        assert not actions.keep("2026-W47", counted, MONDAY_EIGHT + timedelta(hours=1))
    assert len(timeline("report", "2026-W47")) == 1


def test_nobody_waits_to_write_while_a_week_is_counted(app):
    make_case("2026-11-18 10:00")
    with statements_of_writers(app) as seen:
        assert actions.write_due(MONDAY_EIGHT) == ["2026-W47"]
    tables = {
        word for one in seen for word in ("closure_reports", "cases", "departments") if word in one
    }
    assert tables == {"closure_reports"}


def test_a_week_costs_the_same_however_many_cases_are_overdue(app):
    def cost():
        with statements(app) as seen:
            queries.figures("2026-W47", MONDAY_EIGHT)
        return sum(one.startswith("SELECT") for one in seen)

    make_case("2026-11-10 10:00", due="2026-11-17 17:30")
    cost()
    few = cost()
    for _ in range(10):
        make_case("2026-11-10 10:00", due="2026-11-17 17:30")
    assert cost() == few


@pytest.fixture
def refused_week():
    """Let the database refuse one week, as a real fault would."""
    on_sqlite = db.engine.dialect.name == "sqlite"
    refuse, admit = (
        (
            "CREATE TRIGGER fault BEFORE INSERT ON closure_reports WHEN NEW.week = '2026-W46'"
            " BEGIN SELECT RAISE(ABORT, 'fault'); END",
            "DROP TRIGGER fault",
        )
        if on_sqlite
        else (
            "ALTER TABLE closure_reports ADD CONSTRAINT fault CHECK (week <> '2026-W46')",
            "ALTER TABLE closure_reports DROP CONSTRAINT fault",
        )
    )
    with transaction() as session:
        session.execute(text(refuse))
    yield "2026-W46"
    with transaction() as session:
        session.execute(text(admit))


def test_a_week_that_fails_does_not_hold_up_the_others(refused_week):
    make_case("2026-11-10 10:00")
    with pytest.raises(SomeFailed) as failed:
        actions.write_due(MONDAY_EIGHT)
    assert failed.value.facts["which"] == [refused_week]
    assert kept_weeks() == ["2026-W47"]
    assert actions.write_if_due("2026-W47", MONDAY_EIGHT) is False


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE closure_reports SET figures = '{}'",
        "UPDATE closure_reports SET written_at = '2020-01-01 00:00:00'",
        "UPDATE closure_reports SET week = '2026-W01'",
        "DELETE FROM closure_reports",
    ],
)
def test_a_kept_report_refuses_to_be_changed(change):
    make_case("2026-11-18 10:00")
    actions.write_due(MONDAY_EIGHT)
    with pytest.raises(DBAPIError, match="never"), transaction() as session:
        session.execute(text(change))
    assert kept_weeks() == ["2026-W47"]


def test_without_its_guard_a_report_could_be_changed():
    """The control: it is the trigger that refuses, and nothing else."""
    make_case("2026-11-18 10:00")
    actions.write_due(MONDAY_EIGHT)
    is_sqlite = db.engine.dialect.name == "sqlite"
    on = "" if is_sqlite else " ON closure_reports"
    with db.engine.connect() as connection:
        connection.execute(text(f"DROP TRIGGER closure_reports_never_deleted{on}"))
        connection.execute(text("DELETE FROM closure_reports"))
        assert connection.scalar(text("SELECT count(*) FROM closure_reports")) == 0
        connection.rollback()
    assert kept_weeks() == ["2026-W47"]


def test_what_happens_later_changes_no_kept_report():
    make_case("2026-11-18 10:00")
    actions.write_due(MONDAY_EIGHT)
    make_case("2026-11-19 10:00")
    with transaction() as session:
        session.execute(text("UPDATE departments SET name = '新名' WHERE code = 'RS'"))
    report = queries.closure("2026-W47", MONDAY_EIGHT)
    assert report.figures.total.received == Pair(named=1)
    assert report.figures.rows[0].name == "区人力资源社会保障局"
    assert queries.figures("2026-W47", MONDAY_EIGHT).total.received == Pair(named=2)


def test_a_week_computed_late_shows_the_cases_as_they_were_at_its_end():
    handler = make_account(Role.HANDLER)
    supervisor = make_account(Role.SUPERVISOR, department="GOV")
    routed = make_case("2026-11-10 10:00", due="2026-11-17 17:30")
    triage = make_case("2026-11-10 11:00", due="2026-11-17 17:30", department=None)
    verifying = make_case("2026-11-10 12:00", due="2026-11-17 17:30")
    with transaction():
        cases.accept(_fresh(verifying), handler, shanghai("2026-11-20 10:00"), 1)
    then = queries.figures("2026-W47", MONDAY_EIGHT)
    later = shanghai("2026-11-24 10:00")
    with transaction():
        cases.accept(_fresh(routed), handler, later, 1)
    with transaction():
        cases.verify(_fresh(routed), handler, Finding.TRUE, "是", later + timedelta(hours=1), 2)
    with transaction():
        cases.assign(_fresh(triage), supervisor, "SW", "用水", later, 1, tag_class=TagClass.PROCESS)
    with transaction():
        cases.verify(_fresh(verifying), handler, Finding.TRUE, "是", later, 2)
    assert queries.figures("2026-W47", later + timedelta(days=1)) == then
    assert [case.state.value for case in then.overdue] == ["routed", "triage", "verifying"]
    assert {row.department for row in then.rows} == {"RS", None}


def test_a_new_term_after_the_week_leaves_the_week_as_it_was():
    """A dissatisfied visit gives a case a new deadline; the old one counts in the weeks before it."""
    sent_back = make_case("2026-11-10 10:00", due="2026-11-17 17:30", answered="2026-11-20 10:00")
    make_case("2026-11-10 10:00", due="2026-11-17 17:30", answered="2026-11-20 10:00")
    then = queries.figures("2026-W47", MONDAY_EIGHT)
    old = shanghai("2026-11-17 17:30")
    for at, new, state in (
        ("2026-11-23 10:00", "2026-11-30 17:30", "visiting"),
        ("2026-12-01 10:00", "2026-12-08 17:30", "rectifying"),
    ):
        facts = {"due_at": shanghai(new).isoformat(), "due_before": old.isoformat(), "from": state}
        with transaction() as session:
            write(shanghai(at), SYSTEM, Line("case", sent_back.id, "visit", facts))
            _fresh(sent_back).due_at = old = shanghai(new)
            session.flush()
    failed = Line("case", sent_back.id, "visit", {"outcome": "failed", "attempt": 1})
    with transaction():
        write(shanghai("2026-12-02 10:00"), SYSTEM, failed)
    later = shanghai("2026-12-10 10:00")
    assert then.total.overdue == Pair(named=2)
    assert queries.figures("2026-W47", later) == then
    assert queries.figures("2026-W48", later).total.overdue == Pair(named=1)
    assert queries.figures("2026-W50", later).total.overdue == Pair(named=2)


def _fresh(case):
    return db.session.get_one(Case, case.id, populate_existing=True)


def test_the_week_before_is_taken_as_it_was_kept():
    make_case("2026-11-10 10:00", closed="2026-11-11 10:00")
    actions.write_due(shanghai("2026-11-16 08:00"))
    make_case("2026-11-12 10:00", closed="2026-11-13 10:00")
    make_case("2026-11-17 10:00", closed="2026-11-18 10:00")
    actions.write_due(MONDAY_EIGHT)
    report = queries.closure("2026-W47", MONDAY_EIGHT)
    assert report.before is not None
    assert report.before.total.rate == Rate(1, 1)
    running = queries.closure("2026-W48", MONDAY_EIGHT)
    assert running.before == report.figures


def test_the_first_week_has_nothing_before_it():
    make_case("2026-11-18 10:00")
    assert queries.closure("2026-W47", MONDAY_EIGHT).before is None
    actions.write_due(MONDAY_EIGHT)
    assert queries.closure("2026-W47", MONDAY_EIGHT).before is None


@pytest.mark.parametrize(
    ("week", "at", "standing"),
    [
        ("2026-W47", "2026-11-22 23:59", Standing.RUNNING),
        ("2026-W47", "2026-11-23 00:00", Standing.AWAITED),
        ("2026-W47", "2026-11-30 00:00", Standing.AWAITED),
        ("2026-W46", "2026-11-23 09:00", Standing.BEFORE_RECORDS),
        ("2026-W48", "2026-11-23 09:00", Standing.RUNNING),
        ("0999-W53", "2026-11-23 09:00", None),
        ("1000-W01", "2026-11-23 09:00", Standing.BEFORE_RECORDS),
    ],
)
def test_a_report_says_how_final_it_is(week, at, standing):
    make_case("2026-11-18 10:00")
    if standing is None:
        with pytest.raises(Unknown):
            queries.closure(week, shanghai(at))
    else:
        assert queries.closure(week, shanghai(at)).standing is standing


@pytest.mark.parametrize(
    "week",
    ["2026-W54", "abc", "", "2026-W48", "9999-W52", "0001-W01", "2026-W4７", "2026W47", "-W01"],
)
def test_a_week_that_is_none_or_has_not_begun_is_unknown(week):
    with pytest.raises(Unknown):
        queries.closure(week, shanghai("2026-11-22 23:00"))


def test_the_list_has_every_week_newest_first():
    make_case("2026-11-10 10:00", closed="2026-11-11 10:00")
    actions.write_due(shanghai("2026-11-16 08:00"))
    listed = queries.weeks(shanghai("2026-11-24 10:00"))
    assert [(week.week, week.standing, week.rate) for week in listed] == [
        ("2026-W48", Standing.RUNNING, None),
        ("2026-W47", Standing.AWAITED, None),
        ("2026-W46", Standing.KEPT, Rate(1, 1)),
    ]


def test_the_turn_of_the_year_belongs_to_week_53():
    make_case("2026-12-31 10:00")  # a Thursday
    make_case("2027-01-03 23:59")  # the Sunday
    make_case("2027-01-04 00:00")  # the Monday after
    assert actions.write_due(shanghai("2027-01-04 08:00")) == ["2026-W53"]
    report = queries.closure("2026-W53", shanghai("2027-01-04 08:00"))
    assert report.figures.total.received == Pair(named=2)
