"""What is asked about decisions, and about money that is on its way to us."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CashWithReps:
    """What members reported as paid and nobody has confirmed, by member. Result: tuple[RepCash, ...].

    A sales rep sees his own.
    """


@dataclass(frozen=True, slots=True)
class ChequesInHand:
    """Cheques that aren't cleared, of one party or of all. Result: tuple[ChequeInHand, ...]."""

    party_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions about a party that stand, newest first, at most `first`. Result: tuple[DecisionView, ...]."""

    party_id: UUID
    first: int = 50


@dataclass(frozen=True, slots=True)
class DeductionClaims:
    """What customers kept back and nobody has judged. Result: tuple[DeductionClaim, ...]."""

    party_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """The open questions like this one and what may be said of all of them. Result: AlikeView."""

    conflict_id: UUID


@dataclass(frozen=True, slots=True)
class PickBills:
    """The open bills that the money of a question may be set against, `first` to a page. Result: PickView.

    `party_id` says whose money it is where that isn't known, or where it is another's; `chosen` bills are told
    whatever page they are on.
    """

    conflict_id: UUID
    party_id: UUID | None = None
    chosen: tuple[UUID, ...] = ()
    first: int = 12
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Colleagues:
    """The members who may answer questions. Result: tuple[Colleague, ...]."""
