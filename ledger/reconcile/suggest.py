"""Proposes answers: which bills, deductions, parties and kinds an amount of money may belong to, best first.

The number of statements is the same for any number of questions: who may have paid (`likely`), the open bills of
just those parties, and the bills of exactly the right amount. The fitting itself is pure (`fits`, `proposals`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from kit.database import Tx
from ledger.domain.matching.bills import Bill
from ledger.domain.matching.fits import Owed
from ledger.domain.matching.kinds import kind_of
from ledger.reconcile.found import Found
from ledger.reconcile.likely import Likely, read_likely
from ledger.reconcile.names import Known
from ledger.reconcile.proposals import MAX_STRANGERS, Credit, candidates, party_choice
from ledger.reconcile.shortfalls import shortfalls

_OURS = "SELECT name FROM businesses WHERE business_id = $1"
_COLUMNS = (
    "i.anchor, i.number, i.party_id, i.outstanding, i.amount, i.base, i.due_on, i.issued_on, i.currency"
)
_EXACT = f"""
SELECT c.amount AS wanted, {_COLUMNS}
FROM (SELECT DISTINCT * FROM unnest($2::bigint[], $3::text[]) AS c (amount, currency)) c
CROSS JOIN LATERAL (
  SELECT * FROM invoices i
  WHERE i.business_id = $1 AND i.outstanding > 0 AND i.outstanding = c.amount AND i.currency = c.currency
    AND i.kind <> 'credit_note'
  ORDER BY i.outstanding, i.id LIMIT 20
) i
"""
_BILLS = f"""
SELECT {_COLUMNS} FROM unnest($2::uuid[]) AS p (id) CROSS JOIN LATERAL (
  SELECT * FROM invoices i
  WHERE i.business_id = $1 AND i.party_id = p.id AND i.outstanding > 0 AND i.kind <> 'credit_note'
  ORDER BY coalesce(i.due_on, i.issued_on), i.id LIMIT 200
) i
"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Candidates and parties, as they stand in the evidence; `party_id` of the likely one."""

    candidates: list[dict[str, Any]] = field(default_factory=list)
    parties: list[dict[str, Any]] = field(default_factory=list)
    party_id: UUID | None = None


async def suggest(tx: Tx, business: UUID, kind: str, finds: Sequence[Found]) -> dict[UUID, Suggestion]:
    """Return proposals for each find, by its id; `kind` is the rule's suggester."""
    if not finds:
        return {}
    if kind == "deductions":
        return {find.id: Suggestion(shortfalls(find.evidence)) for find in finds}
    return await _bills(tx, business, finds)


async def _bills(tx: Tx, business: UUID, finds: Sequence[Found]) -> dict[UUID, Suggestion]:
    likely = await read_likely(tx, business, finds)
    ours = [row["name"] for row in await tx.fetch(_OURS, business)]
    wanted = sorted({(find.amount, find.currency) for find in finds if find.amount and find.currency})
    same: dict[tuple[int, str], list[Bill]] = defaultdict(list)
    for row in await tx.fetch(_EXACT, business, [w[0] for w in wanted], [w[1] for w in wanted]):
        same[row["wanted"], row["currency"]].append(_bill(row))
    owned: dict[tuple[UUID, str], list[Bill]] = defaultdict(list)
    ids = sorted({payer.party.id for payers in likely.payers.values() for payer in payers})
    for row in await tx.fetch(_BILLS, business, ids) if ids else []:
        owned[row["party_id"], row["currency"]].append(_bill(row))
    wallets = {key: Owed(bills) for key, bills in owned.items()}
    of = {str(party.anchor): party for party in likely.parties.values()}
    return {find.id: _suggestion(find, likely, of, ours, same, wallets) for find in finds}


def _suggestion(
    find: Found,
    likely: Likely,
    of: Mapping[str, Known],
    ours: Sequence[str],
    same: Mapping[tuple[int, str], Sequence[Bill]],
    wallets: Mapping[tuple[UUID, str], Owed],
) -> Suggestion:
    payers = likely.payers[find.id]
    amount, currency = find.amount or 0, find.currency or ""
    rejected = likely.rejected.get(find.id, set())
    evidence = find.evidence
    credit = Credit(
        amount=amount,
        day=date.fromisoformat(evidence["day"]),
        payers=payers,
        wallets=_without(rejected, {p.party.id: wallets.get((p.party.id, currency)) for p in payers}),
        strangers=_strangers(
            likely, find, [b for b in same.get((amount, currency), ()) if b.anchor not in rejected]
        ),
        kind=kind_of(evidence.get("narration") or "", side="credit", payer=evidence.get("payer"), ours=ours),
        habits=likely.habits,
        on_account=bool(payers) and payers[0].party.id in likely.on_account,
        elsewhere=frozenset(likely.elsewhere.get(find.id, ())),
        narration=evidence.get("narration") or "",
        named=likely.named.get(find.id, frozenset()),
        usual=likely.usual,
    )
    best = candidates(credit)
    parties = [payer.party for payer in payers]
    parties += [of[one["party"]] for one in best if one.get("party") in of]
    parties = list(dict.fromkeys(parties))
    named = next((of[one["party"]].id for one in best[:1] if one.get("party") in of), None)
    first = best[0].get("shape") if best else None
    return Suggestion(
        candidates=best,
        parties=[party_choice(credit, party) for party in parties],
        party_id=named if named or first == "kind" else parties[0].id if parties else None,
    )


def _strangers(likely: Likely, find: Found, bills: Sequence[Bill]) -> list[tuple[Known, Bill]]:
    """Return the bills of just this amount whose parties nothing else speaks for, unless there are many such parties."""
    rejected = likely.rejected.get(find.id, set())
    named = {payer.party.id for payer in likely.payers[find.id]}
    found = [
        (likely.parties[bill.party], bill)
        for bill in bills
        if bill.party in likely.parties and bill.party not in named
    ]
    found = [(party, bill) for party, bill in found if party.anchor not in rejected]
    return found if len({party for party, _ in found}) <= MAX_STRANGERS else []


def _without(rejected: set[UUID], wallets: Mapping[UUID, Owed | None]) -> dict[UUID, Owed]:
    """Leave out the bills that a person said the money isn't for."""
    out = {}
    for party, owed in wallets.items():
        if owed is not None and rejected and any(bill.anchor in rejected for bill in owed.bills):
            owed = Owed(bill for bill in owed.bills if bill.anchor not in rejected)
        if owed is not None and owed.bills:
            out[party] = owed
    return out


def _bill(row: asyncpg.Record) -> Bill:
    return Bill(
        row["anchor"], row["number"], row["party_id"], row["outstanding"], row["amount"], row["base"], row["due_on"],
        row["issued_on"],
    )  # fmt: skip
