"""Say whose money it is by itself, and why; how a party pays. `munshi rebuild --apply` fills it for older data."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_HABIT = "bill_wise, oldest_first, on_account; null: not known"
_HANDLE = "by what its payer is known again: vpa:…, acc:…, nam:…"
_WHY = {"receipts": "known_payer, oldest_first …", "payouts": "known_payer, similar_name …"}


def upgrade() -> None:
    """Apply."""
    op.add_column("parties", sa.Column("habit", sa.Text(), nullable=True, comment=_HABIT))
    for table, examples in _WHY.items():
        why = f"by what it was matched by itself: {examples}"
        op.add_column(table, sa.Column("why", sa.Text(), nullable=True, comment=why))
        op.add_column(table, sa.Column("evidence", sa.Text(), nullable=True, comment="the same in words"))
    for table in ("receipts", "bank_lines"):
        op.add_column(table, sa.Column("handle", sa.Text(), nullable=True, comment=_HANDLE))
        op.create_index(
            f"{table}_handle",
            table,
            ["business_id", "handle"],
            unique=False,
            postgresql_where=sa.text("handle IS NOT NULL"),
        )
