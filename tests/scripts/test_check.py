"""`scripts/test`: nothing may be skipped where nothing may be skipped."""

import subprocess

import pytest

from ..conftest import ROOT
from .loading import load_script

check = load_script("test")


@pytest.fixture
def nothing_on_the_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_without_chromium_the_browser_tests_are_skipped_and_that_is_said(
    nothing_on_the_path, monkeypatch, capsys
):
    monkeypatch.delenv("CI", raising=False)
    assert check.find_browser() is None
    assert "skipped" in capsys.readouterr().out
    assert "FEEDBACK_REQUIRE_BROWSER" not in check.clean_environment(None)


def test_in_ci_the_browser_tests_fail_rather_than_skip(monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert check.clean_environment(None)["FEEDBACK_REQUIRE_BROWSER"] == "1"


def test_a_chromium_under_another_name_is_found_and_handed_on(nothing_on_the_path, monkeypatch):
    chrome = nothing_on_the_path / "google-chrome"
    chrome.touch(mode=0o755)
    assert check.chromium() == str(chrome)
    assert check.clean_environment(str(chrome))["FEEDBACK_TEST_CHROMIUM"] == str(chrome)


def test_the_machines_own_settings_do_not_reach_the_tests(monkeypatch):
    monkeypatch.setenv("FEEDBACK_DATABASE_URL", "postgresql:///real")
    monkeypatch.setenv("FEEDBACK_TEST_DATABASES", "sqlite")
    environment = check.clean_environment(None)
    assert "FEEDBACK_DATABASE_URL" not in environment
    assert environment["FEEDBACK_TEST_DATABASES"] == "sqlite"


@pytest.mark.parametrize(("code", "outcome"), [("0", True), ("3", False)])
def test_a_check_holds_when_its_command_says_so(code, outcome, capfd):
    assert check.holds("trial", ("-c", f"raise SystemExit({code})"), {}) is outcome
    assert "=== trial ===" in capfd.readouterr().out


def test_a_callers_own_arguments_come_last_so_that_they_win():
    assert check.pytest(["-k", "token", "-n", "0"])[-4:] == ["-k", "token", "-n", "0"]


def test_ci_runs_the_same_as_a_developer():
    words = (ROOT / ".ci" / "run").read_text()
    assert words.splitlines()[-1] == "exec scripts/test"
    assert subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=False).returncode == 0
