"""What chats leave behind goes in its time, and not before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from kit.database import Tx, transaction
from kit.ids import uuid7
from ledger.commands import QueueMessage
from ledger.commands.delivery import ClaimMessage, SettleMessage
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.store import chat_upkeep
from ledger.store.chat_upkeep import forget_old_traffic
from tests.conftest import SettableClock


async def _outbox(tx: Tx, business: UUID, status: str, at: datetime) -> None:
    await tx.run(
        """
        INSERT INTO outbox (business_id, id, channel, chat_id, kind, card, status, sent_at, queued_at)
        VALUES ($1, $2, 'telegram', 1, 'answer', '{}', $3, $4, $5)
        """,
        business, uuid7(), status, at if status == "sent" else None, at,
    )  # fmt: skip


async def _button(tx: Tx, business: UUID, name: str, at: datetime) -> None:
    await tx.run(
        "INSERT INTO buttons (business_id, id, action, created_at) VALUES ($1, $2, '{}', $3)",
        business,
        name,
        at,
    )


async def _update(tx: Tx, business: UUID, number: int, at: datetime) -> None:
    await tx.run(
        "INSERT INTO chat_updates (business_id, update_id, taken_at) VALUES ($1, $2, $3)",
        business,
        number,
        at,
    )


async def test_old_traffic_goes_and_what_may_still_be_needed_stays(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    now = clock.now
    async with transaction(door.engine, [business]) as tx:
        for days in (1, 29, 31, 500):
            for status in ("sent", "failed", "queued"):
                await _outbox(tx, business, status, now - timedelta(days=days))
        for days in (1, 399, 401):
            await _button(tx, business, f"button{days}", now - timedelta(days=days))
        for days in (1, 6, 8):
            await _update(tx, business, days, now - timedelta(days=days))
    assert await forget_old_traffic(door.engine, now) == {"outbox": 4, "buttons": 1, "chat_updates": 1}
    assert await forget_old_traffic(door.engine, now) == {}
    async with transaction(door.engine, [business]) as tx:
        rows = await tx.fetch("SELECT status, count(*) AS n FROM outbox GROUP BY status")
        assert {row["status"]: row["n"] for row in rows} == {"sent": 2, "failed": 2, "queued": 4}
        assert {row["id"] for row in await tx.fetch("SELECT id FROM buttons")} == {"button1", "button399"}


async def test_a_pass_takes_a_bounded_number_of_rows_and_the_next_goes_on(
    door: Door, business: UUID, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_upkeep, "_MOST", 3)
    async with transaction(door.engine, [business]) as tx:
        for number in range(7):
            await _update(tx, business, number, clock.now - timedelta(days=9))
    gone = [await forget_old_traffic(door.engine, clock.now) for _ in range(4)]
    assert gone == [{"chat_updates": 3}, {"chat_updates": 3}, {"chat_updates": 1}, {}]


async def test_the_bytes_of_a_file_are_kept_only_until_it_is_sent(
    door: Door, business: UUID, owner: Actor
) -> None:
    attachment = {"filename": "ledger.pdf", "content": "JVBERg==", "kind": "document"}
    card = {"text": "Here it is.", "buttons": [], "attachment": attachment}
    queued = await door.execute(QueueMessage(1, owner.member_id, "answer", card), owner)
    clerk = system(business, "outbox")
    claimed = await door.execute(ClaimMessage(1), clerk)
    assert claimed.card["attachment"] == attachment
    await door.execute(SettleMessage(queued, "queued", due_at=door.clock()), clerk)
    claimed = await door.execute(ClaimMessage(1), clerk)
    assert claimed.card["attachment"] == attachment
    await door.execute(SettleMessage(queued, "sent", message_id=5), clerk)
    async with transaction(door.engine, [business]) as tx:
        assert await tx.value("SELECT card FROM outbox WHERE id = $1", queued) == {
            "text": "Here it is.", "buttons": [],
        }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "more", "parts"),
    [
        ("short", {}, [("short", True)]),
        ("x" * 1_025, {}, [("x" * 1_025, False), ("", True)]),
        ("<b>" + "x" * 1_024 + "</b>", {}, [("<b>" + "x" * 1_024 + "</b>", True)]),
        ("in place", {"edit_message": 7}, [("in place", False), ("", True)]),
        ("in place", {"edit_of": uuid4()}, [("in place", False), ("", True)]),
    ],
)
async def test_a_file_and_a_text_that_no_message_holds_together_become_two(
    door: Door,
    business: UUID,
    owner: Actor,
    text: str,
    more: dict[str, Any],
    parts: list[tuple[str, bool]],
) -> None:
    attachment = {"filename": "ledger.pdf", "content": "JVBERg==", "kind": "document"}
    buttons = [[{"label": "More", "action": {"do": "help"}}]]
    card = {"text": text, "buttons": buttons, "attachment": attachment, "language": "hi"}
    made = await door.execute(
        QueueMessage(1, owner.member_id, "answer", card, once_key="one", **more),
        owner,
    )
    clerk, found = system(business, "outbox"), []
    while claimed := await door.execute(ClaimMessage(1), clerk):
        found.append((claimed.card["text"], "attachment" in claimed.card))
        assert claimed.card["language"] == "hi"
        assert bool(claimed.card["buttons"]) is (len(found) == 1), "the buttons stand below the words"
        assert (claimed.id == made) is (len(found) == 1)
        await door.execute(SettleMessage(claimed.id, "sent", message_id=5), clerk)
    assert found == parts
