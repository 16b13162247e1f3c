"""Rotating the data key: every sealed value is sealed anew under the key in front.

A sealed column is one whose name ends in `_sealed`; its value is bound to table, column and primary
key (`privacy.seal`). Works in small transactions while the service runs, never waits for a row that
somebody else holds, and can be killed and run again at any time: what is left is what does not rest
under the key in front.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from sqlalchemy import Column, ColumnElement, Table, case, func, select, text

from . import privacy
from .config import KEY_IDS, KeyRing
from .db import Base, db, transaction
from .errors import FeedbackError

BATCH = 200
PASSES = 3
"""What was held by others, or came under an old key meanwhile, is looked for so often again."""

SUFFIX = "_sealed"
NO_KEY = "?"
"""Stands for the key of a value that does not begin with a key id."""


class UnknownKey(FeedbackError):
    """Values rest under keys that are not in the ring; `facts["ids"]` names them."""

    code = "unknown_key"


@dataclass(frozen=True)
class Place:
    """One sealed column of one table."""

    table: Table
    column: Column[Any]
    key: Column[Any]

    @property
    def bound(self) -> str:
        """The column's name as the seal knows it."""
        return self.column.name.removesuffix(SUFFIX)

    @property
    def name(self) -> str:
        """The place's name for people."""
        return f"{self.table.name}.{self.bound}"


class Row(NamedTuple):
    """One sealed value: whose it is, and how it rests."""

    key: Any
    sealed: str


@dataclass
class Rotation:
    """What a rotation did: how many values it sealed anew by place, and which ones do not open."""

    done: Counter[str] = field(default_factory=Counter)
    broken: dict[str, set[str]] = field(default_factory=dict)
    """The primary keys of rows whose value was altered or moved, by place. Left as they are."""

    @property
    def broken_count(self) -> int:
        """How many values do not open."""
        return sum(len(rows) for rows in self.broken.values())


def places() -> list[Place]:
    """Return every sealed column of every table."""
    return [
        Place(table, column, next(iter(table.primary_key.columns)))
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith(SUFFIX)
    ]


def standing() -> dict[str, Counter[str]]:
    """Return how many values rest under each key id, by place. Opens nothing."""
    return {place.name: _resting(place) for place in places()}


def _resting(place: Place) -> Counter[str]:
    first = func.substr(place.column, 1, 1)
    sealed = (func.substr(place.column, 2, 1) == ".") & first.in_(list(KEY_IDS))
    key_id = case((sealed, first), else_=NO_KEY).label("key_id")
    rows = select(key_id, func.count()).where(place.column.is_not(None)).group_by(text("key_id"))
    return Counter({str(found): number for found, number in db.session.execute(rows)})


def totals(found: dict[str, Counter[str]]) -> Counter[str]:
    """Return how many values rest under each key id, over all places."""
    return sum(found.values(), Counter())


def rotate(
    ring: KeyRing, told: Callable[[str, int], None] = lambda *_: None, batch: int = BATCH
) -> Rotation:
    """Seal anew whatever does not rest under the ring's first key, and return what was done.

    Opens its own transactions, `batch` values each; `told` hears of every one that was committed.
    Raises UnknownKey before anything is changed if a value's key is not in the ring.
    """
    unknown = set(totals(standing())) - set(ring) - {NO_KEY}
    if unknown:
        raise UnknownKey(ids=sorted(unknown))
    rotation = Rotation()
    for _ in range(PASSES):
        moved = [_pass(place, ring, rotation, told, batch) for place in places()]
        if not any(moved):
            break
    return rotation


def _pass(
    place: Place, ring: KeyRing, rotation: Rotation, told: Callable[[str, int], None], batch: int
) -> int:
    """Go once through a place; return how many values were sealed anew."""
    moved = 0
    for done in _batches(place, ring, rotation, batch):
        moved += done
        if done:
            rotation.done[place.name] += done
            told(place.name, done)
    return moved


def _batches(place: Place, ring: KeyRing, rotation: Rotation, batch: int) -> Iterator[int]:
    last = None
    while True:
        with transaction():
            rows = _waiting(place, ring, last, batch)
            done = sum(reseal(place, row, ring, rotation) for row in rows)
        if not rows:
            return
        yield done
        last = rows[-1].key


def _waiting(place: Place, ring: KeyRing, last: Any, batch: int) -> list[Row]:
    """Return the next values that rest under another key, and hold them; held ones are skipped."""
    rows = select(place.key, place.column).where(place.column.is_not(None), _elsewhere(place, ring))
    if last is not None:
        rows = rows.where(place.key > last)
    held = rows.order_by(place.key).limit(batch).with_for_update(skip_locked=True, key_share=True)
    return [Row(*row) for row in db.session.execute(held)]


def _elsewhere(place: Place, ring: KeyRing) -> ColumnElement[bool]:
    """Return the condition that a value does not rest under the key in front."""
    return func.substr(place.column, 1, 2) != f"{next(iter(ring))}."


def reseal(place: Place, row: Row, ring: KeyRing, rotation: Rotation) -> bool:
    """Seal one value anew, unless it changed since it was read; say whether it was. Inside a transaction.

    A value that does not open is noted and left as it is.
    """
    bound = (place.table.name, place.bound, row.key)
    try:
        plain = privacy.unseal(ring, *bound, row.sealed)
    except (InvalidTag, KeyError, ValueError):
        rotation.broken.setdefault(place.name, set()).add(str(row.key))
        return False
    anew = place.table.update().where(place.key == row.key, place.column == row.sealed)
    values = {place.column.name: privacy.seal(ring, *bound, plain)}
    return db.session.connection().execute(anew.values(values)).rowcount == 1
