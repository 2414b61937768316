"""One firm at a glance, as an accountant of many wants it: what changed, what waits, what doesn't tie, how fresh it is."""

from __future__ import annotations

from typing import Any

from ledger import queries
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions
from ledger.handlers.periods import closed_periods
from ledger.handlers.questions import conflicts, visible
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties
from ledger.handlers.sources import read_sources
from ledger.handlers.standing import STANDING
from ledger.handlers.tie_out import tie_out
from ledger.handlers.tying import CHANGES, OURS
from ledger.queries.pages import FirmAtAGlance
from ledger.queries.tie_out import ClosedPeriods, TieOut
from ledger.views.pages import FirmAtAGlanceView, NewsOfKind, WaitingQuestion
from ledger.views.tie_out import TieOutPage

WAITING, APART = 3, 3
_KINDS = {
    ("receivable", "bill"): "bill",
    ("receivable", "receipt"): "money",
    ("receivable", "credit_note"): "credit_note",
    ("receivable", "deduction"): "deduction",
    ("payable", "bill"): "payable",
    ("payable", "payment"): "paid_out",
}
_OWED = """
SELECT coalesce((SELECT sum(receivable) FROM party), 0)::bigint AS to_collect,
       coalesce((SELECT sum(overdue) FROM late), 0)::bigint AS overdue
"""
# Things of which nothing was known at $2: what moved to another bill since was known, and is no news.
_NEWS = f"""
SELECT side, thing, count(*) AS count, sum(abs(amount))::bigint AS amount FROM (
  SELECT o.side, o.thing, o.key, sum(o.amount) FILTER (WHERE o.known_to IS NULL) AS amount
  FROM ({OURS} AND p.currency = $3 AND {{whose}}) o
  GROUP BY o.side, o.thing, o.key
  HAVING min(o.known_from) > $2 AND sum(o.amount) FILTER (WHERE o.known_to IS NULL) <> 0
) n GROUP BY side, thing
"""
_QUESTIONS = """
SELECT count(*) FILTER (WHERE c.status = 'open' AND c.severity = 'block') AS blocking,
       min(c.opened_at) FILTER (WHERE c.status = 'open') AS oldest_at,
       count(*) FILTER (WHERE c.status IN ('open', 'snoozed') AND c.opened_at > {since}) AS opened,
       count(*) FILTER (WHERE c.status = 'resolved' AND c.answered_at > {since}) AS answered
FROM conflicts c LEFT JOIN parties p ON p.business_id = c.business_id AND p.id = c.party_id
WHERE {where}
"""
_LATE = f"SELECT count(*) FROM ({CHANGES}) x WHERE x.known_at > $4"


@handles(FirmAtAGlance, permission=Permission.SEE_RECEIVABLES)
async def firm_at_a_glance(question: FirmAtAGlance, ctx: Context) -> FirmAtAGlanceView:
    """Answer with as much of it as the actor may see."""
    firm = await business(ctx)
    money = ctx.actor.may(Permission.SEE_PAYABLES)
    owed = await _owed(ctx)
    asked = await _questions(ctx, question)
    page = await conflicts(queries.Conflicts(first=WAITING), ctx)
    tied: TieOutPage | None = (
        await tie_out(TieOut(first=APART, apart_only=True, lines=0), ctx) if money else None
    )
    closed, late = await _after_closing(ctx, question) if money else (None, 0)
    return FirmAtAGlanceView(
        firm=firm,
        since=question.since,
        to_collect=owed["to_collect"],
        overdue=owed["overdue"],
        news=await _news(ctx, question) if question.since is not None else (),
        answered=asked["answered"],
        opened=asked["opened"],
        after_closing=late,
        signed_until=closed,
        open=page.open_count,
        blocking=asked["blocking"],
        oldest_at=asked["oldest_at"],
        waiting=tuple(
            WaitingQuestion(
                one.id, one.title, one.severity, one.party_name, one.amount, one.currency, one.opened_at
            )
            for one in page.rows
        ),
        books=tuple(dict.fromkeys(books.label for books in tied.books)) if tied is not None else (),
        totals=tied.totals if tied is not None else None,
        apart=tied.rows if tied is not None else (),
        sources=await read_sources(ctx) if ctx.actor.may(Permission.SEE_SOURCES) else None,
    )


async def _owed(ctx: Context) -> Any:
    firm = await business(ctx)
    where = Conditions([firm.id, firm.today])
    where.add("p.receivable > 0 AND p.currency = {}", firm.currency)
    own_parties(ctx, where)
    row = await ctx.tx.row(STANDING.format(where=where.sql) + _OWED, *where.values)
    assert row is not None
    return row


async def _news(ctx: Context, question: FirmAtAGlance) -> tuple[NewsOfKind, ...]:
    firm = await business(ctx)
    where = Conditions([firm.id, question.since, firm.currency])
    if ctx.actor.sees_own_customers_only:
        where.add(
            "p.party_id IN (SELECT w.id FROM parties w WHERE w.business_id = $1 AND w.owner = {})",
            ctx.actor.owner_key or None,
        )
    if not ctx.actor.may(Permission.SEE_PAYABLES):
        where.add("p.side = 'receivable'")
    rows = await ctx.tx.fetch(_NEWS.format(whose=where.sql), *where.values)
    found = {(row["side"], row["thing"]): row for row in rows}
    return tuple(
        NewsOfKind(kind, found[key]["count"], found[key]["amount"])
        for key, kind in _KINDS.items()
        if key in found
    )


async def _questions(ctx: Context, question: FirmAtAGlance) -> Any:
    where = visible(ctx)
    since = f"{where.value(question.since)}::timestamptz"
    row = await ctx.tx.row(_QUESTIONS.format(where=where.sql, since=since), *where.values)
    assert row is not None
    return row


async def _after_closing(ctx: Context, question: FirmAtAGlance) -> tuple[Any, int]:
    """Return the last day that is closed, and how many things of that time changed since the last look."""
    closed = await closed_periods(ClosedPeriods(), ctx)
    if not closed:
        return None, 0
    last = closed[0]
    since = max(last.closed_at, question.since) if question.since is not None else last.closed_at
    changed = await ctx.tx.value(_LATE, ctx.actor.business_id, last.until, last.closed_at, since)
    return last.until, changed
