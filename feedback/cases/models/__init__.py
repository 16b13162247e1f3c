"""Every table of the room, by what it is about."""

from .asking import Appeal, Decision, Judgement, Objection, Reconsideration, Requested
from .case import Case, CaseCounter, CasePart, NoticeCounter, RuleVersion
from .citizen import (
    Addition,
    PressureAnswer,
    PressureOffice,
    PressureReport,
    SecondAnswer,
    SecondReview,
)
from .columns import WORDS_LIMIT
from .handling import (
    Closure,
    Contact,
    Evidence,
    Rectification,
    Reply,
    ReturnVisit,
    Verification,
)
from .urging import RungClimbed, SupervisionNotice

__all__ = [
    "WORDS_LIMIT", "Addition", "Appeal", "Case", "CaseCounter", "CasePart", "Closure", "Contact",
    "Decision", "Evidence", "Judgement", "NoticeCounter", "Objection", "PressureAnswer",
    "PressureOffice", "PressureReport", "Reconsideration", "Rectification", "Reply", "Requested",
    "ReturnVisit", "RuleVersion", "RungClimbed", "SecondAnswer", "SecondReview", "SupervisionNotice",
    "Verification",
]  # fmt: skip
