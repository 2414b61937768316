"""What a page of the to-enter list needs to become vouchers: who tells of it, which bills take it, how the books call them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from ledger.domain.books_export.compose import OWN_TRANSFER, Known, Part
from ledger.handlers.registry import Context
from ledger.handlers.scope import business
from ledger.handlers.summary import source_name

_LEARNT_FROM = 2_000
"""So many of the newest bank lines teach how the books call each account."""
_MEMBERS = """
SELECT c.row_id, i.source, i.kind, i.state->'data' AS data
FROM claims c JOIN identities i ON i.business_id = $1 AND i.subject = c.subject
WHERE c.business_id = $1 AND c.row_id = ANY($2) AND i.kind IN ('payment', 'payout', 'bank_line', 'cheque', 'settlement')
ORDER BY c.row_id, i.kind, c.source, c.subject
"""
# Our bills with the number and the ledger that the books know each by.
_NUMBERS = """
SELECT d.id, coalesce(v.number, q.number) AS our_number, b.number, b.ledger
FROM unnest($2::uuid[]) AS d(id)
LEFT JOIN invoices v ON v.business_id = $1 AND v.id = d.id
LEFT JOIN payables q ON q.business_id = $1 AND q.id = d.id
LEFT JOIN LATERAL (
  SELECT i.state->'data'->>'number' AS number, i.state->'data'->'party'->>'name' AS ledger
  FROM claims c JOIN identities i ON i.business_id = $1 AND i.subject = c.subject
  WHERE c.business_id = $1 AND c.row_id = d.id AND c.source = ANY($3) AND i.kind IN ('invoice', 'bill')
  ORDER BY c.stated_at DESC, c.subject LIMIT 1) b ON true
"""
_ALLOCATIONS = """
SELECT receipt_id, document_id, kind, amount, why FROM allocations
WHERE business_id = $1 AND receipt_id = ANY($2) ORDER BY receipt_id, document_id, kind
"""
_POSTINGS = """
SELECT cause, document_id, side, kind, sum(amount)::bigint AS amount FROM postings
WHERE business_id = $1 AND known_to IS NULL AND cause = ANY($2) GROUP BY cause, document_id, side, kind
ORDER BY cause, side DESC, document_id, kind
"""
_NAMES = """
SELECT p.id, p.name, (
  SELECT n.name FROM party_identities n
  WHERE n.business_id = $1 AND n.party_id = p.id AND n.source = ANY($3) AND n.name IS NOT NULL
  ORDER BY (n.name = p.name) DESC, n.name LIMIT 1) AS ledger
FROM parties p WHERE p.business_id = $1 AND p.id = ANY($2)
"""
_BANKS = """
SELECT DISTINCT ON (source, account) source, account, ledger FROM (
  SELECT b.source, b.account, i.state->'data'->>'account' AS ledger, count(*) AS times
  FROM (SELECT source, account, anchor FROM bank_lines WHERE business_id = $1 ORDER BY posted_on DESC LIMIT {limit}) b
  JOIN claims o ON o.business_id = $1 AND o.subject = b.anchor
  JOIN claims c ON c.business_id = $1 AND c.row_id = o.row_id AND c.source = ANY($2)
  JOIN identities i ON i.business_id = $1 AND i.subject = c.subject AND i.state->'data' ? 'account'
  GROUP BY 1, 2, 3) told
ORDER BY source, account, times DESC, ledger
"""
_SETTLEMENTS = """
SELECT s.id, s.fee, s.tax, s.source, b.source AS bank, b.account, b.narration, b.reference, b.channel
FROM settlements s JOIN bank_lines b ON b.business_id = $1 AND b.id = s.bank_line_id
WHERE s.business_id = $1 AND s.id = ANY($2)
"""
_LINES = "SELECT id, source, account, narration, reference, channel FROM bank_lines WHERE business_id = $1 AND id = ANY($2)"
_OTHER_SIDE = """
SELECT w.id, b.source, b.account FROM unnest($2::uuid[], $3::date[], $4::bigint[]) AS w(id, day, amount)
JOIN bank_lines b ON b.business_id = $1 AND b.amount = -w.amount AND b.posted_on BETWEEN w.day - 3 AND w.day + 3
"""


async def details(
    ctx: Context, rows: Sequence[Any], books: Sequence[str]
) -> tuple[list[Known], Mapping[str, str]]:
    """Return what is known of each line, in their order, and the ledgers that the business has named."""
    reading = _Reading(ctx, list(books))
    await reading.read(rows)
    return [reading.known(row) for row in rows], reading.ledgers


class _Reading:
    """The statements of one page, and what they brought."""

    def __init__(self, ctx: Context, books: list[str]) -> None:
        self._ctx = ctx
        self._books = books
        self._business = ctx.actor.business_id
        self.ledgers: dict[str, str] = {}
        self._currency = "INR"
        self._members: dict[UUID, list[tuple[str, str, Mapping[str, Any]]]] = defaultdict(list)
        self._parts: dict[UUID, list[Part]] = defaultdict(list)
        self._names: dict[UUID, Any] = {}
        self._banks: dict[tuple[str, str], str] = {}
        self._bank_of: dict[UUID, tuple[str, str]] = {}
        self._settled: dict[UUID, Any] = {}
        self._others: dict[UUID, set[tuple[str, str]]] = defaultdict(set)

    async def read(self, rows: Sequence[Any]) -> None:
        """Read all that the page needs, a statement each."""
        if not rows:
            return
        fetch, ids = self._ctx.tx.fetch, [row["row_id"] for row in rows]
        self._currency = (await business(self._ctx)).currency
        named = await self._ctx.tx.value(
            "SELECT settings->'ledgers' FROM businesses WHERE business_id = $1", self._business
        )
        self.ledgers = dict(named or {})
        for row in await fetch(_MEMBERS, self._business, ids):
            self._members[row["row_id"]].append((row["source"], row["kind"], row["data"]))
            if row["kind"] == "bank_line":
                self._bank_of[row["row_id"]] = (row["source"], row["data"]["account"])
        for row in await fetch(_SETTLEMENTS, self._business, ids):
            self._settled[row["id"]] = row
            self._tell(row["id"], row["bank"], row)
        for row in await fetch(_LINES, self._business, [r["row_id"] for r in rows if r["kind"] == "debit"]):
            self._tell(row["id"], row["source"], row)
        await self._read_parts(rows)
        parties = list({row["party_id"] for row in rows if row["party_id"]})
        self._names = {row["id"]: row for row in await fetch(_NAMES, self._business, parties, self._books)}
        for row in await fetch(_BANKS.format(limit=_LEARNT_FROM), self._business, self._books):
            self._banks[row["source"], row["account"]] = row["ledger"]
        moved = [r for r in rows if r["class"] == OWN_TRANSFER]
        for row in await fetch(
            _OTHER_SIDE, self._business, [r["row_id"] for r in moved], [r["day"] for r in moved],
            [r["amount"] for r in moved],
        ) if moved else ():  # fmt: skip
            if (place := (row["source"], row["account"])) != self._bank_of.get(row["id"]):
                self._others[row["id"]].add(place)

    def _tell(self, row_id: UUID, source: str, line: Any) -> None:
        data = {"narration": line["narration"], "channel": line["channel"]}
        if line["reference"]:
            data["references"] = {"utr": [line["reference"]]}
        self._members[row_id].insert(0, (source, "bank_line", data))
        self._bank_of[row_id] = (source, line["account"])

    async def _read_parts(self, rows: Sequence[Any]) -> None:
        fetch = self._ctx.tx.fetch
        money = [r["row_id"] for r in rows if r["kind"] in ("receipt", "payout", "kept_back")]
        journals = [r["row_id"] for r in rows if r["kind"] == "journal"]
        allocated = await fetch(_ALLOCATIONS, self._business, money)
        posted = await fetch(_POSTINGS, self._business, journals) if journals else []
        documents = list({row["document_id"] for row in (*allocated, *posted)})
        numbers = {row["id"]: row for row in await fetch(_NUMBERS, self._business, documents, self._books)}
        kept_back = {r["row_id"] for r in rows if r["kind"] == "kept_back"}
        kinds = {r["row_id"]: r["class"] for r in rows if r["kind"] == "journal"}
        for row in allocated:
            if row["receipt_id"] in kept_back and (
                row["kind"] == "receipt" or row["why"] in ("stated", "books")
            ):
                continue
            self._parts[row["receipt_id"]].append(
                _part(row["kind"], row["amount"], numbers.get(row["document_id"]))
            )
        for row in posted:
            kind = kinds.get(row["cause"]) or row["kind"]
            part = _part(kind, -row["amount"], numbers.get(row["document_id"]), side=row["side"])
            self._parts[row["cause"]].append(part)

    def known(self, row: Any) -> Known:
        """Return what is known of one line."""
        row_id, name = row["row_id"], self._names.get(row["party_id"])
        settled = self._settled.get(row_id)
        place = self._bank_of.get(row_id)
        others = self._others[row_id]
        extra = {}
        if settled is not None:
            gateway = self.ledgers.get(settled["source"]) or source_name(settled["source"])
            extra = {"fee": settled["fee"], "tax": settled["tax"], "gateway": gateway}
        return Known(
            subject=row["subject"],
            kind=row["kind"],
            on=row["day"],
            amount=row["amount"],
            currency=self._currency,
            as_=row["class"],
            party=name["name"] if name is not None else None,
            ledger=name["ledger"] if name is not None else None,
            members=self._members[row_id],
            parts=self._parts[row_id],
            bank=self._bank(row_id, place),
            other_bank=self._ledger(next(iter(others))) if len(others) == 1 else None,
            bank_told=_account(place) if place is not None else "",
            maybe=_maybe(row["alike_on"], row["day"]),
            extra=extra,
        )

    def _bank(self, row_id: UUID, place: tuple[str, str] | None) -> str | None:
        """Return the ledger that the money went into or out of."""
        if place is not None:
            return self._ledger(place)
        for source, _, data in self._members[row_id]:
            if source.startswith("payment:"):
                return self.ledgers.get(source) or source_name(source)
            if data.get("into") == "cash" or data.get("method") == "cash":
                return self.ledgers.get("cash") or "Cash"
        return None

    def _ledger(self, place: tuple[str, str]) -> str | None:
        source, account = place
        named = self.ledgers.get(f"{source}/{account}") or self.ledgers.get(source)
        return named or self._banks.get(place)


def _part(kind: str, amount: int, numbers: Any, *, side: str = "receivable") -> Part:
    if numbers is None:
        return Part(kind, amount, None, None, None, side)
    return Part(kind, amount, numbers["number"], numbers["our_number"], numbers["ledger"], side)


def _account(place: tuple[str, str]) -> str:
    source, account = place
    tail = "".join(character for character in account if character.isalnum())[-4:]
    name = source_name(source)
    return f"{name.upper() if len(name) <= 5 else name} ··{tail}" if tail else name


def _maybe(alike_on: Any, day: Any) -> str:
    if alike_on is None:
        return ""
    apart = abs(alike_on - day) // timedelta(days=1)
    when = "the same day" if not apart else f"{apart} day{'s' if apart > 1 else ''} apart"
    return f"the books show a receipt of the same amount from them on {alike_on:%a} {alike_on.day} {alike_on:%b} ({when}): is it this one?"
