"""The head of the day: one quiet line in the chat by which it shows if the audit trail is rewritten later."""

from __future__ import annotations

from datetime import datetime

from bot.cards.audience import Audience
from bot.cards.heads import broken_card, head_card
from kit.errors import MunshiError
from kit.logs import logger
from ledger.commands.audit import HeadMessage, NoteAuditVerified, TellAuditHead
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries.audit import VerifyAudit
from ledger.store.heads import DueHead, Keeper, due_heads
from ledger.views.audit import AuditVerdict

log = logger(__name__)
ACTOR = "audit"


async def queue_due_heads(door: Door, now: datetime) -> int:
    """Verify what was added to each chain today, and tell its head to owner and accountant; return how many were told."""
    queued = 0
    async for due in due_heads(door.engine, now):
        try:
            queued += await _tell(door, due, now)
        except MunshiError as error:  # the chain went on meanwhile, say: the next round sees to it
            log.warning("head.refused", business=str(due.business_id), code=error.code)
        except Exception as fault:
            log.error("head.failed", business=str(due.business_id), exc_info=fault)
    return queued


async def _tell(door: Door, due: DueHead, now: datetime) -> int:
    actor: Actor = system(due.business_id, ACTOR)
    verdict: AuditVerdict = await door.query(VerifyAudit(), actor)
    if not verdict.holds:
        log.error("audit.broken", business=str(due.business_id), at=verdict.broken_at, fault=verdict.fault)
    verified = NoteAuditVerified(verdict.sequence, verdict.head, verdict.entries, verdict.since)
    messages = [_message(one, verdict, now) for one in due.keepers]
    command = TellAuditHead(due.today, verified if verdict.holds else None, tuple(messages))
    queued: int = await door.execute(command, actor)
    return queued


def _message(keeper: Keeper, verdict: AuditVerdict, now: datetime) -> HeadMessage:
    to = Audience(
        role=keeper.role,
        language=keeper.language,
        now=now,
        timezone=keeper.timezone,
        firm=keeper.business_name if keeper.several else None,
    )
    if verdict.holds:
        form = {**head_card(verdict, to).stored(), "silent": True}
    else:
        form = broken_card(verdict, to).stored()
    return HeadMessage(keeper.member_id, keeper.chat_id, {**form, "language": keeper.language})
