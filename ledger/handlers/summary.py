"""One sentence for one event: “Invoice INV-102 for ₹34,220”, “Razorpay says ₹5,000 captured”. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kit.catalogues import ENGLISH, N_
from ledger.domain.matching.kinds import LABELS
from ledger.reconcile.offers import DEDUCTION_WORDS, STATUS_WORDS
from ledger.words import filled, marked, on_day

_NAMES = {"icici": "ICICI", "hdfc": "HDFC", "sbi": "SBI", "books": N_("The books"), "operator": N_("You")}
_FAMILIES = {"standard": N_("The source"), "crm": N_("The CRM"), "books": N_("The books")}
_HABITS = {
    "bill_wise": N_("bill by bill"),
    "oldest_first": N_("the oldest bills first"),
    "on_account": N_("on account"),
}
_OTHER_HABIT = N_("in another way")
_ENTERPRISES = {"micro": N_("a micro enterprise"), "small": N_("a small enterprise")}
_NO_ENTERPRISE = N_("no micro or small enterprise")
_OUTCOMES = {
    "will_pay": N_("will pay"),
    "no_answer": N_("no answer"),
    "says_paid": N_("says paid"),
    "dispute": N_("dispute"),
}
_MONEY, _CHANGED, _SOMETHING_ELSE, _SOMETHING, _NO_OUTCOME = (
    N_("money"), N_("changed"), N_("something else"), N_("Something"), N_("no outcome noted"),
)  # fmt: skip
_CAPTURED, _RECEIVED = N_("captured"), N_("received")

# {money} is “₹5,000” or a plain word, {amount} the same where it is known, {who} the source, {on} a date, {why} a reason;
# what stands in brackets leaves no trace where an event doesn't say it.
_SENTENCES: Mapping[str, str] = {
    "party.upserted": N_("{who} updated the details[ of {name}]"),
    "party.merged": N_("{who} joined this with another name"),
    "opening.stated": N_("Opening balance[ of {amount}][ as on {as_on}]"),
    "invoice.issued": N_("Invoice[ {number}][ for {amount}][, due {due}]"),
    "invoice.revised": N_("Invoice[ {number}] revised[ to {amount}]"),
    "invoice.status_reported": N_("{who} says invoice[ {number}] is {status}"),
    "invoice.voided": N_("Invoice[ {number}] cancelled"),
    "credit_note.issued": N_("Credit note[ {number}][ for {amount}]"),
    "credit_note.voided": N_("Credit note[ {number}] cancelled"),
    "balance.stated": N_("{who}: balance[ of {amount}][ as on {as_on}]"),
    "tax_credit.stated": N_("TDS[ of {amount}] paid in for you, the tax department says"),
    "entry.stated": N_("{who}: an entry[ of {amount}] that is nobody's bill"),
    "payment.authorised": N_("{who} says {money} authorised, not captured yet[ by {via}]"),
    "payment.failed": N_("{who} says a payment[ of {amount}] failed[: {why}]"),
    "payment.received": N_("{who} says {money} {got}[ by {via}]"),
    "payment.reversed": N_("{who} says {money} was taken back[: {why}]"),
    "payment.reported": N_("{money} reported as paid[ by {via}]"),
    "payment.confirmed": N_("Payment[ of {amount}] confirmed"),
    "refund.processed": N_("{who} says {money} refunded"),
    "refund.failed": N_("{who} says a refund[ of {amount}] failed[: {why}]"),
    "settlement.processed": N_("{who} settled {money} to the bank"),
    "settlement.failed": N_("{who} says a settlement[ of {amount}] failed[: {why}]"),
    "dispute.opened": N_("The customer's bank disputes {money}[: {why}]"),
    "dispute.won": N_("Dispute[ of {amount}] won"),
    "dispute.lost": N_("Dispute[ of {amount}] lost"),
    "bank.credited": N_("{money} came into {who}[ by {via}]"),
    "bank.debited": N_("{money} went out of {who}[ by {via}]"),
    "bill.received": N_("Bill[ {number}][ for {amount}][, due {due}]"),
    "bill.status_reported": N_("{who} says bill[ {number}] is {status}"),
    "bill.voided": N_("Bill[ {number}] cancelled"),
    "payout.scheduled": N_("Payment[ of {amount}] to them scheduled"),
    "payout.processed": N_("{money} paid to them[ by {via}]"),
    "payout.failed": N_("Payment[ of {amount}] to them failed[: {why}]"),
    "payout.reversed": N_("Payment[ of {amount}] to them came back[: {why}]"),
    "deal.status_reported": N_("{who} says deal[ of {name}][ of {amount}] is {status}"),
    "cheque.received": N_("Cheque[ {number}][ of {amount}] received[, dated {dated}]"),
    "cheque.deposited": N_("Cheque[ {number}] deposited"),
    "cheque.cleared": N_("Cheque[ {number}] cleared"),
    "cheque.returned": N_("Cheque[ {number}] returned[: {why}]"),
    "cheque.replaced": N_("Cheque[ {number}] replaced"),
    "status.unmapped": N_("{who} used a status that isn't mapped yet"),
    "reconciliation.resolved": N_("A question was answered"),
    "reconciliation.reopened": N_("A question was opened again"),
    "link.confirmed": N_("Confirmed as the same money"),
    "link.rejected": N_("Marked as different money"),
    "allocation.decided": N_("Decided which bills this money pays"),
    "line.classified": N_("Bank entry marked as {as}"),
    "habit.decided": N_("Pays {habit}"),
    "setoff.agreed": N_("{money} that you owe them set off"),
    "refund.agreed": N_("{money} to be given back"),
    "deduction.claimed": N_("Deduction[ of {amount}] claimed[: {kind}]"),
    "deduction.accepted": N_("Deduction[ of {amount}] accepted[: {kind}]"),
    "deduction.refused": N_("Deduction[ of {amount}] refused[: {kind}]"),
    "promise.made": N_("Promised to pay[ {amount}][ on {on}]"),
    "call.logged": N_("Call: {outcome}"),
    "reminder.sent": N_("Reminded of {money}"),
    "goods.held": N_("No goods on credit for now"),
    "goods.released": N_("Goods may go out[, up to {amount}][ until {until}]"),
    "dispute.raised": N_("Bill disputed[: {why}]"),
    "dispute.settled": N_("Dispute settled[: {why}]"),
    "writeoff.approved": N_("{money} written off"),
    "parties.linked": N_("Joined with another name"),
    "parties.unlinked": N_("Separated from another name"),
    "note.added": N_("Note[: {text}]"),
    "recurring.stated": N_("{due_name} falls due again and again, about {money}"),
    "vendor.msme_stated": N_("Vendor marked as {enterprise}"),
    "status.mapped": N_("A source's word was given its meaning"),
    "period.closed": N_("Period closed[ until {until}]"),
    "decision.withdrawn": N_("A decision was taken back"),
}


_UNNAMED = N_("{who}: {what}")
_KEPT: Mapping[str, str] = {
    "image": N_("Photo[ from {author}][: {text}]"),
    "audio": N_("Voice note[ from {author}][: {text}]"),
    "video": N_("Video[ from {author}][: {text}]"),
    "contact": N_("Contact[ from {author}][: {text}]"),
    "place": N_("Place[ from {author}][: {text}]"),
    "file": N_("File[ from {author}][: {text}]"),
}
"""What is kept with a note, by the kind of its media type."""
_KINDS = {"text/vcard": "contact", "application/geo+json": "place"}


def _kept(media_type: str) -> str:
    return _KEPT.get(_KINDS.get(media_type, media_type.partition("/")[0]), _KEPT["file"])


def source_name(source: str, language: str = ENGLISH) -> str:
    """Name a source as people do: payment:razorpay → Razorpay, bank:icici → ICICI, crm:demo → The CRM (demo)."""
    family, _, name = source.partition(":")
    if family in _FAMILIES:
        word = marked(language, _FAMILIES[family])
        return f"{word} ({name})" if name else word
    plain = name or family
    return marked(language, _NAMES.get(plain, plain.replace("_", " ").capitalize()))


def summary(
    event_type: str, *, source: str, data: Mapping[str, Any], money: str | None, language: str = ENGLISH
) -> str:
    """Return the sentence of an event; an event type without one is named by its words."""
    sentence = _SENTENCES.get(event_type, _UNNAMED)
    if event_type == "note.added" and data.get("attachment"):
        sentence = _kept(str(data.get("media_type")))
    parts = _parts(source, data, money, language)
    parts["what"] = event_type.replace(".", " ").replace("_", " ")
    return " ".join(filled(marked(language, sentence), lambda name, _: parts[name]).split())


def _parts(source: str, data: Mapping[str, Any], money: str | None, language: str) -> dict[str, str]:
    def words(text: str) -> str:
        return marked(language, text)

    def day(name: str) -> str:
        return _day(data.get(name), language)

    return {
        "who": source_name(source, language),
        "money": money or words(_MONEY),
        "amount": money or "",
        "number": _brief(data.get("number")),
        "name": _brief(data.get("name")),
        "due": day("due_on"),
        "as_on": day("as_on"),
        "dated": day("dated_on"),
        "on": day("on"),
        "until": day("until"),
        "status": _status(data.get("status"), language),
        "got": words(_CAPTURED if source.startswith("payment:") else _RECEIVED),
        "via": words(_plain(data.get("method") or data.get("mode") or data.get("channel"))),
        "why": _brief(data.get("reason")),
        "kind": words(DEDUCTION_WORDS.get(str(data.get("kind")), _plain(data.get("kind")))),
        "as": words(_money_kind(data.get("as"), language)),
        "habit": words(_HABITS.get(str(data.get("habit")), _OTHER_HABIT)),
        "due_name": _brief(data.get("name")) or words(_SOMETHING),
        "enterprise": words(_ENTERPRISES.get(str(data.get("kind")), _NO_ENTERPRISE)),
        "outcome": words(_OUTCOMES.get(str(data.get("outcome")), _plain(data.get("outcome"))) or _NO_OUTCOME),
        "text": str(data.get("text") or "")[:300],
        "author": _brief(data.get("author")),
    }


def _money_kind(kind: Any, language: str) -> str:
    if language != ENGLISH and str(kind) in LABELS:
        return LABELS[str(kind)]
    return _plain(kind) or _SOMETHING_ELSE


def _brief(value: Any) -> str:
    return str(value)[:120] if value else ""


def _plain(word: Any) -> str:
    text = str(word or "").replace("_", " ")
    if text.lower() in ("upi", "neft", "rtgs", "imps", "ach", "nach", "emi", "tds"):
        return text.upper()
    return text.lower() if text.isupper() else text


def _status(status: Any, language: str) -> str:
    if not status:
        return marked(language, _CHANGED)
    if language != ENGLISH and (ours := STATUS_WORDS.get(str(status))) is not None:
        return marked(language, ours)
    return _plain(str(status).rpartition(".")[2])


def _day(text: Any, language: str) -> str:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return ""
    return on_day(language, day, "EEE d MMM y")
