"""The figures of what happens on the way, from real acts, and the same however late they are asked.

Monday 16 November 2026 begins week 47; Monday 23 November week 48; Monday 30 November week 49.
"""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from flask_babel import force_locale

from feedback.cases import actions as cases
from feedback.cases.states import Ground, State, Verdict
from feedback.catalog.grades import TagClass
from feedback.reports import actions, queries, words
from feedback.reports.commands import text_of
from feedback.reports.figures import Pair, Rate, Way, from_json, to_json
from feedback.reports.figures.past import CaseFacts
from feedback.reports.figures.responsibility import is_the_windows

from ..cases.doing import do, say
from ..factories import NOBODY_HOME, UNHAPPY, make_case, make_district, make_people, walk_to
from .made import OLD, shanghai

TUESDAY, THURSDAY = shanghai("2026-11-17 10:00"), shanghai("2026-11-19 10:00")
NEXT_TUESDAY, NEXT_THURSDAY = shanghai("2026-11-24 10:00"), shanghai("2026-11-26 10:00")
WEEK_AFTER = shanghai("2026-12-01 10:00")
LATER = shanghai("2027-03-01 10:00")
ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def week(number, now=LATER):
    return queries.figures(f"2026-W{number}", now)


def of(figures, department):
    return next(row for row in figures.rows if row.department == department)


def voided(people, at=TUESDAY, judged=THURSDAY):
    case = make_case(at)
    do(cases.appeal, case, people.head, Ground.MISTAKEN, "评错了", (), now=at)
    return do(cases.judge, case, people.judge, Verdict.UPHOLD, "确属误评", now=judged)


def test_a_voided_review_was_received_and_is_then_in_a_figure_of_its_own(people):
    voided(people)
    found = week(47)
    assert found.total.received == Pair(named=1)
    assert (found.total.open, found.total.due, found.total.overdue) == (Pair(), Pair(), Pair())
    assert found.way == Way(received=1, appealed=1, voided=1)
    assert of(found, "RS").way == found.way
    assert week(48).rows == ()


def test_one_that_waits_for_its_judge_still_counts(people):
    case = make_case(TUESDAY)
    do(cases.appeal, case, people.head, Ground.MISTAKEN, "评错了", (), now=THURSDAY)
    assert week(47).total.open == Pair(named=1)
    do(cases.judge, case, people.judge, Verdict.UPHOLD, "确属误评", now=NEXT_TUESDAY)
    assert week(47).total.open == Pair(named=1)
    assert week(47).way == Way(received=1, appealed=1)
    assert week(48).total.open == Pair()
    assert week(48).way == Way(voided=1)


def test_a_dismissed_appeal_changes_nothing_but_its_own_figure(people):
    case = make_case(TUESDAY)
    do(cases.appeal, case, people.head, Ground.MALICIOUS, "恶意", (), now=TUESDAY)
    do(cases.judge, case, people.judge, Verdict.DISMISS, "并非恶意", now=THURSDAY)
    assert week(47).total.open == Pair(named=1)
    assert week(47).way == Way(received=1, appealed=1, dismissed=1)


def test_a_case_that_an_appeal_took_is_never_overdue_and_its_kept_report_stays_right(people):
    """Due on Tuesday 24 November; judged from Thursday 19 until Wednesday 25: due 4 days later."""
    case = make_case(TUESDAY)
    do(cases.appeal, case, people.head, Ground.MISTAKEN, "评错了", (), now=THURSDAY)
    early = shanghai("2026-11-25 10:00")
    assert week(48, early).overdue == ()
    assert of(week(48, early), "RS").counts.due == Pair()
    then = week(48, early)
    do(cases.judge, case, people.judge, Verdict.DISMISS, "确属人社", now=early)
    assert week(48, early) == then
    assert week(48).overdue == ()


def test_a_judge_who_takes_too_long_is_overdue_and_not_the_department(people):
    case = make_case(TUESDAY)
    do(cases.appeal, case, people.head, Ground.MISTAKEN, "评错了", (), now=THURSDAY)
    found = week(48)  # the judge had until Thursday 26 November
    assert [(row.department, row.counts.overdue.named) for row in found.rows] == [(None, 1)]
    assert [(late.number, late.at_desk, late.days) for late in found.overdue] == [
        (case.number, True, 1)
    ]
    assert found.total.rate == Rate(0, 1)


def test_a_slow_visitor_does_not_make_a_diligent_department_late(people):
    case = make_case(TUESDAY)
    walk_to(case, State.VISITING, people, TUESDAY)
    found = week(48)
    assert of(found, "RS").counts.due == Pair()
    assert of(found, None).counts.overdue == Pair(named=1)
    walk_to(case, State.CLOSED, people, WEEK_AFTER)
    closed = of(week(49), "RS").counts
    assert (closed.on_time, closed.rate) == (Rate(1, 1), Rate(1, 1))
    with force_locale("en"):
        said = " ".join(words.sentences(found))
    assert (
        "1 open: Supervisors and visitor" in said or "not closed: Supervisors and visitor" in said
    )


def test_a_late_reply_stays_overdue_until_somebody_else_is(people):
    """Due on Tuesday 24 November, replied on Thursday 26: nothing leaves what is due by that."""
    case = make_case(TUESDAY)
    walk_to(case, State.VISITING, people, NEXT_THURSDAY)
    late = of(week(48), "RS").counts
    assert (late.due, late.overdue, late.longest_overdue) == (Pair(named=1), Pair(named=1), 2)
    assert of(week(49), None).counts.overdue == Pair(named=1)


def test_being_sent_back_makes_no_late_reply_timely(people):
    """Due on Tuesday 24 November, replied on Thursday 26; the second reply comes at once."""
    case = make_case(TUESDAY)
    case = walk_to(case, State.VISITING, people, NEXT_THURSDAY)
    case = do(cases.visit, case, people.operator, UNHAPPY, now=NEXT_THURSDAY)
    do(cases.rectify, case, people.handler, "又改了", "", (), now=NEXT_THURSDAY)
    do(cases.reply, case, people.handler, "又改了", "", "", now=NEXT_THURSDAY)
    walk_to(case, State.CLOSED, people, NEXT_THURSDAY)
    found = of(week(48), "RS").counts
    assert (found.in_time, found.late) == (Pair(), Pair(named=1))


def test_whoever_was_in_time_both_times_was_in_time(people):
    case = make_case(TUESDAY)
    case = walk_to(case, State.VISITING, people, THURSDAY)
    case = do(cases.visit, case, people.operator, UNHAPPY, now=NEXT_THURSDAY)
    do(cases.rectify, case, people.handler, "又改了", "", (), now=NEXT_THURSDAY)
    do(cases.reply, case, people.handler, "又改了", "", "", now=NEXT_THURSDAY)
    walk_to(case, State.CLOSED, people, NEXT_THURSDAY)
    assert of(week(48), "RS").counts.in_time == Pair(named=1)


def test_voided_objected_and_revived_each_week_stays_what_it_was(people):
    case = voided(people)
    first = week(47, NEXT_TUESDAY - timedelta(days=1))
    say(cases.object_to, case, "我没有评错", now=NEXT_TUESDAY)
    assert week(47) == first
    second = week(48, WEEK_AFTER - timedelta(days=1))
    assert (second.total.open, second.way) == (Pair(), Way(objected=1))
    do(cases.reconsider, case, people.leader, Verdict.UPHOLD, "异议成立", now=WEEK_AFTER)
    assert (week(47), week(48)) == (first, second)
    third = week(49)
    assert (third.total.open, third.way) == (Pair(named=1), Way(revived=1))
    walk_to(case, State.CLOSED, people, WEEK_AFTER + timedelta(days=1))
    assert (week(47), week(48)) == (first, second)
    assert week(49, WEEK_AFTER + timedelta(hours=1)).total.open == Pair(named=1)
    assert week(49).total.in_time == Pair(named=1)


def test_what_a_transfer_changes_stays_with_whoever_had_it_then(people):
    case = make_case(TUESDAY)
    do(cases.reassign, case, people.supervisor, "SW", "用水问题", "", now=NEXT_TUESDAY)
    assert of(week(47), "RS").counts.open == Pair(named=1)
    assert [row.department for row in week(48).rows] == ["SW"]
    assert [row.department for row in week(47).answering] == ["RS"]


def test_granted_requests_are_counted_with_the_days_they_moved(people):
    case = make_case(TUESDAY)
    walk_to(case, State.VERIFYING, people, TUESDAY)
    then = week(47, THURSDAY)
    do(cases.ask_complex, case, people.head, "涉及多个部门", now=THURSDAY)
    do(cases.decide, case, people.supervisor, True, "同意", now=THURSDAY)
    do(cases.ask_extension, case, people.head, "等专家", "下周论证", now=NEXT_TUESDAY)
    do(cases.decide, case, people.supervisor, True, "同意", now=NEXT_THURSDAY, days=4)
    assert week(47).way == Way(received=1, made_complex=1, days_moved=10)  # from 5 to 15
    assert week(48).way == Way(extended=1, days_moved=4)
    assert week(47, THURSDAY) == then


def test_a_refused_request_is_not_counted(people):
    case = make_case(TUESDAY)
    walk_to(case, State.VERIFYING, people, TUESDAY)
    do(cases.ask_extension, case, people.head, "忙", "再说", now=THURSDAY)
    do(cases.decide, case, people.supervisor, False, "理由不足", now=THURSDAY)
    assert week(47).way == Way(received=1)


def test_a_dissatisfied_citizen_sends_it_back_with_a_notice(people):
    case = make_case(TUESDAY)
    walk_to(case, State.VISITING, people, TUESDAY)
    do(cases.visit, case, people.operator, UNHAPPY, now=THURSDAY)
    found = week(47)
    assert found.way == Way(received=1, sent_back=1, notices=1, dissatisfied=1, visited=1)
    assert found.way.satisfaction == Rate(0, 1)
    say(cases.add, case, "还没有改", now=NEXT_TUESDAY)
    assert week(48).way == Way()


def test_a_second_review_is_an_answer_and_after_the_closure_too(people):
    case = make_case(TUESDAY)
    walk_to(case, State.VISITING, people, TUESDAY)
    say(cases.second_review, case, 5, "改好了", now=THURSDAY)
    assert week(47).way == Way(received=1, satisfied=1, visited=1)
    other = make_case(NEXT_TUESDAY)
    walk_to(other, State.CLOSED, people, NEXT_TUESDAY)
    say(cases.second_review, other, 1, "又犯了", now=WEEK_AFTER)
    assert week(48).way == Way(received=1, satisfied=1, visited=1)
    assert week(49).way == Way(dissatisfied=1)


def test_an_anonymous_answer_is_no_visit_of_a_named_one(people):
    case = make_case(TUESDAY, **ANONYMOUS)
    walk_to(case, State.CLOSING, people, TUESDAY)
    say(cases.second_review, case, 4, "", now=THURSDAY)
    assert week(47).way == Way(received=1, satisfied=1)


def test_a_visit_overdue_stands_in_the_denominator_until_it_is_made(people):
    case = make_case(TUESDAY)
    walk_to(case, State.VISITING, people, TUESDAY)  # to be visited by Tuesday 24 November
    assert week(47).way.visits == Rate(0, 0)
    assert week(48).way.visits == Rate(0, 1)
    walk_to(case, State.CLOSED, people, WEEK_AFTER)
    assert week(48).way.visits == Rate(0, 1)
    assert week(49).way.visits == Rate(1, 1)


def test_three_calls_in_vain_are_a_visit_and_what_is_said_later_is_not_another(people):
    case = make_case(TUESDAY)
    walk_to(case, State.VISITING, people, TUESDAY)
    for day in range(3):
        at = TUESDAY + timedelta(days=1 + day)
        do(cases.visit, case, people.operator, NOBODY_HOME, now=at)
    say(cases.second_review, case, 5, "收到了", now=NEXT_TUESDAY)
    assert week(47).way == Way(received=1, visited=1)
    assert week(48).way == Way(satisfied=1)


def test_the_leaders_list_is_what_the_rules_say_whether_the_scheduler_ran_or_not(people):
    case = make_case(TUESDAY, **ANONYMOUS)  # due Tuesday 24 November; +3 is Friday 27, 17:30
    assert week(48, shanghai("2026-11-27 17:30")).leaders == ()
    found = week(48)
    assert [(one.number, one.days, one.state) for one in found.leaders] == [
        (case.number, 3, State.ROUTED)
    ]
    assert [one.rung for one in found.overdue] == [4]
    walk_to(case, State.CLOSED, people, WEEK_AFTER)
    assert week(48) == found
    assert week(49).leaders == ()


def test_a_case_sent_back_stands_one_rung_higher(people):
    case = make_case(TUESDAY)
    walk_to(case, State.VISITING, people, TUESDAY)
    do(cases.visit, case, people.operator, UNHAPPY, now=TUESDAY)  # a new term to 24 November
    assert [one.number for one in week(48, shanghai("2026-11-25 17:31")).leaders] == [case.number]
    assert week(48, shanghai("2026-11-25 17:30")).leaders == ()


def test_an_objection_judged_too_late_stays_on_the_list_of_the_weeks_it_waited(people):
    case = voided(people)
    say(cases.object_to, case, "我没有评错", now=NEXT_TUESDAY)  # to be judged by 1 December
    late = shanghai("2026-12-15 10:00")
    then = week(50, late - timedelta(days=1))
    assert [(one.number, one.state) for one in then.leaders] == [(case.number, State.OBJECTED)]
    assert (then.total.open, then.total.overdue) == (Pair(), Pair())
    do(cases.reconsider, case, people.leader, Verdict.DISMISS, "确属误评", now=late)
    assert week(50) == then
    assert week(51).leaders == ()


def test_the_leaders_list_comes_first_in_words(people):
    case = make_case(TUESDAY, **ANONYMOUS)
    with force_locale("en"):
        report = queries.closure("2026-W48", LATER)
        assert words.sentences(report.figures)[0] == "1 case is on the leaders' list."
        lines = text_of(report)
    listed, said = (
        next(n for n, line in enumerate(lines) if words_of in line)
        for words_of in (case.number, "named negative review")
    )
    assert lines[listed - 1] == "On the leaders' list"
    assert listed < said


def test_a_guides_fault_is_never_the_windows(people):
    make_case(TUESDAY, tags=("108",))  # the guide
    make_case(TUESDAY, tags=("115",))  # the staff
    make_case(TUESDAY, tags=("110",))  # a time limit: no rule of its own here
    found = week(47)
    (window,) = found.windows
    assert (window.window, window.own, window.others.guide, window.others.other) == (
        "RS-12", 1, 1, 1,
    )  # fmt: skip
    (row,) = found.answering
    assert (row.about.guide, row.about.staff, row.about.other, row.about.total) == (1, 1, 1, 3)


def test_what_another_department_answers_for_is_not_the_windows():
    facts = CaseFacts(
        "1", "RS", True, TUESDAY, TUESDAY, None, None, State.ROUTED, tag_class=TagClass.STAFF,
        window="RS-12", window_department="RS",
    )  # fmt: skip
    assert is_the_windows(facts)
    assert not is_the_windows(replace(facts, department="SW"))
    assert not is_the_windows(replace(facts, tag_class=TagClass.PROCESS))
    assert not is_the_windows(replace(facts, tag_class=None))
    assert not is_the_windows(replace(facts, window=None, window_department=None))


def test_a_voided_review_counts_for_no_window(people):
    voided(people)
    assert week(47).windows == ()
    assert week(47).answering == ()


def test_what_is_kept_says_the_same_as_what_was_computed(people):
    voided(people)
    make_case(TUESDAY, **ANONYMOUS)
    actions.write_due(shanghai("2026-11-30 08:00"))
    for number in (47, 48):
        kept = queries.closure(f"2026-W{number}", LATER)
        assert kept.standing is queries.Standing.KEPT
        assert kept.figures == week(number)


def test_a_report_kept_before_the_way_was_counted_still_opens_and_says_so(people):
    figures = from_json(OLD)
    assert (figures.version, figures.tells_the_way) == (1, False)
    assert (figures.total.rate, figures.overdue[0].days) == (Rate(1, 2), 2)
    assert words.tables(figures) == []
    assert from_json(json.loads(json.dumps(to_json(figures)))) == figures
    assert "way" not in to_json(figures)["total"]
