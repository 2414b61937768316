"""How the sender and the upkeep of the chat find their rows: what was sent lately, and what is old."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Apply."""
    op.create_index("outbox_sent", "outbox", ["sent_at"], postgresql_where=sa.text("sent_at IS NOT NULL"))
    op.create_index("outbox_failed", "outbox", ["queued_at"], postgresql_where=sa.text("status = 'failed'"))
    op.create_index("chat_updates_taken", "chat_updates", ["taken_at"])
    op.create_index("buttons_created", "buttons", ["created_at"], postgresql_using="brin")


def downgrade() -> None:
    """Take back."""
    op.drop_index("buttons_created", "buttons")
    op.drop_index("chat_updates_taken", "chat_updates")
    op.drop_index("outbox_failed", "outbox")
    op.drop_index("outbox_sent", "outbox")
