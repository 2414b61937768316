"""One piece of money: where it was seen, and what became of it; amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaidBill:
    """What of the money settled a bill; `kind`: receipt, or a deduction's."""

    number: str | None
    amount: int
    kind: str


@dataclass(frozen=True, slots=True)
class MoneyFound:
    """Money with a reference. `kind`: receipt, payout, settlement, or bank_line (nothing more is known of it).

    `amount` is positive; `out`: it went from us. `bank` names the account that shows it (None: not seen there), on
    `bank_on`. `classified`: what it is if it is no sale's. `question`: the open entry about it.
    """

    id: UUID
    kind: str
    out: bool
    on: date
    amount: int
    currency: str
    status: str | None
    reference: str | None
    party_id: UUID | None
    party_name: str | None
    payer: str | None
    bank: str | None
    bank_on: date | None
    paid: tuple[PaidBill, ...] = ()
    on_account: int = 0
    classified: str | None = None
    question: UUID | None = None
    question_version: int | None = None
