"""What departments, supervisors, operators and citizens do in the year: real acts, each in its turn.

Every deed looks at the case as it stands; where somebody was quicker, it does nothing.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from feedback.cases import actions as acts
from feedback.cases import rulebook
from feedback.cases.models import Case
from feedback.cases.states import Finding, Ground, Means, Outcome, State, Verdict
from feedback.catalog.grades import TagClass
from feedback.db import db
from feedback.reviews.drafts import Identity

from .agenda import Agenda
from .district import STYLES, People, Style

WORKING = (State.ROUTED, State.VERIFYING, State.RECTIFYING)
LAW = "《行政许可法》第三十一条"


@dataclass
class Memory:
    """What the people know of a case without looking it up."""

    owner: str | None = None
    ignored: bool = False
    rectified: set[int] = field(default_factory=set)
    extensions: int = 0
    complex: bool = False
    transferred: bool = False
    appealed: bool = False
    appeals: bool = False
    dismissed: bool = False
    rated_again: bool = False


class Offices:
    """Everybody's habits, and what they remember."""

    def __init__(self, agenda: Agenda, people: People) -> None:
        self.agenda, self.people = agenda, people
        self.of: dict[UUID, Memory] = defaultdict(Memory)
        self.done: dict[str, int] = defaultdict(int)

    # -- coming in ---------------------------------------------------------------------------

    def opened(self, case: Case, now: datetime) -> None:
        """Note who will do something about a new case."""
        if case.state is State.TRIAGE:
            late = self.agenda.chance(0.1)
            self.agenda.in_office(now, *((4, 8) if late else (0, 1)), partial(self.route, case.id))
        else:
            self.arrived(case, now)
        if self.agenda.chance(0.1):
            self.agenda.some_evening(now, 10, partial(self.add, case.id))
        if self.agenda.chance(0.02):
            self.agenda.some_evening(now, 30, partial(self.report_pressure, case.id))
        if self.agenda.chance(0.02):
            self.agenda.in_office(now, 1, 6, partial(self.reassign, case.id))

    def arrived(self, case: Case, now: datetime) -> None:
        """Note that a case has come to a department's inbox, or come back to it."""
        memory, style = self.of[case.id], STYLES[str(case.department_code)]
        if memory.owner != case.department_code:
            memory.owner, memory.ignored = case.department_code, self.agenda.chance(style.ignores)
            memory.appeals = self.agenda.chance(style.appeals)
        if not memory.ignored:
            self._again(case, style, now)

    def _again(self, case: Case, style: Style, now: datetime) -> None:
        self.agenda.in_office(
            now, *style.pause, partial(self.work, case.id, case.department_code, case.round)
        )

    # -- the department ----------------------------------------------------------------------

    def work(self, case_id: UUID, department: str, round_: int, now: datetime) -> None:
        """Do the next thing that a department does with a case, and note the one after it."""
        case = _case(case_id)
        mine = case.department_code == department and case.round == round_
        if not mine or case.state not in WORKING:
            return
        before = case.state
        {State.ROUTED: self._receive, State.VERIFYING: self._verify,
         State.RECTIFYING: self._rectify}[before](case, STYLES[department], now)  # fmt: skip
        if case.state in WORKING:
            self._again(case, STYLES[department], now)

    def _receive(self, case: Case, style: Style, now: datetime) -> None:
        memory = self.of[case.id]
        if memory.appeals and self._may_appeal(case, now):
            self._appeal(case, now)
        elif not memory.transferred and case.round == 1 and self._lets_go(case, style):
            self._ask_transfer(case, now)
        else:
            self._do("accept", acts.accept, case, self._handler(case), now)

    def _lets_go(self, case: Case, style: Style) -> bool:
        return case.request_id is None and self.agenda.chance(style.transfers)

    def _verify(self, case: Case, style: Style, now: datetime) -> None:
        if self._call(case, style, now) or self._asks(case, style, now):
            return
        memory, throw = self.of[case.id], self.agenda.die.random()
        unfounded = throw < 0.06 and not memory.dismissed and self._may_appeal(case, now)
        no_basis = throw > 0.95
        finding = Finding.NO_LEGAL_BASIS if no_basis else Finding.TRUE
        finding = Finding.UNFOUNDED if unfounded else finding
        self._do("verify", acts.verify, case, self._handler(case), finding, "已核实", now)
        memory.rectified.discard(case.round)  # what another department did does not answer this
        if unfounded:
            self._appeal(case, now)

    def _rectify(self, case: Case, style: Style, now: datetime) -> None:
        memory = self.of[case.id]
        if self._call(case, style, now) or self._asks(case, style, now):
            return
        handler = self._handler(case)
        if case.round not in memory.rectified:
            memory.rectified.add(case.round)
            self._do("rectify", acts.rectify, case, handler, "已整改", LAW, (), now)
        elif case.identity is Identity.ANONYMOUS or case.contacted_at:
            self._do("reply", acts.reply, case, handler, "已改正", "", "", now)
            self._replied(case, now)

    def _call(self, case: Case, style: Style, now: datetime) -> bool:
        """Call a named citizen once; who never calls does so only once the leaders ask."""
        uncalled = case.identity is Identity.NAMED and case.contacted_at is None
        if not uncalled or not (style.calls or case.rung >= 4):
            return False
        reached = self.agenda.chance(0.8)
        self._do("contact", acts.contact, case, self._handler(case), Means.PHONE, reached,
                 "已联系", now)  # fmt: skip
        return True

    def _asks(self, case: Case, style: Style, now: datetime) -> bool:
        """Ask for more time, or for «complex», as long as there is any time left."""
        memory = self.of[case.id]
        if case.request_id is not None or now > case.due_at or case.round > 1:
            return False
        head = self.people.heads[str(case.department_code)]
        if not memory.complex and self.agenda.chance(style.complex):
            memory.complex = True
            self._do("complex", acts.ask_complex, case, head, "涉及多个部门", now)
        elif memory.extensions < 2 and self.agenda.chance(style.extends):
            memory.extensions += 1
            self._do("extend", acts.ask_extension, case, head, "来不及", "分两步", now)
        else:
            return False
        self._to_be_decided(case, now)
        return True

    def _ask_transfer(self, case: Case, now: datetime) -> None:
        self.of[case.id].transferred = True
        others = [code for code in STYLES if code != case.department_code]
        head, proposed = (
            self.people.heads[str(case.department_code)],
            self.agenda.die.choice(others),
        )
        self._do("transfer", acts.ask_transfer, case, head, "不是我们的", proposed, now)
        self._to_be_decided(case, now)

    def _may_appeal(self, case: Case, now: datetime) -> bool:
        return not self.of[case.id].appealed and now <= rulebook.appeal_until(case)

    def _appeal(self, case: Case, now: datetime) -> None:
        self.of[case.id].appealed = True
        head = self.people.heads[str(case.department_code)]
        self._do("appeal", acts.appeal, case, head, Ground.MISTAKEN, "评错了", (), now)
        late = self.agenda.chance(0.2)
        self.agenda.in_office(now, *((6, 12) if late else (1, 4)), partial(self.judge, case.id))

    def _handler(self, case: Case):
        return self.people.handlers[str(case.department_code)]

    # -- the supervisors ---------------------------------------------------------------------

    def _to_be_decided(self, case: Case, now: datetime) -> None:
        late = self.agenda.chance(0.15)
        deed = partial(self.decide, case.id, case.request_id)
        self.agenda.in_office(now, *((2, 7) if late else (0, 1)), deed)

    def route(self, case_id: UUID, now: datetime) -> None:
        """Give a case in triage to some department."""
        case, to = _case(case_id), self.agenda.die.choice(list(STYLES))
        self._do("route", acts.assign, case, self.people.supervisor, to, "按职责", now,
                 tag_class=_about(case))  # fmt: skip
        self.arrived(case, now)

    def decide(self, case_id: UUID, request_id: UUID, now: datetime) -> None:
        """Decide a request that still waits; further extensions are the leader's to grant."""
        case = _case(case_id)
        if case.request_id != request_id:
            return
        was, grant = case.state, self.agenda.chance(0.7)
        again = self.of[case.id].extensions > 1 and was is not State.TRANSFERRING
        by = self.people.leader if again else self.people.supervisor
        restart = "" if was is not State.TRANSFERRING or self.agenda.chance(0.8) else "另起时限"
        self._do("decide", acts.decide, case, by, grant, "已研究", now, restart_why=restart,
                 tag_class=_about(case))  # fmt: skip
        if was is State.TRANSFERRING:
            self.arrived(case, now)

    def reassign(self, case_id: UUID, now: datetime) -> None:
        """Give a case to another department without being asked."""
        case = _case(case_id)
        if case.state not in WORKING or case.round > 1:
            return
        to = self.agenda.die.choice([code for code in STYLES if code != case.department_code])
        self._do("reassign", acts.reassign, case, self.people.supervisor, to, "职责在此", "", now,
                 tag_class=_about(case))  # fmt: skip
        self.arrived(case, now)

    def judge(self, case_id: UUID, now: datetime) -> None:
        """Judge an appeal; a third are upheld."""
        case, upheld = _case(case_id), self.agenda.chance(0.35)
        verdict = Verdict.UPHOLD if upheld else Verdict.DISMISS
        self._do("judge", acts.judge, case, self.people.judge, verdict, "已复核", now)
        self.of[case.id].dismissed = not upheld
        if not upheld:
            self.arrived(case, now)
        elif self.agenda.chance(0.7):
            self.agenda.some_evening(now, 8, partial(self.object, case.id))

    def reconsider(self, case_id: UUID, now: datetime) -> None:
        """Judge an objection."""
        case, upheld = _case(case_id), self.agenda.chance(0.5)
        verdict = Verdict.UPHOLD if upheld else Verdict.DISMISS
        by = self.people.second_judge
        self._do("reconsider", acts.reconsider, case, by, verdict, "已复核", now)
        self.of[case.id].dismissed = True
        if upheld:
            self.arrived(case, now)

    def close(self, case_id: UUID, now: datetime) -> None:
        """Close a case that is ready for it."""
        case = _case(case_id)
        if case.state is State.CLOSING:
            by = self.people.supervisor if self.agenda.chance(0.8) else self.people.leader
            self._do("close", acts.close, case, by, "已核对，予以销号", now)

    # -- visits and citizens -----------------------------------------------------------------

    def _replied(self, case: Case, now: datetime) -> None:
        if case.state is State.VISITING:
            late = self.agenda.chance(0.1)
            deed = partial(self.visit, case.id, case.round)
            self.agenda.in_office(now, *((6, 12) if late else (1, 4)), deed)
        else:
            self._to_be_closed(case, now)
        if self.agenda.chance(0.2):
            self.agenda.some_evening(now, 12, partial(self.second_review, case.id))

    def _to_be_closed(self, case: Case, now: datetime) -> None:
        if not self.agenda.chance(0.02):  # these are forgotten, and must stay visible
            self.agenda.in_office(now, 0, 4, partial(self.close, case.id))

    def visit(self, case_id: UUID, round_: int, now: datetime) -> None:
        """Call a citizen back; on another day again if nobody answers."""
        case = _case(case_id)
        if case.state is not State.VISITING or case.round != round_:
            return
        by, reached = self.agenda.die.choice(self.people.operators), self.agenda.chance(0.7)
        satisfied = self.agenda.chance(STYLES[str(case.department_code)].satisfies)
        outcome = Outcome.ANSWERED if reached else Outcome.FAILED
        said = acts.Visit(Means.PHONE, outcome, satisfied if reached else None, "回访记录")
        self._do("visit", acts.visit, case, by, said, now)
        self._answered(case, now)

    def _answered(self, case: Case, now: datetime) -> None:
        if case.state is State.VISITING:
            self.agenda.in_office(now, 1, 2, partial(self.visit, case.id, case.round))
        elif case.state is State.CLOSING:
            self._to_be_closed(case, now)
        else:
            self.arrived(case, now)

    def second_review(self, case_id: UUID, now: datetime) -> None:
        """Rate how it was put right, once there was a reply."""
        case = _case(case_id)
        was = case.state
        answerable = was in (State.VISITING, State.CLOSING, State.CLOSED)
        if not answerable or self.of[case.id].rated_again:
            return
        self.of[case.id].rated_again = True
        happy = self.agenda.chance(STYLES[str(case.department_code)].satisfies)
        self._say("second_review", acts.second_review, case, 5 if happy else 1, "看到了", now)
        if was is not State.CLOSED:
            self._answered(case, now)
        elif not happy:
            self.agenda.in_office(now, 0, 2, partial(self.answer, case.id))

    def answer(self, case_id: UUID, now: datetime) -> None:
        """Answer in writing whoever is dissatisfied after the end."""
        case = _case(case_id)
        self._do("answer", acts.answer, case, self.people.supervisor, "已请窗口再查", now)

    def add(self, case_id: UUID, now: datetime) -> None:
        """Add a few words while the case is open."""
        case = _case(case_id)
        if case.state not in (State.CLOSED, State.VOIDED):
            self._say("add", acts.add, case, "补充一句", now)

    def report_pressure(self, case_id: UUID, now: datetime) -> None:
        """Say that somebody pressed for another rating."""
        self._say("pressure", acts.report_pressure, _case(case_id), "有人让我改评价", now)

    def object(self, case_id: UUID, now: datetime) -> None:
        """Object to a voiding, in time."""
        case = _case(case_id)
        self._say("object", acts.object_to, case, "我没有评错", now)
        late = self.agenda.chance(0.3)
        self.agenda.in_office(now, *((6, 9) if late else (1, 4)), partial(self.reconsider, case.id))

    # -- doing -------------------------------------------------------------------------------

    def _do(self, name: str, act, case: Case, *words, **options) -> None:
        act(case, *words, case.version, **options)
        db.session.flush()
        self.done[name] += 1

    def _say(self, name: str, act, case: Case, *words) -> None:
        act(case, *words)
        db.session.flush()
        self.done[name] += 1


def _case(case_id: UUID) -> Case:
    return db.session.get_one(Case, case_id)


def _about(case: Case) -> TagClass:
    """Return what a supervisor says the case is about: any kind, without a throw of the die."""
    return list(TagClass)[int(case.number[-6:]) % len(TagClass)]
