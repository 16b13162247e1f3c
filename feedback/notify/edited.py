"""Looking up the words that a district edited: which are in force, and which were before."""

from collections.abc import Sequence

from sqlalchemy import func, select

from ..db import db
from .models import Wording
from .wording import language_of


def in_force(occasion: str, locale: str) -> str | None:
    """Return the edited words of a message, or None where the file's are said."""
    newest = (
        select(Wording.text)
        .where(Wording.occasion == occasion, Wording.locale == language_of(locale))
        .order_by(Wording.version.desc())
        .limit(1)
    )
    return db.session.scalar(newest)


def versions(occasion: str, locale: str) -> Sequence[Wording]:
    """Return every version of a message's words, newest first."""
    rows = select(Wording).where(Wording.occasion == occasion, Wording.locale == locale)
    return db.session.scalars(rows.order_by(Wording.version.desc())).all()


def newest_version(occasion: str, locale: str) -> int:
    """Return the number of the newest version, 0 if nobody ever edited these words."""
    newest = select(func.coalesce(func.max(Wording.version), 0)).where(
        Wording.occasion == occasion, Wording.locale == locale
    )
    return db.session.execute(newest).scalar_one()


def all_in_force() -> dict[tuple[str, str], str]:
    """Return all edited words in force, by occasion and language."""
    newest = (
        select(Wording.occasion, Wording.locale, func.max(Wording.version).label("version"))
        .group_by(Wording.occasion, Wording.locale)
        .subquery()
    )
    rows = select(Wording.occasion, Wording.locale, Wording.text).join(
        newest,
        (Wording.occasion == newest.c.occasion)
        & (Wording.locale == newest.c.locale)
        & (Wording.version == newest.c.version),
    )
    return {(one.occasion, one.locale): one.text for one in db.session.execute(rows) if one.text}
