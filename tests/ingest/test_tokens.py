"""Renewed access tokens are kept and shared, and never written over what the owner gave meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.contract import Api, Call
from ingest.sources import Sources
from ingest.tokens import Tokens
from ingest.vendor import HttpVendor
from kit.errors import SourceBroken
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.commands import AddSource, SetCredentials
from tests.vendors.serving import serving

NAME = "crm:zoho_crm"
FIRST = {"client_id": "1", "client_secret": "s", "refresh_token": "first"}


class Vendor:
    """Takes the newest access token only, and gives one for the refresh token that is valid."""

    def __init__(self) -> None:
        self.valid, self.renewed = "first", 0

    async def token(self, request: Request) -> JSONResponse:
        if (await request.form()).get("refresh_token") != self.valid:
            return JSONResponse({"error": "invalid_code"})
        self.renewed += 1
        return JSONResponse({"access_token": f"token{self.renewed}", "expires_in": 3600})

    async def resource(self, request: Request) -> JSONResponse:
        right = request.headers.get("authorization") == f"Bearer token{self.renewed}"
        return JSONResponse({}, 200 if right else 401)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def base(vendor: Vendor) -> Iterator[str]:
    app = Starlette(
        routes=[Route("/token", vendor.token, methods=["POST"]), Route("/resource", vendor.resource)]
    )
    with serving(app) as url:
        yield url


@pytest.fixture
async def connected(door, owner) -> None:
    await door.execute(AddSource(NAME, "zoho_crm", "CRM", {}), owner)
    await door.execute(SetCredentials(NAME, FIRST), owner)


async def caller(engine: Any, business: Any, base: str) -> HttpVendor:
    """Return what a visit that begins now calls the vendor with."""
    source = await Sources(engine, seal=process_seal).by_name(business, NAME)
    tokens = Tokens(engine, source, process_seal)
    api = Api(base, "oauth", ("client_id",), token_url=f"{base}/token", scheme="Bearer", per_second=1000)
    held = source.credentials
    return HttpVendor(api, credentials=held, settings={}, keep=tokens.keep, stored=tokens.stored)


async def kept(engine: Any, business: Any) -> dict[str, str]:
    return dict((await Sources(engine, seal=process_seal).by_name(business, NAME)).credentials)


async def test_a_token_that_another_worker_renewed_is_used(connected, engine, business, base, vendor) -> None:
    async with await caller(engine, business, base) as one, await caller(engine, business, base) as other:
        await one(Call("/resource"))
        await other(Call("/resource"))
    assert vendor.renewed == 1
    assert (await kept(engine, business))["access_token"] == "token1"


async def test_a_visit_under_way_takes_the_credentials_that_the_owner_gave_meanwhile(
    connected, door, owner, engine, business, base, vendor
) -> None:
    vendor.valid = "second"
    async with await caller(engine, business, base) as call:
        await door.execute(SetCredentials(NAME, {"refresh_token": "second"}), owner)
        await call(Call("/resource"))
    held = await kept(engine, business)
    assert (held["refresh_token"], held["access_token"]) == ("second", "token1")


async def test_a_renewal_never_overwrites_what_the_owner_gave(
    connected, door, owner, engine, business, base, vendor
) -> None:
    source = await Sources(engine, seal=process_seal).by_name(business, NAME)
    tokens = Tokens(engine, source, process_seal)
    await door.execute(SetCredentials(NAME, {"refresh_token": "second"}), owner)
    await tokens.keep({**FIRST, "access_token": "of the former", "expires_at": "9"})
    assert await kept(engine, business) == {**FIRST, "refresh_token": "second"}


async def test_a_refresh_token_that_is_refused_is_told(connected, engine, business, base, vendor) -> None:
    vendor.valid = "revoked"
    async with await caller(engine, business, base) as call:
        with pytest.raises(SourceBroken):
            await call(Call("/resource"))
    assert await kept(engine, business) == FIRST
