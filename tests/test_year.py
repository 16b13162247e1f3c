"""A simulated year: no case is lost, no rung told twice, and the figures stand on the ledger alone.

5,000 reviews of a fifth negative, all through the product's own actions and duties, eight
departments each with its own bad habit, two long holidays, and a scheduler that is down for four
days twice, killed in the middle, started twice and once set back by an hour each week.
"""

import gc
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from feedback import clock
from feedback.cases.models import Case, RungClimbed, SupervisionNotice
from feedback.cases.states import Act, State
from feedback.db import db
from feedback.ledger.models import Entry
from feedback.notify.models import Message
from feedback.reports import queries
from feedback.reports.figures import to_json
from feedback.reports.models import ClosureReport
from feedback.workdays import china

from .conftest import empty_database
from .year import recount
from .year.district import STYLES
from .year.recount import Line, Recount
from .year.year import DOWN, END, Run, live

REVIEWS = {"sqlite": 5000, "postgresql": 600}
"""The whole year on one database, a smaller one on the other: both take the same ways."""

WEEKS = [f"2026-W{number:02d}" for number in range(1, 54)]
CLOSES = time(17, 30)

pytestmark = pytest.mark.slow


@dataclass
class Lived:
    """The year that was lived, and what was read of it afterwards."""

    run: Run
    lines: list[Line]
    kept: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def year(migrated_app: Flask) -> Iterator[Lived]:
    """Live the year once for all tests of this module."""
    with migrated_app.app_context():
        empty_database(migrated_app)
        gc.disable()  # there is a whole year's rows to look through, again and again
        try:
            run = live(migrated_app, REVIEWS[db.engine.dialect.name])
        finally:
            gc.enable()
        yield Lived(run, _lines(), _kept())
        db.session.remove()


def _lines() -> list[Line]:
    """Return the ledger as it stands, in the order in which it was written."""
    columns = Entry.at, Entry.subject, Entry.subject_id, Entry.act, Entry.facts
    return [Line(*row) for row in db.session.execute(select(*columns).order_by(Entry.at, Entry.id))]


def _kept() -> dict[str, dict[str, Any]]:
    rows = db.session.execute(select(ClosureReport.week, ClosureReport.figures))
    return {row.week: row.figures["figures"] for row in rows}


def test_the_year_took_every_way_there_is(year):
    reviews = REVIEWS[db.engine.dialect.name]
    assert year.run.reviews == reviews
    assert {act.value for act in Act} <= set(year.run.offices.done)
    assert reviews * 0.17 < count(Case) < reviews * 0.23
    if reviews == 5000:
        assert year.run.kills >= 2
        assert year.run.offices.done["route"] >= 20
        assert {case.state for case in cases()} >= {State.CLOSED, State.VOIDED, State.ROUTED}


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def cases() -> Sequence[Case]:
    return db.session.scalars(select(Case)).all()


# -- no case is lost ---------------------------------------------------------------------------


def test_every_case_is_closed_or_voided_or_in_time_or_late_with_its_rung(year):
    climbed = _climbed()
    late = 0
    for case in cases():
        if case.state in (State.CLOSED, State.VOIDED):
            assert case.next_due_at is None
            continue
        assert case.next_due_at is not None
        wanted = rung_by_hand(case.next_due_at, END)
        if wanted:
            late += 1
            assert case.rung == wanted, case.number
            assert set(range(2, wanted + 1)) <= climbed[case.id, case.next_due_at], case.number
    assert late > 0


def _climbed() -> dict[tuple[Any, datetime], set[int]]:
    found = defaultdict(set)
    for row in db.session.scalars(select(RungClimbed)):
        found[row.case_id, row.due_at].add(row.rung)
    return found


def rung_by_hand(due: datetime, now: datetime) -> int:
    """Return how far up a deadline is: passed 2, a working day later 3, three days later 4."""
    if due >= now:
        return 0
    after = {3: 1, 4: 3}
    return max([2, *(rung for rung, days in after.items() if closing(due, days) < now)])


def closing(due: datetime, workdays: int) -> datetime:
    """Return the closing of the offices some working days after a deadline."""
    return clock.moment_of(china().add(clock.day_of(due), workdays), CLOSES)


def test_every_late_named_case_stands_in_the_last_report(year):
    listed = {case["number"] for case in year.kept[WEEKS[-1]]["overdue_cases"]}
    end = clock.week_bounds(WEEKS[-1])[1]
    desk = {State.TRIAGE, State.TRANSFERRING, State.APPEALED, State.VISITING, State.CLOSING}
    late = {
        case.number
        for case in cases()
        if case.next_due_at is not None and case.voided_at is None
        and (case.next_due_at if case.state in desk else case.due_at) < end
    }  # fmt: skip
    came_late = {
        case.number
        for case in cases()
        if case.state in desk and case.desk_since and case.due_at < case.desk_since
    }
    assert late <= listed <= late | came_late
    assert len(listed & came_late) > 0 or REVIEWS[db.engine.dialect.name] < 5000


def test_the_departments_habits_show(year):
    """The control of the simulation itself: the diligent one is better than the idle one."""
    if REVIEWS[db.engine.dialect.name] < 5000:
        pytest.skip("too few cases to tell departments apart")
    total = {code: Counter() for code in STYLES}
    for kept in year.kept.values():
        for row in kept["rows"]:
            if row["department"] in total:
                total[row["department"]].update(
                    in_time=row["in_time"]["named"], late=row["late"]["named"], **row["way"]
                )
    on_time = {code: n["in_time"] / (n["in_time"] + n["late"]) for code, n in total.items()}
    assert on_time["RS"] > on_time["SW"]
    assert max(total, key=lambda code: total[code]["appealed"]) == "JS"
    assert max(total, key=lambda code: total[code]["extended"]) == "ZJ"
    assert max(total, key=lambda code: total[code]["sent_back"]) == "JT"


# -- no rung is told twice -----------------------------------------------------------------------


def test_no_rung_is_climbed_twice(year):
    climbed = Counter(
        (line.subject_id, line.facts["due_at"], line.facts["at_desk"], line.act)
        for line in year.lines
        if line.act.startswith("rung_")
    )
    assert set(climbed.values()) == {1}
    assert len(climbed) == count(RungClimbed)


def test_of_what_was_crossed_in_a_silence_only_the_highest_was_told(year):
    together = defaultdict(set)
    for row in db.session.scalars(select(RungClimbed)):
        together[row.case_id, row.due_at, row.recorded_at].add(row.rung)
    told = defaultdict(Counter)
    for key in db.session.scalars(
        select(Message.dedupe_key).where(Message.dedupe_key.like("rung%"))
    ):
        rung, occasion, case_id, rest = key.split(":", 3)
        due, to = rest.rsplit(":", 1)
        told[UUID(case_id), datetime.fromisoformat(due), int(rung[4:])][occasion, to] += 1
    assert set(told) == {(case, due, max(rungs)) for (case, due, _), rungs in together.items()}
    assert all(set(counted.values()) == {1} for counted in told.values())
    silent = sum(len(rungs) > 1 for rungs in together.values())
    assert silent > 0


def test_no_rung_waited_longer_than_the_scheduler_was_down(year):
    running = _when_deadlines_began(year.lines)
    for row in db.session.scalars(select(RungClimbed)):
        began = max(at for at in running[str(row.case_id), row.due_at] if at < row.recorded_at)
        waited = row.recorded_at - max(row.crossed_at, began)
        was_down = any(
            first <= clock.day_of(row.recorded_at - waited) <= last for first, last in DOWN
        )
        assert timedelta(0) < waited < timedelta(days=5 if was_down else 1), row.recorded_at


def _when_deadlines_began(lines: Sequence[Line]) -> dict[tuple[str, datetime], list[datetime]]:
    """Return when each deadline became that of a case's next step; some do so more than once."""
    began = defaultdict(list)
    for line in lines:
        if line.subject == "case" and line.facts.get("next_due_at"):
            due = datetime.fromisoformat(line.facts["next_due_at"])
            began[line.subject_id, due].append(line.at)
    return began


@pytest.mark.parametrize(
    ("table", "prefix"), [("supervision_notices", "DB-2026-"), ("cases", "HC-2026-")]
)
def test_numbers_have_no_gap_and_no_double(year, table, prefix):
    numbers = db.session.scalars(text(f"SELECT number FROM {table}")).all()
    of_year = sorted(int(n.removeprefix(prefix)) for n in numbers if n.startswith(prefix))
    assert of_year == list(range(1, len(of_year) + 1))
    assert len(of_year) > 20


def test_every_notice_has_its_line_and_its_reason(year):
    lines = Counter(line.facts["number"] for line in year.lines if line.act == "notice")
    assert set(lines.values()) == {1}
    assert set(lines) == set(db.session.scalars(select(SupervisionNotice.number)))


# -- the figures stand on the ledger alone ---------------------------------------------------------


def test_there_is_one_report_for_each_week(year):
    assert sorted(year.kept) == WEEKS
    assert sorted(year.run.written) == WEEKS


def test_the_reports_agree_with_a_recount_from_the_ledger_alone(year):
    assert differences_of(year, year.lines) == []


def test_a_week_computed_at_the_end_of_the_year_is_what_was_kept(year):
    for week in WEEKS:
        assert to_json(queries.figures(week, END)) == year.kept[week], week


def differences_of(year: Lived, lines: Sequence[Line]) -> list[str]:
    """Return where a recount of `lines` differs from the kept reports."""
    reported = {week: recount.as_reported(kept) for week, kept in year.kept.items()}
    try:
        counted = Recount().read(lines, clock.week_bounds(WEEKS[-1])[1])
    except (KeyError, AssertionError) as broken:
        return [f"the lines do not fit together: {broken!r}"]
    return recount.differences(counted, reported)


TELLING = {
    "open": lambda facts: True,
    "route": lambda facts: True,
    "reassign": lambda facts: True,
    "decide": lambda facts: facts["request"] == "extend" and facts["granted"],
    "appeal": lambda facts: True,
    "judge": lambda facts: facts["verdict"] == "uphold",
    "reconsider": lambda facts: facts["verdict"] == "uphold",
    "reply": lambda facts: True,
    "visit": lambda facts: facts["satisfied"] is not None,
    "second_review": lambda facts: True,
    "notice": lambda facts: True,
    "close": lambda facts: True,
}
"""The lines that figures hang on."""


@pytest.mark.parametrize("act", TELLING)
def test_without_one_line_the_recount_differs(year, act):
    """The control: the recount sees every kind of line."""
    lost = _one(year.lines, act)
    assert differences_of(year, [line for line in year.lines if line is not lost]) != []


@pytest.mark.parametrize("act", ["appeal", "judge", "visit", "close", "notice"])
def test_with_one_line_a_week_later_the_recount_differs(year, act):
    moved = _one(year.lines, act)
    later = replace(moved, at=moved.at + timedelta(days=7))
    lines = sorted(
        (later if line is moved else line for line in year.lines), key=lambda line: line.at
    )
    assert differences_of(year, lines) != []


def test_with_one_deadline_altered_the_recount_differs(year):
    moved = _one(year.lines, "decide")
    facts = {**moved.facts, "due_at": moved.facts["due_before"]}
    altered = replace(moved, facts=facts)
    lines = [altered if line is moved else line for line in year.lines]
    assert differences_of(year, lines) != []


def _one(lines: Sequence[Line], act: str) -> Line:
    """Return a line of the year that figures hang on: of its kind the one in the middle.

    Of a case that has one such line only, and for a reply that is closed: a reply that the citizen
    sent back is answered by a later one, and no figure needs it.
    """
    of_cases = [line for line in lines if line.subject == "case"]
    times = Counter((line.subject_id, line.act) for line in of_cases)
    found = [
        line
        for line in of_cases
        if line.act == act
        and TELLING[act](line.facts)
        and times[line.subject_id, act] == 1
        and (act != "reply" or times[line.subject_id, "close"])
    ]
    return found[len(found) // 2]
