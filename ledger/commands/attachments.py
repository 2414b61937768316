"""Photos, voice notes and the like that people keep with a customer."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KeepAttachment:
    """Keep what came in a chat for ever, before it is said to whom it belongs. Result: its name (SHA-256, hex)."""

    body: bytes = field(repr=False)
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class AttachToParty:
    """Say that something kept belongs to a customer, as a note of his. Result: DecisionView.

    `text` is the caption. Stale if it is a note of his already.
    """

    party_id: UUID
    attachment: str
    text: str = ""
