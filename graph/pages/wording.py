"""What codes of the ledger are called on a page: evidence, differences from the books, freshness, what was said."""

from __future__ import annotations

from collections.abc import Mapping

from graph.pages.reader import Reader, signed
from kit.catalogues import N_
from ledger.domain.tie_out import UNEXPLAINED
from ledger.views import SourceView
from ledger.views.pages import NewsOfKind
from ledger.views.tie_out import TieOutEntry, TieOutLine

_WHY: Mapping[str, str] = {
    "decided": N_("set by hand"),
    "books": N_("as the books have it"),
    "stated": N_("as the books have it"),
    "invoice_number": N_("the bill's number is named"),
    "gateway_document": N_("paid through the bill's own payment link"),
    "narration": N_("the bank's line names the bill"),
    "known_payer": N_("the payer is known, the amount fits"),
    "similar_name": N_("the payer's name is alike, the amount fits"),
    "subset": N_("these bills come to the amount exactly"),
    "exact": N_("amount exact"),
    "all_open": N_("all open bills exactly"),
    "all_due": N_("all bills that were due exactly"),
    "oldest_row": N_("the oldest bills exactly"),
    "oldest_first": N_("this customer pays the oldest bills first"),
    "overpaid": N_("pays all open bills and more"),
    "part_payment": N_("a part of the bill"),
    "deduction": N_("exact after what was kept back"),
    "cash_discount": N_("exact after the discount"),
    "round_off": N_("exact but for a rounding"),
    "bank_charge": N_("a little less, as a bank's charge makes it"),
    "credit_note": N_("credit note for this bill"),
}
_KINDS: Mapping[str, str] = {
    "receipt": N_("Money"),
    "credit_note": N_("Credit note"),
    "tds": N_("TDS"),
    "gst_tds": N_("GST-TDS"),
    "cash_discount": N_("Cash discount"),
    "rate_difference": N_("Rate difference"),
    "shortage": N_("Shortage"),
    "goods_returned": N_("Goods returned"),
    "freight": N_("Freight"),
    "retention": N_("Retention money"),
    "bank_charge": N_("Bank charge"),
    "round_off": N_("Rounding off"),
    "financier_charge": N_("Financier's charge"),
    "write_off": N_("Written off"),
    "set_off": N_("Set off"),
}
_WAYS: Mapping[str, str] = {
    "not_in_books": N_("not in {books}"),
    "not_here": N_("only in {books}"),
    "differs": N_("of another amount in {books}"),
    "other_day": N_("of another day in {books}"),
    "elsewhere": N_("under another name in {books}"),
    "given_back": N_("given back or bounced, still in {books}"),
}
_THING: Mapping[str, str] = {
    "bill": N_("Bill"),
    "opening": N_("Opening balance"),
    "receipt": N_("Receipt"),
    "payment": N_("Payment"),
    "credit_note": N_("Credit note"),
    "deduction": N_("Deduction"),
    "write_off": N_("Written off"),
    "set_off": N_("Set off"),
}
_FLAGS: Mapping[str, str] = {
    "rewritten": N_("changed by the source afterwards"),
    "unmapped": N_("its word isn't understood yet"),
    "future": N_("dated in the future, not counted"),
}
_OTHER_FLAG = N_("marked: {flag}")
_STATUSES: Mapping[str, str] = {
    "invoice.draft": N_("draft"),
    "invoice.issued": N_("open"),
    "invoice.partially_paid": N_("partly paid"),
    "invoice.paid": N_("paid"),
    "invoice.voided": N_("cancelled"),
    "invoice.written_off": N_("written off"),
    "invoice.disputed": N_("disputed"),
    "payment.authorised": N_("not captured yet"),
    "payment.received": N_("received"),
    "payment.failed": N_("failed"),
    "payment.refunded": N_("refunded"),
    "payment.reversed": N_("came back unpaid"),
    "cheque.received": N_("in hand"),
    "cheque.deposited": N_("deposited"),
}


def why(code: str, to: Reader) -> str:
    """Say the evidence of an allocation; a code that has no words here is shown as it is."""
    return to.marked(_WHY[code]) if code in _WHY else code.replace("_", " ")


def kind(code: str, to: Reader) -> str:
    """Name what was set against a bill."""
    return to.marked(_KINDS[code]) if code in _KINDS else code.replace("_", " ")


def status(code: str | None, to: Reader) -> str:
    """Name a status of ours."""
    if not code:
        return ""
    return to.marked(_STATUSES[code]) if code in _STATUSES else code.partition(".")[2].replace("_", " ")


def flag(code: str, to: Reader) -> str:
    """Say why an event is marked."""
    if code in _FLAGS:
        return to.marked(_FLAGS[code])
    return to.marked(_OTHER_FLAG).format(flag=code.replace("_", " "))


def thing(code: str, to: Reader) -> str:
    """Name one thing of an account."""
    return to.marked(_THING[code])


def things(code: str, n: int, to: Reader) -> str:
    """Count things of one kind."""
    match code:
        case "bill":
            return to.count("{n} bill", "{n} bills", n)
        case "opening":
            return to.count("{n} opening balance", "{n} opening balances", n)
        case "receipt":
            return to.count("{n} receipt", "{n} receipts", n)
        case "payment":
            return to.count("{n} payment", "{n} payments", n)
        case "credit_note":
            return to.count("{n} credit note", "{n} credit notes", n)
        case "deduction":
            return to.count("{n} deduction", "{n} deductions", n)
        case "write_off":
            return to.count("{n} write-off", "{n} write-offs", n)
        case _:
            return to.count("{n} set-off", "{n} set-offs", n)


def difference(line: TieOutLine, currency: str, books: str, to: Reader) -> str:
    """Say one part of a difference: “2 receipts not in Tally −₹15,000”."""
    amount = signed(line.amount, currency)
    if line.kind == UNEXPLAINED:
        return to.label("not explained {amount}", amount=amount)
    what, _, way = line.kind.partition(".")
    told = to.marked(_WAYS[way]).format(books=books)
    return to.label("{things} {way} {amount}", things=things(what, line.count, to), way=told, amount=amount)


def entry(one: TieOutEntry, books: str, to: Reader) -> tuple[str, str]:
    """Name one entry of a difference, and say how it differs."""
    what, _, way = one.kind.partition(".")
    named = thing(what, to)
    if one.number:
        named = to.label("{thing} {number}", thing=named, number=one.number)
    return named, to.marked(_WAYS[way]).format(books=books)


def news(one: NewsOfKind, to: Reader) -> str:
    """Count what is new of one kind."""
    match one.kind:
        case "bill":
            return to.count("{n} new bill", "{n} new bills", one.count)
        case "money":
            return to.count("{n} payment came", "{n} payments came", one.count)
        case "credit_note":
            return to.count("{n} new credit note", "{n} new credit notes", one.count)
        case "deduction":
            return to.count("{n} new deduction", "{n} new deductions", one.count)
        case "payable":
            return to.count("{n} new bill of vendors", "{n} new bills of vendors", one.count)
        case _:
            return to.count("{n} payment to vendors", "{n} payments to vendors", one.count)


def freshness(source: SourceView, to: Reader) -> tuple[str, bool]:
    """Say how fresh a source is, and whether that is as it should be."""
    if source.state == "disabled":
        return to.label("switched off"), False
    if source.state == "failing":
        if source.read_until is None:
            return to.label("can't be read"), False
        return to.label("can't be read since {when}", when=to.heard(source.read_until)), False
    good = source.state == "fresh"
    if source.covered_until is not None:
        return to.label("known till {day}", day=to.day(source.covered_until)), good
    last = source.last_event_at or source.last_delivery_at
    if last is None:
        return to.label("nothing yet"), False
    if good:
        return to.label("heard {when}", when=to.heard(source.last_delivery_at or last)), True
    return to.label("nothing new since {when}", when=to.heard(last)), False


def outcome(word: str, to: Reader) -> str:
    """Say what came of a call."""
    match word:
        case "will_pay":
            return to.label("will pay")
        case "no_answer":
            return to.label("no answer")
        case "says_paid":
            return to.label("says it is paid")
        case _:
            return to.label("disputes a bill")
