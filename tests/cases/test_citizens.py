"""What the citizen does after the review: second review, more words, «I was pressed»."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from feedback.cases import actions
from feedback.cases.casefile import file_of
from feedback.cases.models import Addition, PressureReport, ReturnVisit, SecondReview
from feedback.cases.second_link import case_number_of, second_link
from feedback.cases.states import Act, Finding, Means, State
from feedback.cases.supervision import Queue, desk
from feedback.db import db, transaction
from feedback.errors import Invalid, NotYours, OutOfTurn, TooOften
from feedback.ledger.models import Entry
from feedback.notify.models import Message
from feedback.offices.models import Account, AccountRole
from feedback.offices.roles import Role
from feedback.reviews.queries import of_case

from ..factories import (
    NOBODY_HOME,
    VISITED,
    make_account,
    make_case,
    make_district,
    make_people,
    walk_to,
)
from .doing import do, reload, say

ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def test_a_satisfied_second_review_is_the_return_visit(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    case = say(actions.second_review, case, 4, "改好了", now=now)
    assert case.state is State.CLOSING
    visit = db.session.scalars(select(ReturnVisit)).one()
    assert (visit.by_id, visit.satisfied) == (None, True)
    case = do(actions.close, case, people.supervisor, "", now=now)
    assert case.state is State.CLOSED


def test_a_second_review_never_touches_the_first(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    say(actions.second_review, case, 5, "", now=now)
    review = of_case(case.id)
    assert (review.grade, review.comment) == (1, "等了三小时没人理")
    assert db.session.scalars(select(SecondReview)).one().grade == 5


@pytest.mark.parametrize("grade", [2, 1])
def test_a_dissatisfied_second_review_sends_the_case_back(people, now, grade):
    case = walk_to(make_case(now), State.VISITING, people, now)
    case = say(actions.second_review, case, grade, "没改", now=now)
    assert (case.state, case.round) == (State.RECTIFYING, 2)


def test_there_is_one_second_review_only(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    case = say(actions.second_review, case, 1, "没改", now=now)
    case = walk_to(case, State.VISITING, people, now)
    with pytest.raises(OutOfTurn):
        say(actions.second_review, case, 5, "", now=now)
    assert db.session.scalar(select(func.count()).select_from(SecondReview)) == 1


def test_the_citizens_own_word_outweighs_what_a_visitor_wrote_down(people, now):
    case = walk_to(make_case(now), State.CLOSING, people, now)
    case = say(actions.second_review, case, 1, "没人问过我", now=now)
    assert (case.state, case.round) == (State.RECTIFYING, 2)


def test_an_anonymous_citizen_answers_on_the_receipt_too(people, now):
    case = walk_to(make_case(now, **ANONYMOUS), State.CLOSING, people, now)
    case = say(actions.second_review, case, 2, "没改", now=now)
    assert (case.state, case.round) == (State.RECTIFYING, 2)
    case = walk_to(case, State.CLOSING, people, now)
    with pytest.raises(Invalid):
        do(actions.close, case, people.supervisor, "", now=now)
    assert do(actions.close, case, people.supervisor, "已改好", now=now).state is State.CLOSED


def test_after_the_end_a_second_review_is_kept_and_moves_nothing(people, now):
    case = walk_to(make_case(now), State.CLOSED, people, now)
    case = say(actions.second_review, case, 1, "又坏了", now=now)
    assert case.state is State.CLOSED
    assert db.session.scalars(select(SecondReview)).one().grade == 1


@pytest.mark.parametrize(("grade", "told"), [(2, {"GOV", "XZSP"}), (3, set())])
def test_a_dissatisfied_word_after_the_end_is_told_to_the_supervisors(people, now, grade, told):
    case = walk_to(make_case(now), State.CLOSED, people, now)
    say(actions.second_review, case, grade, "还是没改", now=now)
    heard = select(Message.to_department).where(Message.dedupe_key.startswith("second:"))
    assert set(db.session.scalars(heard)) == told


@pytest.mark.parametrize("state", [State.ROUTED, State.VERIFYING, State.RECTIFYING])
def test_there_is_nothing_to_answer_before_the_reply(people, now, state):
    case = walk_to(make_case(now), state, people, now)
    with pytest.raises(OutOfTurn):
        say(actions.second_review, case, 5, "", now=now)


def test_the_one_time_link_names_its_case_and_is_not_forged(people, now):
    token = second_link("HC-2026-000123").rsplit("/", 1)[1]
    assert case_number_of(token) == "HC-2026-000123"
    for forged in (token[:-1] + ("a" if token[-1] != "a" else "b"), "HC-2026-000124" + token[14:],
                   "", "-", "HC-2026-000123-", "é" * 40, token.upper()):  # fmt: skip
        assert case_number_of(forged) is None


def test_more_words_reach_the_department_at_any_time_before_the_end(people, now):
    case = make_case(now)
    say(actions.add, case, "当时还有两个人可以作证", now=now)
    assert file_of(reload(case)).additions[0].words == "当时还有两个人可以作证"
    told = db.session.scalars(select(Message).where(Message.occasion == "citizen_added")).one()
    assert told.to_department == "RS"
    case = walk_to(case, State.CLOSED, people, now)
    with pytest.raises(OutOfTurn):
        say(actions.add, case, "再补充", now=now)


def test_more_words_have_a_measure(people, now):
    case = make_case(now)
    for number in range(20):
        say(actions.add, case, f"第{number}次", now=now)
    with pytest.raises(TooOften):
        say(actions.add, case, "第21次", now=now)
    assert db.session.scalar(select(func.count()).select_from(Addition)) == 20


def test_pressure_reaches_the_supervisors_and_nothing_of_it_shows_in_the_case(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    say(actions.report_pressure, case, "窗口打电话让我改好评", now=now)
    file = file_of(reload(case))
    everything = f"{[line.facts for line in file.timeline]}{[m.facts for m in file.messages]}"
    assert "pressure" not in everything
    report = db.session.scalars(select(PressureReport)).one()
    lines = db.session.scalars(select(Entry).where(Entry.subject == "pressure")).all()
    assert [line.subject_id for line in lines] == [str(report.id)]
    asked = db.session.scalars(select(Message).where(Message.occasion == "desk_asked")).all()
    assert {message.to_department for message in asked} == {"GOV", "XZSP"}


def test_pressure_by_a_supervising_office_is_told_to_the_other_one_only(people, now):
    case = make_case(now, item="GOV-001")
    say(actions.report_pressure, case, "办公室打电话要我改", now=now)
    told = select(Message.to_department).where(Message.dedupe_key.startswith("pressed:"))
    assert set(db.session.scalars(told)) == {"XZSP"}


def test_pressure_is_answered_once_by_another_office(people, now):
    case = make_case(now)
    say(actions.report_pressure, case, "让我改好评", now=now)

    def answer(by):
        with transaction():
            report = db.session.scalars(select(PressureReport)).one()
            actions.answer_pressure(report, reload(case), by, "已约谈", now)

    for nosy in (people.head, people.operator):
        with pytest.raises(NotYours):
            answer(nosy)
    answer(people.supervisor)
    with pytest.raises(OutOfTurn):
        answer(people.supervisor)


def test_who_handled_the_case_does_not_answer_about_pressure_in_another_office_either(people, now):
    case = do(actions.accept, make_case(now), people.handler, now=now)
    say(actions.report_pressure, case, "让我改好评", now=now)
    with transaction():
        handler = db.session.get_one(Account, people.handler.id)
        handler.department_code, handler.roles = "GOV", [AccountRole(name=Role.SUPERVISOR)]

    def answer():
        with transaction():
            report = db.session.scalars(select(PressureReport)).one()
            actions.answer_pressure(report, reload(case), handler, "没有的事", now)

    with pytest.raises(NotYours):
        answer()


def test_without_legal_basis_the_law_is_explained_with_its_article(people, now):
    case = walk_to(make_case(now), State.VERIFYING, people, now)
    case = do(actions.contact, case, people.handler, Means.PHONE, True, "已联系", now=now)
    case = do(actions.verify, case, people.handler, Finding.NO_LEGAL_BASIS, "无依据", now=now)
    with pytest.raises(Invalid) as refused:
        do(actions.rectify, case, people.handler, "解释", "", (), now=now)
    assert refused.value.errors[0].code == "article_missing"
    article = "《行政许可法》第三十二条"
    case = do(actions.rectify, case, people.handler, "已解释", article, (), now=now)
    case = do(actions.reply, case, people.handler, "依据是……", "", "", now=now)
    case = do(actions.visit, case, people.operator, VISITED, now=now)
    assert do(actions.close, case, people.supervisor, "", now=now).state is State.CLOSED


def test_a_named_citizen_is_called_before_the_reply(people, now):
    case = make_case(now)
    case = do(actions.accept, case, people.handler, now=now)
    case = do(actions.verify, case, people.handler, Finding.TRUE, "属实", now=now)
    case = do(actions.rectify, case, people.handler, "已改", "", (), now=now)
    with pytest.raises(OutOfTurn) as refused:
        do(actions.reply, case, people.handler, "已改", "", "", now=now)
    assert refused.value.facts["missing"] == "contact"


@pytest.mark.parametrize(("locale", "ends"), [("zh_CN", ""), ("en", "?lang=en")])
def test_a_link_in_a_message_opens_in_the_language_of_the_review(people, now, locale, ends):
    case = make_case(now, locale=locale)
    told = walk_to(case, State.VISITING, people, now)
    asked = select(Message).where(Message.occasion == "citizen_replied")
    link = db.session.scalars(asked).one().facts["link"]
    assert link == f"{second_link(told.number)}{ends}"


def closed_unreached(people, now):
    """Return a case that was closed after three calls in vain."""
    case = walk_to(make_case(now), State.VISITING, people, now)
    for day in range(3):
        case = do(actions.visit, case, people.operator, NOBODY_HOME, now=now + timedelta(days=day))
    return do(actions.close, case, people.supervisor, "", now=now + timedelta(days=3))


def queue(people, now):
    waiting = desk(people.supervisor, now).queues[Queue.ANSWERS]
    return [(row.case.number, row.turn.act, row.turn.mine) for row in waiting.rows], waiting.found


@pytest.mark.parametrize("make", [closed_unreached, lambda p, now: walk_to(
    make_case(now), State.CLOSED, p, now)], ids=["never reached", "visited"])  # fmt: skip
def test_who_is_dissatisfied_after_the_end_waits_on_the_desk_until_answered(people, now, make):
    case, later = make(people, now), now + timedelta(days=4)
    assert queue(people, later) == ([], 0)
    case = say(actions.second_review, case, 1, "没人找过我", now=later)
    told = db.session.scalars(select(Message).where(Message.dedupe_key.startswith("second:"))).all()
    assert {message.facts["due_at"] for message in told} == {case.answer_due_at.isoformat()}
    assert queue(people, later) == ([(case.number, Act.ANSWER, True)], 1)
    case = do(actions.answer, case, people.supervisor, "已请窗口再查", now=later)
    assert (case.state, case.answer_due_at) == (State.CLOSED, None)
    assert queue(people, later) == ([], 0)
    heard = db.session.scalars(select(Message).where(Message.occasion == "citizen_answered"))
    assert len(heard.all()) == 1
    with pytest.raises(OutOfTurn):
        do(actions.answer, case, people.supervisor, "再答一次", now=later)


def test_a_satisfied_word_after_the_end_waits_for_nobody(people, now):
    case = say(actions.second_review, walk_to(make_case(now), State.CLOSED, people, now), 3, "",
               now=now)  # fmt: skip
    assert case.answer_due_at is None
    with pytest.raises(OutOfTurn):
        do(actions.answer, case, people.supervisor, "x", now=now)


def test_the_office_complained_of_and_whoever_handled_it_answer_nothing(people, now):
    case = walk_to(make_case(now), State.CLOSED, people, now)
    case = say(actions.second_review, case, 1, "又坏了", now=now)
    own = make_account(Role.SUPERVISOR, department="RS")
    with transaction():
        handler = db.session.get_one(Account, people.handler.id)
        handler.department_code, handler.roles = "GOV", [AccountRole(name=Role.SUPERVISOR)]
    for nosy in (own, people.head, people.operator, db.session.get_one(Account, handler.id)):
        with pytest.raises(NotYours):
            do(actions.answer, case, nosy, "没有的事", now=now)
