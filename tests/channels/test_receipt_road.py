"""The receipt in every branch a matter may take, in the words its citizen reads."""

import gzip
import random
import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete

from feedback import clock
from feedback.cases import actions as cases
from feedback.cases.states import Finding, Ground, Means, Outcome, Purpose, State, Verdict
from feedback.catalog.grades import TagClass
from feedback.catalog.models import RoutingRule
from feedback.db import transaction
from feedback.errors import Invalid

from .. import counting
from ..factories import NOBODY_HOME, UNHAPPY, make_case, make_district
from .citizen import text_of
from .matter import ANONYMOUS, Matter

ROUND_TRIP = 14 * 1024


@pytest.fixture
def clocks(now):
    """Return the clock of the test: Monday 10:51, and `shift` to move it on."""
    with time_machine.travel(now + timedelta(minutes=51), tick=False) as traveller:
        yield traveller


@pytest.fixture
def matter(app, clocks):
    """Return a matter that was just rated badly, by name."""
    with app.app_context():
        make_district()
    return Matter(app)


@pytest.fixture
def read(client):
    """Return the words of a matter's receipt."""

    def of(matter):
        answer = client.get(matter.receipt)
        assert answer.status_code == 200
        return text_of(answer)

    return of


def test_the_road_says_who_called_and_who_opened_the_number(matter, read, clocks):
    matter.walk(State.VERIFYING).opens_number("handler", Purpose.CALL_BACK)
    clocks.shift(timedelta(minutes=5))
    matter.contact()
    words = read(matter)
    assert "● Mon 23 Nov 10:56 you were called" in words
    assert (
        "Your number was opened on Mon 23 Nov 10:51 by 区人力资源社会保障局 (Handler)"
        " to call you back." in words
    )
    assert "Nobody so far" not in words


def test_every_opening_of_the_number_is_there_the_visitors_too(matter, read):
    matter.walk(State.VERIFYING).opens_number("head", Purpose.CLARIFY)
    matter.opens_number("handler", Purpose.CALL_BACK)
    matter.walk(State.VISITING).opens_number("operator", Purpose.VISIT)
    words = read(matter)
    assert words.count("Your number was opened") == 3
    assert "by 区政府办公室 (Hotline operator) to ask you how it was put right" in words
    assert "(Department head) to ask you what happened" in words


def test_a_call_in_vain_and_a_talk_at_the_window_are_told_apart(matter, read):
    matter.walk(State.VERIFYING)
    matter.does("handler", cases.contact, Means.PHONE, False, "无人接听")
    assert "the department tried to reach you, in vain" in read(matter)
    matter.does("handler", cases.contact, Means.IN_PERSON, True, "面谈")
    assert "the department spoke with you" in read(matter)


def test_a_first_call_after_its_day_says_so(matter, read, clocks):
    clocks.shift(timedelta(days=2))
    assert "○ by Tue 24 Nov you are called (overdue)" in read(matter)
    matter.walk(State.VERIFYING).contact()
    assert "you were called (later than promised)" in read(matter)


def test_a_matter_passed_on_says_to_whom_by_decision(matter, read):
    matter.does("head", cases.ask_transfer, "不属本部门", "SW")
    assert "○ by Tue 24 Nov it is being decided which department is responsible" in read(matter)
    matter.does("supervisor", cases.decide, True, "同意")
    words = read(matter)
    assert "passed to 区人力资源社会保障局" in words
    assert "found to be another department's: passed on to 区水务局" in words


def test_a_supervisor_who_reassigns_and_restarts_moves_the_date(matter, read, clocks):
    clocks.shift(timedelta(days=1))
    matter.does("supervisor", cases.reassign, "SW", "职责在水务局", "前一部门耽误了")
    assert "passed on to 区水务局 new date: Tue 1 Dec" in read(matter)


def test_the_next_departments_call_has_a_day_of_its_own_when_the_clock_begins_again(
    matter, read, clocks
):
    matter.walk(State.VERIFYING)
    clocks.shift(timedelta(days=2))
    matter.contact().does("supervisor", cases.reassign, "SW", "职责在水务局", "前一部门耽误了")
    words = read(matter)
    assert words.count("you were called (later than promised)") == 1
    assert "○ by Thu 26 Nov you are called" in words
    matter.does("colleague_elsewhere", cases.accept)
    clocks.shift(timedelta(days=2))
    matter.does("colleague_elsewhere", cases.contact, Means.PHONE, True, "致歉")
    assert read(matter).count("you were called (later than promised)") == 2


def test_a_request_that_is_refused_is_nothing_to_the_citizen(matter, read):
    before = read(matter)
    matter.does("head", cases.ask_transfer, "不属本部门", "SW")
    matter.does("supervisor", cases.decide, False, "就是你们的")
    after = read(matter)
    assert before.split("What happens")[1] == after.split("What happens")[1]


def test_more_time_comes_with_its_new_date_and_its_reason(matter, read):
    matter.walk(State.VERIFYING)
    matter.does("head", cases.ask_extension, "要等设备到货", "先临时加人")
    matter.does("supervisor", cases.decide, True, "同意")
    words = read(matter)
    assert "more time was granted by another office new date: Wed 9 Dec 要等设备到货" in words
    assert "○ by Wed 9 Dec put right and answered" in words


def test_a_complex_matter_says_why_it_takes_longer(matter, read):
    matter.walk(State.VERIFYING).does("head", cases.ask_complex, "涉及三个部门")
    matter.does("supervisor", cases.decide, True, "同意")
    assert "new date: Mon 14 Dec 涉及三个部门" in read(matter)


def test_an_answer_after_its_day_says_so(matter, read, clocks):
    matter.walk(State.RECTIFYING)
    clocks.shift(timedelta(days=9))
    assert "○ by Mon 30 Nov put right and answered (overdue)" in read(matter)
    matter.walk(State.VISITING)
    assert "put right and answered (later than promised)" in read(matter)


def test_where_there_was_no_legal_basis_the_law_is_named_with_its_article(matter, read):
    matter.explain_the_law("《行政许可法》第三十二条")
    words = read(matter)
    assert "the law was explained to you" in words
    assert "依照规定不能办理 《行政许可法》第三十二条" in words
    assert "put right and answered" not in words


def test_each_rounds_reply_stays_readable(matter, read):
    matter.walk(State.RECTIFYING).does("handler", cases.rectify, "已改", "", ())
    matter.does("handler", cases.reply, "第一次答复", "", "")
    matter.does("operator", cases.visit, UNHAPPY)
    matter.does("handler", cases.rectify, "再改", "", ())
    matter.does("handler", cases.reply, "第二次答复", "", "")
    words = read(matter)
    assert (
        words.index("第二次答复") < words.index("What happens with it") < words.index("第一次答复")
    )
    assert words.count("第二次答复") == 1


def test_a_citizen_who_stays_dissatisfied_reads_the_conclusion(matter, read):
    matter.walk(State.VISITING).does("operator", cases.visit, UNHAPPY)
    matter.walk(State.VISITING).does("operator", cases.visit, UNHAPPY)
    assert "you were still not satisfied: the supervisors decide how it ends" in read(matter)
    matter.does("supervisor", cases.close, "已约谈负责人，窗口已换人")
    words = read(matter)
    assert "This matter is finished" in words
    assert "the matter was finished 已约谈负责人，窗口已换人" in words


def test_a_satisfied_citizen_does_not_read_the_closers_note(matter, read):
    matter.walk(State.CLOSING).does("supervisor", cases.close, "归档备注")
    assert "This matter is finished" in read(matter)
    assert "归档备注" not in read(matter)


def test_who_was_satisfied_only_in_the_end_does_not_read_the_note_either(matter, read):
    matter.walk(State.VISITING).does("operator", cases.visit, UNHAPPY)
    matter.walk(State.CLOSING).does("supervisor", cases.close, "归档备注")
    assert "归档备注" not in read(matter)


def test_a_citizen_whom_nobody_reached_reads_how_it_ended(matter, read, clocks):
    matter.walk(State.VISITING)
    for _ in range(3):
        matter.does("operator", cases.visit, NOBODY_HOME)
        clocks.shift(timedelta(days=1))
    matter.does("supervisor", cases.close, "三次未能联系上您，窗口已增开")
    assert "the matter was finished 三次未能联系上您，窗口已增开" in read(matter)


def test_a_word_after_the_end_is_answered_by_a_day_and_the_answer_stands_on_the_receipt(
    matter, read
):
    matter.walk(State.CLOSED).says(cases.second_review, 1, "又坏了")
    words = read(matter)
    assert "○ by Tue 24 Nov the supervisors answer what you said after the end" in words
    matter.does("supervisor", cases.answer, "已责成重新检修")
    words = read(matter)
    assert "the supervisors answered what you said after the end 已责成重新检修" in words
    assert "○" not in words


def test_who_was_missed_after_a_dissatisfied_answer_reads_the_conclusion(matter, read, clocks):
    matter.walk(State.VISITING).does("operator", cases.visit, UNHAPPY).walk(State.VISITING)
    for _ in range(3):
        matter.does("operator", cases.visit, NOBODY_HOME)
        clocks.shift(timedelta(days=1))
    with pytest.raises(Invalid):
        matter.does("supervisor", cases.close, "")
    matter.does("supervisor", cases.close, "窗口已换人")
    assert "the matter was finished 窗口已换人" in read(matter)


def test_an_anonymous_citizen_who_was_not_satisfied_reads_the_conclusion(app, clocks, read):
    with app.app_context():
        make_district()
    matter = Matter(app, **ANONYMOUS).walk(State.CLOSING)
    matter.says(cases.second_review, 1, "没改").walk(State.CLOSING)
    with pytest.raises(Invalid):
        matter.does("supervisor", cases.close, "")
    matter.does("supervisor", cases.close, "已约谈负责人")
    assert "the matter was finished 已约谈负责人" in read(matter)


def test_the_law_that_another_department_explained_is_not_in_the_answer(matter, read, clocks):
    matter.walk(State.VERIFYING).contact()
    matter.does("handler", cases.verify, Finding.NO_LEGAL_BASIS, "无依据")
    matter.does("handler", cases.rectify, "已解释", "《行政许可法》第三十二条", ())
    clocks.shift(timedelta(hours=1))
    matter.does("supervisor", cases.reassign, "SW", "职责在水务局", "")
    there = "colleague_elsewhere"
    matter.does(there, cases.accept).does(there, cases.verify, Finding.TRUE, "水管漏水")
    matter.does(there, cases.rectify, "已修水管", "", ())
    matter.does(there, cases.reply, "水管已修好", "", "")
    words = read(matter)
    assert "第三十二条" not in words
    assert "put right and answered" in words
    assert "the law was explained to you" not in words


def test_while_an_appeal_is_judged_the_departments_dates_stand_still(matter, read):
    matter.walk(State.VERIFYING).does("head", cases.appeal, Ground.MALICIOUS, "申诉理由", ())
    words = read(matter)
    assert "the department asked another office to check whether your review counts" in words
    assert "○ by Mon 30 Nov another office checks whether your review counts" in words
    assert "○ put right and answered" in words
    matter.does("judge", cases.judge, Verdict.DISMISS, "情况属实")
    words = read(matter)
    assert "another office found: your review counts" in words
    assert "情况属实" not in words


def test_a_review_that_does_not_count_says_why_and_how_to_object(matter, read):
    matter.void("评的是另一件事")
    words = read(matter)
    assert "Your review does not count" in words
    assert "wrote: 评的是另一件事 What you said stays on record just as you said it" in words
    assert "you can object until the end of Mon 7 Dec" in words
    assert "I do not agree" in words
    for blame in ("alicious", "申诉理由", "mistake"):
        assert blame not in words


def test_an_objection_ends_with_its_day(matter, read, clocks):
    matter.void()
    clocks.move_to(clock.moment_of(clock.day_of(clock.now()) + timedelta(days=14)))
    assert "I do not agree" in read(matter)
    clocks.move_to(clock.moment_of(clock.day_of(clock.now()) + timedelta(days=1)))
    words = read(matter)
    assert "I do not agree" not in words
    assert "An objection was possible until the end of Mon 7 Dec" in words


def test_an_objection_upheld_makes_the_review_count_again(matter, read):
    matter.void().says(cases.object_to, "不是另一件事")
    words = read(matter)
    assert (
        "○ by Mon 30 Nov somebody who has not touched the matter looks at your objection" in words
    )
    assert "不是另一件事" not in words
    matter.does("supervisor", cases.reconsider, Verdict.UPHOLD, "两件事是同一件")
    words = read(matter)
    assert "your objection was heard: your review counts again 两件事是同一件" in " ".join(
        re.sub(r"new date: \w+ \d+ \w+ ", "", words).split()
    )
    assert "Your review does not count" not in words
    assert "another office found: your review does not count" in words


def test_an_objection_dismissed_says_why_and_that_it_is_decided(matter, read):
    matter.void("评的是另一件事").says(cases.object_to, "不是另一件事")
    matter.does("supervisor", cases.reconsider, Verdict.DISMISS, "两件事确实不同")
    words = read(matter)
    assert "You objected. Somebody who had not touched the matter looked at it and wrote:" in words
    assert "两件事确实不同" in words
    assert "评的是另一件事" in words
    assert "With that it is decided" in words
    assert "I do not agree" not in words


def test_an_anonymous_citizen_gets_everything_but_calls_and_visits(app, clocks, read):
    with app.app_context():
        make_district()
    matter = Matter(app, **ANONYMOUS).walk(State.CLOSING)
    words = read(matter)
    assert "The department has replied" in words
    assert "已增开窗口，欢迎再来" in words
    assert "Say how you find it" in words
    for never in ("called", "your number", "confirmed with you"):
        assert never not in words


def test_a_matter_without_a_department_says_by_when_one_is_found(app, clocks, read):
    with app.app_context():
        make_district()
        with transaction() as session:
            session.execute(delete(RoutingRule))
    matter = Matter(app)
    assert "○ by Tue 24 Nov the responsible department is being found" in read(matter)
    matter.does("supervisor", cases.assign, "SW", "职责在水务局", tag_class=TagClass.PROCESS)
    assert "passed to 区水务局" in read(matter)


def test_long_words_begin_on_the_receipt_and_are_whole_on_their_page(matter, read, client):
    long = "改" * 1999 + "完"
    matter.walk(State.RECTIFYING).does("handler", cases.rectify, "已改", "", ())
    matter.does("handler", cases.reply, long, "", "")
    assert long in read(matter), "the answer that is to be rated is whole"
    matter.does("operator", cases.visit, UNHAPPY)
    words = read(matter)
    assert "改" * 200 + "…" in words
    assert "改" * 201 not in words
    page = client.get(matter.page("words"))
    assert page.status_code == 200
    assert long in text_of(page)
    assert matter.page("words") in client.get(matter.receipt).text


def test_before_the_reply_the_page_of_words_says_what_will_stand_there(matter, client):
    assert "The department's reply will stand here" in text_of(client.get(matter.page("words")))


@pytest.fixture
def fullest(app, matter, clocks):
    """Return a matter with every kind of step, every text at its limit and hard to compress."""
    letters = random.Random(3)

    def text():
        return "".join(chr(letters.randrange(0x4E00, 0x9FA5)) for _ in range(2000))

    matter.does("head", cases.ask_transfer, text(), "SW")
    matter.does("leader", cases.decide, False, "否").walk(State.VERIFYING)
    matter.does("head", cases.ask_complex, text()).does("leader", cases.decide, True, "同意")
    for _ in range(2):
        matter.does("head", cases.ask_extension, text(), "计划")
        matter.does("leader", cases.decide, True, "同意")
    matter.void(text()).says(cases.object_to, "不同意")
    matter.does("supervisor", cases.reconsider, Verdict.UPHOLD, text())
    for number in range(10):
        matter.opens_number("handler", Purpose.CALL_BACK)
        matter.does("handler", cases.contact, Means.PHONE, number == 9, "内部")
        clocks.shift(timedelta(minutes=7))
    for number in range(20):
        matter.says(cases.add, f"第{number}次补充")
    matter.does("handler", cases.verify, Finding.NO_LEGAL_BASIS, "无依据")
    matter.does("handler", cases.rectify, "解释", text()[:300], ())
    matter.does("handler", cases.reply, text(), "", "")
    missed = cases.Visit(Means.PHONE, Outcome.FAILED, None, "无人接听")
    for _ in range(2):
        matter.does("operator", cases.visit, missed)
        clocks.shift(timedelta(days=1))
    matter.does("operator", cases.visit, UNHAPPY)
    matter.does("handler", cases.rectify, "再解释", text()[:300], ())
    return matter.does("handler", cases.reply, text(), "", "")


def test_the_fullest_receipt_fits_one_round_trip(fullest, client):
    for query in ("", "?lang=en", "?size=large"):
        page = client.get(f"/receipts/{fullest.code}{query}").data
        assert len(gzip.compress(page, 6)) <= ROUND_TRIP, len(gzip.compress(page, 6))


def test_the_fullest_receipt_costs_as_many_statements_as_a_fresh_one(app, fullest, client):
    with app.app_context():
        make_case(clock.now())
    fresh = Matter(app)
    counts = []
    for matter in (fullest, fresh):
        with counting.statements(app) as seen:
            assert client.get(matter.receipt).status_code == 200
        counts.append(len(seen))
    assert counts == [9, 9]
