"""What a record says in our words, on its way to an observation; and what of a voucher it was made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.tally.ledgers import party_id
from connectors.tally.records import Bill, Line, Voucher

Side = Literal["receivable", "payable"]
CURRENCY = "INR"
MAX_NOTE = 1_000
MAX_REFERENCES = 400
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MARK = re.compile(rf"\[munshi ({_UUID})\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fact:
    """One event: `part` tells apart several of one kind from one voucher, '' for its main one.

    `waits`: it is of a day to come and is stated as such now (a post-dated cheque).
    """

    event_type: str
    data: Mapping[str, Any]
    part: str = ""
    waits: bool = False

    @property
    def kind(self) -> str:
        """The kind of thing that it is about."""
        return self.event_type.partition(".")[0]


@dataclass(slots=True)
class Shares:
    """What of a line stands under which name ('' on account), handed out part by part to what the line becomes."""

    left: list[tuple[str, int]]

    def take(self, amount: int, *, account: bool = False) -> list[dict[str, Any]]:
        """Return the names of the next `amount`; what is on account is told only of a bill, which takes it from there."""
        taken: list[dict[str, Any]] = []
        while amount > 0 and self.left:
            name, there = self.left[0]
            part = min(there, amount)
            amount -= part
            self.left[0] = (name, there - part)
            if part == there:
                del self.left[0]
            if name or account:
                taken.append({"number": name, "amount": part} if name else {"amount": part})
        return taken


@dataclass(slots=True)
class PartyLine:
    """All that one party's ledger gets on one side of a voucher; `amount` is positive."""

    name: str
    role: Literal["debtor", "creditor"]
    debit: bool
    amount: int = 0
    bills: list[Bill] = field(default_factory=list)

    @property
    def side(self) -> Side:
        """The side of the party's group."""
        return "receivable" if self.role == "debtor" else "payable"

    @property
    def owed(self) -> bool:
        """Whether it adds to what is owed on its side: a debtor's debit, a creditor's credit."""
        return self.debit == (self.role == "debtor")

    def add(self, line: Line) -> None:
        """Take in one line."""
        self.amount += abs(line.amount)
        self.bills += line.bills

    def of(self, *ways: str) -> list[Bill]:
        """Return the bill-wise parts on the line's own side of these ways."""
        return [bill for bill in self.bills if bill.how in ways and (bill.amount > 0) == self.debit]

    def shares(self) -> Shares:
        """Return what of the line stands under which name: bills first, then advances, then on account."""
        parts: dict[str, int] = {}
        for way in ("against", "advance", "new", "account"):
            if way in ("advance", "new") and self.owed:
                continue  # it is a bill of its own
            for bill in self.of(way):
                name = "" if way == "account" else bill.name
                parts[name] = parts.get(name, 0) + abs(bill.amount)
        return Shares(list(parts.items())[:MAX_REFERENCES])

    def references(self) -> dict[str, list[str]]:
        """Return the bills that it is set against, as a payment or credit note cites them."""
        names = list(dict.fromkeys(bill.name for bill in self.of("against")))[:MAX_REFERENCES]
        return {"invoices" if self.side == "receivable" else "bills": names} if names else {}


def marks_of(voucher: Voucher) -> list[str]:
    """Return the identity of ours that a voucher was made of, if it came from our own import file."""
    found = _MARK.search(voucher.narration) or _MARK.fullmatch(f"[{voucher.guid.replace('-', ' ', 1)}]")
    return [found[1].lower()] if found else []


def party_of(name: str, voucher: Voucher | None = None) -> dict[str, Any]:
    """Return a party as documents name it: by its ledger, with the GSTIN that the voucher states of it."""
    party: dict[str, Any] = {"name": name}
    if voucher is not None and voucher.gstin and party_id(name) == party_id(voucher.party):
        party["gstin"] = voucher.gstin
    return party


def note_of(voucher: Voucher) -> dict[str, Any]:
    """Return what a person recognises the voucher by: its type with its number, and its narration."""
    note: dict[str, Any] = {"voucher": f"{voucher.type} {voucher.number}".strip()}
    if voucher.narration:
        note["description"] = voucher.narration[:MAX_NOTE]
    return note


def own_number(voucher: Voucher, base: str, side: Side) -> str:
    """Return the number of a document that no bill reference names.

    A sale's voucher number, a purchase's reference (the vendor's own number); elsewhere with the type before it,
    because Journal 12 is not the bill 12.
    """
    if base == ("sales" if side == "receivable" else "purchase"):
        number = voucher.number if side == "receivable" else voucher.reference or voucher.number
        if number:
            return number
    return f"{voucher.type} {voucher.number or voucher.guid[-8:]}"
