"""What somebody said, before we take it: which of it can be a review, and every reason why not.

Decides from the words and the tag table alone; whether the right to rate is still there is the
database's matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from ..catalog.grades import Grade, TagClass
from ..errors import FieldError, Invalid
from ..text import NotText, clean, clean_line, integer, phone

COMMENT_LIMIT = 500
NAME_LIMIT = 30
TAG_LIMIT = 8  # a grade has eight


class Identity(StrEnum):
    """Whether the reviewer may be called back."""

    NAMED = "named"
    ANONYMOUS = "anonymous"


class Channel(StrEnum):
    """Through which door a review came; the field's `pf` codes are mapped at the exchange."""

    WEB = "web"
    QR = "qr"
    SMS = "sms"
    KIOSK = "kiosk"
    HOTLINE = "hotline"
    API = "api"
    PAPER = "paper"
    INSPECTION = "inspection"


@dataclass(frozen=True)
class Draft:
    """What was typed, as it was typed."""

    grade: str
    channel: Channel
    tags: tuple[str, ...] = ()
    comment: str = ""
    identity: str = ""
    name: str = ""
    phone: str = ""
    locale: str = "zh_CN"
    entered_by: UUID | None = None
    """The signed-in member of staff whose screen was used; such a review is marked."""
    ticket: str = ""
    """The random number of the page that was filled in; who sends it again is who rated."""
    may_lack_reason: bool = False
    """Whether a bad rating is kept though it gives no reason: the door asks for it afterwards."""

    def tag_codes(self) -> set[int]:
        """Return the codes that are numbers at all, for looking them up."""
        return {code for code in map(integer, self.tags[: TAG_LIMIT * 5]) if code is not None}


@dataclass(frozen=True)
class KnownTag:
    """What the tag table says of one code."""

    code: int
    grade: int
    in_force: bool
    tag_class: TagClass | None = None


@dataclass(frozen=True)
class Statement:
    """A draft that may become a review. Without a person unless negative and named."""

    grade: Grade
    tags: tuple[int, ...]
    tag_classes: frozenset[TagClass]
    comment: str
    identity: Identity
    name: str | None = None
    phone: str | None = None


def take(draft: Draft, known: Mapping[int, KnownTag]) -> Statement:
    """Return what the draft says. Raises Invalid naming every wrong field.

    A satisfied review keeps no person, whatever was typed; nor does an anonymous one.
    """
    wrong: list[FieldError] = []
    grade = _grade(draft, wrong)
    tags = _tags(draft, grade, known, wrong)
    comment = _text("comment", draft.comment, COMMENT_LIMIT, wrong)
    has_reason = draft.tags or comment or draft.may_lack_reason
    if grade and grade.is_negative and not (has_reason or wrong):
        wrong.append(FieldError("tags", "reason_missing"))
    identity = _identity(draft, grade, wrong)
    name = number = None
    if identity is Identity.NAMED:
        name = _text("name", draft.name, NAME_LIMIT, wrong, one_line=True) or None
        number = _phone(draft, wrong)
    if wrong or grade is None:
        raise Invalid(wrong)
    classes = frozenset(cls for code in tags if (cls := known[code].tag_class))
    return Statement(grade, tags, classes, comment, identity, name, number)


def _grade(draft: Draft, wrong: list[FieldError]) -> Grade | None:
    number = integer(draft.grade.strip())
    if number is not None and 1 <= number <= 5:
        return Grade(number)
    wrong.append(FieldError("grade", "not_a_grade" if draft.grade.strip() else "grade_missing"))
    return None


def _tags(
    draft: Draft, grade: Grade | None, known: Mapping[int, KnownTag], wrong: list[FieldError]
) -> tuple[int, ...]:
    codes = []
    for text in draft.tags:
        tag = known.get(code) if (code := integer(text)) is not None else None
        if tag is None:
            wrong.append(FieldError("tags", "unknown_tag"))
        elif not tag.in_force:
            wrong.append(FieldError("tags", "retired_tag"))
        elif grade and tag.grade != grade:
            wrong.append(FieldError("tags", "tag_of_other_grade"))
        else:
            codes.append(tag.code)
    return tuple(sorted(set(codes)))


def _text(
    field: str, typed: str, limit: int, wrong: list[FieldError], *, one_line: bool = False
) -> str:
    try:
        text = clean_line(typed) if one_line else clean(typed)
    except NotText:
        wrong.append(FieldError(field, "not_text"))
        return ""
    if len(text) > limit:
        wrong.append(FieldError(field, "too_long", {"max_length": limit, "length": len(text)}))
    return text


def _identity(draft: Draft, grade: Grade | None, wrong: list[FieldError]) -> Identity:
    if grade is None or not grade.is_negative:
        return Identity.ANONYMOUS
    if draft.identity in list(Identity):
        return Identity(draft.identity)
    if draft.identity:
        wrong.append(FieldError("identity", "not_a_choice"))
    elif draft.phone.strip() or draft.name.strip():
        wrong.append(FieldError("identity", "identity_missing"))
    return Identity.ANONYMOUS


def _phone(draft: Draft, wrong: list[FieldError]) -> str | None:
    if not draft.phone.strip():
        wrong.append(FieldError("phone", "phone_missing"))
        return None
    number = phone(draft.phone)
    if number is None:
        wrong.append(FieldError("phone", "not_a_phone"))
    return number
