"""What the chat needs: hours and alerts of a member, files on their way, pay pages, updates taken up."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

_WHEN = sa.DateTime(timezone=True)
_MEMBER = (
    sa.Column("evening_at", sa.Time(), nullable=True, comment="local hour of the evening close; null: none"),
    sa.Column("evening_sent_on", sa.Date(), nullable=True),
    sa.Column(
        "picture", sa.Text(), nullable=False, server_default="off", comment="of the morning: off, light, dark"
    ),
    sa.Column(
        "quiet_from",
        sa.Time(),
        nullable=False,
        server_default="21:00",
        comment="no alerts from this local hour",
    ),
    sa.Column("quiet_until", sa.Time(), nullable=False, server_default="08:00", comment="until this one"),
    sa.Column(
        "alerts",
        postgresql.JSONB(),
        nullable=False,
        server_default="{}",
        comment="kind of alert: false where he wants none",
    ),
)


def upgrade() -> None:
    """Apply."""
    for column in _MEMBER:
        op.add_column("members", column._copy())
    op.add_column(
        "outbox",
        sa.Column(
            "edit_of",
            sa.Uuid(),
            nullable=True,
            comment="earlier row whose message is to be edited, once it is sent",
        ),
    )
    op.create_table_comment(
        "dialogues", "Which business a chat speaks for, and the answer that is expected of it in words."
    )
    op.create_table(
        "chat_updates",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", _WHEN, nullable=False, server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("business_id", "update_id"),
        comment="Messages and taps that were taken up: what a channel delivers twice is done once.",
    )
    op.create_table(
        "alerts_told",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="receipt:<id>, conflict:<id>:<version> …"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("told_at", _WHEN, nullable=False),
        sa.PrimaryKeyConstraint("business_id", "member_id", "subject"),
        comment="What a member was told, or chose not to be told: nothing twice.",
    )
    op.create_index("alerts_told_at", "alerts_told", ["business_id", "told_at"])
    op.create_table(
        "chat_files",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("message", sa.Uuid(), nullable=True, comment="row of the outbox that shows how far it is"),
        sa.Column(
            "file_id", sa.Text(), nullable=False, comment="the channel's name of the file, to fetch it again"
        ),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True, comment="the delivery that it became"),
        sa.Column("status", sa.Text(), nullable=False, comment="reading, derived, told, refused"),
        sa.Column("counts", postgresql.JSONB(), nullable=False, server_default="{}"),
        sa.Column("taken_at", _WHEN, nullable=False),
        sa.Column("changed_at", _WHEN, nullable=False),
        sa.PrimaryKeyConstraint("business_id", "id"),
        comment="Files sent to a chat, from the first byte to the summary of what they explained.",
    )
    op.create_index(
        "chat_files_open",
        "chat_files",
        ["business_id", "status"],
        postgresql_where=sa.text("status IN ('reading', 'derived')"),
    )
    op.create_table(
        "pay_links",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_anchor", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="what was asked for, in minor units"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False, server_default="en"),
        sa.Column("made_by", sa.Uuid(), nullable=True, comment="member"),
        sa.Column("created_at", _WHEN, nullable=False),
        sa.Column("expires_at", _WHEN, nullable=False),
        sa.Column("opened_at", _WHEN, nullable=True),
        sa.PrimaryKeyConstraint("business_id", "key_hash"),
        comment="Pages on which a customer sees what he owes and how to pay it.",
    )
    op.create_index("pay_links_party", "pay_links", ["business_id", "party_anchor", "created_at"])


def downgrade() -> None:
    """Take back."""
    for table in ("pay_links", "chat_files", "alerts_told", "chat_updates"):
        op.drop_table(table)
    op.drop_table_comment("dialogues")
    op.drop_column("outbox", "edit_of")
    for column in reversed(_MEMBER):
        op.drop_column("members", column.name)
