"""Who and what there is in a walk: people of every role and office, and everything that can be tried."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from feedback.cases import actions
from feedback.cases.states import Act, Finding, Ground, Means, State, Verdict
from feedback.catalog.grades import TagClass
from feedback.offices.roles import Role

from ...factories import NOBODY_HOME, UNHAPPY, VISITED, make_account

OFFICES = ("RS", "SW", "GOV", "XZSP")
WORDS = st.sampled_from(["已核实", "情况说明，附后", "x"])
MAYBE_WORDS = st.sampled_from(["", "已核实"])
RESTARTS = st.sampled_from(["", "", "", "原单位耽误"])

STAFF = (
    ("RS", Role.HANDLER), ("RS", Role.HANDLER), ("RS", Role.HEAD), ("RS", Role.HANDLER, Role.HEAD),
    ("RS", Role.CLERK), ("SW", Role.HANDLER), ("SW", Role.HEAD), ("GOV", Role.HANDLER),
    ("GOV", Role.HEAD), ("GOV", Role.OPERATOR), ("GOV", Role.SUPERVISOR),
    ("GOV", Role.SUPERVISOR, Role.LEADER), ("XZSP", Role.HANDLER, Role.HEAD),
    ("XZSP", Role.OPERATOR), ("XZSP", Role.SUPERVISOR), ("XZSP", Role.SUPERVISOR),
    ("XZSP", Role.AUDITOR), ("GOV", Role.ADMIN),
)  # fmt: skip


def make_staff() -> list[Any]:
    """Make everybody and return their ids."""
    return [make_account(*roles, department=office).id for office, *roles in STAFF]


REVIEWS: dict[str, dict[str, Any]] = {
    "named, about time": {"tags": ("110",)},
    "named, about the guide": {"tags": ("108",)},
    "anonymous, about the staff": {
        "tags": ("115",), "identity": "anonymous", "name": "", "phone": "",
    },
    "anonymous, about the process": {
        "tags": ("113",), "identity": "anonymous", "name": "", "phone": "",
    },
    "satisfied": {"grade": "5", "tags": ("510",)},
    "fairly satisfied": {"grade": "3", "tags": ("307",)},
}  # fmt: skip
SERVICES = (
    {"item_code": "RS-001"}, {"item_code": "RS-001", "window": None},
    {"item_code": "RS-001", "window": "XZSP-01"}, {"item_code": "SW-001", "window": None},
    {"item_code": "GOV-001", "window": None},
)  # fmt: skip


@dataclass(frozen=True)
class Try:
    """One way to try an act: the action, and what it is given besides case, person, time, version."""

    act: Act
    action: Callable[..., None]
    arguments: st.SearchStrategy[tuple[Any, ...]]
    options: st.SearchStrategy[dict[str, Any]] = st.just({})  # noqa: RUF009  strategies are constant


def _some(*parts: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*parts)


OFFICE = st.sampled_from((*OFFICES, "XX"))
NO_FILES = st.just(())
VERDICTS = st.sampled_from(list(Verdict))
CLASSES = st.sampled_from([None, *TagClass])
ABOUT = st.fixed_dictionaries({}, optional={"tag_class": CLASSES})
DECISIONS = st.fixed_dictionaries(
    {},
    optional={
        "department": OFFICE, "restart_why": RESTARTS, "tag_class": CLASSES,
        "days": st.sampled_from([None, 1, 7, 30, 31, 0]),
    },
)  # fmt: skip

STAFF_TRIES: dict[Act, Try] = {
    one.act: one
    for one in (
        Try(Act.ROUTE, actions.assign, _some(OFFICE, WORDS), ABOUT),
        Try(Act.ACCEPT, actions.accept, _some()),
        Try(
            Act.CONTACT, actions.contact, _some(st.sampled_from(list(Means)), st.booleans(), WORDS)
        ),
        Try(Act.VERIFY, actions.verify, _some(st.sampled_from(list(Finding)), WORDS)),
        Try(Act.RECTIFY, actions.rectify, _some(WORDS, MAYBE_WORDS, NO_FILES)),
        Try(Act.REPLY, actions.reply, _some(WORDS, MAYBE_WORDS, MAYBE_WORDS)),
        Try(Act.COMPLEX, actions.ask_complex, _some(WORDS)),
        Try(Act.EXTEND, actions.ask_extension, _some(WORDS, WORDS)),
        Try(Act.TRANSFER, actions.ask_transfer, _some(WORDS, OFFICE)),
        Try(Act.DECIDE, actions.decide, _some(st.booleans(), WORDS), DECISIONS),
        Try(Act.REASSIGN, actions.reassign, _some(OFFICE, WORDS, RESTARTS), ABOUT),
        Try(Act.APPEAL, actions.appeal, _some(st.sampled_from(list(Ground)), WORDS, NO_FILES)),
        Try(Act.JUDGE, actions.judge, _some(VERDICTS, WORDS)),
        Try(Act.RECONSIDER, actions.reconsider, _some(VERDICTS, WORDS)),
        Try(
            Act.VISIT, actions.visit,
            _some(st.sampled_from([VISITED, UNHAPPY, NOBODY_HOME, NOBODY_HOME])),
        ),
        Try(Act.CLOSE, actions.close, _some(MAYBE_WORDS)),
        Try(Act.ANSWER, actions.answer, _some(WORDS)),
    )
}  # fmt: skip

CITIZEN_TRIES: dict[str, tuple[Callable[..., None], st.SearchStrategy[tuple[Any, ...]]]] = {
    "add": (actions.add, _some(WORDS)),
    "pressure": (actions.report_pressure, _some(WORDS)),
    "second review": (actions.second_review, _some(st.integers(1, 5), MAYBE_WORDS)),
    "object": (actions.object_to, _some(WORDS)),
}

ONWARD: dict[State, tuple[Act, ...]] = {
    State.TRIAGE: (Act.ROUTE,), State.ROUTED: (Act.ACCEPT,),
    State.VERIFYING: (Act.CONTACT, Act.VERIFY), State.RECTIFYING: (Act.RECTIFY, Act.REPLY),
    State.TRANSFERRING: (Act.DECIDE,), State.APPEALED: (Act.JUDGE,),
    State.VISITING: (Act.VISIT,), State.CLOSING: (Act.CLOSE,), State.OBJECTED: (Act.RECONSIDER,),
    State.CLOSED: (), State.VOIDED: (),
}  # fmt: skip
"""By which acts a case goes on from each state; anything else is tried too."""

SIDEWAYS: dict[State, tuple[Act, ...]] = {
    State.ROUTED: (Act.TRANSFER, Act.APPEAL, Act.REASSIGN),
    State.VERIFYING: (Act.COMPLEX, Act.EXTEND, Act.TRANSFER, Act.APPEAL, Act.REASSIGN, Act.DECIDE),
    State.RECTIFYING: (Act.COMPLEX, Act.EXTEND, Act.APPEAL, Act.REASSIGN, Act.DECIDE, Act.CONTACT),
}
"""Which branches it may take from where the department works on it."""

DECIDING: dict[State, tuple[Act, ...]] = {
    State.VERIFYING: (Act.DECIDE,), State.RECTIFYING: (Act.DECIDE,),
    State.TRANSFERRING: (Act.DECIDE,), State.APPEALED: (Act.JUDGE,),
    State.OBJECTED: (Act.RECONSIDER,),
}  # fmt: skip
"""By which act an open question is decided."""

CONTACTED = (Act.CONTACT, (Means.PHONE, True, "已联系"))
STRAIGHT: dict[State, tuple[tuple[Act, tuple[Any, ...]], ...]] = {
    State.TRIAGE: ((Act.ROUTE, ("RS", "属人社")), (Act.ROUTE, ("XZSP", "属审批局"))),
    State.ROUTED: ((Act.ACCEPT, ()),),
    State.VERIFYING: ((Act.VERIFY, (Finding.PARTLY, "部分属实")),),
    State.RECTIFYING: (
        (Act.REPLY, ("已改", "", "")), (Act.RECTIFY, ("已改", "第三条", ())),
    ),
    State.TRANSFERRING: ((Act.DECIDE, (False, "属你部门")),),
    State.APPEALED: ((Act.JUDGE, (Verdict.DISMISS, "证据不足")),),
    State.OBJECTED: ((Act.RECONSIDER, (Verdict.UPHOLD, "应予采纳")),),
    State.VISITING: ((Act.VISIT, (VISITED,)),),
    State.CLOSING: ((Act.CLOSE, ("已办结",)),),
    State.CLOSED: (), State.VOIDED: (),
}  # fmt: skip
"""What leads to the end by the shortest way, in the order in which it is tried."""


def straight(state: State, *, called: bool) -> tuple[tuple[Act, tuple[Any, ...]], ...]:
    """Return what leads on from `state`; whoever is to be called is called first."""
    if not called and state in (State.VERIFYING, State.RECTIFYING):
        return (CONTACTED,)
    return STRAIGHT[state]
