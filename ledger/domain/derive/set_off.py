"""Set-off: what we owe a party is taken off what it owes us, the oldest bills first on both sides, as people agreed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from ledger.domain.derive.documents import Documents
from ledger.domain.derive.model import Document, Identity, Terms
from ledger.domain.derive.parties import PartyIndex


def set_off(
    documents: Documents, parties: PartyIndex, terms: Terms, *, decisions: Iterable[Identity]
) -> None:
    """Carry out each `setoff.agreed` as far as both sides have bills of its day or earlier open; alike on both."""
    for decision in sorted(decisions, key=lambda identity: (identity.at, identity.subject)):
        if decision.type != "setoff.agreed":
            continue
        party, day = parties.root(UUID(decision.data["party"])), decision.day(terms, "on")
        ours, theirs = (
            _open(documents, party, side, decision.data["currency"], day)
            for side in ("receivable", "payable")
        )
        amount = min(
            decision.data["amount"], *(sum(row.remaining for row in rows) for rows in (ours, theirs))
        )
        for rows in (ours, theirs):
            _take(rows, amount, day, decision.subject)


def _open(documents: Documents, party: UUID, side: str, currency: str, day: date) -> list[Document]:
    found = [
        row
        for row in documents.rows
        if (row.party, row.side, row.currency) == (party, side, currency)
        and row.kind != "credit_note"
        and row.remaining > 0
        and row.issued_on <= day
    ]
    return sorted(found, key=lambda row: (row.issued_on, row.anchor))


def _take(rows: Iterable[Document], amount: int, day: date, cause: UUID) -> None:
    left = amount
    for row in rows:
        if (fits := min(left, row.remaining)) > 0:
            row.enter("set_off", -fits, day, cause)
            left -= fits
