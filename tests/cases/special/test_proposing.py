from functools import partial

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.cases import actions as cases
from feedback.cases.models import Case
from feedback.cases.special import actions
from feedback.cases.special.actions import proposing
from feedback.cases.special.actions.proposing import Kind, SomebodyWasFirst
from feedback.cases.special.models import Special, SpecialMember
from feedback.cases.special.rules import Seen
from feedback.cases.special.states import State
from feedback.cases.states import Ground, Verdict
from feedback.catalog.grades import TagClass
from feedback.catalog.models import Item
from feedback.db import db, transaction
from feedback.errors import OutOfTurn, SomeFailed
from feedback.ledger.models import Entry

from ...conftest import empty_database
from ...counting import statements
from ...factories import make_case, make_district, make_people
from ...together import at_once, raised
from ..doing import do as act_on
from .doing import DAY, GUIDE, MONDAY, STAFF, do, make_cases, proposed, the_one, told, walk_to


@pytest.fixture(autouse=True)
def district(context):
    make_district()


def specials():
    db.session.rollback()
    return db.session.scalars(select(Special).order_by(Special.number)).all()


def members(special):
    rows = select(Case.number).join(SpecialMember, SpecialMember.case_id == Case.id)
    return set(db.session.scalars(rows.where(SpecialMember.special_id == special.id)))


def lines(act):
    db.session.rollback()
    return db.session.scalars(
        select(Entry).where(Entry.subject == "special", Entry.act == act)
    ).all()


def test_three_cases_of_an_item_and_a_class_are_proposed_as_one():
    made = make_cases(3)
    assert actions.propose(MONDAY) == ["ZX-2026-0001"]
    special = the_one()
    assert (special.state, special.item_code, special.tag_class) == (
        State.PROPOSED, "RS-001", TagClass.GUIDE,
    )  # fmt: skip
    assert members(special) == {case.number for case in made}
    (line,) = lines("propose")
    assert line.facts["least"] == 3
    assert set(line.facts["members"]) == members(special)


def test_two_are_not_enough():
    make_cases(2)
    assert actions.propose(MONDAY) == []
    assert specials() == []


@pytest.mark.parametrize(
    "others",
    [{"item": "SW-001"}, {"tags": STAFF}, {"tags": ()}, {"now": MONDAY - 31 * DAY}],
)
def test_another_item_another_class_none_or_long_ago_does_not_count(others):
    make_cases(2)
    make_cases(1, **others)
    assert actions.propose(MONDAY) == []


def test_the_supervising_offices_are_told_once():
    make_cases(3)
    for _ in range(3):
        actions.propose(MONDAY)
    assert told() == [("special_proposed", "GOV"), ("special_proposed", "XZSP")]
    assert len(lines("propose")) == 1


def test_the_owner_of_the_guide_answers_for_the_guide_and_the_windows_office_for_its_staff():
    with transaction() as session:
        session.get_one(Item, "RS-001").guide_owner_code = "SW"
    make_cases(3)
    make_cases(3, tags=STAFF, item="SW-001")  # served at a window of RS
    actions.propose(MONDAY)
    assert {(s.tag_class, s.suggested_code) for s in specials()} == {
        (TagClass.GUIDE, "SW"), (TagClass.STAFF, "RS"),
    }  # fmt: skip


def test_a_case_with_reasons_of_two_classes_counts_for_both():
    make_cases(3, tags=(*GUIDE, *STAFF))
    assert len(actions.propose(MONDAY)) == 2
    assert {s.tag_class for s in specials()} == {TagClass.GUIDE, TagClass.STAFF}


def test_a_voided_review_does_not_count():
    people = make_people()
    made = make_cases(3)
    appealed = act_on(cases.appeal, made[0], people.head, Ground.MISTAKEN, "误点", (), now=MONDAY)
    act_on(cases.judge, appealed, people.supervisor, Verdict.UPHOLD, "确系误评", now=MONDAY)
    assert actions.propose(MONDAY) == []
    make_cases(1)
    assert len(actions.propose(MONDAY)) == 1, "control: another one makes three"


@pytest.mark.parametrize("state", [State.PROPOSED, State.WORKING, State.REPORTED])
def test_later_cases_join_for_as_long_as_it_is_open(state):
    special = walk_to(proposed(), state, make_people())
    late = make_case(MONDAY + 50 * DAY, tags=GUIDE)
    version = special.version
    assert actions.propose(MONDAY + 50 * DAY) == [special.number]
    assert actions.propose(MONDAY + 50 * DAY) == []
    assert late.number in members(the_one())
    assert the_one().version == version, "nobody's page is made stale by it"
    assert [line.facts["members"] for line in lines("join")] == [[late.number]]
    assert [occasion for occasion, _ in told()].count("special_proposed") == 2


@pytest.mark.parametrize("state", [State.DECLINED, State.CLOSED])
def test_after_its_end_the_same_cases_propose_nothing_and_three_new_ones_do(state):
    special = walk_to(proposed(), state, make_people())
    assert actions.propose(MONDAY) == []
    make_cases(2)
    assert actions.propose(MONDAY) == []
    make_cases(1)
    assert actions.propose(MONDAY) == ["ZX-2026-0002"]
    again = specials()[1]
    assert not members(special) & members(again)


def test_after_long_silence_one_round_catches_up():
    make_cases(3)
    lone = make_case(MONDAY + 90 * DAY, tags=GUIDE)
    make_cases(3, now=MONDAY + 200 * DAY)
    assert actions.propose(MONDAY + 230 * DAY) == ["ZX-2027-0001"]
    assert len(members(the_one())) == 7
    assert lone.number in members(the_one())


def test_what_is_older_than_a_year_is_history():
    make_cases(3)
    assert actions.propose(MONDAY + 400 * DAY) == []


def test_numbers_have_no_gap_and_begin_anew_each_year():
    make_cases(3)
    make_cases(3, item="SW-001")
    actions.propose(MONDAY)
    january = MONDAY + 60 * DAY
    make_cases(3, item="GOV-001", now=january)
    actions.propose(january)
    assert [s.number for s in specials()] == ["ZX-2026-0001", "ZX-2026-0002", "ZX-2027-0001"]


def test_several_who_look_at_once_propose_once_and_waste_no_number(context):
    make_cases(3)
    make_cases(4, item="SW-001")
    assert raised(at_once(context, *[partial(actions.propose, MONDAY)] * 4)) == []
    assert [s.number for s in specials()] == ["ZX-2026-0001", "ZX-2026-0002"]
    assert sorted(len(members(s)) for s in specials()) == [3, 4]
    assert len(told()) == 4


KIND = Kind("RS-001", TagClass.GUIDE)


def propose_blindly(made):
    """Do what a round does that looked before another one proposed."""
    group = [Seen(case.id, case.number, clock.day_of(case.opened_at)) for case in made]
    with transaction():
        proposing._propose(KIND, group, MONDAY)


def test_a_round_that_did_not_see_the_others_proposal_undoes_itself_number_and_all():
    proposed()
    with pytest.raises(SomebodyWasFirst):
        propose_blindly(make_cases(3))
    assert len(specials()) == 1
    make_cases(3, item="SW-001")
    actions.propose(MONDAY)
    assert [s.number for s in specials()] == ["ZX-2026-0001", "ZX-2026-0002"]


def test_a_round_that_did_not_see_the_end_of_it_undoes_itself_too():
    made = make_cases(3)
    actions.propose(MONDAY)
    walk_to(the_one(), State.DECLINED, make_people())
    with pytest.raises(SomebodyWasFirst):
        propose_blindly(made)
    assert len(specials()) == 1


def test_control_without_the_key_it_would_be_proposed_twice(without_the_key):
    proposed()
    propose_blindly(make_cases(3))
    assert len(specials()) == 2


@pytest.fixture
def without_the_key(context):
    """Take away the key of what is open, and put it back on a database that others use as well."""
    (key,) = (one for one in Special.__table__.indexes if one.name == "uq_specials_open")
    with db.engine.begin() as connection:
        key.drop(connection)
    yield
    db.session.remove()
    if db.engine.dialect.name == "postgresql":
        empty_database(context)
        with db.engine.begin() as connection:
            key.create(connection)


def test_a_bad_kind_does_not_hold_up_the_others_and_is_not_silent(refusing_rs):
    make_cases(3)
    make_cases(3, item="SW-001")
    with pytest.raises(SomeFailed) as failed:
        actions.propose(MONDAY)
    assert failed.value.facts["which"] == ["RS-001"]
    assert (the_one().item_code, the_one().number) == ("SW-001", "ZX-2026-0001")


@pytest.fixture
def refusing_rs(context):
    """Let the database refuse anything about one item, as a fault of its own would."""
    sqlite = db.engine.dialect.name == "sqlite"
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER bad_item BEFORE INSERT ON specials"
            " WHEN NEW.item_code = 'RS-001' BEGIN SELECT RAISE(ABORT, 'bad'); END"
            if sqlite
            else "ALTER TABLE specials ADD CONSTRAINT bad_item CHECK (item_code <> 'RS-001')"
        )
    yield
    db.session.remove()
    if not sqlite:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE specials DROP CONSTRAINT bad_item")


def test_the_members_are_not_moved_by_anything_that_happens_to_it():
    made = make_cases(3)
    actions.propose(MONDAY)
    before = {case.number: (case.state, case.version, case.next_due_at) for case in made}
    walk_to(the_one(), State.CLOSED, make_people())
    after = db.session.scalars(select(Case).execution_options(populate_existing=True))
    assert {case.number: (case.state, case.version, case.next_due_at) for case in after} == before


def test_a_proposal_that_was_declined_cannot_be_confirmed_any_more():
    people = make_people()
    special = walk_to(proposed(), State.DECLINED, people)
    with pytest.raises(OutOfTurn):
        do(actions.confirm, special, people.supervisor, "RS", "改", 20)


def test_looking_costs_the_same_however_many_cases_there_are(context):
    proposed()
    with statements(context) as few:
        actions.propose(MONDAY)
    make_cases(20)
    actions.propose(MONDAY)
    make_cases(2, item="SW-001")
    with statements(context) as many:
        assert actions.propose(MONDAY) == []
    assert len(members(the_one())) == 23
    assert len(few) == len(many)
