"""Finding a day's receipts, and questions that opened lately, without reading all there ever were."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Apply."""
    op.create_index("receipts_day", "receipts", ["business_id", "received_on"])
    op.create_index(
        "conflicts_opened",
        "conflicts",
        ["business_id", "opened_at"],
        postgresql_where=sa.text("status = 'open'"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("conflicts_opened", "conflicts")
    op.drop_index("receipts_day", "receipts")
