"""HubSpot from end to end: a signed webhook, the record fetched, our state written back, and the echo that says nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from connectors.contract import WriteBack
from connectors.hubspot import signatures
from ingest.door import Appender
from ingest.pull import Puller
from ingest.rejections import RejectionTrail
from ingest.sources import Sources
from ingest.webhook import WebhookEndpoint, webhook_route
from kit.database import transaction
from kit.ids import business_key, new_secret
from kit.sealing import Seal, new_seal_key
from tests.vendors.hubspot import PORTAL, TOKEN, HubSpot
from tests.vendors.serving import serving

PUBLIC = "https://munshi.example/books"
SECRET = "an-apps-client-secret"
NAME = "crm:hubspot"


@pytest.fixture
def hubspot() -> HubSpot:
    made = HubSpot()
    made.pipeline(
        "default", "Sales Pipeline", ("open1", "Talks", "false", "0.4"), ("won1", "Won", "true", "1.0")
    )
    return made


@pytest.fixture
def base(hubspot: HubSpot) -> Iterator[str]:
    with serving(hubspot.app) as url:
        yield url


@pytest.fixture
def seal() -> Seal:
    return Seal(new_seal_key())


@pytest.fixture
async def key(engine, business, base, seal, clock) -> str:
    made = business_key(business, new_secret())
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO sources (business_id, name, connector, label, key_hash, secrets, credentials, settings,"
            " created_at) VALUES ($1, $2, 'hubspot', 'HubSpot', $3, $4, $5, $6, $7)",
            business,
            NAME,
            hashlib.sha256(made.encode()).digest(),
            seal.seal((SECRET,)),
            seal.seal_fields({"token": TOKEN}),
            json.dumps({"base_url": base, "portal_id": PORTAL}),
            clock.now,
        )
    return made


@pytest.fixture
def sources(engine, seal) -> Sources:
    return Sources(engine, seal=lambda: seal, ttl=0.0)


@pytest.fixture
async def client(engine, sources, clock) -> AsyncIterator[httpx.AsyncClient]:
    endpoint = WebhookEndpoint(
        sources,
        Appender(engine),
        trail=RejectionTrail(engine),
        clock=clock,
        max_body_bytes=64 * 1024,
        public_url=PUBLIC,
    )
    transport = httpx.ASGITransport(Starlette(routes=[webhook_route(endpoint)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7:8420") as made:
        yield made


@pytest.fixture
def puller(engine, sources, seal, clock) -> Puller:
    async def no_sleep(_: float) -> None:
        return None

    return Puller(
        engine,
        sources=sources,
        seal=lambda: seal,
        appender=Appender(engine),
        clock=clock,
        development=True,  # HubSpot is on this machine
        sleep=no_sleep,
    )


async def send(
    client: httpx.AsyncClient, key: str, clock: Any, *events: dict[str, Any], called: str | None = None
) -> httpx.Response:
    """POST events to where we listen, signed for the public address that HubSpot knows (or another one)."""
    body = json.dumps([{"portalId": PORTAL, "eventId": 1, **event} for event in events]).encode()
    stamp = str(round(clock.now.timestamp() * 1000))
    signature = signatures.v3(
        SECRET, "POST", called or f"{PUBLIC}/ingest/{key}?from=a@b.example", body, stamp
    )
    headers = {
        "content-type": "application/json",
        "x-hubspot-signature-v3": signature,
        "x-hubspot-request-timestamp": stamp,
    }
    return await client.post(f"/ingest/{key}?from=a%40b.example", content=body, headers=headers)


async def events(engine: Any, business: UUID) -> list[Any]:
    async with transaction(engine, [business]) as tx:
        return await tx.fetch(
            "SELECT kind, external_id, event_type, source_event_id, normalised FROM external_events ORDER BY kind, external_id"
        )


def changed(name: str, clock: Any, **members: Any) -> dict[str, Any]:
    return {"subscriptionType": name, "occurredAt": round(clock.now.timestamp() * 1000), **members}


async def test_a_webhook_is_verified_by_the_public_address_and_no_other(client, key, clock):
    event = changed("deal.creation", clock, objectId=701)
    assert (await send(client, key, clock, event)).status_code == 202
    refused = await send(
        client, key, clock, event, called=f"http://10.0.0.7:8420/ingest/{key}?from=a@b.example"
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "signature.wrong")
    clock.advance(minutes=1)


async def test_what_a_webhook_names_is_fetched_with_its_company_and_the_echo_says_nothing(
    hubspot, client, key, puller, engine, business, clock
):
    long_ago = clock.now - timedelta(days=400)
    hubspot.set("companies", "501", long_ago, name="Kaveri Traders")
    await puller.pull(business, NAME)
    assert await events(engine, business) == []

    clock.advance(minutes=1)
    deal = {"dealname": "Cartons", "amount": "56840", "dealstage": "open1", "pipeline": "default"}
    hubspot.set("deals", "701", clock.now, **deal, hs_is_closed="false", hs_is_closed_won="false")
    hubspot.tie("deals", "701", "companies", "501", "Primary")
    answer = await send(client, key, clock, changed("deal.creation", clock, objectId=701))
    assert answer.status_code == 202
    await puller.pull(business, NAME)  # the deal, which names its company …
    await puller.pull(business, NAME)  # … which is fetched though it is too old for any window
    kept = await events(engine, business)
    assert [(row["kind"], row["external_id"], row["event_type"]) for row in kept] == [
        ("deal", "701", "deal.status_reported"),
        ("party", "501", "party.upserted"),
    ]

    clock.advance(minutes=2)
    source = await puller._sources.by_name(business, NAME)
    item = WriteBack(
        kind="party", external_id="501", currency="INR", outstanding=5_684_000, overdue=0, overdue_days=0,
        status="open", last_receipt_on=None, last_receipt=None, expected_on=None,
        url="https://munshi.example/p/1", fingerprint="f1",
    )  # fmt: skip
    connector: Any = source.connector
    hubspot.written_at = lambda record: clock.now
    async with puller.vendor(source) as call:
        await connector.prepare(call, settings=source.settings)
        done = await connector.write_back(
            [item, replace(item, kind="deal", external_id="701")], call, settings=source.settings
        )
    assert [one.problem for one in done] == [None, None]
    echoes = [
        changed(f"{kind}.propertyChange", clock, objectId=number, propertyName=name, propertyValue="x")
        for kind, number in (("company", 501), ("deal", 701))
        for name in ("munshi_outstanding", "munshi_status")
    ]
    assert (await send(client, key, clock, *echoes)).json()["ignored"] == 4
    clock.advance(hours=2)
    pulled = await puller.pull(business, NAME)
    assert pulled.items >= 2, "both records changed in HubSpot's eyes and were read again"
    assert (pulled.added, pulled.quarantined, pulled.errors) == (0, 0, ())
    assert await events(engine, business) == kept


async def test_a_lost_webhook_is_made_good_by_the_next_round(hubspot, key, puller, engine, business, clock):
    await puller.pull(business, NAME)
    clock.advance(minutes=5)
    hubspot.set("deals", "701", clock.now, dealname="D", dealstage="open1", hs_is_closed="false")
    clock.advance(minutes=20)
    await puller.pull(business, NAME)
    assert [row["external_id"] for row in await events(engine, business)] == ["701"]
