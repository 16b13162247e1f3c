"""Everything in the database by plain SQL, in one way on both databases."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from feedback.db import db

from . import replay


def plain_id(value: Any) -> str:
    return str(value).replace("-", "")


def moment(value: Any) -> datetime | None:
    """Return a moment as this database gives it in plain SQL."""
    if value is None:
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def facts_of(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(row["facts"]) if isinstance(row["facts"], str) else row["facts"]


def table(name: str, order: str = "1") -> list[dict[str, Any]]:
    """Return a whole table by plain SQL, with ids in one way on both databases."""
    with db.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT * FROM {name} ORDER BY {order}")).mappings().all()
    return [
        {k: plain_id(v) if k == "id" or k.endswith("_id") else v for k, v in row.items()}
        for row in rows
    ]


def digest() -> str:
    """Return everything in the database, to be compared with everything a moment later."""
    names = [found.name for found in db.metadata.sorted_tables]
    with db.engine.connect() as connection:
        return repr(
            [
                connection.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2")).all()
                for name in names
            ]
        )


def tell_again() -> dict[str, replay.Story]:
    """Return every case as the ledger alone tells it."""
    stories: dict[str, replay.Story] = {}
    for row in table("ledger_entries"):
        if row["subject"] != "case":
            continue
        facts, at = facts_of(row), moment(row["at"])
        assert at is not None
        if row["act"] == "open":
            stories[row["subject_id"]] = replay.open_story(at, facts)
        else:
            replay.tell(stories[row["subject_id"]], row["act"], at, facts)
    return stories
