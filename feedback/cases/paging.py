"""Which page of a list is shown: the one that the address asks for, as far as there is one."""

from flask import request

from ..text import integer


def page_asked() -> int:
    """Return the page that the address asks for; the first for anything that is no page."""
    return max(integer(request.args.get("page", "1")) or 1, 1)


def shown_page(asked: int, found: int, size: int) -> tuple[int, int]:
    """Return the number of the page shown, and how many pages of `size` the found lines fill.

    A page that does not exist (any more) is the last one.
    """
    pages = max(-(-found // size), 1)
    return min(asked, pages), pages
