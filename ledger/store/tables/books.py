"""What the books themselves say of each party, and how our balances tied out with theirs day by day."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, Table, Text, Uuid, text

from ledger.store.tables.columns import anchor, business, metadata, when

book_entries = Table(
    "book_entries",
    metadata,
    business(),
    Column("id", Uuid, primary_key=True, comment="derived from what it says and from known_from"),
    anchor(),
    Column("party_id", Uuid, nullable=False, comment="the party by the books' own word"),
    Column("source", Text, nullable=False),
    Column("side", Text, nullable=False, comment="receivable, payable"),
    Column(
        "kind",
        Text,
        nullable=False,
        comment="as of postings; stated: the whole balance at the end of effective_on, by the books",
    ),
    Column("amount", BigInteger, nullable=False, comment="positive: they (or, payable, we) owe more"),
    Column("currency", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("number", Text, nullable=True),
    when("known_from", nullable=False),
    when("known_to"),
    Index("book_entries_anchor", "business_id", "anchor", postgresql_where=text("known_to IS NULL")),
    Index("book_entries_party", "business_id", "party_id", "side", "effective_on"),
)
tie_outs = Table(
    "tie_outs",
    metadata,
    business(),
    Column("on_day", Date, primary_key=True),
    Column("books", Text, primary_key=True, comment="names of the sources, joined by +"),
    Column("side", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("ours", BigInteger, nullable=False),
    Column("theirs", BigInteger, nullable=False),
    Column("unexplained", BigInteger, nullable=False, comment="of theirs − ours, what no line names"),
    Column("parties", Integer, nullable=False),
    Column("apart", Integer, nullable=False, comment="parties whose balances differ"),
    when("made_at", nullable=False),
    comment="Kept by the daily sweep: since when the books and we no longer say the same.",
)
