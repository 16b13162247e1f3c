"""Text messages both ways: invitations, what comes in, what carriers tell, wishes, edited words."""

import importlib.util
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

FROZEN = {
    "incoming_texts": (
        "id, gateway, provider_id, via, phone_digest, body, sent_at, received_at, made, event_id,"
        " case_id, answer_id"
    ),
    "invitations": "id, event_id, phone_digest, decided_at, skipped, letter, message_id",
}
FROZEN_WHOLE = ("wordings",)
NEW = ("incoming_texts", "invitations", "wordings", "phones", "carriers", "inboxes")

OLD_STATES = ("queued", "sending", "sent", "uncertain", "given_up", "dropped")
STATES = (
    "queued", "sending", "asking", "sent", "delivered", "failed", "uncertain", "given_up", "dropped",
)  # fmt: skip

WAY_UP = {
    "urgency": "1", "not_before": "created_at", "carrier": "''", "parts": "0",
}  # fmt: skip
"""What the new columns of an old message hold."""

WAY_DOWN = {
    "state": "CASE state WHEN 'asking' THEN 'uncertain' WHEN 'delivered' THEN 'sent'"
    " WHEN 'failed' THEN 'given_up' ELSE state END",
    "sent_at": "CASE state WHEN 'failed' THEN NULL ELSE sent_at END",
}
"""How the old house would have put it."""


def choice(*values: str, name: str) -> sa.Enum:
    """Return a text column held to `values` by a CHECK."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    remake_messages(STATES, WAY_UP)
    create_tables()
    op.add_column("service_events", sa.Column("invite_at", sa.DateTime(timezone=True)))
    op.create_index("ix_service_events_invite_at", "service_events", ["invite_at"])
    op.add_column(
        "additions",
        sa.Column("is_reason", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "uq_additions_reason", "additions", ["case_id"], unique=True,
        sqlite_where=sa.text("is_reason"), postgresql_where=sa.text("is_reason"),
    )  # fmt: skip
    freeze()


def downgrade() -> None:
    lose_no_words()
    for table in NEW:
        op.drop_table(table)
    op.drop_index("uq_additions_reason", "additions")
    op.drop_column("additions", "is_reason")
    op.drop_index("ix_service_events_invite_at", "service_events")
    op.drop_column("service_events", "invite_at")
    remake_messages(OLD_STATES, WAY_DOWN)


LOST = {
    "incoming_texts": "", "wordings": "", "invitations": "",
    "phones": " WHERE stopped_at IS NOT NULL OR locale IS NOT NULL",
}  # fmt: skip
"""What citizens wrote and wished and what was decided, for which the old house has no table."""


def lose_no_words() -> None:
    """Stop if the way back would lose any of it."""
    for table, which in LOST.items():
        if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {table}{which}")):
            raise RuntimeError(
                f"the way back would lose what is in {table}; restore a backup instead"
            )


def remake_messages(states: tuple[str, ...], said: dict[str, str]) -> None:
    """Make the outbox anew, because SQLite cannot change a CHECK; every row is carried over."""
    op.execute("CREATE TABLE was_messages AS SELECT * FROM messages")
    op.drop_table("messages")
    create_messages(states)
    before, after = columns_of("was_messages"), columns_of("messages")
    taken = [name for name in after if name in before or name in said]
    values = [said.get(name, name) for name in taken]
    op.execute(
        f"INSERT INTO messages ({', '.join(taken)}) SELECT {', '.join(values)} FROM was_messages"
    )
    op.drop_table("was_messages")


def columns_of(table: str) -> list[str]:
    return [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]


def create_messages(states: tuple[str, ...]) -> None:
    new = states is STATES
    sent = "state IN ('sent', 'delivered', 'failed')" if new else "state = 'sent'"
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
        sa.Column("state", choice(*states, name="state"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(new_columns() if new else ()),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)",
            name=op.f("ck_messages_sending_has_lease"),
        ),
        sa.CheckConstraint(
            f"({sent}) = (sent_at IS NOT NULL)", name=op.f("ck_messages_sent_has_moment")
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
    op.create_index(op.f("ix_messages_subject_id"), "messages", ["subject_id"])
    if not new:
        op.create_index("ix_messages_state_next_try_at", "messages", ["state", "next_try_at"])
    else:
        op.create_index("ix_messages_turn", "messages", ["state", "by", "urgency", "next_try_at"])
        op.create_index(
            "ix_messages_to_phone_digest_handed_over_at", "messages",
            ["to_phone_digest", "handed_over_at"],
        )  # fmt: skip


def new_columns() -> tuple[sa.Column | sa.Constraint, ...]:
    """Return what this house adds to a message."""
    return (
        sa.Column("to_phone_digest", sa.String(length=64), nullable=True),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("earlier", sa.JSON(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("carrier", sa.String(length=20), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=True),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("text_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)",
            name=op.f("ck_messages_delivered_has_moment"),
        ),
        sa.CheckConstraint(
            "length(to_phone_digest) <= 64", name=op.f("ck_messages_to_phone_digest_length")
        ),
        sa.CheckConstraint("length(carrier) <= 20", name=op.f("ck_messages_carrier_length")),
        sa.CheckConstraint(
            "length(provider_id) <= 64", name=op.f("ck_messages_provider_id_length")
        ),
        sa.CheckConstraint(
            "length(text_digest) <= 64", name=op.f("ck_messages_text_digest_length")
        ),
        sa.UniqueConstraint("carrier", "provider_id", name=op.f("uq_messages_carrier_provider_id")),
    )


def create_tables() -> None:
    op.create_table(
        "carriers",
        sa.Column("name", choice("mail", "sms", name="name"), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("shut_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=60), nullable=False),
        sa.CheckConstraint("length(last_error) <= 60", name=op.f("ck_carriers_last_error_length")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_carriers")),
    )
    op.create_table(
        "inboxes",
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(gateway) <= 20", name=op.f("ck_inboxes_gateway_length")),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_inboxes")),
    )
    op.create_table(
        "phones",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_by", choice("reply", "carrier", name="stopped_by"), nullable=True),
        sa.CheckConstraint(
            "(stopped_at IS NULL) = (stopped_by IS NULL)",
            name=op.f("ck_phones_stopped_by_somebody"),
        ),
        sa.CheckConstraint("length(digest) <= 64", name=op.f("ck_phones_digest_length")),
        sa.CheckConstraint("length(locale) <= 10", name=op.f("ck_phones_locale_length")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_phones")),
    )
    op.create_table(
        "wordings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(locale) <= 10", name=op.f("ck_wordings_locale_length")),
        sa.CheckConstraint("length(occasion) <= 40", name=op.f("ck_wordings_occasion_length")),
        sa.CheckConstraint("length(text) <= 4000", name=op.f("ck_wordings_text_length")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_wordings_version_counts")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_wordings_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wordings")),
        sa.UniqueConstraint(
            "occasion", "locale", "version", name=op.f("uq_wordings_occasion_locale_version")
        ),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("phone_digest", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "skipped",
            choice(
                "rated",
                "expired",
                "stopped",
                "no_mobile",
                "own_service",
                "unreadable",
                name="skipped",
            ),
            nullable=True,
        ),
        sa.Column("letter", sa.String(length=1), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminder_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(skipped IS NULL) = (message_id IS NOT NULL)",
            name=op.f("ck_invitations_sent_or_said_why"),
        ),
        sa.CheckConstraint("length(letter) <= 1", name=op.f("ck_invitations_letter_length")),
        sa.CheckConstraint(
            "length(phone_digest) <= 64", name=op.f("ck_invitations_phone_digest_length")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["service_events.id"], name=op.f("fk_invitations_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_invitations_message_id")
        ),
        sa.ForeignKeyConstraint(
            ["reminder_id"], ["messages.id"], name=op.f("fk_invitations_reminder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("event_id", name=op.f("uq_invitations_event_id")),
        sa.UniqueConstraint("message_id", name=op.f("uq_invitations_message_id")),
        sa.UniqueConstraint("reminder_id", name=op.f("uq_invitations_reminder_id")),
    )
    op.create_index(
        "ix_invitations_phone_digest_decided_at",
        "invitations",
        ["phone_digest", "decided_at"],
        unique=False,
    )
    op.create_index(op.f("ix_invitations_remind_at"), "invitations", ["remind_at"], unique=False)
    op.create_table(
        "incoming_texts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("via", choice("call", "list", name="via"), nullable=False),
        sa.Column("from_phone_sealed", sa.String(length=400), nullable=True),
        sa.Column("phone_digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "made",
            choice(
                "review",
                "review_asked_why",
                "reason",
                "addition",
                "asked_grade",
                "asked_which",
                "stopped",
                "started",
                "language",
                "too_late",
                "own_service",
                "stranger",
                "nothing",
                "person",
                name="made",
            ),
            nullable=False,
        ),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("answer_id", sa.Uuid(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(seen_at IS NULL) = (seen_by_id IS NULL)",
            name=op.f("ck_incoming_texts_seen_by_somebody"),
        ),
        sa.CheckConstraint(
            "length(from_phone_sealed) <= 400",
            name=op.f("ck_incoming_texts_from_phone_sealed_length"),
        ),
        sa.CheckConstraint("length(gateway) <= 20", name=op.f("ck_incoming_texts_gateway_length")),
        sa.CheckConstraint(
            "length(phone_digest) <= 64", name=op.f("ck_incoming_texts_phone_digest_length")
        ),
        sa.CheckConstraint(
            "length(provider_id) <= 64", name=op.f("ck_incoming_texts_provider_id_length")
        ),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["messages.id"], name=op.f("fk_incoming_texts_answer_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_incoming_texts_case_id")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["service_events.id"], name=op.f("fk_incoming_texts_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["seen_by_id"], ["accounts.id"], name=op.f("fk_incoming_texts_seen_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_texts")),
        sa.UniqueConstraint(
            "gateway", "provider_id", name=op.f("uq_incoming_texts_gateway_provider_id")
        ),
    )
    op.create_index(op.f("ix_incoming_texts_case_id"), "incoming_texts", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_incoming_texts_event_id"), "incoming_texts", ["event_id"], unique=False
    )
    op.create_index(
        "ix_incoming_texts_made_seen_at", "incoming_texts", ["made", "seen_at"], unique=False
    )
    op.create_index(
        "ix_incoming_texts_phone_digest_received_at",
        "incoming_texts",
        ["phone_digest", "received_at"],
        unique=False,
    )


def freeze() -> None:
    """Refuse what must never happen to what was said and decided: change and deletion."""
    guard = first_house().guard
    for table, columns in FROZEN.items():
        guard(table, "changed", f"UPDATE OF {columns}")
    for table in FROZEN_WHOLE:
        guard(table, "changed", "UPDATE")
    for table in (*FROZEN, *FROZEN_WHOLE):
        guard(table, "deleted", "DELETE")
        if not is_sqlite():
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
