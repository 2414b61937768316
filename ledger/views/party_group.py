"""Ledgers of one owner, and what held of a party when. Amounts in paise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One ledger of a group."""

    party_id: UUID
    name: str
    gstin: str | None
    net: int
    currency: str


@dataclass(frozen=True, slots=True)
class PartyGroupView:
    """Ledgers of one PAN: each with its own balance; `total` is only shown, in the business's currency."""

    pan: str
    total: int
    currency: str
    members: tuple[GroupMember, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeView:
    """A value that a party's attribute had since a day; `since` null: as long as is known. The source that said so."""

    name: str
    value: Any
    since: date | None
    source: str
