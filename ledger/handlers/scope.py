"""Whose rows an actor sees, and what day it is in his business."""

from __future__ import annotations

from kit.clock import business_day
from kit.errors import NotFound
from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context, handles

NO_PARTY = ("party.not_found", "There is no such customer or vendor.")


def own_parties(ctx: Context, conditions: Conditions, alias: str = "p") -> None:
    """Limit the parties of a statement to those that the actor may see: a sales rep's own customers."""
    if ctx.actor.sees_own_customers_only:
        conditions.add(f"{alias}.owner = {{}}", ctx.actor.owner_key or None)


def sees_payables(ctx: Context) -> bool:
    """Return whether the actor sees what we owe, and bank lines with their balances."""
    return ctx.actor.may(Permission.SEE_PAYABLES)


async def business(ctx: Context) -> views.BusinessView:
    """Return the actor's business with its present day, read once per context."""
    found = ctx.memo.get("business")
    if not isinstance(found, views.BusinessView):
        row = await ctx.tx.row(
            "SELECT name, timezone, currency FROM businesses WHERE business_id = $1", ctx.actor.business_id
        )
        if row is None:
            raise NotFound("business.not_found", "There is no such business.")
        found = views.BusinessView(
            id=ctx.actor.business_id,
            name=row["name"],
            timezone=row["timezone"],
            currency=row["currency"],
            today=business_day(ctx.now, row["timezone"]),
        )
        ctx.memo["business"] = found
    return found


@handles(queries.OwnBusiness, permission=Permission.SEE_RECEIVABLES)
async def own_business(_: queries.OwnBusiness, ctx: Context) -> views.BusinessView:
    """Answer which business this is."""
    return await business(ctx)
