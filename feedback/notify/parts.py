"""In how many parts a text message travels, which is what it costs: GSM 03.38, else UCS-2.

Takes no national shift tables into account: a carrier that uses them may need fewer parts.
"""

from collections.abc import Iterable

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Each of these takes two places, which stay together."""

GSM_ALONE, GSM_JOINED = 160, 153
UCS2_ALONE, UCS2_JOINED = 70, 67
"""Places in a text message on its own, and in each part of a longer one."""


def segments(text: str) -> int:
    """Return in how many parts a text message travels."""
    if BASIC.union(EXTENSION).issuperset(text):
        widths = (2 if character in EXTENSION else 1 for character in text)
        return _packed(widths, GSM_ALONE, GSM_JOINED)
    widths = (2 if character > "\uffff" else 1 for character in text)
    return _packed(widths, UCS2_ALONE, UCS2_JOINED)


def _packed(widths: Iterable[int], alone: int, joined: int) -> int:
    """Return how many parts hold characters of these widths, none of which may be torn in two."""
    total, parts, room = 0, 1, joined
    for width in widths:
        total += width
        if width > room:
            parts, room = parts + 1, joined
        room -= width
    return 1 if total <= alone else parts
