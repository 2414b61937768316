"""Can I pay: what the banks hold, what customers should bring and what must go, day by day, and who could help."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from ledger.domain.cash.ahead import (
    Candidate,
    Payment,
    Receipt,
    Short,
    Span,
    by_week,
    cover,
    first_at_risk,
    first_short,
    project,
)
from ledger.domain.cash.dues import PAID_WITHIN, Occurrence, bank_closed
from ledger.domain.roles import Permission
from ledger.handlers.cash_accounts import Banks, read_banks
from ledger.handlers.expected import EXPECTED
from ledger.handlers.paging import Conditions
from ledger.handlers.recurring import holidays, unconfirmed, unpaid
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.handlers.standing import STANDING
from ledger.queries.cash import CashAhead
from ledger.views import BusinessView
from ledger.views.cash import (
    CashAheadView,
    CashMove,
    CashSpan,
    Coverer,
    DueAhead,
    OtherCurrency,
    ShortageView,
)

DAYS, BY_DAY = 56, 14
MOVES_SHOWN = 300
_MOST_RECEIPTS = 20_000
_MOST_CANDIDATES = 500
_LONGEST_LOOK_BACK = timedelta(days=40)
_BACK = "$2::date - 90"
"""A cheque is good for three months; what was scheduled before that isn't meant any more."""

# What is to go and to come by $3 that isn't a customer's bill: of vendors' bills what their advances and the payouts on
# their way don't cover, the oldest first. Cheques of ours that the bank hasn't shown ($5: whether a bank shows
# anything, $6: till when): those of days to come, and those given since. Settlements on their way come in.
OUT = f"""
WITH scheduled AS (
  SELECT o.id, o.party_id, greatest(o.paid_on, $2) AS on_day, o.amount, o.payee, o.reference FROM payouts o
  WHERE o.business_id = $1 AND o.status = 'payout.scheduled' AND o.currency = $4 AND o.paid_on >= {_BACK}
), bill AS (
  SELECT b.id, b.party_id, p.name, b.number, b.due_on, b.outstanding,
         sum(b.outstanding) OVER (PARTITION BY b.party_id ORDER BY coalesce(b.due_on, b.issued_on), b.id) AS upto,
         CASE WHEN p.currency = $4
              THEN greatest(0, sum(b.outstanding) OVER (PARTITION BY b.party_id) - p.payable) ELSE 0 END
         + coalesce((SELECT sum(s.amount) FROM scheduled s WHERE s.party_id = b.party_id), 0) AS covered
  FROM payables b JOIN parties p ON p.business_id = $1 AND p.id = b.party_id
  WHERE b.business_id = $1 AND b.outstanding > 0 AND b.currency = $4
), going AS (
  SELECT 'bill' AS kind, b.due_on AS on_day, b.party_id, b.name,
         greatest(0, least(b.outstanding, b.upto - b.covered))::bigint AS amount, b.id, b.number
  FROM bill b WHERE b.due_on IS NULL OR b.due_on <= $3
  UNION ALL
  SELECT 'payout', s.on_day, s.party_id, coalesce(p.name, s.payee), s.amount, s.id, s.reference
  FROM scheduled s LEFT JOIN parties p ON p.business_id = $1 AND p.id = s.party_id WHERE s.on_day <= $3
  UNION ALL
  SELECT 'own_cheque', greatest(o.paid_on, $2), o.party_id, coalesce(p.name, o.payee), o.amount, o.id, o.reference
  FROM payouts o LEFT JOIN parties p ON p.business_id = $1 AND p.id = o.party_id
  WHERE o.business_id = $1 AND o.status = 'payout.processed' AND o.bank_line_id IS NULL AND o.currency = $4
    AND o.paid_on BETWEEN {_BACK} AND $3
    AND (o.paid_on > $2 OR $5 AND EXISTS (
      SELECT FROM claims c JOIN identities n ON n.business_id = $1 AND n.subject = c.subject
      WHERE c.business_id = $1 AND c.row_id = o.id AND c.row_kind = 'payout'
        AND n.state->'data'->>'mode' ILIKE '%cheque%'))
  UNION ALL
  SELECT 'settlement', $2 + 1, NULL, s.source, s.amount, s.id, NULL FROM settlements s
  WHERE s.business_id = $1 AND s.status = 'settlement.processed' AND s.bank_line_id IS NULL AND s.currency = $4
    AND $5 AND s.settled_on BETWEEN $2 - 5 AND $2 AND s.settled_on > $6::date - 2
  UNION ALL
  SELECT 'cheque', greatest(coalesce(c.dated_on, $2), $2) + 2, NULL, c.number, c.amount, c.id, NULL FROM cheques c
  WHERE c.business_id = $1 AND c.party_id IS NULL AND c.currency = $4 AND c.amount > 0
    AND c.status IN ('cheque.received', 'cheque.deposited')
)
"""
_BY_DAY = (
    OUT
    + "SELECT kind, on_day, NULL AS name, sum(amount)::bigint AS amount FROM going WHERE amount > 0 GROUP BY kind, on_day"
)
_EACH = (
    OUT
    + "SELECT kind, on_day, party_id, name, amount FROM going WHERE amount > 0 ORDER BY on_day, name, amount"
)
_IN = f"""
{EXPECTED}
SELECT c.on_day, c.low, c.high, c.why, c.party_id, p.name, sum(c.amount)::bigint AS amount
FROM coming c JOIN party p ON p.id = c.party_id
WHERE c.amount > 0 AND (c.on_day IS NULL OR least(c.low, c.on_day) < $2 + {DAYS})
GROUP BY c.on_day, c.low, c.high, c.why, c.party_id, p.name
ORDER BY c.on_day, p.name, c.party_id, c.why, c.low, c.high
"""
# Who could help: what he owes net and isn't expected by that day, and when he is expected at all.
_CANDIDATES = f"""
{EXPECTED}
SELECT p.id, p.name, p.promise_broken, sum(c.amount)::bigint AS amount, min(c.on_day) AS on_day
FROM coming c JOIN party p ON p.id = c.party_id LEFT JOIN late l ON l.party_id = p.id
WHERE c.amount > 0 AND c.why NOT IN ('disputed', 'question') AND (c.on_day IS NULL OR c.on_day > {{short}})
  AND (l.overdue > 0 OR c.on_day IS NOT NULL)
GROUP BY p.id, p.name, p.promise_broken ORDER BY sum(c.amount) DESC, p.id LIMIT {_MOST_CANDIDATES}
"""
_FOREIGN = """
SELECT currency, sum(come)::bigint AS come, sum(pay)::bigint AS pay FROM (
  SELECT currency, outstanding AS come, 0 AS pay FROM invoices
  WHERE business_id = $1 AND outstanding > 0 AND currency <> $2
  UNION ALL SELECT currency, 0, outstanding FROM payables
  WHERE business_id = $1 AND outstanding > 0 AND currency <> $2
) o GROUP BY currency
"""
_INCOMING = ("settlement", "cheque")


@dataclass(frozen=True, slots=True)
class Morning:
    """What the digest says of it: to pay by its horizon, the dues among it, the first short day, and what goes when."""

    to_pay: int
    dues: tuple[DueAhead, ...]
    shortage: ShortageView | None
    pays: tuple[tuple[date, int], ...] = ()


@handles(CashAhead, permission=Permission.SEE_PAYABLES)
async def cash_ahead(_: CashAhead, ctx: Context) -> CashAheadView:
    """Answer with the weeks ahead."""
    firm = await business(ctx)
    last = firm.today + timedelta(days=DAYS - 1)
    banks = await read_banks(ctx)
    where = _customers(firm)
    rows = await ctx.tx.fetch(STANDING.format(where=where.sql) + _IN, *where.values)
    going = await ctx.tx.fetch(_EACH, *outgoing(firm, banks, last))
    dues = await dues_ahead(ctx, firm, banks, last)
    receipts = [_receipt(row) for row in rows if row["on_day"] is not None]
    payments = [_payment(row) for row in going if row["kind"] not in _INCOMING and row["on_day"] is not None]
    receipts += [_sure(row) for row in going if row["kind"] in _INCOMING]
    payments += [_due_payment(one) for one in dues]
    days = project(banks.opening, receipts, payments, today=firm.today, days=DAYS)
    short = first_short(days) if banks.why_not is None else None
    risk = first_at_risk(days) if banks.why_not is None else None
    shut = await holidays(ctx)
    moves = _moves(receipts, payments, firm.today, firm.today + timedelta(days=BY_DAY - 1))
    return CashAheadView(
        today=firm.today,
        currency=firm.currency,
        accounts=banks.accounts,
        opening=banks.opening,
        days=tuple(_span(day, bank_closed(day.first, shut)) for day in days[:BY_DAY]),
        weeks=tuple(_span(week) for week in by_week(days)),
        moves=tuple(moves[:MOVES_SHOWN]),
        more_moves=max(0, len(moves) - MOVES_SHOWN),
        shortage=await _shortage(ctx, firm, short) if short is not None else None,
        at_risk=ShortageView(risk.on, risk.amount)
        if risk is not None and (short is None or risk.on < short.on)
        else None,
        why_not=banks.why_not,
        not_expected=sum(row["amount"] for row in rows if row["on_day"] is None),
        no_day=sum(row["amount"] for row in going if row["on_day"] is None),
        overdue_bills=sum(
            row["amount"] for row in going if row["on_day"] is not None and row["on_day"] < firm.today
        ),
        others=await _others(ctx, firm, banks),
        unconfirmed=await unconfirmed(ctx, firm),
    )


async def morning(ctx: Context, *, expected: Mapping[str, int], horizon: date) -> Morning:
    """Answer for the digest with few and small statements; `expected` is what customers should bring, by ISO day."""
    firm = await business(ctx)
    banks = await read_banks(ctx)
    going = await ctx.tx.fetch(_BY_DAY, *outgoing(firm, banks, horizon))
    dues = await dues_ahead(ctx, firm, banks, horizon)
    on_days = [row for row in going if row["on_day"] is not None and row["on_day"] <= horizon]
    to_pay = sum(row["amount"] for row in on_days if row["kind"] in ("bill", "payout"))
    told = tuple(_due_ahead(one, firm.today) for one in dues)
    pays: dict[date, int] = defaultdict(int)
    for row in on_days:
        if row["kind"] in ("bill", "payout"):
            pays[max(row["on_day"], firm.today)] += row["amount"]
    for due in told:
        pays[due.on] += due.amount
    by_day = tuple(sorted(pays.items()))
    morning = Morning(to_pay + sum(due.amount for due in told), told, None, by_day)
    if banks.opening is None or banks.why_not is not None:
        return morning
    receipts = [_likely(date.fromisoformat(on), amount) for on, amount in expected.items()]
    receipts += [_sure(row) for row in on_days if row["kind"] in _INCOMING]
    payments = [_payment(row) for row in on_days if row["kind"] not in _INCOMING]
    payments += [_due_payment(one) for one in dues]
    days = (horizon - firm.today).days + 1
    short = first_short(project(banks.opening, receipts, payments, today=firm.today, days=days))
    if short is None:
        return morning
    return replace(morning, shortage=await _shortage(ctx, firm, short))


def _customers(firm: BusinessView) -> Conditions:
    where = Conditions([firm.id, firm.today, firm.currency])
    where.add("p.receivable > 0 AND p.currency = $3")
    return where


def outgoing(firm: BusinessView, banks: Banks, last: date) -> tuple[Any, ...]:
    """Return the values of OUT: what goes until `last`."""
    return firm.id, firm.today, last, firm.currency, banks.opening is not None, banks.until or firm.today


async def dues_ahead(ctx: Context, firm: BusinessView, banks: Banks, last: date) -> list[Occurrence]:
    """Return the due days that aren't paid: what the bank shows ends some days ago, so do these begin there."""
    first = firm.today
    if banks.until is not None:
        first = max(min(banks.until, firm.today) - PAID_WITHIN, firm.today - _LONGEST_LOOK_BACK)
    return await unpaid(ctx, first=first, last=last, bank=banks.until is not None)


async def _shortage(ctx: Context, firm: BusinessView, short: Short) -> ShortageView:
    where = _customers(firm)
    on = where.value(short.on)
    rows = await ctx.tx.fetch(STANDING.format(where=where.sql) + _CANDIDATES.format(short=on), *where.values)
    who = [
        Candidate(
            row["id"],
            row["name"],
            row["amount"],
            (int(row["promise_broken"]), (row["on_day"] or date.max).toordinal()),
        )
        for row in rows
    ]
    by = tuple(Coverer(one.party, one.name, one.amount) for one in cover(short.amount, who))
    return ShortageView(short.on, short.amount, by)


async def _others(ctx: Context, firm: BusinessView, banks: Banks) -> tuple[OtherCurrency, ...]:
    """Name what is in other currencies, each apart."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for account in banks.foreign:
        found[account.currency][0] += account.balance
    for row in await ctx.tx.fetch(_FOREIGN, firm.id, firm.currency):
        found[row["currency"]][1] += row["come"]
        found[row["currency"]][2] += row["pay"]
    return tuple(OtherCurrency(currency, *sums) for currency, sums in sorted(found.items()))


def _receipt(row: Any) -> Receipt:
    on = row["on_day"]
    why = "expected" if row["why"] == "habit" else row["why"]
    return Receipt(row["amount"], on, row["low"] or on, row["high"] or on, why, row["name"], row["party_id"])


def _likely(on: date, amount: int) -> Receipt:
    return Receipt(amount, on, on, on)


def _sure(row: Any) -> Receipt:
    on = row["on_day"]
    return Receipt(row["amount"], on, on, on, row["kind"], row["name"] or "")


def _payment(row: Any) -> Payment:
    return Payment(row["amount"], row["on_day"], row["kind"], row["name"] or "")


def _due_payment(one: Occurrence) -> Payment:
    return Payment(one.due.amount, one.on, "due", one.due.name, estimated=True)


def _due_ahead(one: Occurrence, today: date) -> DueAhead:
    return DueAhead(one.due.name, one.due.kind, max(one.on, today), one.due.amount)


def _span(span: Span, closed: str | None = None) -> CashSpan:
    return CashSpan(span.first, span.last, span.came, span.paid, span.closing, span.low, span.high, closed)


def _moves(
    receipts: Iterable[Receipt], payments: Sequence[Payment], today: date, last: date
) -> list[CashMove]:
    moves = [
        CashMove(max(one.on, today), one.amount, one.why, one.name, False, one.party, one.early, one.late)
        for one in receipts
    ]
    moves += [
        CashMove(max(one.on, today), -one.amount, one.kind, one.name, one.estimated) for one in payments
    ]
    moves = [one for one in moves if one.on <= last]
    moves.sort(key=lambda one: (one.on, one.amount < 0, -abs(one.amount), one.name))
    return moves
