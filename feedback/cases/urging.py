"""Climbing the ladder: telling people about deadlines that come near or have passed.

Each rung is a row that can exist once. What was crossed in a silence is recorded for when it was
crossed, and only the highest rung is told: a case that was down over a holiday brings one message.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update

from ..catalog.models import Item
from ..db import db, insert, transaction
from ..events.models import ServiceEvent
from ..ledger.actions import SYSTEM, Line, write
from ..notify.actions import Promise, promise
from ..notify.occasions import Occasion
from ..offices.models import Account, AccountRole
from ..offices.roles import Role
from ..one_by_one import each
from . import rulebook
from .issuing import issue_notice
from .ladder import Crossed, Rung, climbed, for_leaders_from, next_rung_at, rungs
from .models import Case, RungClimbed, SupervisionNotice
from .models.urging import Cause
from .opening import case_link, deciding_offices, supervising_offices
from .states import DESK_TERMS, LAST_ROUND, WORKING
from .wall import window_office

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Seen:
    """What was seen of a case when its rung fell due; the claim holds only while it is so."""

    id: UUID
    number: str
    rung: int
    next_due_at: datetime


def climb(now: datetime) -> list[str]:
    """Climb every rung that is due at `now`, and return the numbers of the cases concerned.

    Goes by the state of the rows, never by the time of the last run: after any silence one run
    catches up. One transaction for each case, opened here, so that a bad case does not hold up the
    rest. Raises SomeFailed at the end if there was one.
    """

    def tell(seen: Seen) -> list[str]:
        with transaction():
            return [seen.number] if _climb(seen, now) else []

    return each([(seen.number, seen) for seen in _due(now)], tell, log, "case_not_told")


def _due(now: datetime) -> Sequence[Seen]:
    """Return the cases with a rung due, longest waiting first."""
    rows = select(Case.id, Case.number, Case.rung, Case.next_due_at)
    found = db.session.execute(rows.where(Case.next_rung_at < now).order_by(Case.next_rung_at))
    return [Seen(*row) for row in found]  # type: ignore[arg-type]  # the ladder has a deadline


def _climb(seen: Seen, now: datetime) -> bool:
    """Climb one case's rungs; say whether they were ours to climb."""
    case = db.session.get_one(Case, seen.id, with_for_update={"of": Case})
    if case.next_due_at is None or case.warn_at is None:
        return False
    all_rungs = rungs(case.warn_at, case.next_due_at, rulebook.of_case(case))
    crossed = climbed(all_rungs, Rung(seen.rung), now)
    highest = crossed[-1].rung if crossed else Rung(seen.rung)
    # With none crossed, the column was behind the calendar: the claim alone puts it right.
    if not _claim(seen, highest, next_rung_at(all_rungs, highest)) or not crossed:
        return False
    new = _record(case, crossed, now)
    if not new:
        return False
    notice = None
    if case.state in WORKING and Rung.NOTICE in new:
        notice = issue_notice(case, Cause.OVERDUE, now)
    elif case.state in WORKING and max(new) > Rung.NOTICE:
        notice = _issued_before(case) or issue_notice(case, Cause.OVERDUE, now)
    _tell(case, max(new), notice, now)
    return True


def _issued_before(case: Case) -> SupervisionNotice | None:
    """Return the last notice to the department, which a higher rung reminds of."""
    issued = select(SupervisionNotice).where(
        SupervisionNotice.case_id == case.id, SupervisionNotice.cause == Cause.OVERDUE,
        SupervisionNotice.department_code == case.department_code,
    )  # fmt: skip
    return db.session.scalars(issued.order_by(SupervisionNotice.id.desc()).limit(1)).first()


def _claim(seen: Seen, rung: Rung, following: datetime | None) -> bool:
    """Set how far up the case is, if it still stands as seen; of two who try, one succeeds."""
    mine = update(Case).where(
        Case.id == seen.id, Case.rung == seen.rung, Case.next_due_at == seen.next_due_at
    )
    return (
        db.session.scalar(mine.values(rung=int(rung), next_rung_at=following).returning(Case.id))
        is not None
    )


def _record(case: Case, crossed: Sequence[Crossed], now: datetime) -> list[Rung]:
    """Write every rung down, for when it was crossed; return those that were not on record yet."""
    rows = [
        {"case_id": case.id, "due_at": case.next_due_at, "at_desk": case.state in DESK_TERMS,
         "rung": int(one.rung), "state": case.state, "crossed_at": one.at, "recorded_at": now}
        for one in crossed
    ]  # fmt: skip
    kept = insert(RungClimbed).values(rows).on_conflict_do_nothing().returning(RungClimbed.rung)
    new = sorted(Rung(rung) for rung in db.session.scalars(kept))
    whose = {"due_at": _iso(case.next_due_at), "at_desk": case.state in DESK_TERMS}
    lines = [
        Line("case", case.id, f"rung_{int(one.rung)}", whose | {"crossed_at": one.at.isoformat()})
        for one in crossed if one.rung in new
    ]  # fmt: skip
    if lines:
        write(now, SYSTEM, *lines)
    return new


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def raised(case: Case) -> int:
    """Return by how many rungs higher people are told: one, once the citizen sent the case back."""
    return 1 if case.round >= LAST_ROUND else 0


def _tell(case: Case, rung: Rung, notice: SupervisionNotice | None, now: datetime) -> None:
    """Promise the messages of the highest rung."""
    ours = _to_department(case) if case.state in WORKING else _to_desk(case)
    facts = _facts(case, notice)
    loud = min(rung + raised(case), Rung.LEADERS)
    promise(
        now, *(_promise(case, rung, what, to, facts) for what, to in ours(Rung(loud), rung))
    )  # fmt: skip


def _to_department(case: Case) -> Callable[[Rung, Rung], list[tuple[Occasion, str]]]:
    """Return who is told about a department's step: (occasion, office) by rung."""
    department = str(case.department_code)

    def to(loud: Rung, rung: Rung) -> list[tuple[Occasion, str]]:
        first = {
            Rung.NEAR: Occasion.CASE_DUE_SOON, Rung.DUE: Occasion.CASE_OVERDUE,
            Rung.NOTICE: Occasion.CASE_NOTICE, Rung.LEADERS: Occasion.CASE_NOTICE,
        }[rung]  # fmt: skip
        told = [(first, department)]
        if loud > rung is Rung.NEAR:
            told.append((Occasion.HEAD_DUE_SOON, department))
        if loud >= Rung.NOTICE:
            told += [(Occasion.DESK_NOTICE, office) for office in _deciding(case)]
        return told + _leaders(case, rung)

    return to


def _to_desk(case: Case) -> Callable[[Rung, Rung], list[tuple[Occasion, str]]]:
    """Return who is told about the supervisors' own step."""

    def to(_loud: Rung, rung: Rung) -> list[tuple[Occasion, str]]:
        occasion = Occasion.DESK_DUE_SOON if rung is Rung.NEAR else Occasion.DESK_OVERDUE
        told = [(occasion, office) for office in _deciding(case)]
        return told + _leaders(case, rung)

    return to


def _deciding(case: Case) -> Sequence[str]:
    return deciding_offices(case.department_code, window_office(case.event))


def _leaders(case: Case, rung: Rung) -> list[tuple[Occasion, str]]:
    if rung < for_leaders_from(case.round):
        return []
    return [(Occasion.LEADERS_OVERDUE, office) for office in leading_offices()]


def leading_offices() -> Sequence[str]:
    """Return the codes of the offices that have leaders; all that supervise if none has."""
    leaders = (
        select(Account.department_code)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(Account.active, AccountRole.name == Role.LEADER)
        .distinct()
    )
    return db.session.scalars(leaders).all() or supervising_offices()


def _facts(case: Case, notice: SupervisionNotice | None) -> dict[str, Any]:
    item = db.session.scalars(
        select(Item.name)
        .join(ServiceEvent, ServiceEvent.item_code == Item.code)
        .where(ServiceEvent.id == case.event_id)
    ).one()
    return {
        "number": case.number, "item": item, "due_at": _iso(case.next_due_at),
        "link": case_link(case.number), "step": case.state.value,
        "notice": notice.number if notice else "",
    }  # fmt: skip


def _promise(case: Case, rung: Rung, occasion: Occasion, to: str, facts: dict[str, Any]) -> Promise:
    # Leaders hear once of a deadline, from whichever rung on it is theirs.
    step = "leaders" if occasion is Occasion.LEADERS_OVERDUE else f"rung{int(rung)}"
    key = f"{step}:{occasion.value}:{case.id}:{_iso(case.next_due_at)}:{to}"
    return Promise(occasion.value, key, case.id, facts, department=to)


def urge_new_owner(case: Case, now: datetime) -> None:
    """Issue the notice of a deadline that brought one already to the department that has it now.

    Rungs belong to the deadline, which goes on: the new owner would never hear of this one. The
    supervisors, who gave it the case, are not told.
    """
    if not _had_notice(case):
        return
    notice = issue_notice(case, Cause.OVERDUE, now)
    to = str(case.department_code)
    promise(now, _promise(case, Rung.NOTICE, Occasion.CASE_NOTICE, to, _facts(case, notice)))


def _had_notice(case: Case) -> bool:
    climbed_it = select(RungClimbed.rung).where(
        RungClimbed.case_id == case.id, RungClimbed.due_at == case.next_due_at,
        ~RungClimbed.at_desk, RungClimbed.rung == int(Rung.NOTICE),
    )  # fmt: skip
    return db.session.scalar(climbed_it) is not None


def tell_of_sending_back(case: Case, notice: SupervisionNotice, now: datetime) -> None:
    """Promise the department's handlers and head that the citizen sent the case back (重办)."""
    facts = _facts(case, notice)
    key = f"sent-back:{case.id}:{case.round}"
    department = str(case.department_code)
    promise(
        now,
        Promise(Occasion.CASE_SENT_BACK.value, key, case.id, facts, department=department),
    )
