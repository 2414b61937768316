"""This morning's answer: money in the bank, to collect, whom to call first, what is expected, what is to pay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ledger import queries, views
from ledger.domain.alerts import EVENING_OFFER
from ledger.domain.roles import Permission
from ledger.domain.working_days import begins_a_week, is_working, last_working, missing
from ledger.handlers.cash_ahead import morning
from ledger.handlers.expected import EXPECTED, OWED
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties, sees_payables
from ledger.handlers.sources import BANK, read_sources
from ledger.handlers.standing import AGING, BRIEF, STANDING, aging, briefs
from ledger.queries.mornings import DailyDigest
from ledger.views import BusinessView
from ledger.views.mornings import WeekView

DAYS_AHEAD = 6
HICCUP = timedelta(hours=2)
"""A source that can't be read, but was so short a time ago, is no news for the morning."""
CALL_FIRST = 3
STALE_AFTER = 2
"""So many whole working days missing, and what is known is told as old."""
BOOKS = "books:"
NEARLY_ALL = 85
"""In percent: money of his in the bank that waits for an answer and comes to so much of what is late (the rest is mostly
TDS) is answered first; nobody is called for it."""
_FIRST_WEEK = timedelta(days=7)

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

# What came from customers since $4 and in the seven days before today; {whose} limits it to a rep's own ones.
_CAME = """
SELECT coalesce(sum(r.amount - r.refunded) FILTER (WHERE r.received_on >= $4::date), 0)::bigint AS came,
       coalesce(sum(r.amount - r.refunded) FILTER (WHERE r.received_on >= $2::date - 7), 0)::bigint AS week
FROM receipts r
WHERE r.business_id = $1 AND r.received_on BETWEEN least($4::date, $2::date - 7) AND $2::date - 1 AND r.currency = $3
  AND r.arrived AND r.status = 'payment.received' AND r.classified IS NULL AND {whose}
"""
_DAY = """
SELECT b.settings->'holidays' AS holidays,
       (SELECT count(*) FROM conflicts c WHERE c.business_id = $1 AND c.status = 'open') AS questions,
       coalesce((SELECT m.evening_at IS NULL AND m.created_at <= $3 AND NOT EXISTS (
          SELECT FROM alerts_told t WHERE t.business_id = $1 AND t.member_id = $2 AND t.subject = $4)
        FROM members m WHERE m.business_id = $1 AND m.id = $2), false) AS offers_evening
FROM businesses b WHERE b.business_id = $1
"""

# Broken promises first, then what weighs most: money × the days by which it will come later than the customer's habit,
# as the forecast has it; then net × days late. Who has promised a day that is still to come is left in peace, and so is
# he whose cheques in hand cover what is late.
_CALL_FIRST = f"""
{OWED}, risk AS (
  SELECT o.party_id, sum(o.remaining::numeric * greatest(0,
           coalesce(greatest(o.expected_on, $2), $2) - (o.due_on + greatest(0, coalesce(o.usual_days_late, 0))))) AS weight
  FROM owed o WHERE o.due_on < $2 AND NOT o.disputed GROUP BY o.party_id
)
SELECT {BRIEF} FROM party p LEFT JOIN late l ON l.party_id = p.id LEFT JOIN risk k ON k.party_id = p.id
WHERE (l.overdue > 0 OR p.promise_broken) AND (p.promise_on IS NULL OR p.promise_on < $2)
  AND (p.promise_broken OR l.overdue > (
    SELECT coalesce(sum(c.amount), 0) FROM cheques c WHERE c.business_id = $1 AND c.party_id = p.id
      AND c.currency = p.currency AND c.status IN ('cheque.received', 'cheque.deposited')))
  AND coalesce(l.overdue, 0) * {NEARLY_ALL} > 100 * (
    SELECT coalesce(sum(q.amount), 0) FROM conflicts q WHERE q.business_id = $1 AND q.party_id = p.id
      AND q.currency = p.currency AND q.rule = 'unmatched_bank_credit' AND q.status = 'open')
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
    sources = await read_sources(ctx)
    money = sees_payables(ctx)
    ahead = await morning(ctx, expected=sums["by_day"] or {}, horizon=horizon) if money else None
    day = await _day(ctx)
    shut = frozenset(date.fromisoformat(told) for told in day["holidays"] or ())
    since = last_working(firm.today, shut)
    came = await _came(ctx, firm, since)
    week = WeekView(came["week"], ahead.pays if ahead is not None else ())
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
        questions=day["questions"] if ctx.actor.may(Permission.ANSWER) else 0,
        quiet_sources=tuple(source for source in sources if _wanting(source, ctx.now))
        if ctx.actor.may(Permission.SEE_SOURCES)
        else (),
        sees_payables=money,
        dues=ahead.dues if ahead is not None else (),
        shortage=ahead.shortage if ahead is not None else None,
        came=came["came"],
        came_since=since,
        week=week if begins_a_week(firm.today, shut) else None,
        stale=_stale(sources, firm, shut),
        working=is_working(firm.today, shut),
        offers_evening=day["offers_evening"],
    )


@handles(DailyDigest, permission=Permission.SEE_RECEIVABLES)
async def daily_digest(_: DailyDigest, ctx: Context) -> views.DigestView:
    """Answer with the same for the round of the morning: planned once a connection, not once a member.

    The planner knows nothing of a single business (decisions/0014), so that its plans are alike anyway.
    """
    await ctx.tx.run("SELECT set_config('plan_cache_mode', 'force_generic_plan', true)")
    view: views.DigestView = await digest(queries.Digest(), ctx)
    return view


async def _day(ctx: Context) -> Any:
    """Return the listed holidays, the open questions, and whether the evening is to be offered."""
    known_since = ctx.now - _FIRST_WEEK
    row = await ctx.tx.row(_DAY, ctx.actor.business_id, ctx.actor.member_id, known_since, EVENING_OFFER)
    assert row is not None
    return row


async def _came(ctx: Context, firm: BusinessView, since: date) -> Any:
    """Return what came from customers since a day, and in the last seven; of a rep's own ones to a rep."""
    where = Conditions([firm.id, firm.today, firm.currency, since])
    if ctx.actor.sees_own_customers_only:
        where.add(
            "EXISTS (SELECT FROM parties o WHERE o.business_id = $1 AND o.id = r.party_id AND o.owner = {})",
            ctx.actor.owner_key or None,
        )
    row = await ctx.tx.row(_CAME.format(whose=where.sql), *where.values)
    assert row is not None
    return row


def _stale(
    sources: tuple[views.SourceView, ...], firm: BusinessView, shut: Collection[date]
) -> tuple[views.SourceView, ...]:
    """Return the banks, and the books heard of last, of which several working days are missing."""
    zone = ZoneInfo(firm.timezone)

    def known(source: views.SourceView) -> date | None:
        if source.covered_until is not None:
            return source.covered_until
        return source.last_delivery_at.astimezone(zone).date() if source.last_delivery_at else None

    heard = [(day, one) for one in sources if one.state != "disabled" and (day := known(one)) is not None]
    told = [(day, one) for day, one in heard if one.name.startswith(BANK)]
    books = [(day, one) for day, one in heard if one.name.startswith(BOOKS)]
    if books:
        told.append(max(books, key=lambda pair: (pair[0], pair[1].name)))
    return tuple(one for day, one in told if missing(day, firm.today, shut) >= STALE_AFTER)


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
