"""Subscriptions: everything since, in order, none lost and none twice; each to whom it may concern, while it may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from graph import live_socket
from graph.app import make_app
from graph.follow import KEPT, Follower
from graph.ids import global_id, key_of
from kit.clock import Clock
from kit.database import transaction
from kit.settings import Settings
from ledger.commands.people import ChangeMember, RemoveMember
from ledger.commands.tokens import CreateToken, RevokeToken
from ledger.commands.workflow import LinkParties, UnlinkParties
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.queries.tokens import Tokens
from ledger.store.audit import Entry, append_audit
from tests.graph.following import CHANGES, QUESTIONS, Client, client_at, served
from tests.ledger.desk import BOOKS, SHARMA, Firm

Listen = Callable[..., Any]


@pytest.fixture
def firm(door: Door, engine: AsyncEngine, clock: Clock, owner: Actor) -> Firm:
    return Firm(door, engine, clock, owner)


@pytest.fixture
async def port(engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(live_socket, "CHECK_SECONDS", 0.2)
    app = make_app(Settings(public_url="https://munshi.example"), engine=engine, clock=clock)
    async with served(app) as made:
        yield made


@pytest.fixture
async def token(firm: Firm) -> str:
    return await token_of(firm, firm.owner)


async def token_of(firm: Firm, member: Actor, **narrow: Any) -> str:
    assert member.member_id is not None
    made: str = await firm.door.execute(CreateToken(member.member_id, "live", **narrow), firm.owner)
    return made


async def begun(client: Client, token: str) -> Client:
    assert (await client.begin(token))["type"] == "connection_ack"
    return client


async def place(firm: Firm) -> int:
    rows = await firm.rows("SELECT coalesce(max(sequence), 0) AS last FROM audit WHERE business_id = $1")
    return int(rows[0]["last"])


async def rep(firm: Firm, owner_key: str = "rep-1") -> Actor:
    return await firm.member("Ravi", Role.SALES, owner_key=owner_key)


async def give(firm: Firm, name: str, owner_key: str) -> None:
    await firm.rows(
        "UPDATE parties SET owner = $3 WHERE business_id = $1 AND name = $2 RETURNING 1", name, owner_key
    )


async def test_a_bill_and_a_question_are_told_as_they_happen(firm: Firm, port: int, token: str) -> None:
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("bills", CHANGES, kinds=["INVOICE"])
        await client.follow("asked", QUESTIONS)
        await asyncio.sleep(0.3)
        await firm.bill("INV-102", 5_684_000, 5_684_000)
        await firm.drain()
        told = await client.told()
        (row,) = await firm.rows("SELECT id FROM invoices WHERE business_id = $1")
        assert told["subjectId"] == told["node"]["id"] == global_id("Invoice", row["id"])
        assert (told["number"], told["before"], told["party"]["name"]) == ("INV-102", None, "Sharma Traders")
        assert told["after"] == {"status": "invoice.issued", "outstanding": {"minor": 5_684_000}}
        await firm.credit(1_234_500)
        await firm.settle()
        asked = await client.told()
        question = await firm.only()
        assert (asked["what"], asked["questionId"]) == ("OPENED", global_id("Conflict", question.id))
        assert asked["question"] == {"title": question.title, "status": "open"}


async def test_who_comes_again_is_told_all_since_in_order_and_then_what_happens(
    firm: Firm, port: int, token: str
) -> None:
    numbers = [f"INV-{n}" for n in range(1, 8)]
    for number in numbers[:3]:
        await firm.bill(number, 100_000, 100_000)
        await firm.drain()
    got: list[Any] = []
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("1", CHANGES, kinds=["INVOICE"], after=0)
        got += [await client.told(), await client.told()]
    for number in numbers[3:5]:
        await firm.bill(number, 100_000, 100_000)
        await firm.drain()
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("1", CHANGES, kinds=["INVOICE"], after=got[-1]["sequence"])
        got += [await client.told() for _ in range(3)]
        for number in numbers[5:]:
            await firm.bill(number, 100_000, 100_000)
            await firm.drain()
        got += [await client.told() for _ in range(2)]
        assert await client.silent()
    assert [one["number"] for one in got] == numbers
    places = [one["sequence"] for one in got]
    assert places == sorted(set(places))


async def test_followers_of_several_processes_are_told_the_same(
    firm: Firm, port: int, token: str, engine: AsyncEngine, clock: Clock
) -> None:
    other = make_app(Settings(public_url="https://munshi.example"), engine=engine, clock=clock)
    async with served(other) as second, client_at(port) as one, client_at(second) as two:
        for client in (one, two):
            await begun(client, token)
            await client.follow("1", CHANGES, kinds=["INVOICE"], after=0)
        for n in range(5):
            await firm.bill(f"INV-{n}", 100_000, 100_000)
            await firm.drain()
        heard = [[await client.told() for _ in range(5)] for client in (one, two)]
    assert heard[0] == heard[1]
    assert [told["number"] for told in heard[0]] == [f"INV-{n}" for n in range(5)]


async def test_a_slow_follower_misses_nothing_though_memory_went_on(
    firm: Firm, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.follow.PAGE", 7)
    monkeypatch.setattr("graph.follow.KEPT", 20)
    follower = Follower(door)
    listening = asyncio.create_task(follower.run())
    business = firm.owner.business_id
    slow, quick = follower.after(business, 0), follower.after(business, 0)

    async def say(count: int) -> None:
        async with transaction(firm.engine, [business]) as tx:
            entries = [
                Entry("system:test", "conflict.noted" if n % 3 else "unheard", str(UUID(int=n)), {})
                for n in range(count)
            ]
            await append_audit(tx, business, entries, at=firm.clock.now)

    async def taken(stream: Any, until: int) -> list[int]:
        found: list[int] = []
        async with asyncio.timeout(15):
            async for rows in stream:
                found += [row.sequence for row in rows]
                if found[-1] >= until:
                    return found
        raise AssertionError("it ended")

    await say(30)
    first = await taken(slow, 3)
    await say(300)
    last = 330
    whole = await taken(quick, last)
    rest = await taken(slow, last)
    expected = [row["sequence"] for row in await firm.rows(
        "SELECT sequence FROM audit WHERE business_id = $1 AND action = 'conflict.noted' ORDER BY sequence"
    )]  # fmt: skip
    assert first + rest == whole == expected
    assert KEPT > 20
    for stream in (slow, quick):
        await stream.aclose()
    assert follower._feeds == {}
    listening.cancel()


async def test_what_happens_while_nobody_listens_to_the_database_is_told_when_somebody_does(
    firm: Firm, port: int, token: str
) -> None:
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("1", CHANGES, kinds=["INVOICE"], after=0)
        await firm.bill("INV-1", 100_000, 100_000)
        await firm.drain()
        assert (await client.told())["number"] == "INV-1"
        gone = await firm.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'munshi-api-live' AND datname = current_database() AND $1::uuid IS NOT NULL"
        )
        assert len(gone) == 1
        await firm.bill("INV-2", 100_000, 100_000)
        await firm.drain()
        assert (await client.told(30))["number"] == "INV-2"


async def test_a_sales_rep_is_told_of_his_own_customers_only(firm: Firm, port: int) -> None:
    gupta = {"id": "C-2", "name": "Gupta Steel"}
    for number, party in (("S-1", {"id": "C-1", "name": "Sharma Traders"}), ("G-1", gupta)):
        await firm.bill(number, 100_000, 100_000, party=party)
        await firm.drain()
    ravi = await rep(firm)
    await give(firm, "Sharma Traders", "rep-1")
    async with client_at(port) as client:
        await begun(client, await token_of(firm, ravi))
        await client.follow("1", CHANGES, after=0)
        party = await client.told()
        assert (party["kind"], party["party"]["name"]) == ("PARTY", "Sharma Traders")
        assert (await client.told())["number"] == "S-1"
        assert await client.silent()
        await client.follow("2", CHANGES, kinds=["PAYABLE"])
        assert await client.code() == "permission.denied"
        (other,) = await firm.rows("SELECT id FROM parties WHERE business_id = $1 AND name = 'Gupta Steel'")
        query = "subscription($p: ID!) { changes(partyId: $p) { sequence } }"
        await client.follow("3", query, p=global_id("Party", other["id"]))
        assert await client.code() == "party.not_found"
        await client.follow("4", "subscription { importProgress { pending } }")
        assert await client.code() == "permission.denied"


PARTIES = """subscription($after: Int) { changes(after: $after, kinds: [PARTY]) { kind subjectId changed formerly partedFrom
  before { termsDays } after { termsDays creditLimit { minor } gstin isCustomer status } party { name } node { id } } }"""


async def test_parties_are_told_with_what_of_them_changed(firm: Firm, port: int, token: str) -> None:
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("1", PARTIES, after=0)
        given = {"gstin": "27AAPFU0939F1ZV", "roles": ["customer"], "terms_days": 30}
        await firm.say(BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", **given)
        await firm.drain()
        told = await client.told()
        assert told["subjectId"] == told["node"]["id"]
        assert (told["kind"], told["before"], told["changed"]) == ("PARTY", None, [])
        assert told["after"] == {
            "termsDays": 30, "creditLimit": None, "gstin": "27AAPFU0939F1ZV", "isCustomer": True, "status": None,
        }  # fmt: skip
        firm.clock.now += timedelta(minutes=1)
        given |= {"terms_days": 45, "credit_limit": 5_000_000, "owner": "rep-1"}
        await firm.say(BOOKS, "party.upserted", "party", "C-1", name="Sharma & Sons", **given)
        await firm.drain()
        told = await client.told()
        assert told["changed"] == ["termsDays", "creditLimit", "name", "salesOwner", "identities"]
        assert (told["before"]["termsDays"], told["after"]["termsDays"]) == (30, 45)
        assert told["after"]["creditLimit"] == {"minor": 5_000_000}
        assert told["party"]["name"] == "Sharma & Sons"


async def test_parties_that_were_joined_and_parted_are_told_with_each_others_ids(
    firm: Firm, port: int, token: str
) -> None:
    for number, party in (("S-1", SHARMA), ("G-1", {"id": "C-2", "name": "Gupta Steel"})):
        await firm.bill(number, 100_000, 100_000, party=party)
    await firm.drain()
    one, other = [row["id"] for row in await firm.rows("SELECT id FROM parties WHERE business_id = $1")]
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("1", PARTIES)
        await asyncio.sleep(0.3)
        await firm.door.execute(LinkParties(one, other), firm.owner)
        await firm.drain()
        joined = await client.told()
        (former,) = joined["formerly"]
        assert {former, joined["subjectId"]} == {global_id("Party", one), global_id("Party", other)}
        assert joined["changed"] == ["identities"]
        firm.clock.now += timedelta(minutes=1)
        await firm.door.execute(UnlinkParties(key_of("Party", joined["subjectId"]), BOOKS, "C-2"), firm.owner)
        await firm.drain()
        parted = {told["subjectId"]: told for told in (await client.told(), await client.told())}
        assert parted[former]["partedFrom"] == [joined["subjectId"]]
        assert parted[joined["subjectId"]]["changed"] == ["identities"]
        assert await client.silent()


async def test_a_sales_rep_is_told_of_a_customer_from_when_he_is_his(firm: Firm, port: int) -> None:
    ravi = await rep(firm)
    await firm.say(BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", owner="rep-2")
    await firm.drain()
    async with client_at(port) as client:
        await begun(client, await token_of(firm, ravi))
        await client.follow("1", PARTIES, after=0)
        assert await client.silent()
        firm.clock.now += timedelta(minutes=1)
        await firm.say(BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", owner="rep-1")
        await firm.drain()
        told = await client.told()
        assert (told["changed"], told["party"]["name"]) == (["salesOwner"], "Sharma Traders")
        firm.clock.now += timedelta(minutes=1)
        await firm.say(
            BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", owner="rep-2", terms_days=9
        )
        await firm.drain()
        assert await client.silent()


async def test_a_token_that_is_revoked_ends_its_connections_and_tells_nothing_more(
    firm: Firm, port: int
) -> None:
    ravi = await firm.member("Priya", Role.FINANCE)
    token = await token_of(firm, ravi)
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("1", CHANGES)
        await asyncio.sleep(0.2)
        (listed,) = await firm.door.query(Tokens(), firm.owner)
        await firm.door.execute(RevokeToken(listed.id), firm.owner)
        await firm.bill("INV-1", 100_000, 100_000)
        await firm.drain()
        assert await client.closed() == 4403
    async with client_at(port) as client:
        await client.send(type="connection_init", payload={"Authorization": f"Bearer {token}"})
        assert await client.closed() == 4403


@pytest.mark.parametrize("how", ["role", "removed", "expired"])
async def test_a_member_with_other_rights_has_to_come_again(firm: Firm, port: int, how: str) -> None:
    priya = await firm.member("Priya", Role.FINANCE)
    assert priya.member_id is not None
    token = await token_of(firm, priya, valid_days=1)
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("1", CHANGES)
        if how == "role":
            await firm.door.execute(ChangeMember(priya.member_id, role="view"), firm.owner)
        elif how == "removed":
            await firm.door.execute(RemoveMember(priya.member_id), firm.owner)
        else:
            firm.clock.advance(days=2)
        assert await client.closed() == 4403


async def test_another_firms_token_is_told_nothing_of_this_one(
    firm: Firm, port: int, token: str, door: Door, engine: AsyncEngine
) -> None:
    from kit.ids import uuid7

    business, member = uuid7(), uuid7()
    async with transaction(engine, [business]) as tx:
        await tx.run("INSERT INTO businesses (business_id, name) VALUES ($1, 'Elsewhere')", business)
        await tx.run(
            "INSERT INTO members (business_id, id, name, role) VALUES ($1, $2, 'Suresh', 'owner')",
            business,
            member,
        )
    stranger = Actor(business, Role.OWNER, "Suresh", member_id=member)
    foreign = await door.execute(CreateToken(member, "live"), stranger)
    async with client_at(port) as client:
        await begun(client, foreign)
        await client.follow("1", CHANGES, after=0)
        await client.follow("2", QUESTIONS, after=0)
        await firm.bill("INV-1", 100_000, 100_000)
        await firm.settle()
        assert await client.silent(1.0)


async def test_progress_is_told_at_once_and_whenever_it_changes(firm: Firm, port: int, token: str) -> None:
    query = (
        "subscription($s: String) { importProgress(source: $s) { pending done sources { source events } } }"
    )
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("1", query)
        assert (await client.told())["pending"] == 0
        await firm.bill("INV-1", 100_000, 100_000)
        waiting = await client.told()
        assert (waiting["pending"], waiting["done"]) == (1, False)
        await firm.drain()
        done = await client.told()
        assert (done["pending"], done["done"]) == (0, True)
        await client.follow("2", query, s="bank:nowhere")
        assert await client.code() == "source.unknown"


async def test_an_open_subscription_holds_no_connection_of_the_pool(
    firm: Firm, port: int, token: str, engine: AsyncEngine
) -> None:
    async with client_at(port) as client:
        await begun(client, token)
        for n in range(20):
            await client.follow(str(n), CHANGES, kinds=["INVOICE"], after=0)
        await firm.bill("INV-1", 100_000, 100_000)
        await firm.drain()
        for _ in range(20):
            assert (await client.told())["number"] == "INV-1"
        await asyncio.sleep(0.3)
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_many_follow_and_the_trail_is_read_once(
    firm: Firm, port: int, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    page = Follower._page

    async def counted(self: Follower, business: UUID, after: int) -> Any:
        nonlocal read
        read += 1
        return await page(self, business, after)

    monkeypatch.setattr(Follower, "_page", counted)
    async with client_at(port) as client:
        await begun(client, token)
        for n in range(30):
            await client.follow(str(n), CHANGES, kinds=["INVOICE"])
        await asyncio.sleep(0.5)
        before = read
        await firm.bill("INV-1", 100_000, 100_000)
        await firm.drain()
        for _ in range(30):
            assert (await client.told())["number"] == "INV-1"
        assert read - before < 10
