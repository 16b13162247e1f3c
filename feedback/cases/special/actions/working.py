"""What the owner does: say which measures are taken, and report what was done."""

from datetime import datetime

from sqlalchemy import select

from ....db import db, new_id
from ....notify.occasions import Occasion
from ....offices.models import Account
from ..models import Special, SpecialMeasure, SpecialReport
from ..states import Act
from .deciding import require_words
from .moving import allow, move, out_of_turn, tell_supervisors


def measure(special: Special, by: Account, words: str, now: datetime, seen: int) -> None:
    """Write down what is to be done about the cause. A later text comes beside the earlier one."""
    allow(special, by, Act.MEASURE, seen)
    require_words(words)
    db.session.add(
        SpecialMeasure(
            id=new_id(), special_id=special.id, owner_code=special.owner_code, at=now,
            by_id=by.id, words=words,
        )
    )  # fmt: skip
    db.session.flush()
    move(special, Act.MEASURE, by, now, {})


def report(special: Special, by: Account, words: str, now: datetime, seen: int) -> None:
    """Say what was done about the cause. Never before the measures: raises OutOfTurn."""
    allow(special, by, Act.REPORT, seen)
    require_words(words)
    planned = db.session.scalar(
        select(SpecialMeasure.id)
        .where(SpecialMeasure.special_id == special.id)
        .order_by(SpecialMeasure.id.desc())
        .limit(1)
    )
    if planned is None:
        raise out_of_turn(special, Act.REPORT)
    made = SpecialReport(
        id=new_id(), special_id=special.id, round=special.round, owner_code=special.owner_code,
        measure_id=planned, at=now, by_id=by.id, due_at=special.due_at, words=words,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    facts = {"round": special.round, "due_at": made.due_at.isoformat()}
    move(special, Act.REPORT, by, now, facts, report_id=made.id)
    tell_supervisors(special, Occasion.SPECIAL_REPORTED, special.round, now)
