"""The tie-out: our balances beside the books', party by party, the difference named line by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.errors import Rejected
from ledger.domain.roles import Permission
from ledger.handlers.bills import day_of
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.periods import signed
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.handlers.tying import BOOKS, NUMBERS, tie_out_statement
from ledger.queries.tie_out import TieOut, TieOutDays
from ledger.views.tie_out import (
    BooksView,
    TieOutDayView,
    TieOutEntry,
    TieOutLine,
    TieOutPage,
    TieOutRow,
    TieOutTotal,
)

ORDER = Order("tie_out:difference", ("r.size", "r.mark"), ("bigint", "text"), descending=True)
MAX_LINES, MAX_DAYS = 500, 400
_KEEP = """
INSERT INTO tie_outs (business_id, on_day, books, side, currency, ours, theirs, unexplained, parties, apart, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (business_id, on_day, books, side, currency) DO UPDATE SET ours = excluded.ours, theirs = excluded.theirs,
  unexplained = excluded.unexplained, parties = excluded.parties, apart = excluded.apart, made_at = excluded.made_at
"""
_DAYS = """
SELECT on_day, books, side, currency, ours, theirs, unexplained, parties, apart FROM tie_outs
WHERE business_id = $1 AND on_day > $2::date - $3::int ORDER BY on_day DESC, books, side DESC, currency
"""


@handles(TieOut, permission=Permission.SEE_PAYABLES)
async def tie_out(question: TieOut, ctx: Context) -> TieOutPage:
    """Answer with a page of parties, those that differ most first, and the totals of all."""
    first, after = page_size(question.first), place(ORDER, question.after)
    if not 0 <= question.lines <= MAX_LINES:
        raise Rejected("lines.range", f"A party shows 0 to {MAX_LINES} entries.", remedy="Ask for fewer.")
    firm = await business(ctx)
    known_at, until = await signed(ctx, question.as_on, question.known_at)
    as_on = day_of(firm, as_of=question.as_on, known_at=question.known_at)
    where = Conditions([ctx.actor.business_id, as_on])
    only = f"party_id = {where.value(question.party_id)}" if question.party_id is not None else "true"
    if question.apart_only:
        where.add("r.size <> 0")
    where.seek(ORDER, after)
    statement = tie_out_statement(where, known_at=known_at, only=only, limit=first + 1, lines=question.lines)
    answer = await ctx.tx.row(statement, *where.values)
    assert answer is not None
    page, end, more = cut(answer["rows"] or [], first, ORDER, _key)
    numbers = await _numbers(ctx, page)
    return TieOutPage(
        end=end,
        more=more,
        cursors=cursors(page, ORDER, _key),
        as_on=as_on,
        known_at=known_at,
        signed_until=until,
        books=tuple(BooksView(**row) for row in await ctx.tx.fetch(BOOKS, ctx.actor.business_id, as_on)),
        totals=tuple(_totals(answer["totals"] or (), answer["total_lines"] or ())),
        rows=tuple(_row(row, numbers) for row in page),
    )


@handles(TieOutDays, permission=Permission.SEE_PAYABLES)
async def tie_out_days(question: TieOutDays, ctx: Context) -> tuple[TieOutDayView, ...]:
    """Answer with what the daily sweep kept."""
    if not 1 <= question.last <= MAX_DAYS:
        raise Rejected("days.range", f"Ask for 1 to {MAX_DAYS} days.")
    firm = await business(ctx)
    rows = await ctx.tx.fetch(_DAYS, ctx.actor.business_id, firm.today, question.last)
    return tuple(TieOutDayView(row["on_day"], *tuple(row)[1:]) for row in rows)


async def keep_day(ctx: Context) -> None:
    """Keep today's totals, so that the day on which it stopped tying can be told; nothing where there are no books."""
    page = await tie_out(TieOut(first=1, lines=0), ctx)
    if not page.books:
        return
    books = "+".join(sorted(each.source for each in page.books))
    for total in page.totals:
        await ctx.tx.run(
            _KEEP, ctx.actor.business_id, page.as_on, books, total.side, total.currency, total.ours, total.books,
            total.unexplained, total.parties, total.apart, ctx.now,
        )  # fmt: skip


def _key(row: Mapping[str, Any]) -> Sequence[Any]:
    return row["size"], row["mark"]


async def _numbers(ctx: Context, page: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the numbers and references of entries that the books give none."""
    keys = [UUID(entry[5]) for row in page for entry in row["entries"] or () if entry[2] is None]
    if not keys:
        return {}
    rows = await ctx.tx.fetch(NUMBERS, ctx.actor.business_id, keys)
    return {str(row["anchor"]): row["number"] for row in rows if row["number"]}


def _row(row: Mapping[str, Any], numbers: Mapping[str, str]) -> TieOutRow:
    entries = tuple(
        TieOutEntry(kind, date.fromisoformat(on), number or numbers.get(key), ours, books)
        for kind, on, number, ours, books, key in row["entries"] or ()
    )
    # The largest first; those of one amount by day and by the number that is shown, which the books may not have.
    entries = tuple(
        sorted(entries, key=lambda entry: (-abs(entry.books - entry.ours), entry.on, entry.number or ""))
    )
    return TieOutRow(
        party_id=UUID(row["party_id"]),
        party_name=row["name"] or "—",
        side=row["side"],
        currency=row["currency"],
        ours=row["ours"],
        books=row["books"],
        stated_on=date.fromisoformat(row["stated_on"]) if row["stated_on"] else None,
        lines=tuple(TieOutLine(*line) for line in row["lines"] or ()),
        entries=entries,
        further=(row["differing"] or 0) - len(entries),
    )


def _totals(totals: Iterable[Sequence[Any]], lines: Sequence[Sequence[Any]]) -> Iterable[TieOutTotal]:
    for side, currency, ours, books, parties, apart, unexplained in totals:
        yield TieOutTotal(
            side=side,
            currency=currency,
            ours=ours,
            books=books,
            parties=parties,
            apart=apart,
            unexplained=unexplained,
            lines=tuple(TieOutLine(*line[2:]) for line in lines if tuple(line[:2]) == (side, currency)),
        )
