"""Who is at work in a round of delivering: it is over once nobody is.

Decides that alone. Without it, whoever finds nothing to do would go home while another works on for
a quarter of an hour, and what is promised to it meanwhile would wait as long.
"""

import threading
from collections.abc import Iterable

from .models import By


class Shift:
    """The carriers of one round. All are at work when it begins."""

    def __init__(self, carriers: Iterable[By]) -> None:
        self._lock = threading.Lock()
        self._at_work = set(carriers)
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Say whether nobody is at work any more."""
        return self._is_over

    def take_up(self, by: By) -> bool:
        """Go to work, and say whether one may: a shift that is over takes up nothing more."""
        with self._lock:
            if not self._is_over:
                self._at_work.add(by)
            return not self._is_over

    def lay_down(self, by: By) -> None:
        """Rest for lack of work. The last who does ends the shift for all."""
        with self._lock:
            self._at_work.discard(by)
            self._is_over = self._is_over or not self._at_work
