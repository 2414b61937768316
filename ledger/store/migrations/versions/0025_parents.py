"""Keep which record a source's record of a party is a part of: branches of one firm by their CRM's word."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "party_identities",
        sa.Column("parent", sa.Uuid(), nullable=True, comment="identity that its source calls its parent"),
    )
    op.create_index(
        "party_identities_parent",
        "party_identities",
        ["business_id", "parent"],
        unique=False,
        postgresql_where=sa.text("parent IS NOT NULL"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("party_identities_parent", table_name="party_identities")
    op.drop_column("party_identities", "parent")
