"""What is done to a case, from its assignment to its end. All inside a transaction.

Every act asks who may, takes the person's part in the case, writes what was done, and moves the case
(`moving.move`), which sets the deadlines and writes the ledger line.
"""

from .appealing import appeal, appeal_of, judge, object_to, objection_last, reconsider
from .asking import ask_complex, ask_extension, ask_transfer, decide
from .assigning import assign, reassign
from .citizens import add, answer_pressure, report_pressure
from .closing import close
from .handling import accept, contact, rectify, reply, reveal, verify
from .moving import require_role
from .visiting import Visit, answer, second_review, visit

__all__ = [
    "Visit", "accept", "add", "answer", "answer_pressure", "appeal", "appeal_of", "ask_complex",
    "ask_extension", "ask_transfer", "assign", "close", "contact", "decide", "judge",
    "object_to", "objection_last", "reassign", "reconsider", "rectify", "reply", "report_pressure",
    "require_role", "reveal", "second_review", "verify", "visit",
]  # fmt: skip
