"""Who a question is given to, which questions are alike, and which were answered together."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply."""
    for name, kind, comment in (
        ("assigned_to", sa.Uuid(), "the member who is to answer it"),
        ("assigned_by", sa.Uuid(), "the member who gave it to him"),
        (
            "alike",
            sa.Text(),
            "questions of a rule with the same key are alike: payer and words of the narration",
        ),
        ("bulk", sa.Uuid(), "the answer that was given to all alike, this one with them"),
    ):
        op.add_column("conflicts", sa.Column(name, kind, nullable=True, comment=comment))
    op.create_index(
        "conflicts_alike",
        "conflicts",
        ["business_id", "rule", "alike"],
        postgresql_where=sa.text("status = 'open' AND alike IS NOT NULL"),
    )
    op.create_index(
        "conflicts_bulk", "conflicts", ["business_id", "bulk"], postgresql_where=sa.text("bulk IS NOT NULL")
    )
    op.create_index(
        "conflicts_assigned",
        "conflicts",
        ["business_id", "assigned_to"],
        postgresql_where=sa.text("assigned_to IS NOT NULL"),
    )
