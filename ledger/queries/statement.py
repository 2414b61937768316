"""What may be asked of one party's account: the statement that books call a ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Statement:
    """A customer's or vendor's account from `since` (None: its beginning) until the end of `until` (None: today).

    Answered by StatementView. Without `known_at` a day in a closed period is answered as it was signed. Rejected where
    the period ends before it begins or holds more entries than anybody reads; NotFound outside the actor's scope.
    """

    party_id: UUID
    since: date | None = None
    until: date | None = None
    known_at: datetime | None = None
