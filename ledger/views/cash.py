"""Cash ahead, what falls due each month, and what micro and small suppliers are due; minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

NO_BANK, STALE_BANK, FOREIGN_BANK, OVERDRAWN = "no_bank", "stale_bank", "foreign_bank", "overdrawn"


@dataclass(frozen=True, slots=True)
class CashAccount:
    """What is in one account, till a day; `days_old` counts from that day to the present one."""

    source: str
    label: str
    account: str | None
    balance: int
    currency: str
    until: date
    days_old: int


@dataclass(frozen=True, slots=True)
class CashMove:
    """One thing that comes or goes (`amount` negative) on a day. `kind`: expected, promise, cheque, settlement; bill,
    payout, own_cheque, due. `about`: the amount is an estimate. `early` and `late`: when it may come instead."""

    on: date
    amount: int
    kind: str
    name: str
    about: bool = False
    party_id: UUID | None = None
    early: date | None = None
    late: date | None = None


@dataclass(frozen=True, slots=True)
class CashSpan:
    """A day, or a week: what comes and goes, and what is left at its end; None where no bank balance is known.

    `low` if every customer pays as late as he sometimes does, `high` if as early.
    """

    first: date
    last: date
    came: int
    paid: int
    closing: int | None
    low: int | None
    high: int | None
    bank_closed: str | None = None


@dataclass(frozen=True, slots=True)
class Coverer:
    """A customer whose money would cover a shortage; `amount` is what he owes net and isn't expected by then."""

    party_id: UUID
    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class ShortageView:
    """The first day that ends below nothing, and by how much; `by` may be empty: nobody owes enough."""

    on: date
    amount: int
    by: tuple[Coverer, ...] = ()


@dataclass(frozen=True, slots=True)
class DueAhead:
    """One due day of what falls due each month; about so much."""

    name: str
    kind: str
    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class UnconfirmedDue:
    """What seems to fall due in a month, by what the bank shows; about so much."""

    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class OtherCurrency:
    """What is left out because it isn't in the business's currency: in banks, to come, and to pay."""

    currency: str
    in_banks: int = 0
    to_come: int = 0
    to_pay: int = 0


@dataclass(frozen=True, slots=True)
class CashAheadView:
    """Whether the money will be enough. `why_not`: no shortage can be told (no_bank, stale_bank, foreign_bank; overdrawn: its limit isn't known).

    `at_risk`: the first short day if customers pay late, where it comes before `shortage` or there is none.
    `not_expected`: what customers owe that has no expected day (disputed, in question, unknown); `no_day`: bills of
    vendors without a due day; `overdue_bills`: of vendors, counted today; `unconfirmed`: what the bank shows again and
    again and nobody has confirmed, the largest first: not counted.
    """

    today: date
    currency: str
    accounts: tuple[CashAccount, ...]
    opening: int | None
    days: tuple[CashSpan, ...]
    weeks: tuple[CashSpan, ...]
    moves: tuple[CashMove, ...]
    more_moves: int
    shortage: ShortageView | None
    at_risk: ShortageView | None
    why_not: str | None
    not_expected: int
    no_day: int
    overdue_bills: int
    others: tuple[OtherCurrency, ...] = ()
    unconfirmed: tuple[UnconfirmedDue, ...] = ()


@dataclass(frozen=True, slots=True)
class DueView:
    """What falls due each month, as confirmed. `lately`: the median of the last three payments where it is apart.

    `next_on`: the next day that isn't paid yet; `paid_on`: when the last one was paid, as far as the bank shows.
    """

    id: UUID
    name: str
    kind: str
    amount: int
    currency: str
    day: int
    months: tuple[int, ...]
    since: date
    until: date | None
    payee: str | None
    next_on: date | None
    next_closed: str | None = None
    paid_on: date | None = None
    lately: int | None = None


@dataclass(frozen=True, slots=True)
class DueProposal:
    """What may fall due each month: `seen` are the days on which it was paid; `amount` None: only the law's day is known."""

    key: str
    kind: str
    name: str
    day: int
    months: tuple[int, ...]
    amount: int | None
    seen: tuple[date, ...]
    payee: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class DuesView:
    """What falls due besides bills: confirmed, and what the bank or the law suggests."""

    today: date
    currency: str
    dues: tuple[DueView, ...]
    proposals: tuple[DueProposal, ...]


@dataclass(frozen=True, slots=True)
class BankRateView:
    """The bank rate from a day on, in hundredths of a percent a year; `source`: published, or who confirmed it."""

    hundredths: int
    begins: date
    until: date | None
    source: str


@dataclass(frozen=True, slots=True)
class MsmedBill:
    """An overdue bill with the interest that the law gives us until `until`; `last_day` is the last in time."""

    invoice_id: UUID
    party_id: UUID
    party_name: str
    number: str | None
    issued_on: date
    last_day: date
    agreed: bool
    outstanding: int
    interest: int
    until: date


@dataclass(frozen=True, slots=True)
class MsmedView:
    """Interest by the MSMED Act, ours to claim; `kind` None: switched off. Never for a reminder.

    `rate_wanted_from`: the bank rate from that day on must be confirmed, interest stops there until then.
    """

    currency: str
    kind: str | None
    activity: str | None
    registered_on: date | None
    rates: tuple[BankRateView, ...]
    total: int = 0
    bills: tuple[MsmedBill, ...] = ()
    further: int = 0
    left_out: int = 0
    """Bills that are older than our registration, or than the first rate that is known."""
    rate_wanted_from: date | None = None


@dataclass(frozen=True, slots=True)
class VendorMark:
    """A vendor marked as a micro or small enterprise."""

    party_id: UUID
    name: str
    kind: str
    since: date | None


@dataclass(frozen=True, slots=True)
class VendorLimit:
    """A bill of a micro or small vendor. `state`: in_time, late (pay before the year ends), lost (the year has ended).

    `last_day`: of s.15, interest runs after it; `deductible_until`: the last day on which paying keeps it deductible
    in its own year; `days_left` until `last_day`, negative once it has passed.
    """

    payable_id: UUID
    party_id: UUID
    party_name: str
    number: str | None
    issued_on: date
    outstanding: int
    last_day: date
    deductible_until: date
    days_left: int
    state: str


@dataclass(frozen=True, slots=True)
class VendorLimitsView:
    """What we owe micro and small vendors, soonest first. `disallowed`: of this year, if it isn't paid by `year_end`;
    `lost`: of earlier years, deductible only when paid. Amounts as billed, with GST."""

    today: date
    currency: str
    year_end: date
    vendors: tuple[VendorMark, ...]
    rows: tuple[VendorLimit, ...]
    further: int = 0
    late: int = 0
    disallowed: int = 0
    lost: int = 0
