"""Tests that guard the house itself: one commit, one head, migrations both ways, settings told."""

import ast
import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from pydantic import ValidationError

from feedback import create_app
from feedback.config import Settings, parse_key_ring
from feedback.db import _safe_sqlite, db

from .conftest import ROOT, SECRETS, make_settings

SOURCES = sorted((ROOT / "feedback").rglob("*.py"))


def test_only_transaction_commits_or_rolls_back():
    ending = re.compile(r"\.(?:commit|rollback)\(")
    assert [p for p in SOURCES if ending.search(p.read_text()) and p.name != "db.py"] == []


def test_only_the_clock_knows_the_time_zone():
    knowing = [
        p.name for p in SOURCES
        if re.search(r"ZoneInfo\(|datetime\.now\(|utcnow\(", p.read_text()) and p.name != "clock.py"
    ]  # fmt: skip
    assert knowing == []


def test_no_function_is_longer_than_a_screen():
    long = [
        (path.name, node.name)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno > 60
    ]
    assert long == []


def test_every_module_says_what_it_is():
    silent = [
        p for p in SOURCES if p.stat().st_size and not ast.get_docstring(ast.parse(p.read_text()))
    ]
    assert silent == []


def test_there_is_one_head_and_the_migrations_are_numbered():
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert len(script.get_heads()) == 1
    numbers = sorted(revision.revision for revision in script.walk_revisions())
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]


def test_the_tables_are_what_the_models_say(context):
    with db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_migrations_run_down_and_up_again(database_address, tmp_path, request):
    if database_address:
        server = request.getfixturevalue("postgres_server")
        server.psql("DROP DATABASE IF EXISTS both_ways;")
        server.psql("CREATE DATABASE both_ways;")
        database_address = server.get_uri(database="both_ways")
    app = create_app(make_settings(tmp_path, database_url=database_address))
    with app.app_context():
        for go in (upgrade, lambda **k: downgrade(revision="base", **k), upgrade):
            go(directory=str(ROOT / "migrations"))
        with db.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []
        db.engine.dispose()


@pytest.mark.parametrize("name", ["secret_key", "digest_key", "token_keys", "data_keys"])
def test_a_start_without_keys_is_refused_and_names_what_is_missing(tmp_path, monkeypatch, name):
    monkeypatch.delenv(f"FEEDBACK_{name.upper()}", raising=False)
    with pytest.raises(ValidationError, match=name):
        Settings(_env_file=None, var=tmp_path, **{k: v for k, v in SECRETS.items() if k != name})


@pytest.mark.parametrize(
    "value", ["", "A", "A:short", "AB:x", "A:" + "!" * 44, "I:" + "A" * 43 + "="]
)
def test_a_bad_key_stops_the_start_without_showing_it(tmp_path, value):
    with pytest.raises(ValidationError) as refused:
        make_settings(tmp_path, token_keys=value)
    assert "short" not in str(refused.value)
    with pytest.raises(ValueError):  # noqa: PT011  any ValueError is a refusal here
        parse_key_ring(value)


@pytest.mark.parametrize(
    "bad",
    [{"base_url": "ftp://x"}, {"rating_workdays": -1}, {"office_closes": "25:00"}, {"proxies": 99},
     {"rate_limits": "maybe"}, {"mail_sender": "pigeon"}],
)  # fmt: skip
def test_a_bad_value_stops_the_start(tmp_path, bad):
    with pytest.raises(ValidationError):
        make_settings(tmp_path, **bad)


def test_the_sqlite_in_use_has_no_wal_reset_bug():
    assert _safe_sqlite().sqlite_version_info >= (3, 51, 3)
