"""What is asked about one customer besides his balance: what was said, what is reported, who says what, may goods go."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PartyTalk:
    """The last call, note and promise, the owner's word on goods, and money reported and not confirmed, as PartyTalk view.

    What was said a moment ago is in it, though nothing has been folded since.
    """

    party_id: UUID


@dataclass(frozen=True, slots=True)
class TalkByIds:
    """PartyTalk of several parties, as dict[UUID, TalkView]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ReportedPayments:
    """Money that members reported and nobody has confirmed nor the bank shown, oldest first, as tuple[Reported, ...].

    A sales rep sees his own reports.
    """


@dataclass(frozen=True, slots=True)
class MayGoodsGo:
    """Whether goods may go to a customer on credit, for an order of this value (paise) where it is known, as GoodsView."""

    party_id: UUID
    order: int | None = None


@dataclass(frozen=True, slots=True)
class GoodsByIds:
    """MayGoodsGo of several customers, for an order of one value, as dict[UUID, GoodsView]; for loaders."""

    order: int | None
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class SourcesOf:
    """What each source says of a party now, the latest first, as tuple[SourceSays, ...]."""

    party_id: UUID


@dataclass(frozen=True, slots=True)
class SourcesByIds:
    """SourcesOf several parties, as dict[UUID, tuple[SourceSays, ...]]; for loaders."""

    ids: tuple[UUID, ...]
