"""What the demo firm sends: signed as the vendors sign, shuffled, a tenth twice, every word of it understood."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.contract import Inbound, StatusRow, load_connector, load_manifest
from ingest.normalise import normalise, status_map
from kit.errors import Denied
from ledger.domain.checks import check_event
from workers.simulator import books, crm, gateway
from workers.simulator.feeds import Address, send, shuffled, signed_headers
from workers.simulator.firm import _WORDS
from workers.simulator.messages import Message
from workers.simulator.selling import UNKNOWN_WORD
from workers.simulator.world import World, build

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
WHSEC = "whsec_" + base64.b64encode(b"thirty-two bytes of a made-up key").decode()
CONNECTORS = {books.SOURCE: "tally", crm.SOURCE: "standard", gateway.SOURCE: "razorpay"}


@pytest.fixture(scope="module")
def world() -> World:
    return build(7, TODAY)


@pytest.fixture(scope="module")
def messages(world: World) -> list[Message]:
    return [*books.books_messages(world), *crm.crm_messages(world), *gateway.gateway_messages(world)]


def test_ids_are_unique_within_a_source(messages: list[Message]) -> None:
    assert len({(m.source, m.id) for m in messages}) == len(messages)


def test_a_tenth_is_sent_twice_and_nothing_is_lost(messages: list[Message]) -> None:
    order = shuffled(messages, 7)
    counts = Counter((m.source, m.id) for m in order)
    assert len(order) == len(messages) + round(len(messages) / 10)
    assert set(counts.values()) == {1, 2}
    assert len(counts) == len(messages)
    ats = [m.at for m in order]
    assert sum(a > b for a, b in pairwise(ats)) > len(ats) // 3


def test_razorpay_messages_are_signed_over_the_raw_body(world: World) -> None:
    for message in gateway.gateway_messages(world):
        headers = signed_headers(message, "s3cret", NOW)
        expected = hmac.new(b"s3cret", message.body, hashlib.sha256).hexdigest()
        assert headers["x-razorpay-signature"] == expected
        assert headers["x-razorpay-event-id"] == message.id


def test_standard_messages_are_signed_over_id_time_and_body(world: World) -> None:
    for message in crm.crm_messages(world):
        headers = signed_headers(message, WHSEC, NOW)
        content = b"%s.%d.%s" % (message.id.encode(), NOW.timestamp(), message.body)
        digest = hmac.new(base64.b64decode(WHSEC[6:]), content, hashlib.sha256).digest()
        assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


def test_the_connectors_accept_the_signatures_and_refuse_a_changed_body(messages: list[Message]) -> None:
    for message in messages[::40]:
        connector = load_connector(CONNECTORS[message.source])
        headers = signed_headers(message, WHSEC, NOW)
        connector.verify(Inbound(message.body, headers), secrets=[WHSEC], now=NOW)
        with pytest.raises(Denied):
            connector.verify(Inbound(message.body + b" ", headers), secrets=[WHSEC], now=NOW)


def test_every_message_is_understood_and_only_one_word_is_asked(messages: list[Message]) -> None:
    own = [StatusRow("deal", word, crm.PIPELINE, status, 100) for word, status in _WORDS]
    flags: Counter[str] = Counter()
    types: Counter[str] = Counter()
    for message in messages:
        name = CONNECTORS[message.source]
        headers = {"webhook-id": message.id, "x-razorpay-event-id": message.id}
        observed = load_connector(name).observe(
            Inbound(message.body, headers), source=message.source, settings={}, now=NOW
        )
        rows = own if message.source == crm.SOURCE else []
        read = normalise(observed, status_map(load_manifest(name), rows), received_at=NOW)
        assert not read.quarantined, (message.body, read.quarantined)
        for event in read.events:
            types[event.event_type] += 1
            if event.flag is None:
                check_event(event.event_type, event.data)
            else:
                flags[f"{event.flag} {event.word}"] += 1
    assert flags == {f"unmapped {UNKNOWN_WORD}": 1}
    assert {
        "party.upserted", "opening.stated", "invoice.issued", "credit_note.issued", "bill.received",
        "payment.received", "payout.processed", "cheque.received", "cheque.cleared",
        "deal.status_reported", "payment.authorised", "payment.failed", "refund.processed",
        "settlement.processed",
    } <= set(types)  # fmt: skip


async def test_sending_retries_what_fails_in_passing_and_counts_what_is_refused(
    messages: list[Message],
) -> None:
    seen: Counter[str] = Counter()

    async def ingest(request: Request) -> Response:
        body = await request.body()
        own = hashlib.sha256(body).hexdigest()
        seen[own] += 1
        if own[0] == "0":
            return Response(status_code=413)
        if own[0] == "1" and seen[own] == 1:
            return Response(status_code=503)
        return Response(status_code=202)

    app = Starlette(routes=[Route("/ingest/{key}", ingest, methods=["POST"])])
    part = [*messages[:300], *messages[-100:]]
    addresses = {source: Address("mun_x", WHSEC) for source in CONNECTORS}
    counts: list[int] = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://munshi") as client:
        sent = await send(client, part, addresses, clock=lambda: NOW, progress=counts.append)
    refused = sum(hashlib.sha256(m.body).hexdigest()[0] == "0" for m in part)
    assert refused > 0
    assert sent.refused == {413: refused}
    assert sent.accepted == len(part) - refused
    assert sent.given_up == 0
    assert counts == list(range(1, len(part) + 1))


async def test_sending_gives_up_in_bounded_time_when_nobody_listens(
    messages: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.simulator.feeds._FIRST_PAUSE", 0.001)
    addresses = {source: Address("mun_x", WHSEC) for source in CONNECTORS}
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as client:
        sent = await send(client, messages[:3], addresses, clock=lambda: NOW)
    assert (sent.accepted, sent.given_up) == (0, 3)
