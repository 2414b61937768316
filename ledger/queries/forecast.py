"""What may be asked of days to come; each names the view that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ExpectedBills:
    """When these bills will be paid. Result: dict of invoice id → BillExpectation; what the actor may not see is left out."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PartyOutlook:
    """When a customer will pay, and by what that is known, as PartyOutlookView; NotFound outside the actor's scope."""

    party_id: UUID


@dataclass(frozen=True, slots=True)
class OutlooksByIds:
    """PartyOutlook of several customers, as dict[UUID, PartyOutlookView]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ExpectedMoney:
    """What customers are expected to pay, day by day from today on, in the business's currency, as tuple[ExpectedDay, ...].

    Net of money on account; without disputed bills and those that a blocking question is about.
    """

    days: int = 31
