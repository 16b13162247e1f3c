"""Texts that we asked back about and heard no more of: from when a person should look at them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TABLE = "incoming_texts"
MINE = "made IN ('asked_grade', 'asked_which') AND seen_at IS NULL"
IS_LAST = (
    "NOT EXISTS (SELECT 1 FROM incoming_texts AS later"
    " WHERE later.phone_digest = incoming_texts.phone_digest"
    " AND later.received_at > incoming_texts.received_at)"
)


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("waits_from", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_incoming_texts_waits_from", TABLE, ["waits_from"])
    # Until now nobody saw them, so all of them wait, whatever they say.
    op.execute(f"UPDATE {TABLE} SET waits_from = received_at WHERE {MINE} AND {IS_LAST}")


def downgrade() -> None:
    op.drop_index("ix_incoming_texts_waits_from", TABLE)
    op.drop_column(TABLE, "waits_from")
