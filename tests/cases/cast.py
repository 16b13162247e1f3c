"""Everybody who may come to a case's page, and a case in every state, for tests of who may do what."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from feedback.cases import actions
from feedback.cases.models import Case
from feedback.cases.states import Act, Ground, State, Verdict
from feedback.db import db, transaction
from feedback.offices.models import Account, Department
from feedback.offices.roles import Role

from ..factories import let_go, make_account, make_case, make_event, make_people, rate, walk_to
from .doing import do, say

OWN, ELSEWHERE = "RS", "GOV"


@dataclass(frozen=True)
class Cast:
    """People by what they are; who works on the case in `people`, all of them in `everybody`."""

    people: Any
    everybody: dict[str, Account]


def make_cast():
    """Make one person of every role in the case's department and in another office."""
    people = make_people()
    everybody = {
        "handler": people.handler,
        "head": people.head,
        "handler elsewhere": people.colleague_elsewhere,
        "head elsewhere": make_account(Role.HEAD, department="SW", name="别局负责人"),
        "operator": people.operator,
        "operator of the office": make_account(Role.OPERATOR, department=OWN, name="本局话务员"),
        "supervisor": make_account(Role.SUPERVISOR, department=ELSEWHERE, name="第三位督查"),
        "supervisor of the office": make_account(Role.SUPERVISOR, department=OWN, name="局督查"),
        "leader": make_account(
            Role.SUPERVISOR, Role.LEADER, department=ELSEWHERE, name="另一位领导"
        ),
        "auditor": make_account(Role.AUDITOR, department=ELSEWHERE, name="审计"),
        "clerk": make_account(Role.CLERK, name="窗口"),
        "administrator": make_account(Role.ADMIN, department=ELSEWHERE, name="管理员"),
    }
    return Cast(people, everybody)


def let_cast_go(cast):
    """Detach everybody, so that they can sign in."""
    known = {id(one): one for one in (*vars(cast.people).values(), *cast.everybody.values())}
    let_go(*(one for one in known.values() if isinstance(one, Account)))


def case_in(state, cast, now, **said):
    """Make a case of RS that stands in `state`, by the acts that lead there."""
    people = cast.people
    if state is State.TRIAGE:
        return _in_triage(now)
    case = make_case(now, **said)
    if state is State.TRANSFERRING:
        return do(actions.ask_transfer, case, people.head, "不归我们", "SW", now=now)
    if state in (State.APPEALED, State.VOIDED, State.OBJECTED):
        return _disputed(state, case, people, now)
    return walk_to(case, state, people, now)


def _disputed(state, case, people, now):
    case = do(actions.appeal, case, people.head, Ground.MISTAKEN, "点错了", (), now=now)
    if state is State.APPEALED:
        return case
    case = do(actions.judge, case, people.judge, Verdict.UPHOLD, "误评", now=now)
    return case if state is State.VOIDED else say(actions.object_to, case, "我没有点错", now=now)


def _in_triage(now):
    with transaction():
        db.session.get_one(Department, "SW").active = False
    event = make_event(now, item_code="SW-001", window=None)
    rate(event, now, tags=("113",))
    with transaction():
        db.session.get_one(Department, "SW").active = True
    return db.session.scalars(select(Case).where(Case.event_id == event.id)).one()


SAID: dict[Act, dict[str, str]] = {
    Act.ROUTE: {"department": "RS", "why": "原由人社局承办", "tag_class": "process"},
    Act.ACCEPT: {},
    Act.CONTACT: {"means": "phone", "reached": "answered", "words": "已致歉"},
    Act.VERIFY: {"finding": "true", "words": "情况属实"},
    Act.RECTIFY: {"words": "已增开窗口"},
    Act.REPLY: {"words": "已增开窗口，欢迎再来"},
    Act.COMPLEX: {"reason": "涉及三个部门"},
    Act.EXTEND: {"reason": "要等设备", "plan": "周三到货，周四安装"},
    Act.TRANSFER: {"reason": "属水务职责", "proposed": "SW"},
    Act.DECIDE: {"granted": "grant", "words": "理由充分", "tag_class": "process"},
    Act.REASSIGN: {"department": "SW", "why": "职责已划转", "tag_class": "process"},
    Act.APPEAL: {"ground": "mistaken", "words": "群众点错了"},
    Act.JUDGE: {"verdict": "dismiss", "words": "证据不足"},
    Act.RECONSIDER: {"verdict": "uphold", "words": "异议成立"},
    Act.VISIT: {"means": "phone", "outcome": "answered", "satisfied": "yes", "words": "满意"},
    Act.CLOSE: {"words": "整改到位"},
    Act.ANSWER: {"words": "已请窗口再查，结果见附件"},
}
"""What a form of each act may say so that nothing but the person and the turn can be wrong."""
