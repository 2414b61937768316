"""The audit trail: a chain that any change breaks, extended once per batch, gapless under concurrent commands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import ledger.dispatch
from kit.database import Tx, transaction
from kit.ids import uuid7
from ledger.commands import AddMember
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.store.audit import Entry, Verdict, append_audit, verify_audit
from tests.conftest import TestDatabase

AT = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
ENTRIES = [
    Entry(
        "member:1", "conflict.resolved", f"conflict:{n}", {"before": {"status": "open"}, "n": n, "वजह": "हाँ"}
    )
    for n in range(1, 6)
]

# Sequence 3 is changed, removed or put in behind the application's back; where the chain breaks.
TAMPERED = {
    "the actor": ("UPDATE audit SET actor = 'member:2' WHERE sequence = 3", 3),
    "the action": ("UPDATE audit SET action = 'conflict.reopened' WHERE sequence = 3", 3),
    "the subject": ("UPDATE audit SET subject = NULL WHERE sequence = 3", 3),
    "the time by a microsecond": ("UPDATE audit SET at = at + interval '1 microsecond' WHERE sequence = 3", 3),
    "a number in the entry": ("UPDATE audit SET entry = jsonb_set(entry, '{n}', '4') WHERE sequence = 3", 3),
    "one byte of the hash": ("UPDATE audit SET hash = set_byte(hash, 31, 255 - get_byte(hash, 31)) WHERE sequence = 3", 3),
    "the link": ("UPDATE audit SET previous = hash WHERE sequence = 3", 3),
    "an entry removed": ("DELETE FROM audit WHERE sequence = 3", 4),
    "the first removed": ("DELETE FROM audit WHERE sequence = 1", 2),
    "two exchanged": (
        "UPDATE audit SET sequence = CASE sequence WHEN 3 THEN -4 ELSE -3 END WHERE sequence IN (3, 4);"
        "UPDATE audit SET sequence = -sequence WHERE sequence < 0",
        3,
    ),
    "one put in at the end": (
        "INSERT INTO audit (business_id, sequence, at, actor, action, entry, previous, hash)"
        " SELECT business_id, 6, at, actor, 'writeoff.approved', entry, hash, hash FROM audit WHERE sequence = 5",
        6,
    ),
    "removed and renumbered": (
        "DELETE FROM audit WHERE sequence = 3; UPDATE audit SET sequence = sequence - 1 WHERE sequence > 3",
        3,
    ),
}  # fmt: skip


async def _verdict(engine: AsyncEngine, business: UUID) -> Verdict:
    async with transaction(engine, [business], snapshot=True) as tx:
        return await verify_audit(tx, business)


async def test_an_untouched_chain_holds_and_its_head_moves_with_every_entry(
    engine: AsyncEngine, business: UUID
) -> None:
    heads = {(await _verdict(engine, business)).head}
    for count, entry in enumerate(ENTRIES, start=1):
        async with transaction(engine, [business]) as tx:
            assert await append_audit(tx, business, [entry], at=AT) == count
        verdict = await _verdict(engine, business)
        assert (verdict.entries, verdict.broken_at) == (count, None)
        heads.add(verdict.head)
    assert len(heads) == len(ENTRIES) + 1


@pytest.mark.parametrize("what", TAMPERED)
async def test_a_change_breaks_the_chain_where_it_was_made(
    what: str, engine: AsyncEngine, business: UUID, database: TestDatabase
) -> None:
    async with transaction(engine, [business]) as tx:
        await append_audit(tx, business, ENTRIES, at=AT)
    assert (await _verdict(engine, business)).broken_at is None
    statement, broken_at = TAMPERED[what]
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(statement)
    await admin.close()
    verdict = await _verdict(engine, business)
    assert verdict.broken_at == broken_at
    assert verdict.entries < broken_at


async def test_each_business_has_its_own_chain(engine: AsyncEngine, business: UUID) -> None:
    other = uuid7()
    for each in (business, other, business):
        async with transaction(engine, [each]) as tx:
            await append_audit(tx, each, ENTRIES[:2], at=AT)
    assert (await _verdict(engine, business)).entries == 4
    assert (await _verdict(engine, other)).entries == 2


async def test_commands_at_once_leave_a_chain_without_a_gap(
    door: Door, engine: AsyncEngine, owner: Actor
) -> None:
    await asyncio.gather(*(door.execute(AddMember(f"Person {n}", "finance"), owner) for n in range(40)))
    verdict = await _verdict(engine, owner.business_id)
    assert (verdict.entries, verdict.broken_at) == (40, None)
    async with transaction(engine, [owner.business_id]) as tx:
        rows = await tx.fetch("SELECT sequence FROM audit ORDER BY sequence")
    assert [row["sequence"] for row in rows] == list(range(1, 41))


async def test_a_command_extends_the_chain_once_and_last(
    door: Door, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    extended: list[int] = []
    statements: list[int] = []

    async def counting(tx: Tx, business: UUID, entries: list[Entry], *, at: datetime) -> int:
        extended.append(len(entries))
        last = await append_audit(tx, business, entries, at=at)
        statements.append(tx.statements)
        watched.append(tx)
        return last

    watched: list[Tx] = []
    monkeypatch.setattr(ledger.dispatch, "append_audit", counting)
    await door.execute(AddMember("Meena", "finance"), owner)
    assert extended == [1]
    assert watched[0].statements == statements[0], "nothing is said in the transaction after the trail"


async def test_a_command_that_fails_leaves_no_entry(door: Door, engine: AsyncEngine, owner: Actor) -> None:
    with pytest.raises(Exception, match="role"):
        await door.execute(AddMember("Meena", "boss"), owner)
    assert (await _verdict(engine, owner.business_id)).entries == 0
