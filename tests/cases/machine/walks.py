"""Random acts by random people at random times, and after each step everything that must hold."""

import os
from collections import Counter
from collections.abc import Container, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from flask import Flask
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from feedback.cases import actions, urging
from feedback.cases.models import Case, PressureReport
from feedback.cases.states import ENDED, MOVES, Act, Purpose, State, may_act
from feedback.cases.wall import Wall
from feedback.db import db, transaction
from feedback.errors import FeedbackError
from feedback.ledger.actions import SYSTEM
from feedback.offices import actions as offices
from feedback.offices.models import Account, Department
from feedback.offices.roles import Role
from feedback.reviews.drafts import Identity

from ...conftest import empty_database
from ...factories import NOBODY_HOME, make_district, make_event, rate
from . import holding
from .district import (
    CITIZEN_TRIES,
    DECIDING,
    OFFICES,
    ONWARD,
    REVIEWS,
    SERVICES,
    SIDEWAYS,
    STAFF_TRIES,
    Try,
    make_staff,
    straight,
)
from .rows import digest

EXAMPLES = int(os.environ.get("FEEDBACK_MACHINE_EXAMPLES", "12"))
STEPS = int(os.environ.get("FEEDBACK_MACHINE_STEPS", "40"))
SEED = int(os.environ.get("FEEDBACK_MACHINE_SEED", "20261123"))
PHASES = (
    (Phase.generate, Phase.shrink) if "FEEDBACK_MACHINE_SHRINK" in os.environ else (Phase.generate,)
)

BEGINNINGS = (
    datetime(2026, 11, 23, 2, 0, tzinfo=UTC),  # a Monday in a week without holidays
    datetime(2026, 9, 24, 6, 30, tzinfo=UTC),  # the day before 中秋, a week before 国庆
    datetime(2026, 2, 13, 9, 29, tzinfo=UTC),  # the Friday evening before 春节, a Saturday worked
    datetime(2026, 12, 30, 15, 59, tzinfo=UTC),  # a minute to midnight, days before New Year
)
WAITS = (
    timedelta(0), timedelta(minutes=1), timedelta(minutes=50), timedelta(hours=5),
    timedelta(hours=13), timedelta(days=1), timedelta(days=1), timedelta(days=3), timedelta(days=8),
    timedelta(days=30), timedelta(hours=-1),
)  # fmt: skip
"""How long it is until the next act; once in a while the clock is set back."""


class InTheMiddle(Exception):
    """What breaks a transaction off just before its end."""


def run_walks(app: Flask, **changes: Any) -> None:
    """Walk as often as the settings say. Says the seed, by which a walk can be had again."""
    Walk.done.clear()
    print(f"FEEDBACK_MACHINE_SEED={SEED} FEEDBACK_MACHINE_EXAMPLES={EXAMPLES}")

    def begin() -> Walk:
        return Walk(app)

    chosen: dict[str, Any] = {
        "max_examples": EXAMPLES, "stateful_step_count": STEPS, "deadline": None, "database": None,
        "suppress_health_check": list(HealthCheck), "print_blob": False,
        "report_multiple_bugs": False, "phases": PHASES, **changes,
    }  # fmt: skip
    run_state_machine_as_test(seed(SEED)(begin), settings=settings(**chosen))
    print(sorted(Walk.done.items()))


class Walk(RuleBasedStateMachine):
    """A district with its people, reviews and cases, walked at random."""

    done: ClassVar[Counter[str]] = Counter()
    """What succeeded over all walks, so that a test can say that they went far."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.context = app.app_context()
        self.context.push()
        db.session.remove()
        empty_database(app)
        make_district()
        self.people = make_staff()
        self.now = BEGINNINGS[0]
        self.numbers: list[str] = []
        self.reviews: dict[str, str] = {}
        self.state = ""

    def teardown(self) -> None:
        db.session.remove()
        self.context.pop()

    # -- what happens ------------------------------------------------------------------------------

    @initialize(when=st.sampled_from(BEGINNINGS), data=st.data())
    def begin(self, when: datetime, data: st.DataObject) -> None:
        self.now = when
        self._rate(data, st.sampled_from(list(REVIEWS)[:4]))

    @precondition(lambda self: len(self._open()) < 3)
    @rule(data=st.data())
    def somebody_rates(self, data: st.DataObject) -> None:
        self._rate(data, st.sampled_from(list(REVIEWS)))

    def _rate(self, data: st.DataObject, kinds: st.SearchStrategy[str]) -> None:
        event = make_event(self.now, **data.draw(st.sampled_from(SERVICES)))
        rate(event, self.now, **REVIEWS[data.draw(kinds)])
        self.numbers = list(db.session.scalars(select(Case.number).order_by(Case.number)))

    @precondition(lambda self: self._open())
    @rule(data=st.data(), steps=st.integers(2, 9), day_by_day=st.booleans())
    def the_case_goes_straight_on(self, data: st.DataObject, steps: int, day_by_day: bool) -> None:
        number = self._number(data, self._open())
        for _ in range(steps):
            self.now += timedelta(days=day_by_day)
            self._straight(number, data)
            self.everything_holds()

    @precondition(lambda self: self._standing((State.VISITING,)))
    @rule(data=st.data())
    def nobody_is_at_home(self, data: st.DataObject) -> None:
        self.now += data.draw(st.sampled_from([timedelta(days=1), timedelta(hours=1)]))
        number = self._number(data, self._standing((State.VISITING,)))
        self._try_somebody(Act.VISIT, (NOBODY_HOME,), number, data)

    @precondition(lambda self: self._open())
    @rule(data=st.data())
    def the_case_goes_on_somehow(self, data: st.DataObject) -> None:
        self._wait(data)
        self._likely(data, self._open(), ONWARD)

    @precondition(lambda self: self._standing(SIDEWAYS))
    @rule(data=st.data())
    def the_case_takes_a_branch(self, data: st.DataObject) -> None:
        self._likely(data, self._standing(SIDEWAYS), SIDEWAYS)

    @precondition(lambda self: self._waiting())
    @rule(data=st.data())
    def what_waits_is_decided(self, data: st.DataObject) -> None:
        self._wait(data)
        self._likely(data, self._waiting(), DECIDING)

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), off=st.sampled_from([0, 0, 0, -1, 1]))
    def anybody_tries_anything(self, data: st.DataObject, off: int) -> None:
        wanted = STAFF_TRIES[data.draw(st.sampled_from(list(STAFF_TRIES)))]
        self._try(wanted, self._number(data), self._person(data), data, off)

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), what=st.sampled_from(sorted(CITIZEN_TRIES)))
    def the_citizen_speaks(self, data: st.DataObject, what: str) -> None:
        action, arguments = CITIZEN_TRIES[what]
        number, said = self._number(data), data.draw(arguments)
        self._attempt(what, lambda: action(_case(number), *said, self.now))

    def _pressure_is_looked_into(self, data: st.DataObject) -> None:
        reports = db.session.scalars(select(PressureReport.id).order_by(PressureReport.id)).all()
        if not reports:
            return
        report_id = reports[data.draw(st.sampled_from(range(len(reports))))]
        person = self._person(data)

        def answer() -> None:
            report = db.session.get_one(PressureReport, report_id)
            case = db.session.get_one(Case, report.case_id)
            actions.answer_pressure(report, case, _account(person), "已核查", self.now)

        self._attempt("answer pressure", answer)

    @precondition(lambda self: self._standing((State.VERIFYING, State.RECTIFYING, State.VISITING)))
    @rule(data=st.data(), purpose=st.sampled_from(Purpose))
    def somebody_opens_the_number(self, data: st.DataObject, purpose: Purpose) -> None:
        standing = (State.VERIFYING, State.RECTIFYING, State.VISITING)
        number, who = self._number(data, self._standing(standing)), self._person(data)

        def look() -> None:
            actions.reveal(_case(number), _account(who), purpose, self.now)

        if _account(who).active:
            self._attempt("reveal", look)

    @rule(data=st.data(), until=st.sampled_from(["later", "later", "due", "just after"]))
    def time_passes(self, data: st.DataObject, until: str) -> None:
        due = _case(self._number(data)).next_due_at if self.numbers else None
        if until == "later" or due is None or due < self.now:
            self._wait(data)
        else:
            self.now = due + timedelta(seconds=until == "just after")

    @rule(times=st.integers(1, 3))
    def the_scheduler_climbs(self, times: int) -> None:
        urging.climb(self.now)
        before = digest()
        for _ in range(times - 1):
            assert urging.climb(self.now) == [], "the same moment brings nothing new"
        assert digest() == before
        holding.nothing_due_was_left(self.now)

    @precondition(lambda self: self._open())
    @rule(data=st.data())
    def it_breaks_off_just_before_the_end(self, data: st.DataObject) -> None:
        number = self._number(data, self._open())
        found = self._somebody_for(number, ONWARD, data)
        if found is None:
            return
        wanted, person = found
        arguments, options = data.draw(wanted.arguments), data.draw(wanted.options)
        before = digest()
        try:
            with transaction():
                case = _case(number)
                wanted.action(case, _account(person), *arguments, self.now, case.version, **options)
                raise InTheMiddle
        except (FeedbackError, InTheMiddle):
            assert digest() == before, "a transaction that broke off left something behind"

    @rule(
        data=st.data(),
        what=st.sampled_from(["office", "office", "account", "department", "pressure"]),
    )
    def the_house_changes(self, data: st.DataObject, what: str) -> None:
        {
            "office": self._somebody_changes_office, "account": self._an_account_is_closed_or_opened,
            "department": self._a_department_is_dissolved_or_founded_again,
            "pressure": self._pressure_is_looked_into,
        }[what](data)  # fmt: skip

    def _somebody_changes_office(self, data: st.DataObject) -> None:
        office = data.draw(st.sampled_from(OFFICES))
        roles = data.draw(
            st.sampled_from(
                [{Role.HANDLER, Role.HEAD}, {Role.SUPERVISOR}, {Role.SUPERVISOR}, {Role.OPERATOR}]
            )
        )
        who = self._person(data, self.people[:-1])

        def change() -> None:
            person = offices.person_of(_account(who))
            moved = offices.Person(person.email, person.name, office, frozenset(roles))
            offices.change_account(_account(who), moved, SYSTEM, self.now)

        self._attempt("change office", change)

    def _an_account_is_closed_or_opened(self, data: st.DataObject) -> None:
        with transaction():
            account = _account(self._person(data, self.people[:-1]))
            change = offices.disable_account if account.active else offices.enable_account
            change(account, SYSTEM, self.now)

    def _a_department_is_dissolved_or_founded_again(self, data: st.DataObject) -> None:
        office = data.draw(st.sampled_from(["SW", "SW", "RS"]))
        with transaction():
            department = db.session.get_one(Department, office)
            department.active = not department.active

    # -- how it is tried ---------------------------------------------------------------------------

    def _wait(self, data: st.DataObject) -> None:
        self.now += data.draw(st.sampled_from(WAITS))

    def _number(self, data: st.DataObject, among: Sequence[str] = ()) -> str:
        return str(data.draw(st.sampled_from(among or self.numbers)))

    def _open(self) -> list[str]:
        return self._standing(set(State) - ENDED)

    def _person(self, data: st.DataObject, among: Sequence[Any] = ()) -> Any:
        # The place in the list is drawn and not the id, which is another one in every walk.
        people = among or self.people
        return people[data.draw(st.sampled_from(range(len(people))))]

    def _standing(self, states: Container[State]) -> list[str]:
        """Return the cases that stand in one of the states."""
        return [number for number in self.numbers if _case(number).state in states]

    def _waiting(self) -> list[str]:
        """Return the cases that wait for somebody's decision."""
        return [
            n
            for n in self.numbers
            if _case(n).state in DECIDING
            and (_case(n).request_id or _case(n).state in (State.APPEALED, State.OBJECTED))
        ]

    def _likely(
        self, data: st.DataObject, numbers: list[str], by_state: dict[State, tuple[Any, ...]]
    ) -> None:
        number = self._number(data, numbers)
        found = self._somebody_for(number, by_state, data)
        if found is not None:
            wanted, person = found
            self._try(wanted, number, person, data, 0)

    def _straight(self, number: str, data: st.DataObject) -> None:
        case = _case(number)
        called = case.identity is Identity.ANONYMOUS or case.contacted_at is not None
        for act, arguments in straight(case.state, called=called):
            if self._try_somebody(act, arguments, number, data):
                return

    def _try_somebody(
        self, act: Act, arguments: tuple[Any, ...], number: str, data: st.DataObject
    ) -> bool:
        """Let somebody of the roles try; say whether it was taken."""
        case = _case(number)
        able = [one for one in self.people if self._could(_account(one), act, case)]
        if not able:
            return False
        return self._tried(STAFF_TRIES[act], number, self._person(data, able), arguments, {}, 0)

    def _somebody_for(
        self, number: str, by_state: dict[State, tuple[Any, ...]], data: st.DataObject
    ) -> tuple[Try, Any] | None:
        """Return an act that fits where the case stands, and somebody of the roles for it."""
        case = _case(number)
        acts = by_state[case.state]
        if not acts:
            return None
        act = data.draw(st.sampled_from(acts))
        able = [one for one in self.people if self._could(_account(one), act, case)]
        return (STAFF_TRIES[act], self._person(data, able)) if able else None

    @staticmethod
    def _could(account: Account, act: Act, case: Case) -> bool:
        roles = frozenset(role.name for role in account.roles)
        may = may_act(act, roles, account.department_code, case.department_code)
        return account.active and may and Wall(account).bar(case, act) is None

    def _try(self, wanted: Try, number: str, person: Any, data: st.DataObject, off: int) -> None:
        arguments, options = data.draw(wanted.arguments), data.draw(wanted.options)
        if _account(person).active:  # the door lets nobody else in
            self._tried(wanted, number, person, arguments, options, off)

    def _tried(
        self, wanted: Try, number: str, person: Any, arguments: tuple[Any, ...],
        options: dict[str, Any], off: int,
    ) -> bool:  # fmt: skip
        """Do it as a page does; then again from the same page, which must be refused."""
        seen = _case(number).version + off

        def act() -> None:
            case, by = _case(number), _account(person)
            came_from = case.state
            wanted.action(case, by, *arguments, self.now, seen, **options)
            assert seen == case.version - 1, "an older page was taken"
            assert came_from in MOVES[wanted.act].come_from

        taken = self._attempt(wanted.act.value, act)
        if taken:
            assert off == 0
            assert not self._attempt(wanted.act.value, act), "the same page was taken twice"
        return taken

    def _attempt(self, what: str, act: Any) -> bool:
        """Say whether it was taken; whatever is refused must have changed nothing."""
        before = digest()
        try:
            with transaction():
                act()
        except FeedbackError as refusal:
            Walk.done[f"{what} refused: {refusal.code}"] += 1
            assert digest() == before, f"{what} was refused and yet changed something"
            return False
        Walk.done[what] += 1
        return True

    # -- what must hold ----------------------------------------------------------------------------

    @invariant()
    def everything_holds(self) -> None:
        state = digest()
        if state == self.state:
            return
        Walk.done["steps"] += 1
        self.state = state
        holding.everything_holds(self.reviews, self.people)


def _case(number: str) -> Case:
    return db.session.scalars(select(Case).where(Case.number == number)).one()


def _account(person: Any) -> Account:
    return db.session.get_one(Account, person)
