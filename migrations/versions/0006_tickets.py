"""The number of the page that a review was sent from, by which whoever rated finds the receipt again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the digest; reviews that are there have none."""
    op.add_column("reviews", sa.Column("ticket_digest", sa.String(64), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("reviews", "ticket_digest")
