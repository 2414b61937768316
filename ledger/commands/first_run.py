"""What a chat keeps of its first days, and what it looked at last."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DismissSetup:
    """Don't offer the list of what is still to be set up in this chat any more."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class NoteLookedAt:
    """Note whose card a chat looked at last: what is forwarded next most likely belongs to him."""

    chat_id: int
    party_id: UUID
