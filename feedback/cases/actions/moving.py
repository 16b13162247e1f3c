"""How every act moves a case: who may, whether it is in turn, the claim, the deadlines, the line.

The claim is `UPDATE … WHERE version and state are what was read`: of two who act at once, one
succeeds and the other is told that somebody moved the case meanwhile.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from ...db import db, insert
from ...errors import NotYours, OutOfTurn
from ...ledger.actions import Actor, Line, write
from ...ledger.models import Entry
from ...offices.models import Account
from ...offices.sign_in import actor
from .. import rulebook
from ..deadlines import Deadlines, Standing, Step, Terms, plan_from_json, plan_to_json
from ..ladder import Rung, next_rung_at, rungs
from ..models import Case, CasePart
from ..states import DESK_TERMS, MOVES, PARTS, Act, Part, State, may_act
from ..wall import Wall


def allow(case: Case, by: Account, act: Act, seen: int) -> None:
    """Refuse an act that is not this person's, not in turn, or meant for an older page.

    The case is held from here to the end of the transaction. Raises NotYours, OutOfTurn.
    """
    hold(case)
    require_role(case, by, act)
    if case.state not in MOVES[act].come_from or case.version != seen:
        raise out_of_turn(case, act)


def require_role(case: Case, by: Account, act: Act) -> None:
    """Refuse an act that is never this person's on such a case. Raises NotYours."""
    roles = frozenset(role.name for role in by.roles)
    may = may_act(act, roles, by.department_code, case.department_code)
    if not may or Wall(by).bar(case, act) is not None:
        raise not_yours(act)


def hold(case: Case) -> None:
    """Wait until nobody else acts on the case, and read it as it then stands.

    Without that, the second of two who act at once would meet a UNIQUE key of what was done before
    it meets the claim of the case, and get a fault in place of a refusal.
    """
    db.session.refresh(case, with_for_update={"of": Case})


def not_yours(act: Act) -> NotYours:
    """Return the refusal that says whose act it is."""
    return NotYours(who=[role.value for role in MOVES[act].roles])


def out_of_turn(case: Case, act: Act, **facts: Any) -> OutOfTurn:
    """Return the refusal that says where the case stands."""
    return OutOfTurn(act=act.value, state=case.state.value, **facts)


def take_part(case: Case, by: Account, act: Act, now: datetime) -> None:
    """Note the person's part in the case. Raises NotYours for whoever has another part in it."""
    if part_from_now(case, by, PARTS[act], now) is not PARTS[act]:
        raise not_yours(act)


def part_from_now(case: Case, by: Account, part: Part, now: datetime) -> Part | None:
    """Give the person that part unless they have one in the case, and return the one they have."""
    row = {"case_id": case.id, "account_id": by.id, "part": part, "at": now}
    mine = insert(CasePart).values(row).on_conflict_do_nothing()
    db.session.execute(mine)
    return part_of(case, by)


def part_of(case: Case, by: Account) -> Part | None:
    """Return the part that a person has in the case."""
    kept = select(CasePart.part).where(CasePart.case_id == case.id, CasePart.account_id == by.id)
    return db.session.scalar(kept)


def require_not_handler(case: Case, by: Account, act: Act) -> None:
    """Refuse whoever had a hand in the case, in whatever office they are by now. Raises NotYours."""
    if part_of(case, by) is Part.HANDLER:
        raise not_yours(act)


def require_untouched(case: Case, by: Account, act: Act) -> None:
    """Refuse whoever did anything to this case before. Raises NotYours."""
    touched = select(Entry.id).where(
        Entry.subject == "case", Entry.subject_id == str(case.id), Entry.actor_id == by.id
    )
    if db.session.scalar(touched.limit(1)) is not None:
        raise not_yours(act)


def move(
    case: Case, act: Act, by: Account | Actor, goes_to: State, now: datetime,
    facts: dict[str, Any], *, told: Rung = Rung.NOTHING, **changes: Any,
) -> None:  # fmt: skip
    """Move the case, set the deadlines of where it then stands, and write the ledger line.

    `changes` are further columns. A new deadline begins at the foot of the ladder, or at `told` if
    the act's own message names it. Raises OutOfTurn if somebody moved it meanwhile.
    """
    came_from, due_before, next_due_before = case.state, case.due_at, case.next_due_at
    moved: dict[str, Any] = {
        "state": goes_to,
        "version": case.version + 1,
        **_desk(case, goes_to, now),
        **changes,
    }
    moved |= deadline_columns(case, moved, told, now)
    claimed = update(Case).where(
        Case.id == case.id, Case.version == case.version, Case.state == case.state
    )
    if db.session.scalar(claimed.values(moved).returning(Case.id)) is None:
        raise out_of_turn(case, act)
    line = {**facts, "from": came_from.value, "to": goes_to.value}
    if moved["due_at"] != due_before:
        line |= {"due_at": moved["due_at"].isoformat(), "due_before": due_before.isoformat()}
    other_side = (goes_to in DESK_TERMS) != (came_from in DESK_TERMS)
    if moved["next_due_at"] != next_due_before or other_side:
        line |= {
            "next_due_at": _iso(moved["next_due_at"]),
            "next_due_before": _iso(next_due_before),
        }
    note(case, act, by, now, line)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def note(case: Case, act: Act, by: Account | Actor, now: datetime, facts: dict[str, Any]) -> None:
    """Write the ledger line of an act."""
    who = by if isinstance(by, Actor) else actor(by)
    write(now, who, Line("case", case.id, act.value, facts))


def _desk(case: Case, goes_to: State, now: datetime) -> dict[str, Any]:
    """Return from when the supervisors' term runs: anew with each state of theirs.

    A failed visit, or a visit after which the case waits for closure, does not begin it again.
    """
    if goes_to not in DESK_TERMS:
        return {"desk_since": None}
    same_term = case.state in DESK_TERMS and DESK_TERMS[case.state] is DESK_TERMS[goes_to]
    return {"desk_since": case.desk_since if same_term else now}


def standing_of(case: Case, moved: dict[str, Any] | None = None) -> Standing:
    """Return what the deadlines of a case depend on, after the columns in `moved` have changed."""

    def after(name: str) -> Any:
        return (moved or {}).get(name, getattr(case, name))

    return Standing(
        after("state"), after("contact_since"), after("contacted_at") is not None,
        after("due_since"), plan_from_json(after("due_plan")), after("desk_since"),
    )  # fmt: skip


def counted(case: Case, terms: Terms, moved: dict[str, Any] | None = None) -> Deadlines:
    """Return the deadlines of a case by its terms, after the columns in `moved` have changed.

    What was done is done: the contact's deadline stays once it was tried, and the department's once
    it replied, so that no calendar of later can make late what was in time.
    """
    after = {"contacted_at": case.contacted_at, "answered_at": case.answered_at, **(moved or {})}
    found = terms.deadlines(standing_of(case, moved))
    return replace(
        found,
        contact_due_at=case.contact_due_at if after["contacted_at"] else found.contact_due_at,
        due_at=case.due_at if after["answered_at"] else found.due_at,
    )


def deadline_columns(
    case: Case, moved: dict[str, Any], told: Rung = Rung.NOTHING, now: datetime | None = None
) -> dict[str, Any]:
    """Return the deadline columns after a move; the ladder too if the next deadline is another.

    The desk's deadline is another than the department's, even when both fall on one moment.
    """
    terms = rulebook.of_case(case)
    found = counted(case, terms, moved)
    columns = {
        "contact_due_at": found.contact_due_at, "due_at": found.due_at,
        "desk_due_at": found.desk_due_at, "next_due_at": found.next_due_at,
        "warn_at": found.warn_at,
    }  # fmt: skip
    same_side = (moved.get("state", case.state) in DESK_TERMS) == (case.state in DESK_TERMS)
    if found.next_due_at == case.next_due_at and same_side:
        return columns
    return columns | foot_of_ladder(found, terms, told, now)


def foot_of_ladder(
    found: Deadlines, terms: Terms, told: Rung = Rung.NOTHING, now: datetime | None = None
) -> dict[str, Any]:
    """Return the ladder's columns for a new deadline.

    With `told`, the act's own message names the deadline, and a reminder minutes later would be
    noise: then a warning that is due already counts as told.
    """
    if found.next_due_at is None or found.warn_at is None:
        return {"rung": Rung.NOTHING, "next_rung_at": None}
    climbed = told if now is not None and found.warn_at <= now else Rung.NOTHING
    all_rungs = rungs(found.warn_at, found.next_due_at, terms)
    return {"rung": int(climbed), "next_rung_at": next_rung_at(all_rungs, climbed)}


def plan_columns(since: datetime, plan: tuple[Step, ...]) -> dict[str, Any]:
    """Return the columns of the department's term."""
    return {"due_since": since, "due_plan": plan_to_json(plan)}


def term_of(case: Case) -> tuple[datetime, tuple[Step, ...]]:
    """Return the department's present term."""
    return case.due_since, plan_from_json(case.due_plan)
