"""Word to the owner of outgoing webhooks that failed for so long that they were switched off."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from bot.cards.webhooks import switched_off_card
from bot.telling import reachable, tell
from ledger.dispatch import Door
from ledger.domain.roles import Role, system
from ledger.queries.webhooks import SwitchedOffWebhooks
from ledger.store.webhook_calls import firms_with_switched_off
from ledger.views.webhooks import SwitchedOff


async def tell_of_switched_off(door: Door, business: UUID) -> int:
    """Tell the owners of a business, each once of each endpoint; return how many messages were queued."""
    found: tuple[SwitchedOff, ...] = await door.query(SwitchedOffWebhooks(), system(business, "webhooks"))
    told = 0
    for owner in await reachable(door, business, Role.OWNER) if found else ():
        for one in found:
            once = f"webhook off:{one.id}:{one.failing_since.isoformat()}:{owner.actor.member_id}"
            told += await tell(door, owner, partial(switched_off_card, one), once=once)
    return told


async def tell_all_of_switched_off(door: Door, now: datetime) -> int:
    """Look over all businesses, for what a sender that died left untold."""
    return sum(
        [
            await tell_of_switched_off(door, business)
            for business in await firms_with_switched_off(door.engine, now)
        ]
    )
