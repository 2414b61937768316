"""Erasing a person: nothing of him is left in the database, and every amount, day and link of the chain stands."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from kit.database import transaction
from kit.errors import Denied, NotFound, Rejected
from ledger.commands import RebuildBusiness
from ledger.commands.erasure import EraseParty
from ledger.commands.workflow import AddNote
from ledger.domain.events import Delivery, NewEvent, Quarantined
from ledger.domain.roles import Role, system
from ledger.queries import Conflicts, PartyCard, WhoOwesMe
from ledger.store.append import append
from ledger.store.audit_chain import verify_audit
from ledger.store.bodies import open_body
from ledger.store.tables import metadata
from tests.conftest import TestDatabase
from tests.ledger.desk import Firm

ANIL = {"id": "Anil Sharma", "name": "Anil Sharma", "phone": "9820012345", "email": "anil@sharma.example"}
PLACE = "14 Lamington Road, Mumbai"
REASON = "He asked for it on 20 Nov"
TRACES = ("anil", "9820012345", "lamington", "sharma.example")


@pytest.fixture
async def firm(door, engine, clock, owner) -> Firm:
    """A firm that knows Anil from its books and its bank, has money of his, a note, and a question about him."""
    made = Firm(door, engine, clock, owner)
    await made.say(
        "standard:books", "party.upserted", "party", "Anil Sharma", name="Anil Sharma", phone="9820012345",
        email="anil@sharma.example", address=PLACE,
    )  # fmt: skip
    await made.bill("INV-102", 3_422_000, 2_900_000, party=ANIL)
    await made.bill("INV-107", 2_360_000, 2_000_000, party=ANIL)
    await made.bill("INV-200", 1_180_000, 1_000_000, party={"id": "C-2", "name": "Gupta Steel"})
    await made.say(
        "bank:icici", "bank.credited", "bank_line", "L-1", amount=3_422_000, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration="NEFT-HDFCN52026111800-ANIL SHARMA-INV-102", channel="NEFT",
        payer={"name": "ANIL SHARMA", "account": "50100012345678"}, references={"invoices": ["INV-102"]},
    )  # fmt: skip
    await made.say(
        "bank:icici", "bank.credited", "bank_line", "L-2", amount=77_700, currency="INR", account="000405004421",
        posted_on="2026-11-19", narration="UPI/ANILSHARM/9820012345", channel="UPI",
        payer={"name": "ANIL SHARMA"},
    )  # fmt: skip
    await made.settle()
    await made.door.execute(
        AddNote("Anil will call from 98200-12345", party_id=await party_of(made)), made.owner
    )
    await made.settle()
    return made


async def party_of(firm: Firm, number: str = "INV-102") -> UUID:
    rows = await firm.rows("SELECT number, party_id FROM invoices WHERE business_id = $1")
    found: UUID = next(row["party_id"] for row in rows if row["number"] == number)
    return found


async def money_of(firm: Firm) -> list[Any]:
    async with transaction(firm.engine, [firm.owner.business_id]) as tx:
        found = [
            await tx.fetch(
                "SELECT id, number, status, amount, outstanding, due_on FROM invoices ORDER BY id"
            ),
            await tx.fetch("SELECT id, status, amount, allocated, party_id FROM receipts ORDER BY id"),
            await tx.fetch("SELECT receipt_id, document_id, kind, amount FROM allocations ORDER BY 1, 2, 3"),
            await tx.fetch(
                "SELECT document_id, kind, amount, effective_on, known_from FROM postings ORDER BY id"
            ),
            await tx.fetch(
                "SELECT occurred_at, ingested_at, digest, source_event_id FROM external_events ORDER BY id"
            ),
        ]
    return [[tuple(row) for row in rows] for rows in found]


async def traces(database: TestDatabase) -> list[str]:
    """Every row of every table that still says something of him, as `table: row`."""
    admin = await asyncpg.connect(database.admin_url)
    try:
        left = []
        for table in metadata.sorted_tables:
            for row in await admin.fetch(f"SELECT t::text AS said FROM {table.name} t"):
                said = row["said"].casefold()
                if any(trace in said for trace in TRACES):
                    left.append(f"{table.name}: {row['said'][:200]}")
        return left
    finally:
        await admin.close()


async def test_nothing_of_him_is_left_and_all_money_stands(firm: Firm, database: TestDatabase) -> None:
    assert await traces(database)
    before = await money_of(firm)
    party = await party_of(firm)
    made = await firm.door.execute(EraseParty(party, REASON, apply=True), firm.owner)
    assert (made.applied, made.events >= 6, made.bodies >= 6) == (True, True, True)
    await firm.settle()
    assert await traces(database) == []
    assert await money_of(firm) == before
    card = await firm.door.query(PartyCard(party), firm.owner)
    assert card.brief.name == made.alias == f"Erased {party.hex[:8]}"
    assert (card.brief.phone, card.email) == (None, None)


async def test_the_chain_holds_and_a_refold_gives_the_same_rows(firm: Firm) -> None:
    await firm.door.execute(EraseParty(await party_of(firm), REASON, apply=True), firm.owner)
    await firm.settle()
    business = firm.owner.business_id
    async with transaction(firm.engine, [business], snapshot=True) as tx:
        verdict = await verify_audit(tx, business)
    assert verdict.broken_at is None
    rebuilt = await firm.door.execute(RebuildBusiness(), system(business, "test"))
    assert rebuilt.differing == {}
    assert await firm.rows("SELECT entry FROM audit WHERE business_id = $1 AND action = 'party.erased'")
    said = await firm.rows("SELECT words FROM audit_words WHERE business_id = $1")
    assert REASON in {row["words"] for row in said}


async def test_a_raw_body_keeps_the_others_and_its_digest(firm: Firm) -> None:
    business = firm.owner.business_id
    (row,) = await firm.rows(
        "SELECT delivery, source FROM external_events WHERE business_id = $1 AND event_type = 'note.added'"
    )
    async with transaction(firm.engine, [business]) as tx:
        assert b"Anil" in await open_body(tx, business, row["source"], row["delivery"])
    party = await party_of(firm)
    await firm.door.execute(EraseParty(party, REASON, apply=True), firm.owner)
    async with transaction(firm.engine, [business]) as tx:
        left = orjson.loads(await open_body(tx, business, row["source"], row["delivery"]))
        keys = await tx.value("SELECT count(*) FROM delivery_keys WHERE digest = $1", row["delivery"])
    assert (left["type"], left["data"]["text"]) == ("note.added", f"Erased {party.hex[:8]}")
    assert keys == 0


async def test_what_comes_again_under_its_old_id_changes_nothing(firm: Firm, database: TestDatabase) -> None:
    before = await money_of(firm)
    await firm.door.execute(EraseParty(await party_of(firm), REASON, apply=True), firm.owner)
    await firm.settle()
    await firm.bill("INV-300", 590_000, 500_000, party=ANIL)
    await firm.settle()
    rows = await firm.rows("SELECT number, party_id FROM invoices WHERE business_id = $1")
    assert len({row["party_id"] for row in rows if row["number"] in ("INV-102", "INV-300")}) == 1
    assert len((await money_of(firm))[0]) == len(before[0]) + 1


async def test_without_apply_it_only_counts(firm: Firm, database: TestDatabase) -> None:
    before, left = await money_of(firm), len(await traces(database))
    made = await firm.door.execute(EraseParty(await party_of(firm), REASON), firm.owner)
    assert not made.applied
    assert made.events >= 6
    assert await money_of(firm) == before
    assert len(await traces(database)) == left
    assert await firm.rows("SELECT 1 FROM audit WHERE business_id = $1 AND action = 'party.erased'") == []


async def test_others_stay_as_they_are(firm: Firm) -> None:
    await firm.door.execute(EraseParty(await party_of(firm), REASON, apply=True), firm.owner)
    await firm.settle()
    names = {row.name for row in (await firm.door.query(WhoOwesMe(), firm.owner)).rows}
    assert "Gupta Steel" in names
    gupta = await firm.rows(
        "SELECT normalised FROM external_events WHERE business_id = $1 AND external_id = 'INV-200'"
    )
    assert "Gupta Steel" in str(gupta)
    assert await firm.door.query(Conflicts(), firm.owner)


async def test_it_is_the_owners_and_needs_a_reason(firm: Firm) -> None:
    party = await party_of(firm)
    with pytest.raises(Denied):
        await firm.door.execute(EraseParty(party, REASON), replace(firm.owner, role=Role.FINANCE))
    with pytest.raises(Rejected, match="Why"):
        await firm.door.execute(EraseParty(party, "  "), firm.owner)
    with pytest.raises(NotFound):
        await firm.door.execute(EraseParty(firm.owner.business_id, REASON), firm.owner)


async def test_what_still_waits_is_not_erased_over(firm: Firm) -> None:
    await firm.bill("INV-400", 590_000, 500_000, party=ANIL)
    await firm.say("standard:books", "party.upserted", "party", "Anil Sharma", name="Anil K Sharma")
    with pytest.raises(Rejected) as caught:
        await firm.door.execute(EraseParty(await party_of(firm), REASON), firm.owner)
    assert caught.value.code == "erase.waiting"


async def test_the_application_itself_cannot_change_the_log(firm: Firm) -> None:
    for statement in (
        "UPDATE external_events SET normalised = '{}'",
        "DELETE FROM delivery_keys",
        "UPDATE delivery_keys SET key = ''",
        "DELETE FROM erased_bodies",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with transaction(firm.engine, [firm.owner.business_id]) as tx:
                await tx.run(statement)


async def told(firm: Firm, source: str, body: bytes, *events: NewEvent, **extra: Any) -> bytes:
    """Keep a raw body with events of it; returns its digest."""
    digest = hashlib.sha256(body).digest()
    delivery = Delivery(
        firm.owner.business_id, source, "file", digest, body, firm.clock.now, events=events, **extra
    )
    async with transaction(firm.engine, [firm.owner.business_id]) as tx:
        await append(tx, [delivery])
    return digest


async def opened(firm: Firm, source: str, digest: bytes) -> bytes:
    async with transaction(firm.engine, [firm.owner.business_id]) as tx:
        return await open_body(tx, firm.owner.business_id, source, digest)


async def test_bodies_that_no_event_of_his_leads_to_lose_him_too(firm: Firm, database: TestDatabase) -> None:
    again = await told(
        firm, "standard:books", b'{"again": {"name": "Anil Sharma", "phone": "98200-12345"}}',
        filename="anil sharma october.json",
    )  # fmt: skip
    unread = await told(
        firm, "standard:books", b'{"odd": "Anil Sharma"}',
        quarantined=(Quarantined("contacts Anil Sharma", "books.odd", "Anil Sharma has no number."),),
    )  # fmt: skip
    gupta = NewEvent(
        "g-1", "invoice.issued", "invoice", "INV-900", firm.clock.now, "instant",
        {"number": "INV-900", "party": {"id": "C-2", "name": "Gupta Steel"}, "issued_on": "2026-10-15",
         "due_on": "2026-11-14", "amount": 1_180_000, "base": 1_000_000, "currency": "INR",
         "description": "Cement, fetched by Anil Sharma"},
    )  # fmt: skip
    mixed = await told(
        firm,
        "standard:books",
        b'[{"name": "Gupta Steel", "by": "Anil Sharma"}, {"name": "Anil Sharma"}]',
        gupta,
    )
    other = await told(
        firm,
        "standard:books",
        b'[{"name": "Anil Sharmaji Traders", "n": 9820012345678}]',
        replace(gupta, source_event_id="g-2"),
    )
    await firm.settle()
    await firm.door.execute(EraseParty(await party_of(firm), REASON, apply=True), firm.owner)
    await firm.settle()
    assert await traces(database) == []
    for digest in (again, unread, mixed):
        assert b"anil" not in (await opened(firm, "standard:books", digest)).lower()
    assert b"Gupta Steel" in await opened(firm, "standard:books", mixed)
    assert b"Sharmaji" in await opened(firm, "standard:books", other)
    assert "Gupta Steel" in str(
        await firm.rows(
            "SELECT normalised FROM external_events WHERE business_id = $1 AND external_id = 'INV-900'"
        )
    )


async def test_money_that_nobody_knows_went_to_him_and_the_reason_lose_him_too(
    firm: Firm, database: TestDatabase
) -> None:
    await firm.say(
        "bank:icici", "bank.debited", "bank_line", "L-9", amount=55_500, currency="INR", account="000405004421",
        posted_on="2026-11-19", narration="NEFT-ANIL SHARMA-REFUND", channel="NEFT", payee={"name": "ANIL SHARMA"},
    )  # fmt: skip
    await firm.settle()
    await firm.door.execute(
        EraseParty(await party_of(firm), "Anil Sharma asked, from 9820012345", apply=True), firm.owner
    )
    await firm.settle()
    assert await traces(database) == []


async def test_nothing_is_erased_while_a_replay_holds_what_it_read(
    firm: Firm, database: TestDatabase
) -> None:
    other = await asyncpg.connect(database.admin_url)
    try:
        await other.fetchval(
            "SELECT pg_advisory_lock(hashtextextended($1, 0))", f"replay:{firm.owner.business_id}"
        )
        with pytest.raises(Rejected) as caught:
            await firm.door.execute(EraseParty(await party_of(firm), REASON), firm.owner)
        assert caught.value.code == "replay.running"
    finally:
        await other.close()
