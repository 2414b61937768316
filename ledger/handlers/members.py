"""The people of a business."""

from __future__ import annotations

from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles


@handles(queries.Members, permission=Permission.ADMINISTER)
async def members(_: queries.Members, ctx: Context) -> tuple[views.MemberView, ...]:
    """Answer with all members, those who left last."""
    rows = await ctx.tx.fetch(
        """
        SELECT id, name, role, language, chat_id IS NOT NULL AS linked, active FROM members
        WHERE business_id = $1 ORDER BY active DESC, created_at, name, id
        """,
        ctx.actor.business_id,
    )
    return tuple(
        views.MemberView(
            id=row["id"],
            name=row["name"],
            role=row["role"],
            language=row["language"],
            linked=row["linked"],
            active=row["active"],
        )
        for row in rows
    )
