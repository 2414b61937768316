"""Whose a bearer token is."""

from __future__ import annotations

from kit.errors import Denied
from ledger import commands
from ledger.domain.roles import Actor, Permission, Role
from ledger.handlers.registry import Context, handles


@handles(commands.RecogniseToken, permission=Permission.SYSTEM)
async def recognise_token(command: commands.RecogniseToken, ctx: Context) -> Actor:
    """Answer with the member's Actor, and note the use of the token at most once a minute."""
    row = await ctx.tx.row(
        """
        SELECT m.id, m.name, m.role, m.language, m.crm_owner, t.revoked_at, t.expires_at,
               t.last_used_at IS NULL OR t.last_used_at < $3::timestamptz - interval '1 minute' AS unnoted
        FROM tokens t JOIN members m ON m.business_id = t.business_id AND m.id = t.member_id
        WHERE t.business_id = $1 AND t.token_hash = $2 AND m.active
        """,
        ctx.actor.business_id,
        command.token_hash,
        ctx.now,
    )
    if row is None or row["revoked_at"] is not None:
        raise Denied("token.unknown", "This token is not valid.", remedy="Ask the owner for a new one.")
    if row["expires_at"] is not None and row["expires_at"] <= ctx.now:
        raise Denied("token.expired", "This token has expired.", remedy="Ask the owner for a new one.")
    if row["unnoted"]:
        await ctx.tx.run(
            "UPDATE tokens SET last_used_at = $3 WHERE business_id = $1 AND token_hash = $2",
            ctx.actor.business_id,
            command.token_hash,
            ctx.now,
        )
    return Actor(
        business_id=ctx.actor.business_id,
        role=Role(row["role"]),
        name=row["name"],
        member_id=row["id"],
        owner_key=row["crm_owner"],
        language=row["language"],
    )
