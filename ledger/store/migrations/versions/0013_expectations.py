"""When each open bill is expected to be paid. `munshi sweep` fills it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "expectations",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.Column(
            "from_on", sa.Date(), nullable=False, comment="with to_on: four payments of five fall within"
        ),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "invoice_id"),
    )
