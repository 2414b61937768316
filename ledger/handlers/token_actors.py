"""Whom a token speaks for: its member as he is now, as far as the token leaves it to him."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.commands.tokens import MOST_TOKEN_DAYS
from ledger.domain.roles import MATRIX, Actor, Permission, Role
from ledger.handlers.registry import Context
from ledger.store.membership import in_force

ENDS = f"coalesce(t.expires_at, t.created_at + interval '{MOST_TOKEN_DAYS} days')"
"""A token that was made before every token had an end has the longest life."""
TOKEN = f"""
SELECT m.id, m.name, m.role, m.language, m.crm_owner, m.ends_at, {in_force(now="$3")} AS in_force,
       t.id AS token_id, t.read_only, t.permissions, t.customers_of, t.revoked_at, {ENDS} AS expires_at,
       t.last_used_at IS NULL OR t.last_used_at < $3::timestamptz - interval '1 minute' AS unnoted
FROM tokens t JOIN members m ON m.business_id = t.business_id AND m.id = t.member_id
WHERE t.business_id = $1
"""
_STILL = f"{TOKEN} AND t.id = $2"


async def token_actor(ctx: Context, key: UUID) -> Actor | None:
    """Return whom a token stands for now, by its id; None once it doesn't work any more."""
    row = await ctx.tx.row(_STILL, ctx.actor.business_id, key, ctx.now)
    if row is None or row["revoked_at"] is not None or not row["in_force"] or row["expires_at"] <= ctx.now:
        return None
    return actor_of(ctx.actor.business_id, row)


def actor_of(business: UUID, row: Any) -> Actor:
    """Return the actor that a row of TOKEN describes."""
    ends = [at for at in (row["expires_at"], row["ends_at"]) if at is not None]
    narrowed = row["customers_of"] is not None
    return Actor(
        business_id=business,
        role=Role.SALES if narrowed else Role(row["role"]),
        name=row["name"],
        member_id=row["id"],
        owner_key=row["customers_of"] if narrowed else row["crm_owner"],
        language=row["language"],
        only=left_of(row),
        read_only=row["read_only"],
        token_id=row["token_id"],
        until=min(ends),
    )


def left_of(row: Any) -> frozenset[Permission] | None:
    """Return what is left to a token of its member's role of today; None: all of it."""
    if row["permissions"] is None and row["customers_of"] is None:
        return None
    own = MATRIX[Role(row["role"])]
    if row["permissions"] is not None:
        own &= {one for one in Permission if one.value in row["permissions"]}
    return own if row["customers_of"] is None else own & MATRIX[Role.SALES]
