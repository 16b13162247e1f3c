"""When each job last ran, so that silence can be noticed."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base


class Tick(Base):
    """The last sign of life of one job. Never a record of what is due."""

    __tablename__ = "ticks"
    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
    late_at: Mapped[datetime | None]
    """Without another sign until then, the job is dead or stuck."""
    error: Mapped[str] = mapped_column(Text, default="")
