"""The first house: everything from a recorded service to the weekly closure report."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

FROZEN = {
    "reviews": (
        "id, event_id, case_id, receipt_digest, grade, comment, identity, phone_digest, channel,"
        " locale, entered_by_id, received_at"
    ),
    "ledger_entries": (
        "id, at, subject, subject_id, act, actor_kind, actor_id, actor_name, actor_department, facts"
    ),
    "cases": "id, number, event_id, identity, opened_at, contact_due_at, complex_due_at",
}
"""Columns that are never changed, in tables that have others: sealed ones (keys rotate), the ledger's
seal, and what a case goes through."""

FROZEN_WHOLE = (
    "review_tags", "contacts", "verifications", "rectifications", "evidence", "replies",
    "return_visits", "closures", "closure_reports",
)  # fmt: skip
"""Tables whose rows are written once."""

NEVER_DELETED = (*FROZEN, *FROZEN_WHOLE, "service_events")


def choice(*values: str, name: str) -> sa.Enum:
    """Return a text column held to `values` by a CHECK."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    create_tables()
    close_the_circle()
    freeze()


def close_the_circle() -> None:
    """Let a case point at its closure; SQLite has it from the start, having no ALTER for it."""
    if not is_sqlite():
        op.create_foreign_key(
            "fk_cases_closure", "cases", "closures", ["closure_id", "id"], ["id", "case_id"]
        )


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def freeze() -> None:
    """Refuse what must never happen to what was said and done: change and deletion."""
    if not is_sqlite():
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% rows are never changed or deleted', TG_TABLE_NAME; END $$"
        )
    for table, columns in FROZEN.items():
        guard(table, "changed", f"UPDATE OF {columns}")
    for table in FROZEN_WHOLE:
        guard(table, "changed", "UPDATE")
    for table in NEVER_DELETED:
        guard(table, "deleted", "DELETE")
        if not is_sqlite():
            op.execute(
                f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}"
                " EXECUTE FUNCTION refuse_change()"
            )


def guard(table: str, what: str, on: str) -> None:
    """Put one refusing trigger on a table."""
    then = (
        f"BEGIN SELECT RAISE(ABORT, '{table} rows are never {what}'); END"
        if is_sqlite()
        else "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"CREATE TRIGGER {table}_never_{what} BEFORE {on} ON {table} {then}")


def closure_key() -> list[Any]:
    """Return the circular key for SQLite, which can only have it inline."""
    if not is_sqlite():
        return []
    return [
        sa.ForeignKeyConstraint(
            ["closure_id", "id"], ["closures.id", "closures.case_id"], name="fk_cases_closure"
        )
    ]


def downgrade() -> None:
    if not is_sqlite():
        op.drop_constraint("fk_cases_closure", "cases", type_="foreignkey")
    else:
        op.execute("PRAGMA defer_foreign_keys=ON")
    op.drop_table("review_tags")
    op.drop_table("evidence")
    op.drop_table("closures")
    op.drop_table("verifications")
    op.drop_table("reviews")
    op.drop_table("return_visits")
    op.drop_table("replies")
    op.drop_table("rectifications")
    op.drop_table("contacts")
    op.drop_table("cases")
    op.drop_table("service_events")
    op.drop_table("account_roles")
    op.drop_table("routing_rules")
    op.drop_table("officers")
    op.drop_table("accounts")
    op.drop_table("windows")
    op.drop_table("messages")
    op.drop_table("items")
    op.drop_table("ticks")
    op.drop_table("tags")
    op.drop_table("ledger_entries")
    op.drop_table("departments")
    op.drop_table("closure_reports")
    op.drop_table("case_counters")
    op.drop_table("api_keys")
    if not is_sqlite():
        op.execute("DROP FUNCTION refuse_change()")


def create_tables() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(key_digest) <= 64", name=op.f("ck_api_keys_key_digest_length")),
        sa.CheckConstraint("length(name) <= 60", name=op.f("ck_api_keys_name_length")),
        sa.CheckConstraint("length(source) <= 40", name=op.f("ck_api_keys_source_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_digest", name=op.f("uq_api_keys_key_digest")),
    )
    op.create_table(
        "case_counters",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_case_counters")),
    )
    op.create_table(
        "closure_reports",
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.CheckConstraint("length(week) <= 8", name=op.f("ck_closure_reports_week_length")),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_closure_reports")),
    )
    op.create_table(
        "departments",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column(
            "kind",
            choice("supervisor", "department", "utility", "street", "community", name="kind"),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(code) <= 20", name=op.f("ck_departments_code_length")),
        sa.CheckConstraint("length(name) <= 60", name=op.f("ck_departments_name_length")),
        sa.CheckConstraint("length(note) <= 200", name=op.f("ck_departments_note_length")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_departments")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.String(length=60), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column(
            "actor_kind",
            choice("citizen", "staff", "system", "api", name="actor_kind"),
            nullable=False,
        ),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.String(length=60), nullable=False),
        sa.Column("actor_department", sa.String(length=20), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("sealed_in", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(act) <= 40", name=op.f("ck_ledger_entries_act_length")),
        sa.CheckConstraint(
            "length(actor_department) <= 20", name=op.f("ck_ledger_entries_actor_department_length")
        ),
        sa.CheckConstraint(
            "length(actor_name) <= 60", name=op.f("ck_ledger_entries_actor_name_length")
        ),
        sa.CheckConstraint("length(subject) <= 20", name=op.f("ck_ledger_entries_subject_length")),
        sa.CheckConstraint(
            "length(subject_id) <= 60", name=op.f("ck_ledger_entries_subject_id_length")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(
        "ix_ledger_entries_subject", "ledger_entries", ["subject", "subject_id", "id"], unique=False
    )
    op.create_table(
        "tags",
        sa.Column("code", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("shown_first", sa.Boolean(), nullable=False),
        sa.Column(
            "responsibility",
            choice("guide", "time_limit", "process", "staff", name="responsibility"),
            nullable=True,
        ),
        sa.CheckConstraint("grade BETWEEN 1 AND 5", name=op.f("ck_tags_grade_range")),
        sa.CheckConstraint("length(name) <= 60", name=op.f("ck_tags_name_length")),
        sa.CheckConstraint("length(name_en) <= 120", name=op.f("ck_tags_name_en_length")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_tags")),
    )
    op.create_table(
        "ticks",
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint("length(job) <= 40", name=op.f("ck_ticks_job_length")),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_ticks")),
    )
    op.create_table(
        "items",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("department_code", sa.String(length=20), nullable=False),
        sa.Column("guide_owner_code", sa.String(length=20), nullable=True),
        sa.Column(
            "kind",
            choice("application", "enforcement", "public", "hotline", name="kind"),
            nullable=False,
        ),
        sa.Column("promised_days", sa.Integer(), nullable=True),
        sa.Column("promised_unit", choice("workday", "day", name="promised_unit"), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(code) <= 40", name=op.f("ck_items_code_length")),
        sa.CheckConstraint(
            "length(department_code) <= 20", name=op.f("ck_items_department_code_length")
        ),
        sa.CheckConstraint(
            "length(guide_owner_code) <= 20", name=op.f("ck_items_guide_owner_code_length")
        ),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_items_name_length")),
        sa.CheckConstraint("length(source) <= 200", name=op.f("ck_items_source_length")),
        sa.ForeignKeyConstraint(
            ["department_code"], ["departments.code"], name=op.f("fk_items_department_code")
        ),
        sa.ForeignKeyConstraint(
            ["guide_owner_code"], ["departments.code"], name=op.f("fk_items_guide_owner_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_items")),
    )
    op.create_index(op.f("ix_items_department_code"), "items", ["department_code"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.Column("occasion", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by", choice("mail", "sms", name="by"), nullable=False),
        sa.Column("to_department", sa.String(length=20), nullable=True),
        sa.Column("to_phone_sealed", sa.String(length=400), nullable=True),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("subject_id", sa.String(length=60), nullable=False),
        sa.Column(
            "state",
            choice("queued", "sending", "sent", "uncertain", "given_up", "dropped", name="state"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)",
            name=op.f("ck_messages_sending_has_lease"),
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_messages_sent_has_moment")
        ),
        sa.CheckConstraint(
            "(to_department IS NULL) <> (to_phone_sealed IS NULL)",
            name=op.f("ck_messages_one_recipient"),
        ),
        sa.CheckConstraint("length(dedupe_key) <= 120", name=op.f("ck_messages_dedupe_key_length")),
        sa.CheckConstraint("length(locale) <= 10", name=op.f("ck_messages_locale_length")),
        sa.CheckConstraint("length(occasion) <= 40", name=op.f("ck_messages_occasion_length")),
        sa.CheckConstraint("length(subject_id) <= 60", name=op.f("ck_messages_subject_id_length")),
        sa.CheckConstraint(
            "length(to_department) <= 20", name=op.f("ck_messages_to_department_length")
        ),
        sa.CheckConstraint(
            "length(to_phone_sealed) <= 400", name=op.f("ck_messages_to_phone_sealed_length")
        ),
        sa.ForeignKeyConstraint(
            ["to_department"], ["departments.code"], name=op.f("fk_messages_to_department")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_messages_dedupe_key")),
    )
    op.create_index(
        "ix_messages_state_next_try_at", "messages", ["state", "next_try_at"], unique=False
    )
    op.create_index(op.f("ix_messages_subject_id"), "messages", ["subject_id"], unique=False)
    op.create_table(
        "windows",
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("department_code", sa.String(length=20), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(code) <= 30", name=op.f("ck_windows_code_length")),
        sa.CheckConstraint(
            "length(department_code) <= 20", name=op.f("ck_windows_department_code_length")
        ),
        sa.CheckConstraint("length(name) <= 60", name=op.f("ck_windows_name_length")),
        sa.ForeignKeyConstraint(
            ["department_code"], ["departments.code"], name=op.f("fk_windows_department_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_windows")),
    )
    op.create_index(
        op.f("ix_windows_department_code"), "windows", ["department_code"], unique=False
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("department_code", sa.String(length=20), nullable=False),
        sa.Column("window_code", sa.String(length=30), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "length(department_code) <= 20", name=op.f("ck_accounts_department_code_length")
        ),
        sa.CheckConstraint("length(email) <= 254", name=op.f("ck_accounts_email_length")),
        sa.CheckConstraint(
            "length(fs_uniquifier) <= 64", name=op.f("ck_accounts_fs_uniquifier_length")
        ),
        sa.CheckConstraint("length(name) <= 60", name=op.f("ck_accounts_name_length")),
        sa.CheckConstraint("length(password) <= 255", name=op.f("ck_accounts_password_length")),
        sa.CheckConstraint(
            "length(window_code) <= 30", name=op.f("ck_accounts_window_code_length")
        ),
        sa.ForeignKeyConstraint(
            ["department_code"], ["departments.code"], name=op.f("fk_accounts_department_code")
        ),
        sa.ForeignKeyConstraint(
            ["window_code"], ["windows.code"], name=op.f("fk_accounts_window_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_accounts_fs_uniquifier")),
    )
    op.create_index(
        op.f("ix_accounts_department_code"), "accounts", ["department_code"], unique=False
    )
    op.create_table(
        "officers",
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("department_code", sa.String(length=20), nullable=False),
        sa.Column("window_code", sa.String(length=30), nullable=True),
        sa.Column("phone_sealed", sa.String(length=400), nullable=True),
        sa.Column("phone_digest", sa.String(length=64), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(code) <= 30", name=op.f("ck_officers_code_length")),
        sa.CheckConstraint(
            "length(department_code) <= 20", name=op.f("ck_officers_department_code_length")
        ),
        sa.CheckConstraint("length(name) <= 60", name=op.f("ck_officers_name_length")),
        sa.CheckConstraint(
            "length(phone_digest) <= 64", name=op.f("ck_officers_phone_digest_length")
        ),
        sa.CheckConstraint(
            "length(phone_sealed) <= 400", name=op.f("ck_officers_phone_sealed_length")
        ),
        sa.CheckConstraint(
            "length(window_code) <= 30", name=op.f("ck_officers_window_code_length")
        ),
        sa.ForeignKeyConstraint(
            ["department_code"], ["departments.code"], name=op.f("fk_officers_department_code")
        ),
        sa.ForeignKeyConstraint(
            ["window_code"], ["windows.code"], name=op.f("fk_officers_window_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_officers")),
    )
    op.create_index(
        op.f("ix_officers_department_code"), "officers", ["department_code"], unique=False
    )
    op.create_index(op.f("ix_officers_phone_digest"), "officers", ["phone_digest"], unique=False)
    op.create_table(
        "routing_rules",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "tag_class",
            choice("guide", "time_limit", "process", "staff", name="tag_class"),
            nullable=True,
        ),
        sa.Column("item_code", sa.String(length=40), nullable=True),
        sa.Column("owner", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "length(item_code) <= 40", name=op.f("ck_routing_rules_item_code_length")
        ),
        sa.CheckConstraint("length(note) <= 200", name=op.f("ck_routing_rules_note_length")),
        sa.CheckConstraint("length(owner) <= 20", name=op.f("ck_routing_rules_owner_length")),
        sa.ForeignKeyConstraint(
            ["item_code"], ["items.code"], name=op.f("fk_routing_rules_item_code")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_routing_rules")),
    )
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
        "service_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("token_key_id", sa.String(length=1), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("project_no", sa.String(length=50), nullable=False),
        sa.Column("service_number", sa.Integer(), nullable=False),
        sa.Column("item_code", sa.String(length=40), nullable=False),
        sa.Column(
            "kind",
            choice("application", "enforcement", "public", "hotline", name="kind"),
            nullable=False,
        ),
        sa.Column("mode", choice("onsite", "online", name="mode"), nullable=False),
        sa.Column("window_code", sa.String(length=30), nullable=True),
        sa.Column("officer_code", sa.String(length=30), nullable=True),
        sa.Column(
            "applicant_kind",
            choice(
                "person",
                "enterprise",
                "institution",
                "social",
                "unincorporated",
                "government",
                "other",
                name="applicant_kind",
            ),
            nullable=False,
        ),
        sa.Column("applicant_name_sealed", sa.String(length=400), nullable=True),
        sa.Column("applicant_phone_sealed", sa.String(length=400), nullable=True),
        sa.Column("applicant_phone_digest", sa.String(length=64), nullable=True),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_via", choice("desk", "api", "file", name="recorded_via"), nullable=False
        ),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("facts_digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "length(applicant_name_sealed) <= 400",
            name=op.f("ck_service_events_applicant_name_sealed_length"),
        ),
        sa.CheckConstraint(
            "length(applicant_phone_digest) <= 64",
            name=op.f("ck_service_events_applicant_phone_digest_length"),
        ),
        sa.CheckConstraint(
            "length(applicant_phone_sealed) <= 400",
            name=op.f("ck_service_events_applicant_phone_sealed_length"),
        ),
        sa.CheckConstraint(
            "length(facts_digest) <= 64", name=op.f("ck_service_events_facts_digest_length")
        ),
        sa.CheckConstraint(
            "length(item_code) <= 40", name=op.f("ck_service_events_item_code_length")
        ),
        sa.CheckConstraint(
            "length(officer_code) <= 30", name=op.f("ck_service_events_officer_code_length")
        ),
        sa.CheckConstraint(
            "length(project_no) <= 50", name=op.f("ck_service_events_project_no_length")
        ),
        sa.CheckConstraint("length(source) <= 40", name=op.f("ck_service_events_source_length")),
        sa.CheckConstraint(
            "length(token_key_id) <= 1", name=op.f("ck_service_events_token_key_id_length")
        ),
        sa.CheckConstraint(
            "length(window_code) <= 30", name=op.f("ck_service_events_window_code_length")
        ),
        sa.CheckConstraint(
            "service_number BETWEEN 1 AND 99", name=op.f("ck_service_events_service_number_range")
        ),
        sa.ForeignKeyConstraint(
            ["item_code"], ["items.code"], name=op.f("fk_service_events_item_code")
        ),
        sa.ForeignKeyConstraint(
            ["officer_code"], ["officers.code"], name=op.f("fk_service_events_officer_code")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["accounts.id"], name=op.f("fk_service_events_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["window_code"], ["windows.code"], name=op.f("fk_service_events_window_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_events")),
        sa.UniqueConstraint("serial", name=op.f("uq_service_events_serial")),
        sa.UniqueConstraint(
            "source",
            "project_no",
            "service_number",
            name=op.f("uq_service_events_source_project_no_service_number"),
        ),
    )
    op.create_index(
        op.f("ix_service_events_applicant_phone_digest"),
        "service_events",
        ["applicant_phone_digest"],
        unique=False,
    )
    op.create_index(
        op.f("ix_service_events_item_code"), "service_events", ["item_code"], unique=False
    )
    op.create_index(
        op.f("ix_service_events_recorded_at"), "service_events", ["recorded_at"], unique=False
    )
    op.create_index(
        op.f("ix_service_events_served_at"), "service_events", ["served_at"], unique=False
    )
    op.create_table(
        "cases",
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
                "visiting",
                "closing",
                "closed",
                name="state",
            ),
            nullable=False,
        ),
        sa.Column("department_code", sa.String(length=20), nullable=True),
        sa.Column("routing", sa.JSON(), nullable=False),
        sa.Column("complexity", choice("simple", "complex", name="complexity"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("complex_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visit_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", choice("nothing", "soon", "overdue", name="told"), nullable=False),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closure_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_cases_closed_has_moment")
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (closure_id IS NOT NULL)",
            name=op.f("ck_cases_closed_has_closure"),
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (next_due_at IS NULL)", name=op.f("ck_cases_open_has_deadline")
        ),
        sa.CheckConstraint(
            "(state = 'triage') = (department_code IS NULL)", name=op.f("ck_cases_triage_or_owner")
        ),
        sa.CheckConstraint(
            "(state IN ('visiting', 'closing', 'closed')) = (answered_at IS NOT NULL)",
            name=op.f("ck_cases_answered_before_visit"),
        ),
        sa.CheckConstraint(
            "state <> 'visiting' OR identity = 'named'", name=op.f("ck_cases_only_named_visited")
        ),
        sa.CheckConstraint(
            "length(department_code) <= 20", name=op.f("ck_cases_department_code_length")
        ),
        sa.CheckConstraint("length(number) <= 20", name=op.f("ck_cases_number_length")),
        *closure_key(),
        sa.ForeignKeyConstraint(
            ["department_code"], ["departments.code"], name=op.f("fk_cases_department_code")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["service_events.id"], name=op.f("fk_cases_event_id")
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
        "ix_cases_open_due",
        "cases",
        ["department_code", "next_due_at"],
        unique=False,
        postgresql_where=sa.text("state <> 'closed'"),
        sqlite_where=sa.text("state <> 'closed'"),
    )
    op.create_index(op.f("ix_cases_opened_at"), "cases", ["opened_at"], unique=False)
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
        "rectifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_rectifications_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_rectifications_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_rectifications_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectifications")),
        sa.UniqueConstraint(
            "id", "case_id", "round", "by_id", name=op.f("uq_rectifications_id_case_id_round_by_id")
        ),
    )
    op.create_index(op.f("ix_rectifications_case_id"), "rectifications", ["case_id"], unique=False)
    op.create_table(
        "replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
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
        "return_visits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("visitor_department", sa.String(length=20), nullable=False),
        sa.Column("case_department", sa.String(length=20), nullable=False),
        sa.Column("means", choice("phone", "sms", "in_person", name="means"), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_visits")),
        sa.UniqueConstraint(
            "case_id",
            "round",
            "outcome",
            "attempt",
            name=op.f("uq_return_visits_case_id_round_outcome_attempt"),
        ),
        sa.UniqueConstraint(
            "case_id",
            "round",
            "outcome",
            "day",
            name=op.f("uq_return_visits_case_id_round_outcome_day"),
        ),
        sa.UniqueConstraint(
            "id",
            "case_id",
            "round",
            "outcome",
            "attempt",
            "by_id",
            name=op.f("uq_return_visits_id_case_id_round_outcome_attempt_by_id"),
        ),
    )
    op.create_index(op.f("ix_return_visits_case_id"), "return_visits", ["case_id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("receipt_digest", sa.String(length=64), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("identity", choice("named", "anonymous", name="identity"), nullable=False),
        sa.Column("name_sealed", sa.String(length=400), nullable=True),
        sa.Column("phone_sealed", sa.String(length=400), nullable=True),
        sa.Column("phone_digest", sa.String(length=64), nullable=True),
        sa.Column(
            "channel",
            choice(
                "web", "qr", "sms", "kiosk", "hotline", "api", "paper", "inspection", name="channel"
            ),
            nullable=False,
        ),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(identity = 'named') = (phone_sealed IS NOT NULL AND phone_digest IS NOT NULL)",
            name=op.f("ck_reviews_named_has_phone"),
        ),
        sa.CheckConstraint(
            "grade <= 2 OR (identity = 'anonymous' AND name_sealed IS NULL AND phone_sealed IS NULL AND phone_digest IS NULL)",
            name=op.f("ck_reviews_satisfied_keeps_no_person"),
        ),
        sa.CheckConstraint(
            "(grade <= 2) = (case_id IS NOT NULL)", name=op.f("ck_reviews_negative_has_case")
        ),
        sa.CheckConstraint("grade BETWEEN 1 AND 5", name=op.f("ck_reviews_grade_range")),
        sa.CheckConstraint("length(comment) <= 500", name=op.f("ck_reviews_comment_length")),
        sa.CheckConstraint("length(locale) <= 10", name=op.f("ck_reviews_locale_length")),
        sa.CheckConstraint(
            "length(name_sealed) <= 400", name=op.f("ck_reviews_name_sealed_length")
        ),
        sa.CheckConstraint(
            "length(phone_digest) <= 64", name=op.f("ck_reviews_phone_digest_length")
        ),
        sa.CheckConstraint(
            "length(phone_sealed) <= 400", name=op.f("ck_reviews_phone_sealed_length")
        ),
        sa.CheckConstraint(
            "length(receipt_digest) <= 64", name=op.f("ck_reviews_receipt_digest_length")
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "identity", "event_id"],
            ["cases.id", "cases.identity", "cases.event_id"],
            name="fk_reviews_case",
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["accounts.id"], name=op.f("fk_reviews_entered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["service_events.id"], name=op.f("fk_reviews_event_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("case_id", name=op.f("uq_reviews_case_id")),
        sa.UniqueConstraint("event_id", name=op.f("uq_reviews_event_id")),
        sa.UniqueConstraint("receipt_digest", name=op.f("uq_reviews_receipt_digest")),
    )
    op.create_index(op.f("ix_reviews_phone_digest"), "reviews", ["phone_digest"], unique=False)
    op.create_index(op.f("ix_reviews_received_at"), "reviews", ["received_at"], unique=False)
    op.create_table(
        "verifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "finding", choice("true", "partly", "no_legal_basis", name="finding"), nullable=False
        ),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("length(words) <= 2000", name=op.f("ck_verifications_words_length")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_verifications_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_verifications_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
        sa.UniqueConstraint(
            "id", "case_id", "by_id", name=op.f("uq_verifications_id_case_id_by_id")
        ),
    )
    op.create_index(op.f("ix_verifications_case_id"), "verifications", ["case_id"], unique=False)
    op.create_table(
        "closures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("identity", choice("named", "anonymous", name="identity"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("verification_id", sa.Uuid(), nullable=False),
        sa.Column("verified_by_id", sa.Uuid(), nullable=False),
        sa.Column("rectification_id", sa.Uuid(), nullable=False),
        sa.Column("rectified_by_id", sa.Uuid(), nullable=False),
        sa.Column("reply_id", sa.Uuid(), nullable=False),
        sa.Column("replied_by_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column(
            "visit_outcome", choice("answered", "failed", name="visit_outcome"), nullable=True
        ),
        sa.Column("visit_attempt", sa.Integer(), nullable=True),
        sa.Column("visited_by_id", sa.Uuid(), nullable=True),
        sa.Column("case_department", sa.String(length=20), nullable=False),
        sa.Column("closer_department", sa.String(length=20), nullable=False),
        sa.Column("closed_by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "identity = 'anonymous' OR (visit_id IS NOT NULL AND visit_outcome IS NOT NULL AND visit_attempt IS NOT NULL AND visited_by_id IS NOT NULL AND (visit_outcome = 'answered' OR visit_attempt >= 3))",
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
            ["rectification_id", "case_id", "round", "rectified_by_id"],
            [
                "rectifications.id",
                "rectifications.case_id",
                "rectifications.round",
                "rectifications.by_id",
            ],
            name="fk_closures_rectification",
        ),
        sa.ForeignKeyConstraint(
            ["reply_id", "case_id", "round", "replied_by_id"],
            ["replies.id", "replies.case_id", "replies.round", "replies.by_id"],
            name="fk_closures_reply",
        ),
        sa.ForeignKeyConstraint(
            ["verification_id", "case_id", "verified_by_id"],
            ["verifications.id", "verifications.case_id", "verifications.by_id"],
            name="fk_closures_verification",
        ),
        sa.ForeignKeyConstraint(
            ["visit_id", "case_id", "round", "visit_outcome", "visit_attempt", "visited_by_id"],
            [
                "return_visits.id",
                "return_visits.case_id",
                "return_visits.round",
                "return_visits.outcome",
                "return_visits.attempt",
                "return_visits.by_id",
            ],
            name="fk_closures_visit",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
        sa.UniqueConstraint("case_id", name=op.f("uq_closures_case_id")),
        sa.UniqueConstraint("id", "case_id", name=op.f("uq_closures_id_case_id")),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("rectification_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(media_type) <= 40", name=op.f("ck_evidence_media_type_length")),
        sa.CheckConstraint("length(name) <= 120", name=op.f("ck_evidence_name_length")),
        sa.CheckConstraint("length(sha256) <= 64", name=op.f("ck_evidence_sha256_length")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_evidence_case_id")),
        sa.ForeignKeyConstraint(
            ["rectification_id"], ["rectifications.id"], name=op.f("fk_evidence_rectification_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_case_id"), "evidence", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_evidence_rectification_id"), "evidence", ["rectification_id"], unique=False
    )
    op.create_table(
        "review_tags",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("tag_code", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_review_tags_review_id")
        ),
        sa.ForeignKeyConstraint(["tag_code"], ["tags.code"], name=op.f("fk_review_tags_tag_code")),
        sa.PrimaryKeyConstraint("review_id", "tag_code", name=op.f("pk_review_tags")),
    )
