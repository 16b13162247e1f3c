"""Loading calendars: kept as versions for ever, and in force in every process at once."""

from datetime import UTC, date, datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from feedback.calendar import queries
from feedback.calendar.actions import load
from feedback.calendar.days import DayKind
from feedback.calendar.models import LoadedCalendar, LoadedDay
from feedback.calendar.queries import calendar_in_force, calendar_of
from feedback.db import db, transaction
from feedback.errors import Busy, Invalid, TableInvalid
from feedback.events.models import ServiceEvent
from feedback.ledger.actions import Actor
from feedback.ledger.models import ActorKind, Entry
from feedback.workdays import Calendar, china

from .. import slow_calendar as slow
from ..counting import statements
from ..factories import make_district, make_event
from ..together import at_once, raised

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # Tuesday 10:00 in Shanghai
BY = Actor(ActorKind.SYSTEM, name="张三")
NOTICE = "国办发明电〔2026〕1号"


def load_year(year=2027, content=None, source=NOTICE, now=NOW):
    with transaction():
        return load(content or slow.notice_file(year), year, source, BY, now)


def load_local(*rows, source="区政府通知", now=NOW):
    with transaction():
        return load("\n".join(("day,kind", *rows)).encode(), None, source, BY, now)


def lines():
    found = select(Entry).where(Entry.subject == "calendar").order_by(Entry.id)
    return list(db.session.scalars(found))


def test_without_a_load_the_librarys_calendar_is_in_force(context):
    assert calendar_in_force() == china()


def test_a_loaded_year_is_in_force_and_counts_as_published(context):
    assert 2027 not in calendar_in_force().published
    load_year()
    in_force = calendar_in_force()
    assert 2027 in in_force.published
    assert [day for day in slow.ALL_DAYS if in_force.is_workday(day) != slow.is_workday(day)] == []


def test_a_version_says_who_when_from_what_and_leaves_a_line(context):
    loaded = load_year()
    kept = db.session.get_one(LoadedCalendar, loaded.version)
    assert (kept.version, kept.year, kept.source, kept.by_name, kept.at) == (
        1, 2027, NOTICE, "张三", NOW
    )  # fmt: skip
    [line] = lines()
    assert (line.subject_id, line.act, line.actor_name) == ("1", "load", "张三")
    assert line.facts == {
        "year": 2027, "source": NOTICE, "digest": kept.digest, "days": loaded.days
    }  # fmt: skip


def test_the_same_file_twice_changes_nothing(context):
    first, again = load_year(), load_year(source="another name for it")
    assert (again.version, again.is_new) == (first.version, False)
    assert db.session.scalar(select(func.count()).select_from(LoadedCalendar)) == 1
    assert len(lines()) == 1


def test_a_local_change_that_was_taken_back_can_be_made_again(context):
    saturday = date(2026, 12, 5)
    for kind, worked in (("worked", True), ("off", False), ("worked", True)):
        assert load_local(f"{saturday},{kind}").is_new
        assert calendar_in_force().is_workday(saturday) is worked


def test_a_local_change_outlasts_a_years_file_that_comes_after_it(context):
    load_local("2027-01-04,worked")
    load_year()
    assert calendar_in_force().is_workday(date(2027, 1, 4))
    assert not calendar_in_force().is_workday(date(2027, 1, 1))


def test_a_corrected_notice_replaces_the_first_one_whole(context):
    load_year()
    shorter = [row for row in slow.notice_file(2027).decode().splitlines() if "2027-02-" not in row]
    load_year(content="\n".join(shorter).encode())
    february = [date(2027, 2, n) for n in range(1, 29)]
    assert all(calendar_in_force().is_workday(day) == (day.weekday() < 5) for day in february)


def test_a_years_own_file_does_not_undo_the_december_that_the_next_one_changed(context):
    load_year(2027)
    load_year(2026)
    assert calendar_in_force().is_workday(date(2026, 12, 26)), "a Saturday, by the notice of 2027"


def test_an_older_version_can_still_be_counted_by(context):
    load_year()
    load_local("2027-01-05,off")
    assert calendar_of(1).is_workday(date(2027, 1, 5))
    assert not calendar_of(2).is_workday(date(2027, 1, 5))


@pytest.mark.parametrize("table", ["calendars", "calendar_days"])
def test_what_was_loaded_is_never_changed_or_deleted(context, table):
    load_year()
    column = "by_name" if table == "calendars" else "name"
    model = LoadedCalendar if table == "calendars" else LoadedDay
    for statement in (update(model).values({column: "x"}), delete(model)):
        with pytest.raises(DBAPIError, match="never"), transaction() as session:
            session.execute(statement)
    if db.engine.dialect.name == "postgresql":
        with pytest.raises(DBAPIError, match="never"), transaction() as session:
            session.execute(text(f"TRUNCATE {table} CASCADE"))
    assert 2027 in calendar_in_force().published


def test_a_bad_row_loads_nothing(context):
    with pytest.raises(TableInvalid):
        load_local("2026-12-07,off", "2026-12-08,maybe")
    assert db.session.scalar(select(func.count()).select_from(LoadedDay)) == 0
    assert (calendar_in_force(), lines()) == (china(), [])


@pytest.mark.parametrize(
    ("source", "code"),
    [("", "missing"), (" \t\n ", "missing"), ("长" * 201, "too_long"), ("a\0b", "not_text"),
     ("\ud800", "not_text")],
)  # fmt: skip
def test_a_calendar_needs_a_source(context, source, code):
    with pytest.raises(Invalid) as refused:
        load_local("2026-12-07,off", source=source)
    assert [(fault.field, fault.code) for fault in refused.value.errors] == [("source", code)]


def test_of_many_loads_at_once_each_gets_its_own_number_or_is_told_to_wait(app):
    def one(day):
        return load_local(f"2026-12-{day:02},off").version

    got = at_once(app, *(partial(one, 7 + n) for n in range(4)))
    assert {type(problem) for problem in raised(got)} <= {Busy}
    made = sorted(version for version in got if version not in raised(got))
    assert made == list(range(1, len(made) + 1))
    with app.app_context():
        rows = db.session.execute(
            select(LoadedDay.version, func.count()).group_by(LoadedDay.version)
        )
        assert dict(rows.all()) == dict.fromkeys(made, 1)


def test_a_load_by_another_process_is_noticed_at_once(context, run_flask, tmp_path):
    assert 2027 not in calendar_in_force().published
    file = tmp_path / "2027.csv"
    file.write_bytes(slow.notice_file(2027))
    run_flask("calendar", "load", str(file), "--year", "2027", "--source", NOTICE)
    db.session.rollback()
    assert 2027 in calendar_in_force().published


def test_asking_costs_one_statement_once_the_days_were_read(app):
    with app.app_context():
        load_year()
        calendar_in_force()
        db.session.rollback()
        with statements(app) as seen:
            assert calendar_in_force() is calendar_in_force()
    assert len([one for one in seen if "calendars" in one]) == 2, seen
    assert not [one for one in seen if "calendar_days" in one], seen


def test_a_service_is_rated_until_the_day_that_the_loaded_calendar_says(context):
    make_district()
    wednesday = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)
    by_estimate = make_event(wednesday)
    load_year()
    by_notice = make_event(wednesday)
    assert by_estimate.expires_at == datetime(2027, 1, 7, 16, 0, tzinfo=UTC)  # Thursday's midnight
    assert by_notice.expires_at == datetime(2027, 1, 8, 16, 0, tzinfo=UTC)  # Friday's
    kept = db.session.get_one(ServiceEvent, by_estimate.id, populate_existing=True)
    assert kept.expires_at == by_estimate.expires_at, "what is printed on a slip stays"


def test_a_year_is_shown_day_by_day_with_where_each_is_from(context):
    load_year()
    load_local("2027-01-05,off")
    shown = {day.day: day for day in queries.days_of(2027)}
    assert (shown[date(2027, 1, 1)].name, shown[date(2027, 1, 1)].version) == ("放假", 1)
    assert (shown[date(2027, 1, 5)].kind, shown[date(2027, 1, 5)].version) == (DayKind.OFF, 2)
    assert shown[date(2027, 1, 30)].kind is DayKind.WORKED
    assert date(2027, 1, 6) not in shown
    library = {day.day: day for day in queries.days_of(2026)}
    assert (library[date(2026, 2, 17)].name, library[date(2026, 2, 17)].version) == ("春节", 0)
    assert library[date(2026, 12, 26)].version == 1, "worked by the notice of 2027"


def changes(first, last="2027-02-28"):
    """Return a strategy for what a file may say of the days from one to another."""
    span = st.dates(date.fromisoformat(first), date.fromisoformat(last))
    days = st.tuples(span, st.sampled_from(DayKind))
    return st.lists(days, min_size=1, max_size=5, unique_by=lambda one: one[0])


FILES = st.lists(
    st.one_of(
        st.tuples(st.none(), changes("2026-12-01")),
        st.tuples(st.just(2027), changes("2026-12-01")),  # may speak of the December before
        st.tuples(st.just(2026), changes("2026-12-01", "2026-12-31")),
    ),
    max_size=6,
)


@settings(max_examples=60)
@given(FILES)
def test_of_whatever_was_loaded_the_last_word_on_each_day_counts(files):
    """Day by day: the newest local word on it, else the newest notice that may speak of it."""
    loaded = [
        LoadedCalendar(version=n, year=year, days=[LoadedDay(day=d, kind=k) for d, k in days])
        for n, (year, days) in enumerate(files, 1)
    ]
    national = Calendar(frozenset({date(2026, 12, 25)}), frozenset({date(2026, 12, 27)}))
    laid = queries.layered(national, loaded)
    newest = {year: dict(days) for year, days in files if year}
    for day in slow.every_day("2026-12-01", "2027-02-28"):
        words = [dict(days).get(day) for year, days in files if year is None]
        words = [word for word in words if word]
        notices = [newest[year].get(day) for year in (2027, 2026) if year in newest]
        said = [*words[-1:], *(word for word in notices if word)]
        if said:
            worked = said[0] is DayKind.WORKED
        elif day.year in newest:
            worked = day.weekday() < 5
        else:
            worked = national.is_workday(day)
        assert laid.is_workday(day) is worked, day
