from pathlib import Path

import pytest
from jinja2 import UndefinedError

from feedback.notify.models import By
from feedback.notify.occasions import Occasion
from feedback.notify.wording import FOLDER, LOCALES, moment, say, segments, shorten

COPIES = Path(__file__).parent / "wording"
DISTRICT = "济南市历城区"
LINK = "https://hcp.licheng.gov.cn/receipts/7K3M-92QF-M4TX"
FACTS = {
    "number": "HC-2026-000123", "item": "特殊工时首次审批",
    "due_at": "2026-11-30T09:30:00+00:00", "link": "https://hcp.licheng.gov.cn/cases/HC-2026-000123",
}  # fmt: skip
DESK = {Occasion.DESK_DUE_SOON, Occasion.DESK_OVERDUE}
STEPS = ["triage", "transferring", "appealed", "objected", "visiting", "closing"]
MORE = {
    "step": "visiting", "what": "appeal", "granted": False, "notice": "DB-2026-000007",
    "upheld": True, "about": "guide",
}  # fmt: skip
TEXTS = {one for one in Occasion if one.value.startswith("citizen_")} - {Occasion.CITIZEN_ADDED}


def spoken(occasion: Occasion, locale: str) -> str:
    if occasion in TEXTS:
        return say(occasion, By.SMS, locale, FACTS | MORE | {"link": LINK}, DISTRICT).text
    words = say(occasion, By.MAIL, locale, FACTS | MORE, DISTRICT)
    return f"{words.subject}\n\n{words.text}"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("occasion", list(Occasion))
def test_every_message_says_what_was_agreed(occasion, locale):
    copy = (COPIES / f"{occasion.value}.{locale}.txt").read_text()
    assert spoken(occasion, locale).rstrip("\n") == copy.rstrip("\n")


def test_every_folder_of_wording_has_its_occasion():
    assert {folder.name for folder in FOLDER.iterdir()} == {one.value for one in Occasion}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("occasion", sorted(DESK))
def test_the_supervisors_are_told_which_step_is_theirs(occasion, locale):
    said = {
        say(occasion, By.MAIL, locale, FACTS | {"step": step}, DISTRICT).subject for step in STEPS
    }
    assert len(said) == len(STEPS)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("what", ["complex", "extend", "transfer", "appeal", "objection"])
@pytest.mark.parametrize("granted", [True, False])
def test_a_department_hears_what_was_decided_and_how(locale, what, granted):
    facts = FACTS | {"what": what, "granted": granted}
    other = FACTS | {"what": what, "granted": not granted}
    said = say("case_decided", By.MAIL, locale, facts, DISTRICT).subject
    assert said != say("case_decided", By.MAIL, locale, other, DISTRICT).subject


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("评" * 70, 1), ("评" * 71, 2), ("评" * 134, 2), ("评" * 135, 3),
        ("a" * 71, 2),  # always counted as Chinese, because the item's name is
        ("😀" * 35, 1), ("😀" * 36, 2),  # an emoji takes two places
    ],
)  # fmt: skip
def test_parts_of_a_text_message_are_counted_as_carriers_do(text, parts):
    assert segments(text) == parts


SECOND = "https://hcp.licheng.gov.cn/second/HC-2026-000123-abcdefghijklmnop"


@pytest.mark.parametrize("occasion", sorted(TEXTS))
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("item", ["办证", "特殊工时首次审批", "事" * 200])
@pytest.mark.parametrize("upheld", [True, False])
def test_a_citizen_gets_at_most_two_parts(occasion, locale, item, upheld):
    link = SECOND if occasion is Occasion.CITIZEN_REPLIED else LINK
    facts = FACTS | MORE | {"item": item, "link": link, "upheld": upheld}
    assert segments(say(occasion, By.SMS, locale, facts, DISTRICT).text) <= 2


def test_a_text_message_of_three_parts_is_an_error_and_not_a_bill():
    facts = {"item": "办证", "link": LINK + "x" * 100}
    with pytest.raises(ValueError, match="two parts"):
        say("citizen_replied", By.SMS, "zh_CN", facts, DISTRICT)


@pytest.mark.parametrize("word", ["整改", "销号", "时限", "督办", "工单"])
@pytest.mark.parametrize("occasion", sorted(TEXTS))
def test_citizens_read_no_jargon(word, occasion):
    assert word not in spoken(occasion, "zh_CN")


def test_a_missing_fact_is_an_error_and_never_an_empty_place():
    with pytest.raises(UndefinedError):
        say("case_opened", By.MAIL, "zh_CN", {"number": "HC-2026-000123"}, DISTRICT)


def test_an_unknown_occasion_is_an_error():
    with pytest.raises(ValueError, match="no_such"):
        say("no_such", By.MAIL, "zh_CN", FACTS, DISTRICT)


def test_an_unknown_language_is_answered_in_chinese():
    assert say("case_opened", By.MAIL, "fr", FACTS, DISTRICT).subject.startswith("【好差评】")


def test_markup_in_a_name_is_neither_escaped_nor_run():
    text = say("case_opened", By.MAIL, "en", FACTS | {"item": "A & B {{ link }}"}, DISTRICT).text
    assert "Item: A & B {{ link }}" in text


@pytest.mark.parametrize(
    ("when", "language", "said"),
    [
        ("2026-11-30T09:30:00+00:00", "zh_CN", "11月30日（周一）17:30"),
        ("2026-11-30T09:30:00+00:00", "en", "Mon 30 Nov 17:30"),
        ("2026-12-31T20:00:00+00:00", "zh_CN", "1月1日（周五）04:00"),
    ],
)
def test_moments_are_told_by_shanghais_clock(when, language, said):
    assert moment(when, language) == said


def test_a_long_name_is_cut_with_a_mark_and_a_short_one_is_not():
    assert shorten("事" * 21) == "事" * 19 + "…"
    assert shorten("事" * 20) == "事" * 20
