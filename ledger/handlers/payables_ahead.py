"""What must be paid, day by day: vendors' bills, payouts on their way, cheques of ours, what falls due each month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kit.errors import Rejected
from ledger.domain.roles import Permission
from ledger.handlers.cash_accounts import Banks, read_banks
from ledger.handlers.cash_ahead import DAYS, OUT, dues_ahead, outgoing
from ledger.handlers.msmed import vendor_limits
from ledger.handlers.paging import page_size
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.queries.cash import VendorLimits
from ledger.queries.payables import PayablesAhead
from ledger.views import BusinessView
from ledger.views.payables import DayTotal, Outgoing, PayablesAheadView

SPANS = ("late", "week", "all")
WEEK = timedelta(days=6)
"""Today and the six days after it, as the digest looks ahead."""
_MOST = 5_000
_EACH = (
    OUT
    + f"""
SELECT kind, on_day, party_id, name, amount, id, number FROM going
WHERE amount > 0 AND kind IN ('bill', 'payout', 'own_cheque') ORDER BY on_day, amount DESC, name, id LIMIT {_MOST}
"""
)


@handles(PayablesAhead, permission=Permission.SEE_PAYABLES)
async def payables_ahead(question: PayablesAhead, ctx: Context) -> PayablesAheadView:
    """Answer with a page of what goes, the totals of all of it, and whether the banks' money alone is enough."""
    if question.span not in SPANS:
        raise Rejected(
            "payables.span", f"{question.span[:20]!r} is no span.", remedy=f"Use {', '.join(SPANS)}."
        )
    firm = await business(ctx)
    banks = await read_banks(ctx)
    week = firm.today + WEEK
    rows = await _going(ctx, firm, banks)
    until = min(question.until or week, week) if question.span == "week" else None
    shown = [row for row in rows if _within(row, question.span, until)]
    skip, first = max(0, question.skip), page_size(question.first)
    opening = banks.opening if banks.why_not is None else None
    short_on, short_by = _short(opening, shown, firm.today)
    return PayablesAheadView(
        today=firm.today,
        currency=firm.currency,
        span=question.span,
        until=until,
        rows=tuple(shown[skip : skip + first]),
        skip=skip,
        count=len(shown),
        total=_sum(shown),
        late=_sum([row for row in rows if row.days_late]),
        week=_sum([row for row in rows if _within(row, "week", week)]),
        all=_sum(rows),
        days=_days(shown),
        bank=opening,
        bank_until=banks.until,
        short_on=short_on,
        short_by=short_by,
    )


async def _going(ctx: Context, firm: BusinessView, banks: Banks) -> list[Outgoing]:
    """Return all that goes: what is late first (the oldest first), then by day, then what has no day."""
    last = firm.today + timedelta(days=DAYS - 1)
    limits = {row.payable_id: row.last_day for row in (await vendor_limits(VendorLimits(), ctx)).rows}
    found = await ctx.tx.fetch(_EACH, *outgoing(firm, banks, last))
    rows = [_row(row, limits, firm.today) for row in found]
    for one in await dues_ahead(ctx, firm, banks, last):
        rows.append(Outgoing("due", one.due.name, one.due.amount, max(one.on, firm.today)))
    return sorted(rows, key=lambda row: (row.on or date.max, -row.amount, row.name, row.number or ""))


def _row(row: Any, limits: Mapping[UUID, date], today: date) -> Outgoing:
    on: date | None = row["on_day"]
    return Outgoing(
        kind=row["kind"],
        name=row["name"] or "—",
        amount=row["amount"],
        on=on,
        days_late=max(0, (today - on).days) if on is not None else 0,
        number=row["number"],
        party_id=row["party_id"],
        last_day=limits.get(row["id"]) if row["kind"] == "bill" else None,
    )


def _within(row: Outgoing, span: str, until: date | None) -> bool:
    if span == "late":
        return row.days_late > 0
    return until is None or (row.on is not None and row.on <= until)


def _sum(rows: Sequence[Outgoing]) -> int:
    return sum(row.amount for row in rows)


def _days(rows: Sequence[Outgoing]) -> tuple[DayTotal, ...]:
    """Return what is late as one sum, then each day's."""
    sums: dict[date | None, int] = {}
    for row in rows:
        if row.on is not None:
            key = None if row.days_late else row.on
            sums[key] = sums.get(key, 0) + row.amount
    return tuple(DayTotal(on, amount) for on, amount in sums.items())


def _short(opening: int | None, rows: Sequence[Outgoing], today: date) -> tuple[date | None, int]:
    """Return the first day on which the banks' money alone is used up, and what is missing in the end."""
    if opening is None:
        return None, 0
    left, short_on = opening, None
    for row in rows:
        if row.on is None:
            continue
        left -= row.amount
        if left < 0 and short_on is None:
            short_on = max(row.on, today)
    return short_on, max(0, -left) if short_on is not None else 0
