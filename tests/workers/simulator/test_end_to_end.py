"""The demo firm end to end: its history through the webhook endpoint into the ledger, then its present."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from ingest.door import Appender
from ingest.rejections import RejectionTrail
from ingest.sources import Sources
from ingest.webhook import WebhookEndpoint, webhook_route
from kit.database import transaction
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.commands import DrainBusiness, SweepBusiness
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Conflicts, Digest, Payables
from ledger.queries import Sources as SourcesQuestion
from tests.conftest import SettableClock
from workers.simulator import books
from workers.simulator.__main__ import Simulator
from workers.simulator.firm import STATE_FILE, Founded, found, read_state
from workers.simulator.world import World, build


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    monkeypatch.setenv("MUNSHI_HOME", str(tmp_path))
    monkeypatch.setattr("workers.simulator.__main__.SOONEST", 0.0)
    monkeypatch.setattr("workers.simulator.__main__.LATEST", 0.01)
    monkeypatch.setattr("workers.simulator.__main__._PATIENCE", 0)
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


def application(door: Door, clock: SettableClock) -> httpx.ASGITransport:
    endpoint = WebhookEndpoint(
        Sources(door.engine, seal=process_seal),
        Appender(door.engine),
        trail=RejectionTrail(door.engine),
        clock=clock,
        max_body_bytes=1_000_000,
    )
    return httpx.ASGITransport(Starlette(routes=[webhook_route(endpoint)]))


async def run_until(simulator: Simulator, moments: int) -> dict[str, Any]:
    place = simulator.config.munshi_home / STATE_FILE
    task = asyncio.create_task(simulator.run())
    while not task.done() and len(read_state(place).get("moments", [])) < moments:  # noqa: ASYNC110 - a file tells
        await asyncio.sleep(0.05)
    simulator.stopping.set()
    await task
    return read_state(place)


async def drain(door: Door, firm: Founded) -> None:
    while (await door.execute(DrainBusiness(), system(firm.business_id, "drainer"))).more:
        pass


async def test_history_becomes_a_digest_that_an_owner_can_read(door: Door, clock: SettableClock) -> None:
    simulator = Simulator(door, settings(), clock=clock, transport=application(door, clock))
    state = await run_until(simulator, 1)
    assert state["sent"]
    firm = await found(door, home=settings().munshi_home)
    owner = Actor(firm.business_id, Role.OWNER, "Ramesh Kulkarni", member_id=firm.members["owner"])
    await drain(door, firm)
    clock.advance(minutes=30)
    await drain(door, firm)
    await door.execute(SweepBusiness(), system(firm.business_id, "sweep"))

    sources = await door.query(SourcesQuestion(), owner)
    assert all(source.quarantined == 0 and source.events > 0 for source in sources)
    assert {s.state for s in sources if s.silence_hours} == {"fresh"}
    digest = await door.query(Digest(), owner)
    assert 10_00_000_00 <= digest.to_collect <= 40_00_000_00
    assert 0.25 <= digest.overdue / digest.to_collect <= 0.45
    assert all(bucket.amount > 0 for bucket in digest.aging)
    assert len(digest.call_first) == 3
    assert digest.to_pay > 0
    assert 6 <= digest.questions <= 13
    page = await door.query(Conflicts(first=50), owner)
    assert {c.rule for c in page.rows} == {
        "unmatched_bank_credit", "amount_mismatch", "duplicate_payment", "settlement_missing_in_bank",
        "crm_says_paid_no_payment_event", "ambiguous_status", "bank_credit_not_in_books",
    }  # fmt: skip
    payables = await door.query(Payables(first=50), owner)
    assert payables.total > 0
    assert digest.banks[0].balance > 0


async def test_what_every_customer_owes_is_what_the_firm_knows(
    door: Door, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.simulator.__main__.SOONEST", 3_600.0)  # the past alone
    monkeypatch.setattr("workers.simulator.__main__.LATEST", 3_600.0)
    simulator = Simulator(door, settings(), clock=clock, transport=application(door, clock))
    task = asyncio.create_task(simulator.run())
    while not task.done() and not read_state(settings().munshi_home / STATE_FILE).get("sent"):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    simulator.stopping.set()
    await task
    firm = await found(door, home=settings().munshi_home)
    await drain(door, firm)
    expected = truth(build(firm.seed, firm.founded_on))
    assert len(expected) > 45
    assert await owed(door, firm) == expected


async def owed(door: Door, firm: Founded) -> dict[str, int]:
    """What each customer owes in Munshi, by name; a credit is negative (paise)."""
    async with transaction(door.engine, [firm.business_id]) as tx:
        rows = await tx.fetch(
            "SELECT p.name, sum(t.amount)::bigint AS amount FROM postings t"
            " JOIN parties p ON p.business_id = t.business_id AND p.id = t.party_id"
            " WHERE t.side = 'receivable' AND t.known_to IS NULL GROUP BY p.name"
        )
    return {row["name"]: row["amount"] for row in rows if row["amount"]}


def truth(world: World) -> dict[str, int]:
    """What each customer owes: his ledger in Tally, less what only gateway and bank know and what tells whose it is: a
    bill's number, or a known name with an amount that his bills explain, what he usually keeps back with it."""
    sums = books.owed(world)
    vendors = {party.name for party in world.vendors}
    for paid in world.gateway:
        if paid.captured:
            sums[paid.party.name] -= paid.amount - (paid.refund.amount if paid.refund else 0)
    for transfer in world.payments:
        told = any(number in transfer.remark for number, _ in transfer.settles) or transfer.kind == "bills"
        if transfer.entered_on is None and told:
            sums[transfer.party.name] -= transfer.amount + transfer.tds
    return {name: amount for name, amount in sums.items() if amount and name not in vendors}


async def test_the_present_goes_on_after_a_restart_without_telling_history_again(
    door: Door, clock: SettableClock
) -> None:
    first = Simulator(door, settings(), clock=clock, transport=application(door, clock))
    before = await run_until(first, 6)
    firm = await found(door, home=settings().munshi_home)
    owner = Actor(firm.business_id, Role.OWNER, "Ramesh Kulkarni", member_id=firm.members["owner"])
    await drain(door, firm)
    events = {s.name: s.events for s in await door.query(SourcesQuestion(), owner)}
    clock.advance(hours=30)
    second = Simulator(door, settings(), clock=clock, transport=application(door, clock))
    after = await run_until(second, len(before["moments"]) + 6)
    assert after["moments"][: len(before["moments"])] == before["moments"]
    await drain(door, firm)
    grown = {s.name: s.events - events[s.name] for s in await door.query(SourcesQuestion(), owner)}
    assert 0 < sum(grown.values()) < 120
