"""The demo firm's world: six months of its life up to a day, the same for the same seed and day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from workers.simulator.billing import receive_bills, write_bills
from workers.simulator.customers import Party, customers, vendors
from workers.simulator.entities import (
    BankLine,
    Cheque,
    Deal,
    Document,
    GatewayPayment,
    Payment,
    Settlement,
    Story,
    Truth,
    VendorPayment,
)
from workers.simulator.paying import take_payments
from workers.simulator.selling import make_deals
from workers.simulator.treasury import keep_bank_account, pay_vendors, settle

FIRM = "Sahyadri Facility Services"
HISTORY = timedelta(days=186)


@dataclass(frozen=True, slots=True)
class World:
    """All that happened to the firm from `start` until the evening before `today`."""

    seed: int
    start: date
    today: date
    customers: tuple[Party, ...]
    vendors: tuple[Party, ...]
    invoices: tuple[Document, ...]
    credit_notes: tuple[Document, ...]
    bills: tuple[Document, ...]
    payments: tuple[Payment, ...]
    gateway: tuple[GatewayPayment, ...]
    settlements: tuple[Settlement, ...]
    cheques: tuple[Cheque, ...]
    vendor_payments: tuple[VendorPayment, ...]
    bank: tuple[BankLine, ...]
    deals: tuple[Deal, ...]

    def truth(self) -> list[tuple[BankLine, Truth]]:
        """Return each bank credit with what it really is: bills and amounts, settlement, on account, TDS cut."""
        return [(line, line.truth) for line in self.bank if line.amount > 0]

    def opening_balances(self) -> list[tuple[Party, int]]:
        """Return what customers of round sums owed on the first day, as balances without bills."""
        return [(p, p.base * 118 // 100) for p in self.customers if p.habit.channel == "sums"]


def build(seed: int, today: date, *, tds_days: int = 10) -> World:
    """Live through the six months before `today`.

    Each payment cut by TDS that the books don't show is a question, so all older than `tds_days` are in the books.
    """
    story = Story(
        seed=seed,
        start=today - HISTORY,
        today=today,
        customers=customers(seed),
        vendors=vendors(seed),
        tds_days=tds_days,
    )
    write_bills(story)
    receive_bills(story)
    take_payments(story)
    settle(story)
    pay_vendors(story)
    keep_bank_account(story)
    make_deals(story)
    return World(
        seed=seed,
        start=story.start,
        today=today,
        customers=story.customers,
        vendors=story.vendors,
        invoices=tuple(story.invoices),
        credit_notes=tuple(story.credit_notes),
        bills=tuple(story.bills),
        payments=tuple(story.payments),
        gateway=tuple(story.gateway),
        settlements=tuple(story.settlements),
        cheques=tuple(story.cheques),
        vendor_payments=tuple(story.vendor_payments),
        bank=tuple(story.bank),
        deals=tuple(story.deals),
    )
