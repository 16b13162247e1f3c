"""The whole way to 销号: requests, appeals, second reviews, the ladder, and rules with versions.

The tables around a case are made anew and filled from the ones there were, on both databases alike:
SQLite cannot change a CHECK, and one way that is tested twice beats two.
"""

import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic import op

from feedback.cases.rules import first_rules, to_json

revision = "0003"
down_revision = "0002"

REMADE = (
    "account_roles", "cases", "contacts", "verifications", "rectifications", "evidence", "replies",
    "return_visits", "closures",
)  # fmt: skip
"""Tables that are made anew, in an order in which they can be filled."""

NEW = (
    "rule_versions", "notice_counters", "case_parts", "appeals", "second_reviews", "requests",
    "decisions", "judgements", "objections", "reconsiderations", "additions", "pressure_reports",
    "pressure_answers", "rungs", "supervision_notices",
)  # fmt: skip

SAID = (
    "appeals", "second_reviews", "requests", "decisions", "judgements", "objections",
    "reconsiderations", "additions", "pressure_reports", "pressure_answers", "supervision_notices",
)  # fmt: skip
"""Tables of the new house that hold what people said, asked, decided, or were sent under a number."""

FROZEN = {"cases": "id, number, event_id, identity, opened_at, rules_version"}

FROZEN_WHOLE = (
    "contacts", "verifications", "rectifications", "evidence", "replies", "return_visits", "closures",
    "rule_versions", "case_parts", "appeals", "second_reviews", "requests", "decisions", "judgements",
    "objections", "reconsiderations", "additions", "pressure_reports", "pressure_answers", "rungs",
    "supervision_notices",
)  # fmt: skip

CIRCLES = {
    "fk_cases_closure": ("closures", ["closure_id", "id"], ["id", "case_id"]),
    "fk_cases_request": ("requests", ["request_id", "id"], ["id", "case_id"]),
    "fk_cases_judgement": (
        "judgements", ["judgement_id", "id", "judgement_verdict"], ["id", "case_id", "verdict"]
    ),
}  # fmt: skip
"""Keys by which a case points at rows that point at it."""

SIMPLE_PLAN = json.dumps([{"why": "simple", "amount": 5, "unit": "workday"}])

FILLED: dict[str, dict[str, str]] = {
    "cases": {
        "tag_class": "routing->>'tag_class'",
        "rules_version": "1",
        "routed_at": "CASE WHEN state = 'triage' THEN NULL ELSE opened_at END",
        "contact_since": "CASE WHEN identity = 'named' THEN opened_at END",
        "due_since": "COALESCE((SELECT max(v.at) FROM was_return_visits v"
        " WHERE v.case_id = was_cases.id AND NOT v.satisfied), opened_at)",
        "due_plan": "{plan}",
        "desk_since": "CASE WHEN state IN ('visiting', 'closing') THEN answered_at"
        " WHEN state = 'triage' THEN opened_at END",
        "desk_due_at": "CASE WHEN state IN ('visiting', 'closing') THEN visit_due_at"
        " WHEN state = 'triage' THEN next_due_at END",
        "rung": "CASE told WHEN 'overdue' THEN 2 WHEN 'soon' THEN 1 ELSE 0 END",
        "next_rung_at": "CASE WHEN next_due_at IS NULL THEN NULL"
        " WHEN told = 'nothing' THEN warn_at ELSE next_due_at END",
    },
    "rectifications": {
        "kind": "CASE WHEN {no_basis} THEN 'explanation' ELSE 'remedy' END",
        "article": "CASE WHEN {no_basis} THEN substr(words, 1, 300) ELSE '' END",
    },
    "replies": {"internal": "''", "publishable": "''"},
    "closures": {
        "finding": "(SELECT v.finding FROM was_verifications v"
        " WHERE v.id = was_closures.verification_id)",
        "remedy": "CASE WHEN (SELECT v.finding FROM was_verifications v"
        " WHERE v.id = was_closures.verification_id) = 'no_legal_basis'"
        " THEN 'explanation' ELSE 'remedy' END",
    },
}
"""What a new column holds for a row that was there before; NULL where nothing is said.

The ladder puts `next_rung_at` right by itself when it looks for the first time.
"""

EMPTIED: dict[str, dict[str, str]] = {
    "cases": {
        "complex_due_at": "due_at",
        "visit_due_at": "CASE WHEN state IN ('visiting', 'closing') THEN desk_due_at END",
        "told": "CASE WHEN rung >= 2 THEN 'overdue' WHEN rung = 1 THEN 'soon' ELSE 'nothing' END",
    }
}
"""The same on the way back. A row that the old house has no place for stops the way back."""

NO_BASIS = (
    "EXISTS (SELECT 1 FROM was_verifications v WHERE v.case_id = was_rectifications.case_id"
    " AND v.finding = 'no_legal_basis')"
)


def choice(*values: str, name: str) -> sa.Enum:
    """Return a text column held to `values` by a CHECK."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    set_aside()
    create_base()
    create_handling()
    create_asking()
    create_citizen_and_ladder()
    keep_first_rules()
    fill(FILLED)
    fill_parts()
    clear_away()
    close_the_circles(CIRCLES)
    point_reviews_at_cases()
    freeze(FROZEN, FROZEN_WHOLE)
    check_keys()


def downgrade() -> None:
    lose_no_words()
    set_aside()
    for table in (*reversed(NEW),):
        op.execute(f"DROP TABLE {table}" + ("" if is_sqlite() else " CASCADE"))
    first = first_house()
    first.op = OnlyRemade()
    first.create_tables()
    fill(EMPTIED)
    clear_away()
    close_the_circles({name: CIRCLES[name] for name in ("fk_cases_closure",)})
    point_reviews_at_cases()
    whole = tuple(name for name in first.FROZEN_WHOLE if name in REMADE)
    freeze({"cases": first.FROZEN["cases"]}, whole)
    check_keys()


def lose_no_words() -> None:
    """Stop if somebody said or asked what the old house has no table for."""
    for table in SAID:
        if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {table}")):
            raise RuntimeError(
                f"the way back would lose what is in {table}; restore a backup instead"
            )


def set_aside() -> None:
    """Copy what there was and drop it, with every key that points at it."""
    for table in REMADE:
        op.execute(f"CREATE TABLE was_{table} AS SELECT * FROM {table}")
    for table in reversed(REMADE):
        op.execute(f"DROP TABLE {table}" + ("" if is_sqlite() else " CASCADE"))


def clear_away() -> None:
    for table in REMADE:
        op.execute(f"DROP TABLE was_{table}")


def fill(said: dict[str, dict[str, str]]) -> None:
    """Fill the tables made anew: same columns as they were, new ones as `said` has it."""
    plan = f"'{SIMPLE_PLAN}'" + ("" if is_sqlite() else "::json")
    for table in REMADE:
        before, after = columns_of(f"was_{table}"), columns_of(table)
        new = said.get(table, {})
        taken = [c for c in after if c in before or c in new]
        values = [
            new[c].replace("{plan}", plan).replace("{no_basis}", NO_BASIS) if c in new else c
            for c in taken
        ]
        op.execute(
            f"INSERT INTO {table} ({', '.join(taken)}) SELECT {', '.join(values)} FROM was_{table}"
        )


def columns_of(table: str) -> list[str]:
    return [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]


def keep_first_rules() -> None:
    """Write version 1 of the rules down if there are cases that were born with it."""
    bind = op.get_bind()
    if bind.scalar(sa.text("SELECT count(*) FROM was_cases")):
        rules = sa.table(
            "rule_versions", sa.column("version", sa.Integer), sa.column("by_name", sa.String),
            sa.column("at", sa.DateTime(timezone=True)), sa.column("terms", sa.JSON),
        )  # fmt: skip
        now = datetime.now(UTC)
        kept = now.replace(tzinfo=None) if is_sqlite() else now
        terms = to_json(first_rules())
        bind.execute(rules.insert().values(version=1, by_name="", at=kept, terms=terms))


def fill_parts() -> None:
    """Note the parts of those who handled and visited before; whoever handled is a handler."""
    for part, tables in (
        ("handler", ("contacts", "verifications", "rectifications", "replies")),
        ("visitor", ("return_visits",)),
    ):
        for table in tables:
            op.execute(
                "INSERT INTO case_parts (case_id, account_id, part, at)"
                f" SELECT case_id, by_id, '{part}', min(at) FROM {table} WHERE true"
                " GROUP BY case_id, by_id ON CONFLICT DO NOTHING"
            )


def close_the_circles(circles: dict[str, Any]) -> None:
    """Let a case point at what points at it; SQLite has it from the start, having no ALTER for it."""
    if not is_sqlite():
        for name, (table, columns, theirs) in circles.items():
            op.create_foreign_key(name, "cases", table, columns, theirs)


def circular_keys() -> list[Any]:
    """Return the circular keys for SQLite, which can only have them inline."""
    if not is_sqlite():
        return []
    return [
        sa.ForeignKeyConstraint(columns, [f"{table}.{c}" for c in theirs], name=name)
        for name, (table, columns, theirs) in CIRCLES.items()
    ]


def point_reviews_at_cases() -> None:
    """Put back the one key from another room; on SQLite it was never lost."""
    if not is_sqlite():
        op.create_foreign_key(
            "fk_reviews_case", "reviews", "cases", ["case_id", "identity", "event_id"],
            ["id", "identity", "event_id"],
        )  # fmt: skip


def freeze(some: dict[str, str], whole: tuple[str, ...]) -> None:
    """Refuse what must never happen to what was said and done: change and deletion."""
    guard = first_house().guard
    for table, columns in some.items():
        guard(table, "changed", f"UPDATE OF {columns}")
    for table in whole:
        guard(table, "changed", "UPDATE")
    for table in (*some, *whole):
        guard(table, "deleted", "DELETE")
        if not is_sqlite():
            op.execute(
                f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}"
                " EXECUTE FUNCTION refuse_change()"
            )


def check_keys() -> None:
    """Stop if a row points nowhere; SQLite did not look while the tables were made anew."""
    if is_sqlite():
        lost = op.get_bind().exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if lost:
            raise RuntimeError(f"rows that point nowhere: {lost[:5]}")


def first_house() -> ModuleType:
    """Return the first migration, which knows the tables as they were."""
    spec = importlib.util.spec_from_file_location(
        "first_house", Path(__file__).with_name("0001_first_house.py")
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class OnlyRemade:
    """Alembic's operations, for the tables that are made anew and no others."""

    def create_table(self, name: str, *parts: Any, **options: Any) -> None:
        if name in REMADE:
            op.create_table(name, *parts, **options)

    def create_index(self, name: str, table: str, *parts: Any, **options: Any) -> None:
        if table in REMADE:
            op.create_index(name, table, *parts, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(op, name)


def create_base() -> None:
    op.create_table(
        "account_roles",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "name",
            choice(
                "clerk",
                "handler",
                "head",
                "operator",
                "supervisor",
                "leader",
                "auditor",
                "admin",
                name="name",
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_roles_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_account_roles")),
    )
    op.create_table(
        "rule_versions",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.CheckConstraint("length(by_name) <= 60", name=op.f("ck_rule_versions_by_name_length")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rule_versions")),
    )
    op.create_table(
        "notice_counters",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_notice_counters")),
    )
    op.create_table(
        "cases",
        *circular_keys(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("identity", choice("named", "anonymous", name="identity"), nullable=False),
        sa.Column(
            "state",
            choice(
                "triage",
                "routed",
                "verifying",
                "rectifying",
                "transferring",
                "appealed",
                "visiting",
                "closing",
                "closed",
                "voided",
                "objected",
                name="state",
            ),
            nullable=False,
        ),
        sa.Column("department_code", sa.String(length=20), nullable=True),
        sa.Column(
            "tag_class",
            choice("guide", "time_limit", "process", "staff", name="tag_class"),
            nullable=True,
        ),
        sa.Column("routing", sa.JSON(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("complexity", choice("simple", "complex", name="complexity"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("routed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_plan", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("desk_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("desk_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("next_rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("judgement_id", sa.Uuid(), nullable=True),
        sa.Column(
            "judgement_verdict",
            choice("uphold", "dismiss", name="judgement_verdict"),
            nullable=True,
        ),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("objection_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closure_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(identity = 'named') = (contact_since IS NOT NULL)",
            name=op.f("ck_cases_named_is_called"),
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_cases_closed_has_moment")
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (closure_id IS NOT NULL)",
            name=op.f("ck_cases_closed_has_closure"),
        ),
        sa.CheckConstraint(
            "(state = 'triage') = (department_code IS NULL)", name=op.f("ck_cases_triage_or_owner")
        ),
        sa.CheckConstraint(
            "(state = 'triage') = (routed_at IS NULL)", name=op.f("ck_cases_owner_has_moment")
        ),
        sa.CheckConstraint(
            "(state IN ('closed', 'voided')) = (next_due_at IS NULL)",
            name=op.f("ck_cases_open_has_deadline"),
        ),
        sa.CheckConstraint(
            "(state IN ('triage', 'transferring', 'appealed', 'objected', 'visiting', 'closing')) = (desk_due_at IS NOT NULL)",
            name=op.f("ck_cases_desk_has_deadline"),
        ),
        sa.CheckConstraint(
            "(state IN ('visiting', 'closing', 'closed')) = (answered_at IS NOT NULL)",
            name=op.f("ck_cases_answered_before_visit"),
        ),
        sa.CheckConstraint(
            "(state IN ('voided', 'objected')) = (judgement_id IS NOT NULL)",
            name=op.f("ck_cases_void_was_judged"),
        ),
        sa.CheckConstraint(
            "judgement_verdict IS NULL OR judgement_verdict = 'uphold'",
            name=op.f("ck_cases_void_was_upheld"),
        ),
        sa.CheckConstraint(
            "request_id IS NULL OR state IN ('routed', 'verifying', 'rectifying', 'transferring')",
            name=op.f("ck_cases_asked_while_working"),
        ),
        sa.CheckConstraint(
            "state <> 'transferring' OR request_id IS NOT NULL",
            name=op.f("ck_cases_transfer_asked"),
        ),
        sa.CheckConstraint(
            "state <> 'visiting' OR identity = 'named'", name=op.f("ck_cases_only_named_visited")
        ),
        sa.CheckConstraint(
            "(desk_due_at IS NULL) = (desk_since IS NULL)",
            name=op.f("ck_cases_desk_deadline_has_start"),
        ),
        sa.CheckConstraint(
            "(judgement_id IS NULL) = (judgement_verdict IS NULL)",
            name=op.f("ck_cases_judgement_has_verdict"),
        ),
        sa.CheckConstraint(
            "(judgement_id IS NULL) = (voided_at IS NULL)", name=op.f("ck_cases_void_has_moment")
        ),
        sa.CheckConstraint(
            "(next_due_at IS NULL) = (warn_at IS NULL)", name=op.f("ck_cases_deadline_has_warning")
        ),
        sa.CheckConstraint(
            "length(department_code) <= 20", name=op.f("ck_cases_department_code_length")
        ),
        sa.CheckConstraint("length(number) <= 20", name=op.f("ck_cases_number_length")),
        sa.CheckConstraint(
            "next_rung_at IS NULL OR next_due_at IS NOT NULL",
            name=op.f("ck_cases_rung_of_deadline"),
        ),
        sa.CheckConstraint("rung BETWEEN 0 AND 4", name=op.f("ck_cases_rung_range")),
        sa.ForeignKeyConstraint(
            ["closure_id", "id"],
            ["closures.id", "closures.case_id"],
            name="fk_cases_closure",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["department_code"], ["departments.code"], name=op.f("fk_cases_department_code")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["service_events.id"], name=op.f("fk_cases_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["judgement_id", "id", "judgement_verdict"],
            ["judgements.id", "judgements.case_id", "judgements.verdict"],
            name="fk_cases_judgement",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["request_id", "id"],
            ["requests.id", "requests.case_id"],
            name="fk_cases_request",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["rules_version"], ["rule_versions.version"], name=op.f("fk_cases_rules_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("event_id", name=op.f("uq_cases_event_id")),
        sa.UniqueConstraint("id", "department_code", name=op.f("uq_cases_id_department_code")),
        sa.UniqueConstraint(
            "id", "identity", "event_id", name=op.f("uq_cases_id_identity_event_id")
        ),
        sa.UniqueConstraint("id", "identity", name=op.f("uq_cases_id_identity")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number")),
    )
    op.create_index(
        "ix_cases_next_rung_at",
        "cases",
        ["next_rung_at"],
        unique=False,
        postgresql_where=sa.text("next_rung_at IS NOT NULL"),
        sqlite_where=sa.text("next_rung_at IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_open_due",
        "cases",
        ["department_code", "next_due_at"],
        unique=False,
        postgresql_where=sa.text("next_due_at IS NOT NULL"),
        sqlite_where=sa.text("next_due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_cases_opened_at"), "cases", ["opened_at"], unique=False)
    op.create_table(
        "case_parts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("part", choice("handler", "judge", "visitor", name="part"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_case_parts_account_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_parts_case_id")),
        sa.PrimaryKeyConstraint("case_id", "account_id", name=op.f("pk_case_parts")),
    )


def create_handling() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("means", choice("phone", "sms", "in_person", name="means"), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_contacts_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_contacts_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_contacts_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_case_id"), "contacts", ["case_id"], unique=False)
    op.create_table(
        "verifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "finding",
            choice("true", "partly", "no_legal_basis", "unfounded", name="finding"),
            nullable=False,
        ),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_verifications_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_verifications_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_verifications_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
        sa.UniqueConstraint(
            "id",
            "case_id",
            "by_id",
            "finding",
            name=op.f("uq_verifications_id_case_id_by_id_finding"),
        ),
    )
    op.create_index(op.f("ix_verifications_case_id"), "verifications", ["case_id"], unique=False)
    op.create_table(
        "rectifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("kind", choice("remedy", "explanation", name="kind"), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("article", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "(kind = 'explanation') = (length(article) > 0)",
            name=op.f("ck_rectifications_explanation_has_article"),
        ),
        sa.CheckConstraint("length(article) <= 300", name=op.f("ck_rectifications_article_length")),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_rectifications_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_rectifications_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_rectifications_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectifications")),
        sa.UniqueConstraint(
            "id",
            "case_id",
            "round",
            "by_id",
            "kind",
            name=op.f("uq_rectifications_id_case_id_round_by_id_kind"),
        ),
    )
    op.create_index(op.f("ix_rectifications_case_id"), "rectifications", ["case_id"], unique=False)
    op.create_table(
        "appeals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("case_department", sa.String(length=20), nullable=False),
        sa.Column(
            "come_from",
            choice(
                "triage",
                "routed",
                "verifying",
                "rectifying",
                "transferring",
                "appealed",
                "visiting",
                "closing",
                "closed",
                "voided",
                "objected",
                name="come_from",
            ),
            nullable=False,
        ),
        sa.Column(
            "ground",
            choice(
                "mistaken",
                "malicious",
                "duplicate",
                "not_ours",
                "unfounded",
                "other",
                name="ground",
            ),
            nullable=False,
        ),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "length(case_department) <= 20", name=op.f("ck_appeals_case_department_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_appeals_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_appeals_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_appeals_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("case_id", name=op.f("uq_appeals_case_id")),
        sa.UniqueConstraint(
            "id",
            "case_id",
            "by_id",
            "case_department",
            name=op.f("uq_appeals_id_case_id_by_id_case_department"),
        ),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("rectification_id", sa.Uuid(), nullable=True),
        sa.Column("appeal_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "(rectification_id IS NULL) <> (appeal_id IS NULL)",
            name=op.f("ck_evidence_belongs_to_one"),
        ),
        sa.CheckConstraint("length(media_type) <= 40", name=op.f("ck_evidence_media_type_length")),
        sa.CheckConstraint("length(name) <= 120", name=op.f("ck_evidence_name_length")),
        sa.CheckConstraint("length(sha256) <= 64", name=op.f("ck_evidence_sha256_length")),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name=op.f("fk_evidence_appeal_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_evidence_case_id")),
        sa.ForeignKeyConstraint(
            ["rectification_id"], ["rectifications.id"], name=op.f("fk_evidence_rectification_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_appeal_id"), "evidence", ["appeal_id"], unique=False)
    op.create_index(op.f("ix_evidence_case_id"), "evidence", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_evidence_rectification_id"), "evidence", ["rectification_id"], unique=False
    )
    op.create_table(
        "replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("internal", sa.String(length=2000), nullable=False),
        sa.Column("publishable", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("length(internal) <= 2000", name=op.f("ck_replies_internal_length")),
        sa.CheckConstraint(
            "length(publishable) <= 2000", name=op.f("ck_replies_publishable_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_replies_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_replies_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_replies_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint("case_id", "round", name=op.f("uq_replies_case_id_round")),
        sa.UniqueConstraint(
            "id", "case_id", "round", "by_id", name=op.f("uq_replies_id_case_id_round_by_id")
        ),
    )
    op.create_index(op.f("ix_replies_case_id"), "replies", ["case_id"], unique=False)
    op.create_table(
        "second_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("grade BETWEEN 1 AND 5", name=op.f("ck_second_reviews_grade_range")),
        sa.CheckConstraint("length(words) <= 1000", name=op.f("ck_second_reviews_words_length")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_second_reviews_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_reviews")),
        sa.UniqueConstraint("case_id", name=op.f("uq_second_reviews_case_id")),
        sa.UniqueConstraint("id", "case_id", name=op.f("uq_second_reviews_id_case_id")),
    )
    op.create_table(
        "return_visits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("visitor_department", sa.String(length=20), nullable=True),
        sa.Column("case_department", sa.String(length=20), nullable=False),
        sa.Column("means", choice("phone", "sms", "in_person", name="means"), nullable=True),
        sa.Column("second_review_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", choice("answered", "failed", name="outcome"), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("attempt_before", sa.Integer(), nullable=True),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'answered') = (satisfied IS NOT NULL)",
            name=op.f("ck_return_visits_answer_has_verdict"),
        ),
        sa.CheckConstraint(
            "second_review_id IS NULL OR outcome = 'answered'",
            name=op.f("ck_return_visits_second_review_answers"),
        ),
        sa.CheckConstraint(
            "(by_id IS NULL) = (second_review_id IS NOT NULL) AND (by_id IS NULL) = (means IS NULL) AND (by_id IS NULL) = (visitor_department IS NULL)",
            name=op.f("ck_return_visits_visitor_or_citizen"),
        ),
        sa.CheckConstraint(
            "attempt = 1 AND attempt_before IS NULL OR attempt > 1 AND attempt_before IS NOT NULL AND attempt_before = attempt - 1",
            name=op.f("ck_return_visits_attempts_in_order"),
        ),
        sa.CheckConstraint(
            "length(case_department) <= 20", name=op.f("ck_return_visits_case_department_length")
        ),
        sa.CheckConstraint(
            "length(visitor_department) <= 20",
            name=op.f("ck_return_visits_visitor_department_length"),
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_return_visits_words_length")),
        sa.CheckConstraint(
            "visitor_department <> case_department",
            name=op.f("ck_return_visits_visitor_from_elsewhere"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_return_visits_by_id")),
        sa.ForeignKeyConstraint(
            ["case_id", "case_department"],
            ["cases.id", "cases.department_code"],
            name="fk_return_visits_case_department",
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "round", "outcome", "attempt_before"],
            [
                "return_visits.case_id",
                "return_visits.round",
                "return_visits.outcome",
                "return_visits.attempt",
            ],
            name="fk_return_visits_attempt_before",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_return_visits_case_id")),
        sa.ForeignKeyConstraint(
            ["second_review_id", "case_id"],
            ["second_reviews.id", "second_reviews.case_id"],
            name="fk_return_visits_second_review",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_visits")),
        sa.UniqueConstraint(
            "case_id",
            "round",
            "outcome",
            "attempt",
            name=op.f("uq_return_visits_case_id_round_outcome_attempt"),
        ),
        sa.UniqueConstraint("id", "by_id", name=op.f("uq_return_visits_id_by_id")),
        sa.UniqueConstraint(
            "id",
            "case_id",
            "round",
            "outcome",
            "attempt",
            name=op.f("uq_return_visits_id_case_id_round_outcome_attempt"),
        ),
        sa.UniqueConstraint(
            "id", "second_review_id", name=op.f("uq_return_visits_id_second_review_id")
        ),
    )
    op.create_index(op.f("ix_return_visits_case_id"), "return_visits", ["case_id"], unique=False)
    op.create_index(
        "uq_return_visits_failed_day",
        "return_visits",
        ["case_id", "round", "day"],
        unique=True,
        postgresql_where=sa.text("outcome = 'failed'"),
        sqlite_where=sa.text("outcome = 'failed'"),
    )
    op.create_table(
        "closures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("identity", choice("named", "anonymous", name="identity"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("verification_id", sa.Uuid(), nullable=False),
        sa.Column("verified_by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "finding",
            choice("true", "partly", "no_legal_basis", "unfounded", name="finding"),
            nullable=False,
        ),
        sa.Column("rectification_id", sa.Uuid(), nullable=False),
        sa.Column("rectified_by_id", sa.Uuid(), nullable=False),
        sa.Column("remedy", choice("remedy", "explanation", name="remedy"), nullable=False),
        sa.Column("reply_id", sa.Uuid(), nullable=False),
        sa.Column("replied_by_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column(
            "visit_outcome", choice("answered", "failed", name="visit_outcome"), nullable=True
        ),
        sa.Column("visit_attempt", sa.Integer(), nullable=True),
        sa.Column("visited_by_id", sa.Uuid(), nullable=True),
        sa.Column("second_review_id", sa.Uuid(), nullable=True),
        sa.Column("case_department", sa.String(length=20), nullable=False),
        sa.Column("closer_department", sa.String(length=20), nullable=False),
        sa.Column("closed_by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "(finding = 'no_legal_basis') = (remedy = 'explanation')",
            name=op.f("ck_closures_law_in_place_of_remedy"),
        ),
        sa.CheckConstraint("finding <> 'unfounded'", name=op.f("ck_closures_unfounded_is_no_end")),
        sa.CheckConstraint(
            "identity = 'anonymous' OR (visit_id IS NOT NULL AND visit_outcome IS NOT NULL AND visit_attempt IS NOT NULL AND (visited_by_id IS NOT NULL OR second_review_id IS NOT NULL) AND (visit_outcome = 'answered' OR visit_attempt >= 3))",
            name=op.f("ck_closures_named_was_visited"),
        ),
        sa.CheckConstraint(
            "closed_by_id NOT IN (verified_by_id, rectified_by_id, replied_by_id)",
            name=op.f("ck_closures_closer_is_not_handler"),
        ),
        sa.CheckConstraint(
            "closer_department <> case_department", name=op.f("ck_closures_closer_from_elsewhere")
        ),
        sa.CheckConstraint(
            "length(case_department) <= 20", name=op.f("ck_closures_case_department_length")
        ),
        sa.CheckConstraint(
            "length(closer_department) <= 20", name=op.f("ck_closures_closer_department_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_closures_words_length")),
        sa.CheckConstraint(
            "visited_by_id IS NULL OR visited_by_id NOT IN (verified_by_id, rectified_by_id, replied_by_id)",
            name=op.f("ck_closures_visitor_is_not_handler"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "case_department"],
            ["cases.id", "cases.department_code"],
            name="fk_closures_case_department",
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "identity"], ["cases.id", "cases.identity"], name="fk_closures_identity"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_closures_case_id")),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["accounts.id"], name=op.f("fk_closures_closed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["rectification_id", "case_id", "round", "rectified_by_id", "remedy"],
            [
                "rectifications.id",
                "rectifications.case_id",
                "rectifications.round",
                "rectifications.by_id",
                "rectifications.kind",
            ],
            name="fk_closures_rectification",
        ),
        sa.ForeignKeyConstraint(
            ["reply_id", "case_id", "round", "replied_by_id"],
            ["replies.id", "replies.case_id", "replies.round", "replies.by_id"],
            name="fk_closures_reply",
        ),
        sa.ForeignKeyConstraint(
            ["verification_id", "case_id", "verified_by_id", "finding"],
            [
                "verifications.id",
                "verifications.case_id",
                "verifications.by_id",
                "verifications.finding",
            ],
            name="fk_closures_verification",
        ),
        sa.ForeignKeyConstraint(
            ["visit_id", "case_id", "round", "visit_outcome", "visit_attempt"],
            [
                "return_visits.id",
                "return_visits.case_id",
                "return_visits.round",
                "return_visits.outcome",
                "return_visits.attempt",
            ],
            name="fk_closures_visit",
        ),
        sa.ForeignKeyConstraint(
            ["visit_id", "second_review_id"],
            ["return_visits.id", "return_visits.second_review_id"],
            name="fk_closures_second_review",
        ),
        sa.ForeignKeyConstraint(
            ["visit_id", "visited_by_id"],
            ["return_visits.id", "return_visits.by_id"],
            name="fk_closures_visitor",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
        sa.UniqueConstraint("case_id", name=op.f("uq_closures_case_id")),
        sa.UniqueConstraint("id", "case_id", name=op.f("uq_closures_id_case_id")),
    )


def create_asking() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", choice("complex", "extend", "transfer", name="kind"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("further", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_department", sa.String(length=20), nullable=False),
        sa.Column(
            "come_from",
            choice(
                "triage",
                "routed",
                "verifying",
                "rectifying",
                "transferring",
                "appealed",
                "visiting",
                "closing",
                "closed",
                "voided",
                "objected",
                name="come_from",
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("plan", sa.String(length=2000), nullable=False),
        sa.Column("proposed", sa.String(length=20), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'extend') = (length(plan) > 0)", name=op.f("ck_requests_extension_has_plan")
        ),
        sa.CheckConstraint(
            "(kind = 'transfer') = (proposed IS NOT NULL)",
            name=op.f("ck_requests_transfer_has_owner"),
        ),
        sa.CheckConstraint(
            "number >= 1 AND (kind <> 'transfer' OR number = 1)",
            name=op.f("ck_requests_asked_once"),
        ),
        sa.CheckConstraint(
            "NOT further OR kind = 'extend'", name=op.f("ck_requests_only_time_is_further")
        ),
        sa.CheckConstraint(
            "length(by_department) <= 20", name=op.f("ck_requests_by_department_length")
        ),
        sa.CheckConstraint("length(plan) <= 2000", name=op.f("ck_requests_plan_length")),
        sa.CheckConstraint("length(proposed) <= 20", name=op.f("ck_requests_proposed_length")),
        sa.CheckConstraint("length(reason) <= 2000", name=op.f("ck_requests_reason_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_requests_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_requests_case_id")),
        sa.ForeignKeyConstraint(
            ["proposed"], ["departments.code"], name=op.f("fk_requests_proposed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint(
            "case_id", "kind", "number", name=op.f("uq_requests_case_id_kind_number")
        ),
        sa.UniqueConstraint(
            "id",
            "case_id",
            "kind",
            "number",
            "further",
            "by_department",
            name=op.f("uq_requests_id_case_id_kind_number_further_by_department"),
        ),
        sa.UniqueConstraint("id", "case_id", name=op.f("uq_requests_id_case_id")),
    )
    op.create_index(op.f("ix_requests_case_id"), "requests", ["case_id"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", choice("complex", "extend", "transfer", name="kind"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("further", sa.Boolean(), nullable=False),
        sa.Column("asked_by_department", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_department", sa.String(length=20), nullable=False),
        sa.Column("by_leader", sa.Boolean(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "NOT granted OR NOT further OR by_leader",
            name=op.f("ck_decisions_further_extension_by_leader"),
        ),
        sa.CheckConstraint(
            "by_department <> asked_by_department", name=op.f("ck_decisions_decided_elsewhere")
        ),
        sa.CheckConstraint(
            "length(asked_by_department) <= 20",
            name=op.f("ck_decisions_asked_by_department_length"),
        ),
        sa.CheckConstraint(
            "length(by_department) <= 20", name=op.f("ck_decisions_by_department_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_decisions_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_decisions_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_decisions_case_id")),
        sa.ForeignKeyConstraint(
            ["request_id", "case_id", "kind", "number", "further", "asked_by_department"],
            [
                "requests.id",
                "requests.case_id",
                "requests.kind",
                "requests.number",
                "requests.further",
                "requests.by_department",
            ],
            name="fk_decisions_request",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("request_id", name=op.f("uq_decisions_request_id")),
    )
    op.create_index(op.f("ix_decisions_case_id"), "decisions", ["case_id"], unique=False)
    op.create_table(
        "judgements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("appellant_id", sa.Uuid(), nullable=False),
        sa.Column("case_department", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_department", sa.String(length=20), nullable=False),
        sa.Column("verdict", choice("uphold", "dismiss", name="verdict"), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "by_department <> case_department", name=op.f("ck_judgements_judge_from_elsewhere")
        ),
        sa.CheckConstraint(
            "by_id <> appellant_id", name=op.f("ck_judgements_judge_is_not_appellant")
        ),
        sa.CheckConstraint(
            "length(by_department) <= 20", name=op.f("ck_judgements_by_department_length")
        ),
        sa.CheckConstraint(
            "length(case_department) <= 20", name=op.f("ck_judgements_case_department_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_judgements_words_length")),
        sa.ForeignKeyConstraint(
            ["appeal_id", "case_id", "appellant_id", "case_department"],
            ["appeals.id", "appeals.case_id", "appeals.by_id", "appeals.case_department"],
            name="fk_judgements_appeal",
        ),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_judgements_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_judgements_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgements")),
        sa.UniqueConstraint("appeal_id", name=op.f("uq_judgements_appeal_id")),
        sa.UniqueConstraint(
            "id",
            "case_id",
            "by_id",
            "case_department",
            "verdict",
            name=op.f("uq_judgements_id_case_id_by_id_case_department_verdict"),
        ),
        sa.UniqueConstraint(
            "id", "case_id", "verdict", name=op.f("uq_judgements_id_case_id_verdict")
        ),
    )
    op.create_index(op.f("ix_judgements_case_id"), "judgements", ["case_id"], unique=False)
    op.create_table(
        "objections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("judgement_id", sa.Uuid(), nullable=False),
        sa.Column("judge_id", sa.Uuid(), nullable=False),
        sa.Column("case_department", sa.String(length=20), nullable=False),
        sa.Column("verdict", choice("uphold", "dismiss", name="verdict"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("verdict = 'uphold'", name=op.f("ck_objections_objects_to_voiding")),
        sa.CheckConstraint(
            "length(case_department) <= 20", name=op.f("ck_objections_case_department_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_objections_words_length")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_objections_case_id")),
        sa.ForeignKeyConstraint(
            ["judgement_id", "case_id", "judge_id", "case_department", "verdict"],
            [
                "judgements.id",
                "judgements.case_id",
                "judgements.by_id",
                "judgements.case_department",
                "judgements.verdict",
            ],
            name="fk_objections_judgement",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
        sa.UniqueConstraint("case_id", name=op.f("uq_objections_case_id")),
        sa.UniqueConstraint(
            "id",
            "case_id",
            "judge_id",
            "case_department",
            name=op.f("uq_objections_id_case_id_judge_id_case_department"),
        ),
    )
    op.create_table(
        "reconsiderations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("objection_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("judge_id", sa.Uuid(), nullable=False),
        sa.Column("case_department", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_department", sa.String(length=20), nullable=False),
        sa.Column("verdict", choice("uphold", "dismiss", name="verdict"), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "by_department <> case_department",
            name=op.f("ck_reconsiderations_judge_from_elsewhere"),
        ),
        sa.CheckConstraint("by_id <> judge_id", name=op.f("ck_reconsiderations_another_judge")),
        sa.CheckConstraint(
            "length(by_department) <= 20", name=op.f("ck_reconsiderations_by_department_length")
        ),
        sa.CheckConstraint(
            "length(case_department) <= 20", name=op.f("ck_reconsiderations_case_department_length")
        ),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_reconsiderations_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_reconsiderations_by_id")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_reconsiderations_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["objection_id", "case_id", "judge_id", "case_department"],
            [
                "objections.id",
                "objections.case_id",
                "objections.judge_id",
                "objections.case_department",
            ],
            name="fk_reconsiderations_objection",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconsiderations")),
        sa.UniqueConstraint("objection_id", name=op.f("uq_reconsiderations_objection_id")),
    )
    op.create_index(
        op.f("ix_reconsiderations_case_id"), "reconsiderations", ["case_id"], unique=False
    )


def create_citizen_and_ladder() -> None:
    op.create_table(
        "additions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("length(words) <= 1000", name=op.f("ck_additions_words_length")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_additions_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_additions")),
    )
    op.create_index(op.f("ix_additions_case_id"), "additions", ["case_id"], unique=False)
    op.create_table(
        "pressure_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("length(words) <= 1000", name=op.f("ck_pressure_reports_words_length")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_pressure_reports_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pressure_reports")),
    )
    op.create_index(
        op.f("ix_pressure_reports_case_id"), "pressure_reports", ["case_id"], unique=False
    )
    op.create_table(
        "pressure_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_pressure_answers_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_pressure_answers_by_id")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["pressure_reports.id"], name=op.f("fk_pressure_answers_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pressure_answers")),
        sa.UniqueConstraint("report_id", name=op.f("uq_pressure_answers_report_id")),
    )
    op.create_table(
        "rungs",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at_desk", sa.Boolean(), nullable=False),
        sa.Column("rung", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "state",
            choice(
                "triage",
                "routed",
                "verifying",
                "rectifying",
                "transferring",
                "appealed",
                "visiting",
                "closing",
                "closed",
                "voided",
                "objected",
                name="state",
            ),
            nullable=False,
        ),
        sa.Column("crossed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rung BETWEEN 1 AND 4", name=op.f("ck_rungs_rung_range")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_rungs_case_id")),
        sa.PrimaryKeyConstraint("case_id", "due_at", "at_desk", "rung", name=op.f("pk_rungs")),
    )
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
        sa.CheckConstraint(
            "length(department_code) <= 20",
            name=op.f("ck_supervision_notices_department_code_length"),
        ),
        sa.CheckConstraint(
            "length(number) <= 20", name=op.f("ck_supervision_notices_number_length")
        ),
        sa.CheckConstraint(
            "length(issued_by) <= 20", name=op.f("ck_supervision_notices_issued_by_length")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"],
            ["departments.code"],
            name=op.f("fk_supervision_notices_issued_by"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_supervision_notices_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["departments.code"],
            name=op.f("fk_supervision_notices_department_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_notices")),
        sa.UniqueConstraint(
            "case_id", "cause", "due_at", name=op.f("uq_supervision_notices_case_id_cause_due_at")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_supervision_notices_number")),
    )
    op.create_index(
        op.f("ix_supervision_notices_case_id"), "supervision_notices", ["case_id"], unique=False
    )
    op.create_index(
        op.f("ix_supervision_notices_department_code"),
        "supervision_notices",
        ["department_code"],
        unique=False,
    )
    # ### end Alembic commands ###
