"""A dissatisfied second review after the end waits for an answer in writing: by when, and the answer."""

import importlib.util
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TABLE = "second_answers"


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    # Written out, because SQLite takes a CHECK with a new column but not one by itself.
    kind = "DATETIME" if is_sqlite() else "TIMESTAMP WITH TIME ZONE"
    op.execute(
        f"ALTER TABLE cases ADD COLUMN answer_due_at {kind}"
        " CONSTRAINT ck_cases_answered_after_the_end"
        " CHECK (answer_due_at IS NULL OR state = 'closed')"
    )
    op.create_index(
        "ix_cases_answer_due_at", "cases", ["answer_due_at"],
        sqlite_where=sa.text("answer_due_at IS NOT NULL"),
        postgresql_where=sa.text("answer_due_at IS NOT NULL"),
    )  # fmt: skip
    create_table()
    freeze()
    ask_for_what_was_not_answered()


def downgrade() -> None:
    if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {TABLE}")):
        raise RuntimeError(f"the way back would lose what is in {TABLE}; restore a backup instead")
    op.drop_table(TABLE)
    op.drop_index("ix_cases_answer_due_at", "cases")
    op.drop_column("cases", "answer_due_at")


def create_table() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("second_review_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_department", sa.String(length=20), nullable=False),
        sa.Column("case_department", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "by_department <> case_department", name=op.f("ck_second_answers_answered_from_elsewhere")
        ),
        sa.CheckConstraint("length(words) > 0", name=op.f("ck_second_answers_answer_in_words")),
        sa.CheckConstraint(
            "length(by_department) <= 20", name=op.f("ck_second_answers_by_department_length")
        ),
        sa.CheckConstraint(
            "length(case_department) <= 20", name=op.f("ck_second_answers_case_department_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_second_answers_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_second_answers_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_second_answers_case_id")),
        sa.ForeignKeyConstraint(
            ["second_review_id", "case_id"], ["second_reviews.id", "second_reviews.case_id"],
            name="fk_second_answers_second_review",
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "case_department"], ["cases.id", "cases.department_code"],
            name="fk_second_answers_case_department",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_answers")),
        sa.UniqueConstraint("case_id", name=op.f("uq_second_answers_case_id")),
    )  # fmt: skip


def ask_for_what_was_not_answered() -> None:
    """Put second reviews that nobody answered until now before the supervisors: due since they came."""
    op.execute(
        "UPDATE cases SET answer_due_at = (SELECT s.at FROM second_reviews s"
        " WHERE s.case_id = cases.id)"
        " WHERE state = 'closed' AND EXISTS (SELECT 1 FROM second_reviews s"
        " WHERE s.case_id = cases.id AND s.grade <= 2 AND NOT EXISTS"
        " (SELECT 1 FROM return_visits w WHERE w.second_review_id = s.id))"
    )


def freeze() -> None:
    """Refuse what must never happen to an answer that was given: change and deletion."""
    guard = first_house().guard
    guard(TABLE, "changed", "UPDATE")
    guard(TABLE, "deleted", "DELETE")
    if not is_sqlite():
        op.execute(
            f"CREATE TRIGGER {TABLE}_never_emptied BEFORE TRUNCATE ON {TABLE}"
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
