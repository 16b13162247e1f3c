"""The slow, obvious reference: a case told again from its ledger lines alone.

Nothing of the product's arithmetic is used; days are walked one by one. Only which days are worked
is taken from the calendar, because that is data.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from feedback.workdays import china

SHANGHAI = ZoneInfo("Asia/Shanghai")
OPENS, CLOSES = time(9), time(17, 30)
WORKING = ("routed", "verifying", "rectifying")
ENDED = ("closed", "voided")
DESK_TERM = {
    "triage": 1, "transferring": 1, "appealed": 5, "objected": 5, "visiting": 5, "closing": 5,
}  # fmt: skip
ONE_DAY = timedelta(days=1)


def local_day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def workdays_after(day: date, amount: int) -> date:
    while amount:
        day += ONE_DAY
        amount -= china().is_workday(day)
    return day


def workday_before(day: date) -> date:
    day -= ONE_DAY
    while not china().is_workday(day):
        day -= ONE_DAY
    return day


def closing(since: datetime, amount: int) -> datetime:
    """Return the closing of the office on the n-th working day after `since`."""
    return datetime.combine(workdays_after(local_day(since), amount), CLOSES, SHANGHAI)


def workdays_between(first: date, last: date) -> int:
    days = 0
    while first < last:
        first += ONE_DAY
        days += china().is_workday(first)
    return days


@dataclass
class Story:
    """A case as the ledger tells it."""

    opened_at: datetime
    named: bool
    state: str
    department: str | None
    contact_since: datetime | None
    since: datetime
    days: list[int]
    desk_since: datetime | None
    contacted: bool = False
    complex: bool = False
    round: int = 1
    appealed_at: datetime | None = None
    rungs: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)

    @property
    def due_at(self) -> datetime:
        return closing(self.since, sum(self.days))

    @property
    def contact_due_at(self) -> datetime | None:
        return closing(self.contact_since, 1) if self.contact_since else None

    @property
    def desk_due_at(self) -> datetime | None:
        return closing(self.desk_since, DESK_TERM[self.state]) if self.desk_since else None

    @property
    def next_due_at(self) -> datetime | None:
        if self.state in ENDED:
            return None
        if self.state in DESK_TERM:
            return self.desk_due_at
        if self.named and not self.contacted:
            return min(self.contact_due_at, self.due_at)
        return self.due_at

    @property
    def warn_at(self) -> datetime | None:
        due = self.next_due_at
        return due and datetime.combine(workday_before(local_day(due)), OPENS, SHANGHAI)

    def rung_moments(self) -> dict[int, datetime]:
        """Return after which moment each rung of the present deadline is climbed."""
        due = self.next_due_at
        if due is None:
            return {}
        return {1: self.warn_at, 2: due, 3: closing(due, 1), 4: closing(due, 3)}

    def climbed_now(self) -> set[int]:
        """Return which rungs of the present deadline are on record."""
        due = self.next_due_at
        key = (due and due.astimezone(UTC).isoformat(), self.state in DESK_TERM)
        return set(self.rungs.get(key, ()))


def open_story(at: datetime, facts: dict[str, Any]) -> Story:
    named, state = facts["identity"] == "named", facts["to"]
    return Story(
        at, named, state, facts["department"], at if named else None, at, [5],
        at if state in DESK_TERM else None,
    )  # fmt: skip


def tell(story: Story, act: str, at: datetime, facts: dict[str, Any]) -> None:
    """Let one line of the ledger happen. Raises ValueError for a line that does not follow."""
    if act.startswith("rung_"):
        key = (facts["due_at"], story.state in DESK_TERM)
        story.rungs.setdefault(key, []).append(int(act[5:]))
    if "to" not in facts:
        return
    if facts["from"] != story.state:
        raise ValueError(f"{act} comes from {facts['from']}, but the case is {story.state}")
    _carry(story, act, at, facts)
    _stand(story, facts["to"], at)


def _carry(story: Story, act: str, at: datetime, facts: dict[str, Any]) -> None:
    if act == "contact":
        story.contacted = True
    elif act == "appeal":
        story.appealed_at = at
    elif act in ("route", "reassign"):
        _give(story, at, facts)
    elif act == "decide" and facts["granted"]:
        _grant(story, at, facts)
    elif act == "judge" and facts["verdict"] == "dismiss":
        _give_back(story, at)
    elif act == "reconsider" and facts["verdict"] == "uphold":
        _restart(story, at)
    elif act in ("visit", "second_review") and facts["to"] == "rectifying":
        story.round += 1
        _take_longer(story, at, [5])


def _give(story: Story, at: datetime, facts: dict[str, Any]) -> None:
    story.department = facts["department"]
    if facts["restart"]:
        story.contacted = False
        _restart(story, at)


def _grant(story: Story, at: datetime, facts: dict[str, Any]) -> None:
    if facts["request"] == "transfer":
        _give(story, at, facts)
    elif facts["request"] == "extend":
        story.days.append(facts["days"])
    else:
        story.complex = True
        _take_longer(story, story.opened_at, [15, *story.days[1:]])


def _take_longer(story: Story, since: datetime, days: list[int]) -> None:
    if closing(since, sum(days)) > story.due_at:
        story.since, story.days = since, days


def _restart(story: Story, at: datetime) -> None:
    story.since, story.days = at, [15 if story.complex else 5]
    if story.named and not story.contacted:
        story.contact_since = at


def _give_back(story: Story, at: datetime) -> None:
    assert story.appealed_at is not None
    days = workdays_between(local_day(story.appealed_at), local_day(at))
    story.days += [days] if days else []
    if story.named and not story.contacted:
        story.contact_since = at


def _stand(story: Story, state: str, at: datetime) -> None:
    visits = ("visiting", "closing")
    if state not in DESK_TERM:
        story.desk_since = None
    elif not (story.state == state or (story.state in visits and state in visits)):
        story.desk_since = at
    story.state = state
