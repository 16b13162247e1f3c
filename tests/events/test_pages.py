"""The clerk's desk."""

import html
import re
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import func, select

from feedback.db import db, transaction
from feedback.events import codes
from feedback.events.models import RecordedVia, ServiceEvent
from feedback.ledger.models import Entry
from feedback.offices.models import Officer, Window
from feedback.offices.roles import Role

from ..conftest import MONDAY_MORNING
from ..counting import statements
from ..factories import make_account, make_district, make_event, rate, sign_in

DESK = "/desk/events"
NUMBER = "370112202611230001"


@pytest.fixture(autouse=True)
def _monday(app):
    with app.app_context():
        make_district()
    with time_machine.travel(MONDAY_MORNING, tick=False):
        yield


@pytest.fixture
def clerk(app, client):
    """爱丽 at RS, signed in."""
    with app.app_context():
        account = make_account(Role.CLERK)
        db.session.expunge_all()
    sign_in(client, account)
    return account


def recorded(*now, **changes):
    """Return a service that later transactions leave alone."""
    event = make_event(*now, **changes)
    db.session.expunge_all()
    return event


def page(client, path):
    answer = client.get(path + ("&" if "?" in path else "?") + "lang=en")
    assert answer.status_code == 200, answer.status
    return html.unescape(answer.get_data(as_text=True))


def form(client, item="RS-001", **typed):
    text = page(client, f"{DESK}?item={item}")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
    return {
        "csrf_token": token[1], "item_code": item, "project_no": NUMBER, "service_number": "1",
        "window": "RS-12", "officer": "", "mode": "onsite", "applicant_kind": "person",
        "applicant_name": "", "applicant_phone": "", "served_at": "2026-11-23T09:30", **typed,
    }  # fmt: skip


def post(client, **typed):
    return client.post(f"{DESK}?lang=en", data=form(client, **typed))


def events(app):
    with app.app_context():
        return db.session.scalars(select(ServiceEvent)).all()


class TestChoosing:
    def test_the_departments_own_items_are_offered_without_a_search(self, client, clerk):
        text = page(client, DESK)
        assert "特殊工时首次审批" in text
        assert "用水报装并联审批" not in text

    def test_an_item_of_another_department_is_offered_once_it_was_used(self, client, clerk):
        post(client, item="SW-001")
        assert "用水报装并联审批" in page(client, DESK).split('id="recorded"')[0]

    @pytest.mark.parametrize("words", ["SW-001", "sw-0", "用水报装", "并联"])
    def test_an_item_is_found_by_its_code_or_part_of_its_name(self, client, clerk, words):
        assert "item=SW-001" in page(client, f"{DESK}?q={words}")

    def test_the_own_departments_items_come_first(self, client, clerk):
        text = page(client, f"{DESK}?q=审批")
        assert 0 < text.index("item=RS-001") < text.index("item=SW-001")

    @pytest.mark.parametrize("words", ["%25", "_", "%5C", "100%25", "RS_001", "'", "x" * 5000])
    def test_wildcards_and_nonsense_find_nothing(self, client, clerk, words):
        assert "item=RS-001" not in page(client, f"{DESK}?q={words}")

    @pytest.mark.parametrize("words", ["%00", "%20", "%07"])
    def test_what_is_no_word_searches_for_nothing(self, client, clerk, words):
        assert "item=RS-001" in page(client, f"{DESK}?q={words}")

    def test_an_item_that_does_not_exist_is_404(self, client, clerk):
        assert client.get(f"{DESK}?item=XX").status_code == 404

    def test_the_window_last_used_stands_ready(self, client, clerk):
        post(client, window="XZSP-01")
        text = page(client, f"{DESK}?item=RS-001")
        assert re.search(r'<option selected value="XZSP-01">', text)

    def test_the_accounts_own_window_stands_ready(self, app, client):
        with app.app_context():
            account = make_account(Role.CLERK)
            with transaction():
                account = db.session.merge(account)
                account.window_code = "RS-12"
        sign_in(client, account)
        assert '<option selected value="RS-12">' in page(client, f"{DESK}?item=RS-001")

    def test_own_windows_come_first_and_others_name_their_department(self, client, clerk):
        text = page(client, f"{DESK}?item=RS-001")
        assert text.index('value="RS-12"') < text.index('value="XZSP-01"')
        assert "政务服务大厅01号窗口 · 区行政审批服务局" in text

    def test_the_time_stands_at_now_by_shanghais_clock(self, client, clerk):
        assert 'value="2026-11-23T10:00"' in page(client, f"{DESK}?item=RS-001")


class TestRecording:
    def test_a_service_is_recorded_and_shown_with_its_code(self, app, client, clerk):
        answer = post(client, applicant_name="王小明", applicant_phone="13812345678")
        assert answer.status_code == 303
        (event,) = events(app)
        assert answer.location == f"{DESK}/{event.id}"
        assert (event.source, event.recorded_via) == ("desk", RecordedVia.DESK)
        assert (event.recorded_by_id, event.window_code) == (clerk.id, "RS-12")
        assert event.served_at.isoformat() == "2026-11-23T01:30:00+00:00"
        with app.app_context():
            entry = db.session.scalars(select(Entry).where(Entry.act == "record")).one()
        assert (entry.actor_id, entry.actor_department) == (clerk.id, "RS")
        text = page(client, answer.location)
        assert "特殊工时首次审批" in text
        assert NUMBER in text
        assert "<svg" in text
        assert "Monday 30 November" in text
        assert "王小明" not in text
        assert "13812345678" not in text

    def test_a_second_click_shows_the_same_service(self, app, client, clerk):
        typed = form(client)
        first, second = (client.post(DESK, data=typed) for _ in range(2))
        assert first.status_code == second.status_code == 303
        assert first.location == second.location
        assert len(events(app)) == 1

    def test_other_facts_under_the_same_number_are_named_beside_their_fields(
        self, app, client, clerk
    ):
        shown = post(client).location
        answer = post(client, mode="online", window="XZSP-01", applicant_name="王小明")
        assert answer.status_code == 422
        text = html.unescape(answer.get_data(as_text=True))
        assert shown in text
        for name in ("window", "mode"):
            assert f'href="#{name}' in text or f'id="{name}-error"' in text
        assert text.count("on record with another value here") >= 4  # on top and beside
        assert 'value="王小明"' in text
        assert '<option selected value="XZSP-01">' in text
        assert len(events(app)) == 1

    def test_a_phone_that_differs_is_named_without_showing_the_one_on_record(self, client, clerk):
        post(client, applicant_phone="13812345678")
        text = post(client, applicant_phone="13912345678").get_data(as_text=True)
        assert 'id="applicant_phone-error"' in text
        assert "13812345678" not in text

    def test_every_wrong_field_is_named_and_nothing_typed_is_lost(self, app, client, clerk):
        answer = post(
            client, project_no="", service_number="١٢", mode="pigeon", applicant_kind="alien",
            applicant_phone="12", served_at="yesterday", window="XX", applicant_name="王" * 61,
        )  # fmt: skip
        assert answer.status_code == 422
        text = html.unescape(answer.get_data(as_text=True))
        wrong = (
            "project_no", "service_number", "mode", "applicant_kind", "applicant_phone", "served_at",
            "applicant_name",
        )  # fmt: skip
        for name in wrong:
            assert f'<a href="#{name}">' in text, name
        for typed in ("١٢", "12", "yesterday", "王" * 61):
            assert f'value="{typed}"' in text
        assert events(app) == []

    @pytest.mark.parametrize(
        ("typed", "name"),
        [
            ({"window": "XX"}, "window"), ({"officer": "XX"}, "officer"),
            ({"served_at": "2026-11-24T10:00"}, "served_at"),
            ({"served_at": "0001-01-01T00:00"}, "served_at"),
            ({"service_number": "100"}, "service_number"), ({"project_no": "a\x00b"}, "project_no"),
        ],
    )  # fmt: skip
    def test_one_wrong_field_is_named(self, app, client, clerk, typed, name):
        answer = post(client, **typed)
        assert answer.status_code == 422
        assert f'<a href="#{name}">' in answer.get_data(as_text=True)
        assert events(app) == []

    @pytest.mark.parametrize("code", ["XX", "", "a\x00b", "x" * 5000])
    def test_an_item_that_went_meanwhile_leaves_what_was_typed(self, app, client, clerk, code):
        answer = client.post(f"{DESK}?lang=en", data={**form(client), "item_code": code})
        assert answer.status_code == 422
        assert NUMBER in answer.get_data(as_text=True)
        assert events(app) == []

    def test_nothing_is_recorded_without_the_forms_own_token(self, app, client, clerk):
        typed = form(client)
        del typed["csrf_token"]
        assert client.post(DESK, data=typed).status_code == 400
        assert events(app) == []

    def test_an_officer_of_the_department_may_be_named(self, app, client, clerk):
        with app.app_context(), transaction() as session:
            session.add(Officer(code="RS-1", name="柏", department_code="RS"))
            session.add(Officer(code="XZSP-1", name="陈", department_code="XZSP"))
        text = page(client, f"{DESK}?item=RS-001")
        assert 'value="RS-1"' in text
        assert 'value="XZSP-1"' not in text
        post(client, officer="RS-1")
        assert events(app)[0].officer_code == "RS-1"


class TestOwnOnly:
    @pytest.fixture
    def foreign(self, app):
        """A service of SW, recorded by somebody else, at no window of RS."""
        with app.app_context():
            return recorded(item_code="SW-001", window="XZSP-01")

    @pytest.mark.parametrize("path", ["{}", "{}/slip", "sheet?event={}"])
    def test_a_service_of_another_department_is_404(self, client, clerk, foreign, path):
        assert client.get(f"{DESK}/{path.format(foreign.id)}").status_code == 404

    def test_one_foreign_service_makes_the_whole_sheet_404(self, app, client, clerk, foreign):
        with app.app_context():
            own = recorded()
        assert client.get(f"{DESK}/sheet?event={own.id}").status_code == 200
        answer = client.get(f"{DESK}/sheet?event={own.id}&event={foreign.id}")
        assert answer.status_code == 404

    def test_it_is_neither_listed_nor_found_by_its_number(self, client, clerk, foreign):
        assert foreign.project_no not in page(client, DESK)
        text = page(client, f"{DESK}?number={foreign.project_no}")
        assert str(foreign.id) not in text

    @pytest.mark.parametrize(
        "changes", [{"item_code": "SW-001", "window": "RS-12"}, {"window": "XZSP-01"}]
    )
    def test_the_own_window_or_the_own_item_is_enough(self, app, client, clerk, changes):
        with app.app_context():
            event = recorded(**changes)
        assert event.project_no in page(client, f"{DESK}/{event.id}")
        assert event.project_no in page(client, DESK)

    def test_what_one_recorded_oneself_stays_open(self, client, clerk):
        answer = post(client, item="SW-001", window="XZSP-01")
        assert client.get(answer.location).status_code == 200

    def test_nobody_without_the_clerks_role_gets_in(self, app, client):
        with app.app_context():
            event = recorded()
            handler = make_account(Role.HANDLER)
            db.session.expunge_all()
        paths = (DESK, f"{DESK}/{event.id}", f"{DESK}/{event.id}/slip", f"{DESK}/sheet")
        assert {client.get(path).status_code for path in paths} == {302}
        sign_in(client, handler)
        assert {client.get(path).status_code for path in paths} == {403}

    @pytest.mark.parametrize(
        "text", ["", "x", "123", "../..", "%00", "b935960a-88ff-41f1-b6c7-0416539ac431"]
    )
    def test_what_is_no_service_is_404(self, client, clerk, text):
        assert client.get(f"{DESK}/{text or 'y'}/slip").status_code == 404
        assert client.get(f"{DESK}/sheet?event={text}").status_code == 404


class TestNothingOfTheReview:
    def test_pages_are_the_same_whether_and_however_it_was_rated(self, app, client, clerk):
        """A clerk who could see that a code was used could tell who used it."""
        with app.app_context():
            event = recorded()
        paths = (
            DESK, f"{DESK}/{event.id}", f"{DESK}/{event.id}/slip", f"{DESK}/sheet?event={event.id}",
            f"{DESK}?number={event.project_no}",
        )  # fmt: skip
        before = [plain(page(client, path)) for path in paths]
        with app.app_context():
            rate(event)
        assert [plain(page(client, path)) for path in paths] == before


def plain(text):
    """Return a page without what differs at every load."""
    return re.sub(r'(nonce|value)="[^"]{20,}"', "", text)


class TestTheList:
    def test_todays_services_are_listed_and_yesterdays_are_not(self, app, client, clerk):
        with app.app_context():
            today = recorded(MONDAY_MORNING)
            late = recorded(MONDAY_MORNING.replace(day=22, hour=15, minute=59))
            early = recorded(MONDAY_MORNING.replace(day=22, hour=16, minute=0))
        text = page(client, DESK)
        assert today.project_no in text
        assert early.project_no in text  # Shanghai's midnight
        assert late.project_no not in text
        assert late.project_no in page(client, f"{DESK}?number={late.project_no}")

    def test_a_long_day_shows_the_latest_and_says_so(self, app, client, clerk):
        with app.app_context():
            made = [recorded() for _ in range(103)]
        text = page(client, DESK)
        assert text.count('type="checkbox"') == 100
        assert "100 of 103" in text
        assert made[-1].project_no in text
        assert made[0].project_no not in text

    def test_the_desk_takes_a_constant_number_of_statements(self, app, client, clerk):
        with app.app_context():
            recorded()
        with statements(app) as few:
            page(client, f"{DESK}?item=RS-001")
        with app.app_context():
            with transaction() as session:
                session.add_all(
                    Window(code=f"W{n}", name=f"{n}号窗口", department_code="SW") for n in range(20)
                )
            for _ in range(20):
                recorded()
        with statements(app) as many:
            page(client, f"{DESK}?item=RS-001")
        assert len(few) == len(many)


class TestPrinting:
    def test_the_slip_names_everything_in_words(self, app, client, clerk):
        with app.app_context():
            event = recorded()
            link = codes.link(event)
        text = page(client, f"{DESK}/{event.id}/slip")
        token = link.rpartition("/")[2]
        for words in (
            "特殊工时首次审批", "政务服务大厅12号窗口", "Mon 23 Nov 10:00", event.project_no,
            "http://localhost/r/", token, "until Monday 30 November", "<svg",
            "without giving your name", "does not see who rated",
        ):  # fmt: skip
            assert words in text, words

    def test_the_slip_speaks_chinese_of_the_last_day(self, app, client, clerk):
        with app.app_context():
            event = recorded()
        text = client.get(f"{DESK}/{event.id}/slip").get_data(as_text=True)
        assert "11月30日（" in text

    def test_a_code_that_is_over_is_not_printed(self, app, client, clerk):
        with app.app_context():
            event = recorded(MONDAY_MORNING.replace(month=10))
        text = page(client, f"{DESK}/{event.id}/slip")
        assert "<svg" not in text
        assert "ended on Friday 30 October" in text
        assert "<svg" not in page(client, f"{DESK}/sheet?event={event.id}")

    def test_a_code_whose_key_was_dropped_is_not_printed_and_the_page_says_so(
        self, app, client, clerk, monkeypatch
    ):
        with app.app_context():
            event = recorded()
        monkeypatch.setattr(app.config["FEEDBACK"], "token_keys", {"N": b"n" * 32})
        for path in (f"{event.id}", f"{event.id}/slip", f"sheet?event={event.id}"):
            text = page(client, f"{DESK}/{path}")
            assert "No code can be printed for this service any more" in text, path
            assert '<div class="qr">' not in text
        assert event.project_no in page(client, DESK)

    def test_a_second_service_of_a_project_says_so(self, app, client, clerk):
        with app.app_context():
            event = recorded(service_number=2)
        assert "service 2" in page(client, f"{DESK}/{event.id}/slip")

    @pytest.mark.parametrize(("codes_wanted", "sheets"), [(1, 1), (8, 1), (9, 2), (60, 8)])
    def test_a_sheet_holds_eight_codes_a_page(self, app, client, clerk, codes_wanted, sheets):
        with app.app_context():
            ids = [recorded().id for _ in range(codes_wanted)]
        text = page(client, f"{DESK}/sheet?" + "&".join(f"event={one}" for one in ids))
        assert text.count("<svg") == codes_wanted
        assert text.count('class="sheet"') == sheets

    def test_the_same_code_twice_is_printed_once(self, app, client, clerk):
        with app.app_context():
            event = recorded()
        assert page(client, f"{DESK}/sheet?event={event.id}&event={event.id}").count("<svg") == 1

    def test_a_sheet_of_nothing_says_what_to_do(self, client, clerk):
        answer = client.get(f"{DESK}/sheet?lang=en")
        assert answer.status_code == 422
        assert "Please tick the services" in answer.get_data(as_text=True)

    def test_more_codes_than_a_list_shows_are_refused(self, app, client, clerk):
        query = "&".join(f"event={uuid4()}" for _ in range(101))
        assert client.get(f"{DESK}/sheet?{query}").status_code == 422

    def test_looking_and_printing_write_nothing(self, app, client, clerk):
        with app.app_context():
            event = recorded()
            before = db.session.scalar(select(func.count()).select_from(Entry))
        for path in ("", f"/{event.id}", f"/{event.id}/slip", f"/sheet?event={event.id}"):
            page(client, DESK + path)
        with app.app_context():
            assert db.session.scalar(select(func.count()).select_from(Entry)) == before
