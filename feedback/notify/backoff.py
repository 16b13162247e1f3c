"""When a refused message is tried again, and when we give up and leave it to a person.

Decides by the number of tries alone; leaves out why it was refused and who carries it.
"""

from datetime import datetime, timedelta

PAUSES = tuple(timedelta(minutes=n) for n in (1, 5, 15, 60, 120, 240, 480))
"""Between the tries. Together more than 15 hours, so that a night without a mail server passes."""

ATTEMPTS = len(PAUSES) + 1
SPREAD = 0.2


def next_try_at(now: datetime, attempts: int, chance: float) -> datetime | None:
    """Return when to try again after `attempts` tries, or None to give up.

    `chance` (0 to 1) stretches the pause by up to a fifth, so that what failed together does not
    all come back in the same second.
    """
    if attempts >= ATTEMPTS:
        return None
    return now + PAUSES[max(attempts, 1) - 1] * (1 + SPREAD * chance)
