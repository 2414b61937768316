"""What was said of one customer, and by whom; amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.domain.credit import OwnersWord, Reason
from ledger.views import PartyBrief


@dataclass(frozen=True, slots=True)
class Word:
    """What a member said: `id` is the decision, to take it back. `text` is a note's words, or a call's outcome."""

    id: UUID
    text: str
    at: datetime
    by: str
    own: bool
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PromiseWord:
    """A promise as it was noted last."""

    id: UUID
    on: date
    amount: int | None
    at: datetime
    by: str
    own: bool


@dataclass(frozen=True, slots=True)
class Reported:
    """Money that a member says a customer paid, and nobody else has confirmed; `own`: who asks reported it himself.

    `method`: cash, cheque, upi, bank.
    """

    id: UUID
    party_id: UUID | None
    party_name: str | None
    amount: int
    currency: str
    method: str
    paid_on: date
    number: str | None
    note: str | None
    at: datetime
    by: str
    own: bool


@dataclass(frozen=True, slots=True)
class TalkView:
    """The last word of each kind that stands, and what is reported and not confirmed (at most 5), newest first.

    `reminded`: the last reminder, its `text` the amount in minor units; `page_seen_at`: when he last looked at a pay page.
    """

    call: Word | None = None
    note: Word | None = None
    promise: PromiseWord | None = None
    goods: OwnersWord | None = None
    reported: tuple[Reported, ...] = ()
    reminded: Word | None = None
    page_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GoodsView:
    """Whether goods may go: `verdict` yes, ask or no; the reasons that decide come first."""

    brief: PartyBrief
    verdict: str
    reasons: tuple[Reason, ...]
    word: OwnersWord | None = None
    order: int | None = None


@dataclass(frozen=True, slots=True)
class SaidOf:
    """What a source says of one thing of a party: `kind` invoice, payable, receipt, payout, cheque, party, deal …

    `word` is the source's own word for its state, `status` ours.
    """

    kind: str
    number: str | None
    word: str | None
    status: str | None
    amount: int | None
    currency: str | None
    at: datetime | None
    url: str | None


@dataclass(frozen=True, slots=True)
class SourceSays:
    """What one source says of a party now: the `latest` things (at most 3) of `count`; `name` and `url` are the party's
    there."""

    source: str
    label: str
    name: str | None
    url: str | None
    count: int
    latest: tuple[SaidOf, ...]
