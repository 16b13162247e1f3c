"""What may be typed at all: one layer for every text on its way in."""

import pytest

from feedback.text import MARKS_IN_A_ROW, NotText, clean, is_mobile, phone


def test_a_letter_and_its_mark_become_one():
    assert clean("Cafe\u0301") == "Café"


def test_a_hundred_thousand_marks_on_one_letter_are_cut_before_they_cost_seconds():
    assert len(clean("等" + "\u0300\u0316" * 50_000)) <= 1 + MARKS_IN_A_ROW


def test_words_with_the_marks_that_languages_need_stay_as_they_are():
    for words in ("Việt Nam", "हिन्दी", "ภาษาไทย", "满意"):
        assert clean(words) == words


@pytest.mark.parametrize("typed", ["a\0b", "\ud800", "\x1b[31m"])
def test_what_no_page_can_show_is_no_text(typed):
    with pytest.raises(NotText):
        clean(typed)


@pytest.mark.parametrize(
    ("number", "mobile"),
    [
        ("+8613812345678", True), ("+8653188881234", False), ("10086", False), ("TWILIO", False),
        ("+1", False), ("", False),
    ],
)  # fmt: skip
def test_only_a_mobile_phone_is_written_to(number, mobile):
    assert is_mobile(number) is mobile


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("138 0013 8000", "+8613800138000"), ("１３８００１３８０００", "+8613800138000"),
        ("0531-88881234", "+8653188881234"), ("+86 138 0013 8000", "+8613800138000"),
        ("13800138000x", None), ("13800138000 ext 5", None), ("1380013800O", None), ("1380013800", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_telephone_number_is_taken_as_people_write_it_and_not_with_a_slip_in_it(typed, number):
    assert phone(typed) == number
