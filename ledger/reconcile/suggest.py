"""Proposes answers: which bills, deductions and parties an amount of money may belong to, best first.

One statement fetches the bills of exactly the right amount, one the bills of the parties that may have paid (known
payer, or a similar name); the fitting itself is pure (`fits`). A name alone never proposes a bill.
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
from ledger.domain.matching.fits import Bill, Fit, Owed, days_in_words, exact, fits, short_fits
from ledger.reconcile.found import Found
from ledger.reconcile.names import Known, Names

MAX_CANDIDATES = 4
MAX_STRANGERS = 3
"""More parties than this with a bill of just this amount: the amount says nothing."""
_RANKS = {"known payer": 0, "similar name": 1, "": 2}

_PARTIES = "SELECT id, anchor, name FROM parties WHERE business_id = $1 AND is_customer"
_PAYERS = """
SELECT r.payer, r.party_id, r.anchor FROM receipts r
WHERE r.business_id = $1 AND r.payer = ANY($2::text[]) AND r.party_id IS NOT NULL AND r.arrived
"""
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
SELECT {_COLUMNS} FROM invoices i
WHERE i.business_id = $1 AND i.party_id = ANY($2::uuid[]) AND i.outstanding > 0 AND i.kind <> 'credit_note'
ORDER BY i.party_id, coalesce(i.due_on, i.issued_on), i.id
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
        return {find.id: Suggestion(_deductions(find.evidence)) for find in finds}
    return await _bills(tx, business, finds)


async def _bills(tx: Tx, business: UUID, finds: Sequence[Found]) -> dict[UUID, Suggestion]:
    known = {
        row["id"]: Known(row["id"], row["anchor"], row["name"]) for row in await tx.fetch(_PARTIES, business)
    }
    likely = await _likely(tx, business, finds, known)
    wanted = sorted({(find.amount, find.currency) for find in finds if find.amount and find.currency})
    same: dict[tuple[int, str], list[Bill]] = defaultdict(list)
    for row in await tx.fetch(_EXACT, business, [w[0] for w in wanted], [w[1] for w in wanted]):
        same[row["wanted"], row["currency"]].append(_bill(row))
    owned: dict[tuple[UUID, str], list[Bill]] = defaultdict(list)
    ids = sorted({party.id for parties in likely.values() for party, _ in parties})
    for row in await tx.fetch(_BILLS, business, ids) if ids else []:
        owned[row["party_id"], row["currency"]].append(_bill(row))
    wallets = {key: Owed(bills) for key, bills in owned.items()}
    return {find.id: _propose(find, likely[find.id], known, same, wallets) for find in finds}


async def _likely(
    tx: Tx, business: UUID, finds: Sequence[Found], known: Mapping[UUID, Known]
) -> dict[UUID, list[tuple[Known, str]]]:
    """Return for each find the parties that may have paid: known payers first, then similar names."""
    payers = sorted({str(find.evidence["payer"]) for find in finds if find.evidence.get("payer")})
    earlier: dict[str, dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    for row in await tx.fetch(_PAYERS, business, payers) if payers else []:
        earlier[row["payer"]][row["party_id"]] += 1
    names = Names(known.values())
    out: dict[UUID, list[tuple[Known, str]]] = {}
    for find in finds:
        payer = find.evidence.get("payer")
        counts = earlier.get(str(payer), {})
        ranked = sorted(counts, key=lambda party: (-counts[party], str(party)))
        parties = [(known[party], "known payer") for party in ranked[:3] if party in known]
        seen = {party.id for party, _ in parties}
        text = str(payer or find.evidence.get("narration") or "")
        parties += [(party, "similar name") for party in names.similar(text) if party.id not in seen]
        out[find.id] = parties[:3]
    return out


def _propose(
    find: Found,
    likely: list[tuple[Known, str]],
    known: Mapping[UUID, Known],
    same: Mapping[tuple[int, str], list[Bill]],
    wallets: Mapping[tuple[UUID, str], Owed],
) -> Suggestion:
    amount, currency = find.amount or 0, find.currency or ""
    day = date.fromisoformat(find.evidence["day"])
    proposals: list[tuple[Fit, Known, str]] = []
    for party, why in likely:
        owed = wallets.get((party.id, currency))
        proposals += [(fit, party, why) for fit in fits(owed, amount, day)] if owed else []
    named = {party.id for party, _ in likely}
    strangers = [bill for bill in same.get((amount, currency), []) if bill.party not in named]
    if len({bill.party for bill in strangers}) <= MAX_STRANGERS:
        proposals += [(exact(bill), known[bill.party], "") for bill in strangers if bill.party in known]
    proposals.sort(key=lambda item: _order(item[0], item[2], day))
    best = proposals[:MAX_CANDIDATES]
    parties = [party for party, _ in likely]
    parties += [party for _, party, why in best if not why and party not in parties]
    return Suggestion(
        candidates=[_candidate(fit, party, why, day) for fit, party, why in best],
        parties=[{"party": str(party.anchor), "name": party.name} for party in dict.fromkeys(parties)],
        party_id=best[0][1].id if best else likely[0][0].id if likely else None,
    )


def _order(fit: Fit, why: str, day: date) -> tuple[Any, ...]:
    """Known payer first, then the plainer fit, then bills that fell due nearest to the day, then the usual deduction."""
    distance = min(abs((day - (bill.due_on or bill.issued_on)).days) for bill in fit.bills)
    usual = [part[0] != "tds" for part in fit.cut.parts] if fit.cut else []
    return (_RANKS[why], fit.rank, distance, str(fit.bills[0].anchor), len(usual), usual, fit.id)


def _candidate(fit: Fit, party: Known, why: str, day: date) -> dict[str, Any]:
    """Write a proposal down as it stands in the evidence; amounts in paise."""
    amount = "amount exact" if fit.cut is None else "amount exact after the deduction"
    words = [amount, days_in_words(day, fit.bills), why]
    cut = None
    if fit.cut is not None:
        cut = {"amount": fit.cut_amount, "percent": fit.cut.percent, "base": fit.base, "why": fit.cut.why}
    return {
        "id": fit.id,
        "party": str(party.anchor),
        "name": party.name,
        "bills": [{"number": bill.number, "outstanding": bill.outstanding} for bill in fit.bills],
        "lines": [
            {"document": str(bill.anchor), "number": bill.number, "amount": paid, "kind": kind}
            for bill, paid, kind in fit.lines
        ],
        "cut": cut,
        "evidence": [word for word in words if word],
    }


def _deductions(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Propose the cuts that explain a short payment of one bill."""
    short = int(evidence.get("short") or 0)
    if short <= 0:
        return []
    found = []
    day = date.fromisoformat(evidence["day"])
    base, total = evidence.get("bill_base"), int(evidence["bill_amount"])
    for cut, mistaken in short_fits(short=short, base=base, total=total, day=day)[:MAX_CANDIDATES]:
        on = total if mistaken else int(base or 0)
        parts = list(cut.of(on))
        parts[0] = (parts[0][0], parts[0][1] + short - sum(part for _, part in parts))
        found.append(
            {
                "id": "cut_"
                + "_".join(f"{kind}_{rate}" for kind, rate in cut.parts)
                + ("_gross" if mistaken else ""),
                "bills": [{"number": evidence.get("number"), "outstanding": short}],
                "lines": [
                    {
                        "document": evidence["document"],
                        "number": evidence.get("number"),
                        "amount": part,
                        "kind": kind,
                    }
                    for kind, part in parts
                ],
                "cut": {"amount": short, "percent": cut.percent, "base": on, "why": cut.why},
                "mistaken": mistaken,
                "evidence": ["the difference is just this deduction"]
                + (["computed on GST as well, which is a common mistake"] if mistaken else []),
            }
        )
    return found


def _bill(row: asyncpg.Record) -> Bill:
    return Bill(
        row["anchor"], row["number"], row["party_id"], row["outstanding"], row["amount"], row["base"], row["due_on"],
        row["issued_on"],
    )  # fmt: skip
