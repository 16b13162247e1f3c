"""The weekly closure reports, kept as they were written."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base


class ClosureReport(Base):
    """The report of one finished week; `figures` is what was written, never computed again."""

    __tablename__ = "closure_reports"
    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    written_at: Mapped[datetime]
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
