"""The head of the day: told once an evening to who keeps it, quietly; and loudly that the chain doesn't hold."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from bot.heads import queue_due_heads
from kit.database import transaction
from ledger.commands import AddMember, CreateLinkCode, LinkChat
from ledger.commands.audit import NoteAuditVerified
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries.audit import CheckHead, VerifyAudit
from tests.conftest import SettableClock, TestDatabase
from tests.ledger.trail import trail

EVENING = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
"""Nine in the evening in India."""


async def _linked(door: Door, business: UUID, role: str, chat: int, language: str = "en") -> Actor:
    clerk = system(business, "test")
    made = AddMember("Ramesh", role, language=language, crm_owner="ravi", digest_at=time(8))
    code = await door.execute(CreateLinkCode(await door.execute(made, clerk)), clerk)
    linked: Actor = await door.execute(LinkChat(code, chat), clerk)
    return linked


async def _queued(door: Door, business: UUID) -> list[Any]:
    async with transaction(door.engine, [business]) as tx:
        return await tx.fetch("SELECT chat_id, kind, card FROM outbox ORDER BY queued_at, chat_id")


async def test_owner_and_accountant_are_told_quietly_once_an_evening(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    for role, chat, language in (
        ("owner", 1, "en"),
        ("view", 2, "hi"),
        ("finance", 3, "en"),
        ("sales", 4, "en"),
    ):
        await _linked(door, business, role, chat, language)
    clock.now = EVENING - timedelta(minutes=1)
    assert await queue_due_heads(door, clock.now) == 0
    clock.now = EVENING
    before = await door.query(VerifyAudit(full=True), system(business, "audit"))
    assert await queue_due_heads(door, clock.now) == 2
    english, hindi = await _queued(door, business)
    head = " ".join(before.head[at : at + 4] for at in range(0, 16, 4))
    assert english["card"]["text"] == f"Seal of the records · Fri 20 Nov · entry {before.sequence} · {head}"
    assert hindi["card"]["text"].startswith("रिकॉर्ड की मुहर · शुक्र 20 नव")
    assert {row["chat_id"] for row in (english, hindi)} == {1, 2}
    assert all(row["card"]["silent"] for row in (english, hindi))
    (noted,) = await trail(door.engine, business, "audit.verified")
    assert (noted["entry"]["sequence"], noted["entry"]["head"]) == (before.sequence, before.head)
    assert await queue_due_heads(door, clock.now + timedelta(minutes=10)) == 0


async def test_a_firm_that_rests_is_told_nothing_and_one_that_works_again_the_next_evening(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    owner = await _linked(door, business, "owner", 1)
    clock.now = EVENING
    assert await queue_due_heads(door, clock.now) == 1
    clock.advance(days=1)
    assert await queue_due_heads(door, clock.now) == 0
    await door.execute(AddMember("Meena", "finance"), owner)
    assert await queue_due_heads(door, clock.now) == 1
    assert (await door.query(VerifyAudit(), owner)).entries == 1, "it goes on where it was verified"


async def test_a_verification_before_it_takes_nobody_his_head(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    await _linked(door, business, "owner", 1)
    clock.now = EVENING - timedelta(minutes=5)
    clerk = system(business, "command line")
    found = await door.query(VerifyAudit(full=True), clerk)
    await door.execute(NoteAuditVerified(found.sequence, found.head, found.entries, found.since), clerk)
    clock.now = EVENING
    assert await queue_due_heads(door, clock.now) == 1


async def test_what_was_told_is_compared_and_a_rewritten_chain_found(
    door: Door, business: UUID, clock: SettableClock, database: TestDatabase
) -> None:
    owner = await _linked(door, business, "owner", 1)
    clock.now = EVENING
    await queue_due_heads(door, clock.now)
    ((_, _, card),) = await _queued(door, business)
    _, _, entry, head = card["text"].split(" · ")
    number = int(entry.removeprefix("entry "))
    found = await door.query(CheckHead(head, number), owner)
    assert (found.stands, found.verdict.holds, found.verdict.sequence) == (True, True, number)
    assert not (await door.query(CheckHead(head, number - 1), owner)).stands
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("UPDATE audit SET actor = 'member:x' WHERE sequence = 2")
    await admin.close()
    assert (await door.query(CheckHead(head, number), owner)).verdict.fault == "changed"


async def test_a_broken_chain_is_told_aloud_every_evening(
    door: Door, business: UUID, clock: SettableClock, database: TestDatabase
) -> None:
    await _linked(door, business, "owner", 1)
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("UPDATE audit SET action = 'x' WHERE sequence = 2")
    await admin.close()
    clock.now = EVENING
    assert await queue_due_heads(door, clock.now) == 1
    ((_, kind, card),) = await _queued(door, business)
    assert kind == "alert"
    assert "silent" not in card
    assert "From entry 2 on" in card["text"]
    assert await trail(door.engine, business, "audit.verified") == []
    assert await queue_due_heads(door, clock.now + timedelta(days=1)) == 1
