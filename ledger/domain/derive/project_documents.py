"""Documents written down: bills with their dues, payables, and their postings."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from ledger.domain import rows as r
from ledger.domain.derive.derived import Derived
from ledger.domain.derive.model import Document
from ledger.domain.derive.parties import PartyIndex


def paid_on(document: Document) -> date | None:
    """Return the day of the last money for it (else of what else settled it); None while open or if written off."""
    if document.closed or document.remaining > 0 or document.written_off > 0:
        return None
    days = [day for kind, amount, day, _ in document.entries if amount < 0 and kind == "receipt"]
    if document.reserve and document.reserve_on:
        days.append(document.reserve_on)
    return max(days or (day for _, amount, day, _ in document.entries if amount < 0), default=None)


def document_rows(out: Derived, document: Document, parties: PartyIndex) -> None:
    """Write a bill, opening balance, credit note or payable, with its dues and postings."""
    best = document.members[0]
    describe = next((m.data["description"] for m in document.members if m.data.get("description")), None)
    note = document.kind == "credit_note"
    if document.side == "receivable":
        out.tables["invoices"].append(
            r.InvoiceRow(
                id=document.id,
                anchor=document.anchor,
                party_id=parties.row(document.party),
                number=document.number,
                kind=document.kind,
                status=_invoice_status(document),
                issued_on=document.issued_on,
                due_on=None if note else _next_due(document),
                amount=-document.amount if note else document.amount,
                base=document.base,
                outstanding=-document.remaining if note else document.remaining,
                currency=document.currency,
                url=next((m.data["url"] for m in document.members if m.data.get("url")), None),
                description=describe,
                paid_on=None if note else paid_on(document),
            )
        )
        if not note:
            _due_rows(out, document)
    else:
        out.tables["payables"].append(
            r.PayableRow(
                id=document.id,
                anchor=document.anchor,
                party_id=parties.row(document.party),
                number=document.number,
                kind=document.kind,
                status=_payable_status(document),
                issued_on=document.issued_on,
                due_on=None if note else _next_due(document),
                amount=-document.amount if note else document.amount,
                outstanding=-document.remaining if note else document.remaining,
                currency=document.currency,
                description=describe or best.data.get("voucher"),
            )
        )
    _document_postings(out, document, parties)


def _open_dues(document: Document) -> list[tuple[date | None, str | None, int, int]]:
    """Spread what is paid over the dues, oldest first."""
    paid = document.amount - document.remaining
    out = []
    for due_on, label, amount in document.dues:
        covered = min(amount, paid)
        paid -= covered
        out.append((due_on, label, amount, amount - covered if not document.closed else 0))
    return out


def _next_due(document: Document) -> date | None:
    return next((due_on for due_on, _, _, left in _open_dues(document) if left > 0), document.due_on)


def _due_rows(out: Derived, document: Document) -> None:
    for number, (due_on, label, amount, left) in enumerate(_open_dues(document), start=1):
        out.tables["dues"].append(r.DueRow(document.id, number, document.anchor, due_on, label, amount, left))


def _invoice_status(document: Document) -> str:
    if document.closed:
        return f"invoice.{document.closed}"
    if document.kind != "credit_note" and document.disputed and document.remaining > 0:
        return "invoice.disputed"
    if document.remaining <= 0:
        return "invoice.written_off" if document.written_off > 0 else "invoice.paid"
    return "invoice.partially_paid" if document.remaining < document.amount else "invoice.issued"


def _payable_status(document: Document) -> str:
    if document.closed:
        return "payable.voided"
    if document.remaining <= 0:
        return "payable.paid"
    return "payable.partially_paid" if document.remaining < document.amount else "payable.due"


def _document_postings(out: Derived, document: Document, parties: PartyIndex) -> None:
    if document.closed:
        return
    party, document_id = parties.row(document.party), document.id
    due_on = document.due_on

    def post(kind: str, amount: int, day: date, cause: UUID) -> None:
        out.postings.append(
            r.PostingRow(
                document.anchor,
                party,
                document_id,
                document.side,
                kind,
                amount,
                document.currency,
                day,
                due_on,
                cause,
            )
        )

    if document.kind == "credit_note":
        post("credit_note", -document.amount, document.issued_on, document.anchor)
        for _, amount, day, _ in document.entries:
            post("credit_note", -amount, day, document.anchor)
        return
    opening = "opening" if document.kind == "opening" else "invoice"
    post(opening, document.amount, document.issued_on, document.anchor)
    if document.reserve and document.reserve_on:
        post("receipt", -document.reserve, max(document.reserve_on, document.issued_on), document.anchor)
    for kind, amount, day, cause in document.entries:
        post(kind, amount, day, cause)
