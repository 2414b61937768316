"""Find what is due without looking at what isn't."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
    op.create_index("wanted_due", "wanted", ["due_at", "business_id", "source"], unique=False)
    op.create_index("wanted_of_stream", "wanted", ["business_id", "source", "stream", "due_at"], unique=False)
    op.create_index(
        "write_backs_waiting",
        "write_backs",
        ["due_at", "business_id", "source"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'sending')"),
    )
