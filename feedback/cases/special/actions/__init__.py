"""What is done about a common cause, from the proposal to the end. All but the two rounds of the
scheduler (`propose`, `remind`) inside a transaction.
"""

from .deciding import close, confirm, decline, send_back
from .proposing import propose
from .reminding import remind
from .working import measure, report

__all__ = ["close", "confirm", "decline", "measure", "propose", "remind", "report", "send_back"]
