"""Where a citizen's name and telephone may be: sealed, and nowhere else (invariant 9).

A canary goes through everything that happens to a review, well and badly; then the log and every
column of every table are searched for it.
"""

import json
import subprocess
import sys

import pytest
from sqlalchemy import select

from feedback.db import db
from feedback.keys import standing, totals

from .canary import NAME, PHONE
from .conftest import ROOT
from .notify.helpers import environment

TRACES = (
    NAME, json.dumps(NAME).strip('"'), PHONE, f"{PHONE[:3]}-{PHONE[3:7]}-{PHONE[7:]}",
    f"{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}", PHONE[3:],
)  # fmt: skip


@pytest.fixture
def live(context):
    """Let the canary live, and return all that it left in the log."""

    def run(*arguments):
        day = subprocess.run(
            [sys.executable, "-m", "tests.canary", *arguments], cwd=ROOT, env=environment(context),
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert day.returncode == 0, day.stderr[-3000:]
        return day.stdout + day.stderr

    return run


def traces_in(words):
    return {trace for trace in TRACES if trace in words}


def traces_in_columns():
    """Return the columns of the whole database in which a trace of the canary stands."""
    found = set()
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            found |= {
                f"{table.name}.{name}" for name, value in row.items()
                if traces_in(json.dumps(value, ensure_ascii=False, default=str))
            }  # fmt: skip
    return found


def traces_in_file(app):
    """Return the traces in SQLite's own files, pages no longer in use included."""
    files = app.config["FEEDBACK"].var.glob("feedback.sqlite3*")
    kept = b"".join(file.read_bytes() for file in files)
    return {trace for trace in TRACES if trace.encode() in kept}


def test_neither_log_nor_any_column_holds_a_citizens_name_or_number(context, live):
    log = live()
    assert log.count('"event": "request"') > 40
    for happened in ("surprise", "sender_failed", "sealed anew", "139****4321"):
        assert happened in log, happened
    assert traces_in(log) == set()
    assert totals(standing()).total() > 3, "it is there, sealed"
    assert traces_in_columns() == set()
    if db.engine.dialect.name == "sqlite":
        assert traces_in_file(context) == set()


def test_control_what_is_written_down_openly_is_found(context, live):
    log = live("leaks")
    assert {NAME, PHONE} <= traces_in(log)
    assert traces_in_columns() == {"officers.name"}
    if db.engine.dialect.name == "sqlite":
        assert NAME in traces_in_file(context)
