"""The life of a case: which act leads from which state to which, and who may do it.

One table, read top to bottom. What a state implies is held by constraints in `models.py`; who may
do what on whose case is decided here by role and department, without database.
"""

from dataclasses import dataclass
from enum import StrEnum

from ..offices.roles import DEPARTMENT_ROLES, VISITING_ROLES, Role


class State(StrEnum):
    """Where a case stands."""

    TRIAGE = "triage"  # 待分派: no rule found the department
    ROUTED = "routed"  # 待签收
    VERIFYING = "verifying"  # 核实中
    RECTIFYING = "rectifying"  # 整改中
    VISITING = "visiting"  # 待回访
    CLOSING = "closing"  # 待销号
    CLOSED = "closed"  # 已销号


class Act(StrEnum):
    """What is done to a case."""

    ROUTE = "route"  # 分派
    ACCEPT = "accept"  # 签收
    CONTACT = "contact"  # 联系
    VERIFY = "verify"  # 核实
    RECTIFY = "rectify"  # 整改
    REPLY = "reply"  # 反馈
    VISIT = "visit"  # 回访
    CLOSE = "close"  # 销号


class Whose(StrEnum):
    """Which department the one who acts must (not) belong to."""

    OWN = "own"  # the responsible department's people only
    OTHER = "other"  # anybody but them
    ANY = "any"


class Finding(StrEnum):
    """What verification found. «不属实» leads to an appeal and is not a way to an end by itself."""

    TRUE = "true"  # 属实
    PARTLY = "partly"  # 部分属实
    NO_LEGAL_BASIS = "no_legal_basis"  # 缺乏法定依据: the law is explained instead of a remedy


class Means(StrEnum):
    """How people were reached."""

    PHONE = "phone"
    SMS = "sms"
    IN_PERSON = "in_person"


class Purpose(StrEnum):
    """For what a citizen's number is opened."""

    CALL_BACK = "call_back"
    CLARIFY = "clarify"
    VISIT = "visit"


class Outcome(StrEnum):
    """How a return visit went."""

    ANSWERED = "answered"
    FAILED = "failed"


class Complexity(StrEnum):
    """How long putting it right may take."""

    SIMPLE = "simple"
    COMPLEX = "complex"


VISIT_ATTEMPTS = 3
"""Failed attempts, on different days, after which a case may close without an answer."""

LAST_ROUND = 2
"""A citizen dissatisfied in this round is not sent round again: the supervisors conclude."""


@dataclass(frozen=True)
class Move:
    """A line of the table. `to` is None where the act's outcome decides (see `after_visit`)."""

    act: Act
    come_from: frozenset[State]
    to: State | None
    roles: tuple[Role, ...]
    whose: Whose


def _move(act: Act, come_from: str, to: str, roles: tuple[Role, ...], whose: Whose) -> Move:
    states = frozenset(State(name) for name in come_from.split())
    return Move(act, states, State(to) if to else None, roles, whose)


HANDLING = DEPARTMENT_ROLES
SUPERVISING = (Role.SUPERVISOR,)

MOVES: dict[Act, Move] = {
    move.act: move
    for move in (
        #     act          from                   to            by              whose case
        _move(Act.ROUTE,   "triage",              "routed",     SUPERVISING,    Whose.ANY),
        _move(Act.ACCEPT,  "routed",              "verifying",  HANDLING,       Whose.OWN),
        _move(Act.CONTACT, "verifying rectifying", "",          HANDLING,       Whose.OWN),
        _move(Act.VERIFY,  "verifying",           "rectifying", HANDLING,       Whose.OWN),
        _move(Act.RECTIFY, "rectifying",          "",           HANDLING,       Whose.OWN),
        _move(Act.REPLY,   "rectifying",          "",           HANDLING,       Whose.OWN),
        _move(Act.VISIT,   "visiting",            "",           VISITING_ROLES, Whose.OTHER),
        _move(Act.CLOSE,   "closing",             "closed",     SUPERVISING,    Whose.OTHER),
    )
}  # fmt: skip


def after_reply(*, named: bool) -> State:
    """Return where a reply leads: an anonymous reviewer cannot be visited."""
    return State.VISITING if named else State.CLOSING


def after_visit(outcome: Outcome, satisfied: bool | None, attempt: int, round_: int) -> State:
    """Return where a return visit leads.

    Satisfied closes; dissatisfied goes back to be put right once more, and after `LAST_ROUND` to the
    supervisors' conclusion; nobody reached stays until the third attempt on a third day.
    """
    if outcome is Outcome.FAILED:
        return State.CLOSING if attempt >= VISIT_ATTEMPTS else State.VISITING
    if satisfied or round_ >= LAST_ROUND:
        return State.CLOSING
    return State.RECTIFYING


def may_act(act: Act, roles: frozenset[Role], department: str, case_department: str | None) -> bool:
    """Say whether a person with `roles` in `department` may ever do `act` on such a case."""
    move = MOVES[act]
    if not roles.intersection(move.roles):
        return False
    if move.whose is Whose.OWN:
        return department == case_department
    return move.whose is Whose.ANY or department != case_department
