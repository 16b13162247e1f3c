"""What citizens write by text message, as staff see it: who may read what, and seeing to it once."""

from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select

from feedback import clock, privacy
from feedback.channels.feeding import Asking, invitation_of
from feedback.db import db, new_id, transaction
from feedback.events.models import ServiceEvent
from feedback.invitations import actions as invitations
from feedback.ledger.models import Entry
from feedback.notify.actions import phone_digest
from feedback.offices.models import Account
from feedback.offices.roles import Role
from feedback.replies.models import IncomingText, Via
from feedback.replies.talk import Made

from ..conftest import MONDAY_MORNING
from ..counting import statements
from ..factories import (
    let_go,
    make_account,
    make_case,
    make_district,
    make_event,
    rate,
    sign_in,
)

PHONE = "+8613812345678"
PAGE = "/messages/incoming"
_ids = count(1)


@pytest.fixture(autouse=True)
def district(app):
    with app.app_context():
        make_district()


def browser_of(app, role, department="GOV", window=None):
    with app.app_context():
        account = make_account(role, department=department, name="督查")
        if window:
            with transaction() as session:
                session.get_one(Account, account.id).window_code = window
        let_go(account)
    client = app.test_client()
    sign_in(client, account)
    return client


@pytest.fixture
def browser(app):
    """A supervisor of the district's government office, who reads English."""
    return browser_of(app, Role.SUPERVISOR)


def came(app, words="又没人理了", made=Made.PERSON, phone=PHONE, **belongs):
    """Let a text have come in, and return its id."""
    with app.app_context():
        text_id = new_id()
        keys = app.config["FEEDBACK"].data_keys
        sealed = privacy.seal(keys, "incoming_texts", "from_phone", text_id, phone)
        with transaction() as session:
            session.add(
                IncomingText(
                    id=text_id, gateway="twilio", provider_id=f"SM{next(_ids)}", via=Via.CALL,
                    from_phone_sealed=sealed, phone_digest=phone_digest(phone), body=words,
                    sent_at=MONDAY_MORNING, received_at=MONDAY_MORNING, made=made, **belongs,
                )
            )  # fmt: skip
        return text_id


def read(browser, path=PAGE):
    answer = browser.get(f"{path}?lang=en")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def see_to(browser, text_id):
    token = read(browser).split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    return browser.post(f"{PAGE}/{text_id}/seen", data={"csrf_token": token})


def lines(app):
    with app.app_context():
        return db.session.scalars(select(Entry).where(Entry.act == "seen")).all()


# -- what waits for a person ------------------------------------------------------------------


@pytest.mark.parametrize("made", [Made.PERSON, Made.STRANGER])
def test_what_fitted_nothing_waits_with_its_words_and_a_masked_phone(app, browser, made):
    came(app, made=made)
    shown = read(browser)
    assert "又没人理了" in shown
    assert "138****5678" in shown
    assert "13812345678" not in shown


def test_what_was_understood_does_not_wait_but_is_among_all_that_came(app, browser):
    came(app, words="5", made=Made.REVIEW)
    assert "Nothing to do here" in read(browser)
    assert "A rating" in read(browser, f"{PAGE}/latest")


def test_what_was_asked_back_about_and_not_answered_waits_once_its_time_has_come(app, browser):
    later = clock.now() + timedelta(hours=1)
    came(app, words="还要再等", made=Made.ASKED_GRADE, waits_from=later)
    assert "还要再等" not in read(browser)
    text_id = came(app, made=Made.ASKED_GRADE, waits_from=MONDAY_MORNING)
    shown = read(browser)
    assert "又没人理了" in shown
    assert "No clear grade; asked again" in shown
    assert see_to(browser, text_id).status_code == 303
    assert "又没人理了" not in read(browser)


def test_seeing_to_it_takes_it_off_the_list_once_and_the_ledger_says_who(app, browser):
    text_id = came(app)
    token = read(browser).split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    for _ in range(2):
        answer = browser.post(f"{PAGE}/{text_id}/seen", data={"csrf_token": token})
        assert (answer.status_code, answer.location) == (303, PAGE)
    assert "又没人理了" not in read(browser)
    assert [(line.actor_name, line.facts) for line in lines(app)] == [("督查", {"made": "person"})]
    assert "seen to" in read(browser, f"{PAGE}/latest")


def test_seeing_to_it_needs_the_pages_own_token_and_a_text_that_waits(app, browser):
    text_id, understood = came(app), came(app, made=Made.REVIEW)
    assert browser.post(f"{PAGE}/{text_id}/seen").status_code == 400
    assert see_to(browser, understood).status_code == 404
    assert see_to(browser, new_id()).status_code == 404
    assert lines(app) == []


def test_words_are_text_with_their_lines_whatever_is_in_them(app, browser):
    came(app, words="<script>alert(1)</script>\n第二行" + "长" * 1500)
    for path in (PAGE, f"{PAGE}/latest"):
        shown = read(browser, path)
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;\n第二行" in shown
        assert '<details class="whole">' in shown


# -- who may read what -------------------------------------------------------------------------


def test_operators_see_to_texts_but_do_not_read_what_everybody_wrote(app):
    came(app)
    operator = browser_of(app, Role.OPERATOR)
    shown = read(operator)
    assert "又没人理了" in shown
    assert "/messages/figures" not in shown
    assert operator.get(f"{PAGE}/latest").status_code == 403


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CLERK, Role.HANDLER, Role.HEAD, Role.AUDITOR])
def test_nobody_else_reads_who_wrote_what(app, role):
    client = browser_of(app, role)
    assert client.get(PAGE).status_code == client.get(f"{PAGE}/latest").status_code == 403


def test_a_text_about_a_case_leads_there(app, browser):
    with app.app_context():
        case = make_case()
    came(app, case_id=case.id, event_id=case.event_id)
    assert f'href="/cases/{case.number}"' in read(browser)
    assert "特殊工时首次审批" in read(browser)
    assert "/cases/HC-" not in read(browser_of(app, Role.OPERATOR)), "it waits for no visit"


def of_its_case(app):
    with app.app_context():
        case = make_case()
    return {"case_id": case.id, "event_id": case.event_id}


def of_its_service(app):
    with app.app_context():
        return {"event_id": make_event().id, "made": Made.REVIEW}


def of_a_phone_that_complained(app):
    with app.app_context():
        make_case()
    return {}


def of_a_phone_that_was_asked(app):
    with app.app_context():
        make_event(applicant={"kind": "person", "phone": PHONE})
        invitations.invite(MONDAY_MORNING + timedelta(hours=1), lambda: True)
    return {"made": Made.ASKED_GRADE}


@pytest.mark.parametrize(
    "belongs", [of_its_case, of_its_service, of_a_phone_that_complained, of_a_phone_that_was_asked]
)
@pytest.mark.parametrize(("department", "window"), [("RS", None), ("XZSP", "RS-12")])
def test_nobody_reads_what_is_about_their_own_office_or_window(
    app, browser, belongs, department, window
):
    text_id = came(app, **belongs(app))
    own = browser_of(app, Role.SUPERVISOR, department, window)
    assert "又没人理了" in read(browser, f"{PAGE}/latest")
    assert "又没人理了" not in read(own) + read(own, f"{PAGE}/latest")
    assert see_to_blindly(own, text_id).status_code == 404


def see_to_blindly(client, text_id):
    """Post with a token of another page: there is no form on this one."""
    page = client.get("/supervision").get_data(as_text=True)
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    return client.post(f"{PAGE}/{text_id}/seen", data={"csrf_token": token})


# -- where else it is told ---------------------------------------------------------------------


def test_the_tabs_and_the_supervisors_desk_say_how_many_wait(app, browser):
    assert "waits to be read" not in read(browser, "/supervision")
    came(app)
    assert "1 text message from a citizen waits to be read" in read(browser, "/supervision")
    tabs = read(browser, "/messages").split('class="tabs"', 1)[1].split("</nav>", 1)[0]
    assert '<span class="pill mark">1</span>' in tabs
    for path in (PAGE, f"{PAGE}/latest", "/messages/figures", "/messages/wording"):
        assert f'href="{path}"' in tabs
        assert f'href="{path}" aria-current="page"' in read(browser, path)


def test_a_long_list_needs_no_more_statements_than_a_short_one(app, browser):
    def counted(path):
        read(browser, path)
        with statements(app) as seen:
            read(browser, path)
        return len(seen)

    def more(number):
        for _ in range(number):
            with app.app_context():
                case = make_case(phone="13900001111")
            came(app, case_id=case.id, event_id=case.event_id)

    more(1)
    few = [counted(PAGE), counted(f"{PAGE}/latest")]
    more(4)
    assert [counted(PAGE), counted(f"{PAGE}/latest")] == few


def test_the_case_page_shows_what_came_when_the_case_took_no_more(app, browser):
    with app.app_context():
        case = make_case()
    came(app, "还是没人理", case_id=case.id)
    came(app, "不该再出现", made=Made.ADDITION, case_id=case.id)
    shown = read(browser, f"/cases/{case.number}")
    assert "还是没人理" in shown
    assert "不该再出现" not in shown, "additions stand with what the citizen said"


# -- what a clerk is told of the invitation ----------------------------------------------------

MOBILE = {"kind": "person", "phone": PHONE}
AFTER = MONDAY_MORNING + timedelta(hours=1)


def asking(event):
    return invitation_of(db.session.get_one(ServiceEvent, event.id, populate_existing=True)).asking


def test_a_clerk_learns_what_follows_from_the_number_and_the_hour(context):
    assert asking(make_event()) is Asking.NO_PHONE
    assert (
        asking(make_event(applicant={"kind": "person", "phone": "053188888888"}))
        is Asking.NO_MOBILE
    )
    assert asking(make_event(applicant=MOBILE)) is Asking.WAITING


def test_a_clerk_cannot_tell_a_rated_service_from_an_unrated_one(context):
    """Nor from one whose citizen stopped: any other word than for an invited one would tell."""
    invited, bad, good = (make_event(applicant=MOBILE) for _ in range(3))
    rate(bad, MONDAY_MORNING)
    rate(good, MONDAY_MORNING, grade="5", tags=(), comment="", identity="")
    assert {asking(one) for one in (invited, bad, good)} == {Asking.WAITING}
    invitations.invite(AFTER, lambda: True)
    rate(invited, AFTER)
    assert {asking(one) for one in (invited, bad, good)} == {Asking.OVER}


def test_a_clerk_sees_it_on_the_services_page(app):
    clerk = browser_of(app, Role.CLERK, "RS")
    with app.app_context():
        event_id = make_event(applicant=MOBILE).id
    assert "to come, after" in read(clerk, f"/desk/events/{event_id}")
