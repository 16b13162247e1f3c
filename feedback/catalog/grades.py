"""The five grades, the kinds of service and the classes of tags: the field's small code tables.

Grades run from 5 非常满意 to 1 非常不满意 (鲁政办发〔2020〕10号); GB/T 39046-2020 counts the other
way round, which is converted at the exchange and nowhere else.
"""

from enum import IntEnum, StrEnum


class Grade(IntEnum):
    """How satisfied; 5 is best."""

    VERY_SATISFIED = 5
    SATISFIED = 4
    FAIRLY_SATISFIED = 3
    DISSATISFIED = 2
    VERY_DISSATISFIED = 1

    @property
    def is_negative(self) -> bool:
        """Whether it is a 差评: the last two grades (鲁政办发〔2020〕10号)."""
        return self <= Grade.DISSATISFIED


class ServiceKind(StrEnum):
    """What kind of matter was served."""

    APPLICATION = "application"
    ENFORCEMENT = "enforcement"
    PUBLIC = "public"
    HOTLINE = "hotline"


class Mode(StrEnum):
    """How the service was given: 一次一评 (onsite) or 一事一评 (online)."""

    ONSITE = "onsite"
    ONLINE = "online"


class TagClass(StrEnum):
    """Whose responsibility a negative tag points at."""

    GUIDE = "guide"
    TIME_LIMIT = "time_limit"
    PROCESS = "process"
    STAFF = "staff"


class PromiseUnit(StrEnum):
    """In what an item's promised time is counted."""

    WORKDAY = "workday"
    DAY = "day"
