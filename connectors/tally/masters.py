"""Ledger masters → parties, and what was open when the books began: bills, advances, balances on account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from connectors.tally.facts import CURRENCY, Fact, Side
from connectors.tally.fields import credit_days
from connectors.tally.ledgers import key
from connectors.tally.records import Ledger

_ROLE_OF: dict[str, str] = {"debtor": "customer", "creditor": "vendor"}


def party_data(ledger: Ledger, role: Literal["debtor", "creditor"]) -> dict[str, Any]:
    """Return what a master says of its party; what it leaves empty is left out."""
    data: dict[str, Any] = {"name": ledger.name, "roles": [_ROLE_OF[role]]}
    told: dict[str, Any] = {
        "gstin": ledger.gstin,
        "pan": ledger.pan,
        "phone": ledger.phone,
        "email": ledger.email,
        "address": ledger.address,
        "state": ledger.state,
        "terms_days": credit_days(ledger.period),
    }
    data.update({name: value for name, value in told.items() if value not in ("", None)})
    if ledger.credit_limit:
        data |= {"credit_limit": ledger.credit_limit, "currency": CURRENCY}
    return data


def opening_facts(ledger: Ledger, role: Literal["debtor", "creditor"], *, as_on: date) -> Iterable[Fact]:
    """Yield the bills, credits and the rest on account of an opening balance; the part names party and bill.

    Bills keep their own date, so that one that an earlier company's books had too is the same bill.
    """
    side: Side = "receivable" if role == "debtor" else "payable"
    sign = 1 if role == "debtor" else -1
    party = {"name": ledger.name}
    rest = ledger.opening * sign
    for bill in ledger.bills:
        amount = bill.amount * sign
        rest -= amount
        data: dict[str, Any] = {
            "number": bill.name,
            "party": party,
            "issued_on": bill.billed_on.isoformat(),
            "amount": abs(amount),
            "currency": CURRENCY,
            "voucher": "Opening bill",
        }
        part = f"{key(ledger.name)}/{key(bill.name)}"
        if amount < 0:
            yield _credit(data, side, part)
            continue
        if bill.due_on:
            data["due_on"] = bill.due_on.isoformat()
        yield Fact("invoice.issued" if side == "receivable" else "bill.received", data, part)
    if rest > 0:
        stated = {
            "amount": rest,
            "currency": CURRENCY,
            "party": party,
            "side": side,
            "as_on": as_on.isoformat(),
        }
        yield Fact("opening.stated", stated, key(ledger.name))
    elif rest < 0:
        data = {
            "number": "Opening balance",
            "party": party,
            "issued_on": as_on.isoformat(),
            "amount": -rest,
            "currency": CURRENCY,
            "voucher": "Opening balance",
        }
        yield _credit(data, side, key(ledger.name))


def balance_fact(ledger: Ledger, role: Literal["debtor", "creditor"], *, as_on: date) -> Fact:
    """Return what Tally says that a party owes (a creditor: is owed) at the end of a day, whatever makes it up."""
    assert ledger.closing is not None
    stated = {
        "party": {"name": ledger.name},
        "amount": ledger.closing if role == "debtor" else -ledger.closing,
        "currency": CURRENCY,
        "as_on": as_on.isoformat(),
        "side": "receivable" if role == "debtor" else "payable",
    }
    return Fact("balance.stated", stated, key(ledger.name))


def _credit(data: dict[str, Any], side: Side, part: str) -> Fact:
    """An advance at the beginning: what we owe a customer, or a vendor us."""
    return Fact("credit_note.issued", {**data, "side": "payable"} if side == "payable" else data, part)
