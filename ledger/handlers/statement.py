"""A party's account from its postings: what it stood at, each thing that moved it as one line, what it stands at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.errors import NotFound, Rejected
from ledger.domain.derive.model import row_id
from ledger.domain.roles import Permission
from ledger.handlers.bills import CHARGES, day_of
from ledger.handlers.paging import Conditions
from ledger.handlers.periods import signed
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import NO_PARTY, business, own_parties, sees_payables
from ledger.handlers.tying import OURS, known
from ledger.queries.statement import Statement
from ledger.views.statement import (
    StatementAccount,
    StatementBill,
    StatementEntry,
    StatementFirm,
    StatementView,
)

MAX_ENTRIES, MAX_BILLS, MAX_NAMED = 5_000, 60, 6
_TOLD = ("address", "gstin")
_PAY = ("upi_id", "payee", "bank", "account", "ifsc", "phone")
Bills = tuple[tuple[StatementBill, ...], int, int]
"""The oldest open bills, how many more there are, and what all of them leave."""
_NO_BILLS: Bills = ((), 0, 0)

# $2 the party's ids, $3 until. A thing's parts of one day are one line: a receipt over several bills is one
# receipt, and an advance that a bill takes moves nothing. What came back is a line of its own on the day on which its
# money came; on a later day both ways at once are money that moved to a bill after it had come back: only the rest of
# it counts.
_ENTRIES = """
WITH part AS (
  SELECT o.side, o.currency, o.thing, o.key, o.effective_on,
         coalesce(sum(o.amount) FILTER (WHERE o.kind = 'reversal'), 0)::bigint AS back,
         coalesce(sum(o.amount) FILTER (WHERE o.kind <> 'reversal'), 0)::bigint AS went,
         min(o.due_on) FILTER (WHERE o.{charges}) AS due_on,
         o.effective_on = min(o.effective_on) OVER (PARTITION BY o.side, o.currency, o.thing, o.key) AS is_first
  FROM ({ours} AND p.party_id = ANY($2) AND p.effective_on <= $3 AND {then}) o
  GROUP BY o.side, o.currency, o.thing, o.key, o.effective_on
), line AS (
  SELECT l.side, l.currency, l.thing, l.key, l.effective_on, l.due_on, s.came_back, s.amount
  FROM part l CROSS JOIN LATERAL (VALUES
    (false, CASE WHEN l.is_first THEN l.went WHEN l.went <> 0 THEN l.went + l.back ELSE 0 END),
    (true, CASE WHEN l.is_first OR l.went = 0 THEN l.back ELSE 0 END)
  ) AS s(came_back, amount)
  WHERE s.amount <> 0
), shown AS MATERIALIZED (
  SELECT * FROM line WHERE {since}::date IS NULL OR effective_on >= {since} LIMIT {limit}
), told AS (
  SELECT s.*, w.row_id,
         coalesce(v.number, q.number) AS number, coalesce(v.description, q.description) AS description, r.method,
         coalesce(r.reference, o.reference, h.number) AS reference, coalesce(r.status, o.status) AS status,
         b.voucher, b.number AS books_number, n.kinds, n.bills,
         CASE WHEN s.thing IN ('deduction', 'write_off') AND w.row_id IS NULL THEN i.state->'data'->>'kind' END AS decided
  FROM shown s
  LEFT JOIN LATERAL (
    SELECT c.row_id FROM claims c
    WHERE c.business_id = $1 AND c.subject = s.key AND c.row_kind IN ('invoice', 'payable', 'receipt', 'payout')
    ORDER BY c.row_kind, c.row_id LIMIT 1) w ON true
  LEFT JOIN invoices v ON v.business_id = $1 AND v.id = w.row_id
  LEFT JOIN payables q ON q.business_id = $1 AND q.id = w.row_id
  LEFT JOIN receipts r ON r.business_id = $1 AND r.id = w.row_id
  LEFT JOIN payouts o ON o.business_id = $1 AND o.id = w.row_id
  LEFT JOIN identities i ON i.business_id = $1 AND i.subject = s.key
  LEFT JOIN LATERAL (
    SELECT c.number FROM claims k JOIN cheques c ON c.business_id = $1 AND c.anchor = k.subject
    WHERE k.business_id = $1 AND k.row_id = r.id ORDER BY c.number LIMIT 1) h ON true
  LEFT JOIN LATERAL (
    SELECT d.state->'data'->>'voucher' AS voucher, d.state->'data'->>'number' AS number
    FROM claims c JOIN identities d ON d.business_id = $1 AND d.subject = c.subject
    WHERE c.business_id = $1 AND c.row_id = w.row_id AND (c.source LIKE 'books:%' OR c.source LIKE 'standard:%')
      AND d.kind IN ('invoice', 'credit_note', 'bill', 'payment', 'payout')
    ORDER BY (d.state->'data'->>'voucher') IS NULL, c.stated_at DESC, c.subject LIMIT 1) b ON true
  LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT a.kind ORDER BY a.kind) FILTER (WHERE a.kind <> 'receipt') AS kinds,
           array_agg(DISTINCT coalesce(x.number, y.number)) FILTER (WHERE coalesce(x.number, y.number) <> '') AS bills
    FROM allocations a
    LEFT JOIN invoices x ON x.business_id = $1 AND x.id = a.document_id
    LEFT JOIN payables y ON y.business_id = $1 AND y.id = a.document_id
    WHERE a.business_id = $1 AND a.receipt_id = coalesce(r.id, o.id)) n ON true
)
SELECT side, currency, NULL AS thing, NULL AS key, NULL::date AS effective_on, NULL::date AS due_on, false AS came_back,
       sum(amount)::bigint AS amount, NULL AS number, NULL AS description, NULL AS method, NULL AS reference,
       NULL AS status, NULL AS voucher, NULL AS books_number, NULL::text[] AS kinds, NULL::text[] AS bills, NULL AS decided
FROM line WHERE effective_on < {since} GROUP BY side, currency
UNION ALL
SELECT side, currency, thing, key::text, effective_on, due_on, came_back, amount, number, description, method, reference,
       status, voucher, books_number, kinds, bills, decided
FROM told
"""
# What was open at the end of $3 of the bills that the same postings tell, the oldest first.
_BILLS = """
SELECT side, currency, number, issued_on, due_on, amount, outstanding, age_days, count, total FROM (
  SELECT b.*, coalesce(v.number, q.number) AS number, $3::date - coalesce(b.due_on, b.issued_on) AS age_days,
         row_number() OVER (whole ORDER BY coalesce(b.due_on, b.issued_on), b.document_id) AS place,
         count(*) OVER whole AS count, (sum(b.outstanding) OVER whole)::bigint AS total
  FROM (
    SELECT p.side, p.currency, p.document_id, sum(p.amount)::bigint AS outstanding,
           (sum(p.amount) FILTER (WHERE p.{charges}))::bigint AS amount,
           min(p.effective_on) FILTER (WHERE p.{charges}) AS issued_on, min(p.due_on) FILTER (WHERE p.{charges}) AS due_on
    FROM postings p
    WHERE p.business_id = $1 AND p.party_id = ANY($2) AND p.effective_on <= $3 AND {then}
    GROUP BY p.side, p.currency, p.document_id HAVING sum(p.amount) > 0 AND bool_or(p.{charges})
  ) b
  LEFT JOIN invoices v ON v.business_id = $1 AND v.id = b.document_id
  LEFT JOIN payables q ON q.business_id = $1 AND q.id = b.document_id
  WINDOW whole AS (PARTITION BY b.side, b.currency)
) o WHERE place <= {limit} ORDER BY side, currency, place
"""
_SOURCES = """
SELECT coalesce(s.label, t.source) AS label FROM (
  SELECT DISTINCT source FROM claims WHERE business_id = $1 AND party_id = $2 AND row_kind <> 'party') t
LEFT JOIN sources s ON s.business_id = $1 AND s.name = t.source
WHERE t.source <> 'operator' ORDER BY t.source
"""
_ADDRESS = """
SELECT i.state->'data'->>'address' FROM party_identities n JOIN identities i ON i.business_id = $1 AND i.subject = n.subject
WHERE n.business_id = $1 AND n.party_id = $2 AND i.state->'data'->>'address' <> ''
ORDER BY n.source NOT LIKE 'books:%', n.source, n.subject LIMIT 1
"""
_ORDER = (
    "opening",
    "invoice",
    "credit_note",
    "deduction",
    "receipt",
    "payment",
    "reversal",
    "set_off",
    "write_off",
)


@handles(Statement, permission=Permission.SEE_RECEIVABLES)
async def statement(question: Statement, ctx: Context) -> StatementView:
    """Answer with the party's accounts, the customer's side before the vendor's, our own currency first."""
    firm = await business(ctx)
    party = await _party(question.party_id, ctx)
    known_at, signed_until = await signed(ctx, question.until, question.known_at)
    until = day_of(firm, as_of=question.until, known_at=question.known_at)
    if question.since is not None and question.since > until:
        raise Rejected("statement.period", "The period ends before it begins.", remedy="Choose another one.")
    accounts = await _accounts(question, ctx, until=until, known_at=known_at)
    own = (
        "payable" if party["is_vendor"] and not party["is_customer"] and sees_payables(ctx) else "receivable"
    )
    if not accounts:
        accounts = [StatementAccount(own, party["currency"], 0, (), 0, 0, 0)]
    accounts.sort(key=lambda a: (a.side != own, a.side, a.currency != firm.currency, a.currency))
    labels = await ctx.tx.fetch(_SOURCES, ctx.actor.business_id, question.party_id)
    return StatementView(
        firm=await _firm(ctx),
        party_id=question.party_id,
        party_name=party["name"],
        gstin=party["gstin"],
        address=await ctx.tx.value(_ADDRESS, ctx.actor.business_id, question.party_id),
        since=question.since,
        until=until,
        today=firm.today,
        known_at=known_at or ctx.now,
        signed_until=signed_until,
        sources=tuple(dict.fromkeys(row["label"] for row in labels)),
        accounts=tuple(accounts),
    )


async def _party(party_id: UUID, ctx: Context) -> Any:
    where = Conditions([ctx.actor.business_id, party_id])
    where.add("p.business_id = $1 AND p.id = $2")
    own_parties(ctx, where)
    row = await ctx.tx.row(
        f"SELECT p.name, p.gstin, p.currency, p.is_customer, p.is_vendor FROM parties p WHERE {where.sql}",
        *where.values,
    )
    if row is None:
        raise NotFound(*NO_PARTY)
    return row


async def _accounts(
    question: Statement, ctx: Context, *, until: date, known_at: datetime | None
) -> list[StatementAccount]:
    where = Conditions([ctx.actor.business_id, await _ids(question.party_id, ctx), until])
    then = known("p.", where, known_at)
    if not sees_payables(ctx):
        then += " AND p.side = 'receivable'"
    bills = await _bills(ctx, where, then)
    since = where.value(question.since)
    sql = _ENTRIES.format(ours=OURS, then=then, charges=CHARGES, since=since, limit=MAX_ENTRIES + 1)
    rows = await ctx.tx.fetch(sql, *where.values)
    if sum(row["thing"] is not None for row in rows) > MAX_ENTRIES:
        raise Rejected(
            "statement.too_long",
            f"That is more than {MAX_ENTRIES:,} entries.",
            remedy="Choose a shorter period.",
        )
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        found[row["side"], row["currency"]].append(row)
    return [_account(*key, lines, bills.get(key, _NO_BILLS)) for key, lines in found.items()]


async def _ids(party_id: UUID, ctx: Context) -> list[UUID]:
    """Return the party's id and its former ones: what was posted before ledgers were joined stands under those."""
    rows = await ctx.tx.fetch(
        "SELECT subject FROM party_identities WHERE business_id = $1 AND party_id = $2",
        ctx.actor.business_id,
        party_id,
    )
    return sorted({party_id, *(row_id("party", row["subject"]) for row in rows)})


def _account(side: str, currency: str, rows: Sequence[Any], bills: Bills) -> StatementAccount:
    # What they owe us is a debit; what we owe them is a credit.
    sign = 1 if side == "receivable" else -1
    opening = sum(sign * row["amount"] for row in rows if row["thing"] is None)
    balance, entries = opening, []
    for row in sorted((row for row in rows if row["thing"] is not None), key=_place):
        amount = sign * row["amount"]
        balance += amount
        entries.append(_entry(row, amount, balance))
    return StatementAccount(
        side=side,
        currency=currency,
        opening=opening,
        entries=tuple(entries),
        debits=sum(entry.debit for entry in entries),
        credits=sum(entry.credit for entry in entries),
        closing=balance,
        bills=bills[0],
        more_bills=bills[1],
        open_bills=bills[2],
    )


def _kind(row: Any) -> str:
    if row["came_back"]:
        return "reversal"
    return "invoice" if row["thing"] == "bill" else str(row["thing"])


def _place(row: Any) -> tuple[Any, ...]:
    return row["effective_on"], _ORDER.index(_kind(row)), row["number"] or "", row["key"]


def _entry(row: Any, amount: int, balance: int) -> StatementEntry:
    kind = _kind(row)
    voucher, number = _voucher(row["voucher"])
    why: tuple[str, ...] = ()
    if kind == "deduction":
        why = tuple(row["kinds"] or ([row["decided"]] if row["decided"] else []))
    elif kind == "reversal":
        why = ("refunded" if (row["status"] or "").endswith("refunded") else "returned",)
    money = kind in ("receipt", "payment", "reversal")
    return StatementEntry(
        on=row["effective_on"],
        kind=kind,
        debit=max(amount, 0),
        credit=max(-amount, 0),
        balance=balance,
        voucher=voucher if kind not in ("deduction", "reversal") else None,
        number=number or row["books_number"] or row["number"],
        description=row["description"] if not money else None,
        method=row["method"] if money else None,
        reference=row["reference"] if money else None,
        why=why,
        bills=tuple((row["bills"] or ())[:MAX_NAMED]),
        due_on=row["due_on"] if kind == "invoice" else None,
    )


def _voucher(named: str | None) -> tuple[str | None, str | None]:
    """Part a voucher's name as the books write it: its type, and its number if it has one (Sales 45/26-27)."""
    kind, _, number = (named or "").strip().rpartition(" ")
    if kind and any(letter.isdigit() for letter in number):
        return kind, number
    return (named or "").strip() or None, None


async def _bills(ctx: Context, where: Conditions, then: str) -> dict[tuple[str, str], Bills]:
    """Return of each side and currency the oldest bills that were open, how many more, and what all of them leave."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in await ctx.tx.fetch(_BILLS.format(then=then, charges=CHARGES, limit=MAX_BILLS), *where.values):
        found[row["side"], row["currency"]].append(row)
    return {
        key: (tuple(_bill(row) for row in rows), rows[0]["count"] - len(rows), rows[0]["total"])
        for key, rows in found.items()
    }


def _bill(row: Any) -> StatementBill:
    return StatementBill(
        number=row["number"],
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        amount=row["amount"],
        outstanding=row["outstanding"],
        age_days=row["age_days"],
    )


async def _firm(ctx: Context) -> StatementFirm:
    firm = await business(ctx)
    settings = await ctx.tx.value(
        "SELECT settings FROM businesses WHERE business_id = $1", ctx.actor.business_id
    )
    told = {name: settings.get(name) for name in _TOLD} | {
        name: (settings.get("pay") or {}).get(name) for name in _PAY
    }
    return StatementFirm(
        name=firm.name, currency=firm.currency, **{name: value or None for name, value in told.items()}
    )
