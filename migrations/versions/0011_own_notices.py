"""A notice for each department that has an overdue case, and root causes whose term can be counted again."""

import importlib.util
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ONCE = ["case_id", "cause", "due_at"]
"""Of which the old house had one notice; the new one has one for each department."""

OLD_KEY = "uq_supervision_notices_case_id_cause_due_at"
NEW_KEY = f"{OLD_KEY}_department_code"

NOTICES = (
    "id, number, case_id, department_code, cause, round, due_at, awaits, days_over, answer_by, at,"
    " issued_by"
)


def choice(*values: str, name: str) -> sa.Enum:
    """Return a text column held to `values` by a CHECK."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    change_key(OLD_KEY, NEW_KEY, [*ONCE, "department_code"])
    keep_terms()


def downgrade() -> None:
    lose_no_notice()
    op.drop_column("specials", "days")
    op.drop_column("specials", "due_since")
    change_key(NEW_KEY, OLD_KEY, ONCE)


def keep_terms() -> None:
    """Keep from when and for how many days a root cause's term runs, as its owner was given it.

    What waits for the supervisors at this moment keeps its date: how many days they had is not on
    record.
    """
    op.add_column("specials", sa.Column("due_since", sa.DateTime(timezone=True)))
    op.execute(
        "ALTER TABLE specials ADD COLUMN days INTEGER CONSTRAINT ck_specials_days_have_start"
        " CHECK ((days IS NULL) = (due_since IS NULL))"
    )
    op.execute(
        "UPDATE specials SET"
        " days = (SELECT d.days FROM special_decisions d WHERE d.id = specials.decision_id),"
        " due_since = COALESCE("
        "(SELECT r.at FROM special_returns r WHERE r.special_id = specials.id),"
        " (SELECT d.at FROM special_decisions d WHERE d.id = specials.decision_id))"
        " WHERE state = 'working'"
    )


def lose_no_notice() -> None:
    """Stop if the way back would have to lose a notice that was issued."""
    twice = (
        "SELECT count(*) FROM (SELECT 1 FROM supervision_notices"
        " GROUP BY case_id, cause, due_at HAVING count(*) > 1) AS twice"
    )
    if op.get_bind().scalar(sa.text(twice)):
        raise RuntimeError("the way back would lose supervision notices; restore a backup instead")


def change_key(old: str, new: str, columns: list[str]) -> None:
    """Change what there may be one notice of; SQLite has to make the table anew for it."""
    if not is_sqlite():
        op.drop_constraint(old, "supervision_notices", type_="unique")
        op.create_unique_constraint(new, "supervision_notices", columns)
        return
    op.execute("CREATE TABLE was_notices AS SELECT * FROM supervision_notices")
    op.drop_table("supervision_notices")
    create_notices(new, columns)
    op.execute(f"INSERT INTO supervision_notices ({NOTICES}) SELECT {NOTICES} FROM was_notices")
    op.drop_table("was_notices")
    guard = first_house().guard
    guard("supervision_notices", "changed", "UPDATE")
    guard("supervision_notices", "deleted", "DELETE")


def create_notices(key: str, columns: list[str]) -> None:
    op.create_table(
        "supervision_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("department_code", sa.String(length=20), nullable=False),
        sa.Column("cause", choice("overdue", "dissatisfied", name="cause"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("awaits", choice("contact", "reply", name="awaits"), nullable=False),
        sa.Column("days_over", sa.Integer(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(length=20), nullable=True),
        sa.CheckConstraint("days_over >= 0", name=op.f("ck_supervision_notices_days_over_range")),
        *(
            sa.CheckConstraint(
                f"length({name}) <= 20", name=op.f(f"ck_supervision_notices_{name}_length")
            )
            for name in ("department_code", "number", "issued_by")
        ),
        *(
            sa.ForeignKeyConstraint([name], [to], name=op.f(f"fk_supervision_notices_{name}"))
            for name, to in (
                ("issued_by", "departments.code"), ("case_id", "cases.id"),
                ("department_code", "departments.code"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_notices")),
        sa.UniqueConstraint(*columns, name=op.f(key)),
        sa.UniqueConstraint("number", name=op.f("uq_supervision_notices_number")),
    )  # fmt: skip
    for name in ("case_id", "department_code"):
        op.create_index(op.f(f"ix_supervision_notices_{name}"), "supervision_notices", [name])


def first_house() -> ModuleType:
    """Return the first migration, which knows how rows are frozen."""
    path = Path(__file__).with_name("0001_first_house.py")
    spec = importlib.util.spec_from_file_location("first_house", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
