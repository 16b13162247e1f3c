"""Which rules are in force, which a case was born with, and loading a new version of them."""

from datetime import datetime

from sqlalchemy import func, select

from ..config import settings
from ..db import db, insert
from ..ledger.actions import Actor, Line, write
from ..workdays import china
from .deadlines import Terms
from .models import Case, RuleVersion
from .rules import Rules, first_rules, from_json, to_json

_known: dict[tuple[str, int], Rules] = {}
"""By database and version: a version is never changed, so whoever read one need not read it again."""


def in_force() -> Terms:
    """Return the terms that a new case is born with."""
    last = _last_version()
    return _terms(of_version(last) if last else first_rules())


def born_with(now: datetime) -> Terms:
    """Return the terms in force, for a case that is being opened; inside a transaction.

    The very first case makes the product's own terms version 1.
    """
    last = _last_version()
    if last is None:
        keep_first(now)
    return _terms(of_version(last) if last else first_rules())


def _last_version() -> int | None:
    return db.session.scalar(select(func.max(RuleVersion.version)))


def keep_first(now: datetime) -> None:
    """Write version 1 down if nobody has yet. Inside a transaction."""
    row = {"version": 1, "at": now, "by_name": "", "terms": to_json(first_rules())}
    db.session.execute(
        insert(RuleVersion).values(row).on_conflict_do_nothing(index_elements=["version"])
    )


def of_case(case: Case) -> Terms:
    """Return the terms that a case keeps, on the calendar in force."""
    return terms_of(case.rules_version)


def terms_of(version: int) -> Terms:
    """Return one version of the terms, on the calendar in force."""
    return _terms(of_version(version))


def of_version(version: int) -> Rules:
    """Return one version of the rules, read once."""
    key = str(db.engine.url), version
    if key not in _known:
        _known[key] = from_json(version, db.session.get_one(RuleVersion, version).terms)
    return _known[key]


def versions() -> list[RuleVersion]:
    """Return every version on record, newest first."""
    return list(db.session.scalars(select(RuleVersion).order_by(RuleVersion.version.desc())))


def load(rules: Rules, by: Actor, now: datetime) -> int:
    """Make `rules` the terms of every case opened from now on; return their version.

    Inside a transaction. Cases that are open keep theirs.
    """
    keep_first(now)
    version = (_last_version() or 0) + 1
    db.session.add(RuleVersion(version=version, at=now, by_name=by.name, terms=to_json(rules)))
    db.session.flush()
    write(now, by, Line("rules", version, "load", to_json(rules)))
    return version


def _terms(rules: Rules) -> Terms:
    config = settings()
    return Terms(rules, china(), config.office_opens, config.office_closes)
