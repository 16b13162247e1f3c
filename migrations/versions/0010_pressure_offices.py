"""The offices that a report of pressure may be about are kept with it."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TABLE = "pressure_offices"

KNOWN = """
    SELECT r.id, c.department_code AS answering, w.department_code AS at_window,
        o.department_code AS of_officer, c.routing
    FROM pressure_reports r JOIN cases c ON c.id = r.case_id
        JOIN service_events e ON e.id = c.event_id
        LEFT JOIN windows w ON w.code = e.window_code
        LEFT JOIN officers o ON o.code = e.officer_code"""
"""What is known of the reports that were made before: all that answered since count, too."""


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("department_code", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "length(department_code) <= 20", name=op.f("ck_pressure_offices_department_code_length")
        ),
        sa.ForeignKeyConstraint(
            ["department_code"], ["departments.code"],
            name=op.f("fk_pressure_offices_department_code"),
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["pressure_reports.id"], name=op.f("fk_pressure_offices_report_id")
        ),
        sa.PrimaryKeyConstraint("report_id", "department_code", name=op.f("pk_pressure_offices")),
    )  # fmt: skip
    keep_known_offices()
    whole_way().freeze({}, (TABLE,))


def downgrade() -> None:
    op.drop_table(TABLE)


def keep_known_offices() -> None:
    add = sa.text(f"INSERT INTO {TABLE} (report_id, department_code) VALUES (:report, :office)")
    for row in op.get_bind().execute(sa.text(KNOWN)).all():
        for office in sorted(offices_of(row)):
            op.get_bind().execute(add, {"report": row.id, "office": office})


def offices_of(row: Any) -> set[str]:
    """Return every office that answers or answered for the case, and those that served."""
    routing = json.loads(row.routing) if isinstance(row.routing, str) else row.routing
    owners = [routing, *routing.get("history", ())]
    answered = [owner.get(name) for owner in owners for name in ("department", "before")]
    return {code for code in (row.answering, row.at_window, row.of_officer, *answered) if code}


def whole_way() -> ModuleType:
    """Return the third migration, which knows how tables are guarded."""
    path = Path(__file__).with_name("0003_whole_way.py")
    spec = spec_from_file_location("whole_way", path)
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
