"""This morning's answer: money in the bank, to collect, whom to call first, what is expected, what is to pay."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.cash_ahead import morning
from ledger.handlers.expected import EXPECTED, OWED
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties, sees_payables
from ledger.handlers.sources import BANK, read_sources
from ledger.handlers.standing import AGING, BRIEF, STANDING, aging, briefs

DAYS_AHEAD = 6
HICCUP = timedelta(hours=2)
"""A source that can't be read, but was so short a time ago, is no news for the morning."""
CALL_FIRST = 3

# Everything that customers owe in the business's currency ($3), in one pass, and what of it is to come by $4.
_COLLECT = f"""
{EXPECTED}
SELECT (SELECT coalesce(sum(receivable), 0)::bigint FROM party) AS to_collect,
       (SELECT coalesce(sum(overdue), 0)::bigint FROM late) AS overdue,
       (SELECT coalesce(sum(amount), 0)::bigint FROM coming WHERE on_day <= $4) AS expected,
       (SELECT jsonb_object_agg(on_day, amount) FROM (
          SELECT on_day, sum(amount)::bigint AS amount FROM coming WHERE on_day <= $4 GROUP BY on_day) d) AS by_day,
       a.*
FROM (SELECT {AGING} FROM standing) a
"""

# Broken promises first, then what weighs most: money × the days by which it will come later than the customer's habit,
# as the forecast has it; then net × days late. Who has promised a day that is still to come is left in peace.
_CALL_FIRST = f"""
{OWED}, risk AS (
  SELECT o.party_id, sum(o.remaining::numeric * greatest(0,
           coalesce(greatest(o.expected_on, $2), $2) - (o.due_on + greatest(0, coalesce(o.usual_days_late, 0))))) AS weight
  FROM owed o WHERE o.due_on < $2 AND NOT o.disputed GROUP BY o.party_id
)
SELECT {BRIEF} FROM party p LEFT JOIN late l ON l.party_id = p.id LEFT JOIN risk k ON k.party_id = p.id
WHERE (l.overdue > 0 OR p.promise_broken) AND (p.promise_on IS NULL OR p.promise_on < $2)
ORDER BY p.promise_broken DESC,
         coalesce(k.weight, 0) DESC,
         p.receivable::numeric * coalesce(l.days, 0) DESC, p.id
LIMIT {CALL_FIRST}
"""


@handles(queries.Digest, permission=Permission.SEE_RECEIVABLES)
async def digest(_: queries.Digest, ctx: Context) -> views.DigestView:
    """Answer with the digest as far as the actor may see it: a sales rep's is of his own customers."""
    firm = await business(ctx)
    horizon = firm.today + timedelta(days=DAYS_AHEAD)
    where = Conditions([firm.id, firm.today, firm.currency])
    where.add("p.receivable > 0 AND p.currency = $3")
    own_parties(ctx, where)
    standing = STANDING.format(where=where.sql)
    call_first = await ctx.tx.fetch(standing + _CALL_FIRST, *where.values)
    place = f"${len(where.values) + 1}"
    sums = await ctx.tx.row(standing + _COLLECT.replace("$4", place), *where.values, horizon)
    assert sums is not None
    sources: tuple[views.SourceView, ...] = ()
    if ctx.actor.may(Permission.SEE_SOURCES):
        sources = await read_sources(ctx)
    money = sees_payables(ctx)
    ahead = await morning(ctx, expected=sums["by_day"] or {}, horizon=horizon) if money else None
    return views.DigestView(
        member_name=ctx.actor.name,
        language=ctx.actor.language,
        business_name=firm.name,
        today=firm.today,
        currency=firm.currency,
        banks=await _banks(sources, firm.today, ctx) if money else (),
        to_collect=sums["to_collect"],
        overdue=sums["overdue"],
        aging=aging(sums),
        call_first=briefs(call_first, ctx),
        horizon=horizon,
        expected=sums["expected"],
        to_pay=ahead.to_pay if ahead is not None else 0,
        questions=await _questions(ctx) if ctx.actor.may(Permission.ANSWER) else 0,
        quiet_sources=tuple(source for source in sources if _wanting(source, ctx.now)),
        sees_payables=money,
        dues=ahead.dues if ahead is not None else (),
        shortage=ahead.shortage if ahead is not None else None,
    )


def _wanting(source: views.SourceView, now: datetime) -> bool:
    """Whether the morning should speak of a source: it is quiet, or can't be read, but for a hiccup."""
    if source.state == "failing":
        return source.read_until is None or now - source.read_until > HICCUP
    return source.state == "quiet"


async def _banks(
    sources: tuple[views.SourceView, ...], today: date, ctx: Context
) -> tuple[views.BankView, ...]:
    banks = [s for s in sources if s.name.startswith(BANK) and s.balance is not None and s.covered_until]
    if not banks:
        return ()
    rows = await ctx.tx.fetch(
        """
        SELECT source, sum(amount)::bigint AS came FROM bank_lines
        WHERE business_id = $1 AND posted_on = $2 AND amount > 0 GROUP BY source
        """,
        ctx.actor.business_id,
        today - timedelta(days=1),
    )
    came: dict[str, Any] = {row["source"]: row["came"] for row in rows}
    return tuple(
        views.BankView(
            source=bank.name,
            label=bank.label,
            account=bank.account,
            balance=bank.balance,
            covered_until=bank.covered_until,
            came_yesterday=came.get(bank.name, 0),
        )
        for bank in banks
        if bank.balance is not None and bank.covered_until is not None
    )


async def _questions(ctx: Context) -> int:
    found: int = await ctx.tx.value(
        "SELECT count(*) FROM conflicts WHERE business_id = $1 AND status = 'open'", ctx.actor.business_id
    )
    return found
