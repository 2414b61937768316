"""A voucher as the books take it: ledgers by name, debits positive (paise), bills by the books' own numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

BillType = Literal["Agst Ref", "On Account"]
VoucherType = Literal["Receipt", "Payment", "Contra", "Journal"]

DEFAULT_LEDGERS: Mapping[str, str] = {
    "tds": "TDS Receivable",
    "gst_tds": "GST TDS Receivable",
    "cash_discount": "Discount Allowed",
    "rate_difference": "Rate Difference",
    "shortage": "Shortage Allowed",
    "goods_returned": "Sales Returns",
    "freight": "Freight",
    "retention": "Retention Money",
    "bank_charge": "Bank Charges",
    "financier_charge": "Bank Charges",
    "round_off": "Round Off",
    "write_off": "Bad Debts",
    "interest": "Bank Interest",
    "interest_paid": "Interest Paid",
    "gateway_charges": "Gateway Charges",
    "input_gst": "Input IGST",
    "gst_refund": "GST Refund",
    "gst": "GST Payable",
    "tds_paid": "TDS Payable",
    "rent": "Rent",
    "cash_deposit": "Cash",
    "cash_withdrawal": "Cash",
    "cash": "Cash",
}
"""Ledgers by what they stand for; a business's own names come first. What isn't here must be named by the business."""
_MARK = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]")
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Bill:
    """One bill-wise part of a party's line; paise, positive."""

    name: str
    type: BillType
    amount: int


@dataclass(frozen=True, slots=True)
class Instrument:
    """What the bank says of the transfer."""

    number: str
    on: date
    mode: str


@dataclass(frozen=True, slots=True)
class Line:
    """One ledger line; debit positive (paise)."""

    ledger: str
    amount: int
    bills: tuple[Bill, ...] = ()
    instrument: Instrument | None = None
    is_party: bool = False


@dataclass(frozen=True, slots=True)
class Voucher:
    """One voucher; `mark` is the identity of ours that it enters."""

    mark: UUID
    type: VoucherType
    on: date
    party: str
    lines: tuple[Line, ...]
    narration: str

    @property
    def remote_id(self) -> str:
        """The GUID that it is imported under: the same each time, so that a second import alters and doesn't double."""
        return f"munshi-{self.mark}"

    @property
    def balanced(self) -> bool:
        """Whether debits and credits are equal."""
        return not sum(line.amount for line in self.lines)

    @property
    def total(self) -> int:
        """The sum of its debits."""
        return sum(line.amount for line in self.lines if line.amount > 0)


def ledger_for(kind: str, own: Mapping[str, str]) -> str | None:
    """Return the ledger that stands for a kind; None where neither the business nor a default names one."""
    return own.get(kind) or DEFAULT_LEDGERS.get(kind)


def plain(text: str, limit: int = MAX_NAME) -> str:
    """Return a text that XML, Excel and Tally can hold, on one line."""
    return " ".join(_MARK.sub(" ", text).split())[:limit]


def narration(words: Iterable[str], mark: UUID) -> str:
    """Put words and the mark together; by the mark the voucher is known again when the books show it."""
    said = plain(" · ".join(dict.fromkeys(filter(None, words))), 400)
    return f"{said} [Munshi {mark}]".strip()


def bills(parts: Iterable[tuple[str | None, int]], whole: int) -> tuple[Bill, ...]:
    """Return the bill-wise parts of a line of `whole`: what is set against bills by number, the rest on account."""
    sums: dict[str, int] = {}
    for number, amount in parts:
        if number:
            sums[number] = sums.get(number, 0) + amount
    found: list[Bill] = []
    left = whole
    for number, amount in sums.items():
        if (fits := min(amount, left)) > 0:
            found.append(Bill(plain(number, 100), "Agst Ref", fits))
            left -= fits
    if left > 0:
        found.append(Bill("", "On Account", left))
    return tuple(found)
