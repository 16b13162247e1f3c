"""Every figure of every week counted again from the lines of the ledger, and from nothing else.

As a clerk would: one pass through the lines in the order in which they were written, a card for each
case, and at the end of each week the cards are counted. Shares no code with the reports.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from feedback.clock import SHANGHAI
from feedback.workdays import china

CLASSES = ("guide", "time_limit", "process", "staff")
DESK = ("triage", "transferring", "appealed", "objected", "visiting", "closing")
WEEK = timedelta(days=7)


@dataclass
class Line:
    """One line of the ledger."""

    at: datetime
    subject: str
    subject_id: str
    act: str
    facts: dict[str, Any]


@dataclass
class Card:
    """What is known of a case after the lines so far."""

    number: str
    named: bool
    about: str
    window: str | None
    opened_at: datetime
    department: str | None
    state: str
    due_at: datetime
    next_due_at: datetime | None
    voided: bool = False
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    sent_back: bool = False
    away_since: datetime | None = None
    """Since when others than the department have the case."""
    was_late: bool = False
    """Whether a reply that the citizen sent back had come late."""


@dataclass
class Week:
    """What one week came to; counters by department, and the lists."""

    counts: dict[str, Counter[str | None]] = field(default_factory=lambda: defaultdict(Counter))
    overdue: list[tuple[str, int, int, bool]] = field(default_factory=list)
    leaders: list[tuple[str, int]] = field(default_factory=list)
    about: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    windows: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, name: str, department: str | None, number: int = 1) -> None:
        """Count something for a department; nothing at all leaves no trace."""
        if number:
            self.counts[name][department] += number


class Recount:
    """The clerk."""

    def __init__(self) -> None:
        self.cards: dict[str, Card] = {}
        self.windows: dict[str, str | None] = {}
        self.weeks: dict[str, Week] = {}

    def read(self, lines: Iterable[Line], until: datetime) -> dict[str, Week]:
        """Return every week from the first line to `until`, by its name."""
        lines = iter(lines)
        line = next(lines, None)
        assert line is not None
        start = _monday(line.at)
        while start < until:
            self.week = self.weeks[_name(start)] = Week()
            self.start, end = start, start + WEEK
            while line is not None and line.at < end:
                self._read(line)
                line = next(lines, None)
            self._count(end)
            start = end
        return self.weeks

    # -- line by line ------------------------------------------------------------------------

    def _read(self, line: Line) -> None:
        if line.subject == "event":
            self.windows[line.subject_id] = line.facts["window"]
        if line.subject != "case":
            return
        if line.act == "open":
            self.cards[line.subject_id] = self._new(line)
            return
        card = self.cards[line.subject_id]
        self._happened(card, line)
        self._moved(card, line)

    def _new(self, line: Line) -> Card:
        facts = line.facts
        return Card(
            facts["number"], facts["identity"] == "named", facts["tag_class"] or "other",
            self.windows[facts["event"]], line.at, facts["department"], facts["to"],
            _moment(facts["due_at"]), _moment(facts["next_due_at"]),
            away_since=line.at if facts["to"] in DESK else None,
        )  # fmt: skip

    def _happened(self, card: Card, line: Line) -> None:
        """Count the line for the department whose case it was when it was written."""
        facts, here = line.facts, card.department
        if line.act == "appeal":
            self.week.add("appealed", here)
        elif line.act == "judge":
            self.week.add("voided" if facts["verdict"] == "uphold" else "dismissed", here)
        elif line.act == "object":
            self.week.add("objected", here)
        elif line.act == "reconsider" and facts["verdict"] == "uphold":
            self.week.add("revived", here)
        elif line.act == "notice":
            self.week.add("notices", here)
        elif line.act == "decide":
            self._decided(here, facts)
        elif line.act in ("visit", "second_review"):
            self._answered(card, line)

    def _decided(self, here: str | None, facts: dict[str, Any]) -> None:
        kind = {"extend": "extended", "complex": "made_complex"}.get(facts["request"])
        if kind and facts["granted"]:
            self.week.add(kind, here)
            if "due_before" in facts:
                moved = _workdays(_day(facts["due_before"]), _day(facts["due_at"]))
                self.week.add("days_moved", here, moved)

    def _answered(self, card: Card, line: Line) -> None:
        facts = line.facts
        happy = facts["satisfied"] if "satisfied" in facts else facts["grade"] >= 3
        if happy is not None:
            self.week.add("satisfied" if happy else "dissatisfied", card.department)
        if facts.get("from") == "visiting" != facts["to"] and card.named:
            self.week.add("visited", card.department)
        if facts.get("to") == "rectifying":
            self.week.add("sent_back", card.department)

    def _moved(self, card: Card, line: Line) -> None:
        facts = line.facts
        if line.act in ("visit", "second_review") and facts.get("to") == "rectifying":
            assert card.answered_at is not None
            card.was_late |= card.answered_at > card.due_at
        card.state = facts.get("to", card.state)
        if card.state not in DESK:
            card.away_since = None
        elif card.away_since is None:
            card.away_since = line.at
        if line.act in ("route", "reassign", "decide"):
            card.department = facts.get("department", card.department)
            card.about = facts.get("tag_class", card.about)
        if line.act == "judge":
            card.voided = facts["verdict"] == "uphold"
        if line.act == "reconsider":
            card.voided = facts["verdict"] == "dismiss"
        if line.act == "reply":
            card.answered_at = line.at
        if line.act == "close":
            card.closed_at = line.at
        if "due_before" in facts:
            card.due_at = _moment(facts["due_at"])
        if "next_due_before" in facts:
            card.next_due_at = facts["next_due_at"] and _moment(facts["next_due_at"])
        card.sent_back |= line.act in ("visit", "second_review") and card.state == "rectifying"

    # -- at the end of the week --------------------------------------------------------------

    def _count(self, end: datetime) -> None:
        for card in self.cards.values():
            if card.opened_at >= self.start:
                self._received(card)
            if card.closed_at is not None and card.closed_at >= self.start:
                self._closed(card)
            elif card.closed_at is None:
                self._open(card, end)

    def _received(self, card: Card) -> None:
        self._pair("received", card)
        if card.voided:
            return
        self.week.about[card.department, card.about] += 1
        if card.window:
            own = card.about == "staff" and card.window.split("-")[0] == card.department
            self.week.windows[card.window, "own" if own else card.about] += 1

    def _closed(self, card: Card) -> None:
        assert card.answered_at is not None
        self._pair("due", card)
        late = card.was_late or card.answered_at > card.due_at
        self._pair("late" if late else "in_time", card)

    def _open(self, card: Card, end: datetime) -> None:
        rung = _rung(card, end)
        if rung == 4 and card.next_due_at:
            self.week.leaders.append((card.number, _days_late(card.next_due_at, end)))
        if card.state == "visiting" and card.next_due_at and card.next_due_at < end:
            self.week.add("unvisited", card.department)
        if card.voided:
            return
        away, next_due = card.away_since, card.next_due_at
        if away is not None and next_due is not None and next_due < end:
            self._late(card, None, (card.number, _days_late(next_due, end), rung, True))
        elif card.due_at < (away or end):
            last = end if away is None else away + timedelta(days=1)
            days = _days_late(card.due_at, last)
            self._late(card, card.department, (card.number, days, rung, False))
        else:
            self._pair("open", card)

    def _late(self, card: Card, department: str | None, listed: tuple[str, int, int, bool]) -> None:
        whose = replace(card, department=department)
        for name in ("open", "due", "overdue"):
            self._pair(name, whose)
        self.week.overdue.append(listed)

    def _pair(self, name: str, card: Card) -> None:
        self.week.add(f"{name} {'named' if card.named else 'anonymous'}", card.department)


def _rung(card: Card, end: datetime) -> int:
    """Return how far up the ladder a case is: due 2, a working day later 3, three days later 4."""
    due = card.next_due_at
    if due is None or due >= end:
        return 0
    rung = 2
    for higher, workdays in ((3, 1), (4, 3)):
        day = _after(due.astimezone(SHANGHAI).date(), workdays)
        if datetime.combine(day, time(17, 30), SHANGHAI) < end:
            rung = higher
    return min(rung + card.sent_back, 4)


def _after(day: date, workdays: int) -> date:
    while workdays:
        day += timedelta(days=1)
        workdays -= china().is_workday(day)
    return day


def _days_late(deadline: datetime, end: datetime) -> int:
    """Return the working days after a deadline that have passed by Monday 00:00."""
    last = end.astimezone(SHANGHAI).date() - timedelta(days=1)
    return _workdays(deadline.astimezone(SHANGHAI).date(), last)


def _workdays(first: date, last: date) -> int:
    days = 0
    while first < last:
        first += timedelta(days=1)
        days += china().is_workday(first)
    return days


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(text: str) -> date:
    return _moment(text).astimezone(SHANGHAI).date()


def _monday(moment: datetime) -> datetime:
    day = moment.astimezone(SHANGHAI).date()
    return datetime.combine(day - timedelta(days=day.weekday()), time(0), SHANGHAI)


def _name(monday: datetime) -> str:
    year, week, _ = monday.date().isocalendar()
    return f"{year}-W{week:02d}"


# -- the reports in the same shape -----------------------------------------------------------------

PAIRS = ("received", "due", "in_time", "late", "open", "overdue")
WAY = (
    "appealed", "voided", "dismissed", "objected", "revived", "extended", "made_complex",
    "days_moved", "sent_back", "notices", "satisfied", "dissatisfied", "visited", "unvisited",
)  # fmt: skip


def as_reported(kept: dict[str, Any]) -> Week:
    """Return a kept report's JSON in the clerk's shape, so that the two can be laid side by side."""
    week = Week()
    for row in kept["rows"]:
        for name, number in _numbers(row):
            week.add(name, row["department"], number)
    week.overdue = [
        (case["number"], case["days"], case["rung"], case["at_desk"])
        for case in kept["overdue_cases"]
    ]
    week.leaders = [(case["number"], case["days"]) for case in kept["leaders_list"]]
    for row in kept["answering"]:
        week.about.update(
            {(row["department"], name): number for name, number in row["about"].items() if number}
        )
    for row in kept["windows"]:
        numbers = {"own": row["own"], **row["others"]}
        week.windows.update({(row["window"], name): n for name, n in numbers.items() if n})
    return week


def _numbers(row: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for name in PAIRS:
        for identity, number in row[name].items():
            yield f"{name} {identity}", number
    for name in WAY:
        yield name, row["way"][name]


def differences(one: dict[str, Week], other: dict[str, Week]) -> list[str]:
    """Return where two sets of weeks differ, in words; nothing if they agree."""
    found = [f"only in one: {week}" for week in sorted(set(one) ^ set(other))]
    for week in sorted(set(one) & set(other)):
        mine, theirs = _laid_out(one[week]), _laid_out(other[week])
        found += [
            f"{week} {name}: {mine[name]} / {theirs[name]}"
            for name in mine
            if mine[name] != theirs[name]
        ]
    return found


def _laid_out(week: Week) -> dict[str, Any]:
    return {
        "counts": {name: dict(of) for name, of in week.counts.items()},
        "overdue": sorted(week.overdue), "leaders": sorted(week.leaders),
        "about": dict(week.about), "windows": dict(week.windows),
    }  # fmt: skip
