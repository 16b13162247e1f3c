"""The table of moves through its doors: every act, every person, every state, in and out of turn.

The table is written down here a second time, by hand: who may do an act, from where, and where it
leads. Whatever it does not name is refused, and a refusal changes nothing in any table.
"""

from functools import partial

import pytest
from sqlalchemy import Table, func, literal, select, union_all

from feedback import clock
from feedback.cases import actions
from feedback.cases.models import Case
from feedback.cases.states import Act, Request, State
from feedback.db import db
from feedback.ledger.models import Entry
from feedback.ledger.queries import timeline
from feedback.notify.models import Message

from ..factories import make_district, sign_in
from ..together import at_once, raised
from .cast import SAID, case_in, let_cast_go, make_cast
from .doing import do, say

pytestmark = pytest.mark.usefixtures("monday")

(
    TRIAGE, ROUTED, VERIFYING, RECTIFYING, TRANSFERRING, APPEALED, VISITING, CLOSING, CLOSED, VOIDED,
    OBJECTED,
) = State  # fmt: skip

DEPARTMENT = {"handler", "head"}
HEAD = {"head"}
DESK = {"supervisor", "leader"}
ANY_DESK = DESK | {"supervisor of the office"}
VISITORS = DESK | {"operator"}

TABLE: dict[Act, tuple[set[str], dict[State, State]]] = {
    Act.ROUTE: (ANY_DESK, {TRIAGE: ROUTED}),
    Act.ACCEPT: (DEPARTMENT, {ROUTED: VERIFYING}),
    Act.CONTACT: (DEPARTMENT, {VERIFYING: VERIFYING, RECTIFYING: RECTIFYING}),
    Act.VERIFY: (DEPARTMENT, {VERIFYING: RECTIFYING}),
    Act.RECTIFY: (DEPARTMENT, {RECTIFYING: RECTIFYING}),
    Act.REPLY: (DEPARTMENT, {RECTIFYING: VISITING}),
    Act.COMPLEX: (HEAD, {VERIFYING: VERIFYING, RECTIFYING: RECTIFYING}),
    Act.EXTEND: (HEAD, {VERIFYING: VERIFYING, RECTIFYING: RECTIFYING}),
    Act.TRANSFER: (HEAD, {ROUTED: TRANSFERRING, VERIFYING: TRANSFERRING}),
    Act.DECIDE: (DESK, {VERIFYING: VERIFYING, RECTIFYING: RECTIFYING, TRANSFERRING: ROUTED}),
    Act.REASSIGN: (DESK, {ROUTED: ROUTED, VERIFYING: ROUTED, RECTIFYING: ROUTED}),
    Act.APPEAL: (HEAD, {ROUTED: APPEALED, VERIFYING: APPEALED, RECTIFYING: APPEALED}),
    Act.JUDGE: (DESK, {APPEALED: ROUTED}),
    Act.RECONSIDER: (DESK, {OBJECTED: ROUTED}),
    Act.VISIT: (VISITORS, {VISITING: CLOSING}),
    Act.CLOSE: (DESK, {CLOSING: CLOSED}),
    Act.ANSWER: (DESK, {CLOSED: CLOSED}),
}
"""Act: by whom, from where, and to where. A case whose request is decided stays where it is."""

NO_CASES = {"clerk", "administrator"}
STRANGERS = {"handler elsewhere", "head elsewhere"}
SEES_ALL = ANY_DESK | {"auditor"}


def sees(who, state):
    """Say whether a person knows of a case of RS at all."""
    if who == "operator":
        return state is VISITING
    return who in SEES_ALL or (who in DEPARTMENT and state is not TRIAGE)


def expected(who, act, state):
    """Return what the door says to an act with every field right, out of turn or on a stale page."""
    takes_files = act in (Act.RECTIFY, Act.APPEAL)
    if who in NO_CASES or (takes_files and who not in DEPARTMENT | STRANGERS):
        return 403
    if not sees(who, state):
        return 404
    may = TABLE[act][0]
    if state is TRIAGE and "supervisor" in may:
        may = ANY_DESK  # in triage there is no office yet that the case could be about
    return 409 if who in may else 403


@pytest.fixture
def cast(app):
    with app.app_context():
        make_district()
        cast = make_cast()
        let_cast_go(cast)
    return cast


@pytest.fixture
def doors(app, cast):
    """Return everybody's door, signed in."""
    return {who: Door(app, account) for who, account in cast.everybody.items()}


class Door:
    """The browser of one person, and the token that all forms of a session share."""

    def __init__(self, app, account):
        self.client = app.test_client()
        sign_in(self.client, account)
        page = self.client.get("/desk", follow_redirects=True).get_data(as_text=True)
        self.token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]

    def knock(self, number, act, seen, **said):
        """Do an act with every field right but those that are given."""
        form = {"csrf_token": self.token, "seen": seen, **SAID[act], **said}
        return self.client.post(f"/cases/{number}/{act}", data=form)


COUNTS = union_all(
    *(
        select(literal(table.name), func.count()).select_from(table)
        for table in db.metadata.sorted_tables
        if isinstance(table, Table)
    )
)


def everything(app):
    """Return the number of rows in every table, and how every case stands."""
    with app.app_context():
        counts = dict(db.session.execute(COUNTS).all())
        cases = db.session.execute(select(*Case.__table__.columns).order_by(Case.id)).all()
        db.session.rollback()
        return counts, cases


@pytest.mark.parametrize("state", State)
def test_out_of_turn_by_a_wrong_person_or_on_a_stale_page_nothing_changes(app, cast, doors, state):
    with app.app_context():
        case = case_in(state, cast, clock.now())
        number, version = case.number, case.version
    before = everything(app)
    answers = {}
    for who, door in doors.items():
        for act, (may, moves) in TABLE.items():
            in_turn = who in may and state in moves
            seen = version - 1 if in_turn else version
            answers[who, act] = door.knock(number, act, seen).status_code
        assert everything(app) == before, who
    assert answers == {(who, act): expected(who, act, state) for who, act in answers}


LINES = [(act, who, state) for act, (may, moves) in TABLE.items() for who in may for state in moves]


def named(line):
    act, who, state = line
    return f"{act.value}-{who.replace(' ', '_')}-{state.value}"


def prepared(act, state, cast, now):
    """Return a case in `state` in which the act has all that it needs besides the right person."""
    case, people = case_in(state, cast, now), cast.people
    if act is Act.REPLY:
        case = do(actions.rectify, case, people.handler, "已改", "", (), now=now)
    if act is Act.DECIDE and state is not TRANSFERRING:
        case = do(actions.ask_complex, case, people.head, "复杂", now=now)
    if act is Act.ANSWER:
        case = say(actions.second_review, case, 1, "又坏了", now=now)
    return case


@pytest.mark.parametrize("line", sorted(LINES), ids=named)
def test_every_line_of_the_table_moves_the_case_once(app, cast, line):
    act, who, state = line
    with app.app_context():
        case = prepared(act, state, cast, clock.now())
        number, version, case_id = case.number, case.version, case.id
    door = Door(app, cast.everybody[who])
    assert door.knock(number, act, version).status_code == 303
    with app.app_context():
        moved = db.session.get_one(Case, case_id)
        assert moved.state is TABLE[act][1][state]
        assert moved.version == version + 1
        last = timeline("case", case_id)[-1]
        assert (last.act, last.actor_name) == (act, cast.everybody[who].name)
        assert (last.facts["from"], last.facts["to"]) == (state, moved.state)
        db.session.rollback()
    done = everything(app)
    again = door.knock(number, act, version)
    assert again.status_code in (404, 409)
    assert everything(app) == done, "told twice"


def test_the_table_here_names_every_act_of_the_staff():
    citizens = {Act.OBJECT, Act.SECOND_REVIEW, Act.ADD}
    assert set(TABLE) == set(Act) - citizens


def test_control_a_refusal_that_left_a_trace_would_be_seen(app, cast):
    with app.app_context():
        case = case_in(ROUTED, cast, clock.now())
    before = everything(app)
    with app.app_context():
        do(actions.accept, case, cast.people.handler, now=clock.now())
    counts, cases = everything(app)
    assert counts != before[0]
    assert cases != before[1]


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.TRANSFER, Act.APPEAL])
def test_of_two_who_act_at_once_one_succeeds_and_one_message_goes_out(app, cast, act):
    with app.app_context():
        case = case_in(ROUTED, cast, clock.now())
        number, version, case_id = case.number, case.version, case.id
    doors = [Door(app, cast.everybody["head"]) for _ in range(4)]
    answers = at_once(None, *(partial(door.knock, number, act, version) for door in doors))
    assert raised(answers) == []
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    with app.app_context():
        lines = select(func.count()).where(
            Entry.subject_id == str(case_id), Entry.act == act, Entry.subject == "case"
        )
        assert db.session.scalar(lines) == 1
        told = select(Message.to_department).where(Message.occasion == "desk_asked")
        offices = sorted(db.session.scalars(told))
        assert offices == ([] if act is Act.ACCEPT else ["GOV", "XZSP"])


@pytest.mark.parametrize(
    ("act", "state", "who", "wrong", "said"),
    [
        (Act.ROUTE, TRIAGE, "supervisor", {"department": ""}, "原由人社局承办"),
        (Act.ROUTE, TRIAGE, "supervisor", {"department": "NOWHERE"}, "原由人社局承办"),
        (Act.ROUTE, TRIAGE, "supervisor", {"why": ""}, None),
        (Act.TRANSFER, ROUTED, "head", {"proposed": "RS"}, "属水务职责"),
        (Act.TRANSFER, ROUTED, "head", {"proposed": "\x00"}, "属水务职责"),
        (Act.TRANSFER, ROUTED, "head", {"reason": "字" * 2001}, None),
        (Act.COMPLEX, VERIFYING, "head", {"reason": " \n "}, None),
        (Act.EXTEND, VERIFYING, "head", {"plan": ""}, "要等设备"),
        (Act.EXTEND, VERIFYING, "head", {"reason": "\x00"}, "周三到货"),
        (Act.DECIDE, TRANSFERRING, "supervisor", {"granted": "perhaps"}, "理由充分"),
        (Act.DECIDE, TRANSFERRING, "supervisor", {"granted": ""}, "理由充分"),
        (Act.DECIDE, TRANSFERRING, "supervisor", {"department": "RS"}, "理由充分"),
        (Act.DECIDE, TRANSFERRING, "supervisor", {"department": "9" * 300}, "理由充分"),
        (Act.REASSIGN, VERIFYING, "supervisor", {"department": "RS"}, "职责已划转"),
        (Act.REASSIGN, VERIFYING, "supervisor", {"why": "字" * 201}, None),
        (Act.APPEAL, ROUTED, "head", {"ground": "revenge"}, "群众点错了"),
        (Act.APPEAL, ROUTED, "head", {"ground": ""}, "群众点错了"),
        (Act.JUDGE, APPEALED, "supervisor", {"verdict": "punish"}, "证据不足"),
        (Act.JUDGE, APPEALED, "supervisor", {"words": ""}, None),
        (Act.RECONSIDER, OBJECTED, "supervisor", {"verdict": ""}, "异议成立"),
        (Act.VISIT, VISITING, "operator", {"satisfied": ""}, "满意"),
        (Act.VISIT, VISITING, "operator", {"means": "telepathy"}, "满意"),
    ],
)
def test_a_wrong_field_is_named_the_words_are_kept_and_nothing_changes(
    app, cast, act, state, who, wrong, said
):
    with app.app_context():
        case = case_in(state, cast, clock.now())
        number, version = case.number, case.version
    door = Door(app, cast.everybody[who])
    before = everything(app)
    answer = door.knock(number, act, version, **wrong)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "error-summary" in page
    if said:
        assert said in page.split(f'action="/cases/{number}/{act}"', 1)[1].split("</form>", 1)[0]
    assert everything(app) == before


@pytest.mark.parametrize("days", ["0", "31", "٧", "7.5", "-3", "999999999999", "\x00"])
def test_a_wrong_number_of_days_is_refused(app, cast, days):
    with app.app_context():
        case = case_in(VERIFYING, cast, clock.now())
        case = do(actions.ask_extension, case, cast.people.head, "x", "y", now=clock.now())
        number, version = case.number, case.version
    door = Door(app, cast.everybody["supervisor"])
    before = everything(app)
    assert door.knock(number, Act.DECIDE, version, days=days).status_code == 422
    assert everything(app) == before


def test_the_kinds_of_requests_are_all_walked_here():
    assert {act.value for act in (Act.COMPLEX, Act.EXTEND, Act.TRANSFER)} == set(Request)
