"""Which settlement a payment or refund came with, so that a settlement can be opened."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "identities",
        sa.Column(
            "settlement",
            sa.Text(),
            sa.Computed("state #>> '{data,references,settlements,0}'", persisted=True),
            nullable=True,
            comment="the settlement of the same source that brought it",
        ),
    )
    op.create_index(
        "identities_settlement",
        "identities",
        ["business_id", "settlement", "source"],
        postgresql_where=sa.text("settlement IS NOT NULL"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("identities_settlement", "identities")
    op.drop_column("identities", "settlement")
