"""`flask events import`: services from a file, all or none."""

import csv
import io
import stat

import openpyxl
import pytest
from sqlalchemy import func, select

from feedback.db import db
from feedback.errors import TableInvalid
from feedback.events import codes, commands
from feedback.events.commands import import_table
from feedback.events.models import RecordedVia, ServiceEvent
from feedback.ledger.models import Entry

from ..counting import statements
from ..factories import make_district

HEADER = "project_no,item_code,window,served_at,mode,applicant_kind,applicant_phone"
ROWS = (
    "3701-1,RS-001,RS-12,2026-11-23 09:30,onsite,person,13812345678",
    "3701-2,SW-001,,2026-11-23T01:30:00Z,online,2,",
    "3701-3,RS-001,,2026-11-20T09:30:00+08:00,,,",
)


@pytest.fixture(autouse=True)
def _district(app):
    with app.app_context():
        make_district()


def table(*rows, header=HEADER):
    return "\n".join([header, *rows]).encode()


def count(model=ServiceEvent):
    return db.session.scalar(select(func.count()).select_from(model))


def faults(content, now):
    with pytest.raises(TableInvalid) as refused:
        import_table(content, "file", now)
    return [(number, fault.field, fault.code) for number, fault in refused.value.rows]


def test_every_row_becomes_a_service(context, now):
    recorded = import_table(table(*ROWS), "file", now)
    assert [one.is_new for one in recorded] == [True] * 3
    events = {event.project_no: event for event in db.session.scalars(select(ServiceEvent))}
    assert set(events) == {"3701-1", "3701-2", "3701-3"}
    first, second = events["3701-1"], events["3701-2"]
    assert first.served_at == second.served_at  # 09:30 without an offset is Shanghai's
    assert (second.applicant_kind, second.mode) == ("enterprise", "online")
    assert first.recorded_via is RecordedVia.FILE
    assert first.source == "file"
    assert "138" not in (first.applicant_phone_sealed or "")


def test_a_workbook_says_the_same_as_a_csv_file(context, now):
    import_table(table(*ROWS), "file", now)
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(table(*ROWS).decode())):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    assert [one.is_new for one in import_table(out.getvalue(), "file", now)] == [False] * 3


def test_the_same_file_twice_records_nothing_new(context, now):
    import_table(table(*ROWS), "file", now)
    lines = count(Entry)
    again = import_table(table(*ROWS), "file", now)
    assert [one.is_new for one in again] == [False] * 3
    assert (count(), count(Entry)) == (3, lines)


def test_another_source_has_its_own_numbers(context, now):
    import_table(table(*ROWS), "file", now)
    assert all(one.is_new for one in import_table(table(*ROWS), "hall", now))


def test_one_bad_row_and_nothing_is_recorded(context, now):
    bad = "3701-4,XX,YY,2026-11-23 09:30,pigeon,alien,12"
    found = faults(table(*ROWS, bad), now)
    assert found == [
        (5, "mode", "not_a_choice"), (5, "applicant_kind", "not_a_choice"),
        (5, "applicant_phone", "not_a_phone"),
    ]  # fmt: skip
    assert (count(), count(Entry)) == (0, 0)


def test_every_bad_row_is_named_whoever_finds_it(context, now):
    """The facts, the catalogue, the clock, the record and the table itself all have their say."""
    import_table(table(ROWS[0]), "file", now)
    found = faults(
        table(
            "3701-1,RS-001,,2026-11-23 09:30,online,person,",
            ",RS-001",
            "3701-5,XX,YY",
            "3701-6,RS-001,,2026-11-25 09:30",
            "3701-7,RS-001,,noon",
            "3701-8,#REF!",
        ),
        now,
    )
    assert found == [
        (2, "mode", "recorded_differently"), (2, "window", "recorded_differently"),
        (3, "project_no", "missing"), (4, "item_code", "unknown_item"),
        (4, "window", "unknown_window"), (5, "served_at", "in_future"),
        (6, "served_at", "not_a_moment"), (7, "item_code", "cell_error"),
    ]  # fmt: skip
    assert count() == 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("project_no", [(1, "item_code", "column_missing")]),
        ("project_no,item_code,colour", [(1, "colour", "column_unknown")]),
        ("project_no,item_code,item_code", [(1, "item_code", "column_twice")]),
    ],
)
def test_a_wrong_header_is_said_once_and_not_for_every_row(context, now, header, expected):
    assert faults(table("a,b,c", "d,e,f", header=header), now)[: len(expected)] == expected
    assert len(faults(table("a", "d", header=header), now)) == len(expected)


def test_a_row_twice_in_a_file_is_one_service(context, now):
    recorded = import_table(table(ROWS[0], ROWS[0]), "file", now)
    assert [one.is_new for one in recorded] == [True, False]
    assert count() == 1


@pytest.mark.slow
def test_a_file_longer_than_a_portion_is_still_all_or_none(context, now):
    rows = [f"n-{number},RS-001" for number in range(2500)]
    assert faults(table(*rows, "bad,XX"), now) == [(2502, "item_code", "unknown_item")]
    assert count() == 0
    with statements(context) as seen:
        import_table(table(*rows, rows[0]), "file", now)
    assert count() == 2500
    assert len(seen) <= 3 * 8


def test_the_command_prints_counts_and_writes_links_for_its_owner_alone(app, run_flask, tmp_path):
    file, links = tmp_path / "services.csv", tmp_path / "links.csv"
    file.write_bytes(table(*ROWS))
    links.write_text("old")
    links.chmod(0o644)
    done = run_flask("events", "import", str(file), "--links", str(links))
    assert "3" in done.stdout
    assert stat.S_IMODE(links.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(links.read_text("utf-8-sig"))))
    with app.app_context():
        events = db.session.scalars(select(ServiceEvent)).all()
        expected = {event.project_no: codes.link(event) for event in events}
    assert {row["project_no"]: row["link"] for row in rows} == expected
    again = run_flask("events", "import", str(file), "--source", "file")
    assert again.stdout.startswith("0") or "0" in again.stdout
    assert "138" not in done.stdout + done.stderr


def test_the_command_fails_with_every_bad_row_and_records_nothing(app, run_flask, tmp_path):
    file = tmp_path / "services.csv"
    file.write_bytes(table(ROWS[0], "3701-4,XX", "3701-5,RS-001,,noon"))
    done = run_flask("events", "import", str(file), "--links", str(tmp_path / "l.csv"), check=False)
    assert done.returncode == 1
    for words in ("3", "item_code", "unknown_item", "4", "served_at", "not_a_moment"):
        assert words in done.stderr
    assert not (tmp_path / "l.csv").exists()
    with app.app_context():
        assert count() == 0


def test_the_help_names_every_column(run_flask):
    told = run_flask("events", "import", "--help").stdout
    for column in (*commands.REQUIRED, *commands.OPTIONAL):
        assert column in told


def test_links_do_not_become_formulas(context, now, tmp_path):
    recorded = import_table(table('"=cmd()",RS-001', header="project_no,item_code"), "file", now)
    commands.write_links(tmp_path / "l.csv", recorded)
    (row,) = csv.DictReader(io.StringIO((tmp_path / "l.csv").read_text("utf-8-sig")))
    assert row["project_no"] == "'=cmd()"


def test_a_service_whose_key_was_dropped_has_no_link(context, now, tmp_path, monkeypatch):
    recorded = import_table(table(ROWS[0]), "file", now)
    monkeypatch.setattr(context.config["FEEDBACK"], "token_keys", {"N": b"n" * 32})
    commands.write_links(tmp_path / "l.csv", recorded)
    (row,) = csv.DictReader(io.StringIO((tmp_path / "l.csv").read_text("utf-8-sig")))
    assert (row["project_no"], row["link"]) == ("3701-1", "")
