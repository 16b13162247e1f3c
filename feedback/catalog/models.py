"""What may be rated and in which words: items, tags, and the rules that find who is responsible."""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, choice
from ..offices.models import Department
from .grades import PromiseUnit, ServiceKind, TagClass


class Item(Base):
    """A matter that people come for (事项)."""

    __tablename__ = "items"
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    department_code: Mapped[str] = mapped_column(ForeignKey("departments.code"), index=True)
    guide_owner_code: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    kind: Mapped[ServiceKind] = mapped_column(choice(ServiceKind, "kind"))
    promised_days: Mapped[int | None]
    promised_unit: Mapped[PromiseUnit] = mapped_column(choice(PromiseUnit, "promised_unit"))
    source: Mapped[str] = mapped_column(String(200), default="")
    active: Mapped[bool] = mapped_column(default=True)
    department: Mapped[Department] = relationship(foreign_keys=[department_code])


class Tag(Base):
    """A reason that belongs to one grade (评价选项); retired ones stay readable."""

    __tablename__ = "tags"
    code: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    grade: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    in_force: Mapped[bool]
    shown_first: Mapped[bool]
    responsibility: Mapped[TagClass | None] = mapped_column(choice(TagClass, "responsibility"))
    __table_args__ = (CheckConstraint("grade BETWEEN 1 AND 5", name="grade_range"),)


class RoutingRule(Base):
    """A line of the routing table; the first that matches finds the responsible department."""

    __tablename__ = "routing_rules"
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tag_class: Mapped[TagClass | None] = mapped_column(choice(TagClass, "tag_class"))
    item_code: Mapped[str | None] = mapped_column(ForeignKey("items.code"))
    owner: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(200), default="")
