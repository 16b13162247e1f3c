"""Finding a citizen's case by whole telephone number or receipt code, for a purpose."""

import pytest
from sqlalchemy import select

from feedback import clock, create_app
from feedback.cases import actions, finding
from feedback.cases.models import Case
from feedback.cases.states import Ground, State, Verdict
from feedback.db import db, transaction
from feedback.errors import Invalid
from feedback.ledger.models import Entry
from feedback.limits import limiter
from feedback.offices.roles import Role
from feedback.reviews.actions import grouped_receipt_of, receipt_of

from ..conftest import make_settings
from ..counting import statements
from ..factories import (
    let_go,
    make_account,
    make_case,
    make_district,
    make_people,
    sign_in,
    walk_to,
)
from .doing import do

pytestmark = pytest.mark.usefixtures("monday")

PHONE = "13812345678"
OTHER = "13987654321"


@pytest.fixture
def people(app):
    """Return the people; two cases of one citizen (one to be visited) and one of another's."""
    now = clock.now()
    with app.app_context():
        make_district()
        people = make_people()
        people.auditor = make_account(Role.AUDITOR, department="XZSP")
        visiting = walk_to(make_case(now), State.VISITING, people, now)
        other = make_case(now, phone=OTHER, name="李")
        people.cases = [visiting.number, make_case(now).number, other.number]
        people.receipt = receipt_of(visiting.event_id)
        people.grouped = grouped_receipt_of(visiting.event_id)
        let_go(*(each for each in vars(people).values() if hasattr(each, "email")))
    return people


def look(client, phone="", receipt="", why="check", **more):
    page = client.get("/find").get_data(as_text=True)
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    said = {"csrf_token": token, "phone": phone, "receipt": receipt, "why": why, **more}
    return client.post("/find?lang=en", data=said)


def looks(app):
    with app.app_context():
        lines = select(Entry).where(Entry.act == "found").order_by(Entry.id)
        return [(e.subject, e.actor_name, e.facts) for e in db.session.scalars(lines)]


def shown(answer, people):
    page = answer.get_data(as_text=True)
    return [number for number in people.cases if number in page]


SAME = [
    "13812345678", "+8613812345678", "138 1234 5678", "138-1234-5678", "１３８１２３４５６７８",
    "008613812345678",
]  # fmt: skip


@pytest.mark.parametrize("phone", SAME)
def test_a_number_is_found_however_it_is_typed(client, people, phone):
    sign_in(client, people.supervisor)
    answer = look(client, phone)
    assert answer.status_code == 200
    assert shown(answer, people) == people.cases[:2]


def test_a_receipt_code_finds_its_one_case(client, people):
    sign_in(client, people.supervisor)
    for typed in (people.receipt, people.grouped, people.grouped.lower()):
        assert shown(look(client, receipt=typed), people) == people.cases[:1]


PARTS = ["138", "1381234567", "5678", "138****5678", "1381234567%", "_" * 11, "12345", "x", "+86",
         "\x00", "1" * 5000, "13812345678 or 1=1"]  # fmt: skip


@pytest.mark.parametrize("phone", PARTS)
def test_part_of_a_number_is_refused_in_words_and_finds_nobody(app, client, people, phone):
    sign_in(client, people.supervisor)
    answer = look(client, phone)
    assert answer.status_code == 422
    assert shown(answer, people) == []
    assert "type all its digits" in answer.get_data(as_text=True)
    assert looks(app) == []


@pytest.mark.parametrize("receipt", ["7K3M", "7K3M-92QF", "%", "x" * 4000, "\x00", "７K３M"])
def test_part_of_a_receipt_code_is_refused_in_words(app, client, people, receipt):
    sign_in(client, people.supervisor)
    answer = look(client, receipt=receipt)
    assert answer.status_code == 422
    assert "12 letters and digits" in answer.get_data(as_text=True)
    assert looks(app) == []


@pytest.mark.parametrize(
    ("phone", "receipt", "why"),
    [("", "", "check"), (PHONE, "7K3M-92QF-M4TX", "check"), (PHONE, "", ""),
     (PHONE, "", "curiosity"), (PHONE, "", "\x00")],
)  # fmt: skip
def test_neither_both_or_no_purpose_is_refused_and_nothing_is_shown(
    app, client, people, phone, receipt, why
):
    sign_in(client, people.supervisor)
    answer = look(client, phone, receipt, why)
    assert answer.status_code == 422
    assert shown(answer, people) == []
    assert looks(app) == []


def test_each_person_finds_only_what_they_may_see(app, people):
    found = {}
    for who in ("supervisor", "leader", "auditor", "operator"):
        client = app.test_client()
        sign_in(client, getattr(people, who))
        why = "asks" if who == "operator" else "check"
        found[who] = shown(look(client, PHONE, why=why), people)
    both = people.cases[:2]
    assert found == {"supervisor": both, "leader": both, "auditor": both, "operator": both[:1]}


def test_an_auditor_looks_for_an_audit_only(app, client, people):
    sign_in(client, people.auditor)
    assert look(client, PHONE, why="asks").status_code == 422
    assert look(client, PHONE, why="check").status_code == 200


def test_each_look_leaves_a_line_with_its_purpose_and_without_the_number(app, client, people):
    sign_in(client, people.supervisor)
    look(client, PHONE, why="asks")
    look(client, "13700000000", why="check")
    look(client, receipt=people.receipt, why="visit")
    lines = looks(app)
    assert [facts for _, _, facts in lines] == [
        {"by": "phone", "why": "asks", "cases": [people.cases[1], people.cases[0]]},
        {"by": "phone", "why": "check", "cases": []},
        {"by": "receipt", "why": "visit", "cases": [people.cases[0]]},
    ]
    assert {(subject, name) for subject, name, _ in lines} == {("look", "督查")}
    for secret in (PHONE, "13700000000", people.receipt, people.grouped):
        assert secret not in str(lines)


def test_looking_is_no_hand_in_the_case(app, people):
    """A supervisor who only looked a case up may still judge its appeal."""
    now = clock.now()
    with app.app_context():
        case = db.session.scalars(select(Case).where(Case.number == people.cases[1])).one()
        head = db.session.merge(people.head)
        case = do(actions.appeal, case, head, Ground.MISTAKEN, "误评", (), now=now)
        judge = db.session.merge(people.judge)
        with transaction():
            found = finding.find(finding.read_clue(PHONE, ""), finding.Why.CHECK, judge, now)
            assert case.number in [one.number for one in found]
        case = do(actions.judge, case, judge, Verdict.DISMISS, "不成立", now=now)
        assert case.state is State.ROUTED


def test_the_number_stands_in_no_address_log_or_page_afterwards(client, people, capsys):
    sign_in(client, people.supervisor)
    answer = look(client, PHONE)
    assert answer.headers["Cache-Control"] == "no-store"
    for secret in (PHONE, "12345678"):
        assert secret not in answer.get_data(as_text=True)
        assert secret not in capsys.readouterr().out
    assert client.get(f"/find?phone={PHONE}").get_data(as_text=True).count(PHONE) == 0


@pytest.mark.parametrize("who", ["handler", "head", "colleague_elsewhere"])
def test_a_department_has_no_such_page(client, people, who):
    sign_in(client, getattr(people, who))
    assert client.get("/find").status_code == 403
    assert "/find" not in client.get("/cases").get_data(as_text=True)


def test_a_look_costs_the_same_however_many_cases_a_citizen_has(app, client, people):
    sign_in(client, people.supervisor)
    look(client, PHONE)
    with statements(app) as few:
        look(client, PHONE)
    with app.app_context():
        for _ in range(10):
            make_case(clock.now())
    with statements(app) as many:
        look(client, PHONE)
    assert len(few) == len(many)


def test_the_latest_cases_are_shown_where_there_are_very_many(app, client, people, monkeypatch):
    monkeypatch.setattr(finding, "MOST", 1)
    sign_in(client, people.supervisor)
    answer = look(client, PHONE)
    assert shown(answer, people) == [people.cases[1]]
    assert "the latest 1" in answer.get_data(as_text=True)


def test_nothing_found_says_what_to_do(client, people):
    sign_in(client, people.operator)
    page = look(client, OTHER, why="asks").get_data(as_text=True)
    assert people.cases[2] not in page
    assert "please ask a supervisor" in page


def test_a_clue_is_one_thing_and_whole(context):
    for phone, receipt in (
        ("", ""),
        (" ", "\t"),
        (PHONE, "7K3M-92QF-M4TX"),
        ("138", ""),
        ("", "7K"),
    ):
        with pytest.raises(Invalid):
            finding.read_clue(phone, receipt)
    assert finding.read_clue(PHONE, "").digest == finding.read_clue("+86 138 1234 5678", "").digest
    assert finding.read_clue(PHONE, "").digest != finding.read_clue(OTHER, "").digest


@pytest.fixture
def counting(app):
    """Return an app that counts looks, three a minute, on the test's database."""
    config = app.config["FEEDBACK"]
    counting = create_app(
        make_settings(
            config.var, database_url=config.database_url, rate_limits="on",
            finding_limit="3 per minute",
        )
    )  # fmt: skip
    limiter.reset()
    yield counting
    limiter.reset()
    limiter.enabled = False
    with counting.app_context():
        db.session.remove()
        db.engine.dispose()


def test_trying_numbers_out_comes_to_an_end_for_one_account_alone(people, counting):
    client, elsewhere, colleague = (counting.test_client() for _ in range(3))
    sign_in(client, people.supervisor)
    sign_in(colleague, people.judge)
    tried = [look(client, f"1381234567{n}").status_code for n in range(4)]
    assert tried == [200, 200, 200, 429]
    sign_in(elsewhere, people.supervisor)
    assert look(elsewhere, PHONE).status_code == 429, "the account is counted, not the browser"
    assert look(colleague, PHONE).status_code == 200
    assert len(looks(counting)) == 4
