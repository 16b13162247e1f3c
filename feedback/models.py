"""Every table, imported in one place for migrations and for the mapper's sake."""

from .calendar import models as calendar
from .cases import models as cases
from .cases.special import models as special
from .catalog import models as catalog
from .events import models as events
from .invitations import models as invitations
from .ledger import models as ledger
from .notify import models as notify
from .offices import models as offices
from .replies import models as replies
from .reports import models as reports
from .reviews import models as reviews
from .scheduler import models as scheduler

__all__ = [
    "calendar", "cases", "catalog", "events", "invitations", "ledger", "notify", "offices", "replies",
    "reports", "reviews", "scheduler", "special",
]  # fmt: skip
