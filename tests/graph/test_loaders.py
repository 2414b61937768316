"""Loaders: a key that several fields wait for is loaded for all of them, whoever of them is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from graph.context import Loader, Request
from graph.schema import schema
from kit.errors import Denied
from ledger.commands import AddMember, MakePromise
from ledger.commands.attachments import AttachToParty, KeepAttachment
from ledger.commands.goods import HoldGoods
from ledger.commands.reminders import LogReminder
from ledger.commands.workflow import AddNote, LogCall, ReportPayment
from ledger.dispatch import Door
from ledger.domain.events import Delivery
from ledger.domain.roles import Actor, Role
from ledger.queries import CardsByIds, Parties
from ledger.queries.customers import GoodsByIds, SourcesByIds, TalkByIds
from ledger.queries.forecast import OutlooksByIds
from ledger.queries.payables import VendorsByIds
from ledger.queries.profiles import KeptByIds
from ledger.queries.reminders import RemindersByIds
from tests.ledger.handlers.test_tie_out import Teller

LATER = datetime(2026, 11, 18, tzinfo=UTC)


@pytest.fixture
async def sales(door: Door, owner: Actor) -> Actor:
    """Ravi, who sees his own customers."""
    member = await door.execute(AddMember("Ravi", "sales", crm_owner="ravi"), owner)
    return Actor(owner.business_id, Role.SALES, "Ravi", member_id=member, owner_key="ravi")


async def test_who_is_cancelled_takes_nothing_from_the_others_that_wait_for_the_same_key() -> None:
    loaded: list[list[int]] = []

    async def load(keys: Sequence[int]) -> list[int]:
        await asyncio.sleep(0.01)
        loaded.append(list(keys))
        return [key * 2 for key in keys]

    loader = Loader(load)

    async def wait() -> int:
        return await loader.load(21)

    first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 42
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await wait() == 42
    assert loaded == [[21]]


SAID = """
talk { call { text by } note { text } promise { on } goods { may } reported { amount { minor } } reminded { at } pageSeenAt }
reminder { kind asked { minor } bills { number } against { code } } saidBySources { source label latest { word } }
kept { id } vendor { size scheduled { id } paid { id } limits { payableId } } mayGoodsGo(order: 5000) { verdict }
outlook { __typename } gstin creditLimit { minor } aging { low } heldBy recentReceipts { id } cheques { id }
identities { source } sources { name } conflictsOpen toGiveBack { minor } group { pan } history { name }
"""
TALLY = "books:tally"


def _told(teller: Teller, n: int) -> list[Delivery]:
    """One party with a bill, a cheque and money, of whom something was said."""
    who = {"id": f"C{n}", "name": f"Party {n}"}
    return [
        teller.say(TALLY, "party.upserted", f"C{n}", name=who["name"], owner="ravi", pan="AAPFU0939F"),
        teller.bill(f"B{n}", 500_000 + n, party=who, due_on="2026-10-01"),
        teller.receipt(f"R{n}", 100_000 + n, party=who),
        teller.say(TALLY, "payout.processed", f"P{n}", party=who, amount=50_000 + n, paid_on="2026-11-02"),
    ]


async def _said(door: Door, owner: Actor, colleague: Actor, *, besides: set[UUID]) -> None:
    """Say something of each party that nobody has spoken of."""
    kept = await door.execute(KeepAttachment(b"a photo", "image/jpeg", "a.jpg"), owner)
    for party in (await door.query(Parties(first=200), owner)).rows:
        if party.id in besides:
            continue
        besides.add(party.id)
        for word in (
            LogCall(party.id, "says_paid"), AddNote("Ask again", party.id), MakePromise(party.id, date(2026, 12, 1), 500),
            HoldGoods(party.id), AttachToParty(party.id, kept, "The goods"), LogReminder(party.id, 500),
        ):  # fmt: skip
            await door.execute(word, owner)
        await door.execute(ReportPayment(party.id, 700, "cash", date(2026, 11, 19)), colleague)


@pytest.mark.parametrize(
    "fields", [SAID, *(f"{name} {{ __typename }}" for name in ("talk", "reminder", "vendor"))]
)
async def test_what_is_asked_of_each_party_of_a_page_takes_as_many_statements_for_fifty_as_for_five(
    fields: str, door: Door, owner: Actor, business: UUID, sales: Actor
) -> None:
    teller = Teller(door, business)
    counted, answered, told_of = [], [], set()
    for parties in (range(5), range(5, 50)):
        await teller.tell(*(told for n in parties for told in _told(teller, n)))
        if fields == SAID:
            await _said(door, owner, sales, besides=told_of)
            await teller.drain()
        request = Request(door, owner)
        try:
            found = await schema.execute(
                f"{{ parties(first: 50) {{ nodes {{ id name {fields} }} }} }}", context_value=request
            )
        finally:
            await request.close()
        assert found.errors is None
        counted.append(request.statements)
        answered.append(found.data["parties"]["nodes"])
    assert [len(rows) for rows in answered] == [5, 50]
    assert counted[0] == counted[1] <= 75
    if fields == SAID:
        for row in answered[1]:
            assert row["talk"]["note"]["text"] == "The goods"
            assert row == (await _alone(door, owner, row["id"], row["name"]))


async def _alone(door: Door, owner: Actor, party: str, name: str) -> dict[str, Any]:
    """Return what is answered of one party asked for by itself."""
    request = Request(door, owner)
    try:
        found = await schema.execute(
            f'{{ party(id: "{party}") {{ id name {SAID} }} }}', context_value=request
        )
    finally:
        await request.close()
    assert found.errors is None
    return found.data["party"]


async def test_a_party_of_somebody_else_is_not_found_and_the_others_are_answered(
    door: Door, owner: Actor, business: UUID, sales: Actor
) -> None:
    teller = Teller(door, business)
    await teller.tell(*(told for n in range(2) for told in _told(teller, n)))
    mine, other = [row.id for row in (await door.query(Parties(), owner)).rows]
    await teller.tell(teller.say(TALLY, "party.upserted", "C1", name="Party 1", owner="meena", at=LATER))
    for question in (TalkByIds, SourcesByIds, RemindersByIds, OutlooksByIds):
        assert list(await door.query(question(ids=(mine, other)), sales)) == [mine]
    assert list(await door.query(CardsByIds(0, (mine, other)), sales)) == [mine]
    assert list(await door.query(GoodsByIds(None, (mine, other)), sales)) == [mine]
    assert list(await door.query(KeptByIds(50, (mine, other)), sales)) == [mine]
    with pytest.raises(Denied):
        await door.query(VendorsByIds((mine,)), sales)
