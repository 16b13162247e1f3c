"""Indices for what is looked up often and would otherwise be searched row by row."""

from alembic import op

revision = "0007"
down_revision = "0006"

INDICES = {
    "ix_service_events_project_no": ("service_events", ["project_no"]),
    "ix_service_events_recorded_by_id_recorded_at": (
        "service_events", ["recorded_by_id", "recorded_at"],
    ),
    "ix_ledger_entries_subject_at": ("ledger_entries", ["subject", "at"]),
    "ix_incoming_texts_received_at": ("incoming_texts", ["received_at"]),
    "ix_return_visits_at": ("return_visits", ["at"]),
    "ix_decisions_at": ("decisions", ["at"]),
}  # fmt: skip


def upgrade() -> None:
    for name, (table, columns) in INDICES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _) in INDICES.items():
        op.drop_index(name, table)
