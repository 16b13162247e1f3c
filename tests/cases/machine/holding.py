"""What must hold after each step, beyond what one statement can ask."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import select

from feedback.cases import queries
from feedback.cases.models import Case
from feedback.db import db
from feedback.offices.models import Account
from feedback.offices.roles import Role

from . import checks, replay
from .rows import facts_of, moment, table, tell_again

TOLD_AT_MOST = {
    "case_due_soon": 1, "head_due_soon": 1, "case_overdue": 1, "case_notice": 2, "desk_due_soon": 1,
    "desk_overdue": 3, "desk_notice": 3, "leaders_overdue": 3,
}  # fmt: skip
"""By how many rungs of one deadline an office can hear of one occasion."""


def everything_holds(said: dict[str, str], people: list[Any]) -> None:
    """Ask all there is to ask. `said` keeps the reviews as they were first seen."""
    broken = checks.broken()
    assert not broken, broken
    stories = tell_again()
    reviews_are_as_they_were_said(said)
    rows_are_what_the_ledger_tells(stories)
    rungs_were_climbed_upward_and_once(stories)
    nobody_heard_twice()
    departments_see_their_own(people)


def reviews_are_as_they_were_said(said: dict[str, str]) -> None:
    """Compare every review with what it was when it was first seen, and remember the new ones."""
    rows = {row["id"]: repr(sorted(row.items(), key=str)) for row in table("reviews")}
    for one, before in said.items():
        assert rows.get(one) == before, "a review was changed or lost"
    said |= rows


def rows_are_what_the_ledger_tells(stories: dict[str, replay.Story]) -> None:
    for row in table("cases"):
        story = stories[row["id"]]
        kept = {
            "state": row["state"], "department": row["department_code"], "round": row["round"],
            "due_at": moment(row["due_at"]), "contact_due_at": moment(row["contact_due_at"]),
            "desk_due_at": moment(row["desk_due_at"]),
            "next_due_at": moment(row["next_due_at"]), "warn_at": moment(row["warn_at"]),
        }  # fmt: skip
        told = {name: getattr(story, name) for name in kept}
        differ = {name: (kept[name], told[name]) for name in kept if kept[name] != told[name]}
        assert not differ, f"the row is not what the ledger tells: {differ}"


def rungs_were_climbed_upward_and_once(stories: dict[str, replay.Story]) -> None:
    for story in stories.values():
        for climbed in story.rungs.values():
            assert climbed == sorted(set(climbed)), "a rung was climbed twice or downward"
    lines = sum(len(c) for s in stories.values() for c in s.rungs.values())
    assert lines == len(table("rungs"))


def nobody_heard_twice() -> None:
    heard: Counter[tuple[Any, ...]] = Counter()
    for row in table("messages"):
        if row["occasion"] in TOLD_AT_MOST:
            due = facts_of(row)["due_at"]
            heard[row["subject_id"], row["occasion"], row["to_department"], due] += 1
    for key, times in heard.items():
        assert times <= TOLD_AT_MOST[key[1]], (key, times)


def departments_see_their_own(people: list[Any]) -> None:
    owners = {row["number"]: (row["department_code"], row["state"]) for row in table("cases")}
    windows, supervising = offices_of_windows(), supervising_offices(people)
    for person in people:
        account = db.session.get_one(Account, person)
        seen = set(db.session.scalars(select(Case.number).where(queries.visible(account))))
        roles, mine = {role.name for role in account.roles}, account.department_code
        if roles <= {Role.HANDLER, Role.HEAD}:
            assert seen == {number for number, (owner, _) in owners.items() if owner == mine}
        elif roles == {Role.OPERATOR}:
            assert seen == {
                n for n, (owner, state) in owners.items()
                if state == "visiting" and owner != mine
                and (windows[n] != mine or not supervising - {owner, mine})
            }  # fmt: skip
        elif roles <= {Role.CLERK, Role.ADMIN}:
            assert seen == set()


def offices_of_windows() -> dict[str, str | None]:
    """Return whose window each case happened at."""
    of_window = {row["code"]: row["department_code"] for row in table("windows")}
    of_event = {row["id"]: of_window.get(row["window_code"]) for row in table("service_events")}
    return {row["number"]: of_event[row["event_id"]] for row in table("cases")}


def supervising_offices(people: list[Any]) -> set[str]:
    """Return the supervising offices that have a supervisor now."""
    kinds = {row["code"] for row in table("departments") if row["kind"] == "supervisor"}
    accounts = [db.session.get_one(Account, person) for person in people]
    return kinds & {
        one.department_code for one in accounts if one.active and one.may_be(Role.SUPERVISOR)
    }


def nothing_due_was_left(now: datetime) -> None:
    """After a climb every rung that was crossed is on record, and a notice where it belongs."""
    stories = tell_again()
    notices = {
        (r["case_id"], moment(r["due_at"])) for r in table("supervision_notices")
        if r["cause"] == "overdue"
    }  # fmt: skip
    for row in table("cases"):
        story = stories[row["id"]]
        passed = [rung for rung, at in story.rung_moments().items() if at < now]
        assert row["rung"] >= max(passed, default=0), (row["number"], row["rung"], passed)
        missing = set(passed) - {1} - story.climbed_now()  # an act may itself tell of rung 1
        assert not missing, f"rungs without a record: {missing}"
        if story.state in replay.WORKING and max(passed, default=0) >= 3:
            assert (row["id"], story.next_due_at) in notices, "no supervision notice"
