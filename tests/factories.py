"""Things to test with: `make_…` functions with sensible defaults, to be called in an app context.

Three people are enough: 爱丽 owns the case, 柏 is her colleague, 陈 is from another office.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_security.utils import hash_password
from sqlalchemy import insert, select

from feedback import intake
from feedback.cases import actions as cases
from feedback.cases.models import Case
from feedback.cases.states import Finding, Means, Outcome, State
from feedback.catalog.grades import PromiseUnit, ServiceKind, TagClass
from feedback.catalog.models import Item, RoutingRule, Tag
from feedback.db import db, transaction
from feedback.events import actions as events
from feedback.events import codes
from feedback.events.facts import EventFacts
from feedback.events.models import RecordedVia, ServiceEvent
from feedback.ledger.actions import SYSTEM
from feedback.offices.models import Account, AccountRole, Department, DepartmentKind, Window
from feedback.offices.roles import Role
from feedback.reviews.drafts import Channel, Draft, Identity

from .conftest import MONDAY_MORNING

PASSWORD = "a-long-enough-password"
_numbers = itertools.count(1)
_hashed: list[str] = []

TAGS = [
    (510, 5, "一窗受理一次办结", True, None), (406, 4, "填写一张表单就可完成申报", True, None),
    (307, 3, "一次性告知需要补正的材料", True, None),
    (207, 2, "没有提供材料样本", True, TagClass.GUIDE),
    (209, 2, "未在承诺时间内办结", True, TagClass.TIME_LIMIT),
    (210, 2, "同样内容的证明材料被要求多次提交", True, TagClass.PROCESS),
    (214, 2, "服务态度生硬", True, TagClass.STAFF),
    (108, 1, "在办事指南之外增加新的审批条件", True, TagClass.GUIDE),
    (110, 1, "无理由超过法定办理时间", True, TagClass.TIME_LIMIT),
    (113, 1, "多头跑窗口和部门", True, TagClass.PROCESS),
    (115, 1, "服务态度差效率低", True, TagClass.STAFF),
    (101, 1, "被要求提交指南未列材料", False, None),
]  # fmt: skip


APPLICATION = {"kind": ServiceKind.APPLICATION, "promised_unit": PromiseUnit.WORKDAY}
DISTRICT: dict[type, list[dict[str, Any]]] = {
    Department: [
        {"code": "GOV", "name": "区政府办公室", "kind": DepartmentKind.SUPERVISOR},
        {"code": "XZSP", "name": "区行政审批服务局", "kind": DepartmentKind.SUPERVISOR},
        {"code": "RS", "name": "区人力资源社会保障局", "kind": DepartmentKind.DEPARTMENT},
        {"code": "SW", "name": "区水务局", "kind": DepartmentKind.DEPARTMENT},
    ],
    Window: [
        {"code": "RS-12", "name": "政务服务大厅12号窗口", "department_code": "RS"},
        {"code": "XZSP-01", "name": "政务服务大厅01号窗口", "department_code": "XZSP"},
    ],
    Item: [
        {"code": "RS-001", "name": "特殊工时首次审批", "department_code": "RS", **APPLICATION},
        {"code": "SW-001", "name": "用水报装并联审批", "department_code": "SW", **APPLICATION},
        {"code": "GOV-001", "name": "12345热线诉求办理", "department_code": "GOV",
         **APPLICATION, "kind": ServiceKind.HOTLINE},
    ],
    Tag: [
        {"code": c, "grade": g, "name": n, "in_force": f, "shown_first": True, "responsibility": r}
        for c, g, n, f, r in TAGS
    ],
    RoutingRule: [
        {"position": 10, "tag_class": TagClass.GUIDE, "owner": "@guide"},
        {"position": 20, "tag_class": TagClass.STAFF, "owner": "@window"},
        {"position": 90, "tag_class": None, "owner": "@item"},
    ],
}  # fmt: skip


def make_district() -> None:
    """Two departments, two supervising offices, a hall window, two items, tags, routing rules."""
    with transaction() as session:
        for model, rows in DISTRICT.items():
            session.execute(insert(model), rows)


def make_account(
    *roles: Role, department: str = "RS", email: str | None = None, name: str = "爱丽"
) -> Account:
    """Make an account that signs in with PASSWORD."""
    account = _account(*roles, department=department, email=email, name=name)
    with transaction() as session:
        session.add(account)
    return account


def _account(*roles: Role, department: str, name: str, email: str | None = None) -> Account:
    if not _hashed:
        _hashed.append(hash_password(PASSWORD))
    number = next(_numbers)
    return Account(
        email=email or f"staff{number}@licheng.example", name=name, password=_hashed[0],
        fs_uniquifier=f"u{number:060d}", department_code=department, created_at=MONDAY_MORNING,
        roles=[AccountRole(name=role) for role in roles],
    )  # fmt: skip


def make_event(now: datetime = MONDAY_MORNING, **changes: Any) -> ServiceEvent:
    """Record a service of RS at its window, served `now`."""
    number = next(_numbers)
    facts: dict[str, Any] = {
        "source": "test", "project_no": f"37011220261123{number:06d}", "item_code": "RS-001",
        "window": "RS-12", **changes,
    }  # fmt: skip
    with transaction():
        recorded = events.record(EventFacts.model_validate(facts), RecordedVia.API, SYSTEM, now)
    return db.session.get_one(ServiceEvent, recorded.event.id)


def sign_in(client: Any, account: Account) -> None:
    """Give a browser the session that the sign-in page would give it, without its costly hashing.

    The page itself, and what it refuses, is tested with the accounts.
    """
    with client.session_transaction() as session:
        session.update(_user_id=account.fs_uniquifier, _fresh=True, fs_cc="set")


def sign_in_by_page(client: Any, account: Account) -> None:
    """Sign in as a person does, through the sign-in page."""
    page = client.get("/sign-in").get_data(as_text=True)
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    answer = client.post(
        "/sign-in", data={"email": account.email, "password": PASSWORD, "csrf_token": token}
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)[:500]


def rate(event: ServiceEvent, now: datetime = MONDAY_MORNING, **said: Any) -> str:
    """Rate a service through the hallway; negative, named and about the staff unless said otherwise."""
    words: dict[str, Any] = {
        "grade": "1", "tags": ("110",), "comment": "等了三小时没人理", "identity": "named",
        "name": "王小明", "phone": "13812345678", "channel": Channel.QR, **said,
    }  # fmt: skip
    with transaction():
        return intake.receive(codes.token(event), Draft(**words), now)


def make_case(now: datetime = MONDAY_MORNING, item: str = "RS-001", **said: Any) -> Case:
    """Have a service rated badly and return the case this opened."""
    event = make_event(now, item_code=item)
    rate(event, now, **said)
    return db.session.scalars(select(Case).where(Case.event_id == event.id)).one()


@dataclass
class People:
    """Who works on a case of RS. `cases` is for a test's own use."""

    handler: Account
    head: Account
    colleague_elsewhere: Account
    operator: Account
    supervisor: Account
    judge: Account
    leader: Account
    cases: list[str] = field(default_factory=list)


def make_people() -> People:
    """Make 爱丽 (handler) and 柏 (head) of RS, 陈 of SW, and the desk: an operator of GOV, two
    supervisors and a leader.
    """
    everybody = [
        _account(Role.HANDLER, department="RS", name="爱丽"),
        _account(Role.HEAD, department="RS", name="柏"),
        _account(Role.HANDLER, department="SW", name="陈"),
        _account(Role.OPERATOR, department="GOV", name="话务员"),
        _account(Role.SUPERVISOR, department="GOV", name="督查"),
        _account(Role.SUPERVISOR, department="XZSP", name="第二位督查"),
        _account(Role.SUPERVISOR, Role.LEADER, department="GOV", name="分管领导"),
    ]
    with transaction() as session:
        session.add_all(everybody)
    return People(*everybody)


def walk_to(case: Case, state: State, people: People, now: datetime = MONDAY_MORNING) -> Case:
    """Do what leads a case of RS to `state`, step by step, each in its own transaction."""

    def step(action: Callable[..., None], *args: Any) -> None:
        with transaction():
            fresh = db.session.get_one(Case, case.id, populate_existing=True)
            action(fresh, *args, now, fresh.version)

    steps: list[tuple[State, tuple[Any, ...]]] = [
        (State.ROUTED, (cases.accept, people.handler)),
        (State.VERIFYING, (cases.contact, people.handler, Means.PHONE, True, "已联系")),
        (State.VERIFYING, (cases.verify, people.handler, Finding.TRUE, "调取了监控，情况属实")),
        (State.RECTIFYING, (cases.rectify, people.handler, "已增开窗口", "", ())),
        (State.RECTIFYING, (cases.reply, people.handler, "已增开窗口，欢迎再来", "", "")),
        (State.VISITING, (cases.visit, people.operator, VISITED)),
        (State.CLOSING, (cases.close, people.supervisor, "")),
    ]
    for from_state, (action, *args) in steps:
        fresh = db.session.get_one(Case, case.id, populate_existing=True)
        if fresh.state is state:
            return fresh
        if action is cases.contact and (fresh.contacted_at or fresh.identity is Identity.ANONYMOUS):
            continue
        if fresh.state is from_state:
            step(action, *args)
    return db.session.get_one(Case, case.id, populate_existing=True)


VISITED = cases.Visit(Means.PHONE, Outcome.ANSWERED, True, "满意")
UNHAPPY = cases.Visit(Means.PHONE, Outcome.ANSWERED, False, "没有改")
NOBODY_HOME = cases.Visit(Means.PHONE, Outcome.FAILED, None, "无人接听")


def let_go(*accounts: Account) -> None:
    """Load accounts wholly and detach them, so that they can be used from one context to the next."""
    for account in accounts:
        db.session.refresh(account)
        _ = account.roles
    db.session.expunge_all()
