"""What is made of a reply in view of what the phone was asked and said before; no database needed."""

from datetime import UTC, datetime, timedelta

import pytest

from feedback.catalog.grades import Grade
from feedback.replies.reading import Meaning, Reading, read, tells_more
from feedback.replies.talk import Made, Open, Situation, next_step, together

WROTE = datetime(2026, 3, 2, 9, tzinfo=UTC)
BEFORE, SINCE = WROTE - timedelta(hours=1), WROTE + timedelta(hours=1)


def asked(letters: str, at: datetime = BEFORE) -> tuple[Open, ...]:
    return tuple(Open(letter, at) for letter in letters)


def situation(open_: tuple[Open, ...] = (), **changes) -> Situation:
    return Situation(**{"open": open_, "last_at": WROTE, "known": True, **changes})


def step(text: str, open_: tuple[Open, ...] = (), **changes):
    return next_step(read(text), situation(open_, **changes))


def after(before: str, text: str, open_: tuple[Open, ...] = (), **changes):
    """What is made of `text` where `before` was asked back about."""
    return step(text, open_, pending=read(before), asked_back=1, **changes)


def in_short(done) -> tuple[Made, str, str]:
    return done.made, done.letter, done.said.words


# --- a reason rates no other service ---


def test_who_was_asked_why_and_answers_with_the_grade_again_gives_a_reason():
    done = step("1，窗口的人态度差", asked("B"), asked_why_at=WROTE, has_case=True)
    assert in_short(done) == (Made.REASON, "", "窗口的人态度差")


def test_a_bare_grade_instead_of_a_reason_is_asked_which_service_it_means():
    assert step("1", asked("B"), asked_why_at=WROTE).made is Made.ASKED_WHICH


def test_who_repeats_the_bare_grade_when_asked_which_means_the_only_one_open():
    done = after("1", "1", asked("B"), asked_why_at=WROTE)
    assert in_short(done) == (Made.REVIEW, "B", "")


@pytest.mark.parametrize("before", ["等了三小时没人理我", "2 等了三小时没人理我"])
def test_a_grade_that_we_asked_for_is_no_reason_for_the_service_before(before):
    """The words came after the other service was asked about, so we asked about that one."""
    done = after(before, "2", asked("B"), asked_why_at=WROTE, has_case=True)
    assert in_short(done) == (Made.REVIEW, "B", "等了三小时没人理我")


def test_words_with_the_grade_are_a_reason_though_we_asked_which_service_a_bare_one_meant():
    assert after("1", "1 没人理", asked("B"), asked_why_at=WROTE).made is Made.REASON


@pytest.mark.parametrize("text", ["B1", "B1，窗口的人态度差"])
def test_who_names_the_other_service_rates_it_though_a_reason_is_wanted(text):
    done = step(text, asked("B"), asked_why_at=WROTE)
    assert (done.made, done.letter) == (Made.REVIEW, "B")


def test_a_service_asked_about_since_is_what_the_grade_is_for():
    done = step("1，没人理", asked("B", SINCE), asked_why_at=WROTE)
    assert in_short(done) == (Made.REVIEW, "B", "没人理")


@pytest.mark.parametrize("text", ["5 很好，谢谢", "5", "2 没人理"])
def test_a_service_asked_about_after_our_why_is_rated_though_courtesies_came_in_between(text):
    """The phone last wrote («收到») after both questions; that was no answer to either."""
    between = WROTE - timedelta(days=1)
    done = step(text, asked("B"), asked_why_at=between, has_case=True)
    assert (done.made, done.letter) == (Made.REVIEW, "B")


def test_words_after_our_why_and_another_invitation_are_no_reason_but_asked_about():
    between = WROTE - timedelta(days=1)
    done = step("很好，谢谢", asked("B"), asked_why_at=between, has_case=True)
    assert done.made is Made.ASKED_GRADE


def test_with_nothing_open_a_grade_with_words_is_the_reason_and_a_bare_one_too_late():
    assert step("A1 没人理", asked_why_at=WROTE, has_case=True).made is Made.REASON
    assert step("1", asked_why_at=WROTE, has_case=True).made is Made.TOO_LATE


# --- words before the grade ---


def test_words_before_a_bad_grade_are_its_reason():
    done = after("等了三小时没人理我", "2", asked("A"))
    assert in_short(done) == (Made.REVIEW, "A", "等了三小时没人理我")


def test_words_before_and_beside_a_bad_grade_are_both_kept():
    done = after("等了三小时没人理我", "2 还骂人", asked("A"))
    assert done.said.words == "等了三小时没人理我\n还骂人"


@pytest.mark.parametrize(
    "doubtful",
    ["还行", "一般", "一般般吧", "不太满意", "很不满意", "5?", "5是什么意思", "差评", "你好"],
)
def test_a_doubtful_grade_is_no_reason_for_the_clear_one_after_it(doubtful):
    assert not tells_more(doubtful)
    assert after(doubtful, "2", asked("A")).said.words == ""


@pytest.mark.parametrize("reason", ["态度差", "没人理", "窗口沒人", "等了三小时没人理我"])
def test_a_short_reason_is_one_too(reason):
    assert tells_more(reason)


def test_words_before_a_good_grade_are_not_put_under_it():
    assert after("等了三小时没人理我", "5", asked("A")).said.words == ""


def test_praise_before_a_bad_grade_is_asked_about_once_more_as_in_one_text():
    first = after("服务特别好", "1", asked("A"))
    assert (first.made, first.letter) == (Made.ASKED_GRADE, "A")
    pending = together(read("1"), read("服务特别好"))
    for again, grade in (("1", Grade(1)), ("5", Grade(5))):
        done = step(again, asked("A"), pending=pending, asked_back=2)
        assert (done.made, done.said.grade, done.said.words) == (Made.REVIEW, grade, "")


def test_blame_before_a_good_grade_is_asked_about_once_more_too():
    assert after("态度太差了", "5", asked("A")).made is Made.ASKED_GRADE
    assert after("态度太差了", "3", asked("A")).made is Made.REVIEW


def test_who_names_the_service_with_the_odd_grade_need_not_name_it_again():
    assert after("服务特别好", "B1", asked("AB")).letter == "B"
    pending = together(read("B1"), read("服务特别好"))
    done = step("5", asked("AB"), pending=pending, asked_back=2)
    assert in_short(done) == (Made.REVIEW, "B", "")


def test_after_two_questions_an_odd_grade_is_kept_at_once_and_only_the_reason_asked_for():
    done = step("1", asked("A"), pending=read("服务特别好"), asked_back=2)
    assert in_short(done) == (Made.REVIEW, "A", "")


def test_words_belong_to_no_grade_if_we_had_not_asked_back():
    assert step("2", asked("A")).said.words == ""


def test_words_belong_to_no_service_that_was_asked_about_since():
    open_ = (*asked("C", SINCE), *asked("AB"))
    assert in_short(after("等了三小时没人理我", "2", open_)) == (Made.REVIEW, "C", "")
    assert in_short(after("等了三小时没人理我", "A2", open_)) == (
        Made.REVIEW, "A", "等了三小时没人理我",
    )  # fmt: skip


@pytest.mark.parametrize("before", ["2 没人理", "5 服务好"])
def test_who_says_the_same_grade_again_with_a_letter_does_not_lose_the_words(before):
    done = after(before, f"B{before[0]}", asked("AB"))
    assert in_short(done) == (Made.REVIEW, "B", before[2:])
    assert after(before, f"B{before}", asked("AB")).said.words == before[2:], "nor says it twice"


def test_words_come_along_through_the_letter_and_the_grade():
    """Asked which, then asked for the grade: three texts make one rating."""
    pending = together(read("A"), read("等了三小时没人理我"))
    assert (pending.meaning, pending.letter) == (Meaning.CHOICE, "A")
    done = next_step(read("2"), situation(asked("AB"), pending=pending, asked_back=2))
    assert in_short(done) == (Made.REVIEW, "A", "等了三小时没人理我")


# --- a wish to stop beside a grade ---


def test_who_rates_and_stops_is_heard_twice():
    done = step("1 态度差 TD", asked("A"))
    assert in_short(done) == (Made.STOPPED, "", "")
    assert done.also is not None
    assert in_short(done.also) == (Made.REVIEW, "A", "态度差 TD")
    assert done.also.said == Reading(Meaning.RATING, Grade(1), words="态度差 TD")


@pytest.mark.parametrize(
    ("text", "open_", "letter"),
    [("B2，退订", asked("AB"), "B"), ("5 退订", (*asked("B", SINCE), *asked("A")), "B")],
)
def test_a_grade_beside_a_wish_to_stop_rates_the_one_service_it_can_mean(text, open_, letter):
    done = step(text, open_)
    assert done.also is not None
    assert (done.also.made, done.also.letter) == (Made.REVIEW, letter)


@pytest.mark.parametrize("open_", [(), asked("AB")])
def test_a_grade_beside_a_wish_to_stop_rates_nothing_if_it_may_mean_two_or_none(open_):
    done = step("1 态度差 TD", open_, has_case=True)
    assert (done.made, done.also, done.said.words) == (Made.STOPPED, None, "态度差 TD")


def test_a_grade_beside_a_wish_to_stop_answers_no_why():
    assert step("1 没人理 TD", asked("B"), asked_why_at=WROTE).also is None


def test_thanks_beside_a_wish_to_stop_are_no_matter():
    assert in_short(step("TD，谢谢", has_case=True)) == (Made.STOPPED, "", "")


# --- courtesy ---


@pytest.mark.parametrize("text", ["1 谢谢", "1，辛苦了", "2，谢谢，辛苦了！", "不满意，谢谢"])
def test_thanks_beside_a_bad_grade_are_no_reason(text):
    assert in_short(step(text, asked("A"))) == (Made.REVIEW, "A", "")


def test_thanks_beside_a_bad_grade_and_the_letter_after_it_are_no_reason_either():
    assert in_short(after("1 谢谢", "A", asked("AB"))) == (Made.REVIEW, "A", "")


def test_thanks_beside_a_good_grade_stay():
    assert step("5 谢谢", asked("A")).said.words == "谢谢"


@pytest.mark.parametrize("text", ["谢谢", "谢谢，辛苦了", "好的，谢谢！", "Thank you"])
def test_thanks_alone_need_no_answer(text):
    assert step(text, asked("A")).made is Made.NOTHING


# --- asked back often enough ---


@pytest.mark.parametrize("open_", [asked("A"), asked("AB")])
def test_who_is_not_understood_the_third_time_is_looked_after_by_a_person(open_):
    asking = [step("马马虎虎", open_, asked_back=n).made for n in range(4)]
    assert asking[0] is asking[1] is not Made.PERSON
    assert asking[2:] == [Made.PERSON, Made.PERSON]


def test_a_clear_rating_is_taken_however_often_we_asked_back():
    assert step("5", asked("A"), asked_back=5).made is Made.REVIEW
    assert step("B5", asked("AB"), asked_back=5).made is Made.REVIEW


def test_a_letter_after_two_questions_gets_us_on_but_not_the_same_again():
    assert step("A", asked("AB"), asked_back=2, pending=read("还行")).made is Made.ASKED_GRADE
    assert step("A", asked("AB"), asked_back=2, pending=read("A")).made is Made.PERSON
    assert step("F", asked("AB"), asked_back=2, pending=read("还行")).made is Made.PERSON


def test_a_rating_of_which_nobody_knows_what_it_is_for_waits_for_a_person_after_two_questions():
    asking = [step("1 态度太差了", asked("AB"), asked_back=n).made for n in range(3)]
    assert asking == [Made.ASKED_WHICH, Made.ASKED_WHICH, Made.PERSON]
    why = [step("1", asked("B"), asked_why_at=WROTE, asked_back=n).made for n in (1, 2)]
    assert why == [Made.ASKED_WHICH, Made.PERSON]


# --- services called by their name ---


def called(*items: str) -> tuple[Open, ...]:
    return tuple(Open(letter, BEFORE, item) for letter, item in zip("AB", items, strict=True))


TWO = called("特殊工时审批", "企业设立登记")
ALIKE = called("企业变更登记", "企业设立登记")


@pytest.mark.parametrize(
    "text", ["就是特殊工时那个", "特殊工时", "我说的是特殊工时审批。", "特殊工時那次"]
)
def test_who_calls_the_service_by_its_name_when_asked_which_has_named_it(text):
    assert in_short(after("1 态度差", text, TWO)) == (Made.REVIEW, "A", "态度差")
    assert in_short(after("你好", text, TWO))[:2] == (Made.ASKED_GRADE, "A")


def test_a_name_beside_the_grade_is_as_good_as_a_letter():
    assert in_short(step("1 特殊工时那个，态度差", TWO)) == (
        Made.REVIEW,
        "A",
        "特殊工时那个，态度差",
    )


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("5 比特殊工时那次快", TWO),
        ("1 审批", TWO),
        ("1 特殊工时，企业设立", TWO),
        ("2 企业", ALIKE),
        ("2 登记那个", ALIKE),
        ("2 特殊工时", ALIKE),
    ],
)
def test_a_name_that_may_be_of_two_or_is_only_mentioned_is_no_name(text, open_):
    assert step(text, open_).made is Made.ASKED_WHICH


def test_a_name_with_more_words_is_kept_as_words():
    assert after("1", "特殊工时那个，态度差", TWO).made is Made.ASKED_WHICH
    assert step("特殊工时那个", TWO).made is Made.ASKED_WHICH, "we had not asked which"


# --- a letter of before ---


def test_a_letter_from_before_another_service_was_asked_about_is_forgotten():
    """«A» was asked back and its service has run out; three weeks later only C is open."""
    done = after("A", "5", asked("C", SINCE))
    assert (done.made, done.letter) == (Made.REVIEW, "C")


def test_a_letter_whose_service_is_open_still_and_a_newer_question_are_asked_apart():
    open_ = (*asked("C", SINCE), *asked("A"))
    assert after("A", "5", open_).made is Made.ASKED_WHICH
    assert after("A", "A5", open_).letter == "A"


def test_words_for_a_matter_are_put_there_however_often_we_asked_back():
    assert step("还是没人理", has_case=True, asked_back=2).made is Made.ADDITION
