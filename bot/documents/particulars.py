"""What a line of an account says in its Particulars, and its voucher type, in the reader's language."""

from __future__ import annotations

from bot.cards.audience import Audience
from bot.documents.paper import line, short_day
from bot.words import cut
from ledger.views.statement import StatementEntry

_DESCRIPTION, _METHOD = 80, 24


def particulars(entry: StatementEntry, side: str, to: Audience) -> str:
    """Say what happened: “Received by NEFT, HDFCN5202…, for INV-102, INV-107”."""
    match entry.kind:
        case "invoice":
            return _bill(entry, side, to)
        case "opening":
            return _described(to.label("Opening balance"), entry)
        case "credit_note":
            return _described(to.label("Goods returned or rate reduced"), entry)
        case "receipt" | "payment":
            return _money(entry, to)
        case "reversal":
            return _came_back(entry, to)
        case "deduction":
            return ", ".join(cut_words(kind, to) for kind in entry.why) or to.label("Deduction")
        case "write_off":
            return to.label("Written off")
        case _:
            return to.label("Set off between the two accounts")


def voucher_type(entry: StatementEntry, side: str, to: Audience) -> str:
    """Return the books' own word for the kind of voucher, else the usual one."""
    if entry.voucher:
        return cut(entry.voucher, 20)
    theirs = side == "payable"
    match entry.kind:
        case "invoice":
            return to.label("Purchase") if theirs else to.label("Sales")
        case "credit_note":
            return to.label("Debit note") if theirs else to.label("Credit note")
        case "receipt":
            return to.label("Receipt")
        case "payment":
            return to.label("Payment")
        case "opening":
            return ""
        case _:
            return to.label("Journal")


def cut_words(kind: str, to: Audience) -> str:
    """Name what was kept back."""
    match kind:
        case "tds":
            return to.label("TDS deducted")
        case "gst_tds":
            return to.label("GST-TDS deducted")
        case "cash_discount":
            return to.label("Cash discount")
        case "rate_difference":
            return to.label("Rate difference")
        case "shortage":
            return to.label("Shortage")
        case "goods_returned":
            return to.label("Goods returned")
        case "freight":
            return to.label("Freight")
        case "retention":
            return to.label("Retention money")
        case "bank_charge":
            return to.label("Bank charges")
        case "round_off":
            return to.label("Rounding off")
        case "financier_charge":
            return to.label("Financier's charges")
        case _:
            return to.label("Deduction")


def _described(words: str, entry: StatementEntry) -> str:
    said = cut(entry.description, _DESCRIPTION) if entry.description else ""
    return f"{words}: {said}" if said else words


def _bill(entry: StatementEntry, side: str, to: Audience) -> str:
    words = to.label("Their bill") if side == "payable" else to.label("Bill")
    if entry.due_on is not None:
        words = to.label("{bill}, due {day}", bill=words, day=short_day(entry.due_on, to))
    return _described(words, entry)


def _money(entry: StatementEntry, to: Audience) -> str:
    method = cut(line(entry.method).replace("_", " "), _METHOD) if entry.method else ""
    method = method.upper() if len(method) <= 4 and method.lower() != "cash" else method
    if method.lower() == "cash":
        method = to.label("cash")
    paid = entry.kind == "payment"
    if method:
        words = (
            to.label("Paid by {method}", method=method)
            if paid
            else to.label("Received by {method}", method=method)
        )
    else:
        words = to.label("Paid") if paid else to.label("Received")
    parts = [words, line(entry.reference)]
    if entry.bills:
        parts.append(to.label("for {bills}", bills=", ".join(cut(bill, 24) for bill in entry.bills)))
    return ", ".join(part for part in parts if part)


def _came_back(entry: StatementEntry, to: Audience) -> str:
    words = to.label("Refunded") if "refunded" in entry.why else to.label("Came back unpaid")
    return ", ".join(part for part in (words, line(entry.reference)) if part)
