"""The reports in the browser: who may read them, and what they show."""

import re
from io import BytesIO

import openpyxl
import pytest
import time_machine

from feedback.db import transaction
from feedback.offices.roles import Role
from feedback.reports import actions
from feedback.reports.figures import Counts, Pair, Row, WeekFigures
from feedback.reports.models import ClosureReport
from feedback.reports.pages import BAR_LENGTH, bars

from ..factories import make_account, make_district, sign_in
from .made import OLD, make_case, shanghai

TUESDAY = shanghai("2026-11-24 10:00")
PAGES = ["/reports", "/reports/closure/2026-W47", "/reports/closure/2026-W47.xlsx"]


@pytest.fixture(autouse=True)
def _tuesday():
    with time_machine.travel(TUESDAY, tick=False):
        yield


@pytest.fixture
def supervisor(app, client):
    with app.app_context():
        make_district()
        account = make_account(Role.SUPERVISOR, department="GOV")
        make_case("2026-11-10 10:00", closed="2026-11-11 10:00")
        make_case("2026-11-16 10:00", answered="2026-11-18 10:00", closed="2026-11-19 10:00")
        make_case("2026-11-10 11:00", due="2026-11-17 17:30", department="SW")
        actions.write_due(TUESDAY)
        sign_in(client, account)
    return client


def text(answer):
    assert answer.status_code == 200, answer.status_code
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def test_a_kept_report_shows_sentence_number_table_and_overdue_case(supervisor):
    page = text(supervisor.get("/reports/closure/2026-W47?lang=en"))
    assert "1 not closed: 区水务局, overdue by 3 working days." in page
    assert "50% 1 of 2 due were closed" in page
    assert "区水务局 0 −1 0 ±0 1 +1 0 ±0 0 ±0 1 ±0 1 +1 3 0% 0 / 1" in page
    assert "Written Tue 24 Nov 10:00 and kept as it was written." in page
    assert "How it is counted" in page
    order = [page.index(part) for part in ("1 not closed", "50%", "Total", "What became", "Basis")]
    assert order == sorted(order)


def test_a_running_week_is_marked_provisional(supervisor):
    page = text(supervisor.get("/reports/closure/2026-W48?lang=en"))
    assert "Provisional: the week is still running. As of Tue 24 Nov 10:00." in page


def test_the_list_has_the_running_week_on_top(supervisor):
    page = text(supervisor.get("/reports?lang=en"))
    weeks = re.findall(r"2026-W\d\d", page)
    assert weeks == ["2026-W48", "2026-W47", "2026-W46"]
    assert "1 / 2 = 50%" in page


def test_looking_keeps_nothing(app, client):
    with app.app_context():
        make_district()
        make_case("2026-11-16 10:00")
        sign_in(client, make_account(Role.SUPERVISOR, department="GOV"))
    page = text(client.get("/reports/closure/2026-W47?lang=en"))
    assert "Provisional: the report of this week is written on Monday" in page
    with app.app_context():
        assert actions.write_due(TUESDAY) == ["2026-W47"]


def test_the_file_is_the_same_report(supervisor):
    answer = supervisor.get("/reports/closure/2026-W47.xlsx?lang=en")
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=closure-report-2026-W47.xlsx"
    )
    sheet = openpyxl.load_workbook(BytesIO(answer.data)).worksheets[0]
    (total,) = (row for row in sheet.iter_rows(values_only=True) if row[0] == "Total")
    assert total[-4:-1] == (1, 2, 0.5)


@pytest.mark.parametrize(
    "week", ["2026-W54", "abc", "2026-W49", "0001-W01", "9999-W52", "2026-W4７"]
)
@pytest.mark.parametrize("ending", ["", ".xlsx"])
def test_a_week_that_is_none_is_not_found(supervisor, week, ending):
    assert supervisor.get(f"/reports/closure/{week}{ending}").status_code == 404


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [Role.HEAD, Role.AUDITOR])
def test_heads_and_auditors_read_the_whole_report(app, supervisor, page, role):
    other = app.test_client()
    with app.app_context():
        sign_in(other, make_account(role, department="RS"))
    answer = other.get(page)
    assert answer.status_code == 200
    if page == PAGES[1]:
        assert "区水务局" in answer.get_data(as_text=True)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [Role.CLERK, Role.HANDLER, Role.OPERATOR, Role.ADMIN])
def test_others_are_kept_out(app, client, page, role):
    with app.app_context():
        make_district()
        sign_in(client, make_account(role))
    assert client.get(page).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_signed_out_leads_to_sign_in(client, page):
    answer = client.get(page)
    assert (answer.status_code, "/sign-in" in answer.location) == (302, True)


def test_only_those_who_may_open_every_case_are_offered_links(app, supervisor):
    assert "/cases/HC-" in supervisor.get(PAGES[1]).get_data(as_text=True)
    other = app.test_client()
    with app.app_context():
        sign_in(other, make_account(Role.HEAD, department="RS"))
    assert "/cases/HC-" not in other.get(PAGES[1]).get_data(as_text=True)


def test_the_leaders_list_stands_on_top_and_the_way_below(supervisor):
    page = text(supervisor.get("/reports/closure/2026-W47?lang=en"))
    order = [
        page.index(part)
        for part in ("On the leaders", "This week 2 named", "By department", "On the way",
                     "Appeals, and what is not counted", "Who answers for what",
                     "Where it happened", "How it is counted")
    ]  # fmt: skip
    assert order == sorted(order)


def test_a_report_kept_by_an_earlier_version_opens_everywhere(app, supervisor):
    row = {"week": "2026-W40", "written_at": TUESDAY, "figures": {"figures": OLD, "before": None}}
    with app.app_context(), transaction() as session:
        session.add(ClosureReport(**row))
    page = text(supervisor.get("/reports/closure/2026-W40?lang=en"))
    assert "50% 1 of 2 due were closed" in page
    assert "When this report was written, only closures were counted" in page
    assert "On the way" not in page
    assert "Ladder" not in page
    book = supervisor.get("/reports/closure/2026-W40.xlsx?lang=en")
    assert len(openpyxl.load_workbook(BytesIO(book.data)).worksheets) == 2


def test_the_content_policy_needs_no_exception(supervisor):
    html = supervisor.get(PAGES[1]).get_data(as_text=True)
    assert " style=" not in html
    assert "<script" not in html
    assert "<style" not in html


def test_a_bar_is_as_long_as_what_was_due():
    rows = (
        Row("A", "甲", Counts(due=Pair(4), in_time=Pair(2), late=Pair(1), overdue=Pair(1))),
        Row("B", "乙", Counts(due=Pair(0, 1), in_time=Pair(0, 1))),
        Row("C", "丙", Counts(received=Pair(1), open=Pair(1))),
    )
    drawn = bars(WeekFigures("2026-W47", TUESDAY, rows, Counts(), ()))
    assert [bar.name for bar in drawn] == ["甲", "乙"]
    assert [(part.start, part.length) for part in drawn[0].segments] == [
        (0, BAR_LENGTH // 2), (BAR_LENGTH // 2, BAR_LENGTH // 4), (3 * BAR_LENGTH // 4, BAR_LENGTH // 4),
    ]  # fmt: skip
    assert sum(part.length for part in drawn[1].segments) == BAR_LENGTH // 4
