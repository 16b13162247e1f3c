"""The desk of special rectifications through the door: who sees what, and what every wrong post gets."""

import re

import pytest
from sqlalchemy import select

from feedback.cases.models import Case
from feedback.cases.special import actions
from feedback.cases.special.models import Special
from feedback.cases.special.states import Act, State
from feedback.db import db, transaction
from feedback.offices.roles import Role

from ...counting import statements
from ...factories import let_go, make_account, make_district, make_people, sign_in
from .doing import GUIDE, MONDAY, STAFF, make_cases, proposed, the_one, told
from .doing import walk_to as walk

NUMBER = "ZX-2026-0001"


@pytest.fixture
def people(app):
    with app.app_context():
        make_district()
        people = make_people()
        people.auditor = make_account(Role.AUDITOR, department="XZSP")
        proposed()
        let_go(*(one for one in vars(people).values() if hasattr(one, "email")))
    return people


def walk_to(app, state, people):
    with app.app_context():
        walk(the_one(), state, people)


def standing(app):
    with app.app_context():
        special = the_one()
        return special.state, special.version, len(told())


def page(client, path=f"/specials/{NUMBER}", status=200):
    answer = client.get(f"{path}{'&' if '?' in path else '?'}lang=en")
    assert answer.status_code == status, path
    return answer.get_data(as_text=True)


def token(client):
    return (
        page(client, "/specials")
        .split('name="csrf_token"', 1)[1]
        .split('value="', 1)[1]
        .split('"', 1)[0]
    )


def post(client, act, number=NUMBER, **said):
    said = {"seen": standing(client.application)[1], "csrf_token": token(client), **said}
    return client.post(f"/specials/{number}/{act}?lang=en", data=said)


SAID = {"owner": "RS", "days": "20", "words": "改指南"}


def test_a_special_rectification_is_walked_through_by_its_pages(app, client, people):
    sign_in(client, people.supervisor)
    assert ">Take it up<" in page(client, "/specials")
    assert "3 bad reviews of this item" in page(client)
    assert 'value="20"' in page(client)
    assert '<option selected value="RS">' in page(client)
    assert post(client, "confirm", **SAID).status_code == 303
    owner = app.test_client()
    sign_in(owner, people.handler)
    assert "改指南" in page(owner)
    assert post(owner, "measure", words="重写材料清单").status_code == 303
    assert post(owner, "report", words="已重写").status_code == 303
    assert post(client, "send_back", words="还缺样本").status_code == 303
    assert "还缺样本" in page(owner)
    assert post(owner, "report", words="已补样本").status_code == 303
    assert 'action="/specials/ZX-2026-0001/send_back"' not in page(client)
    assert post(client, "close", words="已核对").status_code == 303
    assert "None is open" in page(client, "/specials")
    assert NUMBER in page(client, "/specials?ended=1")
    assert standing(app)[0] is State.CLOSED


def test_a_proposal_is_the_supervisors_alone(app, client, people):
    sign_in(client, people.handler)
    assert NUMBER not in page(client, "/specials")
    page(client, status=404)
    assert post(client, "measure", words="x").status_code == 404


def test_the_owner_sees_it_once_confirmed_and_another_department_never(app, client, people):
    walk_to(app, State.WORKING, people)
    sign_in(client, people.head)
    assert NUMBER in page(client, "/specials")
    elsewhere = app.test_client()
    sign_in(elsewhere, people.colleague_elsewhere)
    assert NUMBER not in page(elsewhere, "/specials")
    page(elsewhere, status=404)
    for act in Act:
        assert post(elsewhere, act.value, **SAID).status_code == 404
    assert standing(app)[0] is State.WORKING


def test_an_owner_sees_its_own_cases_and_only_the_number_of_the_others(app, client, people):
    with app.app_context():
        mine, *others = db.session.scalars(select(Case).order_by(Case.number)).all()
        with transaction() as session:
            for other in others:
                session.get_one(Case, other.id).department_code = "SW"
        mine, others = mine.number, [other.number for other in others]
    walk_to(app, State.WORKING, people)
    sign_in(client, people.handler)
    seen = page(client)
    assert mine in seen
    assert not [number for number in others if number in seen]
    assert "2 cases are other departments" in seen
    assert "3 bad reviews of this item" in seen
    supervisor = app.test_client()
    sign_in(supervisor, people.supervisor)
    assert all(number in page(supervisor) for number in [mine, *others])


def test_nothing_personal_is_on_its_pages(app, client, people):
    sign_in(client, people.supervisor)
    for path in ("/specials", f"/specials/{NUMBER}"):
        for word in ("王小明", "13812345678", "138****", "等了三小时没人理"):
            assert word not in page(client, path)


def test_the_page_of_a_case_says_what_it_belongs_to(app, client, people):
    with app.app_context():
        number = db.session.scalars(select(Case.number).order_by(Case.number)).first()
    sign_in(client, people.handler)
    assert NUMBER not in page(client, f"/cases/{number}"), "a proposal is not the department's yet"
    supervisor = app.test_client()
    sign_in(supervisor, people.supervisor)
    assert f'href="/specials/{NUMBER}"' in page(supervisor, f"/cases/{number}")
    walk_to(app, State.WORKING, people)
    assert f'href="/specials/{NUMBER}"' in page(client, f"/cases/{number}")


def test_a_department_that_is_not_the_owner_reads_the_number_and_no_more(app, client, people):
    with app.app_context():
        number = db.session.scalars(select(Case.number).order_by(Case.number)).first()
        special = the_one()
        with transaction():
            fresh = db.session.get_one(Special, special.id)
            actions.confirm(fresh, people.supervisor, "SW", "改", 20, MONDAY, fresh.version)
    sign_in(client, people.handler)
    seen = page(client, f"/cases/{number}")
    assert NUMBER in seen
    assert f'href="/specials/{NUMBER}"' not in seen


def test_a_declined_one_is_not_on_the_page_of_its_cases(app, client, people):
    walk_to(app, State.DECLINED, people)
    with app.app_context():
        number = db.session.scalars(select(Case.number).order_by(Case.number)).first()
    sign_in(client, people.supervisor)
    assert NUMBER not in page(client, f"/cases/{number}")


def test_what_is_about_the_own_office_is_another_offices_to_decide(app, client, people):
    own = app.test_client()
    with app.app_context():
        account = make_account(Role.SUPERVISOR, department="RS")
        let_go(account)
    sign_in(own, account)
    assert "another supervising office decides" in page(own)
    assert "<textarea" not in page(own)
    before = standing(app)
    assert post(own, "confirm", **SAID).status_code == 403
    assert post(own, "decline", words="没有问题").status_code == 403
    assert standing(app) == before


def test_an_auditor_reads_and_writes_nothing(app, client, people):
    sign_in(client, people.auditor)
    assert "<textarea" not in page(client)
    before = standing(app)
    for act in ("confirm", "decline"):
        assert post(client, act, **SAID).status_code == 403
    assert standing(app) == before


@pytest.mark.parametrize("act", ["confirm", "decline"])
def test_a_stale_page_is_refused_and_gives_the_words_back(app, client, people, act):
    walk_to(app, State.WORKING, people)
    sign_in(client, people.judge)
    before = standing(app)
    answer = post(client, act, **SAID | {"seen": 1, "words": "我写了很久的话"})
    assert answer.status_code == 409
    assert "我写了很久的话" in answer.get_data(as_text=True)
    assert "Nothing of yours was saved" in answer.get_data(as_text=True)
    assert standing(app) == before


def test_a_stale_page_that_is_still_in_turn_keeps_the_words_in_the_form(app, client, people):
    walk_to(app, State.WORKING, people)
    sign_in(client, people.handler)
    answer = post(client, "measure", words="我写了很久的话", seen=1)
    seen = answer.get_data(as_text=True)
    assert answer.status_code == 409
    form = seen.split('/measure"', 1)[1].split("</form>")[0]
    assert "我写了很久的话" in form
    assert 'name="seen" value="2"' in form


BAD = {
    "nothing": {"words": ""}, "spaces": {"words": "  "}, "nul": {"words": "a\x00b"},
    "surrogate": {"words": "a\ud800"}, "too long": {"words": "长" * 2001},
    "no owner": {"owner": ""}, "an owner who is none": {"owner": "NOBODY"},
    "no days": {"days": ""}, "none": {"days": "0"}, "too many": {"days": "121"},
    "other digits": {"days": "٢٠"}, "huge": {"days": "9" * 40}, "words for days": {"days": "soon"},
    "a fraction": {"days": "2.5"}, "below": {"days": "-1"}, "no version": {"seen": ""},
    "a version that is none": {"seen": "one"}, "a huge version": {"seen": "9" * 30},
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_hostile_input_is_refused_in_words_and_changes_nothing(app, client, people, what):
    sign_in(client, people.supervisor)
    before = standing(app)
    said = {name: value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
            for name, value in {**SAID, **BAD[what]}.items()}  # fmt: skip
    answer = post(client, "confirm", **said)
    assert answer.status_code in (400, 422), answer.status_code
    assert standing(app) == before
    if answer.status_code == 422:
        assert "error-summary" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "path",
    ["/specials/ZX-2026-0002", "/specials/ZX-2026-1", "/specials/HC-2026-000001", "/specials/x",
     "/specials/ZX-2026-0001'--"],
)  # fmt: skip
def test_what_is_no_number_leads_nowhere(client, people, path):
    sign_in(client, people.supervisor)
    page(client, path, status=404)


@pytest.mark.parametrize("number", ["0", "-1", "99999", "x", "١"])
def test_a_page_that_is_none_is_the_first_or_the_last(client, people, number):
    sign_in(client, people.supervisor)
    assert NUMBER in page(client, f"/specials?page={number}")


def test_the_pages_cost_the_same_however_many_there_are(app, client, people):
    sign_in(client, people.supervisor)
    paths = ("/specials", f"/specials/{NUMBER}")
    for path in paths:
        page(client, path)
    with statements(app) as few:
        for path in paths:
            page(client, path)
    with app.app_context():
        make_cases(20, tags=(*GUIDE, *STAFF))
        make_cases(3, item="SW-001")
        actions.propose(MONDAY)
    with statements(app) as many:
        for path in paths:
            page(client, path)
    assert len(re.findall(r"ZX-2026-\d{4}</a>", page(client, "/specials"))) == 3
    assert len(few) == len(many)
