"""Pages of all bills, of deductions and of rewrites cost the same at any size."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Apply."""
    op.create_index("invoices_by_day", "invoices", ["business_id", "issued_on", "id"])
    op.create_index("payables_by_day", "payables", ["business_id", "issued_on", "id"])
    op.create_index(
        "allocations_deducted",
        "allocations",
        ["business_id", "document_id"],
        postgresql_where=sa.text("kind <> 'receipt'"),
    )
    op.create_index("event_rewrites_id", "event_rewrites", ["business_id", "id"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("event_rewrites_id", "event_rewrites")
    op.drop_index("allocations_deducted", "allocations")
    op.drop_index("payables_by_day", "payables")
    op.drop_index("invoices_by_day", "invoices")
