"""The manual and the deployment files agree with the code."""

import re
from datetime import date, timedelta

import pytest

from feedback.calendar.days import DayKind, read_days
from feedback.cases.evidence import FILE_LIMIT
from feedback.cases.rule_file import read_rules
from feedback.cases.rules import Rule, first_rules
from feedback.commands import rows
from feedback.config import Settings
from feedback.workdays import china

from ..conftest import ROOT
from .loading import load_script

bare = load_script("bare.py")

MANUAL = ROOT / "docs" / "运维手册.md"
DEPLOY = ROOT / "docs" / "deploy"


def told() -> dict[str, str]:
    """Return each setting in the manual's table with its default there."""
    found = re.findall(
        r"^\| `(FEEDBACK_\w+)` \| (?:`([^`]*)`)? ?\| .+ \|$", MANUAL.read_text(), re.M
    )
    return dict(found)


def test_the_manual_tells_every_setting_with_its_default():
    assert told() == {name: default for name, default, _ in rows()}


def test_every_setting_says_what_it_means():
    assert all(len(meaning) > len("port") for _, _, meaning in rows())


def test_the_settings_command_lists_them_and_shows_no_value_in_force(run_flask, app):
    plain = run_flask("settings").stdout
    assert all(name in plain for name in told())
    secrets = [app.config["FEEDBACK"].secret_key, app.config["FEEDBACK"].digest_key]
    assert not any(secret.get_secret_value() in plain for secret in secrets)
    assert run_flask("settings", "--markdown").stdout.count("\n| `FEEDBACK_") == len(told())


@pytest.mark.parametrize("page", ["README.md", "docs/运维手册.md"])
def test_every_path_that_a_page_names_is_there(page):
    words = (ROOT / page).read_text()
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", words)
    paths = re.findall(r"`((?:docs|scripts|feedback)/[\w./-]+)`", words)
    named = [(ROOT / page).parent / link for link in links] + [ROOT / path for path in paths]
    assert named
    assert [str(path) for path in named if not path.exists() and path.suffix != ".png"] == []


def test_the_proxies_take_the_largest_evidence_that_we_take():
    largest = Settings.model_fields["evidence_max_bytes"].default * FILE_LIMIT
    for name, pattern in (("nginx.conf", r"52m"), ("Caddyfile", r"52MB")):
        assert re.search(pattern, (DEPLOY / name).read_text())
    assert largest < 52_000_000


def test_the_web_unit_serves_as_scripts_serve_does():
    unit = (DEPLOY / "feedback-web.service").read_text().replace("\\\n", " ")
    options = re.search(r"-m (granian .*) wsgi:app", unit)
    assert options is not None
    assert set(bare.GRANIAN) <= set(options[1].split())


def test_no_proxy_writes_the_one_time_codes_into_a_log():
    nginx = (DEPLOY / "nginx.conf").read_text()
    logged = re.search(r"log_format feedback (.+?);", nginx, re.S)
    assert logged is not None
    assert "request_uri" not in logged[1]
    assert "$request " not in logged[1]
    assert re.findall(r"access_log (.+);", nginx) == ["off", "/var/log/nginx/feedback.log feedback"]


def test_every_command_in_the_manual_is_there(app):
    named = set(re.findall(r"`flask ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?", MANUAL.read_text()))
    assert len(named) > 10
    for group, name in named:
        command = app.cli.commands[group]
        assert not name or name in command.commands, f"flask {group} {name}"


def test_the_example_calendar_is_the_published_one():
    days = read_days((ROOT / "docs" / "examples" / "calendar-2026.csv").read_bytes(), 2026)
    told = {kind: [one.day for one in days if one.kind is kind] for kind in DayKind}
    loaded = china().with_year(2026, told[DayKind.OFF], told[DayKind.WORKED])
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [day for day in year if loaded.is_workday(day) != china().is_workday(day)] == []


def test_the_example_terms_are_the_ones_the_product_comes_with():
    said = read_rules((ROOT / "docs" / "examples" / "rules.csv").read_bytes())
    rules = first_rules()
    assert said == {rule: (rules.terms[rule], rules.basis[rule]) for rule in Rule}
