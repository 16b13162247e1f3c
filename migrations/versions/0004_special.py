"""Root causes (专项整改): several cases of a kind, with an owner, measures and a deadline of their own."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

FROZEN = {"specials": "id, number, item_code, tag_class, opened_at, suggested_code"}

FROZEN_WHOLE = (
    "special_members", "special_decisions", "special_measures", "special_reports",
    "special_returns", "special_closures",
)  # fmt: skip

CIRCLES: dict[str, tuple[str, list[str], list[str]]] = {
    "fk_specials_decision": ("special_decisions", ["decision_id", "id"], ["id", "special_id"]),
    "fk_specials_confirmation": (
        "special_decisions", ["decision_id", "owner_code"], ["id", "owner_code"]
    ),
    "fk_specials_report": (
        "special_reports", ["report_id", "id", "round"], ["id", "special_id", "round"]
    ),
    "fk_specials_closure": (
        "special_closures", ["closure_id", "id", "report_id"], ["id", "special_id", "report_id"]
    ),
}  # fmt: skip
"""Keys by which a special rectification points at rows that point at it."""


def choice(*values: str, name: str) -> sa.Enum:
    """Return a text column held to `values` by a CHECK."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    create_tables()
    close_the_circles()
    whole_way().freeze(FROZEN, FROZEN_WHOLE)


def downgrade() -> None:
    if is_sqlite():
        op.execute("PRAGMA defer_foreign_keys=ON")
    else:
        for name in CIRCLES:
            op.drop_constraint(name, "specials", type_="foreignkey")
    for table in (*reversed(FROZEN_WHOLE), "specials", "special_counters"):
        op.drop_table(table)


def circular_keys() -> list[Any]:
    """Return the circular keys for SQLite, which can only have them inline."""
    if not is_sqlite():
        return []
    return [
        sa.ForeignKeyConstraint(columns, [f"{table}.{c}" for c in theirs], name=name)
        for name, (table, columns, theirs) in CIRCLES.items()
    ]


def close_the_circles() -> None:
    """Let it point at what points at it; SQLite has it from the start, having no ALTER for it."""
    if not is_sqlite():
        for name, (table, columns, theirs) in CIRCLES.items():
            op.create_foreign_key(name, "specials", table, columns, theirs)


def whole_way() -> ModuleType:
    """Return the migration before this one, which knows how rows are frozen."""
    spec = spec_from_file_location("whole_way", Path(__file__).with_name("0003_whole_way.py"))
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def create_tables() -> None:
    op.create_table(
        "special_counters",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_special_counters")),
    )
    op.create_table(
        "specials",
        *circular_keys(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("item_code", sa.String(length=40), nullable=False),
        sa.Column(
            "tag_class",
            choice("guide", "time_limit", "process", "staff", name="tag_class"),
            nullable=False,
        ),
        sa.Column(
            "state",
            choice("proposed", "declined", "working", "reported", "closed", name="state"),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suggested_code", sa.String(length=20), nullable=True),
        sa.Column("owner_code", sa.String(length=20), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("closure_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (closure_id IS NOT NULL)",
            name=op.f("ck_specials_closed_has_closure"),
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (decision_id IS NULL)",
            name=op.f("ck_specials_decided_or_proposed"),
        ),
        sa.CheckConstraint(
            "(state IN ('declined', 'closed')) = (ended_at IS NOT NULL)",
            name=op.f("ck_specials_ended_has_moment"),
        ),
        sa.CheckConstraint(
            "(state IN ('reported', 'closed')) = (report_id IS NOT NULL)",
            name=op.f("ck_specials_reported_has_report"),
        ),
        sa.CheckConstraint(
            "(state IN ('working', 'reported', 'closed')) = (owner_code IS NOT NULL)",
            name=op.f("ck_specials_confirmed_has_owner"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (next_due_at IS NOT NULL)",
            name=op.f("ck_specials_open_has_deadline"),
        ),
        sa.CheckConstraint(
            "(next_due_at IS NULL) = (warn_at IS NULL)",
            name=op.f("ck_specials_deadline_has_warning"),
        ),
        sa.CheckConstraint(
            "(owner_code IS NULL) = (due_at IS NULL)", name=op.f("ck_specials_owner_has_deadline")
        ),
        sa.CheckConstraint("length(item_code) <= 40", name=op.f("ck_specials_item_code_length")),
        sa.CheckConstraint("length(number) <= 20", name=op.f("ck_specials_number_length")),
        sa.CheckConstraint("length(owner_code) <= 20", name=op.f("ck_specials_owner_code_length")),
        sa.CheckConstraint(
            "length(suggested_code) <= 20", name=op.f("ck_specials_suggested_code_length")
        ),
        sa.CheckConstraint("round BETWEEN 1 AND 2", name=op.f("ck_specials_round_range")),
        sa.ForeignKeyConstraint(["item_code"], ["items.code"], name=op.f("fk_specials_item_code")),
        sa.ForeignKeyConstraint(
            ["owner_code"], ["departments.code"], name=op.f("fk_specials_owner_code")
        ),
        sa.ForeignKeyConstraint(
            ["suggested_code"], ["departments.code"], name=op.f("fk_specials_suggested_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specials")),
        sa.UniqueConstraint("id", "owner_code", name=op.f("uq_specials_id_owner_code")),
        sa.UniqueConstraint("id", "suggested_code", name=op.f("uq_specials_id_suggested_code")),
        sa.UniqueConstraint("id", "tag_class", name=op.f("uq_specials_id_tag_class")),
        sa.UniqueConstraint("number", name=op.f("uq_specials_number")),
    )
    op.create_index(
        "ix_specials_next_due_at",
        "specials",
        ["next_due_at"],
        unique=False,
        postgresql_where=sa.text("next_due_at IS NOT NULL"),
        sqlite_where=sa.text("next_due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_specials_owner_code"), "specials", ["owner_code"], unique=False)
    op.create_index(
        "uq_specials_open",
        "specials",
        ["item_code", "tag_class"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'working', 'reported')"),
        sqlite_where=sa.text("state IN ('proposed', 'working', 'reported')"),
    )
    op.create_table(
        "special_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("special_id", sa.Uuid(), nullable=False),
        sa.Column("suggested_code", sa.String(length=20), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_department", sa.String(length=20), nullable=False),
        sa.Column("owner_code", sa.String(length=20), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "(owner_code IS NULL) = (days IS NULL)",
            name=op.f("ck_special_decisions_owner_has_days"),
        ),
        sa.CheckConstraint("days BETWEEN 1 AND 120", name=op.f("ck_special_decisions_days_range")),
        sa.CheckConstraint(
            "length(by_department) <= 20", name=op.f("ck_special_decisions_by_department_length")
        ),
        sa.CheckConstraint(
            "length(owner_code) <= 20", name=op.f("ck_special_decisions_owner_code_length")
        ),
        sa.CheckConstraint(
            "length(suggested_code) <= 20", name=op.f("ck_special_decisions_suggested_code_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_special_decisions_words_length")),
        sa.CheckConstraint("length(words) > 0", name=op.f("ck_special_decisions_has_words")),
        sa.CheckConstraint(
            "suggested_code IS NULL OR by_department <> suggested_code",
            name=op.f("ck_special_decisions_decided_elsewhere"),
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["accounts.id"], name=op.f("fk_special_decisions_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["owner_code"], ["departments.code"], name=op.f("fk_special_decisions_owner_code")
        ),
        sa.ForeignKeyConstraint(
            ["special_id", "suggested_code"],
            ["specials.id", "specials.suggested_code"],
            name="fk_special_decisions_suggested",
        ),
        sa.ForeignKeyConstraint(
            ["special_id"], ["specials.id"], name=op.f("fk_special_decisions_special_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_decisions")),
        sa.UniqueConstraint("id", "owner_code", name=op.f("uq_special_decisions_id_owner_code")),
        sa.UniqueConstraint("id", "special_id", name=op.f("uq_special_decisions_id_special_id")),
        sa.UniqueConstraint("special_id", name=op.f("uq_special_decisions_special_id")),
    )
    op.create_table(
        "special_measures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("special_id", sa.Uuid(), nullable=False),
        sa.Column("owner_code", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "length(owner_code) <= 20", name=op.f("ck_special_measures_owner_code_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_special_measures_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_special_measures_by_id")),
        sa.ForeignKeyConstraint(
            ["special_id", "owner_code"],
            ["specials.id", "specials.owner_code"],
            name="fk_special_measures_owner",
        ),
        sa.ForeignKeyConstraint(
            ["special_id"], ["specials.id"], name=op.f("fk_special_measures_special_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_measures")),
        sa.UniqueConstraint("id", "special_id", name=op.f("uq_special_measures_id_special_id")),
    )
    op.create_index(
        op.f("ix_special_measures_special_id"), "special_measures", ["special_id"], unique=False
    )
    op.create_table(
        "special_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("special_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("owner_code", sa.String(length=20), nullable=False),
        sa.Column("measure_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "length(owner_code) <= 20", name=op.f("ck_special_reports_owner_code_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_special_reports_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_special_reports_by_id")),
        sa.ForeignKeyConstraint(
            ["measure_id", "special_id"],
            ["special_measures.id", "special_measures.special_id"],
            name="fk_special_reports_measure",
        ),
        sa.ForeignKeyConstraint(
            ["special_id", "owner_code"],
            ["specials.id", "specials.owner_code"],
            name="fk_special_reports_owner",
        ),
        sa.ForeignKeyConstraint(
            ["special_id"], ["specials.id"], name=op.f("fk_special_reports_special_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_reports")),
        sa.UniqueConstraint(
            "id",
            "special_id",
            "owner_code",
            "by_id",
            name=op.f("uq_special_reports_id_special_id_owner_code_by_id"),
        ),
        sa.UniqueConstraint(
            "id", "special_id", "round", name=op.f("uq_special_reports_id_special_id_round")
        ),
        sa.UniqueConstraint(
            "special_id", "round", name=op.f("uq_special_reports_special_id_round")
        ),
    )
    op.create_table(
        "special_closures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("special_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("owner_code", sa.String(length=20), nullable=False),
        sa.Column("reported_by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_department", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "by_department <> owner_code", name=op.f("ck_special_closures_judged_elsewhere")
        ),
        sa.CheckConstraint(
            "by_id <> reported_by_id", name=op.f("ck_special_closures_judged_by_another")
        ),
        sa.CheckConstraint(
            "length(by_department) <= 20", name=op.f("ck_special_closures_by_department_length")
        ),
        sa.CheckConstraint(
            "length(owner_code) <= 20", name=op.f("ck_special_closures_owner_code_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_special_closures_words_length")),
        sa.CheckConstraint("length(words) > 0", name=op.f("ck_special_closures_has_words")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_special_closures_by_id")),
        sa.ForeignKeyConstraint(
            ["report_id", "special_id", "owner_code", "reported_by_id"],
            [
                "special_reports.id",
                "special_reports.special_id",
                "special_reports.owner_code",
                "special_reports.by_id",
            ],
            name="fk_special_closures_report",
        ),
        sa.ForeignKeyConstraint(
            ["special_id"], ["specials.id"], name=op.f("fk_special_closures_special_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_closures")),
        sa.UniqueConstraint(
            "id",
            "special_id",
            "report_id",
            name=op.f("uq_special_closures_id_special_id_report_id"),
        ),
        sa.UniqueConstraint("special_id", name=op.f("uq_special_closures_special_id")),
    )
    op.create_table(
        "special_members",
        sa.Column("special_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column(
            "tag_class",
            choice("guide", "time_limit", "process", "staff", name="tag_class"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("later", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_special_members_case_id")),
        sa.ForeignKeyConstraint(
            ["special_id", "tag_class"],
            ["specials.id", "specials.tag_class"],
            name="fk_special_members_special",
        ),
        sa.PrimaryKeyConstraint("special_id", "case_id", name=op.f("pk_special_members")),
        sa.UniqueConstraint(
            "case_id", "tag_class", name=op.f("uq_special_members_case_id_tag_class")
        ),
    )
    op.create_table(
        "special_returns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("special_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("owner_code", sa.String(length=20), nullable=False),
        sa.Column("reported_by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_department", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "by_department <> owner_code", name=op.f("ck_special_returns_judged_elsewhere")
        ),
        sa.CheckConstraint(
            "by_id <> reported_by_id", name=op.f("ck_special_returns_judged_by_another")
        ),
        sa.CheckConstraint(
            "length(by_department) <= 20", name=op.f("ck_special_returns_by_department_length")
        ),
        sa.CheckConstraint(
            "length(owner_code) <= 20", name=op.f("ck_special_returns_owner_code_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_special_returns_words_length")),
        sa.CheckConstraint("length(words) > 0", name=op.f("ck_special_returns_has_words")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_special_returns_by_id")),
        sa.ForeignKeyConstraint(
            ["report_id", "special_id", "owner_code", "reported_by_id"],
            [
                "special_reports.id",
                "special_reports.special_id",
                "special_reports.owner_code",
                "special_reports.by_id",
            ],
            name="fk_special_returns_report",
        ),
        sa.ForeignKeyConstraint(
            ["special_id"], ["specials.id"], name=op.f("fk_special_returns_special_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_returns")),
        sa.UniqueConstraint("special_id", name=op.f("uq_special_returns_special_id")),
    )
