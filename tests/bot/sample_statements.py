"""A customer's account with one of every kind of line, and the firm's ways to be paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from ledger.views.statement import (
    StatementAccount,
    StatementBill,
    StatementEntry,
    StatementFirm,
    StatementView,
)
from tests.bot import sample_views as sample

FIRM = StatementFirm(
    "Kaveri Steel & Hardware", "INR", "14, Loha Mandi, New Delhi 110028", "07AAPFU0939F1ZV", "919820012345",
    "kaveri@okicici", "Kaveri Steel", "ICICI Bank, Naraina", "000405004421", "ICIC0000044",
)  # fmt: skip
OPENING = 142_000_00
BILLS = (
    StatementBill("INV-102/26-27", date(2026, 9, 4), date(2026, 10, 4), 34_220_00, 34_220_00, 47),
    StatementBill(None, date(2026, 4, 1), None, 90_000_50, 90_000_50, 233),
    StatementBill("INV-131/26-27", date(2026, 11, 5), date(2026, 12, 5), 40_000_00, 40_000_00, -15),
)


def entry(on: date, kind: str, amount: int, **more: object) -> StatementEntry:
    """A line: a debit if `amount` is positive; the balance is reckoned later."""
    return StatementEntry(on, kind, max(amount, 0), max(-amount, 0), 0, **more)  # type: ignore[arg-type]


ENTRIES = (
    entry(date(2026, 4, 10), "invoice", 34_220_00, voucher="Sales", number="INV-102/26-27", due_on=date(2026, 5, 10),
          description="MS rods 12 mm"),
    entry(date(2026, 5, 2), "deduction", -980_00, why=("tds", "round_off")),
    entry(date(2026, 5, 2), "receipt", -33_240_00, method="neft", reference="HDFCN52026050212345",
          bills=("INV-102/26-27",)),
    entry(date(2026, 5, 9), "receipt", -10_000_00, method="cash"),
    entry(date(2026, 6, 1), "credit_note", -4_500_00, voucher="Credit Note", number="7"),
    entry(date(2026, 6, 9), "reversal", 25_000_00, why=("returned",), reference="004512"),
    entry(date(2026, 7, 1), "write_off", -50_00),
    entry(date(2026, 7, 2), "set_off", -12_000_00),
)  # fmt: skip


def account(
    entries: tuple[StatementEntry, ...] = ENTRIES, *, opening: int = OPENING, **more: object
) -> StatementAccount:
    """An account of these lines, with running balances and sums as they must be."""
    balance, running = opening, []
    for one in entries:
        balance += one.debit - one.credit
        running.append(replace(one, balance=balance))
    debits, credits = sum(e.debit for e in entries), sum(e.credit for e in entries)
    fields: dict[str, object] = {
        "side": "receivable", "currency": "INR", "bills": BILLS,
        "open_bills": sum(bill.outstanding for bill in BILLS), **more,
    }  # fmt: skip
    return StatementAccount(
        opening=opening, entries=tuple(running), debits=debits, credits=credits, closing=balance, **fields  # type: ignore[arg-type]
    )  # fmt: skip


def statement(*accounts: StatementAccount, **changes: object) -> StatementView:
    """The account of Sharma Traders from 1 April on, as of the samples' Friday."""
    fields: dict[str, object] = {
        "firm": FIRM, "party_id": sample.SHARMA, "party_name": "Sharma Traders", "gstin": "27AAPFU0939F1ZV",
        "address": "Shop 7, Market Yard, Pune 411037", "since": date(2026, 4, 1), "until": sample.TODAY,
        "today": sample.TODAY, "known_at": sample.NOW, "signed_until": None, "sources": ("Tally", "ICICI"),
        "accounts": accounts or (account(),),
    }  # fmt: skip
    return StatementView(**{**fields, **changes})  # type: ignore[arg-type]


def long_statement(lines: int) -> StatementView:
    """An account of so many lines."""
    many = tuple(
        replace(ENTRIES[n % len(ENTRIES)], on=date(2024, 4, 1) + timedelta(days=n // 4), number=f"V-{n}")
        for n in range(lines)
    )
    return statement(account(many))
