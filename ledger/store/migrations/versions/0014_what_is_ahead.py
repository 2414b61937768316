"""Find what falls due each month, and payouts by their day, by index."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "identities_recurring",
        "identities",
        ["business_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'recurring'"),
    )
    op.create_index("payouts_day", "payouts", ["business_id", "paid_on"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("payouts_day", table_name="payouts")
    op.drop_index("identities_recurring", table_name="identities")
