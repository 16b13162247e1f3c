"""Counting open deadlines again after a calendar was loaded: what moves, what stays, who is told."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from feedback.calendar.actions import load
from feedback.cases import actions, rulebook
from feedback.cases.ladder import Rung
from feedback.cases.models import Case, RungClimbed, SupervisionNotice
from feedback.cases.recounting import recount
from feedback.cases.rules import Rule, Term
from feedback.cases.states import Ground, State, Verdict
from feedback.cases.urging import climb
from feedback.db import db, transaction
from feedback.errors import OutOfTurn, SomeFailed
from feedback.events.models import ServiceEvent
from feedback.ledger.actions import SYSTEM
from feedback.ledger.models import Entry
from feedback.notify.models import Message
from feedback.offices.models import Account
from feedback.reports.queries import figures

from .. import slow_calendar as slow
from ..counting import statements
from ..factories import make_case, make_district, make_people, walk_to
from ..together import at_once, raised
from .doing import do, reload

WEDNESDAY = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def load_2027(now=WEDNESDAY):
    """1-4 January off, Friday to Monday; 5-11 February off; 30 January and 14 February worked."""
    with transaction():
        load(slow.notice_file(2027), 2027, "国办发明电〔2026〕1号", SYSTEM, now)


def load_local(*rows, now=WEDNESDAY):
    with transaction():
        load("\n".join(("day,kind", *rows)).encode(), None, "区政府通知", SYSTEM, now)


def lines(case=None):
    found = select(Entry).where(Entry.act == "recomputed").order_by(Entry.id)
    if case is not None:
        found = found.where(Entry.subject_id == str(case.id))
    return list(db.session.scalars(found))


def told(case):
    """Return which rungs people heard of, by the messages promised."""
    db.session.rollback()
    keys = select(Message.dedupe_key).where(
        Message.subject_id == str(case.id), Message.dedupe_key.like("rung%")
    )
    return sorted(key.split(":")[0] for key in db.session.scalars(keys))


def test_a_deadline_across_new_year_moves_with_the_notice(people):
    case = make_case(WEDNESDAY)
    assert (case.contact_due_at, case.due_at) == (at("2026-12-31T17:30"), at("2027-01-07T17:30"))
    load_2027()
    found = recount(WEDNESDAY)
    moved = reload(case)
    assert (moved.contact_due_at, moved.due_at) == (at("2026-12-31T17:30"), at("2027-01-08T17:30"))
    assert [one.number for one in found.moved] == [case.number]
    assert found.moved[0].deadlines == {
        "due_at": (at("2027-01-07T17:30"), at("2027-01-08T17:30")),  # Thursday → Friday
    }


def test_the_ledger_keeps_the_old_and_the_new_moment(people):
    case = make_case(WEDNESDAY, **ANONYMOUS)
    load_2027()
    recount(WEDNESDAY)
    [line] = lines(case)
    assert line.actor_id is None
    assert line.facts == {
        "due_at": at("2027-01-08T17:30").isoformat(),
        "due_before": at("2027-01-07T17:30").isoformat(),
        "next_due_at": at("2027-01-08T17:30").isoformat(),
        "next_due_before": at("2027-01-07T17:30").isoformat(),
    }


def test_a_make_up_day_brings_a_deadline_forward_and_others_do_not_need_to_move(people):
    before_it, across_it = make_case(at("2026-12-14T10:00")), make_case(at("2026-12-21T10:00"))
    assert across_it.due_at == at("2026-12-28T17:30")  # Monday
    load_2027(at("2026-12-22T10:00"))
    found = recount(at("2026-12-22T10:00"))
    assert reload(across_it).due_at == at("2026-12-26T17:30")  # the Saturday that is worked
    assert ([one.number for one in found.moved], found.unmoved) == ([across_it.number], 1)
    assert reload(before_it).due_at == at("2026-12-21T17:30")


def test_counting_again_twice_changes_nothing_and_writes_nothing(app, people):
    case = make_case(WEDNESDAY)
    load_2027()
    recount(WEDNESDAY)
    before = reload(case).version
    db.session.rollback()
    with statements(app) as seen:
        assert recount(WEDNESDAY).moved == []
    assert not [one for one in seen if one.startswith(("UPDATE", "INSERT", "DELETE"))], seen
    assert reload(case).version == before
    assert len(lines(case)) == 1


def test_without_a_load_nothing_ever_needs_to_move(people):
    """Whatever a case went through, its columns are what counting again gives."""
    states = (State.ROUTED, State.VERIFYING, State.RECTIFYING, State.VISITING, State.CLOSING)
    for state in states:
        walk_to(make_case(WEDNESDAY), state, people, WEDNESDAY)
    appealed = make_case(WEDNESDAY)
    do(actions.appeal, appealed, people.head, Ground.MISTAKEN, "评错了", (), now=WEDNESDAY)
    with transaction() as session:
        session.execute(text("DELETE FROM routing_rules"))
    assert make_case(WEDNESDAY).state is State.TRIAGE
    later = WEDNESDAY + timedelta(days=20)
    climb(later)
    found = recount(later)
    assert (found.moved, found.unmoved) == ([], len(states) + 2)
    assert lines() == []


def test_a_page_opened_before_the_deadline_moved_is_out_of_date(people):
    case = make_case(WEDNESDAY)
    load_2027()
    recount(WEDNESDAY)
    with pytest.raises(OutOfTurn):
        do(actions.accept, case, people.handler, now=WEDNESDAY, seen=1)
    assert do(actions.accept, case, people.handler, now=WEDNESDAY).state is State.VERIFYING


def test_a_case_keeps_the_rules_it_was_born_with(people):
    case = make_case(WEDNESDAY)
    with transaction():
        rulebook.change({Rule.SIMPLE: (Term(2), "新规定")}, SYSTEM, WEDNESDAY)
    younger = make_case(WEDNESDAY)
    load_2027()
    recount(WEDNESDAY)
    assert reload(case).due_at == at("2027-01-08T17:30")  # five: 31, 5, 6, 7, Friday 8
    assert reload(younger).due_at == at("2027-01-05T17:30")  # two: Thursday 31, Tuesday 5


def test_cases_that_have_ended_keep_their_deadlines(people):
    case = walk_to(make_case(WEDNESDAY), State.CLOSED, people, WEDNESDAY)
    load_2027()
    found = recount(WEDNESDAY)
    assert (found.moved, found.unmoved) == ([], 0)
    assert reload(case).due_at == at("2027-01-07T17:30")


def test_nobody_who_was_in_time_is_made_late(people):
    """After the reply only the visitor's term moves; nor does the next act count the old one again."""
    case = walk_to(make_case(WEDNESDAY), State.VISITING, people, WEDNESDAY)
    load_2027()
    [moved] = recount(WEDNESDAY).moved
    assert set(moved.deadlines) == {"desk_due_at", "next_due_at"}
    after = walk_to(case, State.CLOSING, people, WEDNESDAY)
    assert (after.contact_due_at, after.due_at) == (at("2026-12-31T17:30"), at("2027-01-07T17:30"))
    assert after.desk_due_at == at("2027-01-08T17:30")


def test_a_contact_that_was_made_stays_as_it_was_due(people):
    thursday = at("2026-12-31T10:00")
    called = walk_to(make_case(thursday), State.RECTIFYING, people, thursday)
    waiting = make_case(thursday)
    load_2027()
    recount(thursday)
    assert reload(called).contact_due_at == at("2027-01-04T17:30")  # Monday, by the estimate
    assert reload(waiting).contact_due_at == at("2027-01-05T17:30")  # Tuesday, by the notice


def test_what_citizens_were_told_stays(people):
    case = make_case(WEDNESDAY)
    do(actions.appeal, case, people.head, Ground.MISTAKEN, "评错了", (), now=WEDNESDAY)
    voided = do(actions.judge, case, people.judge, Verdict.UPHOLD, "属于误评", now=WEDNESDAY)
    rated_until = db.session.get_one(ServiceEvent, case.event_id).expires_at
    load_2027()
    recount(WEDNESDAY)
    assert reload(case).objection_until == voided.objection_until
    event = db.session.get_one(ServiceEvent, case.event_id, populate_existing=True)
    assert event.expires_at == rated_until


DUE = at("2027-01-07T17:30")  # Thursday by the estimate; Friday the 8th by the notice


@pytest.fixture
def case(people):
    return make_case(WEDNESDAY, **ANONYMOUS)


def test_whoever_was_warned_is_not_warned_again_while_it_is_still_near(case):
    climb(at("2027-01-06T09:01"))  # Wednesday, the working day before the estimate
    assert told(case) == ["rung1"]
    load_2027()
    recount(at("2027-01-07T09:01"))  # by the notice the light is yellow from Thursday 09:00
    climb(at("2027-01-07T09:02"))
    assert told(case) == ["rung1"]
    climb(at("2027-01-08T17:31"))
    assert told(case) == ["rung1", "rung2"]


def test_a_deadline_that_is_no_longer_near_is_told_of_when_it_comes_near(case):
    climb(at("2027-01-06T09:01"))
    load_2027()
    recount(at("2027-01-06T09:02"))
    assert reload(case).rung == Rung.NOTHING
    assert climb(at("2027-01-06T09:03")) == []
    climb(at("2027-01-07T09:01"))
    assert told(case) == ["rung1", "rung1"]


def test_an_overdue_case_that_has_time_again_is_overdue_no_longer(case):
    climb(at("2027-01-07T17:31"))
    load_2027()
    recount(at("2027-01-07T17:32"))
    assert reload(case).rung == Rung.NEAR, "near it is, and told already"
    assert climb(at("2027-01-08T17:29")) == []
    climb(at("2027-01-08T17:31"))
    assert told(case) == ["rung2", "rung2"]
    climbed = select(RungClimbed.due_at).where(RungClimbed.rung == 2).order_by(RungClimbed.due_at)
    assert list(db.session.scalars(climbed)) == [DUE, at("2027-01-08T17:30")]


def test_a_notice_that_was_issued_is_not_issued_a_second_time(case):
    climb(at("2027-01-11T17:31"))  # Monday: one working day over both deadlines
    load_2027()
    recount(at("2027-01-11T17:32"))
    climb(at("2027-01-11T17:33"))
    assert told(case) == ["rung3", "rung3", "rung3"]  # the department and two supervising offices
    assert reload(case).rung == Rung.NOTICE
    assert len(db.session.scalars(select(SupervisionNotice)).all()) == 1
    climb(at("2027-01-13T17:31"))
    assert set(told(case)) == {"rung3", "rung4"}


def test_a_deadline_that_the_calendar_moves_into_the_past_climbs_at_once(case):
    load_local("2027-01-02,worked", "2027-01-03,worked")  # a weekend is worked: due on Tuesday
    recount(at("2027-01-06T08:00"))
    assert reload(case).due_at == at("2027-01-05T17:30")
    climb(at("2027-01-06T08:01"))
    assert told(case) == ["rung2"]


def test_a_load_that_was_a_mistake_and_is_taken_back_tells_nobody_again(case):
    climb(at("2027-01-06T09:01"))
    load_local("2027-01-04,off")
    recount(at("2027-01-06T09:02"))
    load_local("2027-01-04,worked")
    recount(at("2027-01-06T09:03"))
    assert reload(case).due_at == DUE
    climb(at("2027-01-06T09:04"))
    assert told(case) == ["rung1"]


def test_a_day_that_moves_the_warning_alone_moves_no_deadline(case):
    load_local(
        "2027-01-06,off", "2027-01-02,worked"
    )  # a Saturday worked for it: the deadline stays on Thursday
    found = recount(WEDNESDAY)
    after = reload(case)
    assert after.due_at == DUE
    assert (after.warn_at, after.next_rung_at) == (at("2027-01-05T09:00"), at("2027-01-05T09:00"))
    assert (found.moved, found.unmoved, after.version) == ([], 1, 1)


def test_a_bad_case_does_not_hold_up_the_rest(people):
    cases = [make_case(WEDNESDAY) for _ in range(3)]
    load_2027()
    with stopped(cases[1]), pytest.raises(SomeFailed) as failed:
        recount(WEDNESDAY)
    assert failed.value.facts["which"] == [cases[1].number]
    assert [reload(one).due_at for one in cases] == [
        at("2027-01-08T17:30"),
        DUE,
        at("2027-01-08T17:30"),
    ]
    assert [one.number for one in recount(WEDNESDAY).moved] == [cases[1].number]


class stopped:
    """A trigger that lets nobody write to one case."""

    def __init__(self, case):
        self.case = case

    def __enter__(self):
        if db.engine.dialect.name == "sqlite":
            self.run(
                "CREATE TRIGGER stopped BEFORE UPDATE ON cases WHEN OLD.number ="
                f" '{self.case.number}' BEGIN SELECT RAISE(ABORT, 'stopped'); END"
            )
        else:
            self.run(
                "CREATE TRIGGER stopped BEFORE UPDATE ON cases FOR EACH ROW WHEN"
                f" (OLD.number = '{self.case.number}') EXECUTE FUNCTION refuse_change()"
            )

    def __exit__(self, *_):
        self.run(f"DROP TRIGGER stopped{'' if db.engine.dialect.name == 'sqlite' else ' ON cases'}")

    def run(self, statement):
        with transaction() as session:
            session.execute(text(statement))


def test_counting_again_beside_acts_and_itself_moves_each_case_once(app):
    with app.app_context():
        make_district()
        people = make_people()
        handler = people.handler.id
        numbers = [make_case(WEDNESDAY).number for _ in range(6)]
        load_2027()

    def count():
        recount(WEDNESDAY)

    def accept():
        for number in numbers:
            # Out of turn is what was counted in between: the person opens the case again.
            with suppress(OutOfTurn), transaction():
                case = db.session.scalars(select(Case).where(Case.number == number)).one()
                by = db.session.get_one(Account, handler)
                actions.accept(case, by, WEDNESDAY, case.version)

    assert raised(at_once(app, count, count, accept)) == []
    with app.app_context():
        recount(WEDNESDAY)
        cases = db.session.scalars(select(Case)).all()
        assert {case.due_at for case in cases} == {at("2027-01-08T17:30")}
        assert all(len(lines(case)) <= 1 for case in cases)


def test_the_figures_of_a_week_that_is_over_stay_as_they_were(people):
    """Late by the estimate at the week's end; the notice that came after does not rewrite that."""
    case = make_case(at("2026-12-30T10:00"), **ANONYMOUS)
    later = at("2027-01-12T10:00")
    db.session.rollback()
    before = figures("2027-W01", later)
    load_local("2027-01-05,off", "2027-01-06,off", now=later)
    recount(later)
    assert reload(case).due_at == at("2027-01-11T17:30")
    db.session.rollback()
    assert figures("2027-W01", later).total == before.total
