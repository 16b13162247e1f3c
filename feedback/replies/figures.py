"""Counting invitations and what came of them, and what citizens wrote.

An invitation belongs to the day on which it was decided, and everything that came of it later is
counted with it: a rating of today answers an invitation of last week.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from ..db import db
from ..invitations.models import Invitation, Skipped
from ..notify.figures import has_left
from ..notify.models import Message
from ..reports.figures import Rate
from ..reviews.drafts import Channel
from ..reviews.models import Review
from .models import IncomingText
from .talk import Made


@dataclass(frozen=True)
class Inviting:
    """How many were asked, why the others were not, and how many of those asked rated."""

    with_phone: int = 0
    """Services with a phone whose moment to ask had come."""
    invited: int = 0
    sent: int = 0
    by_text: int = 0
    otherwise: int = 0
    """By another door, after the invitation was sent."""
    skipped: Mapping[Skipped, int] = field(default_factory=dict)

    @property
    def reply_rate(self) -> Rate:
        """Ratings by text message among the invitations that were sent."""
        return Rate(self.by_text, self.sent)

    @property
    def rating_rate(self) -> Rate:
        """Ratings by any door among the invitations that were sent."""
        return Rate(self.by_text + self.otherwise, self.sent)


def inviting(since: datetime, until: datetime) -> Inviting:
    """Return what was decided about invitations in a span and what came of it: one statement."""
    rated = Review.channel == Channel.SMS, Review.channel != Channel.SMS
    left = has_left()
    # Not «sent»: of that we hear after the citizen may have answered.
    after = left & (Review.received_at >= Message.handed_over_at)
    rows = (
        select(
            Invitation.skipped, func.count(), func.count().filter(left),
            *(func.count().filter(by_this, after) for by_this in rated),
        )
        .outerjoin(Message, Message.id == Invitation.message_id)
        .outerjoin(Review, Review.event_id == Invitation.event_id)
        .where(Invitation.decided_at >= since, Invitation.decided_at < until)
        .group_by(Invitation.skipped)
    )  # fmt: skip
    found: dict[Skipped | None, Sequence[int]] = {
        row[0]: row[1:] for row in db.session.execute(rows)
    }
    invited, sent, by_text, otherwise = found.get(None, (0, 0, 0, 0))
    skipped = {why: numbers[0] for why, numbers in found.items() if why}
    with_phone = invited + sum(skipped.values())
    return Inviting(with_phone, invited, sent, by_text, otherwise, skipped)


def came_in(since: datetime, until: datetime) -> Mapping[Made, int]:
    """Return what was made of the texts that came in during a span: one statement."""
    rows = (
        select(IncomingText.made, func.count())
        .where(IncomingText.received_at >= since, IncomingText.received_at < until)
        .group_by(IncomingText.made)
    )
    found: dict[Made, int] = dict(db.session.execute(rows).all())
    return {made: found[made] for made in Made if made in found}
