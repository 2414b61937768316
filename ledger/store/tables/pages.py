"""Links to pages and files for people without a client, and when each of them looked last."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, LargeBinary, Table, Text, Uuid

from ledger.store.tables.columns import business, metadata, when

page_links = Table(
    "page_links",
    metadata,
    business(),
    Column("key_hash", LargeBinary, primary_key=True, comment="SHA-256 of the key in the link"),
    Column("id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False, comment="by whose eyes the page is seen, as he is that day"),
    Column("page", Text, nullable=False, comment="customer, ledger, tie_out, front, audit_xlsx, audit_jsonl"),
    Column(
        "party_anchor", Uuid, nullable=True, comment="customer, ledger: of whom; such a link shows only him"
    ),
    Column("since", Date, nullable=True, comment="ledger, audit: the period that it opens with"),
    Column("until", Date, nullable=True),
    Column("language", Text, nullable=False, server_default="en"),
    Column("token_id", Uuid, nullable=True, comment="made with it: as narrow as it, and gone with it"),
    Column("chat_id", BigInteger, nullable=True, comment="front: whose firms it shows; null: this one alone"),
    when("created_at", nullable=False),
    when("expires_at", nullable=False),
    when("opened_at"),
    Column("opened", BigInteger, nullable=False, server_default="0", comment="how often"),
    when("revoked_at"),
    Index("page_links_member", "business_id", "member_id", "created_at"),
    comment="Links to pages and files that a member made for himself, by the hash of their keys.",
)
page_looks = Table(
    "page_looks",
    metadata,
    business(),
    Column("member_id", Uuid, primary_key=True),
    when("looked_at", nullable=False),
    when("before"),
    comment="When a member looked at the front page last, and the time before: what is new is counted from there.",
)
