"""What a token and an address may a minute, over several processes too; what browsers are told; who may ask from a page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from graph.app import make_app
from graph.auth import WRONG_PER_MINUTE, Authenticator
from graph.endpoint import address_of
from graph.guard import HEADERS
from graph.rates import Limits, Rates, RedisExchange, TooMany, exchange_of, keep_exchanging
from kit.clock import Clock
from kit.errors import Denied
from kit.ids import uuid7
from kit.settings import Settings
from ledger.commands.tokens import CreateToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.domain.tokens import new_token

PAGE = "https://books.example"
ME = {"query": "{ me { name } }"}


@asynccontextmanager
async def client_of(
    engine: AsyncEngine, clock: Clock, routes: tuple[Route, ...] = (), **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    app = make_app(Settings(**settings), engine=engine, clock=clock, extra_routes=routes)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://munshi") as client:
        yield client


@pytest.fixture
async def bearer(door: Door, owner: Actor) -> dict[str, str]:
    """The header of an owner's token."""
    token = await door.execute(CreateToken(owner.member_id, "x"), owner)  # type: ignore[arg-type]
    return {"authorization": f"Bearer {token}"}


# ---- rates -----------------------------------------------------------------------------------------
async def test_a_token_that_asked_enough_is_told_when_to_come_again(
    engine: AsyncEngine, clock: Clock, bearer: dict[str, str], door: Door, owner: Actor
) -> None:
    other = await door.execute(CreateToken(owner.member_id, "y"), owner)  # type: ignore[arg-type]
    async with client_of(engine, clock, graphql_calls_per_minute=5) as client:
        # More calls than two minutes let through: whichever minute it is, some are told to wait.
        answers = [await client.post("/graphql", json=ME, headers=bearer) for _ in range(12)]
        fine = await client.post("/graphql", json=ME, headers={"authorization": f"Bearer {other}"})
    statuses = [answer.status_code for answer in answers]
    assert statuses[:5] == [200] * 5
    assert set(statuses) == {200, 429}
    told = next(answer for answer in answers if answer.status_code == 429)
    extensions = told.json()["errors"][0]["extensions"]
    assert (extensions["code"], extensions["kind"]) == ("rate.calls", "retryable")
    assert 1 <= extensions["retryAfter"] <= 61
    assert told.headers["retry-after"] == str(extensions["retryAfter"])
    assert fine.status_code == 200  # another token's calls are its own


async def test_what_calls_cost_counts_too(engine: AsyncEngine, clock: Clock, bearer: dict[str, str]) -> None:
    big = {"query": "{ parties(first: 200) { nodes { name } } }"}
    async with client_of(engine, clock, graphql_cost_per_minute=500) as client:
        answers = [await client.post("/graphql", json=big, headers=bearer) for _ in range(9)]
        codes = [a.json()["errors"][0]["extensions"]["code"] for a in answers if a.status_code == 429]
    assert answers[0].status_code == 200
    assert codes
    assert set(codes) == {"rate.cost"}


def test_a_new_minute_starts_afresh_and_no_limit_is_none() -> None:
    now, token = 120.0, uuid7()
    rates = Rates(Limits(calls=2), now=lambda: now)
    rates.admit(token)
    rates.admit(token)
    with pytest.raises(TooMany) as spent:
        rates.admit(token)
    assert spent.value.seconds == 61
    now += 60
    rates.admit(token)
    rates.admit(None)
    endless = Rates(Limits())
    for _ in range(10_000):
        endless.admit(token)


async def test_processes_add_up_what_they_counted(redis_url: str) -> None:
    token = uuid7()
    one, two = (Rates(Limits(calls=10, cost=100), now=lambda: 90.0) for _ in range(2))
    exchange = RedisExchange(redis_url)
    for _ in range(6):
        one.admit(token)
    for _ in range(4):
        two.admit(token)
    one.charge(token, 30)
    await one.exchange(exchange)
    await two.exchange(exchange)
    with pytest.raises(TooMany):
        two.admit(token)
    one.admit(token)  # it hasn't heard of the other's yet
    await one.exchange(exchange)
    with pytest.raises(TooMany):
        one.admit(token)
    await one.exchange(exchange)
    assert await exchange.add(f"munshi:rate:{token}:1", 0, 0) == (11, 30)  # nothing was told twice
    await exchange.close()


async def test_without_redis_each_process_counts_for_itself() -> None:
    assert exchange_of("") is None
    assert exchange_of("amqp://broker") is None
    rates, token = Rates(Limits(calls=1)), uuid7()
    exchange = exchange_of("redis://127.0.0.1:1")
    assert exchange is not None
    rates.admit(token)
    task = asyncio.create_task(keep_exchanging(rates, exchange, every=0.0))
    await asyncio.sleep(0.05)
    assert not task.done()  # it goes on trying
    with pytest.raises(TooMany):  # three calls touch two minutes at most
        [rates.admit(token) for _ in range(3)]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# ---- wrong tokens ----------------------------------------------------------------------------------
async def test_an_address_that_guesses_is_stopped_and_who_was_let_in_before_is_not(
    door: Door, business: UUID, owner: Actor
) -> None:
    now = 0.0
    made = Authenticator(door, ttl=5, monotonic=lambda: now)
    good = f"Bearer {await door.execute(CreateToken(owner.member_id, 'x'), owner)}"  # type: ignore[arg-type]
    late = f"Bearer {await door.execute(CreateToken(owner.member_id, 'y'), owner)}"  # type: ignore[arg-type]
    await made.actor(good, address="10.0.0.1")
    for guess in [new_token(business) for _ in range(WRONG_PER_MINUTE - 1)] + ["nonsense"]:
        with pytest.raises(Denied):
            await made.actor(f"Bearer {guess}", address="10.0.0.1")
    for _ in range(3):
        with pytest.raises(TooMany) as stopped:
            await made.actor(f"Bearer {new_token(business)}", address="10.0.0.1")
        assert stopped.value.code == "rate.wrong_tokens"
    now = 6.0  # what was remembered of the good one is over, and it is still known for a good one
    assert (await made.actor(good, address="10.0.0.1")).name == "Ramesh"
    with pytest.raises(TooMany):
        await made.actor(late, address="10.0.0.1")
    assert (await made.actor(late, address="10.0.0.2")).name == "Ramesh"
    now = 61.0
    assert (await made.actor(late, address="10.0.0.1")).name == "Ramesh"


async def test_what_was_never_a_token_is_refused_without_asking_the_database(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any, **__: Any) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(door, "execute", never)
    made = Authenticator(door)
    for wrong in ("x", "munt_" + "0" * 32 + "_" + "a" * 38, "\udcff", "munt_" * 9_000):
        with pytest.raises(Denied):
            await made.actor(f"Bearer {wrong}")


@pytest.mark.parametrize(
    ("host", "key"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8::1:2:3:4", "2001:db8::/64"), ("fe80::1%eth0", "fe80::1%eth0")],
)
def test_an_address_is_a_host_or_of_ipv6_its_network(host: str, key: str) -> None:
    assert address_of(HttpRequest({"type": "http", "client": (host, 1), "headers": []})) == key
    assert address_of(HttpRequest({"type": "http", "client": None, "headers": []})) == ""


# ---- browsers --------------------------------------------------------------------------------------
async def test_every_answer_carries_the_headers(
    engine: AsyncEngine, clock: Clock, bearer: dict[str, str]
) -> None:
    async def broken(_: HttpRequest) -> PlainTextResponse:
        raise RuntimeError("broken")

    async def own(_: HttpRequest) -> HTMLResponse:
        return HTMLResponse("<p>", headers={"x-frame-options": "SAMEORIGIN", "content-security-policy": "x"})

    routes = (Route("/broken", broken), Route("/own", own))
    async with client_of(engine, clock, routes, public_url="https://munshi.example") as client:
        answers = [
            await client.post("/graphql", json=ME, headers=bearer),
            await client.post("/graphql", json=ME),
            await client.get("/graphql"),
            await client.put("/graphql"),
            await client.get("/nowhere"),
            await client.get("/healthz"),
            await client.get("/metrics"),
            await client.get("/p/nonsense"),
            await client.get("/ingest/schema.json"),
            await client.post("/ingest/mun_" + "0" * 32 + "_x", content=b"{}"),
            await client.get("/broken"),
        ]
        special = await client.get("/own")
    assert {200, 401, 404, 405, 500} <= {answer.status_code for answer in answers}
    for answer in answers:
        for name in HEADERS:
            assert name in answer.headers, (answer.url, name)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert "set-cookie" not in answer.headers
        assert len(answer.headers.get_list("x-content-type-options")) == 1
    assert special.headers["x-frame-options"] == "SAMEORIGIN"  # what a page says itself, stands
    assert special.headers["content-security-policy"] == "x"


async def test_without_https_nothing_is_said_of_it(engine: AsyncEngine, clock: Clock) -> None:
    async with client_of(engine, clock) as client:
        assert "strict-transport-security" not in (await client.get("/healthz")).headers


async def test_a_foreign_page_may_not_ask_unless_it_is_named(
    engine: AsyncEngine, clock: Clock, bearer: dict[str, str]
) -> None:
    preflight = {"origin": PAGE, "access-control-request-method": "POST"}
    async with client_of(engine, clock) as client:
        refused = await client.options("/graphql", headers=preflight)
        answer = await client.post("/graphql", json=ME, headers={**bearer, "origin": PAGE})
    assert refused.status_code == 403
    for one in (refused, answer):
        assert not [name for name in one.headers if name.startswith("access-control")]
    async with client_of(engine, clock, graphql_origins=f"{PAGE}/, https://second.example") as client:
        allowed = await client.options("/graphql", headers=preflight)
        answer = await client.post("/graphql", json=ME, headers={**bearer, "origin": PAGE})
        foreign = await client.post("/graphql", json=ME, headers={**bearer, "origin": "https://evil.example"})
        elsewhere = await client.get("/healthz", headers={"origin": PAGE})
        lookalike = await client.options("/graphql", headers={**preflight, "origin": PAGE + ".evil.example"})
    assert (allowed.status_code, lookalike.status_code) == (204, 403)
    assert allowed.headers["access-control-allow-headers"] == "authorization, content-type"
    for one in (allowed, answer):
        assert one.headers["access-control-allow-origin"] == PAGE
        assert one.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in one.headers
    for one in (foreign, elsewhere, lookalike):
        assert "access-control-allow-origin" not in one.headers


@pytest.mark.parametrize(
    "media",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""],
)
async def test_what_a_form_can_send_is_refused(
    media: str, engine: AsyncEngine, clock: Clock, bearer: dict[str, str]
) -> None:
    headers = {**bearer, "content-type": media} if media else bearer
    async with client_of(engine, clock) as client:
        answer = await client.post("/graphql", content=b'{"query": "{ me { name } }"}', headers=headers)
        asked = await client.get("/graphql", params={"query": "{ me { name } }"}, headers=bearer)
    assert answer.status_code == 415
    assert asked.status_code == 405
    assert "Ramesh" not in answer.text + asked.text


async def test_a_cookie_lets_nobody_in(engine: AsyncEngine, clock: Clock, bearer: dict[str, str]) -> None:
    async with client_of(engine, clock) as client:
        answer = await client.post("/graphql", json=ME, headers={"cookie": bearer["authorization"]})
    assert answer.status_code == 401
