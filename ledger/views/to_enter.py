"""What the books lack, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.domain.books_export.voucher import Voucher
from ledger.views import Page


@dataclass(frozen=True, slots=True)
class ToEnterView:
    """One line: why it is there, and the voucher that enters it.

    `waits` says what keeps it out of the import file: that it may be there already, that a ledger must be named first,
    that nobody has said yet whose money it is. Empty: nothing does.
    """

    id: UUID
    kind: str
    on: date
    amount: int
    currency: str
    party_id: UUID | None
    party_name: str | None
    why: str
    waits: str
    voucher: Voucher


@dataclass(frozen=True, slots=True)
class ToEnterPage(Page):
    """A page of the list; `reason` says why there is none, where there can't be any."""

    rows: tuple[ToEnterView, ...] = ()
    count: int = 0
    currency: str = "INR"
    reason: str = ""
    books_seen_at: datetime | None = None
    """When the books were last heard of: what was entered since is still listed."""


@dataclass(frozen=True, slots=True)
class ToEnterFileView:
    """A file of the list: how many vouchers are in it, how many were left out because something must be said first."""

    filename: str
    content: bytes
    vouchers: int
    left_out: int
    reason: str = ""
