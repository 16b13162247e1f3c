"""The twin that prints: every message to standard output, phones masked. Nothing leaves."""

import sys

from ...privacy import mask_phone
from .base import Letter


class ConsoleSender:
    """Prints messages instead of sending them."""

    name = "console"

    def send(self, letter: Letter) -> str:
        shown = ", ".join(mask_phone(one) if one.startswith("+") else one for one in letter.to)
        head = [f"--- {letter.message_id} → {shown}", *filter(None, [letter.subject])]
        sys.stdout.write("\n".join([*head, letter.text.rstrip(), "---\n"]))
        sys.stdout.flush()
        return ""
