"""Set-off: what we owe a party is taken off what it owes us, the oldest bills first on both sides, as people agreed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from ledger.domain.derive.documents import Documents
from ledger.domain.derive.model import Document, Identity, Terms
from ledger.domain.derive.parties import PartyIndex


class SetOffs:
    """What was agreed, each carried out once: after the money of its day or earlier that matches itself, before any
    later, as far as both sides have bills of its day or earlier open; alike on both."""

    def __init__(
        self, documents: Documents, parties: PartyIndex, terms: Terms, *, decisions: Iterable[Identity]
    ) -> None:
        self._documents, self._parties = documents, parties
        agreed = [decision for decision in decisions if decision.type == "setoff.agreed"]
        self._waiting = sorted(
            ((decision.day(terms, "on"), decision) for decision in agreed),
            key=lambda one: (one[0], one[1].at, one[1].subject),
        )

    def before(self, day: date) -> None:
        """Carry out what was agreed for the days before."""
        while self._waiting and self._waiting[0][0] < day:
            self._carry_out(*self._waiting.pop(0))

    def rest(self) -> None:
        """Carry out all that is left."""
        while self._waiting:
            self._carry_out(*self._waiting.pop(0))

    def _carry_out(self, day: date, decision: Identity) -> None:
        party = self._parties.root(UUID(decision.data["party"]))
        ours, theirs = (
            _open(self._documents, party, side, decision.data["currency"], day)
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
