"""One sentence for one event: “Invoice INV-102 for ₹34,220”, “Razorpay says ₹5,000 captured”. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

_NAMES = {"icici": "ICICI", "hdfc": "HDFC", "sbi": "SBI", "books": "The books", "operator": "You"}

_HABITS = {"bill_wise": "bill by bill", "oldest_first": "the oldest bills first", "on_account": "on account"}
_ENTERPRISES = {"micro": "a micro enterprise", "small": "a small enterprise"}

# {what} is the number or a plain word, {money} “₹5,000”, {of} “ of ₹5,000”, {for} “ for ₹5,000”, {who} the source,
# {on} a date, {why} a reason; what an event doesn't say leaves no trace in the sentence.
_SENTENCES: Mapping[str, str] = {
    "party.upserted": "{who} updated the details{name}",
    "party.merged": "{who} joined this with another name",
    "opening.stated": "Opening balance{of}{as_on}",
    "invoice.issued": "Invoice{number}{for}{due}",
    "invoice.revised": "Invoice{number} revised{to}",
    "invoice.status_reported": "{who} says invoice{number} is {status}",
    "invoice.voided": "Invoice{number} cancelled",
    "credit_note.issued": "Credit note{number}{for}",
    "credit_note.voided": "Credit note{number} cancelled",
    "balance.stated": "{who}: balance{of}{as_on}",
    "tax_credit.stated": "TDS{of} paid in for you, the tax department says",
    "entry.stated": "{who}: an entry{of} that is nobody's bill",
    "payment.authorised": "{who} says {money} authorised, not captured yet{via}",
    "payment.failed": "{who} says a payment{of} failed{why}",
    "payment.received": "{who} says {money} {got}{via}",
    "payment.reversed": "{who} says {money} was taken back{why}",
    "payment.reported": "{money} reported as paid{via}",
    "payment.confirmed": "Payment{of} confirmed",
    "refund.processed": "{who} says {money} refunded",
    "refund.failed": "{who} says a refund{of} failed{why}",
    "settlement.processed": "{who} settled {money} to the bank",
    "settlement.failed": "{who} says a settlement{of} failed{why}",
    "dispute.opened": "The customer's bank disputes {money}{why}",
    "dispute.won": "Dispute{of} won",
    "dispute.lost": "Dispute{of} lost",
    "bank.credited": "{money} came into {who}{via}",
    "bank.debited": "{money} went out of {who}{via}",
    "bill.received": "Bill{number}{for}{due}",
    "bill.status_reported": "{who} says bill{number} is {status}",
    "bill.voided": "Bill{number} cancelled",
    "payout.scheduled": "Payment{of} to them scheduled",
    "payout.processed": "{money} paid to them{via}",
    "payout.failed": "Payment{of} to them failed{why}",
    "payout.reversed": "Payment{of} to them came back{why}",
    "deal.status_reported": "{who} says deal{name}{of} is {status}",
    "cheque.received": "Cheque{number}{of} received{dated}",
    "cheque.deposited": "Cheque{number} deposited",
    "cheque.cleared": "Cheque{number} cleared",
    "cheque.returned": "Cheque{number} returned{why}",
    "cheque.replaced": "Cheque{number} replaced",
    "status.unmapped": "{who} used a status that isn't mapped yet",
    "reconciliation.resolved": "A question was answered",
    "reconciliation.reopened": "A question was opened again",
    "link.confirmed": "Confirmed as the same money",
    "link.rejected": "Marked as different money",
    "allocation.decided": "Decided which bills this money pays",
    "line.classified": "Bank entry marked as {as}",
    "habit.decided": "Pays {habit}",
    "setoff.agreed": "{money} that you owe them set off",
    "refund.agreed": "{money} to be given back",
    "deduction.claimed": "Deduction{of} claimed{kind}",
    "deduction.accepted": "Deduction{of} accepted{kind}",
    "deduction.refused": "Deduction{of} refused{kind}",
    "promise.made": "Promised to pay{money_after}{promised}",
    "call.logged": "Call: {outcome}",
    "reminder.sent": "Reminded of {money}",
    "goods.held": "No goods on credit for now",
    "goods.released": "Goods may go out{of_order}{until}",
    "dispute.raised": "Bill disputed{why}",
    "dispute.settled": "Dispute settled{why}",
    "writeoff.approved": "{money} written off",
    "parties.linked": "Joined with another name",
    "parties.unlinked": "Separated from another name",
    "note.added": "Note: {text}",
    "recurring.stated": "{due_name} falls due again and again, about {money}",
    "vendor.msme_stated": "Vendor marked as {enterprise}",
    "status.mapped": "A source's word was given its meaning",
    "period.closed": "Period closed{until}",
    "decision.withdrawn": "A decision was taken back",
}


def source_name(source: str) -> str:
    """Name a source as people do: payment:razorpay → Razorpay, bank:icici → ICICI, crm:demo → The CRM (demo)."""
    family, _, name = source.partition(":")
    if family in ("standard", "crm", "books"):
        word = {"standard": "The source", "crm": "The CRM", "books": "The books"}[family]
        return f"{word} ({name})" if name else word
    plain = name or family
    return _NAMES.get(plain, plain.replace("_", " ").capitalize())


def summary(event_type: str, *, source: str, data: Mapping[str, Any], money: str | None) -> str:
    """Return the sentence of an event; an event type without one is named by its words."""
    sentence = _SENTENCES.get(event_type)
    if sentence is None:
        return f"{source_name(source)}: {event_type.replace('.', ' ').replace('_', ' ')}"
    return " ".join(sentence.format_map(_parts(source, data, money)).split())


def _parts(source: str, data: Mapping[str, Any], money: str | None) -> dict[str, str]:
    gateway = source.startswith("payment:")
    return {
        "who": source_name(source),
        "money": money or "money",
        "money_after": _after(" ", money),
        "of": _after(" of ", money),
        "for": _after(" for ", money),
        "of_order": _after(", up to ", money),
        "to": _after(" to ", money),
        "number": _after(" ", data.get("number")),
        "name": _after(" of ", data.get("name")),
        "due": _after(", due ", _day(data.get("due_on"))),
        "as_on": _after(" as on ", _day(data.get("as_on"))),
        "dated": _after(", dated ", _day(data.get("dated_on"))),
        "promised": _after(" on ", _day(data.get("on"))),
        "until": _after(" until ", _day(data.get("until"))),
        "status": _status(data.get("status")),
        "got": "captured" if gateway else "received",
        "via": _after(" by ", _plain(data.get("method") or data.get("mode") or data.get("channel"))),
        "why": _after(": ", data.get("reason")),
        "kind": _after(": ", _plain(data.get("kind"))),
        "as": _plain(data.get("as")) or "something else",
        "habit": _HABITS.get(str(data.get("habit")), "in another way"),
        "due_name": str(data.get("name") or "Something")[:120],
        "enterprise": _ENTERPRISES.get(str(data.get("kind")), "no micro or small enterprise"),
        "outcome": _plain(data.get("outcome")) or "no outcome noted",
        "text": str(data.get("text") or "")[:300],
    }


def _after(lead: str, value: Any) -> str:
    return f"{lead}{str(value)[:120]}" if value else ""


def _plain(word: Any) -> str:
    text = str(word or "").replace("_", " ")
    if text.lower() in ("upi", "neft", "rtgs", "imps", "ach", "nach", "emi", "tds"):
        return text.upper()
    return text.lower() if text.isupper() else text


def _status(status: Any) -> str:
    return _plain(str(status).rpartition(".")[2]) if status else "changed"


def _day(text: Any) -> str:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return ""
    return f"{day:%a} {day.day} {day:%b %Y}"
