"""Lists of rows of one kind: a page, a count and several by their ids, from one description of the row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

from kit.errors import Denied, Rejected
from ledger.handlers.find_party import parties_called
from ledger.handlers.names import storable
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context
from ledger.handlers.scope import own_parties, sees_payables
from ledger.views.money_rows import RowPage

V = TypeVar("V")
MOST_WORDS = 20
"""Statuses, kinds or methods that one filter may name."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[V]):
    """How a kind of row is listed: `columns` FROM `source` (the row `x`, its party `p`), read by `read`."""

    columns: str
    source: str
    order: Order
    keys: Callable[[Any], Sequence[Any]]
    read: Callable[[Any], V]

    async def page(self, ctx: Context, where: Conditions, *, first: int, after: str | None) -> RowPage[V]:
        """Return a page of the rows that `where` leaves."""
        size = page_size(first)
        where.seek(self.order, place(self.order, after))
        rows = await ctx.tx.fetch(
            f"SELECT {self.columns} FROM {self.source} WHERE {where.sql} ORDER BY {self.order.by} LIMIT {size + 1}",
            *where.values,
        )
        page, end, more = cut(rows, size, self.order, self.keys)
        return RowPage(
            end=end,
            more=more,
            cursors=cursors(page, self.order, self.keys),
            rows=tuple(self.read(row) for row in page),
        )

    async def count(self, ctx: Context, where: Conditions) -> int:
        """Return how many rows `where` leaves."""
        found: int = await ctx.tx.value(
            f"SELECT count(*) FROM {self.source} WHERE {where.sql}", *where.values
        )
        return found

    async def by_ids(self, ctx: Context, ids: Sequence[UUID], where: Conditions) -> dict[UUID, V]:
        """Return those of the rows that `where` leaves, by their ids."""
        where.add("x.id = ANY({})", list(ids))
        rows = await ctx.tx.fetch(
            f"SELECT {self.columns} FROM {self.source} WHERE {where.sql}", *where.values
        )
        return {row["id"]: self.read(row) for row in rows}


def of_business(ctx: Context) -> Conditions:
    """Return the conditions on rows `x` of the business, and on the parties `p` that the actor may see."""
    where = Conditions([ctx.actor.business_id])
    where.add("x.business_id = $1")
    own_parties(ctx, where)
    return where


def period(where: Conditions, column: str, since: date | None, until: date | None) -> None:
    """Limit a day to a period that holds both its ends; Rejected where it ends before it begins."""
    if since is not None and until is not None and until < since:
        raise Rejected("period.order", "The period ends before it begins.", remedy="Swap the days.")
    if since is not None:
        where.add(f"{column} >= {{}}", since)
    if until is not None:
        where.add(f"{column} <= {{}}", until)


def one_of(where: Conditions, column: str, words: Sequence[str]) -> None:
    """Limit a column to some words; none: don't."""
    if len(words) > MOST_WORDS:
        raise Rejected("filter.too_many", f"A filter names at most {MOST_WORDS} words.")
    if words:
        where.add(f"{column} = ANY({{}})", list(words))


def containing(text: str) -> str:
    """Return the pattern of ILIKE for what contains a text."""
    escaped = storable(text).strip()[:60].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def search_in(ctx: Context, where: Conditions, text: str | None, columns: Sequence[str]) -> None:
    """Limit rows to those whose party is called so, or of which one of the columns contains the text."""
    if text is None or not text.strip():
        return
    ids = where.value(list(await parties_called(text, ctx)))
    pattern = where.value(containing(text))
    told = " OR ".join(f"{column} ILIKE {pattern}" for column in columns)
    where.add(f"(x.party_id = ANY({ids}) OR {told})")


def need_payables(ctx: Context) -> None:
    """Raise Denied unless the actor sees what we owe and the bank's lines."""
    if not sees_payables(ctx):
        raise Denied("permission.denied", "You may not see what the firm owes.", remedy="Ask the owner.")
