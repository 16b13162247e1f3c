"""Supervision notices: who reads them, what stands on them, and that it never changes."""

import io
import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from docx import Document
from docx.oxml.ns import qn
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from feedback.cases import actions, issuing
from feedback.cases.ladder import put_right_by
from feedback.cases.models import Case, NoticeCounter, SupervisionNotice
from feedback.cases.models.urging import Cause, Duty
from feedback.cases.notices import without_person
from feedback.cases.rulebook import in_force
from feedback.cases.states import State
from feedback.cases.urging import climb
from feedback.db import db, transaction
from feedback.ledger.models import Entry
from feedback.notify.models import Message
from feedback.offices.mailboxes import mailboxes
from feedback.offices.models import Department
from feedback.offices.roles import Role

from ..factories import (
    UNHAPPY,
    VISITED,
    let_go,
    make_account,
    make_case,
    make_district,
    make_people,
    sign_in,
    walk_to,
)
from ..together import at_once, raised
from .doing import do, reload

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CONTACT_DUE = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # Tuesday 17:30
DUE = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)  # Monday 17:30, the 5th working day
NEXT_DAY = DUE + timedelta(days=1, hours=1)
ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}
WORDS = "我是王小明，电话13812345678，等了三小时没人理"


@pytest.fixture
def people(app):
    with app.app_context():
        make_district()
        people = make_people()
        let_go(people.handler, people.head, people.colleague_elsewhere, people.operator,
               people.supervisor, people.judge, people.leader)  # fmt: skip
    return people


@pytest.fixture
def overdue(app, people):
    """A case of RS a working day overdue, with its notice; the case's number."""
    with app.app_context():
        case = make_case(MONDAY, comment=WORDS, **ANONYMOUS)
        climb(NEXT_DAY)
        return case.number


@pytest.fixture
def sent_back(app, people):
    """A case of RS that its citizen sent back, with its notice; the case's number."""
    with app.app_context():
        case = walk_to(make_case(MONDAY, comment=WORDS), State.VISITING, people)
        return do(actions.visit, case, people.operator, UNHAPPY, now=MONDAY).number


def address(number, notice="DB-2026-000001"):
    return f"/cases/{number}/notices/{notice}"


def words(answer):
    assert answer.status_code == 200, answer.status_code
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def notice():
    return db.session.scalars(select(SupervisionNotice)).one()


def test_the_page_says_all_that_an_official_notice_says(client, people, overdue):
    sign_in(client, people.head)
    page = words(client.get(address(overdue)))
    for part in (
        "济南市历城区政务服务“好差评”", "督办单", "编号：DB-2026-000001", "致：区人力资源社会保障局",
        "事由 超过时限，仍未整改答复", f"整改件编号 {overdue}", "事项 特殊工时首次审批",
        "群众诉求摘要 [非常不满意] 无理由超过法定办理时间 “我是王小明，电话****，等了三小时没人理”",
        "原时限 2026年11月30日（周一）17:30", "超期 1 个工作日", "办理要求 立即完成核实、整改",
        "办理限期 2026年12月3日（周四）17:30", "区政府办公室 2026年12月1日 联系电话：12345",
    ):  # fmt: skip
        assert part in page, part


def test_an_english_page_is_english(client, people, overdue):
    sign_in(client, people.head)
    page = words(client.get(f"{address(overdue)}?lang=en"))
    assert "Overdue by 1 working day" in page
    assert "Original deadline Mon 30 Nov 2026 17:30" in page


def test_a_case_sent_back_is_said_to_be_so_and_by_when_it_is_due(client, people, sent_back):
    sign_in(client, people.head)
    page = words(client.get(address(sent_back)))
    assert "事由 群众对整改结果不满意" in page
    assert "办理情况 群众不满意退回重办" in page
    assert "办理限期 2026年11月30日（周一）17:30" in page
    assert "原时限" not in page
    assert "超期" not in page


def test_neither_name_nor_number_of_a_named_citizen_stands_on_it(client, people, sent_back):
    sign_in(client, people.head)
    paper = client.get(address(sent_back)).get_data(as_text=True)
    assert "我是****，电话****，等了三小时没人理" in paper
    assert "王小明" not in paper
    assert "13812345678" not in paper


@pytest.mark.parametrize(("typed", "shown"), [
    ("打13812345678", "打****"), ("打138-1234-5678", "打****"), ("打+86 138 1234 5678", "打****"),
    ("打0531-88012345", "打****"), ("证37010219900307123X", "证****"), ("打１３８１２３４５６７８", "打****"),
    ("2026年11月23日等了180分钟", "2026年11月23日等了180分钟"), ("12号窗口，第3次", "12号窗口，第3次"),
    ("12345打过了", "12345打过了"),
])  # fmt: skip
def test_long_numbers_are_hidden_and_others_are_not(typed, shown):
    assert without_person(typed, None) == shown


def test_a_long_story_is_cut_so_that_the_notice_stays_on_one_page(app, client, people):
    with app.app_context():
        number = make_case(MONDAY, comment="等" * 500, **ANONYMOUS).number
        climb(NEXT_DAY)
    sign_in(client, people.head)
    page = words(client.get(address(number)))
    assert "等" * 160 + "……" in page
    assert "等" * 161 not in page


def test_a_missed_call_is_urged_as_a_missed_call(app, client, people):
    with app.app_context():
        number = make_case(MONDAY).number
        climb(CONTACT_DUE + timedelta(days=1, hours=1))
        assert notice().awaits is Duty.CONTACT
    sign_in(client, people.head)
    page = words(client.get(address(number)))
    assert "事由 超过时限，仍未联系群众" in page
    assert "立即联系群众" in page


def test_the_same_notice_says_the_same_years_later(app, client, people, overdue):
    sign_in(client, people.head)
    before = words(client.get(address(overdue)))
    with app.app_context():
        walk_to(reload_by(overdue), State.RECTIFYING, people, NEXT_DAY)
    with time_machine.travel(NEXT_DAY + timedelta(days=800), tick=False):
        later = app.test_client()
        sign_in(later, people.head)
        after = words(later.get(address(overdue)))
    assert after == before


def reload_by(number):
    return db.session.scalars(select(Case).where(Case.number == number)).one()


def test_a_kept_notice_is_never_changed(app, overdue):
    with app.app_context():
        for changed in ({"days_over": 0}, {"answer_by": DUE}, {"number": "DB-2026-000009"}):
            with pytest.raises(Exception, match="never changed"), transaction() as session:
                session.execute(update(SupervisionNotice).values(changed))


def test_a_notice_that_comes_late_still_leaves_a_working_day(context):
    terms = in_force()
    friday_after = datetime(2026, 12, 11, 2, 0, tzinfo=UTC)
    assert put_right_by(DUE, NEXT_DAY, terms) == datetime(2026, 12, 3, 9, 30, tzinfo=UTC)
    assert put_right_by(DUE, friday_after, terms) == datetime(2026, 12, 14, 9, 30, tzinfo=UTC)


def test_after_a_silence_the_notice_counts_every_working_day(app, people):
    with app.app_context():
        make_case(MONDAY, **ANONYMOUS)
        climb(DUE + timedelta(days=14, hours=1))
        assert notice().days_over == 10


def test_the_office_that_is_urged_does_not_sign_its_own_notice(app, people):
    with app.app_context():
        case = make_case(MONDAY, **ANONYMOUS)
        with transaction() as session:
            session.get_one(Case, case.id).department_code = "GOV"
        climb(NEXT_DAY)
        assert notice().issued_by == "XZSP"


def test_the_districts_name_signs_where_no_other_office_supervises(app, client, people):
    with app.app_context():
        number = make_case(MONDAY, **ANONYMOUS).number
        with transaction() as session:
            session.execute(update(Department).where(Department.code.in_(["GOV", "XZSP"]))
                            .values(active=False))  # fmt: skip
        climb(NEXT_DAY)
        assert notice().issued_by is None
    sign_in(client, people.head)
    assert "济南市历城区 2026年12月1日" in words(client.get(address(number)))


# -- who may read it


def test_department_supervisor_and_auditor_read_it(app, people, overdue):
    with app.app_context():
        auditor = make_account(Role.AUDITOR, department="XZSP")
        let_go(auditor)
    for account in (people.handler, people.head, people.supervisor, auditor):
        client = app.test_client()
        sign_in(client, account)
        assert client.get(address(overdue)).status_code == 200
        assert client.get(f"{address(overdue)}.docx").status_code == 200


def test_another_department_finds_nothing_there(client, people, overdue):
    sign_in(client, people.colleague_elsewhere)
    assert client.get(address(overdue)).status_code == 404
    assert client.get(f"{address(overdue)}.docx").status_code == 404


def handed_on(number, people):
    """Give an overdue case of RS to SW, without a new term."""
    give = actions.reassign, reload_by(number), people.supervisor, "SW", "不归人社", ""
    return do(*give, now=NEXT_DAY + timedelta(hours=1))


def test_whoever_has_an_overdue_case_has_a_notice_of_its_own(app, people, overdue):
    with app.app_context():
        handed_on(overdue, people)
        second = notice_to("SW")
        assert (second.number, second.due_at, second.days_over) == ("DB-2026-000002", DUE, 1)
        assert second.department_code == "SW"
        told = by_message("SW", "case_notice")
        assert [message.facts["notice"] for message in told] == ["DB-2026-000002"]


def notice_to(department):
    wanted = select(SupervisionNotice).where(SupervisionNotice.department_code == department)
    return db.session.scalars(wanted).one()


def by_message(department, occasion):
    # A letter is one message for each mailbox of the office; what it says is the same.
    rows = select(Message).where(
        Message.occasion == occasion, Message.dedupe_key.like(f"%:{department}%")
    )
    return {message.facts["notice"]: message for message in db.session.scalars(rows)}.values()


def test_the_message_of_the_last_rung_names_the_notice(app, people, overdue):
    with app.app_context():
        handed_on(overdue, people)
        climb(DUE + timedelta(days=4, hours=1))
        last = select(Message).where(
            Message.occasion == "case_notice", Message.dedupe_key.like("rung4%")
        )
        said = {message.facts["notice"] for message in db.session.scalars(last)}
        assert said == {"DB-2026-000002"}
        assert len(db.session.scalars(select(SupervisionNotice)).all()) == 2


def test_a_case_handed_on_and_back_brings_no_third_notice(app, people, overdue):
    with app.app_context():
        case = handed_on(overdue, people)
        do(
            actions.reassign,
            case,
            people.supervisor,
            "RS",
            "还是归人社",
            "",
            now=NEXT_DAY + timedelta(hours=2),
        )
        assert len(db.session.scalars(select(SupervisionNotice)).all()) == 2


def test_a_case_handed_on_with_a_new_term_or_in_time_brings_no_notice(app, people, overdue):
    with app.app_context():
        do(
            actions.reassign,
            reload_by(overdue),
            people.supervisor,
            "SW",
            "不归人社",
            "重新计时",
            now=NEXT_DAY,
        )
        other = make_case(NEXT_DAY, **ANONYMOUS)
        do(actions.reassign, other, people.supervisor, "SW", "不归人社", "", now=NEXT_DAY)
        assert notice().department_code == "RS"


def test_an_overdue_case_that_a_transfer_gave_away_brings_a_notice_too(app, people, overdue):
    with app.app_context():
        case = do(
            actions.ask_transfer, reload_by(overdue), people.head, "不归人社", "SW", now=NEXT_DAY
        )
        do(
            actions.decide,
            case,
            people.supervisor,
            True,
            "属水务",
            now=NEXT_DAY + timedelta(hours=1),
        )
        assert notice_to("SW").number == "DB-2026-000002"


def test_each_department_reads_the_notice_to_itself_and_no_other(app, people, overdue):
    with app.app_context():
        handed_on(overdue, people)
    ours, theirs = address(overdue), address(overdue, "DB-2026-000002")
    for account, mine, other in (
        (people.head, ours, theirs), (people.colleague_elsewhere, theirs, ours),
    ):  # fmt: skip
        client = app.test_client()
        sign_in(client, account)
        assert client.get(mine).status_code == 200
        assert client.get(f"{mine}.docx").status_code == 200
        assert client.get(other).status_code == 404
    supervisor = app.test_client()
    sign_in(supervisor, people.supervisor)
    assert "致：区人力资源社会保障局" in words(supervisor.get(ours))
    assert "致：区水务局" in words(supervisor.get(theirs))


def test_who_had_the_case_before_reads_the_notice_but_not_the_case(client, app, people, overdue):
    with app.app_context():
        handed_on(overdue, people)
    sign_in(client, people.head)
    for path in (address(overdue), "/supervision/notices"):
        page = client.get(path).get_data(as_text=True)
        assert "DB-2026-000001" in page
        assert f'href="/cases/{overdue}"' not in page
        assert "待签收" not in page
    assert client.get(f"/cases/{overdue}").status_code == 404


def test_a_list_names_only_the_notices_that_the_reader_may_open(client, app, people, overdue):
    with app.app_context():
        handed_on(overdue, people)
    sign_in(client, people.colleague_elsewhere)
    inbox = client.get("/cases").get_data(as_text=True)
    assert "DB-2026-000002" in inbox
    assert "DB-2026-000001" not in inbox


def test_a_reason_given_afterwards_stands_on_the_notice(app, client, people):
    """A grade alone came by text message, and the reason when it was asked for."""
    with app.app_context():
        case = make_case(MONDAY, comment="")
        said = "我是王小明，电话13812345678，等了三小时"
        with transaction():
            actions.add(reload_by(case.number), said, MONDAY, is_reason=True)
        climb(NEXT_DAY)
        number = case.number
    sign_in(client, people.head)
    shown = "“我是****，电话****，等了三小时”"
    assert shown in words(client.get(address(number)))
    made = opened(client, f"{address(number)}.docx")
    assert any(shown in cell.text for row in made.tables[0].rows for cell in row.cells)


def test_operator_and_clerk_are_refused(app, people, overdue):
    with app.app_context():
        clerk = make_account(Role.CLERK)
        let_go(clerk)
    for account in (people.operator, clerk):
        client = app.test_client()
        sign_in(client, account)
        assert client.get(address(overdue)).status_code == 403
        assert client.get("/supervision/notices").status_code == 403


HOSTILE = [
    "DB-2026-000002", "DB-2026-999999999", "DB-2026-9999999999", "DB-0000-000000", "db-2026-000001",
    "DB-2026-00001", "DB-2026-000001%00", "DB-2026-000001'", "DB-２０２６-000001", "..", "%2e%2e",
    "DB-2026-000001%0a", "DB-2026-000001.docx.docx", "DB-2026-000001.pdf", "😀", "%ff",
]  # fmt: skip


@pytest.mark.parametrize("number", HOSTILE)
def test_a_number_that_is_none_leads_nowhere(client, people, overdue, number):
    sign_in(client, people.supervisor)
    assert client.get(address(overdue, number)).status_code == 404


def test_a_notice_is_not_found_under_another_case(app, client, people, overdue):
    with app.app_context():
        other = make_case(MONDAY, **ANONYMOUS).number
    sign_in(client, people.supervisor)
    assert client.get(address(other)).status_code == 404
    assert client.get(address("HC-2026-999999")).status_code == 404


# -- the document


def opened(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename=DB-2026-000001.docx"
    return Document(io.BytesIO(answer.data))


def test_the_document_says_what_the_page_says(client, people, overdue):
    sign_in(client, people.head)
    page = words(client.get(address(overdue)))
    made = opened(client, f"{address(overdue)}.docx")
    said = [p.text for p in made.paragraphs] + [
        c.text for r in made.tables[0].rows for c in r.cells
    ]
    assert len(said) > 20
    for part in said:
        assert " ".join(part.split()) in page


def test_the_document_is_one_a4_page_in_fonts_that_chinese_offices_have(client, people, overdue):
    sign_in(client, people.head)
    made = opened(client, f"{address(overdue)}.docx")
    page = made.sections[0]
    assert (round(page.page_width.mm), round(page.page_height.mm)) == (210, 297)
    for style, font in (("Normal", "仿宋"), ("Title", "宋体"), ("Subtitle", "宋体")):
        fonts = made.styles[style].element.rPr.rFonts
        assert {fonts.get(qn(f"w:{kind}")) for kind in ("ascii", "hAnsi", "eastAsia")} == {font}
        assert not [name for name in fonts.attrib if name.lower().endswith("theme")]
    assert made.core_properties.title == "督办单 编号：DB-2026-000001"
    assert made.core_properties.author == "区政府办公室"


def test_no_word_of_a_citizen_can_break_the_document(app, client, people):
    with app.app_context():
        number = make_case(MONDAY, comment="<w:t>&\ufffe\uffff\U0001f600", **ANONYMOUS).number
        climb(NEXT_DAY)
    sign_in(client, people.head)
    made = opened(client, f"{address(number)}.docx")
    assert "“<w:t>&😀”" in made.tables[0].rows[3].cells[1].text


# -- the list


@pytest.fixture
def three(app, people, overdue):
    """Three notices: RS overdue, SW overdue a week later, RS sent back. By the supervisors' clock."""
    with app.app_context():
        make_case(MONDAY + timedelta(days=7), item="SW-001", **ANONYMOUS)
        climb(NEXT_DAY + timedelta(days=7))
        case = walk_to(make_case(MONDAY), State.VISITING, people)
        do(actions.visit, case, people.operator, UNHAPPY, now=MONDAY)
    return people


def listed(client, query=""):
    page = client.get(f"/supervision/notices{query}")
    assert page.status_code == 200
    return re.findall(r">(DB-2026-\d{6})<", page.get_data(as_text=True))


ALL = ["DB-2026-000002", "DB-2026-000001", "DB-2026-000003"]


@pytest.mark.parametrize(("query", "found"), [
    ("", ALL), ("?department=SW", ALL[:1]), ("?cause=dissatisfied", ALL[2:]),
    ("?cause=overdue", ALL[:2]), ("?from=2026-12-01", ALL[:2]), ("?to=2026-12-01", ALL[1:]),
    ("?from=2026-12-01&to=2026-12-01", ALL[1:2]), ("?from=2026-12-09", []),
    ("?department=RS&cause=overdue", ALL[1:2]), ("?from=2026-12-08&to=2026-12-01", []),
])  # fmt: skip
def test_supervisors_find_notices_by_department_cause_and_period(client, three, query, found):
    sign_in(client, three.supervisor)
    assert listed(client, query) == found


def test_a_head_finds_their_own_department_s_only(client, three):
    sign_in(client, three.head)
    assert listed(client) == ALL[1:]
    assert listed(client, "?department=SW") == []


@pytest.mark.parametrize("query", [
    "?page=-1", "?page=٣", "?department=%00", "?cause=pink", "?from=0001-01-01", "?to=9999-12-31",
    "?from=2026-02-30", "?from=2026-W47-1", "?to=%F0%28%8C%28", "?from=２０２６-01-01",
])  # fmt: skip
def test_nonsense_in_the_address_filters_nothing(client, three, query):
    sign_in(client, three.supervisor)
    assert listed(client, query) == ALL


def test_an_empty_list_says_what_will_appear(client, people):
    sign_in(client, people.supervisor)
    assert "还没有督办单" in words(client.get("/supervision/notices"))
    assert "去掉一个筛选条件" in words(client.get("/supervision/notices?cause=overdue"))


def test_a_long_list_comes_in_pages(app, client, people):
    with app.app_context():
        for _ in range(51):
            make_case(MONDAY, **ANONYMOUS)
        climb(NEXT_DAY)
    sign_in(client, people.supervisor)
    assert len(listed(client)) == 50
    assert len(listed(client, "?page=2")) == 1
    assert len(listed(client, "?page=99")) == 1, "the last one"


def test_the_case_leads_to_its_notice_for_those_who_may_read_it(client, people, overdue):
    sign_in(client, people.head)
    assert address(overdue) in client.get(f"/cases/{overdue}").get_data(as_text=True)


def test_only_the_desk_in_use_is_marked(client, people, overdue):
    sign_in(client, people.supervisor)
    page = client.get("/supervision/notices").get_data(as_text=True)
    assert re.findall(r'href="([^"]+)" aria-current="page"', page) == ["/supervision/notices"]


# -- dissatisfied: 督办单, once more, and then the supervisors' conclusion


def test_the_head_is_told_of_a_case_sent_back_with_the_number_of_its_notice(app, people, sent_back):
    with app.app_context():
        made = notice()
        assert (made.cause, made.awaits, made.days_over) == (Cause.DISSATISFIED, Duty.REPLY, 0)
        assert made.due_at == made.answer_by == reload_by(sent_back).due_at
        told = db.session.scalars(select(Message).where(Message.occasion == "case_sent_back")).one()
        assert told.facts["notice"] == made.number
        assert people.head.email in mailboxes(str(told.to_department), told.occasion)


def test_a_second_review_that_is_negative_brings_the_notice_too(app, people):
    with app.app_context():
        case = walk_to(make_case(MONDAY), State.VISITING, people)
        with transaction():
            actions.second_review(reload(case), 2, "还是没改", MONDAY)
        assert reload(case).state is State.RECTIFYING
        assert notice().cause is Cause.DISSATISFIED


def test_dissatisfied_twice_the_supervisors_conclude_in_writing(app, client, people, sent_back):
    with app.app_context():
        case = walk_to(reload_by(sent_back), State.VISITING, people)
        case = do(actions.visit, case, people.operator, UNHAPPY, now=MONDAY)
        assert (case.state, case.round) == (State.CLOSING, 2)
        assert len(db.session.scalars(select(SupervisionNotice)).all()) == 1
    for account in (people.handler, people.head):
        department = app.test_client()
        sign_in(department, account)
        assert close(department, sent_back, "我们说了算") == 403
    sign_in(client, people.supervisor)
    assert close(client, sent_back, "") == 422
    assert close(client, sent_back, "经查，窗口已按规定整改，理由如下") == 303
    with app.app_context():
        assert reload_by(sent_back).state is State.CLOSED


def close(client, number, conclusion):
    page = client.get(f"/cases/{number}").get_data(as_text=True)
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    with client.application.app_context():
        seen = reload_by(number).version
    said = {"csrf_token": token, "seen": seen, "words": conclusion}
    return client.post(f"/cases/{number}/close", data=said).status_code


def test_control_a_satisfied_citizen_brings_no_notice(app, people):
    with app.app_context():
        case = walk_to(make_case(MONDAY), State.VISITING, people)
        assert do(actions.visit, case, people.operator, VISITED, now=MONDAY).state is State.CLOSING
        assert db.session.scalars(select(SupervisionNotice)).all() == []


# -- numbers


def numbers():
    db.session.rollback()
    return sorted(db.session.scalars(select(SupervisionNotice.number)))


def issues(case, then=lambda: None):
    case_id = case.id  # the case itself belongs to another thread's session

    def work():
        with transaction():
            case = db.session.get_one(Case, case_id)
            issuing.issue_notice(case, Cause.OVERDUE, NEXT_DAY)
            then()

    return work


def refuse():
    raise ZeroDivisionError


def test_numbers_have_no_gap_and_no_double_however_many_issue_at_once(context):
    make_district()
    cases = [make_case(MONDAY, **ANONYMOUS) for _ in range(12)]
    works = [issues(case, refuse if n % 3 == 0 else lambda: None) for n, case in enumerate(cases)]
    refused = raised(at_once(context, *works))
    assert [type(problem) for problem in refused] == [ZeroDivisionError] * 4
    assert numbers() == [f"DB-2026-{n:06d}" for n in range(1, 9)]


def test_control_counting_what_is_there_gives_doubles(context):
    make_district()
    cases = [make_case(MONDAY, **ANONYMOUS) for _ in range(2)]
    both_counted = threading.Barrier(2)

    def count_then_write(case):
        case_id = case.id

        def work():
            number = f"DB-2026-{len(numbers()) + 1:06d}"
            both_counted.wait(10)
            with transaction() as session:
                session.add(
                    SupervisionNotice(
                        number=number, case_id=case_id, department_code="RS", cause=Cause.OVERDUE,
                        round=1, due_at=DUE, awaits=Duty.REPLY, days_over=1, answer_by=DUE,
                        at=NEXT_DAY,
                    )
                )  # fmt: skip

        return work

    refused = raised(at_once(context, *map(count_then_write, cases)))
    assert [type(problem) for problem in refused] == [IntegrityError]


def test_several_who_issue_for_one_case_at_once_issue_one(context):
    make_district()
    case = make_case(MONDAY, **ANONYMOUS)
    with transaction() as session:
        session.execute(update(Case).values(next_due_at=DUE))
    refused = raised(at_once(context, *[issues(case)] * 4))
    assert {type(problem) for problem in refused} <= {IntegrityError}, "whoever saw none as yet"
    assert numbers() == ["DB-2026-000001"]
    assert db.session.scalars(select(NoticeCounter.last)).one() == 1
    lines = db.session.scalars(select(Entry).where(Entry.act == "notice")).all()
    assert [line.facts["number"] for line in lines] == ["DB-2026-000001"]


def test_a_new_year_counts_from_one(context):
    make_district()
    first, second = make_case(MONDAY, **ANONYMOUS), make_case(MONDAY, **ANONYMOUS)
    with transaction():
        issuing.issue_notice(
            reload(first), Cause.OVERDUE, datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
        )
        issuing.issue_notice(reload(second), Cause.OVERDUE, datetime(2026, 12, 31, 16, tzinfo=UTC))
    assert numbers() == ["DB-2026-000001", "DB-2027-000001"]
