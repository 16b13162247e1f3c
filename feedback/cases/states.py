"""The life of a case: which act leads from which state to which, and who may do it.

One table, read top to bottom. What a state implies is held by constraints in `models`; who may do
what on whose case is decided here by role and department, without database. Every act leaves one
line in the ledger under its own name, with the state and the deadlines it led to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..offices.roles import DEPARTMENT_ROLES, VISITING_ROLES, Role
from .rules import Rule


class State(StrEnum):
    """Where a case stands."""

    TRIAGE = "triage"  # 待分派: no rule found the department
    ROUTED = "routed"  # 待签收
    VERIFYING = "verifying"  # 核实中
    RECTIFYING = "rectifying"  # 整改中
    TRANSFERRING = "transferring"  # 转办申请: «not ours», to be decided
    APPEALED = "appealed"  # 申诉复核
    VISITING = "visiting"  # 待回访
    CLOSING = "closing"  # 待销号
    CLOSED = "closed"  # 已销号
    VOIDED = "voided"  # 不予采纳
    OBJECTED = "objected"  # 异议复核: the citizen objects to the voiding


WORKING = frozenset({State.ROUTED, State.VERIFYING, State.RECTIFYING})
"""Where the next step is the department's."""

ENDED = frozenset({State.CLOSED, State.VOIDED})
"""Where nobody has to do anything, and no deadline runs."""

DESK_TERMS = {
    State.TRIAGE: Rule.TRIAGE, State.TRANSFERRING: Rule.DECIDE, State.APPEALED: Rule.JUDGE,
    State.OBJECTED: Rule.JUDGE, State.VISITING: Rule.VISIT, State.CLOSING: Rule.VISIT,
}  # fmt: skip
"""Where the next step is the supervisors' (or the hotline's), and which term they have for it."""


class Act(StrEnum):
    """What is done to a case."""

    ROUTE = "route"  # 分派
    ACCEPT = "accept"  # 签收
    CONTACT = "contact"  # 联系
    VERIFY = "verify"  # 核实
    RECTIFY = "rectify"  # 整改
    REPLY = "reply"  # 反馈
    COMPLEX = "complex"  # 申请按复杂件办理
    EXTEND = "extend"  # 延期申请
    TRANSFER = "transfer"  # 转办申请
    DECIDE = "decide"  # 审批: the pending request
    REASSIGN = "reassign"  # 改派: by supervisors on their own
    APPEAL = "appeal"  # 申诉
    JUDGE = "judge"  # 复核
    OBJECT = "object"  # 异议, by the citizen
    RECONSIDER = "reconsider"  # 异议复核
    VISIT = "visit"  # 回访
    SECOND_REVIEW = "second_review"  # 二次评价, by the citizen
    ADD = "add"  # 补充, by the citizen
    CLOSE = "close"  # 销号
    ANSWER = "answer"  # 书面回应: to a dissatisfied second review that came after the end


class Whose(StrEnum):
    """Which department the one who acts must (not) belong to."""

    OWN = "own"  # the responsible department's people only
    OTHER = "other"  # anybody but them
    ANY = "any"
    CITIZEN = "citizen"  # the citizen alone, with the receipt


class Part(StrEnum):
    """A person's part in a case. Nobody has two: handler, judge and visitor are three people.

    Closer is whoever closes without having had another part.
    """

    HANDLER = "handler"
    JUDGE = "judge"
    VISITOR = "visitor"
    CLOSER = "closer"


class Bar(StrEnum):
    """Why an act is not this person's."""

    ROLE = "role"  # another role's
    OFFICE = "office"  # never for the office the case is about
    PART = "part"  # they have another part in the case
    TOUCHED = "touched"  # they did something to the case before
    ABOUT_THEM = "about_them"  # the case is about them


class Finding(StrEnum):
    """What verification found. «不属实» leads to an appeal and is not a way to an end by itself."""

    TRUE = "true"  # 属实
    PARTLY = "partly"  # 部分属实
    NO_LEGAL_BASIS = "no_legal_basis"  # 缺乏法定依据: the law is explained instead of a remedy
    UNFOUNDED = "unfounded"  # 不属实


class Remedy(StrEnum):
    """What a rectification is: something put right, or the law explained in its place."""

    REMEDY = "remedy"
    EXPLANATION = "explanation"


class Ground(StrEnum):
    """Why a department thinks that a review should not count (申诉理由)."""

    MISTAKEN = "mistaken"  # 误评
    MALICIOUS = "malicious"  # 恶意
    DUPLICATE = "duplicate"  # 重复
    NOT_OURS = "not_ours"  # 与本部门无关
    UNFOUNDED = "unfounded"  # 不属实
    OTHER = "other"


class Verdict(StrEnum):
    """How an appeal or an objection was judged."""

    UPHOLD = "uphold"
    DISMISS = "dismiss"


class Request(StrEnum):
    """What a department may ask for."""

    COMPLEX = "complex"
    EXTEND = "extend"
    TRANSFER = "transfer"


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
    """A line of the table. `to` is None where what the act carries decides (see the functions)."""

    act: Act
    come_from: frozenset[State]
    to: State | None
    roles: tuple[Role, ...]
    whose: Whose
    carries: str
    tells: frozenset[str]


def _move(
    act: Act, come_from: str, to: str, roles: tuple[Role, ...], whose: Whose, carries: str,
    tells: str,
) -> Move:  # fmt: skip
    states = frozenset(State(name) for name in come_from.split())
    heard = frozenset(tells.split())
    return Move(act, states, State(to) if to else None, roles, whose, carries, heard)


PARTS: dict[Act, Part] = {
    **dict.fromkeys(
        (Act.ACCEPT, Act.CONTACT, Act.VERIFY, Act.RECTIFY, Act.REPLY, Act.COMPLEX, Act.EXTEND,
         Act.TRANSFER, Act.APPEAL),
        Part.HANDLER,
    ),
    Act.JUDGE: Part.JUDGE, Act.RECONSIDER: Part.JUDGE, Act.VISIT: Part.VISITOR,
}  # fmt: skip
"""The part that whoever does an act has in the case from then on."""


DEPT = DEPARTMENT_ROLES
HEAD = (Role.HEAD,)
SUPER = (Role.SUPERVISOR,)
VISITORS = VISITING_ROLES
NOBODY: tuple[Role, ...] = ()
OWN, OTHER, ANY, CITIZEN = Whose.OWN, Whose.OTHER, Whose.ANY, Whose.CITIZEN

ALL_WORK = "routed verifying rectifying"
ALL_OPEN = f"triage {ALL_WORK} transferring appealed visiting closing objected"

MOVES: dict[Act, Move] = {
    move.act: move
    for move in (
        #     act            from                      to              by        whose    must carry                            tells (at most)
        _move(Act.ROUTE,     "triage",                 "routed",       SUPER,    ANY,     "department, why, what about",        "case_opened citizen_term_moved"),
        _move(Act.ACCEPT,    "routed",                 "verifying",    DEPT,     OWN,     "",                                   ""),
        _move(Act.CONTACT,   "verifying rectifying",   "",             DEPT,     OWN,     "means, reached, words",              ""),
        _move(Act.VERIFY,    "verifying",              "",             DEPT,     OWN,     "finding, words",                     ""),
        _move(Act.RECTIFY,   "rectifying",             "",             DEPT,     OWN,     "words, article if no legal basis",   ""),
        _move(Act.REPLY,     "rectifying",             "",             DEPT,     OWN,     "words, contact, rectification",      "citizen_replied"),
        _move(Act.COMPLEX,   "verifying rectifying",   "",             HEAD,     OWN,     "reason, before due_at, once",        "desk_asked"),
        _move(Act.EXTEND,    "verifying rectifying",   "",             HEAD,     OWN,     "reason, plan, before due_at",        "desk_asked"),
        _move(Act.TRANSFER,  "routed verifying",       "transferring", HEAD,     OWN,     "reason, owner proposed, once",       "desk_asked"),
        _move(Act.DECIDE,    f"{ALL_WORK} transferring", "",           SUPER,    OTHER,   "verdict, words; leader for a 2nd extension", "case_decided case_opened citizen_term_moved"),
        _move(Act.REASSIGN,  ALL_WORK,                 "routed",       SUPER,    OTHER,   "department, why, what about",        "case_opened case_notice citizen_term_moved"),
        _move(Act.APPEAL,    ALL_WORK,                 "appealed",     HEAD,     OWN,     "ground, words; once, in 5 workdays", "desk_asked"),
        _move(Act.JUDGE,     "appealed",               "",             SUPER,    OTHER,   "verdict, words; untouched",          "case_decided citizen_voided"),
        _move(Act.OBJECT,    "voided",                 "objected",     NOBODY,   CITIZEN, "words; once, in 10 workdays",        "desk_asked"),
        _move(Act.RECONSIDER, "objected",              "",             SUPER,    OTHER,   "verdict, words; another judge",      "case_decided citizen_objection_judged"),
        _move(Act.VISIT,     "visiting",               "",             VISITORS, OTHER,   "means, outcome, verdict, words",     "case_sent_back"),
        _move(Act.SECOND_REVIEW, "visiting closing closed", "",        NOBODY,   CITIZEN, "grade; once",                        "case_sent_back desk_asked"),
        _move(Act.ADD,       ALL_OPEN,                 "",             NOBODY,   CITIZEN, "words",                              "citizen_added desk_asked"),
        _move(Act.CLOSE,     "closing",                "closed",       SUPER,    OTHER,   "conclusion if still dissatisfied",   "citizen_closed"),
        _move(Act.ANSWER,    "closed",                 "closed",       SUPER,    OTHER,   "words; a dissatisfied second review waits", "citizen_answered"),
    )
}  # fmt: skip


def after_finding(finding: Finding) -> State:
    """Return where a finding leads: «unfounded» waits where it is for an appeal."""
    return State.VERIFYING if finding is Finding.UNFOUNDED else State.RECTIFYING


def after_reply(*, named: bool) -> State:
    """Return where a reply leads: an anonymous reviewer cannot be visited."""
    return State.VISITING if named else State.CLOSING


def after_visit(outcome: Outcome, satisfied: bool | None, attempt: int, round_: int) -> State:
    """Return where a return visit leads, whoever made it or the citizen who answered unasked.

    Satisfied closes; dissatisfied goes back to be put right once more, and after `LAST_ROUND` to the
    supervisors' conclusion; nobody reached stays until the third attempt on a third day.
    """
    if outcome is Outcome.FAILED:
        return State.CLOSING if attempt >= VISIT_ATTEMPTS else State.VISITING
    if satisfied or round_ >= LAST_ROUND:
        return State.CLOSING
    return State.RECTIFYING


def last_answer(said: Sequence[bool | None]) -> bool | None:
    """Return what the citizen said last when asked whether they are satisfied; None if never.

    `said` is what the visits brought, oldest first, in whichever round, None where nobody was
    reached. It decides for whom a closer writes: «not satisfied» wants a conclusion, which the
    citizen reads; who was satisfied has heard everything, and the words are a note for the file.
    """
    return next((one for one in reversed(said) if one is not None), None)


def may_act(act: Act, roles: frozenset[Role], department: str, case_department: str | None) -> bool:
    """Say whether a person with `roles` in `department` may ever do `act` on such a case."""
    move = MOVES[act]
    if not roles.intersection(move.roles):
        return False
    if move.whose is Whose.OWN:
        return department == case_department
    return move.whose is Whose.ANY or department != case_department
