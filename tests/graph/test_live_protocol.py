"""graphql-transport-ws as a guard meets it: foreign pages, strangers, what the protocol forbids, and too much of anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.exceptions import InvalidStatus

from graph import live_socket
from graph.app import make_app
from kit.clock import Clock
from kit.settings import Settings
from ledger.commands.tokens import CreateToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from tests.graph.following import CHANGES, QUESTIONS, Client, client_at, served
from tests.ledger.desk import Firm


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


async def token_of(firm: Firm, member: Actor) -> str:
    assert member.member_id is not None
    made: str = await firm.door.execute(CreateToken(member.member_id, "live"), firm.owner)
    return made


async def begun(client: Client, token: str) -> Client:
    assert (await client.begin(token))["type"] == "connection_ack"
    return client


async def test_a_foreign_page_is_refused_and_our_own_let_in(port: int) -> None:
    for origin in (
        "https://evil.example",
        "null",
        "http://munshi.example",
        "https://munshi.example.evil.example",
    ):
        with pytest.raises(InvalidStatus) as refused:
            async with client_at(port, origin=origin):
                pass
        assert refused.value.response.status_code == 403
    async with client_at(port, origin="https://munshi.example"):
        pass


async def test_another_protocol_is_refused(port: int) -> None:
    for spoken in ([], ["graphql-ws"]):
        with pytest.raises(InvalidStatus):
            async with client_at(port, subprotocols=spoken or None):
                pass


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([{"type": "subscribe", "id": "1", "payload": {"query": QUESTIONS}}], 4401),
        ([{"type": "ping"}], 4400),
        ([{"type": "connection_init", "payload": []}], 4400),
        ([{"type": "connection_init"}], 4403),
        ([{"type": "connection_init", "payload": {"Authorization": "Bearer x"}}], 4403),
        ([{"type": "connection_init", "payload": {"Authorization": 7}}], 4403),
        (["nonsense"], 4400),
        ([[1, 2]], 4400),
    ],
)
async def test_who_does_not_say_who_he_is_is_sent_away(port: int, messages: list[Any], code: int) -> None:
    async with client_at(port) as client:
        for message in messages:
            await client.socket.send(message if isinstance(message, str) else orjson.dumps(message).decode())
        assert await client.closed() == code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "connection_init"}, 4429),
        ({"type": "what"}, 4400),
        ({}, 4400),
        ({"type": "subscribe", "id": "a", "payload": {"query": QUESTIONS}}, 4409),
        ({"type": "subscribe", "id": "", "payload": {"query": QUESTIONS}}, 4400),
        ({"type": "subscribe", "id": "x" * 201, "payload": {"query": QUESTIONS}}, 4400),
        ({"type": "subscribe", "id": "b"}, 4400),
        ({"type": "subscribe", "payload": {"query": QUESTIONS}}, 4400),
        ({"type": "complete"}, 4400),
    ],
)
async def test_what_the_protocol_forbids_ends_the_connection(
    port: int, token: str, message: dict[str, Any], code: int
) -> None:
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("a", QUESTIONS)
        await client.send(**message)
        assert await client.closed() == code


async def test_who_says_nothing_is_sent_away(
    engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "INIT_SECONDS", 0.2)
    app = make_app(Settings(), engine=engine, clock=clock)
    async with served(app) as port, client_at(port) as client:
        assert await client.closed() == 4408


async def test_a_message_that_is_too_big_ends_the_connection(port: int, token: str) -> None:
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("1", "x" * (live_socket.MAX_MESSAGE + 1))
        assert await client.closed() == 1009


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { questions", "graphql.syntax"),
        ("subscription { nothing }", "graphql.invalid"),
        ("{ business { name } }", "graphql.not_subscription"),
        ("mutation { pullSource(input: {name: \"x\"}) { streams } }", "graphql.not_subscription"),
        ("subscription { a: questions { sequence } b: questions { sequence } }", "graphql.invalid"),
        ("subscription { questions(after: 999999) { sequence } }", "live.place"),
        ("subscription { questions(after: -1) { sequence } }", "live.place"),
        ("subscription { changes(partyId: \"zzz\") { sequence } }", "id.invalid"),
        ("", "request.query"),
        ("x" * 20_001, "request.query"),
    ],
)  # fmt: skip
async def test_a_subscription_that_can_not_be_is_answered_with_a_code_and_the_others_go_on(
    port: int, token: str, query: str, code: str, firm: Firm
) -> None:
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("good", CHANGES, kinds=["INVOICE"])
        await client.follow("bad", query)
        assert await client.code() == code
        await asyncio.sleep(0.2)
        await firm.bill("INV-1", 100_000, 100_000)
        await firm.drain()
        assert (await client.told())["number"] == "INV-1"


async def test_what_is_completed_is_told_no_more_and_its_name_is_free(
    firm: Firm, port: int, token: str
) -> None:
    async with client_at(port) as client:
        await begun(client, token)
        await client.follow("1", CHANGES)
        await client.send(type="complete", id="1")
        await client.send(type="complete", id="never")
        await firm.bill("INV-1", 100_000, 100_000)
        await firm.drain()
        assert await client.silent()
        await client.send(type="ping")
        assert (await client.next())["type"] == "pong"
        await client.follow("1", CHANGES, kinds=["INVOICE"], after=0)
        assert (await client.told())["number"] == "INV-1"


async def test_a_token_has_so_many_subscriptions_and_connections(
    port: int, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "MAX_SUBSCRIPTIONS", 3)
    monkeypatch.setattr(live_socket, "MAX_CONNECTIONS", 2)
    async with client_at(port) as one, client_at(port) as two, client_at(port) as three:
        await begun(one, token)
        await begun(two, token)
        await three.send(type="connection_init", payload={"Authorization": f"Bearer {token}"})
        assert await three.closed() == 4429
        for n in range(2):
            await one.follow(str(n), QUESTIONS)
        await asyncio.sleep(0.2)
        await two.follow("1", QUESTIONS)
        await two.follow("2", QUESTIONS)
        assert await two.code() == "limit.subscriptions"
        await one.send(type="complete", id="0")
        await asyncio.sleep(0.2)
        await two.follow("2", QUESTIONS)
        assert await two.silent()


async def test_who_subscribes_faster_than_he_listens_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    connection = live_socket._Connection(cast(Any, None), cast(Any, None))
    monkeypatch.setattr(live_socket._Connection, "_follow", never)
    async with asyncio.TaskGroup() as tasks:
        connection._tasks = tasks
        for n in range(2 * live_socket.MAX_SUBSCRIPTIONS):
            await connection._subscribe({"id": str(n), "payload": {}})
        waiting = tasks.create_task(connection._subscribe({"id": "one more", "payload": {}}))
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
        connection._running.pop("0").cancel()
        await waiting
        for task in list(connection._running.values()):
            task.cancel()
