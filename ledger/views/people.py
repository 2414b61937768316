"""Who looks after customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SalesOwner:
    """A CRM's name for one of our people, how many customers are his, and one of them; `taken`: a member goes by it."""

    key: str
    customers: int
    example: str
    taken: bool


@dataclass(frozen=True, slots=True)
class EndingMember:
    """A member whose membership ends by itself; `until` is his last day."""

    id: UUID
    name: str
    role: str
    until: date


@dataclass(frozen=True, slots=True)
class FirmOfMember:
    """A business, and which of its members it is."""

    business_id: UUID
    member_id: UUID
