"""Erasing a person from the log."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class EraseParty:
    """Take a customer or vendor out of all that was kept; amounts, days and the audit trail stand. Result: `ErasureView`.

    Without `apply` nothing is written: the result says what would be. It can't be taken back. Rejected where money
    is matched by what would be erased, or something about the party still waits to be worked in.
    """

    party_id: UUID
    reason: str
    apply: bool = False
