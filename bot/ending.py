"""Word to the owners that a membership ends by itself soon, once, and not at night."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from bot.cards.people import ending_card
from bot.telling import reachable, tell
from kit.errors import MunshiError
from kit.logs import logger
from ledger.commands.people import END_TOLD_BEFORE, NoteEndTold
from ledger.dispatch import Door
from ledger.domain.roles import Role, system
from ledger.queries.people import EndingSoon
from ledger.store.hours import firms_with_ends
from ledger.views.people import EndingMember

log = logger(__name__)


async def tell_ends(door: Door, now: datetime) -> int:
    """Tell the owners of every firm whose memberships end within a week; return of how many memberships."""
    told = 0
    async for business in firms_with_ends(door.engine, now, END_TOLD_BEFORE):
        try:
            told += await _tell(door, business)
        except MunshiError as error:  # one firm's fault keeps no other from hearing
            log.warning("ending.refused", business=str(business), code=error.code)
    return told


async def _tell(door: Door, business: UUID) -> int:
    clerk = system(business, "sweep")
    ending: tuple[EndingMember, ...] = await door.query(EndingSoon(), clerk)
    owners = await reachable(door, business, Role.OWNER)
    for member in ending:
        for owner in owners:
            once = f"ending:{member.id}:{member.until}:{owner.actor.member_id}"
            await tell(door, owner, partial(ending_card, member), once=once)
        if owners:
            await door.execute(NoteEndTold(member.id), clerk)
    return len(ending) if owners else 0
