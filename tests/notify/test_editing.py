"""A district edits the words of its messages: what takes effect, what is refused, what is kept."""

from functools import partial

import pytest
from sqlalchemy import func, select

from feedback.db import db, transaction
from feedback.errors import Invalid, OutOfTurn
from feedback.ledger.models import Entry
from feedback.notify import edited
from feedback.notify.editing import checked, edit, said
from feedback.notify.models import Wording
from feedback.notify.occasions import Occasion
from feedback.offices.roles import Role
from feedback.offices.sign_in import actor

from ..counting import statements
from ..factories import make_account, make_district
from ..together import at_once, raised

CLOSED = Occasion.CITIZEN_CLOSED
WORDS = "【{{ district }}】“{{ item|shorten }}”办好了。{% if link %}{{ link }}{% endif %}"


@pytest.fixture
def editor(context):
    make_district()
    return actor(make_account(Role.ADMIN, department="GOV", name="陈"))


def put(text, seen, by, now, occasion=CLOSED, locale="zh_CN"):
    with transaction():
        return edit(occasion, locale, text, seen, by, now)


def refused(text, occasion=CLOSED):
    with pytest.raises(Invalid) as refusal:
        checked(occasion, "zh_CN", text)
    return [(fault.field, fault.code) for fault in refusal.value.errors]


def test_the_newest_version_is_in_force_and_every_one_is_kept(editor, now):
    assert edited.in_force("citizen_closed", "zh_CN") is None
    assert put(WORDS, 0, editor, now) == 1
    assert put(f"{WORDS} 谢谢。\r\n", 1, editor, now) == 2
    assert edited.in_force("citizen_closed", "zh_CN") == f"{WORDS} 谢谢。"
    assert edited.in_force("citizen_closed", "fr") == f"{WORDS} 谢谢。", (
        "French is answered in Chinese"
    )
    assert edited.in_force("citizen_closed", "en") is None
    assert edited.in_force("citizen_voided", "zh_CN") is None
    assert [one.text for one in edited.versions(CLOSED, "zh_CN")] == [f"{WORDS} 谢谢。", WORDS]


def test_the_way_back_to_the_file_is_a_version_too(editor, now):
    put(WORDS, 0, editor, now)
    assert edited.all_in_force() == {("citizen_closed", "zh_CN"): WORDS}
    put(None, 1, editor, now)
    assert edited.in_force("citizen_closed", "zh_CN") is None
    assert edited.all_in_force() == {}
    assert edited.newest_version("citizen_closed", "zh_CN") == 2


def test_the_ledger_says_who_edited_what_and_never_the_words(editor, now):
    put(WORDS, 0, editor, now)
    line = db.session.scalars(select(Entry).where(Entry.subject == "wording")).one()
    assert (line.act, line.actor_name) == ("edit", "陈")
    assert line.facts == {
        "occasion": "citizen_closed", "locale": "zh_CN", "version": 1, "from_file": False,
    }  # fmt: skip


def test_whoever_has_not_seen_the_newest_version_is_out_of_turn(editor, now):
    put(WORDS, 0, editor, now)
    for seen in (-1, 0, 2):
        with pytest.raises(OutOfTurn):
            put("别的话", seen, editor, now)
    assert edited.in_force("citizen_closed", "zh_CN") == WORDS


def test_of_two_who_save_at_the_same_moment_one_is_taken(editor, now, context):
    db.session.remove()
    saved = at_once(context, *(partial(put, text, 0, editor, now) for text in ("甲", "乙")))
    assert [type(refusal) for refusal in raised(saved)] == [OutOfTurn]
    assert 1 in saved
    assert db.session.scalar(select(func.count()).select_from(Wording)) == 1


def test_looking_up_the_words_is_one_statement(editor, now, context):
    put(WORDS, 0, editor, now)
    with statements(context) as seen:
        edited.in_force("citizen_closed", "zh_CN")
    assert len([one for one in seen if "wordings" in one]) == 1


def test_words_that_cannot_be_said_are_refused_with_the_reason(app):
    with app.app_context():
        for text, code in {
            "": "missing", " \n": "missing", "好\x00": "not_text", "好\ud800": "not_text",
            "好" * 4001: "too_long", "{{ item": "words_unreadable", "{% if %}": "words_unreadable",
            "{{ item|upper }}": "words_unreadable", "{{ phone }}": "unknown_fact",
            "{{ item_char }}": "unknown_fact", "{{ grade|grade }}": "unknown_fact",
            "{{ item|moment }}": "words_fail", "{{ item.x }}": "words_fail",
            "好" * 135: "words_too_long", "{{ item }}" * 200: "words_too_long",
        }.items():  # fmt: skip
            assert refused(text) == [("text", code)], text[:40]
        for text in ("标题", "标题\n正文没有空行", "{{ number }}"):
            assert refused(text, Occasion.CASE_OPENED) == [("text", "subject_missing")], text


def test_words_are_tried_in_every_case_and_not_in_the_usual_one_alone(app):
    with app.app_context():
        unfinished = '{% set things = {"appeal": "申诉"} %}{{ things[what] }}\n\n{{ link }}'
        assert refused(unfinished, Occasion.CASE_DECIDED) == [("text", "words_fail")]
        longer = "{% if link %}好{% else %}" + "好" * 135 + "{% endif %}"
        assert refused(longer) == [("text", "words_too_long")]


ATTACKS = (
    "{{ ''.__class__ }}", "{{ item.__class__.__mro__ }}", "{{ item['__class__'] }}",
    "{{ item.upper }}", "{{ item|attr('__class__') }}", "{{ config }}", "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}", "{{ district.format(item) }}",
    "{{ lipsum() }}", "{{ cycler }}", "{% for n in range(10000000) %}x{% endfor %}",
    "{% for a in item %}{% for b in item %}{% for c in item %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in item %}x{% else %}{% for b in item %}x{% endfor %}{% endfor %}",
    "{% for a in item recursive %}{{ loop(item) }}{% endfor %}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{{ 'x' * 1000000000 }}", "{{ 9 ** 9 ** 9 ** 9 }}", "{{ '%999999999d' % 1 }}",
    "{{ '%999999999d'|format(1) }}", "{{ item|center(999999999) }}",
    "{% set a = item ~ item %}{% set a = a ~ a %}{{ a }}", "{% set a %}{{ item }}{% endset %}{{ a }}",
    "{% include 'case_opened/zh_CN.txt' %}", "{% extends 'x' %}", "{% import 'x' as x %}",
    "{{ " + "(" * 3900 + " }}", "{{ " + "not " * 900 + "item }}", "{{ item" + "|shorten" * 480 + " }}",
    "{% if item %}" * 150 + "{% endif %}" * 150, "{{ item if " * 300 + "item" + " }}",
    "{% set item_chars = 'x' %}{{ item|shorten }}", "{% set language = 'xx' %}{{ due_at|moment }}",
)  # fmt: skip


def test_nothing_that_is_typed_runs_long_or_reaches_out(app):
    def type_all():
        for text in ATTACKS:
            assert len(refused(text, Occasion.CITIZEN_TERM_MOVED)) == 1, text[:60]

    assert raised(at_once(app, type_all)) == []


def test_where_no_link_passes_the_usual_case_that_is_shown_is_without_one(context):
    assert "http" in said(CLOSED, "zh_CN", None)[0].text
    before = context.config["FEEDBACK"]
    context.config["FEEDBACK"] = before.model_copy(update={"sms_links": "off"})
    try:
        first, *others = said(CLOSED, "zh_CN", None)
    finally:
        context.config["FEEDBACK"] = before
    assert "http" not in first.text
    assert "http" in others[-1].text, "words are still tried with one"
