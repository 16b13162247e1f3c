"""Looking up what is loaded."""

from collections.abc import Sequence

from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.orm import joinedload

from ..db import db
from ..offices.models import Department
from .models import Item
from .registers import REGISTERS


def counts() -> dict[str, int]:
    """Return how many rows each table has, in their order; one statement."""
    each = [
        select(literal(name), func.count()).select_from(register.model)
        for name, register in REGISTERS.items()
    ]
    found = dict(db.session.execute(union_all(*each)).all())
    return {name: found[name] for name in REGISTERS}


def items(words: str = "", limit: int = 200) -> Sequence[Item]:
    """Return the items, retired ones too, whose code, name or department contains these words."""
    found = select(Item).options(joinedload(Item.department)).join(Item.department)
    if words:
        texts = (Item.code, Item.name, Department.name)
        found = found.where(or_(*(text.icontains(words, autoescape=True) for text in texts)))
    return db.session.scalars(found.order_by(Item.code).limit(limit)).all()
