"""Find vendors that are marked as micro or small enterprises by index."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "identities_enterprise",
        "identities",
        ["business_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'enterprise'"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("identities_enterprise", table_name="identities")
