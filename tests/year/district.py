"""The district of the simulated year: eight departments of different diligence, and the desk."""

from dataclasses import dataclass

from flask_security.utils import hash_password

from feedback.catalog.grades import PromiseUnit, ServiceKind, TagClass
from feedback.catalog.models import Item, RoutingRule, Tag
from feedback.db import transaction
from feedback.offices.models import Account, AccountRole, Department, DepartmentKind, Window
from feedback.offices.roles import Role

from ..conftest import MONDAY_MORNING
from ..factories import TAGS, let_go


@dataclass(frozen=True)
class Style:
    """How a department works. Shares are between 0 and 1; `pause` is in working days."""

    name: str
    pause: tuple[int, int] = (0, 1)
    appeals: float = 0.03
    transfers: float = 0.03
    extends: float = 0.1
    complex: float = 0.05
    calls: bool = True
    """Whether citizens are called in time; else only once the case is on the leaders' list."""
    ignores: float = 0.0
    """How many cases are never touched at all."""
    satisfies: float = 0.85


STYLES = {
    "RS": Style("勤快", pause=(0, 0)),
    "SW": Style("拖拉", pause=(1, 4)),
    "JS": Style("件件申诉", appeals=1.0),
    "ZJ": Style("次次延期", pause=(1, 2), extends=1.0, complex=0.3),
    "WJ": Style("从不联系", calls=False),
    "JT": Style("改了不满意", satisfies=0.4),
    "MZ": Style("推给别家", transfers=0.6),
    "YB": Style("放着不办", pause=(0, 6), ignores=0.15, satisfies=0.7),
}
"""By department code."""

CLOSED_OFFICE = "OLD"
"""A department that is no longer active: what is its own goes to the supervisors' triage."""


@dataclass(frozen=True)
class People:
    """Everybody who acts in the year, loaded once."""

    handlers: dict[str, Account]
    heads: dict[str, Account]
    operators: tuple[Account, ...]
    supervisor: Account
    leader: Account
    judge: Account
    second_judge: Account


def make_district() -> None:
    """Eight departments with two windows and two items each, and the two supervising offices."""
    supervisor, department = DepartmentKind.SUPERVISOR, DepartmentKind.DEPARTMENT
    with transaction() as session:
        session.add_all(
            [
                Department(code="GOV", name="区政府办公室", kind=supervisor),
                Department(code="XZSP", name="区行政审批服务局", kind=supervisor),
                Department(code=CLOSED_OFFICE, name="已撤销单位", kind=department, active=False),
                *(Department(code=c, name=f"{c}局", kind=department) for c in STYLES),
            ]
        )
        session.flush()
        session.add_all(_windows())
        session.add_all(_items())
        session.add_all(
            Tag(code=c, grade=g, name=n, in_force=f, shown_first=True, responsibility=r)
            for c, g, n, f, r in TAGS
        )
        session.flush()
        session.add_all(
            [
                RoutingRule(position=10, tag_class=TagClass.GUIDE, owner="@guide"),
                RoutingRule(position=20, tag_class=TagClass.TIME_LIMIT, owner="@item"),
                RoutingRule(position=30, tag_class=TagClass.PROCESS, owner="@item"),
                RoutingRule(position=40, tag_class=TagClass.STAFF, owner="@window"),
                RoutingRule(position=90, owner="@item"),
            ]
        )


def _windows() -> list[Window]:
    return [
        Window(code=f"{code}-{n}", name=f"{code}{n}号窗口", department_code=code)
        for code in STYLES
        for n in (1, 2)
    ]


def _items() -> list[Item]:
    """Return two items a department, the second with a guide that the next department owns."""
    codes = list(STYLES)
    owned = [_item(f"{code}-A", code, None) for code in codes]
    shared = [_item(f"{code}-B", code, codes[(n + 1) % len(codes)]) for n, code in enumerate(codes)]
    return [*owned, *shared, _item(f"{CLOSED_OFFICE}-A", CLOSED_OFFICE, None)]


def _item(code: str, department: str, guide: str | None) -> Item:
    return Item(
        code=code, name=f"事项{code}", department_code=department, guide_owner_code=guide,
        kind=ServiceKind.APPLICATION, promised_unit=PromiseUnit.WORKDAY,
    )  # fmt: skip


def make_people() -> People:
    """Make the accounts of the year."""
    password = hash_password("a-long-enough-password")

    def account(department: str, name: str, *roles: Role) -> Account:
        return Account(
            email=f"{department}.{name}@licheng.example".lower(), name=name, password=password,
            fs_uniquifier=f"{department}.{name}".ljust(60, "."), department_code=department,
            created_at=MONDAY_MORNING, roles=[AccountRole(name=role) for role in roles],
        )  # fmt: skip

    people = People(
        {code: account(code, "handler", Role.HANDLER) for code in STYLES},
        {code: account(code, "head", Role.HEAD) for code in STYLES},
        tuple(account("GOV", f"operator{n}", Role.OPERATOR) for n in (1, 2)),
        account("GOV", "supervisor", Role.SUPERVISOR),
        account("GOV", "leader", Role.SUPERVISOR, Role.LEADER),
        account("XZSP", "judge", Role.SUPERVISOR),
        account("XZSP", "second", Role.SUPERVISOR),
    )
    everybody = [
        *people.handlers.values(), *people.heads.values(), *people.operators, people.supervisor,
        people.leader, people.judge, people.second_judge,
    ]  # fmt: skip
    with transaction() as session:
        session.add_all(everybody)
    let_go(*everybody)
    return people
