"""One party's account: opening balance, entries, closing balance; minor units, debit positive in every balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One line. `kind`: invoice, opening, credit_note, receipt, payment, reversal, deduction, write_off, set_off.

    `voucher` and `number` are the books' own words for it where they have it (Sales, 45/26-27), else `number` is the
    bill's. `why`: what was kept back (tds, round_off …), or for a reversal refunded or returned. `reference`: UTR or
    cheque. `bills`: what money is set against by now. `balance` runs, positive: they owe us.
    """

    on: date
    kind: str
    debit: int
    credit: int
    balance: int
    voucher: str | None = None
    number: str | None = None
    description: str | None = None
    method: str | None = None
    reference: str | None = None
    why: tuple[str, ...] = ()
    bills: tuple[str, ...] = ()
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class StatementBill:
    """A bill that was open at the end of the period; `age_days` since it was due, else since it was made."""

    number: str | None
    issued_on: date
    due_on: date | None
    amount: int
    outstanding: int
    age_days: int


@dataclass(frozen=True, slots=True)
class StatementAccount:
    """One side (receivable, payable) in one currency; `opening + debits − credits = closing`.

    `bills` are the oldest open ones at the end, `more_bills` counts the others, `open_bills` is what all of them leave;
    the rest of `closing` stands on account or in credit notes.
    """

    side: str
    currency: str
    opening: int
    entries: tuple[StatementEntry, ...]
    debits: int
    credits: int
    closing: int
    bills: tuple[StatementBill, ...] = ()
    more_bills: int = 0
    open_bills: int = 0


@dataclass(frozen=True, slots=True)
class StatementFirm:
    """Who gives the statement, and where it is paid to; what the business hasn't told is None."""

    name: str
    currency: str
    address: str | None = None
    gstin: str | None = None
    phone: str | None = None
    upi_id: str | None = None
    payee: str | None = None
    bank: str | None = None
    account: str | None = None
    ifsc: str | None = None


@dataclass(frozen=True, slots=True)
class StatementView:
    """A party's account. `known_at`: what was known at that moment; `signed_until`: the closed period as signed.

    `accounts` has one of the party's own side in the business's currency at least, be it empty; `sources` are the
    labels of those that tell of the party.
    """

    firm: StatementFirm
    party_id: UUID
    party_name: str
    gstin: str | None
    address: str | None
    since: date | None
    until: date
    today: date
    known_at: datetime
    signed_until: date | None
    sources: tuple[str, ...]
    accounts: tuple[StatementAccount, ...]

    @property
    def main(self) -> StatementAccount:
        """The account that is spoken of first."""
        return self.accounts[0]
