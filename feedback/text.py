"""What may be typed: one layer through which every text, number and phone passes on its way in.

Decides what is text at all (NUL and lone surrogates are not), how it is normalised and which
digits count. Knows no field of the domain.
"""

import re
import unicodedata
from typing import Annotated, Any

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
MOBILE_KINDS = (
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
)
MARKS_IN_A_ROW = 30  # Stream-Safe Text Format, UAX #15
ASCII_INTEGER = re.compile(r"-?[0-9]{1,9}")


class NotText(ValueError):
    """The value holds NUL, a control character or half a surrogate pair."""


def clean(value: str) -> str:
    """Return `value` normalised (NFC, line ends as \\n, no outer space). Raises NotText."""
    if CONTROL.search(value):
        raise NotText
    return (
        unicodedata.normalize("NFC", few_marks(value))
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .strip()
    )


def few_marks(value: str) -> str:
    """Return `value` with at most 30 combining marks in a row: normalising 100,000 takes seconds."""
    if value.isascii():
        return value
    kept, row = [], 0
    for character in value:
        row = row + 1 if unicodedata.combining(character) else 0
        if row <= MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)


def clean_line(value: str) -> str:
    """Return `value` cleaned and on one line. Raises NotText."""
    return " ".join(clean(value).split())


def integer(value: str) -> int | None:
    """Return the number written in up to nine ASCII digits, else None (`int('١٢')` would be 12)."""
    return int(value) if ASCII_INTEGER.fullmatch(value) else None


def phone(value: str) -> str | None:
    """Return the telephone number in E.164 (`+8613812345678`), or None if it is none.

    Chinese numbers need no country code; full-width digits are understood. With a letter in it it is
    none: the library takes `x` for an extension and drops what it does not know.
    """
    plain = unicodedata.normalize("NFKC", value)
    if re.search("[A-Za-z]", plain):
        return None
    try:
        number = phonenumbers.parse(plain, "CN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_mobile(number: str) -> bool:
    """Say whether this is a number in E.164 that may get text messages, as far as its digits tell."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
    return kind in MOBILE_KINDS


def _line(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return clean_line(value)
    except NotText:
        raise PydanticCustomError("not_text", "not text") from None


def _phone(value: str) -> str:
    number = phone(_line(value))
    if number is None:
        raise PydanticCustomError("not_a_phone", "not a phone number")
    return number


def _empty_to_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Line = Annotated[str, BeforeValidator(_line)]
"""A pydantic text on one line, cleaned; give it a length with `Field(max_length=…)`.

Cleaned before it is measured: spaces alone are nothing, and NFC can make a text longer.
"""

Phone = Annotated[str, Field(max_length=40), AfterValidator(_phone)]
"""A pydantic telephone number, in E.164 afterwards."""

Optional = BeforeValidator(_empty_to_none)
"""Reads an empty text as «nothing said»."""
