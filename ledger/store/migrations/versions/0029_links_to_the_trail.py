"""Links to files of the audit trail are kept beside those to pages."""

from alembic import op

revision = "0029"
down_revision = "0028"

_COMMENTS = (
    (
        "COLUMN page_links.page",
        "customer, ledger, tie_out, front",
        "customer, ledger, tie_out, front, audit_xlsx, audit_jsonl",
    ),
    (
        "COLUMN page_links.since",
        "ledger: the period that it opens with",
        "ledger, audit: the period that it opens with",
    ),
    (
        "TABLE page_links",
        "Links to pages that a member made for himself, by the hash of their keys.",
        "Links to pages and files that a member made for himself, by the hash of their keys.",
    ),
)


def upgrade() -> None:
    """Apply."""
    for of, _, words in _COMMENTS:
        op.execute(f"COMMENT ON {of} IS '{words}'")


def downgrade() -> None:
    """Take back: what the pages of before don't know goes with them."""
    op.execute("DELETE FROM page_links WHERE page LIKE 'audit%'")
    for of, words, _ in _COMMENTS:
        op.execute(f"COMMENT ON {of} IS '{words}'")
