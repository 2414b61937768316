"""The audit trail tells who parties are and what is agreed with them: joined, parted and changed; no sums, no words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from ledger.commands import RebuildBusiness
from ledger.commands.workflow import LinkParties, UnlinkParties
from ledger.domain.roles import system
from ledger.domain.told import CHANGES, Told, event_of
from ledger.domain.webhooks import ACTIONS
from tests.ledger.desk import BOOKS, CRM, Firm
from tests.ledger.rows import NOW

GUPTA = {"id": "C-2", "name": "Gupta Steel"}
GSTIN = "27AAPFU0939F1ZV"
WORDS = ("sharma", "gupta", "98200", "@", "ravi", "http")


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


async def trail(firm: Firm) -> list[dict[str, Any]]:
    rows = await firm.rows(
        "SELECT sequence, subject, entry, party FROM audit WHERE business_id = $1 AND action = 'party.changed'"
        " ORDER BY sequence"
    )
    entries = [row["entry"] if isinstance(row["entry"], dict) else orjson.loads(row["entry"]) for row in rows]
    assert all(row["subject"] == f"party:{row['party']}" for row in rows)
    return [{"id": UUID(row["party"]), **entry} for row, entry in zip(rows, entries, strict=True)]


async def parties(firm: Firm) -> dict[str, UUID]:
    rows = await firm.rows("SELECT name, id FROM parties WHERE business_id = $1")
    return {row["name"]: UUID(bytes=row["id"].bytes) for row in rows}


async def upsert(firm: Firm, key: str = "C-1", source: str = BOOKS, **data: Any) -> None:
    firm.clock.now += timedelta(minutes=1)
    await firm.say(source, "party.upserted", "party", key, **{"name": "Sharma Traders", **data})
    await firm.drain()


async def test_a_party_is_told_as_it_comes_and_as_it_changes(firm: Firm) -> None:
    await upsert(
        firm, gstin=GSTIN, terms_days=30, roles=["customer"], owner="ravi@firm.in", phone="9820012345"
    )
    (new,) = await trail(firm)
    assert (new["before"], new["currency"]) == (None, "INR")
    assert new["id"] == (await parties(firm))["Sharma Traders"]
    (record,) = await firm.rows("SELECT subject FROM party_identities WHERE business_id = $1")
    assert new["after"] == {
        "gstin": GSTIN, "pan": GSTIN[2:12], "terms_days": 30, "credit_limit": None, "is_customer": True,
        "is_vendor": False, "currency": "INR", "parents": [], "records": [str(record["subject"])],
    }  # fmt: skip
    assert new["because"][0].startswith(f"{BOOKS} ")
    await upsert(firm, gstin=GSTIN, terms_days=45, credit_limit=50_000_000, roles=["customer"], parent="C-9")
    told = (await trail(firm))[-1]
    changed = {name for name, value in told["after"].items() if told["before"][name] != value}
    assert changed == {"terms_days", "credit_limit", "parents"}
    assert (told["before"]["terms_days"], told["after"]["terms_days"]) == (30, 45)


async def test_of_words_only_the_change_is_told(firm: Firm) -> None:
    await upsert(firm)
    for words in ({"name": "Sharma & Sons"}, {"phone": "9820012345"}, {"email": "a@b.in"}, {"owner": "ravi"}):
        await upsert(firm, **words)
    await upsert(firm, url="https://crm.example/1")
    told = (await trail(firm))[1:]
    assert [one["reworded"] for one in told] == [
        ["name", "records"], ["name", "phone", "records"], ["email"], ["owner"], ["records"],
    ]  # fmt: skip
    assert all(one["before"] == one["after"] for one in told)
    rows = await firm.rows(
        "SELECT entry::text AS said FROM audit WHERE business_id = $1 AND action LIKE '%.changed'"
    )
    assert not [row["said"] for row in rows if any(word in row["said"].casefold() for word in WORDS)]


async def test_bills_and_money_change_only_sums_and_are_not_told_of_the_party(firm: Firm) -> None:
    await firm.bill("INV-1", 100_000, 100_000)
    await firm.settle()
    (first,) = await trail(firm)
    assert first["after"]["is_customer"]
    assert first["because"][0].startswith(f"{BOOKS} "), "known from its bill"
    await firm.bill("INV-2", 200_000, 200_000)
    await firm.credit(100_000)
    await firm.settle()
    assert await trail(firm) == [first]


async def test_a_partys_entry_stands_before_those_of_its_bills(firm: Firm) -> None:
    await firm.bill("INV-1", 100_000, 100_000)
    await firm.drain()
    rows = await firm.rows(
        "SELECT action FROM audit WHERE business_id = $1 AND action LIKE '%.changed' ORDER BY sequence"
    )
    assert [row["action"] for row in rows] == ["party.changed", "invoice.changed"]


async def test_joined_parties_are_one_transition_and_parted_ones_are_told_again(firm: Firm) -> None:
    await firm.bill("S-1", 100_000, 100_000)
    await firm.bill("G-1", 200_000, 200_000, party=GUPTA)
    await firm.drain()
    before = await parties(firm)
    known = len(await trail(firm))
    link = LinkParties(before["Sharma Traders"], before["Gupta Steel"])
    await firm.door.execute(link, firm.owner)
    await firm.drain()
    ((_, stays),) = (await parties(firm)).items()
    (gone,) = set(before.values()) - {stays}
    (joined,) = (await trail(firm))[known:]
    assert (joined["id"], joined["formerly"]) == (stays, [str(gone)])
    assert len(joined["before"]["records"]) == 1
    assert len(joined["after"]["records"]) == 2
    moved = await bills_moved(firm)
    assert [(one["party_before"], one["party"]) for one in moved] == [(str(gone), str(stays))]
    firm.clock.now += timedelta(minutes=1)
    await firm.door.execute(UnlinkParties(stays, BOOKS, "C-2"), firm.owner)
    await firm.drain()
    assert set((await parties(firm)).values()) == set(before.values())
    parted = {one["id"]: one for one in (await trail(firm))[known + 1 :]}
    assert set(parted) == set(before.values())
    assert (parted[gone]["before"], parted[gone]["parted_from"]) == (None, [str(stays)])
    assert len(parted[stays]["after"]["records"]) == 1
    assert "parted_from" not in parted[stays]
    assert [(one["party_before"], one["party"]) for one in (await bills_moved(firm))[1:]] == [
        (str(stays), str(gone))
    ]


async def bills_moved(firm: Firm) -> list[Any]:
    rows = await firm.rows(
        "SELECT entry FROM audit WHERE business_id = $1 AND action = 'invoice.changed' AND entry ? 'party_before'"
        " ORDER BY sequence"
    )
    return [row["entry"] if isinstance(row["entry"], dict) else orjson.loads(row["entry"]) for row in rows]


async def test_two_sources_records_of_one_gstin_are_told_as_one_party(firm: Firm) -> None:
    await upsert(firm, gstin=GSTIN)
    await upsert(firm, "55", CRM, gstin=GSTIN, name="Sharma Traders Pvt Ltd")
    stays = set((await parties(firm)).values())
    alive: set[UUID] = set()
    for one in await trail(firm):
        alive -= {UUID(former) for former in one.get("formerly", [])}
        alive.add(one["id"])
        assert one["after"] is not None
    assert alive == stays
    assert len((await trail(firm))[-1]["after"]["records"]) == 2


async def test_a_party_that_is_nobodys_any_more_is_told_as_gone(firm: Firm) -> None:
    await firm.bill("INV-1", 100_000, 100_000)
    await firm.drain()
    sharma = (await parties(firm))["Sharma Traders"]
    firm.clock.now += timedelta(minutes=1)
    await firm.bill("INV-1", 100_000, 100_000, party=GUPTA)
    await firm.drain()
    assert sharma not in (await parties(firm)).values()
    assert {one["id"]: one["after"] is None for one in (await trail(firm))[1:]}[sharma]


async def test_what_is_worked_in_again_is_not_told(firm: Firm) -> None:
    await upsert(firm, gstin=GSTIN, terms_days=30)
    await firm.bill("INV-1", 100_000, 100_000)
    await firm.drain()
    known = await trail(firm)
    await upsert(firm, gstin=GSTIN, terms_days=30)
    await firm.door.execute(RebuildBusiness(apply=True), system(firm.owner.business_id, "rebuild"))
    assert await trail(firm) == known


def test_webhooks_are_told_as_before() -> None:
    assert CHANGES["party.changed"] == "party"
    assert "party.changed" not in ACTIONS
    entry = {"before": None, "after": {"terms_days": 30}}
    assert event_of(Told(1, NOW, "party.changed", UUID(int=1), entry)) is None
