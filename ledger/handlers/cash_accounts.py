"""What is in the bank: each account's latest balance with its day, by statements, else by the balance after its last line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.handlers.registry import Context
from ledger.handlers.scope import business
from ledger.views.cash import FOREIGN_BANK, NO_BANK, OVERDRAWN, STALE_BANK, CashAccount

STALE_DAYS = 7
"""Older balances say nothing of the week ahead."""
_SEEN = 60
_STATED = """
SELECT s.name, s.label, (s.settings->>'overdraft_limit')::bigint AS overdraft, t.account, t.balance, t.covered_until
FROM sources s LEFT JOIN source_state t ON t.business_id = $1 AND t.source = s.name
WHERE s.business_id = $1 AND s.enabled AND s.name LIKE 'bank:%' ORDER BY s.name
"""
# Each account's last day with a balance on its lines, and all lines of that day.
_LINES = f"""
WITH last AS (
  SELECT source, account, max(posted_on) AS on_day FROM bank_lines
  WHERE business_id = $1 AND posted_on > $2::date - {_SEEN} AND balance IS NOT NULL GROUP BY source, account
)
SELECT l.source, l.account, l.posted_on, l.currency, l.amount, l.balance
FROM last f JOIN bank_lines l ON l.business_id = $1 AND l.posted_on = f.on_day AND l.source = f.source
  AND l.account = f.account AND l.balance IS NOT NULL
ORDER BY l.source, l.account, l.id
"""
_CURRENCY = """
SELECT currency FROM bank_lines WHERE business_id = $1 AND source = $2 ORDER BY posted_on DESC, id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Banks:
    """The accounts; `opening` adds up those in the business's currency, with what they may be overdrawn by."""

    accounts: tuple[CashAccount, ...]
    foreign: tuple[CashAccount, ...]
    opening: int | None
    until: date | None
    why_not: str | None


async def read_banks(ctx: Context) -> Banks:
    """Return what is in the banks."""
    firm = await business(ctx)
    stated = await ctx.tx.fetch(_STATED, firm.id)
    if not stated:
        return Banks((), (), None, None, NO_BANK)
    lines: dict[tuple[str, str], list[Any]] = {}
    for row in await ctx.tx.fetch(_LINES, firm.id, firm.today):
        lines.setdefault((row["source"], row["account"]), []).append(row)
    found: list[CashAccount] = []
    for row in stated:
        mine = {account: rows for (source, account), rows in lines.items() if source == row["name"]}
        found += await _accounts(ctx, row, mine, firm.today, firm.currency)
    home = tuple(one for one in found if one.currency == firm.currency)
    foreign = tuple(one for one in found if one.currency != firm.currency)
    if not home:
        return Banks(home, foreign, None, None, FOREIGN_BANK if foreign else NO_BANK)
    until = min(one.until for one in home)
    opening = sum(one.balance for one in home)
    limits = sum(row["overdraft"] or 0 for row in stated if any(one.source == row["name"] for one in home))
    why_not = STALE_BANK if (firm.today - until).days > STALE_DAYS else None
    if opening < 0 and not limits:
        why_not = why_not or OVERDRAWN
    return Banks(home, foreign, opening + limits, until, why_not)


async def _accounts(
    ctx: Context, row: Any, lines: dict[str, list[Any]], today: date, currency: str
) -> list[CashAccount]:
    """Return a source's accounts: the statement's own word for the one it is of, the last line's for others."""
    found = []
    stated = row["balance"] is not None and row["covered_until"] is not None
    taken = False
    for account, rows in lines.items():
        until, balance = rows[0]["posted_on"], _closing(rows)
        if stated and not taken and _same(row["account"], account, alone=len(lines) == 1):
            taken = True
            if row["covered_until"] >= until:
                until, balance = row["covered_until"], row["balance"]
        found.append(_account(row, account, balance, rows[0]["currency"], until, today))
    if stated and not taken and (row["account"] is not None or not lines):
        own = await ctx.tx.value(_CURRENCY, ctx.actor.business_id, row["name"])
        found.append(
            _account(row, row["account"], row["balance"], own or currency, row["covered_until"], today)
        )
    return found


def _account(
    row: Any, account: str | None, balance: int, currency: str, until: date, today: date
) -> CashAccount:
    return CashAccount(row["name"], row["label"], account, balance, currency, until, (today - until).days)


def _same(one: str | None, other: str, *, alone: bool) -> bool:
    """Whether two spellings are of one account (XX4421, 000405004421); where none is told, the only one there is."""
    if one is None:
        return alone
    ends = ["".join(c for c in text if c.isalnum())[-4:] for text in (one, other)]
    return ends[0] == ends[1]


def _closing(rows: Sequence[Any]) -> int:
    """Return the balance after the day's last line: the one that no other line of the day begins with.

    The least of them where the day's lines don't make one chain.
    """
    ends: list[int] = [row["balance"] for row in rows]
    for row in rows:
        begin = row["balance"] - row["amount"]
        if begin in ends:
            ends.remove(begin)
    return ends[0] if len(ends) == 1 else min(int(row["balance"]) for row in rows)
