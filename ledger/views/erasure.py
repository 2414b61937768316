"""What an erasure took."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ErasureView:
    """What was (or would be) taken, counted; `alias` is what the party is called from then on.

    `bodies` are raw bodies from which his words were taken, `emptied` those of which nothing readable is left (files
    that are no text, photos); `texts` are cards, evidence and drafts.
    """

    party_id: UUID
    alias: str
    events: int
    bodies: int
    emptied: int
    texts: int
    applied: bool
