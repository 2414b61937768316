"""CAMT.053: the statement of ISO 20022, versions 02 to 13; its intraday and notification kin are refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from xml.etree.ElementTree import Element

from connectors.bank.model import EARLIEST, LATEST, Details, Line, Statement, Table, squeeze
from connectors.bank.preamble import Frame
from kit.errors import Rejected
from kit.money import currency_digits, minor_from_decimal
from kit.xml import iterparse, local_name

_ROOTS = ("BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn")
_AMOUNT = re.compile(r"\d{1,15}(?:\.\d{0,5})?|\.\d{1,5}")
_IFSC = re.compile(r"[A-Z]{4}0[A-Z0-9]{6}")
_NOTHING = frozenset({"", "NOTPROVIDED", "NONREF", "NOTAVAILABLE"})
_NOT_BOOKED = {"PDNG": "pending", "INFO": "for information", "FUTR": "in the future"}
_REFERENCES = ("AcctSvcrRef", "TxId", "EndToEndId", "ClrSysRef", "UETR", "InstrId", "ChqNb")
MAX_PARTS = 40


def looks_like_camt(head: str) -> bool:
    """Return whether the beginning of a file is XML of the camt family."""
    return head.lstrip("\ufeff \t\r\n").startswith("<") and any(root in head for root in _ROOTS)


def read_camt(body: bytes) -> list[Statement]:
    """Read every statement of a file; Rejected for camt.052 and 054, and for XML that is malformed or a trap."""
    statements: list[Statement] = []
    for element in iterparse(body, ("Stmt", "Rpt", "Ntfctn")):
        for inner in element.iter():
            inner.tag = local_name(inner.tag)
        if element.tag != "Stmt":
            raise _not_a_statement(element.tag)
        statements.append(_statement(element, f"statement {len(statements) + 1}"))
    if not statements:
        raise Rejected(
            "statement.no_table",
            "The file holds no statement.",
            remedy="Download the statement (camt.053) of a period with bookings.",
        )
    return statements


def _not_a_statement(tag: str) -> Rejected:
    if tag == "Rpt":
        return Rejected(
            "statement.intraday",
            "This is a camt.052, a report in the middle of the day: the same entries come again in its statement.",
            remedy="Import the camt.053 of the day instead.",
        )
    return Rejected(
        "statement.notification",
        "This is a camt.054, a notice of single entries: the same entries come again in the statement.",
        remedy="Import the camt.053 of the day instead.",
    )


# ---- one statement ---------------------------------------------------------------------------------
def _statement(element: Element, place: str) -> Statement:
    entries = element.findall("Ntry")
    balances = [_Balance(found) for found in element.findall("Bal")]
    currency = _currency(element, entries, balances)
    table, ignored, warnings = Table(), [], []
    for number, entry in enumerate(entries, 1):
        where = f"{place} entry {number}"
        try:
            status = _status(entry)
            if status in _NOT_BOOKED:
                ignored.append(f"{where}: {_NOT_BOOKED[status]}, not booked")
                continue
            line = _line(entry, number, currency)
        except Rejected as error:
            table.miss(where, error.code, error.message)
            continue
        if line.amount == 0:
            table.empty_amounts += 1
        else:
            table.lines.append(line)
    days = [line.posted_on for line in table.lines]
    if days != sorted(days) and days == sorted(days, reverse=True):
        table.lines.reverse()
        table.gaps = {len(days) - gap for gap in table.gaps}
    for balance in balances:
        if balance.code in ("OPBD", "PRCD", "CLBD") and balance.currency != currency:
            warnings.append(
                f"A balance ({balance.code}) is in {balance.currency}, the account in {currency}: left out."
            )
    mine = [balance for balance in balances if balance.currency == currency]
    opening = next((b for code in ("OPBD", "PRCD") for b in mine if b.code == code), None)
    closing = next((b for b in mine if b.code == "CLBD"), None)
    table.opening = opening.minor() if opening else None
    table.closing = closing.minor() if closing else None
    return Statement(
        table=table,
        frame=Frame(account=_account(element), period=_period(element, closing, days)),
        layout="camt.053",
        currency=currency,
        place=place,
        ignored=ignored,
        warnings=warnings,
        reversals=sum(_text(entry, "RvslInd") in ("true", "1") for entry in entries),
    )


class _Balance:
    """One `Bal`: opening booked, closing booked, and others that we don't use."""

    __slots__ = ("_element", "code", "currency")

    def __init__(self, element: Element) -> None:
        self._element = element
        self.code = _text(element, "Tp/CdOrPrtry/Cd")
        self.currency = _attribute(element, "Amt", "Ccy") if self.code in ("OPBD", "PRCD", "CLBD") else ""

    def minor(self) -> int:
        """Return it in minor units, below zero where the holder owes it."""
        try:
            return _signed(self._element, self.currency)
        except Rejected as error:
            raise Rejected(
                "statement.balance_unreadable",
                f"A balance ({self.code}) can't be read: {error.message}",
                remedy="Nothing was taken from it. Download it again, unedited.",
            ) from None

    def on(self) -> date | None:
        """Return its day."""
        return _day(self._element.find("Dt"))


def _currency(element: Element, entries: Sequence[Element], balances: Sequence[_Balance]) -> str:
    stated = _text(element, "Acct/Ccy")
    if not stated:
        booked = Counter(_attribute(entry, "Amt", "Ccy") for entry in entries)
        stated = booked.most_common(1)[0][0] if booked else ""
    return stated or next((balance.currency for balance in balances if balance.currency), "") or "INR"


def _account(element: Element) -> str | None:
    found = _text(element, "Acct/Id/IBAN") or _text(element, "Acct/Id/Othr/Id")
    return re.sub(r"[\s-]", "", found).upper() or None


def _period(element: Element, closing: _Balance | None, days: Sequence[date]) -> tuple[date, date] | None:
    """Return what the statement covers: to the day of its closing balance, else as it says itself."""
    end = closing.on() if closing else None
    start = min(days, default=end)
    if end is None:
        start, end = _day(element.find("FrToDt/FrDtTm")), _day(element.find("FrToDt/ToDtTm"))
        if end is not None and "T00:00:00" in _text(element, "FrToDt/ToDtTm"):
            end -= timedelta(days=1)  # until midnight is until the day before
    return (start, end) if start is not None and end is not None and start <= end else None


# ---- one entry -------------------------------------------------------------------------------------
def _status(entry: Element) -> str:
    status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
    if status != "BOOK" and status not in _NOT_BOOKED:
        raise Rejected("row.status", f"{status[:20]!r} doesn't say whether it is booked.")
    return status


def _line(entry: Element, number: int, currency: str) -> Line:
    stated = _attribute(entry, "Amt", "Ccy")
    if stated != currency:
        raise Rejected("row.currency", f"The entry is in {stated[:8]}, the account in {currency}.")
    amount = _signed(entry, currency)
    value_on = _day(entry.find("ValDt"))
    posted_on = _day(entry.find("BookgDt")) or value_on
    if posted_on is None:
        raise Rejected("row.date", "The entry has no day that can be read.")
    payments = entry.findall("NtryDtls/TxDtls")
    own = [reference for reference in (_text(entry, "AcctSvcrRef"),) if reference.upper() not in _NOTHING]
    texts = [_text(entry, "AddtlNtryInf")]
    if len(payments) == 1:
        details, told = _single(payments[0], own, incoming=(amount > 0) != _is_reversal(entry))
        texts += told
    else:
        details = _batch(payments, own)
        texts += [_text(entry, "NtryDtls/Btch/PmtInfId"), _text(entry, "NtryDtls/Btch/MsgId")]
    narration = " ".join(dict.fromkeys(text for text in texts if text))
    reference = " ".join(details.references)
    return Line(
        row=number,
        posted_on=posted_on,
        amount=amount,
        narration=narration or details.name or reference,
        value_on=value_on,
        reference=reference,
        details=details,
    )


def _is_reversal(entry: Element) -> bool:
    # The indicator beside the amount is already that of the reversal itself: only the parties keep their old sides.
    return _text(entry, "RvslInd") in ("true", "1")


def _single(payment: Element, own: Sequence[str], *, incoming: bool) -> tuple[Details, list[str]]:
    side = "Dbtr" if incoming else "Cdtr"
    party = f"RltdPties/{side}"
    code = next(
        (
            found
            for path in ("ClrSysMmbId/MmbId", "Othr/Id", "BICFI", "BIC")
            if _IFSC.fullmatch(found := _text(payment, f"RltdAgts/{side}Agt/FinInstnId/{path}").upper())
        ),
        "",
    )
    details = Details(
        name=_text(payment, f"{party}/Pty/Nm") or _text(payment, f"{party}/Nm"),
        account=_text(payment, f"{party}Acct/Id/IBAN") or _text(payment, f"{party}Acct/Id/Othr/Id"),
        ifsc=code,
        references=tuple(dict.fromkeys([*own, *_references(payment)])),
    )
    return details, _told(payment)


def _batch(payments: Sequence[Element], own: Sequence[str]) -> Details:
    parts = []
    for payment in payments[:MAX_PARTS]:
        names = [
            _text(payment, f"RltdPties/{side}{inner}/Nm")
            for side in ("Dbtr", "Cdtr")
            for inner in ("", "/Pty")
        ]
        parts.append(" | ".join(text for text in (*_references(payment), *_told(payment), *names) if text))
    return Details(references=tuple(own), parts=tuple(parts))


def _references(payment: Element) -> list[str]:
    found = [_text(payment, f"Refs/{name}") for name in _REFERENCES]
    return [reference for reference in found if reference.upper() not in _NOTHING]


def _told(payment: Element) -> list[str]:
    texts = [squeeze(found.text or "") for found in payment.findall("RmtInf/Ustrd")]
    for structured in payment.findall("RmtInf/Strd"):
        texts += [_text(structured, "CdtrRefInf/Ref"), _text(structured, "RfrdDocInf/Nb")]
        texts += [squeeze(found.text or "") for found in structured.findall("AddtlRmtInf")]
    return [text for text in (*texts, _text(payment, "AddtlTxInf")) if text]


# ---- values ----------------------------------------------------------------------------------------
def _signed(element: Element, currency: str) -> int:
    figure, side = _text(element, "Amt"), _text(element, "CdtDbtInd")
    if side not in ("CRDT", "DBIT"):
        raise Rejected("row.sign", f"{side[:20]!r} says neither credit nor debit.")
    if not _AMOUNT.fullmatch(figure):
        raise Rejected("amount.unreadable", f"{figure[:40]!r} is not an amount.")
    currency_digits(currency)
    amount = minor_from_decimal(Decimal(figure), currency)
    return amount if side == "CRDT" else -amount


def _day(element: Element | None) -> date | None:
    """Return the day of a date or moment, as the bank's calendar has it; None if there is none."""
    if element is None:
        return None
    text = (_text(element, "Dt") or _text(element, "DtTm") or (element.text or "").strip())[:10]
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None
    return day if day is not None and EARLIEST <= day <= LATEST else None


def _text(element: Element, path: str) -> str:
    return squeeze(element.findtext(path) or "")


def _attribute(element: Element, path: str, name: str) -> str:
    found = element.find(path)
    return found.get(name, "").strip() if found is not None else ""
