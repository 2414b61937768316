"""What a line of an account says in its Particulars, and its voucher type, in the reader's language: for every edge that shows one."""

from __future__ import annotations

from kit.plain import clean, cut
from ledger.views.statement import StatementEntry
from ledger.words import on_day, say

_DESCRIPTION, _METHOD, _REFERENCE = 80, 24, 240


def particulars(entry: StatementEntry, side: str, language: str) -> str:
    """Say what happened: “Received by NEFT, HDFCN5202…, for INV-102, INV-107”."""
    match entry.kind:
        case "invoice":
            return _bill(entry, side, language)
        case "opening":
            return _described(say(language, "Opening balance"), entry)
        case "credit_note":
            return _described(say(language, "Goods returned or rate reduced"), entry)
        case "receipt" | "payment":
            return _money(entry, language)
        case "reversal":
            return _came_back(entry, language)
        case "deduction":
            return ", ".join(cut_words(kind, language) for kind in entry.why) or say(language, "Deduction")
        case "write_off":
            return say(language, "Written off")
        case _:
            return say(language, "Set off between the two accounts")


def voucher_type(entry: StatementEntry, side: str, language: str) -> str:
    """Return the books' own word for the kind of voucher, else the usual one."""
    if entry.voucher:
        return cut(entry.voucher, 20)
    theirs = side == "payable"
    match entry.kind:
        case "invoice":
            return say(language, "Purchase") if theirs else say(language, "Sales")
        case "credit_note":
            return say(language, "Debit note") if theirs else say(language, "Credit note")
        case "receipt":
            return say(language, "Receipt")
        case "payment":
            return say(language, "Payment")
        case "opening":
            return ""
        case _:
            return say(language, "Journal")


def cut_words(kind: str, language: str) -> str:
    """Name what was kept back."""
    match kind:
        case "tds":
            return say(language, "TDS deducted")
        case "gst_tds":
            return say(language, "GST-TDS deducted")
        case "cash_discount":
            return say(language, "Cash discount")
        case "rate_difference":
            return say(language, "Rate difference")
        case "shortage":
            return say(language, "Shortage")
        case "goods_returned":
            return say(language, "Goods returned")
        case "freight":
            return say(language, "Freight")
        case "retention":
            return say(language, "Retention money")
        case "bank_charge":
            return say(language, "Bank charges")
        case "round_off":
            return say(language, "Rounding off")
        case "financier_charge":
            return say(language, "Financier's charges")
        case _:
            return say(language, "Deduction")


def _described(words: str, entry: StatementEntry) -> str:
    said = cut(entry.description, _DESCRIPTION) if entry.description else ""
    return f"{words}: {said}" if said else words


def _bill(entry: StatementEntry, side: str, language: str) -> str:
    words = say(language, "Their bill") if side == "payable" else say(language, "Bill")
    if entry.due_on is not None:
        words = say(language, "{bill}, due {day}", bill=words, day=on_day(language, entry.due_on, "d-MMM-yy"))
    return _described(words, entry)


def _money(entry: StatementEntry, language: str) -> str:
    method = cut(clean(entry.method).replace("_", " "), _METHOD) if entry.method else ""
    method = method.upper() if len(method) <= 4 and method.lower() != "cash" else method
    if method.lower() == "cash":
        method = say(language, "cash")
    paid = entry.kind == "payment"
    if method:
        words = (
            say(language, "Paid by {method}", method=method)
            if paid
            else say(language, "Received by {method}", method=method)
        )
    else:
        words = say(language, "Paid to them") if paid else say(language, "Received")
    parts = [words, clean(entry.reference or "")[:_REFERENCE]]
    if entry.bills:
        parts.append(say(language, "for {bills}", bills=", ".join(cut(bill, 24) for bill in entry.bills)))
    return ", ".join(part for part in parts if part)


def _came_back(entry: StatementEntry, language: str) -> str:
    words = say(language, "Refunded") if "refunded" in entry.why else say(language, "Came back unpaid")
    return ", ".join(part for part in (words, clean(entry.reference or "")[:_REFERENCE]) if part)
