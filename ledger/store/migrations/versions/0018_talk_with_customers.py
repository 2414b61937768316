"""Find what came of talking with customers lately by index: calls, and reminders that went out."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "external_events_talk",
        "external_events",
        ["business_id", "occurred_at"],
        unique=False,
        postgresql_where=sa.text("kind IN ('call', 'reminder')"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("external_events_talk", table_name="external_events")
