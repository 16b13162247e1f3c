"""The desks: what each person finds on theirs, in which order, and whose turn it is."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback.cases import actions, inboxes, supervision
from feedback.cases.casefile import file_of
from feedback.cases.inboxes import Band, Filter, Pile
from feedback.cases.models import Case, CasePart
from feedback.cases.offers import offered
from feedback.cases.states import ENDED, Act, Bar, Finding, Ground, Means, Part, State, Verdict
from feedback.cases.supervision import Queue
from feedback.cases.urging import climb
from feedback.clock import SHANGHAI
from feedback.clock import now as now_really
from feedback.db import db, transaction
from feedback.offices.models import Department
from feedback.offices.roles import Role

from ..counting import statements
from ..factories import (
    NOBODY_HOME,
    UNHAPPY,
    let_go,
    make_account,
    make_case,
    make_district,
    make_people,
    sign_in,
    walk_to,
)
from .doing import do, reload, say

ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}
DAY = timedelta(days=1)


@pytest.fixture
def people(context):
    make_district()
    return make_people()


def numbers(account, now, **wanted):
    return [row.case.number for row in inboxes.inbox(account, Filter(**wanted), now).rows]


def row_of(case, account, now):
    found = inboxes.inbox(account, Filter(words=case.number), now).rows
    return next(row for row in found if row.case.id == case.id)


def test_the_inbox_holds_own_cases_soonest_due_first(people, now):
    later = make_case(now, **ANONYMOUS)
    sooner = make_case(now)
    make_case(now, item="SW-001", tags=("113",))
    assert numbers(people.handler, now) == [sooner.number, later.number]
    assert inboxes.inbox(people.handler, Filter(), now).counts.open == 2
    after = now + 2 * DAY
    assert numbers(people.handler, after, pile=Pile.OVERDUE) == [sooner.number]
    assert len(numbers(people.supervisor, now)) == 3


def test_today_soon_and_overdue_share_no_case(people, now):
    """Named: contact by Tuesday 17:30. Anonymous: put right by Monday 30 November 17:30."""
    named, anonymous = make_case(now), make_case(now, **ANONYMOUS)
    days = {
        now: ([], [named.number], []),
        now + DAY: ([named.number], [], []),
        now + DAY + timedelta(hours=8): ([], [], [named.number]),
        now + 4 * DAY: ([], [anonymous.number], [named.number]),  # Friday
        now + 7 * DAY: ([anonymous.number], [], [named.number]),
    }
    for moment, piles in days.items():
        shown = tuple(
            numbers(people.handler, moment, pile=pile)
            for pile in (Pile.TODAY, Pile.SOON, Pile.OVERDUE)
        )
        assert shown == piles, moment.astimezone(SHANGHAI)
        counts = inboxes.inbox(people.handler, Filter(), moment).counts
        assert (counts.today, counts.soon, counts.overdue) == tuple(map(len, piles))


def test_a_line_stands_under_the_heading_of_its_pile(people, now):
    case = make_case(now)
    for moment, band in ((now, Band.SOON), (now + DAY, Band.TODAY), (now + 3 * DAY, Band.OVERDUE)):
        assert inboxes.band(row_of(case, people.handler, moment), people.handler, moment) is band
    closed = walk_to(make_case(now), State.CLOSED, people, now)
    row = inboxes.inbox(people.handler, Filter(pile=Pile.ENDED), now).rows[0]
    assert (row.case.number, inboxes.band(row, people.handler, now)) == (closed.number, Band.ENDED)


def test_the_supervisors_time_does_not_make_a_department_look_late(people, now):
    visiting = walk_to(make_case(now), State.VISITING, people, now)
    working = make_case(now + 20 * DAY)
    much_later = now + 20 * DAY
    found = inboxes.inbox(people.handler, Filter(), much_later)
    assert found.counts.overdue == 0
    assert [row.case.number for row in found.rows] == [working.number, visiting.number]
    assert inboxes.band(found.rows[1], people.handler, much_later) is Band.ELSEWHERE
    assert inboxes.inbox(people.supervisor, Filter(), much_later).counts.overdue == 1


def test_a_search_takes_signs_of_patterns_for_what_they_are(people, now):
    make_case(now)
    for words in ("%", "_", "100%"):
        assert numbers(people.handler, now, words=words) == []
    assert len(numbers(people.handler, now, words="特殊工时")) == 1


def test_a_case_sent_back_is_marked_and_has_a_pile(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    make_case(now)
    case = do(actions.visit, case, people.operator, UNHAPPY, now=now)
    assert numbers(people.handler, now, pile=Pile.BACK) == [case.number]
    row = row_of(case, people.head, now)
    assert row.case.round == 2
    assert len(row.notices) == 1
    assert [notice.number for notice in supervision.notices(people.head)] == list(row.notices)
    assert supervision.notices(people.colleague_elsewhere) == []


def test_what_the_head_asked_for_is_shown_while_it_waits(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    do(actions.ask_extension, case, people.head, "等设备", "周五到货", now=now)
    assert numbers(people.head, now, pile=Pile.WAITING) == [case.number]
    row = row_of(case, people.head, now)
    assert (row.asked.reason, row.asked.plan) == ("等设备", "周五到货")
    assert row.turn.act is Act.RECTIFY, "the department goes on meanwhile"
    do(actions.decide, case, people.supervisor, True, "同意", now=now)
    assert numbers(people.head, now, pile=Pile.WAITING) == []
    appealed = do(actions.appeal, make_case(now), people.head, Ground.MISTAKEN, "误评", (), now=now)
    assert numbers(people.head, now, pile=Pile.WAITING) == [appealed.number]


def test_a_page_that_is_not_there_is_the_last_one(people, now, monkeypatch):
    monkeypatch.setattr(inboxes, "PAGE_SIZE", 2)
    for _ in range(3):
        make_case(now)
    found = inboxes.inbox(people.handler, Filter(page=999_999_999), now)
    assert (found.page, found.pages, len(found.rows)) == (2, 2, 1)


WALKED = (
    State.ROUTED, State.VERIFYING, State.RECTIFYING, State.VISITING, State.CLOSING, State.CLOSED,
)  # fmt: skip


def everything(people, now):
    """Make a case of every kind, and return them."""

    def to(state, **said):
        return walk_to(make_case(now, **said), state, people, now)

    def in_verification():
        return to(State.VERIFYING)

    cases = [to(state) for state in WALKED]
    cases += [to(State.VERIFYING, **ANONYMOUS), to(State.CLOSING, **ANONYMOUS)]
    cases.append(do(actions.contact, in_verification(), people.handler, Means.PHONE, True, "好",
                    now=now))  # fmt: skip
    unfounded = do(actions.contact, in_verification(), people.handler, Means.PHONE, True, "好",
                   now=now)  # fmt: skip
    cases.append(do(actions.verify, unfounded, people.handler, Finding.UNFOUNDED, "不实", now=now))
    ready = do(actions.rectify, to(State.RECTIFYING), people.handler, "改了", "", (), now=now)
    cases.append(ready)
    cases.append(do(actions.visit, to(State.VISITING), people.operator, UNHAPPY, now=now))
    cases.append(do(actions.visit, to(State.VISITING), people.operator, NOBODY_HOME, now=now))
    cases.append(do(actions.ask_complex, to(State.RECTIFYING), people.head, "多部门", now=now))
    cases.append(do(actions.ask_transfer, make_case(now), people.head, "水务的", "SW", now=now))
    appealed = do(actions.appeal, make_case(now), people.head, Ground.MISTAKEN, "误评", (), now=now)
    voided = do(actions.appeal, make_case(now), people.head, Ground.OTHER, "误评", (), now=now)
    voided = do(actions.judge, voided, people.judge, Verdict.UPHOLD, "不计", now=now)
    objected = do(actions.appeal, make_case(now), people.head, Ground.OTHER, "误评", (), now=now)
    do(actions.judge, objected, people.judge, Verdict.UPHOLD, "不计", now=now)
    objected = say(actions.object_to, objected, "我不同意", now=now)
    with transaction():
        db.session.get_one(Department, "SW").active = False
    triage = make_case(now, item="SW-001", tags=("113",))
    with transaction():
        db.session.get_one(Department, "SW").active = True
    return [*cases, appealed, voided, objected, triage]


def test_a_filled_button_leads_to_a_form_that_is_there(people, now):
    """What a list offers, the case's own page offers; what has ended is nobody's turn."""
    cases = [reload(case) for case in everything(people, now)]
    assert {case.state for case in cases} == set(State)
    everybody = (people.handler, people.head, people.operator, people.supervisor, people.judge)
    buttons = 0
    for account in everybody:
        seen = inboxes.inbox(account, Filter(), now).rows
        seen += inboxes.inbox(account, Filter(pile=Pile.ENDED), now).rows
        for row in seen:
            assert (row.turn is None) is (row.case.state in ENDED)
            if row.turn and row.turn.mine:
                file = file_of(row.case)
                assert row.turn.act in offered(file, account, now), row.case.state
                buttons += 1
    assert buttons > 30


NEXT = [
    (State.ROUTED, Act.ACCEPT), (State.VERIFYING, Act.CONTACT), (State.RECTIFYING, Act.RECTIFY),
    (State.VISITING, Act.VISIT), (State.CLOSING, Act.CLOSE),
]  # fmt: skip


@pytest.mark.parametrize(("state", "act"), NEXT)
def test_each_state_waits_for_one_act(people, now, state, act):
    case = make_case(now)
    if state is State.RECTIFYING:
        case = walk_to(case, state, people, now)
    case = walk_to(case, state, people, now)
    if state is State.VERIFYING:
        assert case.contacted_at is None
    assert row_of(case, people.supervisor, now).turn.act is act


def test_after_putting_it_right_the_reply_is_next(people, now):
    case = walk_to(make_case(now), State.RECTIFYING, people, now)
    case = do(actions.rectify, case, people.handler, "改了", "", (), now=now)
    assert row_of(case, people.handler, now).turn.act is Act.REPLY


def test_an_unfounded_review_waits_for_the_heads_appeal_while_there_is_time(people, now):
    case = do(actions.accept, make_case(now, **ANONYMOUS), people.handler, now=now)
    case = do(actions.verify, case, people.handler, Finding.UNFOUNDED, "不实", now=now)
    turn = row_of(case, people.handler, now).turn
    assert (turn.act, turn.mine, list(turn.who)) == (Act.APPEAL, False, [Role.HEAD])
    assert row_of(case, people.head, now).turn.mine
    assert row_of(case, people.head, now + 14 * DAY).turn.act is Act.VERIFY


def test_whoever_touched_a_case_does_not_judge_its_appeal(people, now):
    case = make_case(now)
    case = do(actions.reassign, case, people.supervisor, "SW", "职责", "", now=now)
    head = make_account(Role.HEAD, department="SW")
    case = do(actions.appeal, case, head, Ground.NOT_OURS, "不是", (), now=now)
    touched = row_of(case, people.supervisor, now).turn
    assert (touched.mine, touched.bar) == (False, Bar.TOUCHED)
    assert row_of(case, people.judge, now).turn.mine, "the control: another supervisor may"


def test_the_judge_of_an_appeal_does_not_judge_the_objection(people, now):
    case = do(actions.appeal, make_case(now), people.head, Ground.OTHER, "误评", (), now=now)
    do(actions.judge, case, people.judge, Verdict.UPHOLD, "不计", now=now)
    case = say(actions.object_to, case, "我不同意", now=now)
    assert row_of(case, people.judge, now).turn.bar is Bar.TOUCHED
    assert row_of(case, people.supervisor, now).turn.mine


def test_the_office_a_case_is_about_neither_visits_nor_closes(people, now):
    own = make_account(Role.SUPERVISOR, department="RS")
    for state in (State.VISITING, State.CLOSING):
        case = walk_to(make_case(now), state, people, now)
        assert row_of(case, own, now).turn.bar is Bar.OFFICE
        assert row_of(case, people.supervisor, now).turn.mine


def test_a_former_handler_does_not_visit(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    mover = make_account(Role.OPERATOR, department="GOV")
    with transaction():
        db.session.add(CasePart(case_id=case.id, account_id=mover.id, part=Part.HANDLER, at=now))
    assert row_of(case, mover, now).turn.bar is Bar.PART
    assert row_of(case, people.operator, now).turn.mine


def found_in(desk):
    return {queue: waiting.found for queue, waiting in desk.queues.items()}


def test_every_queue_of_the_desk_holds_what_belongs_to_it(people, now):
    cases = everything(people, now)
    desk = supervision.desk(people.supervisor, now)
    assert found_in(desk) == {
        Queue.TRIAGE: 1, Queue.REQUESTS: 2, Queue.APPEALS: 1, Queue.OBJECTIONS: 1,
        Queue.VISITS: 2, Queue.CLOSING: 2, Queue.ANSWERS: 0, Queue.LEADERS: 0,
    }  # fmt: skip
    states = {State.TRIAGE: Queue.TRIAGE, State.APPEALED: Queue.APPEALS}
    for state, queue in states.items():
        mine = [case.number for case in cases if reload(case).state is state]
        assert [row.case.number for row in desk.queues[queue].rows] == mine
    assert desk.open == len(cases) - 2


def test_a_request_stands_in_the_order_of_its_own_deadline(people, now):
    early = walk_to(make_case(now), State.RECTIFYING, people, now)
    late = walk_to(make_case(now + DAY, **ANONYMOUS), State.RECTIFYING, people, now + DAY)
    do(actions.ask_extension, late, people.head, "等", "周五", now=now + DAY)
    do(actions.ask_extension, early, people.head, "等", "周五", now=now + 2 * DAY)
    rows = supervision.desk(people.supervisor, now + 2 * DAY).queues[Queue.REQUESTS].rows
    assert [row.case.number for row in rows] == [late.number, early.number]
    assert [row.next_due_at for row in rows] == [row.asked.due_at for row in rows]
    assert all(row.turn.act is Act.DECIDE and row.turn.mine for row in rows)


def test_long_overdue_cases_are_on_the_leaders_list(people, now):
    case = make_case(now)
    climb(now + 10 * DAY)
    desk = supervision.desk(people.leader, now + 10 * DAY)
    assert [row.case.number for row in desk.queues[Queue.LEADERS].rows] == [case.number]
    assert len(desk.notices) == 1
    assert desk.notices[0].case.number == case.number


def test_a_desk_shows_the_first_and_counts_all(people, now):
    for _ in range(supervision.SHOWN + 2):
        walk_to(make_case(now, **ANONYMOUS), State.CLOSING, people, now)
    waiting = supervision.desk(people.supervisor, now).queues[Queue.CLOSING]
    assert (len(waiting.rows), waiting.found) == (supervision.SHOWN, supervision.SHOWN + 2)


def test_the_operator_sees_how_often_nobody_was_reached_and_when_to_try_again(people, now):
    tried = walk_to(make_case(now), State.VISITING, people, now)
    fresh = walk_to(make_case(now + timedelta(hours=1)), State.VISITING, people, now)
    tried = do(actions.visit, tried, people.operator, NOBODY_HOME, now=now)
    row = row_of(tried, people.operator, now)
    assert (row.tries.failed, row.tried_today) == (1, True)
    assert numbers(people.operator, now) == [fresh.number, tried.number]
    tomorrow = now + DAY
    assert not row_of(tried, people.operator, tomorrow).tried_today
    tried = do(actions.visit, tried, people.operator, NOBODY_HOME, now=tomorrow)
    assert row_of(tried, people.operator, tomorrow).tries.failed == 2


def test_attempts_of_an_earlier_round_do_not_count(people, now):
    case = walk_to(make_case(now), State.VISITING, people, now)
    do(actions.visit, case, people.operator, NOBODY_HOME, now=now)
    case = do(actions.visit, case, people.operator, UNHAPPY, now=now + DAY)
    case = walk_to(case, State.VISITING, people, now + DAY)
    assert row_of(case, people.operator, now + DAY).tries.failed == 0


class TestThroughTheDoor:
    """The pages themselves."""

    @pytest.fixture
    def desks(self, app):
        now = now_really()
        with app.app_context():
            make_district()
            people = make_people()
            people.cases = [make_case(now).number]
            let_go(*(each for each in vars(people).values() if not isinstance(each, list)))
        return people

    def page(self, client, path):
        answer = client.get(path)
        assert answer.status_code == 200, path
        return answer.get_data(as_text=True)

    def test_the_inbox_shows_own_cases_with_light_and_next_act(self, client, desks):
        sign_in(client, desks.handler)
        page = self.page(client, "/cases?lang=en")
        assert desks.cases[0] in page
        assert "特殊工时首次审批" in page
        assert re.search(r'class="button primary"[^>]*>Accept<', page)
        assert page.count("button primary") == 1
        assert "13812345678" not in page

    def test_an_inbox_costs_the_same_however_many_cases(self, app, client, desks):
        sign_in(client, desks.handler)
        client.get("/cases")
        with statements(app) as few:
            client.get("/cases")
        with app.app_context():
            for _ in range(30):
                make_case()
        with statements(app) as many:
            assert self.page(client, "/cases").count("HC-2026-") >= 31
        assert len(few) == len(many)

    @pytest.mark.parametrize("who", ["supervisor", "operator"])
    def test_a_desk_costs_the_same_however_many_cases(self, app, client, desks, who):
        sign_in(client, getattr(desks, who))
        now = now_really()

        def one_more():
            cases = (walk_to(make_case(now), to, desks, now) for to in WALKED[:-1])
            do(actions.ask_complex, list(cases)[2], desks.head, "多部门", now=now)

        with app.app_context():
            one_more()
        client.get("/supervision")
        with statements(app) as few:
            client.get("/supervision")
        with app.app_context():
            for _ in range(3):
                one_more()
        with statements(app) as many:
            assert client.get("/supervision").status_code == 200
        assert len(few) == len(many)

    def test_an_empty_desk_says_what_will_appear(self, client, desks):
        sign_in(client, desks.colleague_elsewhere)
        page = self.page(client, "/cases?lang=en")
        assert "Nothing is open" in page
        assert "will appear here at once" in page
        operator = client.application.test_client()
        sign_in(operator, desks.operator)
        assert "the visit appears here" in self.page(operator, "/supervision?lang=en")

    def test_each_role_is_led_by_its_own_navigation(self, app, desks):
        seen = {}
        for who in ("handler", "head", "operator", "supervisor", "leader"):
            client = app.test_client()
            sign_in(client, getattr(desks, who))
            page = client.get("/desk?lang=en", follow_redirects=True).get_data(as_text=True)
            bar = page.split("<nav", 1)[1].split("</nav>", 1)[0]
            seen[who] = re.findall(r'href="([^"]+)"', bar)
        assert seen["handler"] == ["/cases", "/specials"]
        assert seen["head"] == ["/cases", "/specials", "/supervision/notices", "/reports"]
        assert seen["operator"] == ["/supervision", "/find", "/messages/incoming"]
        assert seen["supervisor"] == seen["leader"]
        assert {"/supervision", "/cases", "/find", "/reports"} <= set(seen["supervisor"])

    def test_a_leader_has_the_leaders_list_on_top(self, app, desks):
        now = now_really()
        with app.app_context():
            climb(now + 10 * DAY)
            walk_to(make_case(now, **ANONYMOUS), State.CLOSING, desks, now)
        shown = {}
        for who in ("supervisor", "leader"):
            client = app.test_client()
            sign_in(client, getattr(desks, who))
            page = self.page(client, "/supervision?lang=en")
            shown[who] = re.findall(r'<section class="card queue" id="(\w+)"', page)
        assert shown["supervisor"] == ["closing", "leaders", "notices"]
        assert shown["leader"] == ["leaders", "closing", "notices"]

    def test_a_desk_without_work_says_so_once_and_shows_no_empty_queue(self, app, client, desks):
        sign_in(client, desks.supervisor)
        page = self.page(client, "/supervision?lang=en")
        assert page.count("Nothing waits here.") == 1
        assert re.findall(r'<section class="card queue" id="(\w+)"', page) == ["notices"]
        assert re.search(r'<span class="count muted"><b>0</b> To assign', page)

    def test_the_desk_says_who_asked_for_what_and_who_may_grant_it(self, app, client, desks):
        now = now_really()
        with app.app_context():
            case = walk_to(make_case(now), State.RECTIFYING, desks, now)
            for reason in ("等设备", "设备又晚了"):
                do(actions.ask_extension, case, desks.head, reason, "下周到", now=now)
                if reason == "等设备":
                    do(actions.decide, case, desks.supervisor, True, "同意", now=now)
            moved = make_case(now)
            do(actions.ask_transfer, moved, desks.head, "这是供水的事", "SW", now=now)
        sign_in(client, desks.supervisor)
        page = self.page(client, "/supervision?lang=en")
        for words in ("More time", "设备又晚了", "下周到", "柏", "only a leader may grant it",
                      "这是供水的事", "区水务局"):  # fmt: skip
            assert words in page, words

    @pytest.mark.parametrize("query", [
        "?page=-1", "?page=٣", "?page=99999999999", "?pile=pink", "?state=%00", "?q=%F0%28%8C%28",
        "?q=%00", "?identity=x", "?q=" + "字" * 900, "?pile=ended&state=routed", "?page=999999999",
    ])  # fmt: skip
    def test_nonsense_in_the_address_filters_nothing_and_breaks_nothing(self, client, desks, query):
        sign_in(client, desks.handler)
        assert client.get(f"/cases{query}").status_code == 200
        operator = client.application.test_client()
        sign_in(operator, desks.operator)
        assert operator.get(f"/supervision{query}").status_code == 200

    def test_a_search_finds_by_number_and_by_item(self, app, client, desks):
        sign_in(client, desks.handler)
        number = desks.cases[0]
        for words in (number, number.lower(), number[-4:], "特殊工时"):
            assert number in self.page(client, f"/cases?q={words}"), words
        assert number not in self.page(client, "/cases?q=no-such-thing")


def test_those_that_have_ended_are_counted_only_where_they_are_looked_at(client, people, now):
    walk_to(make_case(now), State.CLOSED, people, now)
    sign_in(client, people.handler)
    counted = re.compile(r'pile=ended"[^>]*><b>1</b>')
    assert not counted.search(client.get("/cases").get_data(as_text=True))
    assert counted.search(client.get("/cases?pile=ended").get_data(as_text=True))


def test_the_states_of_the_ended_are_no_states_to_filter_by(context):
    from feedback.cases.desks import SHOWN_STATES

    assert set(SHOWN_STATES) == set(State) - ENDED


def test_a_case_in_the_leaders_pile_is_open(people, now):
    make_case(now)
    climb(now + 10 * DAY)
    assert db.session.scalars(select(Case.rung)).one() == 4
    assert len(numbers(people.leader, now + 10 * DAY, pile=Pile.LEADERS)) == 1
