"""What exists in the demo firm's world: frozen facts, money in paise, days in India's calendar."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from kit.clock import IST
from workers.simulator.customers import Channel, Party

GST_PERCENT = 18
TDS_PERCENT = 2
_ALNUM = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Document:
    """A bill of ours, a vendor's bill or a credit note; `opening` ones reach us by the first spreadsheet."""

    number: str
    party: Party
    issued_on: date
    due_on: date | None
    base: int
    description: str
    opening: bool = False
    against: str | None = None
    """The bill that a credit note reduces."""

    @property
    def tax(self) -> int:
        """GST on the base, in paise."""
        return self.base * GST_PERCENT // 100

    @property
    def amount(self) -> int:
        """The total with GST, in paise."""
        return self.base + self.tax

    @property
    def tds(self) -> int:
        """What a deducting customer cuts: by rate on the base, without GST."""
        return self.base * TDS_PERCENT // 100


@dataclass(frozen=True, slots=True)
class Payment:
    """A transfer into the bank. `settles` says which bills with which amounts; empty: on account.

    `entered_on` is the day of the books' own receipt, None if the accountant hasn't entered it.
    """

    id: str
    party: Party
    at: datetime
    amount: int
    channel: Channel
    settles: tuple[tuple[str, int], ...]
    utr: str
    remark: str
    kind: str = "bills"
    tds: int = 0
    entered_on: date | None = None


@dataclass(frozen=True, slots=True)
class GatewayPayment:
    """An attempt at a payment link: `outcome` is captured, failed, authorized or late_failed (captured first)."""

    id: str
    order: str
    link: str
    party: Party
    invoice: Document
    at: datetime
    method: str
    outcome: str = "captured"
    refund: Refund | None = None

    @property
    def amount(self) -> int:
        """What the customer paid, in paise."""
        return self.invoice.amount

    @property
    def captured(self) -> bool:
        """Whether the money is the firm's."""
        return self.outcome in ("captured", "late_failed")

    @property
    def tax(self) -> int:
        """GST on the gateway's fee."""
        return (self._fee_base * GST_PERCENT + 50) // 100

    @property
    def fee(self) -> int:
        """The gateway's fee of 2%, with its GST."""
        return self._fee_base + self.tax

    @property
    def _fee_base(self) -> int:
        return (self.amount * 2 + 50) // 100


@dataclass(frozen=True, slots=True)
class Refund:
    """Money sent back through the gateway."""

    id: str
    at: datetime
    amount: int
    note: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the gateway transfers to the bank in one credit."""

    id: str
    utr: str
    at: datetime
    payments: tuple[GatewayPayment, ...]
    refunds: tuple[Refund, ...]
    in_bank: bool = True

    @property
    def amount(self) -> int:
        """Captured − fees with GST − refunds, in paise."""
        return sum(p.amount - p.fee for p in self.payments) - sum(r.amount for r in self.refunds)


@dataclass(frozen=True, slots=True)
class Cheque:
    """A cheque from a customer on its way through the bank; a day is None while it hasn't come."""

    number: str
    party: Party
    bank: str
    amount: int
    settles: tuple[tuple[str, int], ...]
    received_on: date
    dated_on: date
    deposited_on: date | None = None
    cleared_on: date | None = None
    returned_on: date | None = None


@dataclass(frozen=True, slots=True)
class VendorPayment:
    """A transfer to a vendor for one of his bills."""

    bill: Document
    at: datetime
    utr: str


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal in the CRM and the words that it went through."""

    id: str
    party: Party
    name: str
    amount: int
    owner: str
    invoices: tuple[str, ...]
    steps: tuple[tuple[datetime, str], ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """What a bank credit really is: `lines` are bills and amounts; the matcher is measured against it."""

    kind: str
    party: str | None = None
    lines: tuple[tuple[str, int], ...] = ()
    tds: int = 0
    settlement: str | None = None


@dataclass(frozen=True, slots=True)
class BankLine:
    """One row of the bank's account, signed; `balance` runs."""

    at: datetime
    amount: int
    narration: str
    truth: Truth
    cheque: str = ""
    balance: int = 0

    @property
    def on(self) -> date:
        """The day of the bank's book."""
        return self.at.date()


@dataclass(slots=True)
class Story:
    """The world in the making: what the chapters (billing, paying, treasury, selling) add to."""

    seed: int
    start: date
    today: date
    customers: tuple[Party, ...]
    vendors: tuple[Party, ...]
    tds_days: int = 0
    """For how many days a payment cut by TDS may be missing in the books."""
    invoices: list[Document] = field(default_factory=list)
    credit_notes: list[Document] = field(default_factory=list)
    bills: list[Document] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    gateway: list[GatewayPayment] = field(default_factory=list)
    cheques: list[Cheque] = field(default_factory=list)
    vendor_payments: list[VendorPayment] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    bank: list[BankLine] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)

    def customer(self, name: str) -> Party:
        """Return the customer of that name."""
        return next(p for p in self.customers if p.name == name)


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a time of the day in India."""
    return datetime.combine(day, time(hour, minute), IST)


def working_day(day: date) -> date:
    """Return `day`, or the Monday after it on a Sunday."""
    return day + timedelta(days=1) if day.weekday() == 6 else day


def token(*parts: object, size: int = 14) -> str:
    """Return the same short mixed-case token for the same parts, as vendors make their ids."""
    number = int.from_bytes(sha256(":".join(map(str, parts)).encode()).digest(), "big")
    letters = []
    for _ in range(size):
        number, rest = divmod(number, len(_ALNUM))
        letters.append(_ALNUM[rest])
    return "".join(letters)


def digits(*parts: object, size: int) -> str:
    """Return the same digits for the same parts."""
    number = int.from_bytes(sha256(":".join(map(str, parts)).encode()).digest(), "big")
    return f"{number % 10**size:0{size}d}"


def transfer_reference(bank: str, day: date, amount: int, *parts: object) -> str:
    """Return a reference as the sending bank makes it: NEFT 16 characters, RTGS (₹2 lakh and more) 22."""
    if amount >= 2_00_000_00:
        return f"{bank}R5{day:%Y%m%d}{digits('rtgs', day, amount, *parts, size=8)}"
    return f"{bank}N{day:%y%j}{digits('neft', day, amount, *parts, size=6)}"
