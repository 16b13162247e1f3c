"""The refusals: one small family with stable codes. They carry facts, not sentences, and no HTTP.

`wording.py` says them in words; `channels/refusals.py` gives each its status.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One wrong field: its name as the door knows it, a stable code, and facts for the sentence."""

    field: str
    code: str
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


class FeedbackError(Exception):
    """Something was asked that is refused; `code` is stable and `facts` may be shown."""

    code = "refused"

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts


class Unknown(FeedbackError):
    """There is no such thing, or not for the one who asks."""

    code = "unknown"


class NotYours(FeedbackError):
    """The person may not do this; `facts["who"]` names a role that may."""

    code = "not_yours"


class AlreadyRated(FeedbackError):
    """The one-time right was used; `facts["receipt"]` leads to what it led to."""

    code = "already_rated"


class OutOfTurn(FeedbackError):
    """The act does not fit the present state, or somebody moved it meanwhile."""

    code = "out_of_turn"


class Expired(FeedbackError):
    """The time for it has passed; `facts["expired_at"]` says when."""

    code = "expired"


class TooOften(FeedbackError):
    """More of it than anybody needs; `facts["limit"]` says how much is taken."""

    code = "too_often"


class OwnService(FeedbackError):
    """A member of staff tried to rate a service of their own window or department."""

    code = "own_service"


class Busy(FeedbackError):
    """The database is taken by others for longer than anybody should wait."""

    code = "busy"


class SomeFailed(FeedbackError):
    """Some of many things could not be done, all others were; `facts["which"]` names the ones."""

    code = "some_failed"


class Invalid(FeedbackError):
    """Fields are wrong; `errors` names every one of them."""

    code = "invalid"

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__()
        self.errors = errors


class TableInvalid(FeedbackError):
    """Rows of a file are wrong; `rows` holds (row number, FieldError) for every fault found."""

    code = "table_invalid"

    def __init__(self, rows: list[tuple[int, FieldError]]) -> None:
        super().__init__()
        self.rows = rows
