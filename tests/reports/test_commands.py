"""`flask reports`: one week in the terminal, and the scheduler's duty by hand."""

import json

import openpyxl
import pytest
import time_machine
from sqlalchemy import func, select

from feedback.db import db
from feedback.reports.commands import aligned
from feedback.reports.models import ClosureReport

from ..factories import make_district
from .made import make_case, shanghai

TUESDAY = shanghai("2026-11-24 10:00")


@pytest.fixture
def two_weeks(context):
    make_district()
    make_case("2026-11-10 10:00", closed="2026-11-11 10:00")
    make_case("2026-11-16 10:00", answered="2026-11-18 10:00", closed="2026-11-19 10:00")
    make_case("2026-11-10 11:00", due="2026-11-17 17:30", department="SW")
    make_case("2026-11-23 10:00", named=False)


@pytest.fixture
def flask(app):
    runner = app.test_cli_runner()

    def run(*arguments, at=TUESDAY):
        with time_machine.travel(at, tick=False):
            return runner.invoke(args=["reports", *arguments])

    return run


def kept():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(ClosureReport))


def test_a_finished_week_is_printed_and_kept_once(two_weeks, flask):
    first = flask("closure", "--week", "2026-W47", "--lang", "en")
    assert first.exit_code == 0, first.output
    assert "1 not closed: 区水务局, overdue by 3 working days." in first.output
    assert "1 / 2 = 50%" in first.output
    assert "Written Tue 24 Nov 10:00 and kept" in first.output
    assert kept() == 1
    again = flask("closure", "--week", "2026-W47", "--lang", "en", at=shanghai("2026-12-01 10:00"))
    assert again.output == first.output
    assert kept() == 1


def test_a_running_week_is_provisional_and_not_kept(two_weeks, flask):
    shown = flask("closure", "--week", "2026-W48", "--lang", "en")
    assert shown.exit_code == 0
    assert "Provisional: the week is still running." in shown.output
    assert kept() == 0


def test_before_monday_eight_a_finished_week_is_provisional(two_weeks, flask):
    at = shanghai("2026-11-23 07:59")
    shown = flask("closure", "--week", "2026-W47", "--lang", "en", at=at)
    assert "Provisional" in shown.output
    assert kept() == 0


def test_a_week_before_the_records_is_not_kept(two_weeks, flask):
    shown = flask("closure", "--week", "2025-W01", "--lang", "en")
    assert shown.exit_code == 0
    assert "Nothing was on record" in shown.output
    assert kept() == 0


@pytest.mark.parametrize(
    ("week", "said"),
    [
        ("2026-W54", "2026-W54 is not an ISO week"), ("abc", "abc is not an ISO week"),
        ("2026-W49", "2026-W49 has not begun yet"), ("0001-W01", "0001-W01 is not an ISO week"),
    ],
)  # fmt: skip
def test_a_wrong_week_is_refused_in_words(two_weeks, flask, week, said):
    refused = flask("closure", "--week", week, "--lang", "en")
    assert refused.exit_code == 2
    assert said in refused.output
    assert kept() == 0


def test_the_figures_come_as_json(two_weeks, flask):
    told = json.loads(flask("closure", "--week", "2026-W47", "--json").output)
    assert (told["week"], told["provisional"]) == ("2026-W47", False)
    rate = told["figures"]["total"]["closure_rate_named"]
    assert rate == {"closed": 1, "due": 2, "percent": 50.0}
    assert told["before"]["total"]["closed"] == {"named": 1, "anonymous": 0}
    assert [case["days"] for case in told["figures"]["overdue_cases"]] == [3]


def test_the_workbook_is_written(two_weeks, flask, tmp_path):
    file = tmp_path / "report.xlsx"
    assert flask("closure", "--week", "2026-W47", "--xlsx", str(file)).exit_code == 0
    assert len(openpyxl.load_workbook(file).worksheets) == 7


def test_the_schedulers_duty_by_hand(two_weeks, flask):
    assert "2026-W46, 2026-W47" in flask("write-due").output
    assert flask("write-due").exit_code == 0
    assert kept() == 2


def test_the_commands_work_in_a_process_of_their_own(run_flask):
    refused = run_flask("reports", "closure", "--week", "2026-W54", check=False)
    assert refused.returncode == 2
    shown = run_flask("reports", "closure", "--week", "2026-W01", "--json")
    assert json.loads(shown.stdout)["figures"]["total"]["closure_rate_named"]["due"] == 0


def test_columns_stay_in_line_whatever_the_script():
    assert aligned([["区水务局", "1", "x"], ["RS", "10", "y"]]) == [
        "区水务局  1   x",
        "RS        10  y",
    ]
