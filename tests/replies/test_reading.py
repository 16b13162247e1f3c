"""Replies by SMS as people type them: a grade is read where it can be nothing else, and never guessed."""

import csv
import re
import time
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from feedback.catalog.grades import Grade
from feedback.replies.reading import Meaning, Reading, read
from feedback.text import CONTROL

with (Path(__file__).parent / "messages.csv").open(encoding="utf-8", newline="") as table:
    MESSAGES = list(csv.DictReader(table))
NOT_CHECKED = "*"
with (Path(__file__).parent / "ordinary.csv").open(encoding="utf-8", newline="") as table:
    ORDINARY = list(csv.DictReader(table))

# Several ways of saying each grade; `FORMS` and the harmless words are joined at random below.
FORMS = {
    5: ["5", "５", "⑤", "5️⃣", "5分", "五星", "非常满意", "非常滿意", "★★★★★", "very satisfied"],
    4: ["4", "４", "④", "4️⃣", "4分", "四星", "满意", "滿意", "★★★★☆", "satisfied"],
    3: ["3", "３", "③", "3️⃣", "3分", "三星", "基本满意", "基本滿意", "★★★☆☆", "fairly satisfied"],
    2: ["2", "２", "②", "2️⃣", "2分", "二星", "不满意", "不滿意", "★★☆☆☆", "not satisfied"],
    1: [
        "1",
        "１",
        "①",
        "1️⃣",
        "1分",
        "一星",
        "非常不满意",
        "非常不滿意",
        "★☆☆☆☆",
        "very dissatisfied",
    ],
}
ANY_FORM = st.sampled_from([(grade, form) for grade, forms in FORMS.items() for form in forms])
SEPARATORS = st.text(" \n\u3000\u00a0,，。.!！；;、:：~～…—", min_size=1, max_size=4)
HARMLESS = st.sampled_from(
    [
        "谢谢",
        "辛苦了",
        "我是张大爷",
        "前天下午去的",
        "办的社保转移",
        "姓王",
        "在政务大厅办的",
        "补充一下",
    ]
)
AROUND = st.text(
    " \n\t\u3000\u00a0，。！、；“”‘’（）【】「」《》\"'()[]\ufe0f\u200b\u200f\ufeff\u202a🙏😊",
    max_size=6,
)
SAID = st.sampled_from([row["text"] for row in MESSAGES if row["meaning"] in ("rating", "words")])
WORD_PIECES = """
    5 1 2 3 4 五 一 A B T 分 星 满意 不 非常 基本 没有 很 太 差 好 ， 。 ? 吗 ★ ☆ 👍 👎 回复 TD 退订 EN 天
    号窗口 - . / 10 very not satisfied dis
"""
OTHER_PIECES = [" ", "\n", "\ud800", "\u200b", "\ufe0f", "\u0301", "\x00"]
PIECES = st.sampled_from([*WORD_PIECES.split(), *OTHER_PIECES])
MESSY = st.lists(PIECES, max_size=12).map("".join)
ANY_TEXT = st.text(st.characters(exclude_categories=[])) | MESSY


def full_width(text: str) -> str:
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
    return text.translate({**wide, 0x20: 0x3000})


def meant(reading: Reading) -> tuple[Meaning, Grade | None, str | None]:
    return reading.meaning, reading.grade, reading.letter


def as_expected(row: dict[str, str]) -> tuple[Meaning, Grade | None, str | None]:
    grade = Grade(int(row["grade"])) if row["grade"] else None
    return Meaning(row["meaning"]), grade, row["letter"] or None


@pytest.mark.parametrize("row", MESSAGES, ids=lambda row: ascii(row["text"]))
def test_a_message_is_read_as_a_clerk_would_read_it(row):
    reading = read(row["text"])
    assert meant(reading) == as_expected(row), row["why"]
    assert row["words"] in (NOT_CHECKED, reading.words)


def test_the_table_has_every_meaning_and_every_grade():
    assert {row["meaning"] for row in MESSAGES} == set(Meaning)
    assert {row["grade"] for row in MESSAGES} - {""} == set("54321")
    assert len({row["text"] for row in MESSAGES}) == len(MESSAGES) >= 350


@pytest.mark.parametrize(("tone", "grades"), [("praise", (5, 4)), ("blame", (1, 2))])
def test_of_a_hundred_ordinary_messages_at_most_two_are_asked_back(tone, grades):
    ordinary = [row["words"] for row in ORDINARY if row["tone"] == tone]
    assert len(ordinary) >= 200
    for grade in grades:
        asked = [words for words in ordinary if read(f"{grade} {words}").grade != grade]
        assert len(asked) / len(ordinary) <= 0.02, asked


@pytest.mark.parametrize(("tone", "grade"), [("praise", 1), ("blame", 5)])
def test_of_a_hundred_messages_with_the_scale_upside_down_most_are_asked_back(tone, grade):
    """The others say too little to be sure; their words stand beside the grade for whoever reads."""
    ordinary = [row["words"] for row in ORDINARY if row["tone"] == tone]
    taken = [words for words in ordinary if read(f"{grade} {words}").grade == grade]
    assert len(taken) / len(ordinary) <= 0.36, taken


# --- what is kept of a message ---


def test_words_stay_as_they_were_typed():
    assert read("2，態度差！\r\n等了３小時\u200b").words == "態度差！\n等了３小時\u200b"


def test_what_no_database_takes_is_dropped_from_the_words():
    assert read("2 态\x00度\ud83d差").words == "态度差"
    assert read("\udc00你好\x07啊").words == "你好啊"


def test_a_message_of_words_is_kept_whole():
    assert read(" 2等了三小时\n没人 ").words == "2等了三小时\n没人"


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("EN", "en"),
        ("English", "en"),
        ("英文", "en"),
        ("中文", "zh_CN"),
        ("cn", "zh_CN"),
        ("漢語", "zh_CN"),
    ],
)
def test_another_language_is_asked_for_by_its_name(text, locale):
    assert read(text) == Reading(Meaning.LANGUAGE, locale=locale)


def test_the_letter_t_asks_to_stop_and_never_names_a_service():
    letters = {chr(code) for code in range(ord("A"), ord("Z") + 1)}
    assert {read(letter).letter for letter in letters} - {None} == letters - {"T"}
    assert {read(f"{letter}5").letter for letter in letters} - {None} == letters - {"T"}
    assert read("T").meaning is Meaning.STOP


ASKING_TO_STOP = ["退订", "TD", "别再发了", "不要再发短信了", "我要退订", "取消订阅"]


@given(ANY_FORM, SEPARATORS, st.sampled_from(ASKING_TO_STOP), st.booleans())
def test_a_grade_beside_a_wish_to_stop_counts_whichever_comes_first(said, gap, stop, stop_first):
    grade, form = said
    reading = read(stop + gap + form if stop_first else form + gap + stop)
    assert (reading.meaning, reading.grade) == (Meaning.STOP, grade)


@given(SAID, st.sampled_from(ASKING_TO_STOP))
def test_who_asks_to_stop_at_the_end_is_heard_whatever_was_said_before(text, stop):
    alone = read(text)
    reading = read(f"{text}，{stop}")
    assert (reading.meaning, reading.grade) == (Meaning.STOP, alone.grade)


# --- whatever is typed ---


@given(ANY_TEXT)
def test_any_text_is_read_and_twice_the_same(text):
    reading = read(text)
    assert reading == read(text)
    assert reading.grade is not None or reading.meaning is not Meaning.RATING
    assert reading.grade is None or reading.meaning in (Meaning.RATING, Meaning.STOP)
    assert (reading.locale is not None) == (reading.meaning is Meaning.LANGUAGE)
    assert reading.words == reading.words.strip()
    assert not CONTROL.search(reading.words)


@given(ANY_TEXT)
def test_what_was_kept_as_words_is_not_read_otherwise_later(text):
    reading = read(text)
    assume(reading.meaning is Meaning.WORDS)
    assert read(reading.words) == reading


LONG = [
    "5 " + "不" * 100_000,
    "5 " + "没有" * 50_000 + "好",
    "5 # " * 25_000,
    "#" * 100_000,
    "★ " * 50_000,
    "5 " * 50_000,
    "非常 " * 30_000 + "满意",
    "谢谢" * 50_000 + "x",
    "5" + "!" * 100_000 + "?",
    "5 " + "1.1." * 25_000,
    "来自我的" * 25_000,
    "a" + "\u0315\u0300" * 50_000,
    "\ud800" * 100_000,
    "退订" * 50_000,
    "退订，" * 30_000 + "x",
    "退订" + "谢谢" * 50_000 + "x",
    "别再发" * 30_000,
    "2" + "，" * 100_000 + "x",
    "1 " + "没有问题" * 25_000,
    "5 " + "材料退" * 30_000,
    "1 " + "服务" * 50_000,
    "5 " + "一般 " * 50_000,
    "2 " + "说，退订，" * 20_000,
    "5 " + "stop " * 25_000,
    "TD " * 30_000 + "x",
]


@pytest.mark.parametrize("text", LONG, ids=lambda text: ascii(text[:8]))
def test_a_very_long_text_keeps_nobody_waiting(text):
    start = time.process_time()
    read(text)
    assert time.process_time() - start < 2


@given(SAID, AROUND, AROUND)
def test_what_stands_around_a_message_does_not_change_it(text, before, after):
    assert meant(read(before + text + after)) == meant(read(text))


@given(SAID | MESSY)
def test_full_width_is_read_like_half_width(text):
    assume("\u0301" not in text)  # an accent joins narrow letters only
    assert meant(read(full_width(text))) == meant(read(text))


@given(ANY_FORM, SEPARATORS, HARMLESS)
def test_harmless_words_leave_the_grade(said, separator, words):
    grade, form = said
    assume(form[-1] not in "d" or separator.strip(" \u3000\u00a0"))  # English goes on after a space
    reading = read(form + separator + words)
    assert (reading.grade, reading.words) == (grade, words)


@given(ANY_FORM, ANY_FORM, SEPARATORS)
def test_two_grades_are_a_rating_only_if_they_agree(one, other, separator):
    grade = read(one[1] + separator + other[1]).grade
    assert grade in ((one[0], None) if one[0] == other[0] else (None,))


@given(ANY_FORM, ANY_FORM, HARMLESS, SEPARATORS)
def test_another_grade_after_the_words_is_a_doubt(one, other, words, separator):
    assume(one[0] != other[0])
    assert read(f"{one[1]}，{words}{separator}{other[1]}").grade is None


@given(ANY_FORM, st.sampled_from(["吗", "吗？", "?", "？", "？？", " ?", "吧", "是什么意思"]))
def test_a_question_is_no_rating(said, question):
    assert read(said[1] + question).grade is None


# --- 不满意 is the opposite of 满意 ---


@given(MESSY, st.sampled_from(["满意", "滿意", "满\u200b意"]), MESSY)
def test_no_text_with_dissatisfied_is_read_as_satisfied(before, satisfied, after):
    assert read(f"{before}不{satisfied}{after}").grade in (None, 2, 1)


@given(MESSY, MESSY)
def test_very_dissatisfied_is_never_read_as_anything_better(before, after):
    assert read(f"{before}非常不满意{after}").grade in (None, 1)


NEGATIONS = "不 没 未 非 莫 难 别 无 没有 不是 谈不上 怎么可能"
HEDGES = "很 比较 还 算 挺 太 更 最 都 稍微 勉强 不太 不是很 没有不 谈不上"


@given(st.sampled_from(NEGATIONS.split()), SEPARATORS)
def test_a_negation_before_a_grade_is_never_passed_over(negation, gap):
    assert read(f"{negation}满意").grade in (None, 2)
    assert read(f"{negation}{gap}满意").grade is None
    assert read(f"{negation}5").grade is None


@pytest.mark.parametrize("hedge", HEDGES.split())
def test_only_the_five_words_are_grades(hedge):
    assert read(f"{hedge}满意").grade is None


# --- the table bites: what it would say of simpler readers ---


def first_digit(text: str) -> Reading:
    digit = re.search("[1-5]", text)
    return Reading(Meaning.RATING, Grade(int(digit[0]))) if digit else Reading(Meaning.WORDS)


def word_within(text: str) -> Reading:
    for grade, word in (
        (5, "非常满意"),
        (3, "基本满意"),
        (4, "满意"),
        (2, "不满意"),
        (1, "非常不满意"),
    ):
        if word in text:
            return Reading(Meaning.RATING, Grade(grade))
    return first_digit(text)


def leading_digit(text: str) -> Reading:
    digit = re.match(r"\s*([1-5])", text)
    return Reading(Meaning.RATING, Grade(int(digit[1]))) if digit else Reading(Meaning.WORDS)


def whole_message(text: str) -> Reading:
    said = text.strip()
    return first_digit(said) if len(said) == 1 else Reading(Meaning.WORDS)


@pytest.mark.parametrize(
    ("reader", "wrong_grades", "grades_lost"),
    [
        (first_digit, 250, 80),
        (word_within, 300, 60),
        (leading_digit, 150, 120),
        (whole_message, 0, 300),
    ],
)
def test_a_simpler_reader_guesses_or_loses_many(reader, wrong_grades, grades_lost):
    read_so = [(meant(reader(row["text"]))[1], as_expected(row)[1]) for row in MESSAGES]
    assert sum(got not in (None, grade) for got, grade in read_so) >= wrong_grades
    assert sum(got is None and grade is not None for got, grade in read_so) >= grades_lost


def test_this_reader_guesses_and_loses_none():
    assert [row["text"] for row in MESSAGES if read(row["text"]).grade != as_expected(row)[1]] == []
