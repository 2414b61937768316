"""Stage two: a pure function of source identities and human decisions → the rows of the read tables.

Nothing is remembered from one run to the next, so any order of arrival gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from ledger.domain.derive.allocate import allocate
from ledger.domain.derive.derived import Derived
from ledger.domain.derive.documents import build_documents
from ledger.domain.derive.model import Identity, Terms
from ledger.domain.derive.money import build_money
from ledger.domain.derive.openings import reduce_openings
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.derive.project import project

_TAKEN_BACK = frozenset(["decision.withdrawn", "reconciliation.reopened"])
"""Words of people that leave no trace in the read tables."""
__all__ = ["Derived", "Identity", "Terms", "derive"]
_JOURNALS = frozenset(["deduction.accepted", "writeoff.approved", "setoff.agreed"])
"""Decisions that the books enter as a journal, without any money."""


def derive(identities: Iterable[Identity], terms: Terms) -> Derived:
    """Return every row that stands on `identities`, which must be closed under their keys."""
    everything = _as_last_told(sorted(identities, key=lambda identity: identity.subject))
    live = [i for i in everything if i.type not in _TAKEN_BACK]
    decisions = _not_entered([i for i in live if i.kind == "decision"], live)
    parties = PartyIndex(live, decisions=decisions)
    documents = build_documents(live, parties, terms)
    moneys = build_money(live, parties, terms, decisions=decisions)
    reduce_openings(documents, moneys, parties, terms)
    for decision in sorted(decisions, key=lambda identity: (identity.at, identity.subject)):
        if decision.type in ("dispute.raised", "dispute.settled") and (
            document := documents.of(UUID(decision.data["document"]))
        ):
            document.disputed = decision.type == "dispute.raised"
    allocate(documents, moneys, parties, terms, decisions=decisions)
    return project(live, parties, documents, moneys, terms)


def _not_entered(decisions: list[Identity], live: list[Identity]) -> list[Identity]:
    """Leave out decisions that the books have entered since as a journal of their own: that journal says it now."""
    entered = {
        mark
        for identity in live
        if identity.kind in ("credit_note", "invoice", "bill") and not identity.type.endswith(".voided")
        for mark in identity.references("marks")
    }
    return [d for d in decisions if d.type not in _JOURNALS or str(d.subject) not in entered]


def _as_last_told(identities: list[Identity]) -> list[Identity]:
    """Leave out what an earlier edit of a record made and its latest doesn't: a party struck out of a journal."""
    latest: dict[tuple[str, str], int] = {}
    for identity in identities:
        if identity.kind != "party" and (record := identity.data.get("record")):
            key = (identity.source, record)
            latest[key] = max(latest.get(key, 0), identity.data.get("revision", 0))
    return [
        identity
        for identity in identities
        if identity.kind == "party"
        or identity.data.get("revision", 0)
        >= latest.get((identity.source, identity.data.get("record") or ""), 0)
    ]
