"""The daily sweep forgets what the chat no longer needs, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from kit.database import transaction
from ledger.commands import QueueMessage, SaveButtons, SweepBusiness
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system


async def test_old_buttons_and_sent_messages_are_forgotten(door: Door, business: UUID, owner: Actor) -> None:
    async def left() -> tuple[int, int]:
        async with transaction(door.engine, [business]) as tx:
            return (
                await tx.value("SELECT count(*) FROM buttons WHERE business_id = $1", business),
                await tx.value("SELECT count(*) FROM outbox WHERE business_id = $1", business),
            )

    bot = system(business, "bot")
    await door.execute(SaveButtons(({"do": "digest"}, {"do": "owes"})), bot)
    for _ in range(2):
        await door.execute(
            QueueMessage(7, owner.member_id, "answer", {"text": "Namaste", "buttons": []}), bot
        )
    old = door.clock() - timedelta(days=91)
    async with transaction(door.engine, [business]) as tx:
        await tx.run(
            "UPDATE outbox SET status = 'sent', queued_at = $2 WHERE business_id = $1", business, old
        )
        await tx.run(
            "UPDATE outbox SET status = 'queued' WHERE id = (SELECT min(id::text)::uuid FROM outbox)"
        )
        await tx.run("UPDATE buttons SET created_at = $1 WHERE id = (SELECT min(id) FROM buttons)", old)
    assert await left() == (2, 2)
    await door.execute(SweepBusiness(), system(business, "sweep"))
    assert await left() == (1, 1)
