"""What is missing about parties, the most money first; ledgers of one PAN; what held when. From the log to the answer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from kit.ids import uuid7
from ledger.commands import DrainBusiness
from ledger.dispatch import Door
from ledger.domain.gstin import is_pan, odd_gstin
from ledger.domain.roles import Actor, Role, system
from ledger.queries import FindParty, PartyCard
from ledger.queries.identity import DataQuality, PartyGroups
from ledger.store.append import append
from ledger.views.identity import PROBLEMS, PartyGaps
from tests.ledger.firms import delivery

BOOKS, CRM = "standard:books", "crm:hubspot"
WHOLE = {
    "phone": "98200 12345", "email": "a@b.in", "gstin": "27AAPFU0939F1ZV", "terms_days": 30,
    "address": "Mandvi, Mumbai", "state": "Maharashtra",
}  # fmt: skip


class Told:
    """Says things of one business, and drains."""

    def __init__(self, door: Door, engine: AsyncEngine, business: UUID) -> None:
        self.door, self.engine, self.business = door, engine, business

    async def party(
        self, key: str, name: str, *, source: str = BOOKS, on: str = "2026-06-01", **data: Any
    ) -> None:
        """Say what a source knows of a party since a day."""
        at = datetime.fromisoformat(f"{on}T06:00:00+00:00").astimezone(UTC)
        found = {name: value for name, value in data.items() if value is not None}
        await self._append(
            delivery(self.business, source, "party.upserted", key, {"name": name, **found}, at=at)
        )

    async def owes(self, key: str, name: str, amount: int, number: str) -> None:
        """Make a bill."""
        data = {
            "number": number, "amount": amount, "currency": "INR", "party": {"id": key, "name": name},
            "issued_on": "2026-09-01",
        }  # fmt: skip
        await self._append(delivery(self.business, BOOKS, "invoice.issued", number, data))

    async def _append(self, made: Any) -> None:
        async with transaction(self.engine, [self.business]) as tx:
            await append(tx, [made])
        self.door.clock.advance(seconds=1)  # type: ignore[attr-defined]
        while (await self.door.execute(DrainBusiness(100), system(self.business, "drainer"))).more:
            pass


@pytest.fixture
def told(door: Door, engine: AsyncEngine, business: UUID) -> Told:
    return Told(door, engine, business)


def of(rows: tuple[PartyGaps, ...]) -> dict[str, set[str]]:
    return {row.name: set(row.problems) for row in rows}


@pytest.mark.parametrize(
    ("gstin", "odd"),
    [
        ("27AAPFU0939F1ZV", None),
        ("27 aapfu 0939 f1zv", None),
        ("27AAPFU0939F1ZX", "its last character doesn't fit the others, so one is mistyped"),
        ("27AAPFU0939F1Z", "it has 14 characters, not 15"),
        ("41AAPFU0939F1ZV", "no state has the code 41"),
        ("271APFU0939F1ZV", "1APFU0939F is no PAN"),
    ],
)
def test_what_is_odd_about_a_gstin(gstin: str, odd: str | None) -> None:
    assert odd_gstin(gstin) == odd


@pytest.mark.parametrize("code", ["38", "97"])
def test_ladakh_and_other_territory_are_known(code: str) -> None:
    endings = [
        c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if odd_gstin(f"{code}AAPFU0939F1Z{c}") is None
    ]
    assert len(endings) == 1


def test_a_placeholder_is_no_pan() -> None:
    assert [is_pan(text) for text in ("AAPFU0939F", "PANNOTAVBL", "", None)] == [True, False, False, False]


@pytest.mark.parametrize(
    ("without", "problems"),
    [
        ({}, set()),
        ({"phone": None}, {"no_phone"}),
        ({"email": None}, {"no_email"}),
        ({"gstin": None}, {"no_gstin"}),
        ({"gstin": "27AAPFU0939F1ZX"}, {"odd_gstin"}),
        ({"gstin": "27AAPFU0939F1Z"}, {"odd_gstin"}),
        ({"pan": "AAPFU0939G"}, {"pan_differs"}),
        ({"pan": "aapfu 0939f"}, set()),
        ({"terms_days": None}, {"no_terms"}),
        ({"state": None}, set()),  # the GSTIN tells it
        ({"state": None, "gstin": None}, {"no_state", "no_gstin"}),
        ({"state": None, "gstin": None, "address": None}, {"no_gstin"}),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),  # the same in every process
)
async def test_each_thing_that_is_missing_or_odd(
    told: Told, door: Door, owner: Actor, without: dict[str, Any], problems: set[str]
) -> None:
    await told.party("c1", "Sharma Traders", **{**WHOLE, **without})
    await told.owes("c1", "Sharma Traders", 100_00, "INV-1")
    page = await door.query(DataQuality(), owner)
    assert of(page.rows) == ({"Sharma Traders": problems} if problems else {})
    assert page.counts == dict.fromkeys(sorted(problems, key=list(PROBLEMS).index), 1)
    assert (page.count, page.parties) == (bool(problems), 1)


async def test_two_spellings_are_shown_and_capitals_are_none(told: Told, door: Door, owner: Actor) -> None:
    await told.party("c1", "Sharma Traders", **WHOLE)
    await told.party("h1", "SHARMA  TRADERS", source=CRM, gstin=WHOLE["gstin"])
    assert (await door.query(DataQuality(), owner)).rows == ()
    await told.party("h2", "Sharma Trading Co", source=CRM, gstin=WHOLE["gstin"])
    (row,) = (await door.query(DataQuality(), owner)).rows
    assert row.problems == ("spellings",)
    assert "Sharma Trading Co" in row.names


async def test_the_most_money_first_page_by_page(told: Told, door: Door, owner: Actor) -> None:
    for number, amount in enumerate([50_00, 500_00, 5_00, 50_00]):
        await told.owes(f"c{number}", f"Firm {'ABCD'[number]}", amount, f"INV-{number}")
    whole = await door.query(DataQuality(), owner)
    assert [row.net for row in whole.rows] == [500_00, 50_00, 50_00, 5_00]
    assert whole.counts["no_phone"] == 4
    after, seen = None, []
    for _ in range(4):
        page = await door.query(DataQuality(first=1, after=after), owner)
        seen += page.rows
        after = page.end
        assert (page.count, page.counts) == (4, whole.counts)
    assert tuple(seen) == whole.rows
    assert not page.more


async def test_a_phone_of_two_parties_and_a_rep_sees_his_own_customers_only(
    told: Told, door: Door, owner: Actor, business: UUID
) -> None:
    await told.party("c1", "Sharma Traders", **{**WHOLE, "owner": "ravi"})
    await told.party("c2", "Gupta Steel", **{**WHOLE, "gstin": "29AAGCB7383J1Z4", "phone": "+91 9820012345"})
    found = of((await door.query(DataQuality(), owner)).rows)
    assert {name for name, problems in found.items() if "same_phone" in problems} == {
        "Sharma Traders", "Gupta Steel",
    }  # fmt: skip
    rep = Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="ravi")
    page = await door.query(DataQuality(), rep)
    assert (page.parties, of(page.rows)) == (1, {})  # whose the other phone is, is none of his business
    stranger = Actor(business, Role.SALES, "Amit", member_id=uuid7(), owner_key=None)
    assert (await door.query(DataQuality(), stranger)).parties == 0


async def test_ledgers_of_one_pan_stay_apart_and_are_shown_together(
    told: Told, door: Door, owner: Actor, business: UUID
) -> None:
    await told.party("c1", "Sharma Mumbai", gstin="27AAPFU0939F1ZV", owner="ravi")
    await told.party("c2", "Sharma Bengaluru", gstin="29AAPFU0939F1ZR")
    await told.party("c3", "Sharma Cash", pan="AAPFU0939F")
    await told.party("c4", "Nobody", pan="PANNOTAVBL")
    await told.party("c5", "Nobody Else", pan="PANNOTAVBL")
    await told.owes("c1", "Sharma Mumbai", 100_00, "INV-1")
    await told.owes("c2", "Sharma Bengaluru", 20_00, "INV-2")
    page = await door.query(PartyGroups(), owner)
    (group,) = page.rows
    assert (page.count, group.pan, group.total) == (1, "AAPFU0939F", 120_00)
    assert [(member.name, member.net) for member in group.members] == [
        ("Sharma Mumbai", 100_00), ("Sharma Bengaluru", 20_00), ("Sharma Cash", 0),
    ]  # fmt: skip
    (found,) = await door.query(FindParty("Sharma Mumbai", limit=1), owner)
    card = await door.query(PartyCard(found.id), owner)
    assert card.group == group
    assert card.brief.net == 100_00
    rep = Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="ravi")
    assert (await door.query(PartyCard(found.id), rep)).group is None
    assert (await door.query(PartyGroups(), rep)).rows == ()


async def test_what_held_when_is_told_with_its_source_and_bills_keep_their_terms(
    told: Told, door: Door, engine: AsyncEngine, owner: Actor, business: UUID
) -> None:
    await told.party("c1", "Sharma Traders", terms_days=30, owner="o1")
    await told.owes("c1", "Sharma Traders", 100_00, "INV-1")  # 1 September
    await told.party("c1", "Sharma Traders", terms_days=15, owner="o2", on="2026-09-10")
    (found,) = await door.query(FindParty("Sharma", limit=1), owner)
    card = await door.query(PartyCard(found.id), owner)
    told_terms = [(h.value, h.since, h.source) for h in card.history if h.name == "terms_days"]
    assert told_terms == [(30, None, BOOKS), (15, date(2026, 9, 10), BOOKS)]
    assert [h.value for h in card.history if h.name == "owner"] == ["o1", "o2"]
    assert (card.terms_days, card.bills[0].due_on) == (15, date(2026, 10, 1))
    rep = Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="o2")
    assert len(await door.query(FindParty("Sharma"), rep)) == 1  # whose he is now, not whose he was
