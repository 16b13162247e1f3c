"""What a desk, a business system or a file says of one service, and whether it can be so.

Decides the shape, the lengths and the order of times. Whether item, window and officer exist is
asked of the database by the action.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from .. import clock
from ..catalog.grades import Mode
from ..errors import FieldError
from ..text import Line, Optional, Phone, integer

CLOCK_SKEW = timedelta(minutes=10)
"""How far ahead of ours a business system's clock may run."""

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100


class ApplicantKind(StrEnum):
    """Who was served; the values of the interface's `userProp` are in `USER_PROP`."""

    PERSON = "person"
    ENTERPRISE = "enterprise"
    INSTITUTION = "institution"
    SOCIAL = "social"
    UNINCORPORATED = "unincorporated"
    GOVERNMENT = "government"
    OTHER = "other"


USER_PROP = {
    "1": ApplicantKind.PERSON, "2": ApplicantKind.ENTERPRISE, "3": ApplicantKind.INSTITUTION,
    "4": ApplicantKind.SOCIAL, "5": ApplicantKind.UNINCORPORATED, "6": ApplicantKind.GOVERNMENT,
    "9": ApplicantKind.OTHER,
}  # fmt: skip
"""申请人类型 as the provincial interface numbers it (GB/T 39046 A.4 numbers 5 and 6 otherwise)."""

SAME_WORDS = {
    "natural_person": ApplicantKind.PERSON, "individual": ApplicantKind.PERSON,
    "legal_person": ApplicantKind.ENTERPRISE, "company": ApplicantKind.ENTERPRISE,
}  # fmt: skip


def _integer(value: object) -> object:
    if isinstance(value, str):
        value = integer(value.strip())
    if not isinstance(value, int) or isinstance(value, bool):
        raise PydanticCustomError("not_a_number", "not a whole number")
    return value


def _moment(value: object) -> object:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            value = None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise PydanticCustomError("not_a_moment", "not ISO 8601 with an offset")
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise PydanticCustomError("not_a_moment", "not a year of ours")
    return value


def at_shanghai(text: str) -> str:
    """Return a time typed without an offset as Shanghai's; anything else is left to be refused."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    return text if moment.tzinfo else moment.replace(tzinfo=clock.SHANGHAI).isoformat()


def _applicant_kind(value: object) -> object:
    if not isinstance(value, str):
        return value
    word = value.strip()
    return USER_PROP.get(word) or SAME_WORDS.get(word) or word


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
MaybeMoment = Annotated[Moment | None, Optional]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Applicant(_Facts):
    """Who was served. Name and phone are kept sealed and serve invitations only."""

    kind: Annotated[ApplicantKind, BeforeValidator(_applicant_kind)] = Field(
        ApplicantKind.PERSON, description="Also the interface's userProp numbers 1-6 and 9."
    )
    name: Annotated[Annotated[Line, Field(max_length=60)] | None, Optional] = None
    phone: Annotated[Phone | None, Optional] = Field(None, description="Chinese or with +country.")


class EventFacts(_Facts):
    """One service that was given and may be rated once."""

    source: Line = Field(min_length=1, max_length=40, description="The reporting system.")
    project_no: Line = Field(min_length=1, max_length=50, description="办件编号.")
    service_number: Annotated[int, Field(ge=1, le=99), BeforeValidator(_integer)] = Field(
        1, description="服务次数, 1 to 99."
    )
    item_code: Line = Field(min_length=1, max_length=40, description="事项, from the catalogue.")
    mode: Mode = Field(Mode.ONSITE, description="onsite 一次一评, online 一事一评.")
    served_at: MaybeMoment = Field(None, description="ISO 8601 with offset; now if absent.")
    window: Annotated[Annotated[Line, Field(max_length=30)] | None, Optional] = None
    officer: Annotated[Annotated[Line, Field(max_length=30)] | None, Optional] = None
    promised_at: MaybeMoment = None
    accepted_at: MaybeMoment = None
    completed_at: MaybeMoment = None
    applicant: Applicant = Field(default_factory=Applicant)

    @property
    def key(self) -> tuple[str, str, int]:
        """What a repeated report is recognised by."""
        return self.source, self.project_no, self.service_number


PYDANTIC_CODES = {
    "missing": "missing", "string_too_long": "too_long", "string_too_short": "missing",
    "string_type": "not_text", "string_unicode": "not_text", "extra_forbidden": "unknown_field",
    "enum": "not_a_choice", "greater_than_equal": "out_of_range", "less_than_equal": "out_of_range",
    "model_type": "not_an_object", "model_attributes_type": "not_an_object",
    "dict_type": "not_an_object",
}  # fmt: skip


def field_errors(error: ValidationError) -> list[FieldError]:
    """Return every fault pydantic found, under our stable codes, without the value typed."""
    faults = (
        FieldError(
            ".".join(str(part) for part in fault["loc"]) or "body",
            PYDANTIC_CODES.get(fault["type"], fault["type"]),
            {
                k: v
                for k, v in fault.get("ctx", {}).items()
                if k in ("max_length", "ge", "le", "expected")
            },
        )
        for fault in error.errors(include_input=False, include_url=False)
    )
    return list({(fault.field, fault.code): fault for fault in faults}.values())


def check_times(facts: EventFacts, served_at: datetime, now: datetime) -> list[FieldError]:
    """Return what cannot be so about the times: the future, or an end before its beginning."""
    wrong = []
    if served_at > now + CLOCK_SKEW:
        wrong.append(FieldError("served_at", "in_future"))
    if facts.accepted_at and facts.completed_at and facts.completed_at < facts.accepted_at:
        wrong.append(FieldError("completed_at", "before_accepted"))
    return wrong


def parse(said: Any) -> EventFacts:
    """Return the facts said. Raises pydantic.ValidationError; see `field_errors`."""
    return EventFacts.model_validate(said)
