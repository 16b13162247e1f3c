"""«I was pressed to change my rating»: supervisors of another office read it, and nobody else."""

import io
import re
import zipfile
from functools import partial
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from sqlalchemy import func, select

from feedback import clock
from feedback.cases import actions, pressure
from feedback.cases.models import Case, PressureAnswer, PressureReport
from feedback.cases.states import State
from feedback.cases.urging import climb
from feedback.catalog.grades import TagClass
from feedback.db import db, transaction
from feedback.errors import NotYours, OutOfTurn
from feedback.ledger.actions import SYSTEM
from feedback.ledger.models import Entry
from feedback.notify.models import Message
from feedback.notify.models import State as Sending
from feedback.offices.actions import disable_account
from feedback.offices.mailboxes import mailboxes
from feedback.offices.models import Account
from feedback.offices.roles import Role

from ..conftest import MONDAY_MORNING, ROOT
from ..factories import (
    let_go,
    make_account,
    make_case,
    make_district,
    make_event,
    make_people,
    rate,
    sign_in,
    walk_to,
)
from ..test_doors import address, locked_rules
from ..together import at_once, raised
from .cast import Cast, case_in
from .doing import do, reload, say

CANARY = "金丝雀说窗口打电话逼我改好评"


@pytest.fixture
def still():
    """Let no time pass: a workbook says when it was made."""
    with time_machine.travel(MONDAY_MORNING, tick=False):
        yield


@pytest.fixture
def people(app, still):
    """Return the people; a case of RS of which pressure was reported, one of XZSP, and a closed one."""
    now = clock.now()
    with app.app_context():
        make_district()
        people = make_people()
        own = walk_to(make_case(now), State.RECTIFYING, people, now)
        people.cases = [own.number]
        people.clerk = make_account(Role.CLERK)
        people.both = make_account(Role.HANDLER, Role.HEAD)
        people.auditor = make_account(Role.AUDITOR, department="XZSP")
        people.admin = make_account(Role.ADMIN, department="XZSP")
        people.own_office = make_account(Role.SUPERVISOR, department="RS")
        walk_to(make_case(now), State.CLOSED, people, now)
        climb(now)
        let_go(*(each for each in vars(people).values() if not isinstance(each, list)))
    return people


def report(app, number, words=CANARY):
    with app.app_context():
        case = db.session.scalars(select(Case).where(Case.number == number)).one()
        say(actions.report_pressure, case, words, now=clock.now())
        return db.session.scalars(select(PressureReport.id).order_by(PressureReport.id)).all()[-1]


def signed_in(app, account):
    client = app.test_client()
    sign_in(client, account)
    return client


# Not part of what a page says: tokens and nonces differ with every look.
CHANGING = re.compile(r'(name="csrf_token"[^>]*value|nonce)="[^"]*"')


def text_of(answer):
    """Return everything that an answer says; a workbook is opened."""
    body = answer.get_data()
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(book.read(name) for name in sorted(book.namelist()))
    return CHANGING.sub("", body.decode(errors="replace"))


def walk(client, *first):
    """Open these pages and every page they link to, and return what each says."""
    waiting, seen = ["/desk", *first], {}
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        answer = client.get(path)
        seen[path] = text_of(answer)
        links = [*re.findall(r'(?:href|src)="([^"#]+)', seen[path]), answer.location or ""]
        for link in links:
            there = urlsplit(urljoin(f"http://localhost{path}", link.replace("&amp;", "&")))
            inside = there.netloc == "localhost" and "lang=" not in there.query
            if inside and not there.path.startswith("/static"):
                waiting.append(there.path + (f"?{there.query}" if there.query else ""))
    return seen


def doors_of(app, account, number, report_id):
    """Return an address of every page that the roles may open, and searches for the words."""
    roles = {role.name for role in account.roles}
    doors = [
        address(rule).replace("HC-2026-000001", number) for rule in locked_rules(app)
        if "GET" in rule.methods and roles & set(app.view_functions[rule.endpoint].roles)
    ]  # fmt: skip
    week = clock.week_of(clock.now())
    searches = [f"/cases?q={CANARY}", "/cases?q=pressure", f"/cases?q={report_id}",
                f"/reports/closure/{week}", f"/reports/closure/{week}.xlsx"]  # fmt: skip
    return [*doors, *searches]


@pytest.mark.parametrize("who", ["handler", "head", "both", "clerk", "colleague_elsewhere"])
def test_no_page_of_a_department_changes_when_pressure_is_reported(app, people, who):
    """Every page, list, count, search, timeline and export says the same as before."""
    number, account = people.cases[0], getattr(people, who)
    client = signed_in(app, account)
    doors = doors_of(app, account, number, "018f")
    before = walk(client, *doors)
    report_id = report(app, number)
    after = walk(client, *doors)
    assert after == before
    assert len(after) >= 5
    # A search page repeats what was typed into it; that it finds the same as before is shown above.
    everything = "".join(said for path, said in after.items() if "q=" not in path)
    for word in (CANARY, "金丝雀", str(report_id), report_id.hex):
        assert word not in everything
    if who not in {"clerk", "colleague_elsewhere"}:
        assert number in everything, "the walk reaches the case"


def test_control_the_supervisors_walk_finds_the_words(app, people):
    client = signed_in(app, people.supervisor)
    doors = doors_of(app, people.supervisor, people.cases[0], "018f")
    before = walk(client, *doors)
    report_id = report(app, people.cases[0])
    after = walk(client, *doors)
    assert after != before
    assert CANARY in after[f"/supervision/pressure/{report_id}"]
    assert CANARY in after["/supervision"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("handler", 403), ("head", 403), ("both", 403), ("clerk", 403), ("operator", 403),
     ("auditor", 403), ("admin", 403), ("own_office", 404), ("supervisor", 200), ("leader", 200)],
)  # fmt: skip
def test_only_supervisors_of_another_office_open_a_report(app, people, who, status):
    report_id = report(app, people.cases[0])
    client = signed_in(app, getattr(people, who))
    answer = client.get(f"/supervision/pressure/{report_id}")
    assert answer.status_code == status
    assert (CANARY in answer.get_data(as_text=True)) is (status == 200)


COUNTED = re.compile(r"/messages(/figures)?(\?.*)?")


def test_the_office_the_case_is_about_sees_nothing_of_it_though_it_supervises(app, people):
    def look():
        said = walk(client, "/supervision", "/supervision/pressure")
        # These count every office's messages, and say of none what it is about.
        return {page: words for page, words in said.items() if not COUNTED.fullmatch(page)}

    client = signed_in(app, people.own_office)
    before = look()
    report_id = report(app, people.cases[0])
    after = look()
    assert after == before
    assert str(report_id) not in "".join(after.values())


def csrf(client, path):
    page = client.get(path).get_data(as_text=True)
    return page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def answer(client, report_id, words, path=None):
    path = path or f"/supervision/pressure/{report_id}"
    said = {"csrf_token": csrf(client, "/supervision"), "words": words}
    return client.post(f"{path}?lang=en", data=said)


def test_a_supervisor_writes_down_what_was_found_out_once(app, people):
    report_id = report(app, people.cases[0])
    client = signed_in(app, people.supervisor)
    assert answer(client, report_id, "已约谈窗口负责人").status_code == 303
    listed = client.get("/supervision/pressure?lang=en").get_data(as_text=True)
    assert CANARY not in listed
    assert CANARY in client.get("/supervision/pressure?answered=1").get_data(as_text=True)
    again = answer(client, report_id, "再写一次")
    assert again.status_code == 409
    page = again.get_data(as_text=True)
    assert "再写一次" in page, "the words are given back"
    assert "已约谈窗口负责人" in page
    with app.app_context():
        assert db.session.scalars(select(PressureAnswer)).one().words == "已约谈窗口负责人"
        acts = select(Entry.act).where(Entry.subject == "pressure").order_by(Entry.id)
        assert db.session.scalars(acts).all() == ["report", "answer"]


@pytest.mark.parametrize("words", ["", "  ", "\x00", "字" * 2001, "\ud800"])
def test_wrong_words_are_named_and_nothing_is_written(app, people, words):
    report_id = report(app, people.cases[0])
    client = signed_in(app, people.supervisor)
    sent = words.encode("utf-8", "surrogatepass")
    refused = answer(client, report_id, sent)
    assert refused.status_code in (400, 422)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(PressureAnswer)) == 0


def test_an_answer_from_the_own_office_is_refused_with_the_words_given_back(app, people):
    report_id = report(app, people.cases[0])
    refused = answer(signed_in(app, people.own_office), report_id, "没有这回事")
    assert refused.status_code == 404
    assert "没有这回事" in refused.get_data(as_text=True)
    assert CANARY not in refused.get_data(as_text=True)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(PressureAnswer)) == 0


@pytest.mark.parametrize("page", ["-1", "٣", "999999999", "x"])
def test_a_page_that_is_none_is_the_first_or_the_last(app, people, page):
    report(app, people.cases[0])
    client = signed_in(app, people.supervisor)
    assert CANARY in client.get(f"/supervision/pressure?page={page}").get_data(as_text=True)


def test_of_two_who_answer_at_once_one_is_told(app, people):
    report_id = report(app, people.cases[0])

    def write(who):
        account = db.session.merge(who)
        with transaction():
            found = pressure.by_id(report_id, account)
            actions.answer_pressure(found, found.case, account, "核查", clock.now())

    two = (partial(write, who) for who in (people.supervisor, people.judge))
    assert [type(problem) for problem in raised(at_once(app, *two))] == [OutOfTurn]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(PressureAnswer)) == 1


def test_reports_wait_oldest_first_in_pages(app, people, monkeypatch):
    monkeypatch.setattr(pressure, "PAGE_SIZE", 2)
    for number in range(3):
        report(app, people.cases[0], f"第{number}条")
    with app.app_context():
        first = pressure.page(people.supervisor, answered=False, number=1)
        last = pressure.page(people.supervisor, answered=False, number=9)
    assert [r.words for r in first.rows] == ["第0条", "第1条"]
    assert ([r.words for r in last.rows], last.number, last.found) == (["第2条"], 2, 3)


def test_the_message_leads_to_the_report_and_not_to_the_case(app, people):
    report_id = report(app, people.cases[0])
    with app.app_context():
        told = db.session.scalars(select(Message).where(Message.occasion == "desk_asked")).all()
        assert {message.to_department for message in told} == {"GOV", "XZSP"}
        assert all(m.facts["link"].endswith(f"/supervision/pressure/{report_id}") for m in told)


def test_a_supervising_office_is_not_told_of_pressure_in_its_own_case(app, people):
    with app.app_context():
        case = make_case(clock.now())
        with transaction():
            db.session.get_one(Case, case.id).department_code = "XZSP"
        case = reload(case)
        number = case.number
    report(app, number)
    with app.app_context():
        told = db.session.scalars(select(Message).where(Message.occasion == "desk_asked")).all()
        assert {message.to_department for message in told} == {"GOV"}


def told_of_pressure():
    """Return as what, and to which offices, reports were told."""
    pressed = select(Message.occasion, Message.to_department)
    rows = db.session.execute(pressed.where(Message.dedupe_key.startswith("pressed:")))
    return {tuple(row) for row in rows}


def give(case, department, by, now):
    return do(actions.reassign, case, by, department, "职责已划转", "", now=now)


@pytest.fixture
def at_its_window(app, people):
    """Return a case that RS answers for, about a guide, and which happened at XZSP's window."""
    with app.app_context():
        event = make_event(clock.now(), window="XZSP-01")
        rate(event, clock.now(), tags=("108",))
        case = db.session.scalars(select(Case).where(Case.event_id == event.id)).one()
        assert case.department_code == "RS"
        return case.number


def test_the_office_of_the_window_neither_hears_nor_reads_nor_answers(app, people, at_its_window):
    client = signed_in(app, people.judge)  # a supervisor of XZSP
    before = walk(client, "/supervision", "/supervision/pressure?answered=1")
    report_id = report(app, at_its_window)
    after = walk(client, "/supervision", "/supervision/pressure?answered=1")
    figures = [page for page in after if COUNTED.fullmatch(page)]
    assert {p: s for p, s in after.items() if p not in figures} == {
        p: s for p, s in before.items() if p not in figures
    }
    assert client.get(f"/supervision/pressure/{report_id}").status_code == 404
    assert answer(client, report_id, "没有的事").status_code == 404
    with app.app_context():
        assert told_of_pressure() == {("desk_asked", "GOV")}
        found = db.session.get_one(PressureReport, report_id)
        with pytest.raises(NotYours):
            say(
                lambda case, at: actions.answer_pressure(found, case, people.judge, "无", at),
                found.case, now=clock.now(),
            )  # fmt: skip


def owners_after(app, people, *offices, window="RS-12"):
    """Return a case of RS that was given to these offices one after the other."""
    with app.app_context():
        event = make_event(clock.now(), window=window)
        rate(event, clock.now())
        case = db.session.scalars(select(Case).where(Case.event_id == event.id)).one()
        for office in offices:
            by = people.judge if case.department_code == "GOV" else people.supervisor
            case = give(case, office, by, clock.now())
        return case.number


def status(app, account, report_id):
    return signed_in(app, account).get(f"/supervision/pressure/{report_id}").status_code


def test_an_office_that_had_the_case_before_reads_no_report_of_pressure(app, people):
    number = owners_after(app, people, "XZSP", "SW")
    report_id = report(app, number)
    assert status(app, people.judge, report_id) == 404
    assert status(app, people.own_office, report_id) == 404
    assert status(app, people.supervisor, report_id) == 200
    with app.app_context():
        assert told_of_pressure() == {("desk_asked", "GOV")}


@pytest.mark.parametrize("onward", [("XZSP",), ("XZSP", "SW")])
def test_an_office_that_gets_the_case_later_no_longer_reads_the_report(app, people, onward):
    report_id = report(app, people.cases[0])
    assert status(app, people.judge, report_id) == 200
    with app.app_context():
        case = db.session.scalars(select(Case).where(Case.number == people.cases[0])).one()
        for office in onward:
            case = give(case, office, people.supervisor, clock.now())
    client = signed_in(app, people.judge)
    assert client.get(f"/supervision/pressure/{report_id}").status_code == 404
    assert CANARY not in client.get("/supervision").get_data(as_text=True)
    assert CANARY not in client.get("/supervision/pressure").get_data(as_text=True)
    assert status(app, people.supervisor, report_id) == 200


def test_a_report_in_triage_is_kept_from_the_offices_that_get_the_case(app, people):
    with app.app_context():
        number = case_in(State.TRIAGE, Cast(people, {}), clock.now()).number
    report_id = report(app, number)
    assert status(app, people.judge, report_id) == 200
    with app.app_context():
        case = db.session.scalars(select(Case).where(Case.number == number)).one()
        do(actions.assign, case, people.supervisor, "XZSP", "属审批局", now=clock.now(),
           tag_class=TagClass.STAFF)  # fmt: skip
    assert status(app, people.judge, report_id) == 404


LEADERS = {
    "each office has leaders": (("GOV", "XZSP"), {"XZSP"}, {"xzsp leader"}),
    "only the office that answers has one": (("GOV",), {"GOV"}, {"gov leader"}),
    "nobody is a leader": ((), {"XZSP"}, {"xzsp leader", "judge"}),
}
"""Whose supervisors are leaders; who then is told, and who reads what every office is part of."""


@pytest.mark.parametrize("having", LEADERS)
def test_where_every_supervising_office_had_to_do_with_it_the_leaders_read_it(app, people, having):
    """First those of an office that does not answer for the case now; somebody always reads it."""
    offices, told, reading = LEADERS[having]
    with app.app_context():
        with transaction():
            leader = db.session.get_one(Account, people.leader.id)
            disable_account(leader, SYSTEM, clock.now())
        asked = {
            f"{code.lower()} leader": make_account(
                Role.SUPERVISOR, *([Role.LEADER] if code in offices else []), department=code
            )
            for code in ("GOV", "XZSP")
        }
        let_go(*asked.values())
    asked |= {"supervisor": people.supervisor, "judge": people.judge}
    number = owners_after(app, people, "GOV", window="XZSP-01")
    report_id = report(app, number)
    assert {who for who, one in asked.items() if status(app, one, report_id) == 200} == reading
    with app.app_context():
        assert told_of_pressure() == {("leaders_asked", office) for office in told}


def test_colleagues_of_the_leaders_get_no_mail_about_it(app, people):
    with app.app_context():
        leader = make_account(Role.SUPERVISOR, Role.LEADER, department="XZSP")
        assert mailboxes("XZSP", "leaders_asked") == [leader.email]


def test_a_message_of_pressure_that_got_stuck_shows_to_nobody_it_may_be_about(
    app, people, at_its_window
):
    """A supervisor of that office neither sees nor drops it; whoever looks after messages reads no number."""
    report(app, at_its_window)
    with app.app_context():
        with transaction():
            stuck = db.session.scalars(
                select(Message).where(Message.dedupe_key.startswith("pressed:"))
            ).one()
            stuck.state = Sending.GIVEN_UP
        stuck_id = stuck.id
    there = {"supervisor": (200, True), "judge": (404, False), "admin": (200, False)}
    for who, (status_code, reads_number) in there.items():
        client = signed_in(app, getattr(people, who))
        listed = client.get("/messages").get_data(as_text=True)
        shown = client.get(f"/messages/{stuck_id}")
        assert (str(stuck_id) in listed, shown.status_code) == (status_code == 200, status_code), (
            who
        )
        assert (at_its_window in listed + shown.get_data(as_text=True)) is reads_number, who


KNOWING = {"pressure.py", "pressure_pages.py", "citizens.py", "citizen.py", "__init__.py"}


def test_no_other_file_asks_for_reports_of_pressure():
    asking = {
        path.name for path in (ROOT / "feedback").rglob("*.py")
        if re.search(r"PressureReport|PressureAnswer|pressure_reports", path.read_text())
    }  # fmt: skip
    assert asking == KNOWING
