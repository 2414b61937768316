"""In which businesses a person is a member."""

from __future__ import annotations

from kit.errors import NotFound
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles
from ledger.queries.people import OwnFirms
from ledger.store.directory import chat_key
from ledger.views.people import FirmOfMember

MOST_FIRMS = 200
# The directory alone says which business a chat serves; what there is to see of one, its own door shows.
_FIRMS = """
SELECT d.business_id, d.ref FROM directory d
WHERE d.kind = 'chat' AND d.key = $1 AND d.ref IS NOT NULL AND d.business_id <> $2
ORDER BY d.business_id LIMIT $3
"""
_CHAT = """
SELECT m.chat_id FROM members m WHERE m.business_id = $1 AND m.id = $2 AND ($3::uuid IS NULL OR EXISTS (
  SELECT FROM tokens t WHERE t.business_id = $1 AND t.id = $3 AND t.permissions IS NULL AND t.customers_of IS NULL
    AND (t.made_by IS NULL OR t.made_by = $4 OR t.made_by LIKE 'system:%')))
"""


@handles(OwnFirms, permission=Permission.SEE_RECEIVABLES)
async def own_firms(_: OwnFirms, ctx: Context) -> tuple[FirmOfMember, ...]:
    """Answer with this business first, then with the others."""
    actor = ctx.actor
    if actor.member_id is None:
        raise NotFound("member.unknown", "There is no such member.")
    chat = await ctx.tx.value(_CHAT, actor.business_id, actor.member_id, actor.token_id, actor.label)
    others = await ctx.tx.fetch(_FIRMS, chat_key(chat), actor.business_id, MOST_FIRMS) if chat else []
    return (
        FirmOfMember(actor.business_id, actor.member_id),
        *(FirmOfMember(row["business_id"], row["ref"]) for row in others),
    )
