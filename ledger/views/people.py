"""Who looks after customers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SalesOwner:
    """A CRM's name for one of our people, how many customers are his, and one of them; `taken`: a member goes by it."""

    key: str
    customers: int
    example: str
    taken: bool
