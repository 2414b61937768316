"""The aging report: open bills by age and party, and the balances of parties, on any day, as known at any moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.errors import Rejected
from ledger.domain.derive.model import row_id
from ledger.domain.roles import Permission
from ledger.handlers.bills import PAYABLE, RECEIVABLE, day_of, open_bills
from ledger.handlers.listing import need_payables
from ledger.handlers.paging import Conditions, Order, cursors, cut, order_named, page_size, place
from ledger.handlers.periods import signed
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import business, own_parties, sees_payables
from ledger.queries.aging import Aging, Balances
from ledger.views.aging import AgedParty, AgedSum, AgingPage, BalanceView

MAX_BUCKETS, MAX_DAYS = 8, 3650
_SIDES = {"receivable": RECEIVABLE, "payable": PAYABLE}
_ORDERS = (
    Order("aging:overdue", ("r.overdue", "r.mark"), ("bigint", "text"), descending=True),
    Order("aging:net", ("r.bills - r.on_account", "r.mark"), ("bigint", "text"), descending=True),
    Order("aging:name", ("r.search_name", "r.mark"), ("text", "text")),
)
_KEYS: dict[str, Callable[[Any], Sequence[Any]]] = {
    "aging:overdue": lambda row: (row["overdue"], row["mark"]),
    "aging:net": lambda row: (row["bills"] - row["on_account"], row["mark"]),
    "aging:name": lambda row: (row["search_name"], row["mark"]),
}

# {bills} gives the open bills `i` of parties `p`. A bill with several dues is aged due by due: what was paid of it
# covers the oldest. {free} are documents with more taken off them than there was: money and credit notes not yet used.
_ROWS = """
WITH bill AS (
  SELECT i.id, i.party_id, i.currency, i.issued_on, i.due_on, i.amount, i.outstanding FROM {bills} WHERE {where}
), spread AS (
  SELECT b.party_id, b.currency, b.id,
         CASE WHEN d.invoice_id IS NULL THEN b.due_on ELSE d.due_on END AS due_on, b.issued_on,
         CASE WHEN d.invoice_id IS NULL OR d.billed <> b.amount THEN b.outstanding
              ELSE greatest(0, least(d.amount, d.running - (b.amount - b.outstanding))) END AS amount
  FROM bill b LEFT JOIN (
    SELECT invoice_id, due_on, amount,
           sum(amount) OVER (PARTITION BY invoice_id ORDER BY number)::bigint AS running,
           sum(amount) OVER (PARTITION BY invoice_id)::bigint AS billed, count(*) OVER (PARTITION BY invoice_id) AS n
    FROM dues WHERE business_id = $1
  ) d ON d.invoice_id = b.id AND d.n > 1 AND d.billed = b.amount
), aged AS (
  SELECT s.*, {day}::date - {since} AS age FROM spread s WHERE s.amount > 0
), owed AS (
  SELECT party_id, currency, sum(amount)::bigint AS bills,
         coalesce(sum(amount) FILTER (WHERE age <= 0), 0)::bigint AS not_due,
         coalesce(sum(amount) FILTER (WHERE age IS NULL), 0)::bigint AS undated,
         coalesce(sum(amount) FILTER (WHERE age > 0), 0)::bigint AS overdue,
         coalesce(max(age) FILTER (WHERE age > 0), 0) AS oldest, {buckets}
  FROM aged GROUP BY party_id, currency
), free AS (
  SELECT f.party_id, f.currency, -sum(f.amount)::bigint AS on_account FROM ({free}) f GROUP BY f.party_id, f.currency
), report AS (
  SELECT party_id, currency, coalesce(o.bills, 0) AS bills, coalesce(o.not_due, 0) AS not_due,
         coalesce(o.undated, 0) AS undated, coalesce(o.overdue, 0) AS overdue, coalesce(o.oldest, 0) AS oldest,
         coalesce(f.on_account, 0) AS on_account, {named}, party_id::text || '/' || currency AS mark
  FROM owed o FULL JOIN free f USING (party_id, currency)
), r AS MATERIALIZED (
  SELECT t.*, coalesce(q.name, '—') AS name, coalesce(q.search_name, '') AS search_name
  FROM report t LEFT JOIN parties q ON q.business_id = $1 AND q.id = t.party_id WHERE {only}
)
"""
_FREE = """
SELECT coalesce(q.id, x.party_id, v.party_id, k.party_id) AS party_id, k.currency, k.amount
FROM (
  SELECT s.document_id, s.party_id, s.currency, sum(s.amount) AS amount FROM postings s
  WHERE s.business_id = $1 AND s.side = '{side}' AND {then}
  GROUP BY s.document_id, s.party_id, s.currency HAVING sum(s.amount) < 0
) k
LEFT JOIN parties q ON q.business_id = $1 AND q.id = k.party_id
LEFT JOIN {money} x ON x.business_id = $1 AND x.id = k.document_id
LEFT JOIN {documents} v ON v.business_id = $1 AND v.id = k.document_id
LEFT JOIN parties p ON p.business_id = $1 AND p.id = coalesce(q.id, x.party_id, v.party_id, k.party_id)
WHERE {where}
"""
_MONEY = {"receivable": ("receipts", "invoices"), "payable": ("payouts", "payables")}
_PAGE = """
SELECT * FROM (
  SELECT r.currency AS of_currency, NULL::uuid AS party_id, NULL AS name, NULL AS search_name, NULL AS mark, 0 AS oldest,
         sum(bills)::bigint AS bills, sum(not_due)::bigint AS not_due, sum(undated)::bigint AS undated,
         sum(overdue)::bigint AS overdue, sum(on_account)::bigint AS on_account, {summed}
  FROM r GROUP BY r.currency ORDER BY r.currency
) t
UNION ALL
SELECT * FROM (
  SELECT r.currency, r.party_id, r.name, r.search_name, r.mark, r.oldest, r.bills, r.not_due, r.undated, r.overdue,
         r.on_account, {listed}
  FROM r WHERE {seek} ORDER BY {by} LIMIT {limit}
) u
"""


@dataclass(frozen=True, slots=True)
class _Report:
    """One report: its rows `r` as a WITH clause, the values so far, and what it is about."""

    rows: str
    where: Conditions
    day: date
    known_at: datetime | None
    signed_until: date | None


@handles(Aging, permission=Permission.SEE_RECEIVABLES)
async def aging_report(question: Aging, ctx: Context) -> AgingPage:
    """Answer with a page of parties and the sums over all; a sales rep's own customers' alone."""
    first, order = page_size(question.first), order_named(_ORDERS, question.sort)
    after = place(order, question.after)
    report = await _report(question, ctx)
    count = len(question.days) + 1
    seek = Conditions(report.where.values)
    seek.seek(order, after)
    sql = _PAGE.format(
        summed=", ".join(f"sum(bucket_{n})::bigint AS bucket_{n}" for n in range(count)),
        listed=", ".join(f"r.bucket_{n}" for n in range(count)),
        seek=seek.sql,
        by=order.by,
        limit=first + 1,
    )
    rows = await ctx.tx.fetch(report.rows + sql, *seek.values)
    page, end, more = cut(
        [row for row in rows if row["party_id"] is not None], first, order, _KEYS[order.name]
    )
    return AgingPage(
        end=end,
        more=more,
        cursors=cursors(page, order, _KEYS[order.name]),
        rows=tuple(AgedParty(row["party_id"], row["name"], _sums(row, count), row["oldest"]) for row in page),
        side=question.side,
        basis=question.basis,
        day=report.day,
        known_at=report.known_at,
        signed_until=report.signed_until,
        bounds=_bounds(question.days),
        totals=tuple(_sums(row, count) for row in rows if row["party_id"] is None),
    )


@counts(Aging)
async def count_aging(question: Aging, ctx: Context) -> int:
    """Count the report's rows: parties by currency."""
    report = await _report(question, ctx)
    found: int = await ctx.tx.value(f"{report.rows} SELECT count(*) FROM r", *report.where.values)
    return found


async def _report(question: Aging, ctx: Context) -> _Report:
    side = _side(question, ctx)
    firm = await business(ctx)
    day = day_of(firm, as_of=question.as_of, known_at=question.known_at)
    known_at, signed_until = await signed(ctx, question.as_of, question.known_at)
    where = Conditions([ctx.actor.business_id])
    bills = open_bills(side, where, as_of=question.as_of, known_at=known_at)
    _whose(question, ctx, where)
    free = Conditions(where.values)
    then = _then(free, question.as_of, known_at)
    _whose(question, ctx, free, column="p.id")
    money, documents = _MONEY[side.name]
    bounds = _bounds(question.days)
    rows = _ROWS.format(
        bills=bills,
        where=where.sql,
        day=free.value(day),
        since="s.due_on" if question.basis == "due" else "s.issued_on",
        buckets=", ".join(_bucket(n, *bound) for n, bound in enumerate(bounds)),
        named=", ".join(f"coalesce(o.bucket_{n}, 0) AS bucket_{n}" for n in range(len(bounds))),
        free=_FREE.format(side=side.name, then=then, money=money, documents=documents, where=free.sql),
        only="t.overdue > 0" if question.overdue_only else "t.bills <> 0 OR t.on_account <> 0",
    )
    return _Report(rows, free, day, known_at, signed_until)


def _side(question: Aging, ctx: Context) -> Any:
    if question.side not in _SIDES:
        raise Rejected("side.unknown", "A side is receivable or payable.")
    if question.side == "payable":
        need_payables(ctx)
    if question.basis not in ("due", "bill"):
        raise Rejected("aging.basis", "Bills are aged from their due date or their own: due, bill.")
    days = question.days
    if not 1 <= len(days) <= MAX_BUCKETS or list(days) != sorted({*days}) or days[0] < 1:
        raise Rejected(
            "aging.days", f"The buckets' last days are 1 to {MAX_BUCKETS} rising numbers, such as 30, 60, 90."
        )
    if days[-1] > MAX_DAYS:
        raise Rejected("aging.days", f"A bucket ends at {MAX_DAYS} days at the latest.")
    return _SIDES[question.side]


def _whose(question: Aging, ctx: Context, where: Conditions, column: str = "i.party_id") -> None:
    own_parties(ctx, where)
    if question.party_id is not None:
        where.add(f"{column} = {{}}", question.party_id)


def _then(where: Conditions, as_of: date | None, known_at: datetime | None) -> str:
    then = [f"s.effective_on <= {where.value(as_of)}"] if as_of is not None else []
    if known_at is None:
        return " AND ".join([*then, "s.known_to IS NULL"])
    moment = where.value(known_at)
    return " AND ".join(
        [*then, f"s.known_from <= {moment} AND (s.known_to IS NULL OR s.known_to > {moment})"]
    )


def _bounds(days: Sequence[int]) -> tuple[tuple[int, int | None], ...]:
    lows = [1, *(day + 1 for day in days)]
    return tuple(zip(lows, [*days, None], strict=True))


def _bucket(number: int, low: int, high: int | None) -> str:
    upto = f" AND age <= {high:d}" if high is not None else ""
    return f"coalesce(sum(amount) FILTER (WHERE age >= {low:d}{upto}), 0)::bigint AS bucket_{number}"


def _sums(row: Any, count: int) -> AgedSum:
    return AgedSum(
        currency=row["of_currency"],
        bills=row["bills"],
        not_due=row["not_due"],
        undated=row["undated"],
        buckets=tuple(row[f"bucket_{n}"] for n in range(count)),
        on_account=row["on_account"],
    )


# $2 the parties' ids and $3 their former ones, pairwise with the party that each is now.
_BALANCES = """
SELECT k.party_id, k.side, k.currency, coalesce(sum(k.amount) FILTER (WHERE k.amount > 0), 0)::bigint AS bills,
       coalesce(-sum(k.amount) FILTER (WHERE k.amount < 0), 0)::bigint AS on_account, sum(k.amount)::bigint AS net
FROM (
  SELECT n.party_id, s.side, s.currency, s.document_id, sum(s.amount) AS amount
  FROM unnest($2::uuid[], $3::uuid[]) AS n(party_id, posted_to)
  JOIN postings s ON s.business_id = $1 AND s.party_id = n.posted_to AND {then}
  GROUP BY n.party_id, s.side, s.currency, s.document_id HAVING sum(s.amount) <> 0
) k GROUP BY k.party_id, k.side, k.currency ORDER BY k.party_id, k.side DESC, k.currency
"""


@handles(Balances, permission=Permission.SEE_RECEIVABLES)
async def balances(question: Balances, ctx: Context) -> dict[UUID, tuple[BalanceView, ...]]:
    """Answer with how parties stood, from the postings; those that the actor may not see are left out."""
    firm = await business(ctx)
    day_of(firm, as_of=question.as_of, known_at=question.known_at)
    known_at, signed_until = await signed(ctx, question.as_of, question.known_at)
    who = await _ledgers(question.ids, ctx)
    where = Conditions(
        [
            ctx.actor.business_id,
            [party for party, ids in who.items() for _ in ids],
            [posted for ids in who.values() for posted in ids],
        ]
    )
    then = _then(where, question.as_of, known_at)
    if not sees_payables(ctx):
        then += " AND s.side = 'receivable'"
    found: dict[UUID, list[BalanceView]] = defaultdict(list, {party: [] for party in who})
    for row in await ctx.tx.fetch(_BALANCES.format(then=then), *where.values):
        found[row["party_id"]].append(
            BalanceView(
                side=row["side"],
                currency=row["currency"],
                bills=row["bills"],
                on_account=row["on_account"],
                net=row["net"],
                signed_until=signed_until,
            )
        )
    return {party: tuple(rows) for party, rows in found.items()}


async def _ledgers(ids: Sequence[UUID], ctx: Context) -> dict[UUID, list[UUID]]:
    """Return those of the parties that the actor may see, with the ids that their postings ever stood under."""
    where = Conditions([ctx.actor.business_id])
    where.add("p.business_id = $1 AND p.id = ANY({})", list(ids))
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(
        f"""
        SELECT p.id, array_agg(n.subject) FILTER (WHERE n.subject IS NOT NULL) AS subjects FROM parties p
        LEFT JOIN party_identities n ON n.business_id = $1 AND n.party_id = p.id
        WHERE {where.sql} GROUP BY p.id
        """,
        *where.values,
    )
    return {
        row["id"]: sorted({row["id"], *(row_id("party", one) for one in row["subjects"] or ())})
        for row in rows
    }
