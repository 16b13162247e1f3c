"""The year itself: reviews come in, people act, and the scheduler ticks, stops, dies and doubles.

2026 in Shanghai, with Spring Festival (16 to 23 February) and National Day (1 to 7 October). 5,000
reviews, a fifth of them negative, which no district has: the load on every rule is what is wanted.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import event, select

from feedback import clock, intake
from feedback.cases.models import Case
from feedback.db import db, transaction
from feedback.events import actions as events
from feedback.events import codes
from feedback.events.facts import EventFacts
from feedback.events.models import RecordedVia
from feedback.ledger.actions import SYSTEM
from feedback.reviews.drafts import Channel, Draft
from feedback.scheduler.jobs import JOBS
from feedback.workdays import china

from ..together import at_once, raised
from .agenda import EVENING, OFFICE, Agenda, days
from .district import CLOSED_OFFICE, STYLES, make_district, make_people
from .offices import Offices

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
END = clock.moment_of(date(2027, 1, 4), time(9))
"""The Monday after the year's last week: its report is written, and nobody has begun to act."""

DOWN = [(date(2026, 2, 21), date(2026, 2, 24)), (date(2026, 6, 8), date(2026, 6, 11))]
"""Four days across the end of Spring Festival, and four that begin before a Monday's report."""

TICKS = (time(8, 5), time(12, 5), time(18, 5))
"""When the scheduler looks. It looks every minute in life; nothing else happens in between here."""

NOON = time(12)

NEGATIVE, NAMED = 0.2, 0.75
TAGS = {1: ("108", "110", "113", "115"), 2: ("207", "209", "210", "214")}
DUTIES = {job.name: job for job in JOBS}


class KilledError(BaseException):
    """The scheduler's process was killed."""


@dataclass
class Run:
    """What the year was like, for the test to look at."""

    offices: Offices
    reviews: int = 0
    kills: int = 0
    told: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)


def live(app: Flask, reviews: int, seed: int = 2026) -> Run:
    """Live through the year in the app's database. To be called in an app context."""
    make_district()
    agenda = Agenda(seed)
    run = Run(Offices(agenda, make_people()))
    for day, number in _spread(agenda, reviews):
        agenda.at(clock.moment_of(day, time(9)), partial(_serve, run, agenda, number))
    _wind_up_the_scheduler(app, run, agenda)
    for moment, deeds in agenda.until(END):
        _together(moment, deeds)
    return run


def _together(moment: datetime, deeds: list[Callable[[datetime], None]]) -> None:
    """Do what falls on one moment: the offices' deeds in one transaction, the scheduler's alone."""
    scheduled = [deed for deed in deeds if isinstance(deed, Tick)]
    others = [deed for deed in deeds if not isinstance(deed, Tick)]
    if others:
        with transaction():
            for deed in others:
                deed(moment)
    for deed in scheduled:
        deed(moment)


# -- services and reviews --------------------------------------------------------------------


def _spread(agenda: Agenda, reviews: int) -> Iterator[tuple[date, int]]:
    """Spread the services over the working days until shortly before the year's end."""
    worked = [day for day in days(FIRST, date(2026, 12, 28)) if china().is_workday(day)]
    chosen = agenda.die.choices(worked, k=reviews)
    for day in worked:
        yield day, chosen.count(day)


def _serve(run: Run, agenda: Agenda, number: int, now: datetime) -> None:
    """Record the day's services, and note when each is rated."""
    facts = [_facts(agenda, run.reviews + n, now) for n in range(number)]
    run.reviews += number
    for recorded in events.record_all(facts, RecordedVia.API, SYSTEM, now):
        token = codes.token(recorded.event)
        day = clock.day_of(now) + timedelta(days=agenda.die.choice((0, 0, 0, 1, 2)))
        moment = clock.moment_of(day, agenda.die.choice((*OFFICE, EVENING)))
        agenda.at(moment, partial(_rate, run, agenda, token, recorded.event.id))


def _facts(agenda: Agenda, number: int, now: datetime) -> EventFacts:
    department = agenda.die.choice(list(STYLES))
    item = (
        f"{CLOSED_OFFICE}-A" if agenda.chance(0.04) else f"{department}-{agenda.die.choice('AB')}"
    )
    window = f"{department}-{agenda.die.choice((1, 2))}" if agenda.chance(0.75) else None
    return EventFacts(
        source="year", project_no=f"3701122026{number:08d}", item_code=item, window=window,
        served_at=now - timedelta(minutes=30),
    )  # fmt: skip


def _rate(run: Run, agenda: Agenda, token: str, event_id: object, now: datetime) -> None:
    negative = agenda.chance(NEGATIVE)
    intake.receive(token, _bad(agenda) if negative else _good(agenda), now)
    if negative:
        case = db.session.scalars(select(Case).where(Case.event_id == event_id)).one()
        run.offices.opened(case, now)


def _good(agenda: Agenda) -> Draft:
    return Draft(grade=str(agenda.die.choice((5, 5, 5, 4, 3))), channel=Channel.QR)


def _bad(agenda: Agenda) -> Draft:
    grade = agenda.die.choice((1, 2))
    said: dict[str, Any] = {
        "grade": str(grade), "channel": Channel.QR, "tags": (agenda.die.choice(TAGS[grade]),),
        "comment": "等了三小时没人理",
    }  # fmt: skip
    if agenda.chance(NAMED):
        said |= {"identity": "named", "name": "王小明", "phone": "13812345678"}
    return Draft(**said)


# -- the scheduler ---------------------------------------------------------------------------


class Tick:
    """One round of the duties that go by deadlines and weeks."""

    def __init__(self, app: Flask, run: Run) -> None:
        self.app, self.run = app, run

    def __call__(self, now: datetime) -> None:
        self._round(now)

    def _round(self, now: datetime) -> None:
        self.run.told += DUTIES["tell-of-deadlines"].run(now, lambda: True)
        if clock.local(now).time() < NOON:  # nothing new to write after that
            self.run.written += DUTIES["write-reports"].run(now, lambda: True)


class Twice(Tick):
    """Started twice: the same round again at once, and once more by a clock set back an hour."""

    def __call__(self, now: datetime) -> None:
        for moment in (now, now, now - timedelta(hours=1)):
            self._round(moment)


class AtOnce(Tick):
    """Two schedulers in one moment, each in a thread of its own."""

    def __call__(self, now: datetime) -> None:
        assert raised(at_once(self.app, *[partial(self._round, now)] * 2)) == []


class Killed(Tick):
    """Killed in the middle: while the second case's rung is being written."""

    def __call__(self, now: datetime) -> None:
        try:
            with _killing(db.engine, "INSERT INTO rungs", 2):
                self._round(now)
        except KilledError:
            self.run.kills += 1


@contextmanager
def _killing(engine: Any, statement: str, nth: int) -> Iterator[None]:
    """End everything when a statement is about to run for the nth time."""
    seen = 0

    def look(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        nonlocal seen
        seen += text.startswith(statement)
        if seen == nth:
            raise KilledError

    event.listen(engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", look)


def _wind_up_the_scheduler(app: Flask, run: Run, agenda: Agenda) -> None:
    for day in days(FIRST, clock.day_of(END)):
        if any(first <= day <= last for first, last in DOWN):
            continue
        for at, kind in zip(TICKS, _kinds(day), strict=True):
            agenda.at(clock.moment_of(day, at), kind(app, run))


def _kinds(day: date) -> tuple[type[Tick], type[Tick], type[Tick]]:
    """Return what befalls the three rounds of a day."""
    if day == date(2026, 2, 25):
        return Killed, Tick, Tick  # the first round after the silence; the next one catches up
    if day == date(2026, 6, 12):
        return AtOnce, Tick, Tick
    if day.day in (10, 20):
        return Tick, Killed, Tick
    if day.day in (5, 15):
        return Tick, Tick, AtOnce
    return (Tick, Tick, Twice) if day.weekday() == 2 else (Tick, Tick, Tick)
