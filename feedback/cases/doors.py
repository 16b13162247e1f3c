"""Every page of the room on its one blueprint: the desks, a case with its acts, the notices."""

from . import desks, notice_pages
from .pages import pages

__all__ = ["desks", "notice_pages", "pages"]
