"""A service's code as it is printed: what stands beside the picture, and how it fills the paper."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from flask_babel import format_date, get_locale
from markupsafe import Markup

from .. import clock
from ..config import settings
from ..wording import day_words, moment_words
from . import codes
from .expiry import last_day
from .models import ServiceEvent

SHEET_CODES = 8
"""Codes on one A4 page: two columns of four."""

SLIP_LINE = 15.0
"""Wide characters on one line of the slip's facts."""

SLIP_REST = 104
"""Millimetres of everything on the slip but its facts, in the longer of the two languages."""

SLIP_LINE_HEIGHT = 6


@dataclass(frozen=True)
class Code:
    """One code with all that is printed beside it, in words; without a token it is gone."""

    event: ServiceEvent
    picture: Markup
    token: str | None
    typed_before: str
    served: str
    until: str
    is_over: bool

    @property
    def window(self) -> str:
        """The window's name, or nothing."""
        return self.event.window.name if self.event.window else ""


def code_of(event: ServiceEvent, now: datetime) -> Code:
    """Return the event's code, ready to be printed."""
    base = settings().base_url
    token = codes.token(event) if codes.can_be_made(event) else None
    drawn = codes.svg(codes.scan_address(token, base)) if token else ""
    return Code(
        event=event,
        picture=Markup(drawn),  # noqa: S704 (drawn by us)
        token=token,
        typed_before=f"{base}/r/",
        served=moment_words(event.served_at),
        until=_long_day(last_day(event.expires_at)),
        is_over=now >= event.expires_at,
    )


def in_sheets(printed: Sequence[Code]) -> list[list[Code]]:
    """Return the codes page by page."""
    return [list(printed[at : at + SHEET_CODES]) for at in range(0, len(printed), SHEET_CODES)]


def slip_height(code: Code) -> int:
    """Return how many millimetres of paper the slip takes, rather a few too many.

    The page must say it: `@page { size: 80mm auto }` is not CSS, and a browser that meets it
    prints on office paper.
    """
    texts = (code.event.item.name, code.window, code.served, code.event.project_no)
    lines = sum(max(ceil(_width(text) / SLIP_LINE), 1) for text in texts)
    return SLIP_REST + lines * SLIP_LINE_HEIGHT


def _width(text: str) -> float:
    """Return the width in wide characters; a latin letter or digit is a little over half."""
    return sum(1 if unicodedata.east_asian_width(letter) in "WFA" else 0.6 for letter in text)


def _long_day(moment: datetime) -> str:
    """Return a day with nothing shortened: 11月30日（周一）, or Monday 30 November."""
    if str(get_locale() or "zh").startswith("zh"):
        return day_words(moment)
    return str(format_date(clock.day_of(moment), "EEEE d MMMM"))
