"""How many rows a list has over all its pages; each list says how it is counted."""

from __future__ import annotations

from kit.errors import Denied
from ledger import queries
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, counter_for, handler_for, handles


@handles(queries.TotalCount, permission=Permission.SEE_RECEIVABLES)
async def total_count(question: queries.TotalCount, ctx: Context) -> int:
    """Answer with the number of rows, for who may see them."""
    listed = handler_for(type(question.of))
    if not ctx.actor.may(listed.permission):
        raise Denied("permission.denied", "You may not see this list.", remedy="Ask the owner.")
    found: int = await counter_for(type(question.of))(question.of, ctx)
    return found
