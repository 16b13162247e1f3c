"""What supervisors do: confirm or decline a proposal, send a report back once, close."""

from datetime import datetime

from sqlalchemy import select

from ....db import db, new_id
from ....errors import FieldError, Invalid
from ....notify.occasions import Occasion
from ....offices.models import Account, Department
from ..models import (
    Special,
    SpecialClosure,
    SpecialDecision,
    SpecialMeasure,
    SpecialReport,
    SpecialReturn,
)
from ..rules import LONGEST_DAYS
from ..states import LAST_ROUND, Act
from .moving import allow, move, not_yours, out_of_turn, tell_owner


def confirm(
    special: Special, by: Account, owner: str, wanted: str, days: int, now: datetime, seen: int
) -> None:
    """Take a proposal up (立项): whose it is, which measures are wanted, and by when.

    `days` are working days from now. Raises NotYours, OutOfTurn, and Invalid for an owner who
    cannot have it or a number of days out of range.
    """
    allow(special, by, Act.CONFIRM, seen)
    _refuse_wrong(owner, wanted, days)
    decision = _decide(special, by, owner, days, wanted, now)
    facts = {"owner": owner, "days": days, "suggested": special.suggested_code}
    move(special, Act.CONFIRM, by, now, facts, days, decision_id=decision.id, owner_code=owner)
    tell_owner(special, Occasion.SPECIAL_CONFIRMED, "", now)


def decline(special: Special, by: Account, why: str, now: datetime, seen: int) -> None:
    """Leave a proposal be (不立项), and say why. Its cases go on as they were."""
    allow(special, by, Act.DECLINE, seen)
    require_words(why)
    decision = _decide(special, by, None, None, why, now)
    move(special, Act.DECLINE, by, now, {}, decision_id=decision.id)


def send_back(special: Special, by: Account, why: str, now: datetime, seen: int) -> None:
    """Send a report back, once, and say what lacks. The owner has as many days again."""
    allow(special, by, Act.SEND_BACK, seen)
    if special.round >= LAST_ROUND:
        raise out_of_turn(special, Act.SEND_BACK)
    require_words(why)
    db.session.add(SpecialReturn(**_judged(special, by, why, Act.SEND_BACK, now)))
    db.session.flush()
    again = _days(special)
    move(special, Act.SEND_BACK, by, now, {}, again, report_id=None, round=special.round + 1)
    tell_owner(special, Occasion.SPECIAL_SENT_BACK, "", now)


def close(special: Special, by: Account, words: str, now: datetime, seen: int) -> None:
    """Close it (销号) with a written conclusion. Its cases are closed one by one, not by this."""
    allow(special, by, Act.CLOSE, seen)
    require_words(words)
    closure = SpecialClosure(**_judged(special, by, words, Act.CLOSE, now))
    db.session.add(closure)
    db.session.flush()
    move(special, Act.CLOSE, by, now, {"round": special.round}, closure_id=closure.id)
    tell_owner(special, Occasion.SPECIAL_CLOSED, "", now)


def require_words(words: str) -> None:
    """Raise Invalid for nothing written."""
    if not words.strip():
        raise Invalid([FieldError("words", "words_missing")])


def _refuse_wrong(owner: str, wanted: str, days: int) -> None:
    """Raise Invalid and name every wrong field."""
    found = db.session.get(Department, owner)
    faults = []
    if found is None or not found.active:
        faults.append(FieldError("owner", "unknown_department"))
    if not wanted.strip():
        faults.append(FieldError("words", "words_missing"))
    if not 1 <= days <= LONGEST_DAYS:
        span = {"least": 1, "most": LONGEST_DAYS}
        faults.append(FieldError("days", "days_out_of_range", span))
    if faults:
        raise Invalid(faults)


def _decide(
    special: Special, by: Account, owner: str | None, days: int | None, words: str, now: datetime
) -> SpecialDecision:
    decision = SpecialDecision(
        id=new_id(), special_id=special.id, suggested_code=special.suggested_code, at=now,
        by_id=by.id, by_department=by.department_code, owner_code=owner, days=days, words=words,
    )  # fmt: skip
    db.session.add(decision)
    db.session.flush()
    return decision


def _judged(
    special: Special, by: Account, words: str, act: Act, now: datetime
) -> dict[str, object]:
    """Return the columns of what is said about a report. Raises NotYours for who worked on it."""
    report = db.session.get_one(SpecialReport, special.report_id)
    worked = select(SpecialMeasure.by_id).where(SpecialMeasure.special_id == special.id)
    if by.id == report.by_id or by.id in db.session.scalars(worked).all():
        raise not_yours(act)
    return {
        "id": new_id(), "special_id": special.id, "report_id": report.id,
        "owner_code": report.owner_code, "reported_by_id": report.by_id, "at": now,
        "by_id": by.id, "by_department": by.department_code, "words": words,
    }  # fmt: skip


def _days(special: Special) -> int:
    decision = db.session.get_one(SpecialDecision, special.decision_id)
    assert decision.days is not None  # noqa: S101  a confirmed one has them
    return decision.days
