"""The morning digest: once a day for each member, at his hour in his business's timezone."""

from __future__ import annotations

from datetime import datetime

from bot.cards.digest import digest_card
from bot.visit import audience_of
from kit.clock import business_day
from kit.errors import MunshiError
from kit.logs import logger
from ledger.commands import QueueMessage
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.queries import ChatMember, Digest
from ledger.store.directory import Listed, members_due_for_digest, members_of_chat
from ledger.views import ChatMemberView

log = logger(__name__)


async def queue_due_digests(door: Door, now: datetime) -> int:
    """Queue the digest of every member whose hour has come and who had none today; return how many were queued."""
    queued = 0
    for listed in await members_due_for_digest(door.engine, now):
        try:
            queued += await _queue_for(door, listed, now)
        except MunshiError as error:
            log.warning("digest.refused", business=str(listed.business_id), code=error.code)
        except Exception as fault:  # one member's fault must not cost the others their morning
            log.error("digest.failed", business=str(listed.business_id), exc_info=fault)
    return queued


async def _queue_for(door: Door, listed: Listed, now: datetime) -> int:
    clerk = system(listed.business_id, "digest")
    member: ChatMemberView = await door.query(ChatMember(listed.member_id), clerk)
    if member.chat_id is None:  # blocked us since the list was made
        return 0
    several = len(await members_of_chat(door.engine, member.chat_id)) > 1
    return int(await queue_digest(door, member, now, several=several))


async def queue_digest(door: Door, member: ChatMemberView, now: datetime, *, several: bool) -> bool:
    """Queue a member's digest of today unless he had it; `several`: his chat serves several businesses."""
    assert member.chat_id is not None
    view = await door.query(Digest(), member.actor)
    card = digest_card(view, audience_of(member, now, several=several))
    day = business_day(now, member.timezone)
    made = await door.execute(
        QueueMessage(
            chat_id=member.chat_id,
            member_id=member.actor.member_id,
            kind="digest",
            card={**card.stored(), "language": member.actor.language},
            once_key=f"digest:{member.actor.member_id}:{day.isoformat()}",
        ),
        member.actor,
    )
    return made is not None
