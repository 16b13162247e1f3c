"""Columns that many tables of the room have."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from ...db import choice
from ..states import Part

WORDS_LIMIT = 2000


def case_key() -> Mapped[UUID]:
    """Return the column that says to which case a row belongs."""
    return mapped_column(ForeignKey("cases.id"), index=True)


def by_key() -> Mapped[UUID]:
    """Return the column that says who did it."""
    return mapped_column(ForeignKey("accounts.id"))


def part_column(part: Part) -> Mapped[Part]:
    """Return the column that says as what the author of a row did it; `by_their_part` holds it."""
    return mapped_column(choice(Part, "part", checked=False), default=part)


def by_their_part(table: str, part: Part) -> tuple[CheckConstraint, ForeignKeyConstraint]:
    """Return what lets nobody but those with that part in the case be the author of a row."""
    return (
        CheckConstraint(f"part = '{part.value}'", name=f"by_{part.value}"),
        part_key(table, "by_id", "part"),
    )


def part_key(table: str, by: str, part: str) -> ForeignKeyConstraint:
    """Return the key by which a part that a row names must be the person's one part in the case."""
    theirs = ["case_parts.case_id", "case_parts.account_id", "case_parts.part"]
    return ForeignKeyConstraint(["case_id", by, part], theirs, name=f"fk_{table}_{part}")


def written(limit: int = WORDS_LIMIT) -> Mapped[str]:
    """Return a column for what somebody wrote."""
    return mapped_column(String(limit))


def office() -> Mapped[str]:
    """Return a column that keeps an office's code as it was then."""
    return mapped_column(String(20))
