"""Outgoing webhooks over GraphQL: for the owner alone, secrets shown once, each act once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.app import make_app
from graph.types.webhooks import WebhookEvent
from kit.clock import Clock
from kit.outward import Outward
from kit.sealing import new_seal_key, process_seal
from kit.settings import Settings, settings
from ledger.commands.tokens import CreateToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.domain.told import EVENTS
from ledger.domain.webhooks import node_id
from tests.ledger.desk import Firm
from workers.webhook_sender import WebhookSender

Ask = Callable[..., Any]
URL = "https://hooks.example/munshi"
ADD = "mutation($u: String!, $k: String) { addWebhook(input: {url: $u}, idempotencyKey: $k) { secret webhook { id url events } } }"


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


@pytest.fixture
def firm(door: Door, engine: AsyncEngine, clock: Clock, owner: Actor) -> Firm:
    return Firm(door, engine, clock, owner)


@pytest.fixture
async def ask(engine: AsyncEngine, clock: Clock, door: Door, owner: Actor) -> AsyncIterator[Ask]:
    """Ask as a member, else as the owner; the whole body."""
    transport = httpx.ASGITransport(app=make_app(Settings(), engine=engine, clock=clock))
    tokens: dict[UUID | None, str] = {}

    async def post(query: str, *, by: Actor = owner, **variables: Any) -> Any:
        assert by.member_id is not None
        if by.member_id not in tokens:
            tokens[by.member_id] = await door.execute(CreateToken(by.member_id, "test"), owner)
        answer = await client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {tokens[by.member_id]}"},
        )
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["data"] is not None or body["errors"], body
        return body

    async with httpx.AsyncClient(transport=transport, base_url="http://munshi") as client:
        yield post


async def added(ask: Ask) -> Any:
    body = await ask(ADD, u=URL)
    return body["data"]["addWebhook"]


def codes(body: Any) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", [])]


async def test_an_endpoint_lives_its_life(ask: Ask, door: Door, owner: Actor) -> None:
    made = await added(ask)
    assert made["secret"].startswith("whsec_")
    assert made["webhook"]["events"] == [event.name for event in WebhookEvent]
    key = made["webhook"]["id"]
    listed = (
        await ask(
            "{ webhooks { id url behind enabled failures tries(first: 10) { totalCount nodes { event } } } }"
        )
    )["data"]
    assert listed["webhooks"][0] == {
        "id": key, "url": URL, "behind": 1, "enabled": True, "failures": 0, "tries": {"totalCount": 0, "nodes": []},
    }  # fmt: skip
    found = await ask("query($i: ID!) { node(id: $i) { ... on Webhook { url } } }", i=key)
    assert found["data"]["node"] == {"url": URL}
    changed = await ask(
        "mutation($i: ID!) { changeWebhook(input: {webhookId: $i, events: [MONEY_RECEIVED], enabled: false})"
        " { webhook { events enabled offBecause } } }",
        i=key,
    )
    assert changed["data"]["changeWebhook"]["webhook"] == {
        "events": ["MONEY_RECEIVED"], "enabled": False, "offBecause": "owner",
    }  # fmt: skip
    rotated = await ask(
        "mutation($i: ID!) { rotateWebhookSecret(input: {webhookId: $i}) { secret webhook { twoSecretsUntil } } }",
        i=key,
    )
    assert rotated["data"]["rotateWebhookSecret"]["secret"] != made["secret"]
    assert rotated["data"]["rotateWebhookSecret"]["webhook"]["twoSecretsUntil"] is not None
    tested = await ask("mutation($i: ID!) { testWebhook(input: {webhookId: $i}) { message } }", i=key)
    outward = Outward(resolve=_inside)
    (row,) = await _rows(door, owner)
    await WebhookSender(door, outward, public_url="").send(owner.business_id, row["id"])
    await outward.close()
    shown = (
        await ask(
            "{ webhooks { tries(first: 10) { totalCount nodes { message event because status error } } } }"
        )
    )["data"]
    assert shown["webhooks"][0]["tries"] == {
        "totalCount": 1,
        "nodes": [{
            "message": tested["data"]["testWebhook"]["message"], "event": "webhook.test", "because": "test",
            "status": None, "error": "address.inside",
        }],
    }  # fmt: skip
    replayed = await ask(
        "mutation($i: ID!) { replayWebhook(input: {webhookId: $i, after: 0}) { sequence webhook { position } } }",
        i=key,
    )
    assert replayed["data"]["replayWebhook"] == {"sequence": 0, "webhook": {"position": 0}}
    removed = await ask("mutation($i: ID!) { removeWebhook(input: {webhookId: $i}) { id } }", i=key)
    assert removed["data"]["removeWebhook"]["id"] == key
    assert (await ask("{ webhooks { id } }"))["data"]["webhooks"] == []
    assert (await ask("query($i: ID!) { node(id: $i) { id } }", i=key))["data"]["node"] is None


async def _inside(_: str, __: int) -> list[str]:
    return ["10.0.0.7"]


async def _rows(door: Door, owner: Actor) -> list[Any]:
    from kit.database import transaction

    async with transaction(door.engine, [owner.business_id]) as tx:
        return await tx.fetch("SELECT id FROM webhooks")


async def test_told_twice_under_one_key_it_is_added_once_and_its_secret_shown_once(ask: Ask) -> None:
    assert not codes(await ask(ADD, u=URL, k="key-1"))
    assert codes(await ask(ADD, u=URL, k="key-1")) == ["idempotency.shown_once"]
    assert len((await ask("{ webhooks { id } }"))["data"]["webhooks"]) == 1


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example/", "address.not_https"),
        ("https://127.0.0.1/", "address.inside"),
        ("https://169.254.169.254/latest/meta-data", "address.inside"),
        ("https://localhost/", "address.inside"),
        ("nonsense", "address.not_https"),
        ("https://a:b@hooks.example/", "address.malformed"),
        ("https://hooks.example/\x00", "text.characters"),
    ],
)
async def test_an_address_that_is_none_of_the_internet_is_refused(ask: Ask, url: str, code: str) -> None:
    assert codes(await ask(ADD, u=url)) == [code]


@pytest.mark.parametrize("role", [Role.FINANCE, Role.SALES, Role.VIEW])
async def test_nobody_but_the_owner_sees_or_touches_them(ask: Ask, firm: Firm, role: Role) -> None:
    made = await added(ask)
    other = await firm.member("Priya", role, owner_key="rep-1")
    assert codes(await ask("{ webhooks { id } }", by=other)) == ["permission.denied"]
    assert codes(await ask(ADD, by=other, u=URL)) == ["permission.denied"]
    key = made["webhook"]["id"]
    for query in (
        "mutation($i: ID!) { removeWebhook(input: {webhookId: $i}) { id } }",
        "mutation($i: ID!) { testWebhook(input: {webhookId: $i}) { message } }",
        "mutation($i: ID!) { rotateWebhookSecret(input: {webhookId: $i}) { secret } }",
        "mutation($i: ID!) { replayWebhook(input: {webhookId: $i, after: 0}) { sequence } }",
        "mutation($i: ID!) { changeWebhook(input: {webhookId: $i, enabled: false}) { webhook { id } } }",
        "query($i: ID!) { node(id: $i) { id } }",
    ):
        assert codes(await ask(query, by=other, i=key)) == ["permission.denied"], query


async def test_a_message_names_things_as_graphql_does(ask: Ask, firm: Firm) -> None:
    await firm.bill("INV-1", 100_000, 100_000)
    await firm.drain()
    (row,) = await firm.rows("SELECT id FROM invoices WHERE business_id = $1")
    found = await ask(
        "query($i: ID!) { node(id: $i) { ... on Invoice { number } } }", i=node_id("invoice", row["id"])
    )
    assert found["data"]["node"] == {"number": "INV-1"}


def test_the_schema_has_every_event() -> None:
    assert tuple(event.value for event in WebhookEvent) == EVENTS
