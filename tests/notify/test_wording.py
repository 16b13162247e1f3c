import random
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from jinja2.sandbox import SecurityError

from feedback.notify.filters import GRADES, day, moment, shorten
from feedback.notify.models import By
from feedback.notify.occasions import LINK_IS_SPARE, TEXTS, Occasion
from feedback.notify.parts import BASIC, EXTENSION, segments
from feedback.notify.samples import samples
from feedback.notify.wording import (
    FOLDER,
    LOCALES,
    NoSubject,
    TooLong,
    facts_of,
    file_words,
    parameters,
    say,
)  # fmt: skip

COPIES = Path(__file__).parent / "wording"
DISTRICT = "济南市历城区"
BASE = "https://hcp.licheng.gov.cn"
LINK = f"{BASE}/receipts/7K3M-92QF-M4TX"
FACTS = {
    "number": "HC-2026-000123", "item": "特殊工时首次审批",
    "due_at": "2026-11-30T09:30:00+00:00", "link": "https://hcp.licheng.gov.cn/cases/HC-2026-000123",
    "why": "属区水务局职责",
}  # fmt: skip
DESK = {Occasion.DESK_DUE_SOON, Occasion.DESK_OVERDUE}
STEPS = ["triage", "transferring", "appealed", "objected", "visiting", "closing"]
INVITED = {"item": "特殊工时首次审批", "day": "2026-11-23", "letter": "", "link": LINK}


def spoken(occasion, locale, facts=None, text=None):
    by = By.SMS if occasion in TEXTS else By.MAIL
    words = say(occasion, by, locale, facts or samples(occasion, locale, BASE)[0], DISTRICT, text)
    return f"{words.subject}\n\n{words.text}" if words.subject else words.text


def every_text():
    """Return every text message to a citizen in every language and case."""
    return [
        (occasion, locale, facts, spoken(occasion, locale, facts))
        for occasion in sorted(TEXTS)
        for locale in LOCALES
        for facts in samples(occasion, locale, BASE)
    ]


def cases_of(occasion, locale):
    """Return what a message says in its different cases, the usual one first."""
    return list(dict.fromkeys(spoken(occasion, locale, f) for f in samples(occasion, locale, BASE)))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("occasion", list(Occasion))
def test_every_message_says_what_was_agreed(occasion, locale):
    said = cases_of(occasion, locale) if occasion in TEXTS else [spoken(occasion, locale)]
    copy = (COPIES / f"{occasion.value}.{locale}.txt").read_text()
    assert "\n---\n".join(said).rstrip("\n") == copy.rstrip("\n")


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


def test_no_text_message_is_longer_than_two_parts_whatever_the_name():
    for occasion, locale, facts, _said in every_text():
        for item in ("办证", "事" * 200):
            longer = facts | {"item": item} if "item" in facts else facts
            assert segments(spoken(occasion, locale, longer)) <= 2, (occasion, locale)


def test_a_name_is_shortened_no_further_than_the_parts_demand():
    plenty = spoken(Occasion.CITIZEN_CLOSED, "zh_CN", {"item": "事" * 200, "link": LINK})
    assert "“" + "事" * 19 + "…”" in plenty
    longer = {"item": "事" * 200, "link": LINK + "x" * 50}
    assert "“" + "事" * 5 + "…”" in spoken(Occasion.CITIZEN_CLOSED, "zh_CN", longer)


def test_an_answer_without_room_is_said_without_its_link_and_news_never_are():
    far = LINK + "x" * 100
    for occasion in sorted(LINK_IS_SPARE):
        for facts in samples(occasion, "zh_CN", BASE):
            if "link" in facts:
                without = spoken(occasion, "zh_CN", facts | {"link": ""})
                assert spoken(occasion, "zh_CN", facts | {"link": far}) == without
    with pytest.raises(TooLong, match="two parts"):
        spoken(Occasion.CITIZEN_REPLIED, "zh_CN", {"item": "办证", "link": far})


def test_a_chinese_invitation_has_room_for_its_link():
    assert LINK in spoken(Occasion.INVITATION, "zh_CN", INVITED)


def test_where_no_link_passes_a_text_says_where_else_to_go():
    for occasion, locale, facts, said in every_text():
        if facts.get("link") == "" and occasion.value.startswith("citizen_"):
            assert "12345" in said, (occasion, locale)
        if "link" in facts:
            assert facts["link"] in said or occasion in LINK_IS_SPARE, (occasion, locale)
        assert "http" not in said or facts.get("link"), (occasion, locale)
        assert "  " not in said, (occasion, locale)


def test_an_invitation_offers_all_five_grades_and_says_how_to_stop():
    for occasion in (Occasion.INVITATION, Occasion.INVITATION_REMINDER):
        for facts in samples(occasion, "zh_CN", BASE):
            said = spoken(occasion, "zh_CN", facts)
            places = [said.index(f"{facts['letter']}{n}{w}") for n, w in GRADES["zh_CN"].items()]
            assert places == sorted(places)
            assert said.startswith("【济南市历城区好差评】")
            assert said.endswith("退订回TD")
            assert "11月23日" in said


def test_whoever_has_several_services_open_hears_of_at_most_five():
    many = [{"letter": x, "item": "事" * 200, "day": "2026-11-23"} for x in "ABCDEFG"]
    for locale in LOCALES:
        said = spoken(Occasion.ANSWER_WHICH, locale, {"services": many})
        assert all(f"{x} 事" in said for x in "ABCDE")
        assert "F 事" not in said
        assert "7" in said


def test_citizens_read_no_jargon():
    for occasion, _locale, _facts, said in every_text():
        assert not [w for w in ("整改", "销号", "时限", "督办", "工单") if w in said], occasion


def test_no_text_message_repeats_what_a_citizen_wrote():
    told = {name for occasion in TEXTS for name in facts_of(occasion)}
    assert told == {
        "item", "link", "receipt", "due_at", "upheld", "day", "letter", "grade", "services",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("评" * 70, 1), ("评" * 71, 2), ("评" * 134, 2), ("评" * 135, 3),
        ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3),
        ("a" * 160 + "评", 3), ("“" * 71, 2),  # one character beyond the alphabet makes all dear
        ("€" * 80, 1), ("€" * 81, 2), ("a" + "€" * 80, 2), ("{" * 152, 2), ("{" * 153, 3),
        ("😀" * 35, 1), ("😀" * 36, 2),  # an emoji takes two places
        ("😀" * 66, 2), ("😀" * 67, 3),  # and is not torn in two: 33 to a part
        ("", 1),
    ],
)  # fmt: skip
def test_parts_of_a_text_message_are_counted_as_carriers_do(text, parts):
    assert segments(text) == parts


def slowly_counted(text):
    """Cut a text into its parts, one character after the other, and count them."""
    gsm = all(c in BASIC or c in EXTENSION for c in text)
    places = ["xx" if (c in EXTENSION if gsm else c > "\uffff") else "x" for c in text]
    if len("".join(places)) <= (160 if gsm else 70):
        return 1
    cut = [""]
    for place in places:
        if len(cut[-1] + place) > (153 if gsm else 67):
            cut.append("")
        cut[-1] += place
    return len(cut)


def test_any_text_is_counted_like_one_cut_up_slowly():
    chance = random.Random(7)
    for alphabet in ("ab€{\n", "ab评😀€", "评价😀", "é@£_^ "):
        for _ in range(300):
            text = "".join(chance.choices(alphabet, k=chance.randrange(340)))
            assert segments(text) == slowly_counted(text), text


def test_the_alphabet_of_telephones_has_127_characters_and_an_escape():
    assert (len(BASIC), len(EXTENSION)) == (127, 10)
    assert not BASIC & EXTENSION


EDITED = "您好：{{ item|shorten }}办好了。{% if link %}{{ link }}{% endif %}"


def test_edited_words_are_said_instead_of_the_files():
    facts = {"item": "特殊工时首次审批", "link": ""}
    assert (
        spoken(Occasion.CITIZEN_CLOSED, "zh_CN", facts, EDITED) == "您好：特殊工时首次审批办好了。"
    )


def test_every_files_words_may_be_typed_as_edited_ones():
    for occasion in Occasion:
        for locale in LOCALES:
            facts = samples(occasion, locale, BASE)[0]
            typed = spoken(occasion, locale, facts, file_words(occasion, locale))
            assert typed == spoken(occasion, locale, facts)


def test_edited_words_that_go_on_and_on_are_an_error():
    facts = {"item": "事" * 200, "link": ""}
    with pytest.raises(TooLong):
        spoken(
            Occasion.CITIZEN_CLOSED, "zh_CN", facts, "{% for one in item %}0123456789a{% endfor %}"
        )


def test_edited_words_reach_nothing_but_the_facts():
    with pytest.raises(SecurityError):
        spoken(Occasion.CITIZEN_CLOSED, "zh_CN", FACTS, "{{ item.__class__.__mro__ }}")


def test_an_e_mail_without_a_subject_is_an_error():
    for text in ("您好", "您好\n正文", "标题\n\n"):
        with pytest.raises(NoSubject):
            spoken(Occasion.CASE_OPENED, "zh_CN", None, text)


def test_a_gateway_that_keeps_templates_gets_the_facts_in_words():
    facts = INVITED | {"item": "事" * 30, "internal": "x"}
    assert parameters("invitation", "zh_CN", facts) == {
        "item": "事" * 19 + "…", "day": "11月23日", "letter": "", "link": LINK,
    }  # fmt: skip
    judged = {"item": "取水许可", "upheld": True, "link": None}
    assert parameters("citizen_objection_judged", "en", judged) == {
        "item": "取水许可", "upheld": "", "link": "", "receipt": "",
    }  # fmt: skip
    term = {"item": "取水许可", "due_at": FACTS["due_at"]}
    assert parameters("citizen_term_moved", "fr", term) == {
        "item": "取水许可", "due_at": "11月30日（周一）17:30", "link": "", "receipt": "",
    }  # fmt: skip
    assert parameters("answer_thanks", "en", {"grade": 5})["grade"] == "very satisfied"
    services = samples(Occasion.ANSWER_WHICH, "zh_CN", BASE)[0]
    assert parameters("answer_which", "zh_CN", services)["services"] == (
        "A 特殊工时首次审批 11月23日；B 企业职工基本养老保险参保登记 11月24日；C 取水许可 11月25日"
    )


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


@pytest.mark.parametrize(("language", "said"), [("zh_CN", "1月3日"), ("en", "3 Jan")])
def test_days_are_told_without_zeros(language, said):
    assert day("2027-01-03", language) == said
