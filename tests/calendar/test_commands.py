"""`flask calendar` and `flask rules`: what they print, and how they refuse."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from feedback.calendar.actions import load
from feedback.calendar.models import LoadedCalendar
from feedback.cases.models import RuleVersion
from feedback.db import db, transaction
from feedback.ledger.actions import SYSTEM

from .. import slow_calendar as slow
from ..factories import make_case, make_district

WEDNESDAY = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)
NOTICE = "国办发明电〔2026〕1号"


@pytest.fixture
def run(context):
    return lambda *arguments: context.test_cli_runner().invoke(args=[str(a) for a in arguments])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "2027.csv"
    path.write_bytes(slow.notice_file(2027))
    return path


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "some.csv"
        path.write_text(text)
        return path

    return write


def test_a_load_prints_what_moved_from_when_to_when_and_how_many_did_not(run, file):
    make_district()
    across, before = make_case(WEDNESDAY), make_case(datetime(2026, 12, 14, 2, 0, tzinfo=UTC))
    told = run("calendar", "load", file, "--year", 2027, "--source", NOTICE, "--by", "张三")
    assert told.exit_code == 0, told.output
    assert told.output.splitlines()[1:] == [
        f"{across.number}\t整改时限\t2027-01-07 17:30\t2027-01-08 17:30",
        "时限有变的 1 件，不用变的 1 件。",
        "专项整改时限有变的 0 项，不用变的 0 项。",
    ]
    assert before.number not in told.output
    again = run("calendar", "load", file, "--year", 2027, "--source", NOTICE, "--by", "张三")
    assert again.exit_code == 0
    assert "时限有变的 0 件，不用变的 2 件。" in again.output
    assert run("cases", "recount").output.startswith("时限有变的 0 件，不用变的 2 件。\n")


def test_a_load_that_was_cut_off_is_made_good_by_the_same_file_again(run, file):
    """The days are on record, but nobody counted again."""
    make_district()
    case = make_case(WEDNESDAY)
    with transaction():
        load(file.read_bytes(), 2027, NOTICE, SYSTEM, WEDNESDAY)
    told = run("calendar", "load", file, "--year", 2027, "--source", NOTICE).output
    assert told.startswith("已经装入过")
    assert f"{case.number}\t整改时限\t2027-01-07 17:30\t2027-01-08 17:30" in told


@pytest.mark.parametrize(
    "options",
    [("--source", "x"), ("--source", "x", "--year", 2027, "--local"), ("--year", 2027),
     ("--source", "x", "--year", 1999), ("--source", "x", "--year", "二〇二七")],
)  # fmt: skip
def test_a_load_says_what_it_is_and_on_what_it_rests(run, file, options):
    refused = run("calendar", "load", file, *options)
    assert refused.exit_code == 2
    assert db.session.scalar(select(func.count()).select_from(LoadedCalendar)) == 0


def test_a_bad_file_is_refused_row_by_row_and_nothing_is_loaded(run, write):
    refused = run(
        "calendar", "load", write("day,kind\n2026-12-07,off\n2026-02-30,off\n2026-12-08,x\n"),
        "--local", "--source", "区政府通知",
    )  # fmt: skip
    assert refused.exit_code == 1
    assert "3 · day · " in refused.output
    assert "4 · kind · " in refused.output
    assert db.session.scalar(select(func.count()).select_from(LoadedCalendar)) == 0


@pytest.mark.parametrize("source", ["", "  ", "长" * 201])
def test_an_unusable_source_is_refused_in_words(run, file, source):
    refused = run("calendar", "load", file, "--year", 2027, "--source", source)
    assert refused.exit_code == 1
    assert "source: " in refused.output


def test_a_year_is_shown_and_an_estimate_is_called_one(run, file):
    estimate = run("calendar", "show", 2027).output
    assert estimate.startswith("2027 年的放假安排尚未公布或尚未装入")
    assert "2027-10-01\t周五\t休\t国庆节\t日历库" in estimate
    run("calendar", "load", file, "--year", 2027, "--source", NOTICE)
    shown = run("calendar", "show", 2027).output
    assert "尚未公布" not in shown
    assert "2027-01-30\t周六\t班\t调休\t第 1 版" in shown


def test_the_history_names_who_loaded_what(run, file, write):
    assert "没有装入过" in run("calendar", "history").output
    run("calendar", "load", file, "--year", 2027, "--source", NOTICE, "--by", "张三")
    run("calendar", "load", write("day,kind\n2026-12-07,休\n"), "--local", "--source", "区政府通知",
        "--by", "李四\x1b[2J")  # fmt: skip
    newest, first = run("calendar", "history").output.splitlines()
    assert newest.split("\t")[2:] == ["李四[2J", "本地调整", "休 1 天，班 0 天", "区政府通知"]
    assert first.split("\t")[::2] == ["1", "张三", f"休 {len(slow.notice_of(2027)[0])} 天，班 6 天"]


def test_the_terms_are_shown_with_their_basis(run):
    shown = run("rules", "show").output.splitlines()
    assert shown[0] == "第 1 版，系统自带"
    assert shown[1].split("\t")[:3] == ["contact", "1", "workday"]
    assert len(shown) == 14


def test_terms_are_changed_by_a_file_and_the_history_says_how(run, write):
    terms = write("rule,amount,unit,basis\nsimple,7,day,济政办发〔2026〕9号\n")
    assert run("rules", "load", terms, "--by", "李四").output.startswith("第 2 版已生效")
    assert run("rules", "load", terms).output.startswith("与第 2 版没有不同")
    newest, changed, first = run("rules", "history").output.splitlines()
    assert newest.startswith("第 2 版，")
    assert newest.endswith("，李四")
    assert changed.strip() == "整改（简单件）: 5 个工作日 → 7 天 · 济政办发〔2026〕9号"
    assert first.endswith("系统自带")
    assert "simple\t7\tday\t济政办发〔2026〕9号" in run("rules", "show").output
    assert "simple\t5\tworkday" in run("rules", "show", "--version", 1).output


def test_bad_terms_are_refused_row_by_row_and_nothing_changes(run, write):
    refused = run("rules", "load", write("rule,amount,unit,basis\nsimpel,0,weeks,\n"))
    assert refused.exit_code == 1
    assert all(f"2 · {field} · " in refused.output for field in ("rule", "amount", "unit", "basis"))
    assert db.session.scalar(select(func.count()).select_from(RuleVersion)) == 0


def test_an_unknown_version_is_refused_with_where_to_look(run):
    refused = run("rules", "show", "--version", 9)
    assert refused.exit_code == 1
    assert "flask rules history" in refused.output
