"""Calendars that were loaded: a year's notice or a local change. Written once, never changed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, choice
from .days import NAME_LIMIT, SOURCE_LIMIT, DayKind


class LoadedCalendar(Base):
    """One version: the days of one file, on which document they rest, and who loaded it when."""

    __tablename__ = "calendars"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    year: Mapped[int | None]
    """The year that the file replaces as a whole; None for a local change, which adds to it."""
    source: Mapped[str] = mapped_column(String(SOURCE_LIMIT))
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    by_name: Mapped[str] = mapped_column(String(60))
    days: Mapped[list["LoadedDay"]] = relationship(order_by="LoadedDay.day")
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_counts"),
        CheckConstraint("length(source) > 0", name="has_source"),
    )


class LoadedDay(Base):
    """One day of a loaded calendar."""

    __tablename__ = "calendar_days"
    version: Mapped[int] = mapped_column(ForeignKey("calendars.version"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[DayKind] = mapped_column(choice(DayKind, "kind"))
    name: Mapped[str] = mapped_column(String(NAME_LIMIT))
