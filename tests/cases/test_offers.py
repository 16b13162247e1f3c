"""What the page offers is what the actions accept, both ways: for everybody, in every state."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from feedback.cases import actions, inboxes, supervision, urging
from feedback.cases.casefile import file_of
from feedback.cases.models import Case
from feedback.cases.offers import Bar, barred, in_turn, next_of, offered, waits_for
from feedback.cases.states import Act, Finding, Ground, Means, Purpose, State, Verdict
from feedback.cases.turns import turns
from feedback.catalog.grades import TagClass
from feedback.db import db, transaction
from feedback.errors import Invalid, NotYours, OutOfTurn
from feedback.ledger.actions import SYSTEM
from feedback.notify.models import Message
from feedback.offices import actions as offices
from feedback.offices.models import Account, AccountRole, Officer
from feedback.offices.roles import Role

from ..factories import (
    NOBODY_HOME,
    UNHAPPY,
    VISITED,
    make_account,
    make_case,
    make_district,
    make_event,
    rate,
    walk_to,
)  # fmt: skip
from .cast import case_in, make_cast
from .doing import do, reload, say


def assign(case, by, department, why, now, seen):
    actions.assign(case, by, department, why, now, seen, tag_class=TagClass.PROCESS)


CALLS = {
    Act.ROUTE: lambda c, by: (assign, (c, by, "RS", "原由人社局承办")),
    Act.ACCEPT: lambda c, by: (actions.accept, (c, by)),
    Act.CONTACT: lambda c, by: (actions.contact, (c, by, Means.PHONE, True, "已致歉")),
    Act.VERIFY: lambda c, by: (actions.verify, (c, by, Finding.TRUE, "属实")),
    Act.RECTIFY: lambda c, by: (actions.rectify, (c, by, "已改", "条例第九条", ())),
    Act.REPLY: lambda c, by: (actions.reply, (c, by, "已改", "", "")),
    Act.COMPLEX: lambda c, by: (actions.ask_complex, (c, by, "复杂")),
    Act.EXTEND: lambda c, by: (actions.ask_extension, (c, by, "要等", "周三到货")),
    Act.TRANSFER: lambda c, by: (actions.ask_transfer, (c, by, "不归我们", "SW")),
    Act.DECIDE: lambda c, by: (actions.decide, (c, by, False, "不同意")),
    Act.REASSIGN: lambda c, by: (actions.reassign, (c, by, "SW", "划转", "")),
    Act.APPEAL: lambda c, by: (actions.appeal, (c, by, Ground.MISTAKEN, "误评", ())),
    Act.JUDGE: lambda c, by: (actions.judge, (c, by, Verdict.DISMISS, "不足")),
    Act.RECONSIDER: lambda c, by: (actions.reconsider, (c, by, Verdict.UPHOLD, "成立")),
    Act.VISIT: lambda c, by: (actions.visit, (c, by, VISITED)),
    Act.CLOSE: lambda c, by: (actions.close, (c, by, "结论")),
    Act.ANSWER: lambda c, by: (actions.answer, (c, by, "已请窗口再查")),
}


class Undone(Exception):
    """Ends a trial, so that the next one finds the case as it was."""


def refusal_of(case, by, act, now):
    """Try an act, take it back, and return what refused it, or None."""
    try:
        with transaction():
            fresh = reload(case)
            action, said = CALLS[act](fresh, by)
            action(*said, now, fresh.version)
            raise Undone
    except Undone:
        return None
    except (NotYours, OutOfTurn, Invalid) as refused:
        return refused


@contextmanager
def moved_to(account, department, *roles):
    """Give a person another office and other roles meanwhile, and return them as they then are."""
    before = account.department_code, [role.name for role in account.roles]
    _change(account, department, roles)
    try:
        yield db.session.get_one(Account, account.id)
    finally:
        _change(account, *before)


def _change(account, department, roles):
    with transaction():
        changed = db.session.get_one(Account, account.id)
        changed.department_code = department
        changed.roles = [AccountRole(name=role) for role in roles]


@pytest.fixture
def cast(context):
    make_district()
    return make_cast()


def disagreements(case, people, now):
    """Return every (person, act) where the page says otherwise than the action."""
    found = []
    for who, account in people.items():
        file = file_of(reload(case))
        shown = offered(file, account, now)
        for act in CALLS:
            refused = refusal_of(case, account, act, now)
            if (refused is None) != (act in shown):
                found.append((who, act, type(refused).__name__, act in shown))
    return found


@pytest.mark.parametrize("state", State)
def test_what_is_offered_is_accepted_and_what_is_not_is_refused(cast, now, state):
    case = case_in(state, cast, now)
    assert disagreements(case, {**cast.everybody, **vars_of(cast.people)}, now) == []


def vars_of(people):
    return {name: one for name, one in vars(people).items() if isinstance(one, Account)}


HISTORIES = {
    "anonymous": lambda c, p, now: walk_to(
        make_case(now, identity="anonymous", name="", phone=""), State.RECTIFYING, p, now
    ),
    "unfounded": lambda c, p, now: do(
        actions.verify, case_in(State.VERIFYING, c, now), p.handler, Finding.UNFOUNDED, "不实", now=now
    ),
    "rectified": lambda c, p, now: do(
        actions.rectify, case_in(State.RECTIFYING, c, now), p.handler, "已改", "", (), now=now
    ),
    "request pending": lambda c, p, now: do(
        actions.ask_complex, case_in(State.RECTIFYING, c, now), p.head, "复杂", now=now
    ),
    "transfer refused": lambda c, p, now: do(
        actions.decide, case_in(State.TRANSFERRING, c, now), p.supervisor, False, "归你们", now=now
    ),
    "appeal dismissed": lambda c, p, now: do(
        actions.judge, case_in(State.APPEALED, c, now), p.judge, Verdict.DISMISS, "不足", now=now
    ),
    "sent back": lambda c, p, now: do(
        actions.visit, case_in(State.VISITING, c, now), p.operator, UNHAPPY, now=now
    ),
    "objection upheld": lambda c, p, now: do(
        actions.reconsider, case_in(State.OBJECTED, c, now), p.supervisor, Verdict.UPHOLD, "对",
        now=now,
    ),
    "objection dismissed": lambda c, p, now: do(
        actions.reconsider, case_in(State.OBJECTED, c, now), p.supervisor, Verdict.DISMISS, "不对",
        now=now,
    ),
    "attempted": lambda c, p, now: do(
        actions.visit, case_in(State.VISITING, c, now), p.operator, NOBODY_HOME,
        now=now - timedelta(days=1),
    ),
    "dissatisfied after the end": lambda c, p, now: say(
        actions.second_review, case_in(State.CLOSED, c, now), 1, "又坏了", now=now
    ),
    "answered unasked": lambda c, p, now: say(
        actions.second_review, case_in(State.VISITING, c, now), 4, "好了", now=now
    ),
}  # fmt: skip


@pytest.mark.parametrize("history", HISTORIES)
def test_it_agrees_whatever_was_asked_and_done_before(cast, now, history):
    case = HISTORIES[history](cast, cast.people, now)
    assert disagreements(case, {**cast.everybody, **vars_of(cast.people)}, now) == []


@pytest.mark.parametrize("days", [6, 8, 30])
def test_it_agrees_when_it_is_late(cast, now, days):
    for state in (State.ROUTED, State.VERIFYING, State.RECTIFYING):
        case = case_in(state, cast, now)
        later = now + timedelta(days=days)
        assert disagreements(case, vars_of(cast.people), later) == []


MOVES_OF_PEOPLE = [
    ("handler", "GOV", (Role.SUPERVISOR,)),
    ("handler", "GOV", (Role.OPERATOR,)),
    ("head", "GOV", (Role.SUPERVISOR,)),
    ("judge", "RS", (Role.HANDLER,)),
    ("judge", "RS", (Role.HEAD,)),
    ("operator", "RS", (Role.HANDLER,)),
    ("operator", "GOV", (Role.SUPERVISOR,)),
]


@pytest.mark.parametrize(("who", "department", "roles"), MOVES_OF_PEOPLE)
def test_whoever_changes_office_keeps_the_part_they_had(cast, now, who, department, roles):
    people = cast.people
    dismissed = HISTORIES["appeal dismissed"](cast, people, now)
    cases = [
        case_in(State.VISITING, cast, now), case_in(State.CLOSING, cast, now),
        HISTORIES["sent back"](cast, people, now), dismissed, case_in(State.OBJECTED, cast, now),
        walk_to(dismissed, State.VISITING, people, now),
    ]  # fmt: skip
    with moved_to(getattr(people, who), department, *roles) as account:
        for case in cases:
            assert disagreements(case, {who: account}, now) == [], case.state


def test_a_handler_who_moved_to_the_desk_is_told_why_they_do_not_close(cast, now):
    case = case_in(State.CLOSING, cast, now)
    with moved_to(cast.people.handler, "GOV", Role.SUPERVISOR) as account:
        file = file_of(reload(case))
        assert barred(file, account, Act.CLOSE) is Bar.PART
        assert Act.CLOSE not in offered(file, account, now)
        assert Act.CLOSE in in_turn(file, now)


def test_a_head_who_only_asked_for_more_time_does_not_close_or_visit_later(cast, now):
    case = case_in(State.RECTIFYING, cast, now)
    case = do(actions.ask_extension, case, cast.people.head, "要等", "周三", now=now)
    case = do(actions.decide, case, cast.people.supervisor, False, "不必", now=now)
    case = walk_to(case, State.VISITING, cast.people, now)
    with moved_to(cast.people.head, "GOV", Role.SUPERVISOR) as account:
        assert isinstance(refusal_of(case, account, Act.VISIT, now), NotYours)
        case = walk_to(case, State.CLOSING, cast.people, now)
        assert isinstance(refusal_of(case, account, Act.CLOSE, now), NotYours)


def test_whoever_serves_at_the_window_complained_of_neither_calls_nor_sees_the_number(cast, now):
    case = case_in(State.VERIFYING, cast, now)
    with transaction() as session:
        account = session.get_one(Account, cast.people.handler.id)
        account.window_code = "RS-12"
    with pytest.raises(NotYours), transaction():
        actions.reveal(reload(case), account, Purpose.CALL_BACK, now)
    assert isinstance(refusal_of(case, account, Act.CONTACT, now), NotYours)
    assert barred(file_of(reload(case)), account, Act.CONTACT) is Bar.ABOUT_THEM
    assert Act.CONTACT in offered(file_of(reload(case)), cast.people.head, now)


@pytest.mark.parametrize(("name", "department", "is_it"), [
    ("爱丽", "RS", True), ("爱丽", "SW", False), ("别人", "RS", False),
])  # fmt: skip
def test_the_officer_who_served_is_known_by_name_and_office(cast, now, name, department, is_it):
    with transaction() as session:
        session.add(Officer(code="O-1", name=name, department_code=department))
    event = make_event(now, officer="O-1")
    rate(event, now)
    case = db.session.scalars(db.select(Case).where(Case.event_id == event.id)).one()
    case = walk_to(case, State.ROUTED, cast.people, now)
    case = do(actions.accept, case, cast.people.head, now=now)
    refused = refusal_of(case, cast.people.handler, Act.CONTACT, now)
    assert isinstance(refused, NotYours) is is_it


def about(event, said=("110",)):
    """Have a service rated badly, and return its case."""
    rate(event, event.served_at, tags=said)
    return db.session.scalars(db.select(Case).where(Case.event_id == event.id)).one()


def hired(name, department, roles, at, window=None):
    """Make an account as an administrator does, so that the ledger knows where it belonged."""
    person = offices.Person(f"{name}@example.org", name, department, frozenset(roles), window)
    with transaction():
        return offices.add_account(person, "a-long-enough-password", SYSTEM, at)


def posted(account, department, roles, at, window=None):
    """Give an account another office and other roles, as an administrator does."""
    person = offices.Person(account.email, account.name, department, frozenset(roles), window)
    with transaction():
        offices.change_account(account, person, SYSTEM, at)
    return account


NEVER = (
    (State.VERIFYING, Act.CONTACT), (State.VERIFYING, Act.VERIFY), (State.RECTIFYING, Act.RECTIFY),
    (State.RECTIFYING, Act.REPLY),
)  # fmt: skip
SUPERVISING = (
    (State.ROUTED, Act.REASSIGN), (State.TRANSFERRING, Act.DECIDE), (State.APPEALED, Act.JUDGE),
    (State.OBJECTED, Act.RECONSIDER), (State.VISITING, Act.VISIT), (State.CLOSING, Act.CLOSE),
)  # fmt: skip


def served_by(name, now):
    with transaction() as session:
        session.add(Officer(code="O-1", name=name, department_code="RS"))
    return make_event(now, officer="O-1")


def stand(case, state, cast, now):
    """Bring a case to a state by people whom it is not about."""
    people = cast.people
    if state is State.TRANSFERRING:
        return do(actions.ask_transfer, case, people.head, "不归我们", "SW", now=now)
    if state in (State.APPEALED, State.OBJECTED):
        case = do(actions.appeal, case, people.head, Ground.MISTAKEN, "点错了", (), now=now)
        if state is State.APPEALED:
            return case
        case = do(actions.judge, case, people.supervisor, Verdict.UPHOLD, "误评", now=now)
        return say(actions.object_to, case, "我没有点错", now=now)
    return walk_to(case, state, people, now)


@pytest.mark.parametrize(("state", "act"), NEVER)
def test_whoever_served_does_not_work_on_the_case_about_it(cast, now, state, act):
    """They neither call nor verify, put right, reply or see the number: a colleague does."""
    case = about(served_by("小周", now))
    him = hired("小周", "RS", {Role.HANDLER}, now - timedelta(days=90))
    case = stand(case, state, cast, now)
    if act is Act.REPLY:
        case = do(actions.rectify, case, cast.people.handler, "已改", "", (), now=now)
    file = file_of(case)
    assert barred(file, him, act) is Bar.ABOUT_THEM
    assert disagreements(case, {"him": him}, now) == []
    with pytest.raises(NotYours):
        say(lambda c, at: actions.reveal(c, him, Purpose.CALL_BACK, at), case, now=now)
    assert barred(file, cast.people.head, act) is None


@pytest.mark.parametrize(("state", "act"), SUPERVISING)
def test_whoever_served_and_went_to_the_desk_does_not_supervise_the_case_about_it(
    cast, now, state, act
):
    case = about(served_by("小周", now))
    him = hired("小周", "RS", {Role.HANDLER}, now - timedelta(days=90))
    him = posted(him, "GOV", {Role.SUPERVISOR}, now + timedelta(days=1))
    case = stand(case, state, cast, now)
    assert barred(file_of(case), him, act) is Bar.ABOUT_THEM
    assert isinstance(refusal_of(case, him, act, now), NotYours)
    if act is Act.VISIT:
        with pytest.raises(NotYours):
            say(lambda c, at: actions.reveal(c, him, Purpose.VISIT, at), case, now=now)


def test_whoever_sat_at_the_window_then_is_known_wherever_they_sit_now(cast, now):
    case = walk_to(about(make_event(now)), State.CLOSING, cast.people, now)
    him = hired("小周", "RS", {Role.CLERK}, now - timedelta(days=90), window="RS-12")
    him = posted(him, "GOV", {Role.SUPERVISOR}, now + timedelta(days=1))
    assert barred(file_of(case), him, Act.CLOSE) is Bar.ABOUT_THEM


def test_a_namesake_who_was_elsewhere_is_told_apart(cast, now):
    """By the ledger of accounts: he never was in that office, or left it before the service."""
    case = walk_to(about(served_by("小周", now)), State.CLOSING, cast.people, now)
    never_there = hired("小周", "GOV", {Role.SUPERVISOR}, now + timedelta(days=1))
    assert barred(file_of(case), never_there, Act.CLOSE) is None
    with transaction():
        never_there.email = "another@example.org"
    left = hired("小周", "RS", {Role.HANDLER}, now - timedelta(days=90))
    left = posted(left, "GOV", {Role.SUPERVISOR}, now - timedelta(days=30))
    assert barred(file_of(case), left, Act.CLOSE) is None
    assert disagreements(case, {"left": left}, now) == []


@pytest.fixture
def at_the_bureaus_window(cast, now):
    """Return a case that RS answers for, and which happened at a window of XZSP, which supervises."""
    case = about(make_event(now, window="XZSP-01"), ("108",))
    assert case.department_code == "RS"
    return case


@pytest.mark.parametrize(("state", "act"), SUPERVISING)
def test_the_windows_own_office_does_not_supervise_though_another_one_answers(
    cast, now, state, act, at_the_bureaus_window
):
    case = stand(at_the_bureaus_window, state, cast, now)
    theirs = cast.people.judge  # a supervisor of XZSP
    assert barred(file_of(case), theirs, act) is Bar.OFFICE
    assert isinstance(refusal_of(case, theirs, act, now), NotYours)
    assert barred(file_of(case), cast.everybody["leader"], act) is None
    assert disagreements(case, {"theirs": theirs, "gov": cast.everybody["leader"]}, now) == []


@pytest.mark.parametrize(("state", "act"), SUPERVISING)
def test_where_only_the_windows_office_supervises_it_does_so_still(
    cast, now, state, act, at_the_bureaus_window
):
    """Otherwise the case would find nobody. The office that answers never does."""
    case = stand(at_the_bureaus_window, state, cast, now)
    for one in (
        db.session.scalars(db.select(Account).filter_by(department_code="GOV")).unique().all()
    ):
        if one.may_be(Role.SUPERVISOR):
            with transaction():
                offices.disable_account(one, SYSTEM, now)
    theirs = make_account(Role.SUPERVISOR, department="XZSP", name="审批局督查")
    assert barred(file_of(case), theirs, act) is None
    assert disagreements(case, {"theirs": theirs}, now) == []


def test_desk_and_visits_leave_out_what_another_office_does(cast, now, at_the_bureaus_window):
    visiting = stand(at_the_bureaus_window, State.VISITING, cast, now)
    found = supervision.desk(cast.people.judge, now).queues[supervision.Queue.VISITS]
    assert (found.found, found.rows) == (0, [])
    assert supervision.desk(cast.people.supervisor, now).queues[supervision.Queue.VISITS].found == 1
    theirs = make_account(Role.OPERATOR, department="XZSP", name="审批局话务员")
    assert inboxes.inbox(theirs, inboxes.Filter(), now).found == 0
    assert inboxes.inbox(cast.people.operator, inboxes.Filter(), now).found == 1
    told = db.select(Message.to_department).where(Message.occasion == "desk_overdue")
    urging.climb(visiting.next_due_at + timedelta(minutes=1))
    assert set(db.session.scalars(told)) == {"GOV"}


@pytest.mark.parametrize(("state", "who", "act"), [
    (State.TRIAGE, "supervisor", Act.ROUTE), (State.ROUTED, "handler", Act.ACCEPT),
    (State.ROUTED, "supervisor", None), (State.VERIFYING, "handler", Act.CONTACT),
    (State.RECTIFYING, "head", Act.RECTIFY),
    (State.TRANSFERRING, "head", None), (State.TRANSFERRING, "leader", Act.DECIDE),
    (State.APPEALED, "supervisor", Act.JUDGE), (State.VISITING, "operator", Act.VISIT),
    (State.CLOSING, "leader", Act.CLOSE), (State.CLOSING, "head", None),
    (State.CLOSED, "supervisor", None), (State.VOIDED, "supervisor", None),
    (State.OBJECTED, "supervisor", Act.RECONSIDER),
])  # fmt: skip
def test_everybody_has_at_most_one_next_act(cast, now, state, who, act):
    file = file_of(case_in(state, cast, now))
    assert next_of(file, cast.everybody[who], now) is act


def test_an_unfounded_matter_waits_for_the_heads_appeal_while_there_is_time(cast, now):
    case = case_in(State.VERIFYING, cast, now)
    case = do(actions.contact, case, cast.people.handler, Means.PHONE, True, "已致歉", now=now)
    case = do(actions.verify, case, cast.people.handler, Finding.UNFOUNDED, "录像不符", now=now)
    file = file_of(case)
    assert waits_for(file, now) is Act.APPEAL
    assert next_of(file, cast.people.head, now) is Act.APPEAL
    assert next_of(file, cast.people.handler, now) is None
    assert waits_for(file, now + timedelta(days=30)) is Act.VERIFY


def taken_over(cast, now, finding, *done):
    """Return a case in which RS found something, and that SW then took over, and accepted."""
    case = case_in(State.VERIFYING, cast, now)
    case = do(actions.contact, case, cast.people.handler, Means.PHONE, True, "已致歉", now=now)
    case = do(actions.verify, case, cast.people.handler, finding, "人社局的核实", now=now)
    for action, *said in done:
        case = do(action, case, cast.people.handler, *said, now=now)
    later = now + timedelta(hours=1)
    case = do(actions.reassign, case, cast.people.supervisor, "SW", "职责在水务局", "", now=later)
    return do(actions.accept, case, cast.people.colleague_elsewhere, now=later)


def test_whoever_takes_over_verifies_anew_whatever_was_found_before(cast, now):
    case, later = taken_over(cast, now, Finding.UNFOUNDED), now + timedelta(hours=1)
    file, clerk = file_of(case), cast.people.colleague_elsewhere
    assert file.finding is None
    assert waits_for(file, later) is Act.VERIFY
    assert next_of(file, clerk, later) is Act.VERIFY
    assert turns([case], clerk, later)[case.id].act is Act.VERIFY


def test_nothing_that_another_department_did_is_ticked_as_done(cast, now):
    case = taken_over(cast, now, Finding.TRUE, (actions.rectify, "已改", "", ()))
    done = {point.act: point.is_done for point in file_of(case).points}
    assert not done[Act.VERIFY]
    assert not done[Act.RECTIFY]


def test_a_finding_counts_although_the_clock_was_set_back_before_it(cast, now):
    case = taken_over(cast, now, Finding.TRUE, (actions.rectify, "已改", "", ()))
    clerk = cast.people.colleague_elsewhere
    case = do(actions.verify, case, clerk, Finding.NO_LEGAL_BASIS, "无依据", now=now)
    assert file_of(case).finding is Finding.NO_LEGAL_BASIS
    case = do(actions.rectify, case, clerk, "已解释", "条例第九条", (), now=now)
    assert do(actions.reply, case, clerk, "依据是……", "", "", now=now).state is State.VISITING


def test_a_call_comes_before_anything_else(cast, now):
    case = do(actions.accept, make_case(now), cast.people.handler, now=now)
    assert waits_for(file_of(case), now) is Act.CONTACT


def test_control_a_page_that_forgot_the_parts_would_disagree(cast, now, monkeypatch):
    case = case_in(State.CLOSING, cast, now)
    with moved_to(cast.people.handler, "GOV", Role.SUPERVISOR) as account:
        monkeypatch.setattr("feedback.cases.offers.barred", lambda *_: None)
        assert ("handler", Act.CLOSE, "NotYours", True) in disagreements(
            case, {"handler": account}, now
        )
