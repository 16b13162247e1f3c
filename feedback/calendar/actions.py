"""Loading a calendar: a year that the State Council has just published, or a local change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ..db import db, insert
from ..errors import Busy, FieldError, Invalid
from ..ledger.actions import Actor, Line, write
from ..text import NotText, clean_line
from .days import SOURCE_LIMIT, NamedDay, digest_of, read_days
from .models import LoadedCalendar, LoadedDay


@dataclass(frozen=True)
class Loaded:
    """What came of a file: its version, whether that is a new one, and how many days it names."""

    version: int
    is_new: bool
    days: int


def load(content: bytes, year: int | None, source: str, by: Actor, now: datetime) -> Loaded:
    """Load a calendar file as a new version: all of its rows or none. Inside a transaction.

    With a `year` it replaces that year, without one it changes single days. The file that was the
    last of its kind again changes nothing. Whoever loads counts the open deadlines again afterwards.
    Raises TableInvalid with every row that is wrong, Invalid for the source, Busy if somebody else
    loads just now.
    """
    source = _clean_source(source)
    days = read_days(content, year)
    digest = digest_of(days, year)
    last = _last_like(year)
    if last and last.digest == digest:
        return Loaded(last.version, False, len(days))
    version = _last_version() + 1
    row = {
        "version": version, "year": year, "source": source, "digest": digest, "at": now,
        "by_name": by.name,
    }  # fmt: skip
    _keep(row, days)
    facts = {"year": year, "source": source, "digest": digest, "days": len(days)}
    write(now, by, Line("calendar", version, "load", facts))
    return Loaded(version, True, len(days))


def _clean_source(source: str) -> str:
    try:
        source = clean_line(source)
    except NotText:
        raise Invalid([FieldError("source", "not_text")]) from None
    if not source:
        raise Invalid([FieldError("source", "missing")])
    if len(source) > SOURCE_LIMIT:
        raise Invalid([FieldError("source", "too_long", {"max_length": SOURCE_LIMIT})])
    return source


def _last_like(year: int | None) -> LoadedCalendar | None:
    """Return the newest calendar of this year, or the newest local change."""
    same = LoadedCalendar.year == year if year else LoadedCalendar.year.is_(None)
    return db.session.scalar(
        select(LoadedCalendar).where(same).order_by(LoadedCalendar.version.desc()).limit(1)
    )


def _last_version() -> int:
    return db.session.scalar(select(func.max(LoadedCalendar.version))) or 0


def _keep(row: dict[str, Any], days: tuple[NamedDay, ...]) -> None:
    """Write a version down. Raises Busy if its number was taken meanwhile."""
    kept = insert(LoadedCalendar).values(row).on_conflict_do_nothing()
    if db.session.scalar(kept.returning(LoadedCalendar.version)) is None:
        raise Busy
    db.session.execute(
        insert(LoadedDay),
        [
            {"version": row["version"], "day": one.day, "kind": one.kind, "name": one.name}
            for one in days
        ],
    )
