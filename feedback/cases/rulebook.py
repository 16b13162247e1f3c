"""Which rules are in force, which a case was born with, and loading a new version of them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from ..calendar.queries import LAST_VERSION, calendar_in_force, calendar_of
from ..config import settings
from ..db import db, insert
from ..errors import Busy
from ..ledger.actions import Actor, Line, write
from ..workdays import Calendar
from .deadlines import Terms
from .models import Case, RuleVersion
from .rules import Rule, Rules, Term, first_rules, from_json, to_json

_known: dict[tuple[str, int], Rules] = {}
"""By database and version: a version is never changed, so whoever read one need not read it again."""

VERSIONS = select(select(func.max(RuleVersion.version)).scalar_subquery(), LAST_VERSION)
"""The versions of the rules and of the calendar in force, in one statement."""


def in_force() -> Terms:
    """Return the terms that a new case is born with, on the calendar in force."""
    version, calendar = db.session.execute(VERSIONS).one()
    return terms(of_version(version) if version else first_rules(), calendar_of(calendar))


def born_with(now: datetime) -> Terms:
    """Return the terms in force, for a case that is being opened; inside a transaction.

    The very first case makes the product's own terms version 1.
    """
    version, calendar = db.session.execute(VERSIONS).one()
    if version is None:
        keep_first(now)
    return terms(of_version(version) if version else first_rules(), calendar_of(calendar))


def keep_first(now: datetime) -> None:
    """Write version 1 down if nobody has yet. Inside a transaction."""
    row = {"version": 1, "at": now, "by_name": "", "terms": to_json(first_rules())}
    db.session.execute(
        insert(RuleVersion).values(row).on_conflict_do_nothing(index_elements=["version"])
    )


def of_case(case: Case, calendar: Calendar | None = None) -> Terms:
    """Return the terms that a case keeps, on the calendar in force."""
    return terms_of(case.rules_version, calendar)


def appeal_until(case: Case, calendar: Calendar | None = None) -> datetime:
    """Return until when the present department may appeal; by `calendar` if it is known already."""
    return of_case(case, calendar).after(case.routed_at or case.opened_at, Rule.APPEAL)


def terms_of(version: int, calendar: Calendar | None = None) -> Terms:
    """Return one version of the terms on `calendar`; on the one in force, if none is known yet."""
    return terms(of_version(version), calendar or calendar_in_force())


def of_version(version: int) -> Rules:
    """Return one version of the rules, read once."""
    key = str(db.engine.url), version
    if key not in _known:
        _known[key] = from_json(version, db.session.get_one(RuleVersion, version).terms)
    return _known[key]


def terms(rules: Rules, calendar: Calendar) -> Terms:
    """Return rules as they are counted: by this calendar, in the offices' hours."""
    config = settings()
    return Terms(rules, calendar, config.office_opens, config.office_closes)


def versions() -> list[RuleVersion]:
    """Return every version on record, newest first."""
    return list(db.session.scalars(select(RuleVersion).order_by(RuleVersion.version.desc())))


def change(said: Mapping[Rule, tuple[Term, str]], by: Actor, now: datetime) -> tuple[Rules, bool]:
    """Change the terms that are named, each with its legal basis, and leave the others as they are.

    Inside a transaction. Returns the rules then in force and whether they are a new version: what
    changes nothing makes none. They hold for every case opened from now on; cases that are open keep
    theirs. Raises Busy if somebody else changes them just now.
    """
    keep_first(now)
    old = in_force().rules
    new = Rules(
        old.version + 1,
        {**old.terms, **{rule: term for rule, (term, _) in said.items()}},
        {**old.basis, **{rule: basis for rule, (_, basis) in said.items()}},
    )
    if to_json(new) == to_json(old):
        return old, False
    _keep(new, by, now)
    write(now, by, Line("rules", new.version, "load", to_json(new)))
    return new, True


def _keep(rules: Rules, by: Actor, now: datetime) -> None:
    """Write a version down. Raises Busy if its number was taken meanwhile, by another change."""
    row = {"version": rules.version, "at": now, "by_name": by.name, "terms": to_json(rules)}
    kept = insert(RuleVersion).values(row).on_conflict_do_nothing(index_elements=["version"])
    if db.session.scalar(kept.returning(RuleVersion.version)) is None:
        raise Busy
