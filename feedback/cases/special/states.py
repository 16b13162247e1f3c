"""The life of a special rectification (专项整改): which act leads where, and who may do it.

One table, as for cases. The members stay cases of their own: nothing here moves them.
"""

from dataclasses import dataclass
from enum import StrEnum

from ...offices.roles import DEPARTMENT_ROLES, Role
from ..states import Whose


class State(StrEnum):
    """Where a special rectification stands."""

    PROPOSED = "proposed"  # 待立项: the system saw that cases pile up
    DECLINED = "declined"  # 不立项
    WORKING = "working"  # 整改中: with its owner
    REPORTED = "reported"  # 待验收
    CLOSED = "closed"  # 已销号


OPEN = frozenset({State.PROPOSED, State.WORKING, State.REPORTED})
"""Where somebody has something to do; of one item and tag class there is one of these at most."""

OWNED = frozenset({State.WORKING, State.REPORTED, State.CLOSED})
"""Where it has an owner and a deadline."""


class Act(StrEnum):
    """What is done to a special rectification."""

    CONFIRM = "confirm"  # 立项: who owns it, what is wanted, by when
    DECLINE = "decline"  # 不立项
    MEASURE = "measure"  # 制定措施
    REPORT = "report"  # 报告整改结果
    SEND_BACK = "send_back"  # 退回
    CLOSE = "close"  # 销号


LAST_ROUND = 2
"""Sent back once; the second report is the last, and what still lacks is said in closing."""


@dataclass(frozen=True)
class Move:
    """A line of the table. `whose`: the owner's people, or anybody but them."""

    act: Act
    come_from: State
    to: State
    roles: tuple[Role, ...]
    whose: Whose


SUPER = (Role.SUPERVISOR,)

MOVES: dict[Act, Move] = {
    move.act: move
    for move in (
        #    act            from            to              by                whose
        Move(Act.CONFIRM,   State.PROPOSED, State.WORKING,  SUPER,            Whose.OTHER),
        Move(Act.DECLINE,   State.PROPOSED, State.DECLINED, SUPER,            Whose.OTHER),
        Move(Act.MEASURE,   State.WORKING,  State.WORKING,  DEPARTMENT_ROLES, Whose.OWN),
        Move(Act.REPORT,    State.WORKING,  State.REPORTED, DEPARTMENT_ROLES, Whose.OWN),
        Move(Act.SEND_BACK, State.REPORTED, State.WORKING,  SUPER,            Whose.OTHER),
        Move(Act.CLOSE,     State.REPORTED, State.CLOSED,   SUPER,            Whose.OTHER),
    )
}  # fmt: skip


def may_act(act: Act, roles: frozenset[Role], department: str, answers: str | None) -> bool:
    """Say whether a person with `roles` in `department` may ever do `act`.

    `answers` is the owner's office, or before there is one the office that would be it: nobody
    decides whether the own office has a fault to mend.
    """
    move = MOVES[act]
    if not roles.intersection(move.roles):
        return False
    return (department == answers) is (move.whose is Whose.OWN)
