"""The audit trail: a chain that any change breaks, extended once per batch, gapless under concurrent commands."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

import ledger.dispatch
import ledger.store.audit_chain
from kit.database import Tx, transaction
from kit.ids import uuid7
from ledger.commands import AddMember
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.store.audit import Entry, _Spoken, append_audit, beside, readable, words_hash, words_of
from ledger.store.audit_chain import START, Place, Verdict, verify_audit
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


async def _verdict(
    engine: AsyncEngine, business: UUID, *, since: Place = START, most: int | None = None
) -> Verdict:
    async with transaction(engine, [business], snapshot=True) as tx:
        return await verify_audit(tx, business, since=since, most=most)


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
    await _behind_our_back(database, statement)
    verdict = await _verdict(engine, business)
    assert verdict.broken_at == broken_at
    assert verdict.entries < broken_at


async def test_many_entries_are_one_chain_and_told_once(
    engine: AsyncEngine, business: UUID, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger.store.audit, "_AT_ONCE", 2)
    told: list[str] = []
    listener = await asyncpg.connect(database.url)
    try:
        await listener.add_listener(ledger.store.audit.CHANNEL, lambda *said: told.append(said[-1]))
        for count in (5, 4):
            async with transaction(engine, [business]) as tx:
                await append_audit(tx, business, ENTRIES[:1] * count, at=AT)
        await listener.execute("SELECT 1")
    finally:
        await listener.close()
    verdict = await _verdict(engine, business)
    assert (verdict.entries, verdict.broken_at) == (9, None)
    assert told == [f"{business}:5", f"{business}:9"]


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


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("the actor", "changed"),
        ("the link", "linked"),
        ("an entry removed", "missing"),
        ("the first removed", "missing"),
        ("removed and renumbered", "linked"),
        ("one byte of the hash", "changed"),
    ],
)
async def test_it_says_what_is_wrong(
    what: str, fault: str, engine: AsyncEngine, business: UUID, database: TestDatabase
) -> None:
    async with transaction(engine, [business]) as tx:
        await append_audit(tx, business, ENTRIES, at=AT)
    await _behind_our_back(database, TAMPERED[what][0])
    assert (await _verdict(engine, business)).fault == fault


async def test_it_goes_on_from_a_place_that_still_stands(
    engine: AsyncEngine, business: UUID, database: TestDatabase
) -> None:
    async with transaction(engine, [business]) as tx:
        await append_audit(tx, business, ENTRIES, at=AT)
    part = await _verdict(engine, business, most=3)
    assert (part.entries, part.sequence, part.more) == (3, 3, True)
    since = Place(part.sequence, bytes.fromhex(part.head))
    rest = await _verdict(engine, business, since=since)
    assert (rest.entries, rest.since, rest.sequence, rest.more) == (2, 3, 5, False)
    assert rest.head == (await _verdict(engine, business)).head
    nothing = await _verdict(engine, business, since=Place(5, bytes.fromhex(rest.head)))
    assert (nothing.entries, nothing.holds, nothing.head) == (0, True, rest.head)
    await _behind_our_back(database, "UPDATE audit SET hash = previous WHERE sequence = 3")
    broken = await _verdict(engine, business, since=since)
    assert (broken.broken_at, broken.fault) == (3, "checkpoint")
    await _behind_our_back(database, "DELETE FROM audit WHERE sequence > 2")
    assert (await _verdict(engine, business, since=since)).fault == "checkpoint"


async def test_a_hole_wider_than_what_is_fetched_at_once_is_found(
    engine: AsyncEngine, business: UUID, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger.store.audit_chain, "CHUNK", 2)
    async with transaction(engine, [business]) as tx:
        await append_audit(tx, business, ENTRIES * 3, at=AT)
    assert (await _verdict(engine, business)).entries == 15
    for removed, broken_at in (("14", 15), ("5 AND 12", 13), ("1 AND 4", 13)):
        low, _, high = removed.partition(" AND ")
        await _behind_our_back(database, f"DELETE FROM audit WHERE sequence BETWEEN {low} AND {high or low}")
        verdict = await _verdict(engine, business)
        assert (verdict.broken_at, verdict.fault) == (broken_at, "missing")
    await _behind_our_back(database, "UPDATE audit SET sequence = 0 WHERE sequence = 13")
    assert (await _verdict(engine, business)).fault == "missing"


async def test_what_people_said_stands_beside_the_chain_and_can_be_erased(
    engine: AsyncEngine, business: UUID
) -> None:
    entry = beside(
        {"reason": "Ravi asked", "before": {"name": "Sharma", "amount": 5}, "label": None, "ids": ["x"]}
    )
    async with transaction(engine, [business]) as tx:
        await append_audit(tx, business, [Entry("member:1", "party.renamed", "party:1", entry)], at=AT)
        stored = await tx.value("SELECT entry FROM audit")
        assert "Ravi" not in str(stored)
        assert "Sharma" not in str(stored)
        assert (stored["before"]["amount"], stored["label"], stored["ids"]) == (5, None, ["x"])
        words = await words_of(tx, business, [stored])
        for key, (salt, text) in words.items():
            assert words_hash(salt, text) in str(stored)
            assert str(key) in str(stored)
        assert readable(stored, words) == {
            "reason": "Ravi asked", "before": {"name": "Sharma", "amount": 5}, "label": None, "ids": ["x"]
        }  # fmt: skip
        head = (await verify_audit(tx, business)).head
        await tx.run("UPDATE audit_words SET salt = NULL, words = NULL WHERE business_id = $1", business)
        erased = readable(stored, await words_of(tx, business, [stored]))
        assert (erased["reason"], erased["before"]) == (None, {"name": None, "amount": 5})
        verdict = await verify_audit(tx, business)
        assert (verdict.holds, verdict.head) == (True, head)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcशर्मा", max_size=4), inner, max_size=3),
        max_leaves=8,
    )
)  # fmt: skip
def test_what_is_hashed_is_the_same_json_to_every_program(value: Any) -> None:
    ours = _Spoken().canonical({"after": value})
    told = json.loads(ours, parse_float=lambda text: pytest.fail(f"a fraction: {text}"))
    theirs = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert ours == theirs


async def _behind_our_back(database: TestDatabase, statement: str) -> None:
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(statement)
    await admin.close()
