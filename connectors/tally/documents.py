"""Vouchers that owe or forgive: bills, debit and credit notes, journals, whatever Tally calls their type.

A debtor's debit is a bill of ours, his credit a credit note; a creditor's credit is a bill that we owe, his debit a
debit note. A document's number is the name of its bill reference, because receipts cite it by that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from connectors.tally.facts import CURRENCY, Fact, PartyLine, Shares, note_of, own_number, party_of
from connectors.tally.ledgers import Role
from connectors.tally.records import Bill, Line, Voucher

_ROUNDING = re.compile(r"\bround", re.IGNORECASE)
_KEPT = re.compile(r"\bt[dc]s\b", re.IGNORECASE)
_ISSUED = {"receivable": "invoice.issued", "payable": "bill.received"}


def document_facts(
    voucher: Voucher, base: str, line: PartyLine, *, others: Sequence[tuple[Line, Role]], main: bool
) -> Iterable[Fact]:
    """Yield the documents that a party line makes: one for each new reference of another name, one for the rest.

    The whole line counts. What of it is set against an advance, taken from the account, or put under an older bill's
    name, `settles` says. `others` are the voucher's lines besides parties; they tell base and tax where the document is
    the only one.
    """
    named: dict[str, list[Bill]] = {}
    for bill in line.of("new", "advance"):
        named.setdefault(bill.name, []).append(bill)
    number = own_number(voucher, base, line.side)
    rest = line.amount - sum(abs(bill.amount) for bills in named.values() for bill in bills)
    settles = line.shares().take(max(rest, 0), account=True)
    if len(named) <= 1 or rest < 0:
        name, bills = next(iter(named.items())) if len(named) == 1 else (number, [])
        data = _document(voucher, line, name, bills, line.amount)
        data.update(_base_and_tax(line, others))
        if settles:
            data["settles"] = settles
        yield Fact(_ISSUED[line.side], data, _part(line, main))
        return
    if rest > 0:
        named.setdefault(number, [])
    for place, (name, bills) in enumerate(named.items()):
        alone = name == number and rest > 0
        amount = sum(abs(bill.amount) for bill in bills) + (rest if alone else 0)
        part = _part(line, main and place == 0, "" if place == 0 else name)
        data = _document(voucher, line, name, bills, amount)
        if alone and settles:
            data["settles"] = settles
        yield Fact(_ISSUED[line.side], data, part)


def credit_fact(voucher: Voucher, base: str, line: PartyLine, *, main: bool) -> Fact:
    """Return the credit note that a party line makes, with what of it is set against which bill."""
    number = own_number(voucher, base, line.side)
    if base in ("credit note", "debit note") and voucher.number:
        number = voucher.number
    new = {bill.name for bill in line.of("new", "advance") if bill.name}
    if len(new) == 1:
        number = new.pop()
    return credit_of(voucher, line, line.amount, number, settles=line.shares(), part=_part(line, main))


def credit_of(
    voucher: Voucher, line: PartyLine, amount: int, number: str, *, settles: Shares, part: str
) -> Fact:
    """Return a credit note of `amount` of a party line."""
    data: dict[str, Any] = {
        "number": number,
        "party": party_of(line.name, voucher),
        "issued_on": voucher.date.isoformat(),
        "amount": amount,
        "currency": CURRENCY,
        **note_of(voucher),
    }
    if line.side == "payable":
        data["side"] = "payable"
    if references := line.references():
        data["references"] = references
    if taken := settles.take(amount):
        data["settles"] = taken
    return Fact("credit_note.issued", data, part)


def _part(line: PartyLine, main: bool, more: str = "") -> str:
    """Name one of several documents of a voucher, the same at every reading: by party, and by bill."""
    return "#".join(part for part in ("" if main else line.name, more) if part)


def _document(
    voucher: Voucher, line: PartyLine, number: str, bills: Sequence[Bill], amount: int
) -> dict[str, Any]:
    issued_on = min((bill.billed_on for bill in bills if bill.billed_on), default=voucher.date)
    data: dict[str, Any] = {
        "number": number,
        "party": party_of(line.name, voucher),
        "issued_on": issued_on.isoformat(),
        "amount": amount,
        "currency": CURRENCY,
        **note_of(voucher),
    }
    due = sorted({bill.due_on for bill in bills if bill.due_on})
    if due:
        data["due_on"] = due[0].isoformat()
    if len(bills) > 1 and sum(abs(bill.amount) for bill in bills) == amount:
        data["dues"] = [_due(bill.due_on, abs(bill.amount)) for bill in bills]
    return data


def _due(due_on: date | None, amount: int) -> dict[str, Any]:
    return {"due_on": due_on.isoformat(), "amount": amount} if due_on else {"amount": amount}


def _base_and_tax(line: PartyLine, others: Sequence[tuple[Line, Role]]) -> dict[str, int]:
    """Return taxable value and tax where the other lines are nothing but trade, tax and rounding; else nothing."""
    sign = -1 if line.debit else 1
    if any(_KEPT.search(other.ledger) for other, _ in others):
        return {}  # what is kept back of it stands among the taxes: how much is tax isn't told
    counted = [(other, role) for other, role in others if not _ROUNDING.search(other.ledger)]
    goods = [(other, role) for other, role in counted if role != "tax"]
    if any(role != "trade" for _, role in goods) and (len(goods) > 1 or goods[0][1] != "other"):
        return {}
    base = sum(other.amount for other, _ in goods) * sign
    tax = sum(other.amount for other, role in counted if role == "tax") * sign
    if base <= 0 or tax < 0 or abs(line.amount - base - tax) > 100 * max(1, len(others)):
        return {}
    return {"base": base, "tax": tax} if tax else {"base": base}
