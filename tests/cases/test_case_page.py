"""What the page of one case tells each person: what is next, why it is here, who may do the rest."""

import re
from datetime import timedelta

import pytest

from feedback import clock
from feedback.cases import actions
from feedback.cases.models import Case
from feedback.cases.states import Finding, Ground, Means, State
from feedback.db import db, transaction
from feedback.offices.models import Account, AccountRole
from feedback.offices.roles import Role

from ..counting import statements
from ..factories import (
    NOBODY_HOME,
    UNHAPPY,
    VISITED,
    let_go,
    make_account,
    make_case,
    make_district,
    sign_in,
    walk_to,
)
from .at_desk import post, seen
from .cast import case_in, let_cast_go, make_cast
from .doing import do, say

pytestmark = pytest.mark.usefixtures("monday")

FILLED = re.compile(r'class="button primary[^"]*"')


@pytest.fixture
def cast(app):
    with app.app_context():
        make_district()
        cast = make_cast()
        let_cast_go(cast)
    return cast


@pytest.fixture
def look(app, cast):
    """Return a function that shows a case's page to somebody."""

    def look(who, number):
        client = app.test_client()
        sign_in(client, who if isinstance(who, Account) else cast.everybody[who])
        answer = client.get(f"/cases/{number}?lang=en")
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    return look


def section(page, heading):
    """Return one section of the page."""
    return page.split(f"<h2>{heading}</h2>", 1)[1].split("</section>", 1)[0]


def made(app, make):
    """Make a case and return its number."""
    with app.app_context():
        return make().number


SEEN_BY = {"handler", "head", "supervisor", "supervisor of the office", "leader", "auditor"}


@pytest.mark.parametrize("state", State)
def test_the_next_act_is_the_only_filled_button_in_every_state(app, cast, look, state):
    number = made(app, lambda: case_in(state, cast, clock.now()))
    for who in SEEN_BY - ({"handler", "head"} if state is State.TRIAGE else set()):
        page = look(who, number)
        assert len(FILLED.findall(page)) == page.count('id="act"') <= 1, who
        ended = state in (State.CLOSED, State.VOIDED)
        assert ended or 'id="act"' in page or "Next: " in page, who


def test_the_three_texts_of_a_reply_stand_apart(app, cast, look):
    now = clock.now()

    def make():
        case = case_in(State.RECTIFYING, cast, now)
        case = do(actions.rectify, case, cast.people.handler, "已改", "", (), now=now)
        texts = ("给群众的话", "内部的话", "公开的话")
        return do(actions.reply, case, cast.people.handler, *texts, now=now)

    done = section(look("handler", made(app, make)), "What was done")
    for kind, words in (
        ("citizen", "给群众的话"),
        ("public", "公开的话"),
        ("internal", "内部的话"),
    ):
        assert words in done.split(f'class="text {kind}"', 1)[1].split("</div>", 1)[0]


def test_the_second_review_stands_beside_the_first_and_the_rounds_apart(app, cast, look):
    now = clock.now()

    def make():
        case = case_in(State.VISITING, cast, now)
        case = say(actions.second_review, case, 2, "还是老样子", now=now)
        case = say(actions.add, case, "还有人可以作证", now=now)
        return do(actions.rectify, case, cast.people.handler, "这次改了", "", (), now=now)

    page = look("handler", made(app, make))
    said = section(page, "What the citizen said")
    assert said.index("等了三小时没人理") < said.index("还有人可以作证") < said.index("还是老样子")
    first, second = section(page, "What was done").split("Round 2")
    assert "已增开窗口" in first
    assert "还是老样子" in first
    assert "这次改了" in second
    assert "DB-2026-000001" in section(page, "What was asked and decided")


def test_every_decision_about_whose_it_is_says_why_and_whether_the_clock_went_on(app, cast, look):
    now, people = clock.now(), cast.people

    def make():
        case = case_in(State.TRANSFERRING, cast, now, tags=("108",))
        case = do(
            actions.decide,
            case,
            people.supervisor,
            True,
            "供水职责",
            now=now,
            restart_why="材料要重新调取",
        )
        return do(actions.reassign, case, people.judge, "RS", "查明仍归人社", "", now=now)

    why = section(look("handler", made(app, make)), "Why it is here")
    rule, transferred, back = re.findall(r"<li>(.*?)</li>", why, re.S)
    assert "Rule 10: about «Service guide»" in rule
    assert "区水务局" in transferred
    assert "督查: 供水职责" in transferred
    assert "The clock began again: 材料要重新调取" in transferred
    assert "第二位督查: 查明仍归人社" in back
    assert "The clock went on." in back


@pytest.mark.parametrize(("tag", "is_told"), [("108", True), ("115", False)])
def test_a_fault_of_the_guide_is_said_not_to_be_the_windows(app, cast, look, tag, is_told):
    number = made(app, lambda: make_case(clock.now(), tags=(tag,)))
    facts = section(look("handler", number), "Facts")
    assert "政务服务大厅12号窗口" in facts
    assert ("not the window's" in facts) is is_told


def test_what_closing_still_needs_is_said_in_words(app, cast, look):
    now = clock.now()
    number = made(app, lambda: case_in(State.RECTIFYING, cast, now))
    needed = section(look("supervisor", number), "Needed for closing")
    assert needed.count("✓") == 2
    for words in ("What was put right", "A reply to the citizen", "A return visit", "Closure by a"):
        assert words in needed
    nameless = {"identity": "anonymous", "name": "", "phone": ""}
    number = made(app, lambda: walk_to(make_case(now, **nameless), State.CLOSING, cast.people, now))
    needed = section(look("supervisor", number), "Needed for closing")
    assert needed.count("not needed, the citizen is anonymous") == 2


def test_the_law_is_asked_for_where_there_is_no_legal_basis_and_only_there(app, cast, look):
    now, handler = clock.now(), cast.people.handler

    def found(finding):
        case = case_in(State.VERIFYING, cast, now)
        case = do(actions.contact, case, handler, Means.PHONE, True, "已联系", now=now)
        return do(actions.verify, case, handler, finding, "查过了", now=now)

    page = look("handler", made(app, lambda: found(Finding.NO_LEGAL_BASIS)))
    assert 'name="article"' in page
    assert "How the law was explained" in page
    assert 'name="article"' not in look("handler", made(app, lambda: found(Finding.TRUE)))


def test_a_further_extension_is_a_leaders_and_the_page_says_so(app, cast, look):
    now, people = clock.now(), cast.people

    def make():
        case = case_in(State.RECTIFYING, cast, now)
        case = do(actions.ask_extension, case, people.head, "等设备", "周三", now=now)
        case = do(actions.decide, case, people.supervisor, True, "同意", now=now)
        return do(actions.ask_extension, case, people.head, "还要等", "周五", now=now)

    number = made(app, make)
    page = look("supervisor", number)
    assert "only a leader may grant it" in page
    assert 'value="grant"' not in page
    assert 'value="grant"' in look("leader", number)
    client = app.test_client()
    sign_in(client, cast.everybody["supervisor"])
    before = seen(app, number)
    answer = post(client, number, "decide", granted="grant", words="我来同意")
    assert answer.status_code == 403
    page = answer.get_data(as_text=True)
    assert "Only a leader" in page
    assert "我来同意" in page
    assert seen(app, number) == before


def test_an_extension_may_be_granted_with_other_days_than_the_rules(app, cast):
    now = clock.now()

    def make():
        case = case_in(State.RECTIFYING, cast, now)
        return do(actions.ask_extension, case, cast.people.head, "等设备", "周三", now=now)

    number = made(app, make)
    client = app.test_client()
    sign_in(client, cast.everybody["supervisor"])
    page = client.get(f"/cases/{number}?lang=en").get_data(as_text=True)
    assert re.search(r'name="days"[^>]* value="7"', page)
    assert post(client, number, "decide", granted="grant", words="准", days="3").status_code == 303
    with app.app_context():
        case = db.session.scalars(db.select(Case).where(Case.number == number)).one()
        assert [step["amount"] for step in case.due_plan] == [5, 3]


def test_a_transfer_may_go_to_another_owner_than_the_one_proposed(app, cast):
    number = made(app, lambda: case_in(State.TRANSFERRING, cast, clock.now()))
    client = app.test_client()
    sign_in(client, cast.everybody["supervisor"])
    said = {"granted": "grant", "words": "应归审批局", "department": "XZSP", "tag_class": "process"}
    assert post(client, number, "decide", **said, restart_why="换了部门").status_code == 303
    with app.app_context():
        case = db.session.scalars(db.select(Case).where(Case.number == number)).one()
        assert (case.department_code, case.routing["restart_why"]) == ("XZSP", "换了部门")


def test_whoever_handled_a_case_and_moved_to_the_desk_is_told_that_somebody_else_closes(
    app, cast, look
):
    number = made(app, lambda: case_in(State.CLOSING, cast, clock.now()))
    with app.app_context(), transaction() as session:
        moved = session.get_one(Account, cast.people.handler.id)
        moved.department_code, moved.roles = "GOV", [AccountRole(name=Role.SUPERVISOR)]
    page = look(cast.people.handler, number)
    assert "You have had another part in this case" in page
    assert f"/cases/{number}/close" not in page
    client = app.test_client()
    sign_in(client, cast.people.handler)
    answer = post(client, number, "close", words="我来销号")
    assert answer.status_code == 403
    assert "我来销号" in answer.get_data(as_text=True)


def test_a_supervisor_who_decided_a_request_is_told_that_another_one_judges(app, cast, look):
    now, people = clock.now(), cast.people

    def make():
        case = do(actions.ask_transfer, make_case(now), people.head, "不归我们", "SW", now=now)
        case = do(actions.decide, case, people.supervisor, False, "归你们", now=now)
        return do(actions.appeal, case, people.head, Ground.MISTAKEN, "点错了", (), now=now)

    number = made(app, make)
    assert "a supervisor who has not judges it" in look(people.supervisor, number)
    assert "a supervisor who has not judges it" not in look(people.judge, number)


def test_a_handler_is_told_what_only_the_head_may_do(app, cast, look):
    number = made(app, lambda: case_in(State.VERIFYING, cast, clock.now()))
    others = look("handler", number).split("What others can do now", 1)[1].split("</details>", 1)[0]
    for act in ("Ask for more time", "Appeal", "Say that it is not ours"):
        assert re.search(rf"{act} <span[^>]*>— Department head<", others)


def test_whoever_the_case_is_about_sees_neither_name_nor_number_of_the_citizen(app, cast, look):
    number = made(app, lambda: case_in(State.VERIFYING, cast, clock.now()))
    assert "138****5678" in look("handler", number), "control: a colleague sees it masked"
    with app.app_context(), transaction() as session:
        session.get_one(Account, cast.people.handler.id).window_code = "RS-12"
    page = look("handler", number)
    assert "等了三小时没人理" in page
    for hidden in ("138****5678", "王**", "Show the number", f"/cases/{number}/contact"):
        assert hidden not in page
    assert "so somebody else does what comes next" in page
    assert f"/cases/{number}/verify" not in page
    client = app.test_client()
    sign_in(client, cast.everybody["handler"])
    answer = post(client, number, "reveal", purpose="call_back")
    assert answer.status_code == 403
    assert "13812345678" not in answer.get_data(as_text=True)


def test_a_former_handler_does_not_open_the_number_for_a_visit(app, cast):
    number = made(app, lambda: case_in(State.VISITING, cast, clock.now()))
    with app.app_context(), transaction() as session:
        moved = session.get_one(Account, cast.people.handler.id)
        moved.department_code, moved.roles = "GOV", [AccountRole(name=Role.OPERATOR)]
    for who, status in ((cast.people.handler, 403), (cast.people.operator, 200)):
        client = app.test_client()
        sign_in(client, who)
        assert post(client, number, "reveal", purpose="visit").status_code == status


def test_a_page_costs_the_same_however_much_has_happened(app, cast):
    now, people = clock.now(), cast.people
    number = made(app, lambda: case_in(State.RECTIFYING, cast, now))
    client = app.test_client()
    sign_in(client, people.head)

    def cost(of):
        client.get(f"/cases/{of}")
        with statements(app) as seen:
            assert client.get(f"/cases/{of}").status_code == 200
        return len(seen)

    few = cost(number)
    with app.app_context():
        case = db.session.scalars(db.select(Case).where(Case.number == number)).one()
        for _ in range(6):
            case = do(actions.contact, case, people.handler, Means.PHONE, False, "无人", now=now)
            case = do(actions.ask_extension, case, people.head, "等", "周三", now=now)
            case = do(actions.decide, case, people.leader, True, "准", now=now, days=1)
            case = do(actions.rectify, case, people.handler, "改", "", (), now=now)
            case = say(actions.add, case, "还有", now=now)
        case = do(actions.reply, case, people.handler, "已改", "", "", now=now)
        do(actions.visit, case, people.operator, UNHAPPY, now=now)
    assert cost(number) <= few + 3
    assert few <= 40


WITHOUT_REASON = {"tags": (), "comment": "", "may_lack_reason": True}
LACKS = "No reason given yet"


def test_a_review_without_a_reason_says_so_until_the_citizen_gives_it(app, cast, look):
    number = made(app, lambda: make_case(clock.now(), **WITHOUT_REASON))
    client = app.test_client()
    sign_in(client, cast.everybody["handler"])

    def listed():
        return client.get("/cases?lang=en").get_data(as_text=True)

    assert LACKS in section(look("handler", number), "What the citizen said")
    assert LACKS in listed()
    with app.app_context(), transaction() as session:
        case = session.query(Case).filter_by(number=number).one()
        actions.add(case, "材料交了三遍", clock.now(), is_reason=True)
    said = section(look("handler", number), "What the citizen said")
    assert "Why (asked afterwards)" in said
    assert "材料交了三遍" in said
    assert LACKS not in said + listed()
    assert "材料交了三遍" in listed()


def test_the_page_names_whom_a_message_went_to_but_not_to_whom_it_is_about(app, cast, look):
    def make():
        now = clock.now()
        case = case_in(State.RECTIFYING, cast, now)
        case = do(actions.rectify, case, cast.people.handler, "已改", "", (), now=now)
        return do(actions.reply, case, cast.people.handler, "已增开窗口", "", "", now=now)

    number = made(app, make)
    assert "138****5678" in section(look("supervisor", number), "Text messages and e-mails")
    with app.app_context():
        accused = make_account(Role.HANDLER, name="窗口人员")
        with transaction() as session:
            session.get_one(Account, accused.id).window_code = "RS-12"
        let_go(accused)
    assert "138****" not in look(accused, number)


@pytest.mark.parametrize(("found", "label", "hint"), [
    (VISITED, "Note for the file, not for the citizen", "what you write stays in the file"),
    (UNHAPPY, "Conclusion, because the citizen was not satisfied", "reads what you write"),
    (None, "Conclusion, as the citizen will read it", "reads what you write"),
])  # fmt: skip
def test_the_form_says_for_whom_the_closing_words_are(app, cast, look, found, label, hint):
    def closing():
        case, now = case_in(State.VISITING, cast, clock.now()), clock.now()
        if found is UNHAPPY:
            do(actions.visit, case, cast.people.operator, UNHAPPY, now=now)
            walk_to(case, State.VISITING, cast.people, now)
        for day in range(3 if found is None else 1):
            do(actions.visit, case, cast.people.operator, found or NOBODY_HOME,
               now=now + timedelta(days=day))  # fmt: skip
        return case

    page = look("supervisor", made(app, closing))
    assert label in page
    assert hint in page


def test_when_no_appeal_can_follow_the_page_asks_for_another_finding_and_says_why(app, cast, look):
    def make():
        before = clock.now() - timedelta(days=14)
        case = case_in(State.VERIFYING, cast, before)
        who, words = cast.people.handler, "录像不符"
        do(actions.contact, case, who, Means.PHONE, True, "已致歉", now=before)
        return do(actions.verify, case, who, Finding.UNFOUNDED, words, now=before)

    number = made(app, make)
    page = look("handler", number)
    assert 'value="partly"' in page
    assert 'value="unfounded"' not in page
    assert "no appeal is possible any more" in page
    client = app.test_client()
    sign_in(client, cast.everybody["handler"])
    answer = post(client, number, "verify", finding="unfounded", words="还是不属实")
    assert answer.status_code == 422
    assert "the time for that has passed" in answer.get_data(as_text=True)
    assert post(client, number, "verify", finding="rumour", words="x").status_code == 422
