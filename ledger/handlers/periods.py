"""Closed periods: reports of their days answer as signed; what comes later is kept, marked, and listed apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.errors import NotFound, Rejected, Stale
from ledger.commands.tie_out import ClosePeriod, ReopenPeriod
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.handlers.tying import CHANGES, NUMBERS
from ledger.queries.tie_out import AfterClosing, ClosedPeriods
from ledger.store.operator import append_operator_event
from ledger.views.tie_out import AfterClosingPage, ClosedPeriodView, LateChange

MAX_NOTE = 500
ORDER = Order("after_closing:newest", ("x.known_at", "x.mark"), ("timestamptz", "text"), descending=True)

# The last word on each period is in force. Read from the log itself: a closing holds from the moment it is given.
_IN_FORCE = """
SELECT * FROM (
  SELECT DISTINCT ON (external_id) external_id, event_type, normalised, occurred_at, delivery FROM external_events
  WHERE business_id = $1 AND kind = 'period' AND source = 'operator'
  ORDER BY external_id, occurred_at DESC, id DESC
) p WHERE p.event_type = 'period.closed'
"""
_SIGNED = f"""
SELECT (c.normalised ->> 'until')::date AS until, c.occurred_at FROM ({_IN_FORCE}) c
WHERE (c.normalised ->> 'until')::date >= $2 ORDER BY 1 LIMIT 1
"""
_CLOSED = f"""
SELECT (c.normalised ->> 'until')::date AS until, c.occurred_at AS closed_at, c.normalised ->> 'note' AS note,
       coalesce(m.name, d.headers ->> 'actor') AS closed_by, s.receivable, s.payable
FROM ({_IN_FORCE}) c
JOIN deliveries d ON d.business_id = $1 AND d.source = 'operator' AND d.digest = c.delivery
LEFT JOIN members m ON m.business_id = $1 AND 'member:' || m.id = d.headers ->> 'actor'
CROSS JOIN LATERAL (
  SELECT coalesce(sum(p.amount) FILTER (WHERE p.side = 'receivable'), 0)::bigint AS receivable,
         coalesce(sum(p.amount) FILTER (WHERE p.side = 'payable'), 0)::bigint AS payable
  FROM postings p
  WHERE p.business_id = $1 AND p.currency = $2 AND p.effective_on <= (c.normalised ->> 'until')::date
    AND p.known_from <= c.occurred_at AND (p.known_to IS NULL OR p.known_to > c.occurred_at)
) s
WHERE $3::date IS NULL OR (c.normalised ->> 'until')::date = $3 ORDER BY 1 DESC
"""
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('period:' || $1::text, 0))"


async def signed(
    ctx: Context, as_of: date | None, known_at: datetime | None
) -> tuple[datetime | None, date | None]:
    """Return when a report of `as_of` was signed, and the closed period's last day; else `known_at` and None.

    A day in several closed periods was signed with the first of them. A caller who names `known_at` gets that.
    """
    if as_of is None or known_at is not None:
        return known_at, None
    row = await ctx.tx.row(_SIGNED, ctx.actor.business_id, as_of)
    return (row["occurred_at"], row["until"]) if row is not None else (None, None)


@handles(ClosePeriod, permission=Permission.ANSWER)
async def close_period(command: ClosePeriod, ctx: Context) -> ClosedPeriodView:
    """Close a period; Rejected without a note or before the period is over, Stale if it is closed already."""
    note = command.note.strip()
    if not note or len(note) > MAX_NOTE or "\x00" in note:
        raise Rejected(
            "period.note", f"Closing needs a note of at most {MAX_NOTE} characters.", remedy="Say why."
        )
    firm = await business(ctx)
    if command.until >= firm.today:
        raise Rejected(
            "period.not_over", "That day isn't over yet.", remedy="Close until yesterday at the latest."
        )
    await ctx.tx.value(_ONE_AT_A_TIME, str(ctx.actor.business_id))
    if await _closed(ctx, command.until):
        raise Stale("period.closed", "This period is closed already.", remedy="Look at the closed periods.")
    await append_operator_event(
        ctx.tx,
        ctx.actor,
        "period.closed",
        kind="period",
        external_id=_name(command.until),
        data={"until": command.until.isoformat(), "note": note},
        at=ctx.now,
    )
    made = (await _closed(ctx, command.until))[0]
    after = {"receivable": made.receivable, "payable": made.payable}
    ctx.audit("period.closed", command.until.isoformat(), reason=note, after=after)
    return made


@handles(ReopenPeriod, permission=Permission.ADMINISTER)
async def reopen_period(command: ReopenPeriod, ctx: Context) -> None:
    """Take a closing back; NotFound if the period isn't closed."""
    await ctx.tx.value(_ONE_AT_A_TIME, str(ctx.actor.business_id))
    period = await _period(ctx, command.until)
    await append_operator_event(
        ctx.tx,
        ctx.actor,
        "decision.withdrawn",
        kind="period",
        external_id=_name(command.until),
        data={},
        at=ctx.now,
    )
    before = {"closed_at": period.closed_at.isoformat(), "closed_by": period.closed_by}
    ctx.audit("period.reopened", command.until.isoformat(), reason=command.note, before=before)


@handles(ClosedPeriods, permission=Permission.SEE_PAYABLES)
async def closed_periods(_: ClosedPeriods, ctx: Context) -> tuple[ClosedPeriodView, ...]:
    """Answer with all closed periods."""
    return tuple(await _closed(ctx, None))


@handles(AfterClosing, permission=Permission.SEE_PAYABLES)
async def after_closing(question: AfterClosing, ctx: Context) -> AfterClosingPage:
    """Answer with a page of what changed since the closing."""
    first, after = page_size(question.first), place(ORDER, question.after)
    period = await _period(ctx, question.until)
    where = Conditions([ctx.actor.business_id, period.until, period.closed_at])
    where.seek(ORDER, after)
    rows = await ctx.tx.fetch(
        f"""
        SELECT x.*, coalesce((SELECT n.name FROM parties n WHERE n.business_id = $1 AND n.id = x.party_id), '—') AS name
        FROM ({CHANGES}) x WHERE {where.sql} ORDER BY {ORDER.by} LIMIT {first + 1}
        """,
        *where.values,
    )
    page, end, more = cut(rows, first, ORDER, _key)
    found = await ctx.tx.fetch(NUMBERS, ctx.actor.business_id, [row["key"] for row in page])
    numbers: dict[UUID, str] = {row["anchor"]: row["number"] for row in found if row["number"]}
    return AfterClosingPage(
        end=end,
        more=more,
        cursors=cursors(page, ORDER, _key),
        period=period,
        rows=tuple(_change(row, numbers.get(row["key"])) for row in page),
    )


def _key(row: Any) -> Sequence[Any]:
    return row["known_at"].isoformat(), row["mark"]


def _change(row: Any, number: str | None) -> LateChange:
    return LateChange(
        party_id=row["party_id"],
        party_name=row["name"],
        side=row["side"],
        kind=row["thing"],
        number=number,
        on=row["first_on"],
        currency=row["currency"],
        amount=row["amount"],
        known_at=row["known_at"],
    )


async def _period(ctx: Context, until: date) -> ClosedPeriodView:
    found = await _closed(ctx, until)
    if not found:
        raise NotFound("period.not_closed", "This period isn't closed.", remedy="Look at the closed periods.")
    return found[0]


async def _closed(ctx: Context, until: date | None) -> list[ClosedPeriodView]:
    firm = await business(ctx)
    found = []
    for row in await ctx.tx.fetch(_CLOSED, ctx.actor.business_id, firm.currency, until):
        changes = await ctx.tx.value(
            f"SELECT count(*) FROM ({CHANGES}) x", ctx.actor.business_id, row["until"], row["closed_at"]
        )
        found.append(ClosedPeriodView(**row, changes=changes))
    return found


def _name(until: date) -> str:
    return f"period:{until.isoformat()}"
