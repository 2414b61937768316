"""Records of a document as we read them: vouchers with their lines, ledgers, groups, bills of a report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from connectors.tally.fields import day, debit, due_on, flag, told_flag, whole
from connectors.tally.markup import Node, plain
from kit.errors import Rejected

How = Literal["new", "against", "advance", "account"]
_HOW: dict[str, How] = {
    "newref": "new", "agstref": "against", "againstref": "against", "advance": "advance", "onaccount": "account",
    "onacct": "account",
}  # fmt: skip
_LINES = ("ALLLEDGERENTRIES.LIST", "LEDGERENTRIES.LIST")
_ITEMS = ("ALLINVENTORYENTRIES.LIST", "INVENTORYENTRIES.LIST")


@dataclass(frozen=True, slots=True)
class Bill:
    """One bill-wise part of a line: a new reference, against an old one, an advance, or on account; debit positive."""

    name: str
    how: How
    amount: int
    billed_on: date | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Instrument:
    """What a line of a bank ledger says of the cheque or transfer."""

    kind: str
    mode: str
    number: str
    dated_on: date | None
    reference: str
    bank: str
    cleared_on: date | None
    amount: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """One ledger line of a voucher; debit positive. `personal`: Tally's flag for parties, banks and cash."""

    ledger: str
    amount: int
    personal: bool | None = None
    group: str = ""
    parent: str = ""
    stock: bool = False
    bills: tuple[Bill, ...] = ()
    instruments: tuple[Instrument, ...] = ()


@dataclass(frozen=True, slots=True)
class Voucher:
    """One voucher. `base` is the built-in type that its own type stands on, where that is told."""

    guid: str
    alter: int
    date: date
    type: str
    base: str
    number: str
    reference: str
    party: str
    gstin: str
    narration: str
    cancelled: bool
    optional: bool
    postdated: bool
    lines: tuple[Line, ...]

    @property
    def label(self) -> str:
        """How a person finds it in Tally: Sales 12 of 18 Nov 2026."""
        return f"{self.type} {self.number}".strip() + f" of {self.date:%d %b %Y}"

    def digest(self) -> str:
        """Return a short digest of what Tally said, without the groups that other answers tell."""
        said = (
            self.date, self.type, self.number, self.reference, self.party, self.narration, self.cancelled,
            self.optional, [(line.ledger, line.amount, line.bills, line.instruments) for line in self.lines],
        )  # fmt: skip
        return hashlib.sha256(repr(said).encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class OpeningBill:
    """A bill that was open when the books began; debit positive."""

    name: str
    billed_on: date
    due_on: date | None
    amount: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger's master; without a GUID it only tells its group. `opening` is debit positive."""

    name: str
    parent: str
    group: str
    guid: str
    alter: int
    gstin: str
    pan: str
    phone: str
    email: str
    address: str
    state: str
    period: str
    credit_limit: int | None
    billwise: bool | None
    opening: int
    bills: tuple[OpeningBill, ...]
    closing: int | None = field(default=None, repr=False)
    """Its balance by Tally at the end of the export's day, debit positive; None: not told. It is no part of the master."""

    def digest(self) -> str:
        """Return a short digest of what the master says."""
        return hashlib.sha256(repr(self).encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of ledgers, or a voucher type: what it stands below; `reserved` is its name before it was renamed."""

    name: str
    parent: str
    reserved: str


def named(node: Node) -> str:
    """Return the name of a master: an attribute, or its first NAME."""
    return plain(node.attributes.get("NAME", "")) or node.said("NAME")


def read_group(node: Node) -> Group:
    """Read a GROUP or VOUCHERTYPE."""
    name = named(node)
    if not name:
        raise Rejected("tally.name_missing", "It has no name.")
    return Group(
        name, node.said("PARENT"), plain(node.attributes.get("RESERVEDNAME", "")) or node.said("RESERVEDNAME")
    )


# ---- vouchers --------------------------------------------------------------------------------------
def is_voucher(node: Node) -> bool:
    """Return whether a VOUCHER says more than its GUID and alter id, as a list of GUIDs does."""
    return bool(node.one("DATE") or node.one("VOUCHERTYPENAME") or node.all(*_LINES))


def read_voucher(node: Node) -> Voucher:
    """Read a voucher of any of the shapes; Rejected with the reason."""
    dated = day(node.said("DATE"))
    guid = node.said("GUID") or plain(node.attributes.get("REMOTEID", ""))
    if dated is None:
        raise Rejected("tally.date_missing", "The voucher has no date.")
    if not guid:
        raise Rejected("tally.guid_missing", "The voucher has no GUID: it can't be told from others.")
    if len(guid) > 120:
        raise Rejected("tally.guid_missing", "The voucher's GUID is longer than any of Tally's.")
    lines = [_line(part, dated) for part in node.all(_LINES[0])]
    if not lines:
        lines = [_line(part, dated) for part in node.all(_LINES[1])]
        lines += [line for item in node.all(*_ITEMS) for line in _stock_lines(item, dated)]
    return Voucher(
        guid=guid,
        alter=whole(node.said("ALTERID")),
        date=dated,
        type=node.said("VOUCHERTYPENAME") or plain(node.attributes.get("VCHTYPE", "")),
        base=node.said("MUNSHIBASE"),
        number=node.said("VOUCHERNUMBER"),
        reference=node.said("REFERENCE"),
        party=node.said("PARTYLEDGERNAME", "PARTYNAME"),
        gstin=node.said("PARTYGSTIN").upper(),
        narration=node.said("NARRATION"),
        cancelled=flag(node.said("ISCANCELLED")),
        optional=flag(node.said("ISOPTIONAL")),
        postdated=flag(node.said("ISPOSTDATED")),
        lines=tuple(line for line in lines if line is not None and line.amount),
    )


def _line(node: Node, dated: date, *, stock: bool = False) -> Line | None:
    """Read a line; None for an empty one (`<LEDGERENTRIES.LIST>   </LEDGERENTRIES.LIST>`)."""
    ledger, amount = node.said("LEDGERNAME"), debit(node.one("AMOUNT"))
    if amount is None:
        if ledger and (
            node.all("BILLALLOCATIONS.LIST") and any(part.parts for part in node.all("BILLALLOCATIONS.LIST"))
        ):
            raise Rejected("tally.amount_missing", f"The line of {ledger[:60]} has no amount.")
        return None
    if not ledger and not stock:
        raise Rejected("tally.ledger_missing", "A line of the voucher names no ledger.")
    return Line(
        ledger=ledger,
        amount=amount,
        personal=told_flag(node.said("ISPARTYLEDGER")),
        group=node.said("MUNSHIGROUP"),
        parent=node.said("MUNSHIPARENT"),
        stock=stock,
        bills=tuple(_bills(node.all("BILLALLOCATIONS.LIST"), dated)),
        instruments=tuple(_instruments(node.all("BANKALLOCATIONS.LIST"))),
    )


def _stock_lines(item: Node, dated: date) -> list[Line | None]:
    """Read the ledgers that a stock item goes to; where they aren't told, the item's amount without a ledger."""
    allocated = [_line(part, dated, stock=True) for part in item.all("ACCOUNTINGALLOCATIONS.LIST")]
    return allocated if any(allocated) else [_line(item, dated, stock=True)]


def _bills(nodes: Iterable[Node], dated: date) -> Iterable[Bill]:
    for node in nodes:
        amount = debit(node.one("AMOUNT"))
        if not amount:
            continue
        kind = node.said("BILLTYPE")
        how = _HOW.get(kind.replace(" ", "").replace(".", "").casefold())
        if how is None:
            raise Rejected("tally.bill_type", f"{kind[:30]!r} is not a way of Tally's to name a bill.")
        name = node.said("NAME")
        if not name and how in ("new", "against"):
            raise Rejected("tally.bill_name", "A bill-wise line names no bill.")
        billed_on = day(node.said("BILLDATE"))
        due = due_on(node.one("BILLCREDITPERIOD"), billed_on or dated)
        yield Bill(name, how, amount, billed_on, due)


def _instruments(nodes: Iterable[Node]) -> Iterable[Instrument]:
    for node in nodes:
        if not node.parts:
            continue
        amount = debit(node.one("AMOUNT"))
        yield Instrument(
            kind=node.said("TRANSACTIONTYPE"),
            mode=node.said("TRANSFERMODE"),
            number=node.said("INSTRUMENTNUMBER"),
            dated_on=day(node.said("INSTRUMENTDATE")),
            reference=node.said("UNIQUEREFERENCENUMBER"),
            bank=node.said("BANKNAME"),
            cleared_on=day(node.said("BANKERSDATE")),
            amount=None if amount is None else abs(amount),
        )


# ---- masters ---------------------------------------------------------------------------------------
def read_ledger(node: Node) -> Ledger:
    """Read a LEDGER; Rejected with the reason."""
    name = named(node)
    if not name:
        raise Rejected("tally.name_missing", "The ledger has no name.")
    registered = _latest(node.all("LEDGSTREGDETAILS.LIST", "LEDGSTREGDETAILS"))
    mailed = _latest(node.all("LEDMAILINGDETAILS.LIST", "LEDMAILINGDETAILS"))
    contact = node.one("CONTACTDETAILS.LIST")
    phone = node.said("LEDGERMOBILE", "LEDGERPHONE")
    if not phone and contact is not None and (number := contact.said("PHONENUMBER")):
        phone = contact.said("COUNTRYISDCODE") + number
    limit = debit(node.one("CREDITLIMIT"))
    return Ledger(
        name=name,
        parent=node.said("PARENT"),
        group=node.said("MUNSHIGROUP"),
        guid=node.said("GUID"),
        alter=whole(node.said("ALTERID")),
        gstin=(node.said("PARTYGSTIN") or _said(registered, "GSTIN", "PARTYGSTIN")).upper(),
        pan=node.said("INCOMETAXNUMBER").upper(),
        phone=phone,
        email=node.said("EMAIL"),
        address=", ".join(_address(node) or _address(mailed)),
        state=node.said("LEDSTATENAME", "PRIORSTATENAME")
        or _said(mailed, "STATE")
        or _said(registered, "STATE"),
        period=node.said("BILLCREDITPERIOD"),
        credit_limit=abs(limit) if limit else None,
        billwise=told_flag(node.said("ISBILLWISEON")),
        opening=debit(node.one("OPENINGBALANCE")) or 0,
        bills=tuple(_opening_bills(node.all("BILLALLOCATIONS.LIST", "BILLALLOCATIONS"))),
        closing=None if (told := node.one("CLOSINGBALANCE")) is None else debit(told) or 0,
    )


def _opening_bills(nodes: Iterable[Node]) -> Iterable[OpeningBill]:
    for node in nodes:
        amount = debit(node.one("OPENINGBALANCE"))
        if not amount:
            continue
        name, billed_on = node.said("NAME"), day(node.said("BILLDATE"))
        if not name or billed_on is None:
            raise Rejected("tally.opening_bill", "A bill of the opening balance has no name or no date.")
        yield OpeningBill(name, billed_on, due_on(node.one("BILLCREDITPERIOD"), billed_on), amount)


def _latest(nodes: list[Node]) -> Node | None:
    """Return the details that are in force: those that apply from the latest day."""
    return max(nodes, key=lambda node: node.said("APPLICABLEFROM"), default=None)


def _said(node: Node | None, *names: str) -> str:
    return "" if node is None else node.said(*names)


def _address(node: Node | None) -> list[str]:
    if node is None:
        return []
    return [
        text for part in node.all("ADDRESS.LIST") for row in part.all("ADDRESS") if (text := plain(row.text))
    ]
