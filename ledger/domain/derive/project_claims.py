"""Claims written down: what each source identity says, and of which row."""

from __future__ import annotations

from uuid import UUID

from ledger.domain import rows as r
from ledger.domain.derive.derived import Derived
from ledger.domain.derive.documents import Documents
from ledger.domain.derive.model import Identity, row_id
from ledger.domain.derive.money import Moneys
from ledger.domain.derive.parties import PartyIndex


def claim_rows(
    out: Derived, identities: list[Identity], parties: PartyIndex, documents: Documents, moneys: Moneys
) -> None:
    """Write one claim for each row that an identity speaks of."""
    payments = {(i.source, i.external_id): i.subject for i in identities if i.kind == "payment"}
    for identity in identities:
        for row_kind, claimed, party in _claimed(identity, parties, documents, moneys, payments):
            out.tables["claims"].append(
                r.ClaimRow(
                    subject=identity.subject,
                    row_id=claimed,
                    anchor=identity.subject,
                    row_kind=row_kind,
                    party_id=parties.row(party) if party else None,
                    source=identity.source,
                    source_event_id=identity.state["event"],
                    word=identity.state["word"],
                    status=identity.status,
                    amount=identity.data.get("amount"),
                    currency=identity.data.get("currency"),
                    stated_at=identity.at,
                    url=identity.data.get("url"),
                )
            )


def _claimed(
    identity: Identity,
    parties: PartyIndex,
    documents: Documents,
    moneys: Moneys,
    payments: dict[tuple[str, str], UUID],
) -> list[tuple[str, UUID, UUID | None]]:
    """Return (kind of row, its id, its party) for each row that an identity makes a claim on."""
    subject, party = identity.subject, parties.of(identity)
    if identity.kind == "party":
        return [("party", parties.row(parties.root(subject)), parties.root(subject))]
    if document := documents.of(subject):
        kind = "invoice" if document.side == "receivable" else "payable"
        return [(kind, document.id, document.party)]
    if identity.kind in ("deal", "invoice"):
        numbers = identity.references("invoices") + [n for n in [identity.data.get("number")] if n]
        found = {
            document.anchor: document
            for number in numbers
            if (
                document := documents.numbered(number, side="receivable", party=party)
                or documents.numbered(number, side="receivable", party=None)
            )
        }
        if found:
            return [("invoice", found[anchor].id, found[anchor].party) for anchor in sorted(found)]
        return [(identity.kind, row_id(identity.kind, subject), party)]
    if identity.kind in ("refund", "dispute"):
        paid = payments.get((identity.source, str(identity.data.get("payment"))))
        subject = paid if paid is not None else subject
    if (money := moneys.of.get(subject)) is not None:
        return [("receipt" if money.side == "receivable" else "payout", money.id, money.party)]
    if identity.kind == "decision":
        cited = identity.data.get("document") or identity.data.get("receipt") or identity.data.get("line")
        cited = cited or next(iter(identity.data.get("subjects", ())), None)
        about = UUID(cited) if cited else subject
        if document := documents.of(about):
            return [("invoice" if document.side == "receivable" else "payable", document.id, document.party)]
        if (money := moneys.of.get(about)) is not None:
            return [("receipt" if money.side == "receivable" else "payout", money.id, money.party)]
    return [(identity.kind, row_id(identity.kind, subject), party)]
