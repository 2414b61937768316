"""The people of a business."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.errors import NotFound
from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles

# Seen last: when his chat was last answered, or a dialogue went on in it.
_MEMBERS = """
SELECT m.id, m.name, m.role, m.language, m.chat_id IS NOT NULL AS linked, m.crm_owner,
       m.active AND (m.ends_at IS NULL OR m.ends_at > $2) AS active,
       (m.ends_at AT TIME ZONE (SELECT timezone FROM businesses b WHERE b.business_id = $1))::date - 1 AS until,
       EXISTS (SELECT FROM link_codes c WHERE c.business_id = $1 AND c.member_id = m.id AND c.used_at IS NULL
               AND c.expires_at > $2) AS invited,
       greatest(d.changed_at, (SELECT max(o.queued_at) FROM outbox o WHERE o.business_id = $1
                               AND o.member_id = m.id AND o.kind = 'answer')) AS seen_at
FROM members m LEFT JOIN dialogues d ON d.business_id = m.business_id AND d.chat_id = m.chat_id
WHERE m.business_id = $1 {and_this} ORDER BY m.active DESC, m.created_at, m.name, m.id
"""


@handles(queries.Members, permission=Permission.ADMINISTER)
async def members(_: queries.Members, ctx: Context) -> tuple[views.MemberView, ...]:
    """Answer with all members, those who left last."""
    rows = await ctx.tx.fetch(_MEMBERS.format(and_this=""), ctx.actor.business_id, ctx.now)
    return tuple(_view(row) for row in rows)


async def one_member(ctx: Context, member_id: UUID) -> views.MemberView:
    """Return one member as he is now."""
    row = await ctx.tx.row(
        _MEMBERS.format(and_this="AND m.id = $3"), ctx.actor.business_id, ctx.now, member_id
    )
    if row is None:
        raise NotFound("member.unknown", "There is no such member.")
    return _view(row)


def _view(row: Any) -> views.MemberView:
    return views.MemberView(
        id=row["id"],
        name=row["name"],
        role=row["role"],
        language=row["language"],
        linked=row["linked"],
        active=row["active"],
        crm_owner=row["crm_owner"],
        invited=row["invited"],
        seen_at=row["seen_at"],
        until=row["until"],
    )
