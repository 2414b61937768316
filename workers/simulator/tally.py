"""TallyPrime's words: ledgers, groups and vouchers written as its XML port answers the agent; a debit is negative."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

How = Literal["New Ref", "Agst Ref", "Advance", "On Account"]
GROUPS: dict[str, str] = {
    "Sundry Debtors": "Current Assets",
    "Sundry Creditors": "Current Liabilities",
    "Bank Accounts": "Current Assets",
    "Cash-in-Hand": "Current Assets",
    "Duties & Taxes": "Current Liabilities",
    "Loans & Advances (Asset)": "Current Assets",
    "Current Assets": "Primary",
    "Current Liabilities": "Primary",
    "Sales Accounts": "Primary",
    "Purchase Accounts": "Primary",
}
"""Tally's own groups that a small firm uses, each with what it stands below."""


@dataclass(frozen=True, slots=True)
class Part:
    """One bill-wise part of a line, debit positive (paise); `days`: its credit period."""

    how: How
    amount: int
    name: str = ""
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Instrument:
    """The cheque or transfer of a bank line."""

    kind: str
    number: str
    dated_on: date
    mode: str = ""
    bank: str = ""
    cleared_on: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One ledger line of a voucher, debit positive (paise); `group` is that of its ledger."""

    ledger: str
    group: str
    amount: int
    parts: tuple[Part, ...] = ()
    instrument: Instrument | None = None


@dataclass(frozen=True, slots=True)
class Voucher:
    """One voucher as it stands in the books."""

    guid: str
    alter: int
    on: date
    type: str
    number: str
    party: str
    lines: tuple[Line, ...]
    base: str = ""
    """The built-in type that a type of the firm's own stands on."""
    reference: str = ""
    narration: str = ""
    gstin: str = ""
    cancelled: bool = False
    optional: bool = False
    postdated: bool = False


@dataclass(frozen=True, slots=True)
class OpeningBill:
    """A bill that was open when the books began; debit positive."""

    name: str
    on: date
    days: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The master of a ledger; `opening` is debit positive."""

    guid: str
    alter: int
    name: str
    group: str
    gstin: str = ""
    pan: str = ""
    phone: str = ""
    email: str = ""
    state: str = ""
    days: int | None = None
    billwise: bool = True
    opening: int = 0
    bills: tuple[OpeningBill, ...] = ()


def amount(paise: int) -> str:
    """Write an amount as Tally does: a debit, positive with us, has a minus."""
    sign = "-" if paise > 0 else ""
    return f"{sign}{abs(paise) // 100}.{abs(paise) % 100:02d}"


def collection(records: Iterable[str]) -> str:
    """Wrap records as the answer to a request for a collection."""
    inner = "\n".join(records)
    return (
        "<ENVELOPE><HEADER><VERSION>1</VERSION><STATUS>1</STATUS></HEADER><BODY><DESC></DESC><DATA>"
        f"<COLLECTION>\n{inner}\n</COLLECTION></DATA></BODY></ENVELOPE>"
    )


def group_xml(name: str, parent: str, alter: int) -> str:
    """Write a group."""
    above = "" if parent == "Primary" else parent
    fields = _field("GUID", f"group-{name}") + _field("PARENT", above) + _number("ALTERID", alter)
    return f"<GROUP NAME={quoteattr(name)} RESERVEDNAME={quoteattr(name)}>{fields}</GROUP>"


def ledger_xml(ledger: Ledger) -> str:
    """Write a ledger's master with its opening bills."""
    fields = [
        _field("GUID", ledger.guid),
        _number("ALTERID", ledger.alter),
        _field("PARENT", ledger.group),
        _field("PARTYGSTIN", ledger.gstin),
        _field("INCOMETAXNUMBER", ledger.pan),
        _field("LEDGERMOBILE", ledger.phone),
        _field("EMAIL", ledger.email),
        _field("LEDSTATENAME", ledger.state),
        _field("BILLCREDITPERIOD", _days(ledger.days)),
        _flag("ISBILLWISEON", on=ledger.billwise),
        _field("OPENINGBALANCE", amount(ledger.opening) if ledger.opening else "", kind="Amount"),
    ]
    fields += [
        "<BILLALLOCATIONS.LIST>"
        + _field("NAME", bill.name)
        + _field("BILLDATE", f"{bill.on:%Y%m%d}", kind="Date")
        + _field("BILLCREDITPERIOD", _days(bill.days), kind="Due Date")
        + _field("OPENINGBALANCE", amount(bill.amount), kind="Amount")
        + "</BILLALLOCATIONS.LIST>"
        for bill in ledger.bills
    ]
    return f'<LEDGER NAME={quoteattr(ledger.name)} RESERVEDNAME="">{"".join(fields)}</LEDGER>'


def voucher_xml(voucher: Voucher) -> str:
    """Write a voucher, each line with the group of its ledger."""
    fields = [
        _field("DATE", f"{voucher.on:%Y%m%d}", kind="Date"),
        _field("GUID", voucher.guid),
        _field("NARRATION", voucher.narration),
        _field("PARTYGSTIN", voucher.gstin),
        _field("VOUCHERTYPENAME", voucher.type),
        _field("REFERENCE", voucher.reference),
        _field("VOUCHERNUMBER", voucher.number),
        _field("PARTYLEDGERNAME", voucher.party),
        _flag("ISCANCELLED", on=voucher.cancelled),
        _flag("ISOPTIONAL", on=voucher.optional),
        _flag("ISPOSTDATED", on=voucher.postdated),
        _number("ALTERID", voucher.alter),
        _field("MUNSHIBASE", voucher.base or voucher.type),
        *(() if voucher.cancelled else map(_line, voucher.lines)),
    ]
    head = f"REMOTEID={quoteattr(voucher.guid)} VCHTYPE={quoteattr(voucher.type)}"
    return f"<VOUCHER {head}>{''.join(fields)}</VOUCHER>"


def _line(line: Line) -> str:
    fields = [
        _field("LEDGERNAME", line.ledger),
        _flag("ISDEEMEDPOSITIVE", on=line.amount > 0),
        _flag(
            "ISPARTYLEDGER",
            on=line.group in ("Sundry Debtors", "Sundry Creditors", "Bank Accounts", "Cash-in-Hand"),
        ),
        _field("MUNSHIPARENT", line.group),
        _field("MUNSHIGROUP", line.group),
        _field("AMOUNT", amount(line.amount), kind="Amount"),
        *map(_part, line.parts),
    ]
    if line.instrument is not None:
        fields.append(_instrument(line.instrument, line.amount))
    return f"<ALLLEDGERENTRIES.LIST>{''.join(fields)}</ALLLEDGERENTRIES.LIST>"


def _part(part: Part) -> str:
    fields: Sequence[str] = (
        _field("NAME", part.name),
        _field("BILLCREDITPERIOD", _days(part.days), kind="Due Date"),
        _field("BILLTYPE", part.how),
        _field("AMOUNT", amount(part.amount), kind="Amount"),
    )
    return f"<BILLALLOCATIONS.LIST>{''.join(fields)}</BILLALLOCATIONS.LIST>"


def _instrument(instrument: Instrument, paise: int) -> str:
    cleared = f"{instrument.cleared_on:%Y%m%d}" if instrument.cleared_on else ""
    fields = (
        _field("TRANSACTIONTYPE", instrument.kind),
        _field("TRANSFERMODE", instrument.mode),
        _field("INSTRUMENTNUMBER", instrument.number),
        _field("INSTRUMENTDATE", f"{instrument.dated_on:%Y%m%d}", kind="Date"),
        _field("BANKNAME", instrument.bank),
        _field("BANKERSDATE", cleared, kind="Date"),
        _field("AMOUNT", amount(paise), kind="Amount"),
    )
    return f"<BANKALLOCATIONS.LIST>{''.join(fields)}</BANKALLOCATIONS.LIST>"


def _field(name: str, text: str, *, kind: str = "String") -> str:
    return f'<{name} TYPE="{kind}">{escape(text)}</{name}>' if text else ""


def _number(name: str, value: int) -> str:
    return f'<{name} TYPE="Number"> {value}</{name}>'


def _flag(name: str, *, on: bool) -> str:
    return f'<{name} TYPE="Logical">{"Yes" if on else "No"}</{name}>'


def _days(days: int | None) -> str:
    return "" if days is None else f"{days} Days"
