"""Websockets that speak nonsense: each connection is ended with a code of the protocol, and nobody else notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from graph.live_socket import INIT_SECONDS, MAX_CONNECTIONS, MAX_MESSAGE, MAX_SUBSCRIPTIONS, PROTOCOL
from tests.graph.fuzz.asking import NASTY
from tests.graph.fuzz.service import CODES, RIVAL, Service
from tests.graph.fuzz.test_calls import EACH
from tests.graph.fuzz.test_documents import FRONTIER

WITHIN = 25.0
PROTOCOL_CODES = {1000, 1002, 1003, 1006, 1007, 1009, *range(4400, 4500)}
SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": "subscription { questions { sequence } }"}}


@contextmanager
def dialled(
    service: Service, *, protocol: str | None = PROTOCOL, **headers: str
) -> Iterator[ClientConnection]:
    """Yield a connection that hasn't said who it is."""
    service.tally["websocket"] += 1
    with connect(
        f"ws://127.0.0.1:{service.port}/graphql", subprotocols=[protocol] if protocol else None, proxy=None,  # type: ignore[list-item]
        additional_headers={**service.headers("none"), **headers}, open_timeout=WITHIN, close_timeout=2, max_size=2**26,
    ) as made:  # fmt: skip
        yield made


@contextmanager
def joined(service: Service, role: str = "owner") -> Iterator[ClientConnection]:
    """Yield a connection of somebody of a role."""
    with dialled(service) as made:
        said = {"Authorization": f"Bearer {service.token(role)}"}
        made.send(json.dumps({"type": "connection_init", "payload": said}))
        assert json.loads(made.recv(WITHIN))["type"] == "connection_ack"
        yield made


def ended(wire: ClientConnection) -> int | None:
    """Read until the other side ends it; return its code. What it says before has codes and tells nothing of others."""
    with suppress(ConnectionClosed):
        while True:
            told(wire)
    return wire.close_code


def told(wire: ClientConnection) -> dict[str, Any]:
    """Return the next message, checked."""
    text = wire.recv(WITHIN)
    assert isinstance(text, str)
    assert RIVAL not in text
    message: dict[str, Any] = json.loads(text)
    payload = message.get("payload")
    for error in payload if message["type"] == "error" else (payload or {}).get("errors", []):  # type: ignore[union-attr]
        assert error["extensions"]["code"] in CODES - {"internal"}, error
    return message


@pytest.mark.parametrize("protocol", [None, "graphql-ws", "x", "graphql-transport-ws-2"])
def test_another_protocol_is_refused(service: Service, protocol: str | None) -> None:
    with pytest.raises(InvalidHandshake), dialled(service, protocol=protocol):
        pass


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:1", "x" * 4_000])
def test_a_foreign_page_is_refused(service: Service, origin: str) -> None:
    with pytest.raises(InvalidHandshake), dialled(service, origin=origin):
        pass


def test_who_says_nothing_is_sent_away(service: Service) -> None:
    with dialled(service) as wire:
        assert ended(wire) == 4408
    assert INIT_SECONDS < WITHIN


FIRST = {
    "no JSON": "nope", "nothing": "", "null": "null", "a list": "[]", "brackets": "[" * 50_000, "a number": "1e400",
    "subscribe": json.dumps(SUBSCRIBE), "ping": '{"type": "ping"}', "no payload": '{"type": "connection_init"}', "a list as payload": '{"type": "connection_init", "payload": []}',
    "a wrong token": '{"type": "connection_init", "payload": {"Authorization": "Bearer munt_x"}}', "a number as token": '{"type": "connection_init", "payload": {"Authorization": 7}}',
    "NUL": '{"type": "connection_init", "payload": {"Authorization": "Bearer \\u0000"}}', "a type that is no text": '{"type": ["connection_init"]}',
    "bytes": b"\x00\xff", "too much": "x" * (MAX_MESSAGE + 1), "far too much": b"x" * 5_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", FIRST)
def test_a_wrong_beginning_ends_it(service: Service, name: str) -> None:
    with dialled(service) as wire:
        with suppress(ConnectionClosed):
            wire.send(FIRST[name])
        assert ended(wire) in PROTOCOL_CODES


THEN = {
    **{name: FIRST[name] for name in ("no JSON", "nothing", "null", "a list", "bytes", "too much", "no payload")},
    "no id": '{"type": "subscribe", "payload": {"query": "subscription { questions { sequence } }"}}',
    "an id that is no text": '{"type": "subscribe", "id": {}, "payload": {"query": "x"}}', "a long id": json.dumps({**SUBSCRIBE, "id": "x" * 5_000}),
    "a payload that is none": '{"type": "subscribe", "id": "1", "payload": []}', "complete without id": '{"type": "complete"}', "an unknown type": '{"type": "next", "id": "1"}',
}  # fmt: skip


@pytest.mark.parametrize("name", THEN)
def test_a_wrong_message_ends_it(service: Service, name: str) -> None:
    with joined(service) as wire:
        wire.send(THEN[name])
        assert ended(wire) in PROTOCOL_CODES


WRONG: dict[str, dict[str, Any]] = {
    **{name: {"query": text} for name, text in FRONTIER.items() if name not in ("too long", "10,000 unused fragments", "a subscription")},
    "a query": {"query": "{ me { name } }"}, "a mutation": {"query": 'mutation { addNote(input: {text: "x"}) { __typename } }'}, "no query": {}, "a list": {"query": []},
    "variables": {"query": SUBSCRIBE["payload"]["query"], "variables": []}, "an operation": {"query": SUBSCRIBE["payload"]["query"], "operationName": 7},  # type: ignore[index]
    **{f"after {n}": {"query": "subscription($a: Int) { questions(after: $a) { sequence } }", "variables": {"a": n}} for n in (-1, 2**31 - 1, 2**31, 2**63, 1.5, "1", True)},
    **{f"source {n}": {"query": "subscription($a: String) { importProgress(source: $a) { __typename } }", "variables": {"a": n}} for n in NASTY if n},
    "party": {"query": 'subscription { changes(partyId: "UGFydHk6eA==") { sequence } }'}, "two fields": {"query": "subscription { questions { sequence } changes { sequence } }"},
    "introspected": {"query": "subscription { __typename }"}, "skipped": {"query": "subscription { questions @skip(if: true) { sequence } }"},
}  # fmt: skip


def test_a_wrong_subscription_is_answered_with_a_code_and_the_connection_goes_on(service: Service) -> None:
    for role in ("owner", "sales"):
        with joined(service, role) as wire:
            for place, (name, payload) in enumerate(WRONG.items()):
                wire.send(json.dumps({"type": "subscribe", "id": str(place), "payload": payload}))
                message = told(wire)
                assert (message["type"], message["id"]) == ("error", str(place)), (name, message)
            wire.send('{"type": "ping"}')
            assert told(wire)["type"] == "pong"


@EACH
@given(text=st.one_of(st.text(max_size=50), st.dictionaries(st.sampled_from(["type", "id", "payload"]), st.sampled_from(
    ["subscribe", "complete", "ping", "pong", "1", {}, [], {"query": "subscription { questions { sequence } }"}, None, 7])).map(json.dumps)))  # fmt: skip
def test_any_message_is_answered_or_ends_it(service: Service, text: str) -> None:
    with joined(service) as wire:
        wire.send(text)
        with suppress(ConnectionClosed):
            wire.send('{"type": "ping"}')
        with suppress(ConnectionClosed):
            while told(wire)["type"] not in ("pong",):
                pass
        assert wire.close_code in {None, *PROTOCOL_CODES}


def test_a_thousand_subscriptions_are_limited(service: Service) -> None:
    with joined(service, "finance") as wire:
        for n in range(1_000):
            wire.send(json.dumps({**SUBSCRIBE, "id": f"s{n}"}))
        refused = [told(wire) for _ in range(1_000 - MAX_SUBSCRIPTIONS)]
        assert {one["payload"][0]["extensions"]["code"] for one in refused} == {"limit.subscriptions"}
        wire.send(json.dumps({**SUBSCRIBE, "id": "s0"}))
        assert ended(wire) == 4409


def test_connections_of_one_token_are_limited(service: Service) -> None:
    held = [joined(service, "view") for _ in range(MAX_CONNECTIONS)]
    try:
        for one in held:
            one.__enter__()
        with dialled(service) as wire:
            wire.send(
                json.dumps(
                    {
                        "type": "connection_init",
                        "payload": {"Authorization": f"Bearer {service.token('view')}"},
                    }
                )
            )
            assert ended(wire) == 4429
    finally:
        for one in held:
            one.__exit__(None, None, None)


def test_a_flood_is_answered_and_leaves_no_memory(service: Service) -> None:
    before = service.memory()
    with joined(service) as wire:
        for n in range(1_500):
            wire.send(json.dumps({**SUBSCRIBE, "id": str(n)}))
            wire.send(json.dumps({"type": "complete", "id": str(n)}))
            wire.send('{"type": "ping"}')
        pongs = 0
        while pongs < 1_500:
            pongs += told(wire)["type"] == "pong"
    assert service.memory() - before < 60
