"""Calendars that were loaded: a year's notice or a local change, with where it is from."""

import importlib.util
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

FROZEN_WHOLE = ("calendars", "calendar_days")
"""Tables whose rows are written once."""


def upgrade() -> None:
    create_tables()
    freeze()


def downgrade() -> None:
    for table in reversed(FROZEN_WHOLE):
        op.drop_table(table)


def create_tables() -> None:
    op.create_table(
        "calendars",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_calendars_version_counts")),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_calendars_has_source")),
        sa.CheckConstraint("length(source) <= 200", name=op.f("ck_calendars_source_length")),
        sa.CheckConstraint("length(digest) <= 64", name=op.f("ck_calendars_digest_length")),
        sa.CheckConstraint("length(by_name) <= 60", name=op.f("ck_calendars_by_name_length")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_calendars")),
    )
    kind = sa.Enum(
        "off", "worked", name="kind", native_enum=False, create_constraint=True, length=20
    )
    op.create_table(
        "calendar_days",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.CheckConstraint("length(name) <= 60", name=op.f("ck_calendar_days_name_length")),
        sa.ForeignKeyConstraint(
            ["version"], ["calendars.version"], name=op.f("fk_calendar_days_version")
        ),
        sa.PrimaryKeyConstraint("version", "day", name=op.f("pk_calendar_days")),
    )


def freeze() -> None:
    """Refuse change and deletion, as for everything else that is written once."""
    guard = first_house().guard
    for table in FROZEN_WHOLE:
        guard(table, "changed", "UPDATE")
        guard(table, "deleted", "DELETE")
        if op.get_bind().dialect.name != "sqlite":
            op.execute(
                f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}"
                " EXECUTE FUNCTION refuse_change()"
            )


def first_house() -> ModuleType:
    """Return the first migration, which knows how a table is guarded."""
    spec = importlib.util.spec_from_file_location(
        "first_house", Path(__file__).with_name("0001_first_house.py")
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
