"""A business's own rules: every text that it published, and what is in force."""

from __future__ import annotations

from sqlalchemy import ARRAY, Boolean, Column, Integer, Table, Text

from ledger.store.tables.columns import business, metadata, when

rule_versions = Table(
    "rule_versions",
    metadata,
    business(),
    Column("rule", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False, comment="TOML as it was published; empty: withdrawn"),
    Column("state", Text, nullable=False, comment="published, withdrawn"),
    Column("permissions", ARRAY(Text), nullable=False, comment="what seeing its questions needs"),
    Column("shipped_digest", Text, nullable=True, comment="SHA-256 of the shipped text that it overrides"),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False, comment="member:<uuid>, system:<name>"),
    Column("by_name", Text, nullable=False),
    when("at", nullable=False),
)
rule_switches = Table(
    "rule_switches",
    metadata,
    business(),
    Column("rule", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    Column(
        "version",
        Integer,
        nullable=False,
        server_default="0",
        comment="own text in force; 0: the shipped one",
    ),
    Column(
        "revision",
        Integer,
        nullable=False,
        server_default="0",
        comment="grows with every change that is to be judged",
    ),
    Column(
        "judged",
        Integer,
        nullable=False,
        server_default="0",
        comment="the revision by which everything was judged last",
    ),
    Column("place", Integer, nullable=True, comment="order of asking; null: 1000"),
    Column("problem", Text, nullable=True, comment="why it could not be judged, and rests"),
)
