"""How every act moves a special rectification: who may, in turn, the claim, the deadline, the line."""

from datetime import datetime
from typing import Any

from sqlalchemy import update

from ....config import settings
from ....db import db
from ....errors import NotYours, OutOfTurn
from ....ledger.actions import Line, write
from ....notify.actions import Promise, promise
from ....notify.occasions import Occasion
from ....offices.models import Account
from ....offices.sign_in import actor
from ... import rulebook
from ...deadlines import Terms
from ...opening import deciding_offices
from ...rules import Term
from ..models import Special
from ..states import MOVES, OPEN, Act, State, may_act

SUBJECT = "special"


def allow(special: Special, by: Account, act: Act, seen: int) -> None:
    """Refuse an act that is not this person's, not in turn, or meant for an older page.

    Takes the row's lock first, so that of two at once the second is refused before it writes
    anything. Raises NotYours, OutOfTurn.
    """
    db.session.refresh(special, with_for_update={"of": Special})
    roles = frozenset(role.name for role in by.roles)
    if not may_act(act, roles, by.department_code, answers(special)):
        raise not_yours(act)
    if special.state is not MOVES[act].come_from or special.version != seen:
        raise out_of_turn(special, act)


def answers(special: Special) -> str | None:
    """Return the office that answers for it: the owner, or whom the routing table names."""
    return special.owner_code or special.suggested_code


def not_yours(act: Act) -> NotYours:
    """Return the refusal that says whose act it is."""
    return NotYours(who=[role.value for role in MOVES[act].roles])


def out_of_turn(special: Special, act: Act) -> OutOfTurn:
    """Return the refusal that says where it stands."""
    return OutOfTurn(act=act.value, state=special.state.value)


def move(
    special: Special, act: Act, by: Account, now: datetime, facts: dict[str, Any],
    days: int | None = None, **changes: Any,
) -> None:  # fmt: skip
    """Move it, set the deadline of where it then stands, and write the ledger line.

    `days` are working days from now, if the act gives the owner a new term. Raises OutOfTurn if
    somebody moved it meanwhile.
    """
    goes_to = MOVES[act].to
    moved: dict[str, Any] = {
        "state": goes_to, "version": special.version + 1, "due_at": special.due_at,
        "ended_at": None if goes_to in OPEN else now, **_term(special, goes_to, days, now), **changes,
    }  # fmt: skip
    if days:
        moved["due_at"] = moved["next_due_at"]
    claimed = update(Special).where(
        Special.id == special.id, Special.version == special.version,
        Special.state == MOVES[act].come_from,
    )  # fmt: skip
    if db.session.scalar(claimed.values(moved).returning(Special.id)) is None:
        raise out_of_turn(special, act)
    if days:
        facts = {**facts, "due_at": moved["due_at"].isoformat()}
    write(now, actor(by), Line(SUBJECT, special.id, act.value, {**facts, "to": goes_to.value}))


def _term(special: Special, goes_to: State, days: int | None, now: datetime) -> dict[str, Any]:
    """Return the columns of the term of what comes next; the owner's goes on unless `days` are given."""
    if goes_to not in OPEN:
        return NO_TERM
    if goes_to is State.WORKING:
        return term_columns(now, days) if days else {}
    return desk_term(now)


NO_TERM: dict[str, Any] = dict.fromkeys(("due_since", "days", "next_due_at", "warn_at"))


def desk_term(now: datetime) -> dict[str, Any]:
    """Return the columns of what the supervisors have to decide about what comes to them `now`."""
    return term_columns(now, settings().special_desk_workdays)


def term_columns(since: datetime, days: int, terms: Terms | None = None) -> dict[str, Any]:
    """Return the columns of a term of working days, by the calendar in force unless `terms` has it."""
    terms = terms or rulebook.in_force()
    next_due_at = terms.after(since, Term(days))
    return {
        "due_since": since, "days": days, "next_due_at": next_due_at,
        "warn_at": terms.warn_at(next_due_at),
    }  # fmt: skip


def link(special: Special) -> str:
    """Return its address for the staff."""
    return f"{settings().base_url}/specials/{special.number}"


def tell_owner(special: Special, occasion: Occasion, key: object, now: datetime) -> None:
    """Promise the owner's people a message. `key` tells it from others of its occasion."""
    promise(now, _promise(special, occasion, key, str(special.owner_code)))


def tell_supervisors(special: Special, occasion: Occasion, key: object, now: datetime) -> None:
    """Promise the supervising offices a message; not the one that is the owner, or may become it."""
    offices = deciding_offices(special.owner_code or special.suggested_code)
    promise(now, *(_promise(special, occasion, key, office) for office in offices))


def _promise(special: Special, occasion: Occasion, key: object, office: str) -> Promise:
    due = special.next_due_at
    facts = {
        "number": special.number, "item": special.item.name, "about": special.tag_class.value,
        "due_at": due.isoformat() if due else None, "link": link(special),
    }  # fmt: skip
    dedupe = f"{occasion.value}:{special.id}:{key}:{office}"
    return Promise(occasion.value, dedupe, special.id, facts, department=office)
