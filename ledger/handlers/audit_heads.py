"""The head of the day to the chats: what was told there nobody can rewrite in the database unnoticed."""

from __future__ import annotations

from ledger import commands
from ledger.commands.audit import TellAuditHead
from ledger.domain.roles import Permission
from ledger.handlers.audit import note_verified
from ledger.handlers.outbox import queue_message
from ledger.handlers.registry import Context, handles
from ledger.store.heads import once_key


@handles(TellAuditHead, permission=Permission.SYSTEM)
async def tell_head(command: TellAuditHead, ctx: Context) -> int:
    """Queue the messages that weren't told today, and note in the chain what was verified."""
    queued = 0
    for message in command.messages:
        told = commands.QueueMessage(
            chat_id=message.chat_id,
            member_id=message.member_id,
            kind="digest" if command.verified is not None else "alert",
            card=message.card,
            once_key=once_key(message.member_id, command.day),
        )
        queued += await queue_message(told, ctx) is not None
    if queued and command.verified is not None:
        await note_verified(command.verified, ctx)
    return queued
