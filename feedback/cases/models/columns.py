"""Columns that many tables of the room have."""

from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

WORDS_LIMIT = 2000


def case_key() -> Mapped[UUID]:
    """Return the column that says to which case a row belongs."""
    return mapped_column(ForeignKey("cases.id"), index=True)


def by_key() -> Mapped[UUID]:
    """Return the column that says who did it."""
    return mapped_column(ForeignKey("accounts.id"))


def written(limit: int = WORDS_LIMIT) -> Mapped[str]:
    """Return a column for what somebody wrote."""
    return mapped_column(String(limit))


def office() -> Mapped[str]:
    """Return a column that keeps an office's code as it was then."""
    return mapped_column(String(20))
