"""Since when a source that calls us is silent."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "source_state",
        sa.Column("silent_since", sa.DateTime(timezone=True), nullable=True),
    )
