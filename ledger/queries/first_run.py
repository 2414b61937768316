"""What is asked about a chat's first days, and about what it looked at last."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setup:
    """What is set up in this business, and whether this chat still wants to be told what isn't. Result: SetupView."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class LookedAt:
    """Whose card a chat looked at last. Result: PartyBrief, or None."""

    chat_id: int
