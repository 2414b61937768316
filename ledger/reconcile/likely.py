"""Who may have paid a credit, and what is known of how he pays: read in a fixed number of statements for any number.

What teaches is what a person (not "only this time"), the books or a gateway said of other money of the same payer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from kit.database import Tx
from ledger.domain.keys import SHORTEST, bank_name, number_key, payer_handles, payer_keys
from ledger.domain.matching.learned import Usual, usual
from ledger.reconcile.found import Found
from ledger.reconcile.names import Known, Names

MAX_PAYERS = 3
_IN_WORDS = {"vpa": "UPI", "acc": "account", "nam": "name"}

_PARTIES = "SELECT id, anchor, name, habit FROM parties WHERE business_id = $1 AND is_customer"
_PAYERS = """
SELECT subject, state #> '{data,payer}' AS payer, state #> '{data,references,tokens}' AS tokens FROM identities
WHERE business_id = $1 AND subject = ANY($2::uuid[])
"""
# Open bills whose number stands in a narration.
_NAMED = """
SELECT w.key, i.party_id, i.anchor FROM unnest($2::text[]) AS w (key)
JOIN identity_keys k ON k.business_id = $1 AND k.key = w.key
JOIN claims c ON c.business_id = $1 AND c.subject = k.subject AND c.row_kind = 'invoice'
JOIN invoices i ON i.business_id = $1 AND i.id = c.row_id AND i.outstanding > 0 AND i.kind <> 'credit_note'
GROUP BY 1, 2, 3
"""
# What these parties kept back of their bills so far, by a person's word or the books'.
_KEPT = """
SELECT i.party_id, a.receipt_id, i.id, i.base, i.amount, i.issued_on, a.kind, a.amount AS kept
FROM allocations a JOIN invoices i ON i.business_id = $1 AND i.id = a.document_id
WHERE a.business_id = $1 AND i.party_id = ANY($2::uuid[]) AND a.kind NOT IN ('receipt', 'round_off')
  AND a.why IN ('decided', 'stated', 'books')
"""
# Money of the same payers whose party was told, not matched by itself, and not for that time only. The keys of what was
# decided are put together apart: put together where they are compared, they'd be compared with every key of the business.
_EARLIER = """
WITH paid AS MATERIALIZED (
  SELECT k.subject, r.party_id, 'sub:' || k.subject AS own, 'sub:' || r.anchor AS anchors
  FROM unnest($2::text[]) AS w (key)
  JOIN identity_keys k ON k.business_id = $1 AND k.key = w.key
  JOIN claims c ON c.business_id = $1 AND c.subject = k.subject AND c.row_kind = 'receipt'
  JOIN receipts r ON r.business_id = $1 AND r.id = c.row_id AND r.party_id IS NOT NULL AND r.arrived
    AND coalesce(r.why, 'decided') = 'decided'
), once AS MATERIALIZED (
  SELECT DISTINCT w.key FROM (SELECT own AS key FROM paid UNION SELECT anchors FROM paid) w
  JOIN identity_keys k ON k.business_id = $1 AND k.key = w.key
  JOIN identities d ON d.business_id = $1 AND d.subject = k.subject
  WHERE d.kind = 'decision' AND d.state #>> '{data,learn}' = 'once'
)
SELECT i.state #> '{data,payer}' AS payer, p.party_id, count(*) AS times FROM paid p
JOIN identities i ON i.business_id = $1 AND i.subject = p.subject
WHERE NOT EXISTS (SELECT FROM once o WHERE o.key IN (p.own, p.anchors))
GROUP BY 1, 2
"""
# A pair that a person parted (and didn't join again): the money, and a bill or a party by any of its identities.
_REJECTED = """
SELECT d.state ->> 'type' AS type, d.state #> '{data,subjects}' AS subjects
FROM unnest($2::text[]) AS m (key)
JOIN identity_keys k ON k.business_id = $1 AND k.key = m.key
JOIN identities d ON d.business_id = $1 AND d.subject = k.subject AND d.kind = 'decision'
WHERE d.state ->> 'type' IN ('link.rejected', 'link.confirmed')
ORDER BY d.state ->> 'at', d.subject
"""
_ANCHORS = """
SELECT c.subject, i.anchor FROM claims c JOIN invoices i ON i.business_id = $1 AND i.id = c.row_id
WHERE c.business_id = $1 AND c.subject = ANY($2::uuid[])
UNION ALL
SELECT subject, anchor FROM party_identities WHERE business_id = $1 AND subject = ANY($2::uuid[])
"""
# How people set this party's money before: on account, or against bills.
_MANNERS = """
SELECT party_id, count(*) FILTER (WHERE allocated = 0) AS on_account, count(*) FILTER (WHERE allocated > 0) AS on_bills
FROM receipts WHERE business_id = $1 AND party_id = ANY($2::uuid[]) AND arrived AND coalesce(why, 'decided') = 'decided'
GROUP BY party_id
"""


@dataclass(frozen=True, slots=True)
class Payer:
    """A party that may have paid; `known`: by more than the look of a name; `words` say by what."""

    party: Known
    known: bool
    words: str


@dataclass(slots=True)
class Likely:
    """All that is known of who may have paid each find."""

    parties: Mapping[UUID, Known]
    habits: Mapping[UUID, str]
    payers: dict[UUID, list[Payer]] = field(default_factory=dict)
    """find → parties, the likeliest first."""
    elsewhere: dict[UUID, set[UUID]] = field(default_factory=dict)
    """find → parties that its payer is known to pay for."""
    rejected: dict[UUID, set[UUID]] = field(default_factory=dict)
    """find → anchors of bills and parties that a person said it isn't for."""
    named: dict[UUID, set[UUID]] = field(default_factory=dict)
    """find → anchors of open bills whose number stands in the narration."""
    usual: dict[UUID, set[Usual]] = field(default_factory=lambda: defaultdict(set))
    """party → what it kept back before."""
    on_account: Collection[UUID] = frozenset()
    """Parties whose money people mostly left on account."""


async def read_likely(tx: Tx, business: UUID, finds: Sequence[Found]) -> Likely:
    """Return who may have paid each of `finds`."""
    rows = await tx.fetch(_PARTIES, business)
    known = {row["id"]: Known(row["id"], row["anchor"], row["name"]) for row in rows}
    out = Likely(known, {row["id"]: row["habit"] for row in rows if row["habit"]})
    out.rejected = await _rejections(tx, business, finds)
    handles, tokens = await _handles(tx, business, finds)
    named = await _named(tx, business, tokens)
    earlier = await _earlier(tx, business, handles)
    names = Names(known.values())
    for find in finds:
        out.payers[find.id], out.elsewhere[find.id] = _of(
            find, handles[find.id], earlier, names, known, out.rejected.get(find.id, set()), named[find.id]
        )
        out.named[find.id] = {anchor for _, anchor in named[find.id]}
    ids = sorted({payer.party.id for payers in out.payers.values() for payer in payers})
    out.usual |= await _usual(tx, business, ids)
    manners = await tx.fetch(_MANNERS, business, ids) if ids else []
    out.on_account = {row["party_id"] for row in manners if row["on_account"] > row["on_bills"]}
    return out


def _of(
    find: Found,
    handles: Iterable[str],
    earlier: Mapping[str, Mapping[UUID, int]],
    names: Names,
    known: Mapping[UUID, Known],
    rejected: Collection[UUID],
    named: Collection[tuple[UUID, UUID]],
) -> tuple[list[Payer], set[UUID]]:
    """Return the parties whose bills are named, those by the surest handle, then those of a similar name."""
    payers: list[Payer] = []
    seen: set[UUID] = set()
    for party in sorted({party for party, _ in named if party in known}):
        payers.append(Payer(known[party], True, "a bill's number is in the narration"))
        seen.add(party)
    told = set(seen)
    for handle in handles:
        counts = earlier.get(handle, {})
        for party in sorted(counts, key=lambda party: (-counts[party], str(party))):
            if party in known and party not in seen:
                seen.add(party)
                payers.append(Payer(known[party], True, f"known payer ({_IN_WORDS[handle[:3]]})"))
    text = str(find.evidence.get("payer") or find.evidence.get("narration") or "")
    squeezed = next((handle[4:] for handle in handles if handle.startswith("nam:")), "")
    alike = [party for party in names.similar(text) if party.id not in seen]
    alike.sort(key=lambda party: bank_name(party.name) != squeezed)
    payers += [Payer(party, False, "similar name") for party in alike]
    return [payer for payer in payers if payer.party.anchor not in rejected][:MAX_PAYERS], seen - told


async def _handles(
    tx: Tx, business: UUID, finds: Sequence[Found]
) -> tuple[dict[UUID, tuple[str, ...]], dict[UUID, set[str]]]:
    """Return by what each payer is known again (where the line itself says nothing more, his name), and the keys of
    bills that the bank's words may name."""
    anchors = [find.subjects[0] for find in finds]
    stated = {row["subject"]: row for row in await tx.fetch(_PAYERS, business, anchors)}
    handles: dict[UUID, tuple[str, ...]] = {}
    tokens: dict[UUID, set[str]] = {}
    for find in finds:
        row = stated.get(find.subjects[0])
        payer = row["payer"] if row is not None else None
        handles[find.id] = payer_handles(payer or {"name": find.evidence.get("payer")})
        words = {number_key(token) for token in (row["tokens"] or () if row is not None else ())}
        tokens[find.id] = {f"inv:{word}" for word in words if len(word) >= SHORTEST}
    return handles, tokens


async def _named(
    tx: Tx, business: UUID, tokens: Mapping[UUID, set[str]]
) -> dict[UUID, set[tuple[UUID, UUID]]]:
    """Return for each find (party, bill) of the open bills that are named; none where they are several parties'."""
    keys = sorted({key for several in tokens.values() for key in several})
    rows = await tx.fetch(_NAMED, business, keys) if keys else []
    of: dict[str, set[tuple[UUID, UUID]]] = defaultdict(set)
    for row in rows:
        of[row["key"]].add((row["party_id"], row["anchor"]))
    found = {find: {pair for key in several for pair in of.get(key, ())} for find, several in tokens.items()}
    return {
        find: pairs if len({party for party, _ in pairs}) == 1 else set() for find, pairs in found.items()
    }


async def _usual(tx: Tx, business: UUID, parties: Sequence[UUID]) -> dict[UUID, set[Usual]]:
    """Return at what rates each party kept something back before."""
    kept: dict[tuple[UUID, UUID], dict[str, int]] = defaultdict(dict)
    about: dict[tuple[UUID, UUID], asyncpg.Record] = {}
    for row in await tx.fetch(_KEPT, business, parties) if parties else []:
        key = (row["receipt_id"], row["id"])
        kept[key][row["kind"]] = kept[key].get(row["kind"], 0) + row["kept"]
        about[key] = row
    out: dict[UUID, set[Usual]] = defaultdict(set)
    for key, parts in kept.items():
        row = about[key]
        if rates := usual(parts, base=row["base"], amount=row["amount"], day=row["issued_on"]):
            out[row["party_id"]].add(rates)
    return out


async def _earlier(
    tx: Tx, business: UUID, handles: Mapping[UUID, tuple[str, ...]]
) -> dict[str, dict[UUID, int]]:
    """Return handle → party → how often it was told that this payer paid for it."""
    wanted = {handle for several in handles.values() for handle in several}
    keys = sorted({key for handle in wanted for key in _key(handle)})
    out: dict[str, dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    for row in await tx.fetch(_EARLIER, business, keys) if keys else []:
        for handle in wanted.intersection(payer_handles(row["payer"])):
            out[handle][row["party_id"]] += row["times"]
    return out


def _key(handle: str) -> set[str]:
    """Return the key under which a handle is kept."""
    sort, _, value = handle.partition(":")
    return payer_keys({"name": value}) if sort == "nam" else {f"hdl:{handle}"}


async def _rejections(tx: Tx, business: UUID, finds: Sequence[Found]) -> dict[UUID, set[UUID]]:
    """Return for each find what a person said it isn't for."""
    of = {find.subjects[0]: find.id for find in finds}
    apart: dict[tuple[UUID, UUID], bool] = {}
    for row in await tx.fetch(_REJECTED, business, [f"sub:{subject}" for subject in of]):
        subjects = {UUID(subject) for subject in row["subjects"]}
        for money in subjects & of.keys():
            apart.update({(money, other): row["type"] == "link.rejected" for other in subjects - {money}})
    parted = [pair for pair, no in apart.items() if no]
    out: dict[UUID, set[UUID]] = defaultdict(set)
    for money, other in parted:
        out[of[money]].add(other)
    others = sorted({other for _, other in parted})
    anchors: dict[UUID, set[UUID]] = defaultdict(set)
    for row in await tx.fetch(_ANCHORS, business, others) if others else []:
        anchors[row["subject"]].add(row["anchor"])
    for money, other in parted:
        out[of[money]] |= anchors[other]
    return out
