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
from feedback.db import db, transaction
from feedback.errors import OutOfTurn
from feedback.ledger.models import Entry
from feedback.notify.models import Message
from feedback.offices.roles import Role

from ..conftest import MONDAY_MORNING, ROOT
from ..factories import (
    let_go,
    make_account,
    make_case,
    make_district,
    make_people,
    sign_in,
    walk_to,
)
from ..test_doors import address, locked_rules
from ..together import at_once, raised
from .doing import reload, say

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


KNOWING = {"pressure.py", "pressure_pages.py", "citizens.py", "citizen.py", "__init__.py"}


def test_no_other_file_asks_for_reports_of_pressure():
    asking = {
        path.name for path in (ROOT / "feedback").rglob("*.py")
        if re.search(r"PressureReport|PressureAnswer|pressure_reports", path.read_text())
    }  # fmt: skip
    assert asking == KNOWING
