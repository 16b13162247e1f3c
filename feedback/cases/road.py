"""The road of a case as its citizen sees it: what happened when, what comes next, and by when.

Decides from the ledger's lines, which hold codes and moments and nobody's name, and from the texts
that were written to be read by the citizen. Leaves out what the staff say to each other: findings,
internal notes, requests that were refused, rungs, notices, and every report of pressure.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from .states import MOVES, WORKING, Act, Means, Outcome, Request, State, Verdict, last_answer


class What(StrEnum):
    """What a step of the road is. The first ones lie behind, the last ones ahead."""

    PASSED = "passed"
    PASSED_ON = "passed_on"
    CALLED = "called"
    SPOKEN_TO = "spoken_to"
    TRIED = "tried"
    TERM_MOVED = "term_moved"
    RECOUNTED = "recounted"
    APPEALED = "appealed"
    COUNTS = "counts"
    VOIDED = "voided"
    OBJECTED = "objected"
    COUNTS_AGAIN = "counts_again"
    VOID_STANDS = "void_stands"
    ANSWERED = "answered"
    EXPLAINED = "explained"
    VISITED = "visited"
    VISIT_TRIED = "visit_tried"
    RATED = "rated"
    SENT_BACK = "sent_back"
    STILL_UNHAPPY = "still_unhappy"
    ADDED = "added"
    FINISHED = "finished"
    ANSWERED_AFTER = "answered_after"

    FINDING_OWNER = "finding_owner"
    DECIDING_OWNER = "deciding_owner"
    CHECKING = "checking"
    RECHECKING = "rechecking"
    CALL = "call"
    ANSWER = "answer"
    ANSWER_AGAIN = "answer_again"
    VISIT = "visit"
    FINISH = "finish"
    ANSWER_AFTER = "answer_after"


SAYS_TERM = frozenset((*Act, "open", "recomputed"))
"""Lines whose `due_at` is the department's deadline; a rung's or a notice's may be another one."""


@dataclass(frozen=True)
class Step:
    """One step. `at` is None for one that lies ahead; `until` is its date, or a new one it set."""

    what: What
    at: datetime | None = None
    until: datetime | None = None
    department: str = ""
    words: str = ""
    """What the citizen may read, as a quotation."""
    article: str = ""
    """The law that the words explain."""
    late: bool = False


@dataclass(frozen=True)
class Happened:
    """One line of the case's ledger."""

    at: datetime
    act: str
    facts: Mapping[str, Any]

    @property
    def due_at(self) -> datetime | None:
        """The department's deadline after this line, if the line says it."""
        said = self.facts.get("due_at")
        return datetime.fromisoformat(said) if said else None

    @property
    def new_due_at(self) -> datetime | None:
        """The department's deadline, if this line moved it."""
        return self.due_at if self.facts.get("due_before") else None

    @property
    def call_due_at(self) -> datetime | None:
        """By when the department before should have called, if this line asks for a call anew."""
        said = self.facts.get("contact_due_before")
        return datetime.fromisoformat(said) if said else None


@dataclass(frozen=True)
class Texts:
    """What was written for the citizen: by round, by request, or once."""

    departments: Mapping[str, str] = field(default_factory=dict)
    replies: Mapping[int, str] = field(default_factory=dict)
    articles: Mapping[int, str] = field(default_factory=dict)
    reasons: Mapping[tuple[str, int], str] = field(default_factory=dict)
    judgement: str = ""
    reconsideration: str = ""
    conclusion: str = ""
    afterwards: str = ""


@dataclass(frozen=True)
class Place:
    """Where a case stands, as far as what comes next depends on it."""

    state: State
    named: bool
    round: int
    contacted: bool
    contact_due_at: datetime | None
    due_at: datetime
    desk_due_at: datetime | None
    answer_due_at: datetime | None = None


def behind(lines: Iterable[Happened], texts: Texts, contact_due_at: datetime | None) -> list[Step]:
    """Return the steps that were taken, oldest first. A late answer or first call says so."""
    lines = list(lines)
    # A department that takes over with a fresh clock owes a call of its own, by a date of its own.
    earlier = [line.call_due_at for line in lines if line.call_due_at]
    call_due = iter([*earlier, contact_due_at])
    steps, due_at, call_by, called, satisfied = [], None, next(call_due), False, None
    for line in lines:
        step = STEPS[line.act](line, texts) if line.act in STEPS else None
        if step and line.act == Act.REPLY:
            step = replace(step, late=due_at is not None and line.at > due_at)
        if step and line.act == Act.CONTACT and not called:
            called = True
            step = replace(step, late=call_by is not None and line.at > call_by)
        if line.call_due_at:
            call_by, called = next(call_due), False
        if step and line.act == Act.CLOSE and satisfied:
            step = replace(step, words="")  # a note for the file
        satisfied = last_answer([satisfied, line.facts.get("satisfied")])
        if line.act in SAYS_TERM:
            due_at = line.due_at or due_at
        if step:
            steps.append(step)
    return steps


def _opened(line: Happened, texts: Texts) -> Step | None:
    return _passed(line, texts) if line.facts.get("department") else None


def _passed(line: Happened, texts: Texts) -> Step:
    return Step(What.PASSED, line.at, department=_name(line, texts))


def _passed_on(line: Happened, texts: Texts) -> Step:
    return Step(What.PASSED_ON, line.at, line.new_due_at, _name(line, texts))


def _name(line: Happened, texts: Texts) -> str:
    code = str(line.facts["department"])
    return texts.departments.get(code, code)


def _contacted(line: Happened, _texts: Texts) -> Step:
    if not line.facts["reached"]:
        return Step(What.TRIED, line.at)
    by_phone = line.facts["means"] == Means.PHONE
    return Step(What.CALLED if by_phone else What.SPOKEN_TO, line.at)


def _decided(line: Happened, texts: Texts) -> Step | None:
    """A request is the staff's own matter; what the citizen feels of it is a new owner or date."""
    if not line.facts["granted"]:
        return None
    if line.facts["request"] == Request.TRANSFER:
        return _passed_on(line, texts)
    reason = texts.reasons.get((line.facts["request"], line.facts["number"]), "")
    if line.new_due_at is None:
        return None
    return Step(What.TERM_MOVED, line.at, line.new_due_at, words=reason)


def _recounted(line: Happened, _texts: Texts) -> Step | None:
    return Step(What.RECOUNTED, line.at, line.new_due_at) if line.new_due_at else None


def _judged(line: Happened, texts: Texts) -> Step:
    if line.facts["verdict"] == Verdict.UPHOLD:
        return Step(What.VOIDED, line.at, words=texts.judgement)
    return Step(What.COUNTS, line.at, line.new_due_at)


def _reconsidered(line: Happened, texts: Texts) -> Step:
    upheld = line.facts["verdict"] == Verdict.UPHOLD
    what = What.COUNTS_AGAIN if upheld else What.VOID_STANDS
    return Step(what, line.at, line.new_due_at, words=texts.reconsideration)


def _answered(line: Happened, texts: Texts) -> Step:
    words, article = (by.get(line.facts["round"], "") for by in (texts.replies, texts.articles))
    what = What.EXPLAINED if article else What.ANSWERED
    return Step(what, line.at, words=words, article=article)


def _visited(line: Happened, _texts: Texts) -> Step:
    if line.facts["outcome"] == Outcome.FAILED:
        return Step(What.VISIT_TRIED, line.at)
    return _found(line, What.VISITED)


def _rated_again(line: Happened, _texts: Texts) -> Step:
    return _found(line, What.RATED)


def _found(line: Happened, satisfied: What) -> Step:
    """Return how the citizen found it. After the end an answer is kept and leads nowhere."""
    if line.facts.get("satisfied") is not False:
        return Step(satisfied, line.at)
    sent_back = line.facts["to"] == State.RECTIFYING
    return Step(What.SENT_BACK if sent_back else What.STILL_UNHAPPY, line.at)


def _finished(line: Happened, texts: Texts) -> Step:
    return Step(What.FINISHED, line.at, words=texts.conclusion)


def _answered_after(line: Happened, texts: Texts) -> Step:
    return Step(What.ANSWERED_AFTER, line.at, words=texts.afterwards)


def _plain(what: What) -> Callable[[Happened, Texts], Step]:
    return lambda line, _texts: Step(what, line.at)


STEPS: Mapping[str, Callable[[Happened, Texts], Step | None]] = {
    "open": _opened,
    Act.ROUTE: _passed,
    Act.CONTACT: _contacted,
    Act.DECIDE: _decided,
    Act.REASSIGN: _passed_on,
    "recomputed": _recounted,
    Act.APPEAL: _plain(What.APPEALED),
    Act.JUDGE: _judged,
    Act.OBJECT: _plain(What.OBJECTED),
    Act.RECONSIDER: _reconsidered,
    Act.REPLY: _answered,
    Act.VISIT: _visited,
    Act.SECOND_REVIEW: _rated_again,
    Act.ADD: _plain(What.ADDED),
    Act.CLOSE: _finished,
    Act.ANSWER: _answered_after,
}
"""Which lines are a step of the citizen's road, and which step. Every other line is not for them."""


DESK_STEPS = {
    State.TRIAGE: What.FINDING_OWNER, State.TRANSFERRING: What.DECIDING_OWNER,
    State.APPEALED: What.CHECKING, State.OBJECTED: What.RECHECKING, State.VISITING: What.VISIT,
    State.CLOSING: What.FINISH,
}  # fmt: skip
"""What the supervisors or the visitor do next, where the next step is theirs."""

UNANSWERED = WORKING | {State.TRIAGE, State.TRANSFERRING, State.APPEALED}
"""Where the department's answer still lies ahead."""


def ahead(place: Place, now: datetime) -> list[Step]:
    """Return the steps that lie ahead, each with its date where there is one."""
    steps = []
    if place.state in DESK_STEPS:
        steps.append(_by(DESK_STEPS[place.state], place.desk_due_at, now))
    if place.state in UNANSWERED:
        steps += _answer(place, now)
    if place.state in UNANSWERED | {State.VISITING}:
        steps.append(Step(What.FINISH))
    if place.answer_due_at:
        steps.append(_by(What.ANSWER_AFTER, place.answer_due_at, now))
    return steps


def _answer(place: Place, now: datetime) -> list[Step]:
    """Return call, answer and visit. While an appeal is judged the department's dates stand still."""
    judged = place.state is State.APPEALED
    answer = What.ANSWER_AGAIN if place.round > 1 else What.ANSWER
    steps = [_by(answer, None if judged else place.due_at, now)]
    if not place.named:
        return steps
    if not place.contacted:
        steps.insert(0, _by(What.CALL, None if judged else place.contact_due_at, now))
    return [*steps, Step(What.VISIT)]


def _by(what: What, until: datetime | None, now: datetime) -> Step:
    return Step(what, until=until, late=until is not None and now > until)


def open_acts(
    state: State, done: Iterable[str], objection_until: datetime | None, now: datetime
) -> frozenset[Act]:
    """Return what the citizen may still do to the case; `done` are the acts that happened."""
    past = frozenset(done)
    in_turn = {
        act for act in (Act.ADD, Act.SECOND_REVIEW, Act.OBJECT) if state in MOVES[act].come_from
    }
    once = past & {Act.SECOND_REVIEW, Act.OBJECT}
    if objection_until is None or now >= objection_until:
        in_turn.discard(Act.OBJECT)
    return frozenset(in_turn - once)
