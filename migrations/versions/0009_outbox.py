"""The outbox after a year of use: indices for its pages, what tries cost, and jobs that fell silent."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

UNDECIDED = "state IN ('given_up', 'uncertain', 'failed')"

COST_BEFORE = """
    UPDATE messages SET spent = parts
    WHERE state = 'dropped' AND handed_over_at IS NOT NULL AND provider_id IS NOT NULL
"""
"""What a carrier had taken, and a person dropped when it had not arrived."""


def upgrade() -> None:
    op.add_column("messages", sa.Column("asked_at", sa.DateTime(timezone=True)))
    op.add_column(
        "messages", sa.Column("spent", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.execute(COST_BEFORE)
    op.create_index(
        "ix_messages_decidable", "messages", ["urgency", "id"],
        sqlite_where=sa.text(UNDECIDED), postgresql_where=sa.text(UNDECIDED),
    )  # fmt: skip
    op.create_index("ix_messages_created_at", "messages", ["created_at"])
    op.create_index("ix_messages_state", "messages", ["state"])
    op.create_index("ix_invitations_decided_at", "invitations", ["decided_at"])
    op.add_column("ticks", sa.Column("late_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("ticks", "late_at")
    op.drop_index("ix_invitations_decided_at", "invitations")
    op.drop_index("ix_messages_state", "messages")
    op.drop_index("ix_messages_created_at", "messages")
    op.drop_index("ix_messages_decidable", "messages")
    op.drop_column("messages", "spent")
    op.drop_column("messages", "asked_at")
