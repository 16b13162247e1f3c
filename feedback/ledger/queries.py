"""Reading the ledger."""

from collections.abc import Sequence

from sqlalchemy import select

from ..db import db
from .models import Entry


def timeline(subject: str, subject_id: object) -> Sequence[Entry]:
    """Return everything that happened to one subject, oldest first."""
    lines = select(Entry).where(Entry.subject == subject, Entry.subject_id == str(subject_id))
    return db.session.scalars(lines.order_by(Entry.id)).all()
