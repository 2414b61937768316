"""Who is who: what is missing about customers and vendors, and ledgers of one owner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataQuality:
    """What is missing or odd per party, the most money first, as DataQualityPage, keyset-paged."""

    first: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class PartyGroups:
    """Parties of one PAN, which stay separate ledgers, the largest sum first, as PartyGroupPage, keyset-paged."""

    first: int = 50
    after: str | None = None
