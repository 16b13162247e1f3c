"""What may be a review: tables of what was typed, no database."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.catalog.grades import TagClass
from feedback.errors import Invalid
from feedback.reviews.drafts import (
    COMMENT_LIMIT,
    NAME_LIMIT,
    Channel,
    Draft,
    Identity,
    KnownTag,
    Statement,
    take,
)

KNOWN = MappingProxyType(
    {
        510: KnownTag(510, 5, True),
        207: KnownTag(207, 2, True, TagClass.GUIDE),
        214: KnownTag(214, 2, True, TagClass.STAFF),
        110: KnownTag(110, 1, True, TagClass.TIME_LIMIT),
        101: KnownTag(101, 1, False),
    }
)
BAD = {"grade": "1", "comment": "等了三小时"}
NAMED = {**BAD, "identity": "named", "phone": "13812345678"}


def said(**typed: object) -> Statement:
    return take(Draft(**{"grade": "", "channel": Channel.WEB, **typed}), KNOWN)  # type: ignore[arg-type]


def faults(**typed: object) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        said(**typed)
    return [(fault.field, fault.code) for fault in refused.value.errors]


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", "grade_missing"), ("   ", "grade_missing"), ("0", "not_a_grade"), ("6", "not_a_grade"),
        ("-1", "not_a_grade"), ("5.0", "not_a_grade"), ("1e0", "not_a_grade"), ("٣", "not_a_grade"),
        ("五", "not_a_grade"), ("5\n1", "not_a_grade"), ("9" * 5000, "not_a_grade"),
        ("\x00", "not_a_grade"), ("\ud800", "not_a_grade"), ("null", "not_a_grade"),
        ("NaN", "not_a_grade"),
    ],
)  # fmt: skip
def test_a_grade_is_one_of_five_ascii_digits(typed, fault):
    assert faults(grade=typed, comment="words") == [("grade", fault)]


@pytest.mark.parametrize("grade", [5, 4, 3])
def test_a_satisfied_review_needs_nothing_but_its_grade(grade):
    assert said(grade=str(grade)).grade == grade


@pytest.mark.parametrize("grade", ["5", "4", "3"])
def test_a_satisfied_review_keeps_no_person_whatever_was_typed(grade):
    statement = said(grade=grade, identity="named", name="陈先生", phone="13812345678")
    assert (statement.identity, statement.name, statement.phone) == (Identity.ANONYMOUS, None, None)


def test_an_anonymous_review_keeps_no_person_whatever_was_typed():
    statement = said(**{**NAMED, "identity": "anonymous", "name": "陈先生"})
    assert (statement.name, statement.phone) == (None, None)


@pytest.mark.parametrize("grade", ["2", "1"])
@pytest.mark.parametrize("comment", ["", "  \n\t "])
def test_a_negative_review_needs_a_reason(grade, comment):
    assert faults(grade=grade, comment=comment) == [("tags", "reason_missing")]


@pytest.mark.parametrize(
    "reason", [{"tags": ("207",)}, {"comment": "慢"}, {"tags": ("207", "214"), "comment": "慢"}]
)
def test_a_tag_or_a_word_is_reason_enough(reason):
    assert said(grade="2", **reason).grade == 2


@pytest.mark.parametrize(
    ("tags", "codes"),
    [
        (("510",), ["tag_of_other_grade"]), (("110",), ["tag_of_other_grade"]),
        (("101",), ["retired_tag"]), (("999",), ["unknown_tag"]), (("",), ["unknown_tag"]),
        (("x",), ["unknown_tag"]), (("207.0",), ["unknown_tag"]), (("٢٠٧",), ["unknown_tag"]),
        (("\x00",), ["unknown_tag"]), (("9" * 40,), ["unknown_tag"]),
        (("510", "101", "999", "207"), ["tag_of_other_grade", "retired_tag", "unknown_tag"]),
    ],
)  # fmt: skip
def test_a_tag_must_be_in_force_and_of_the_chosen_grade(tags, codes):
    assert faults(grade="2", tags=tags) == [("tags", code) for code in codes]


def test_a_tag_chosen_twice_counts_once():
    statement = said(grade="2", tags=("214", "207", "214"))
    assert statement.tags == (207, 214)
    assert statement.tag_classes == {TagClass.GUIDE, TagClass.STAFF}


@pytest.mark.parametrize("length", [1, COMMENT_LIMIT])
def test_words_up_to_the_limit_are_kept_whole(length):
    assert said(grade="5", comment="慢" * length).comment == "慢" * length


def test_one_character_too_many_is_refused_and_counted():
    with pytest.raises(Invalid) as refused:
        said(grade="5", comment="慢" * (COMMENT_LIMIT + 1))
    assert refused.value.errors[0].facts == {
        "max_length": COMMENT_LIMIT,
        "length": COMMENT_LIMIT + 1,
    }


@pytest.mark.parametrize("field", ["comment", "name"])
@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\ud800"])
def test_what_is_not_text_is_refused_where_it_stands(field, character):
    assert faults(**{**NAMED, field: f"a{character}b"}) == [(field, "not_text")]


def test_line_ends_are_made_alike_and_composed_letters_are_composed():
    assert said(grade="5", comment="  a\r\nb\rc e\u0301 ").comment == "a\nb\nc \u00e9"


@pytest.mark.parametrize(
    "typed", ["13812345678", "138 1234 5678", "１３８１２３４５６７８", "+86 138-1234-5678"]
)
def test_a_phone_is_understood_as_people_write_it(typed):
    assert said(**{**NAMED, "phone": typed}).phone == "+8613812345678"


@pytest.mark.parametrize(
    "typed",
    ["1", "12345678901234567890", "abc", "1381234567", "138123456789", "\x00", "+", "٣" * 11],
)
def test_a_phone_that_is_none_is_refused(typed):
    expected = "not_a_phone" if typed.strip() else "phone_missing"
    assert faults(**{**NAMED, "phone": typed}) == [("phone", expected)]


@pytest.mark.parametrize("phone", ["", "   "])
def test_named_needs_a_phone(phone):
    assert faults(**{**NAMED, "phone": phone}) == [("phone", "phone_missing")]


def test_named_needs_no_name():
    statement = said(**NAMED)
    assert (statement.identity, statement.name) == (Identity.NAMED, None)


def test_a_name_is_one_line_of_at_most_thirty_characters():
    assert said(**{**NAMED, "name": " 陈 \n 先生 "}).name == "陈 先生"
    assert faults(**{**NAMED, "name": "陈" * (NAME_LIMIT + 1)}) == [("name", "too_long")]


def test_whoever_chooses_nothing_and_types_no_phone_is_anonymous():
    assert said(**BAD).identity is Identity.ANONYMOUS


@pytest.mark.parametrize("typed", [{"phone": "13812345678"}, {"name": "陈"}])
def test_a_phone_without_the_choice_is_asked_about_and_never_guessed(typed):
    assert faults(**BAD, **typed) == [("identity", "identity_missing")]


@pytest.mark.parametrize("typed", ["both", "NAMED", "named\nanonymous", "\x00"])
def test_identity_is_one_of_two(typed):
    assert faults(**BAD, identity=typed) == [("identity", "not_a_choice")]


def test_every_wrong_field_is_named_at_once():
    found = faults(
        grade="1", tags=("510", "101"), comment="慢" * 501, identity="named", name="\x00", phone="1"
    )
    assert found == [
        ("tags", "tag_of_other_grade"), ("tags", "retired_tag"), ("comment", "too_long"),
        ("name", "not_text"), ("phone", "not_a_phone"),
    ]  # fmt: skip


def test_thousands_of_tags_cost_a_short_question_to_the_tag_table():
    assert len(Draft("1", Channel.WEB, tags=tuple(map(str, range(5000)))).tag_codes()) <= 40


ANY_TEXT = st.text(st.characters(codec=None), max_size=40)


@given(
    grade=st.sampled_from("12345") | ANY_TEXT,
    tags=st.lists(st.sampled_from(["207", "110", "510", "101"]) | ANY_TEXT, max_size=4),
    comment=ANY_TEXT, identity=st.sampled_from(["", "named", "anonymous"]) | ANY_TEXT,
    name=ANY_TEXT, phone=st.sampled_from(["", "13812345678"]) | ANY_TEXT,
)  # fmt: skip
def test_whatever_is_typed_is_a_lawful_review_or_a_refusal(
    grade, tags, comment, identity, name, phone
):
    try:
        statement = said(
            grade=grade,
            tags=tuple(tags),
            comment=comment,
            identity=identity,
            name=name,
            phone=phone,
        )
    except Invalid:
        return
    negative = statement.grade.is_negative
    assert not negative or statement.tags or statement.comment
    assert (statement.identity is Identity.NAMED) == (statement.phone is not None)
    assert negative or (statement.phone is None and statement.name is None)
    statement.comment.encode()  # half a surrogate pair would raise
