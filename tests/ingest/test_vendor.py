"""Calls to vendors over real HTTP: credentials, pace, retries, renewed tokens, and each failure by its remedy."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from connectors.contract import Api, Call, Held
from ingest.vendor import HttpVendor, check_api_settings, retry_after
from kit.errors import Rejected, Retryable, SourceBroken
from tests.vendors.serving import Fault, Faulty, serving

BASIC = Api("https://vendor.example", "basic", ("key_id", "key_secret"), per_second=1000)
SECRET = "s3cr3t-marker"
KEYS = {"key_id": "rzp_test_1", "key_secret": SECRET}


async def _list(request: Request) -> JSONResponse:
    return JSONResponse({"items": request.query_params.getlist("id"), "amount": 12.5})


async def _away(_: Request) -> RedirectResponse:
    return RedirectResponse("http://127.0.0.1:9/elsewhere")


class _Tokens:
    """A token endpoint and a resource that takes only the newest access token."""

    def __init__(self) -> None:
        self.number = 0
        self.refuse = False

    async def token(self, request: Request) -> JSONResponse:
        form = await request.form()
        if self.refuse or form.get("refresh_token") != "refresh" or form.get("client_secret") != SECRET:
            return JSONResponse({"error": "invalid_code"}, 200)  # as Zoho says it
        self.number += 1
        return JSONResponse({"access_token": f"token{self.number}", "expires_in": 3600})

    async def login(self, request: Request) -> JSONResponse:
        asked = await request.json()
        if self.refuse or asked.get("secret") != SECRET or request.headers.get("client") != "bridge":
            return JSONResponse({"error": {"detail": f"{asked} is not allowed"}}, 400)
        self.number += 1
        return JSONResponse({"access_token": f"token{self.number}", "refresh_token": "not for us"})

    async def resource(self, request: Request) -> JSONResponse:
        right = f"Zoho-oauthtoken token{self.number}"
        return JSONResponse({}, 200 if request.headers.get("authorization") == right else 401)


@pytest.fixture
def tokens() -> _Tokens:
    return _Tokens()


@pytest.fixture
def faulty(tokens: _Tokens) -> Faulty:
    return Faulty(
        Starlette(
            routes=[
                Route("/list", _list),
                Route("/away", _away),
                Route("/token", tokens.token, methods=["POST"]),
                Route("/login", tokens.login, methods=["POST"]),
                Route("/resource", tokens.resource),
            ]
        )
    )


@pytest.fixture
def base(faulty: Faulty) -> Iterator[str]:
    with serving(faulty) as url:
        yield url


def vendor(base: str, api: Api = BASIC, held: dict[str, str] = KEYS, **more: Any) -> HttpVendor:
    return HttpVendor(api, credentials=held, settings={"base_url": base, "org": "60001"}, **more)


def oauth(base: str, **held: str) -> tuple[Api, dict[str, str]]:
    api = Api(
        base, "oauth", ("client_id",), token_url=f"{base}/token", scheme="Zoho-oauthtoken", per_second=1000
    )
    return api, {"client_id": "1", "client_secret": SECRET, "refresh_token": "refresh", **held}


async def test_a_call_carries_basic_credentials_repeated_names_and_exact_decimals(base, faulty) -> None:
    async with vendor(base) as call:
        reply = await call(Call("/list", query={"id": ["a", "b"], "count": 100}))
    seen = faulty.calls[0]
    assert (
        seen.headers["authorization"] == "Basic " + base64.b64encode(f"rzp_test_1:{SECRET}".encode()).decode()
    )
    assert seen.query == (("id", "a"), ("id", "b"), ("count", "100"))
    assert str(reply.json()["amount"]) == "12.5"
    assert not isinstance(reply.json()["amount"], float)


async def test_headers_are_filled_from_credentials_and_settings(base, faulty) -> None:
    api = Api(base, "headers", ("client_id",), headers={"x-client": "{client_id}", "x-org": "{org}"})
    async with vendor(base, api, {"client_id": "abc"}) as call:
        await call(Call("/list"))
    assert (faulty.calls[0].headers["x-client"], faulty.calls[0].headers["x-org"]) == ("abc", "60001")


@pytest.mark.parametrize("status", [429, 408, 423, 477, 500, 502, 503, 504])
async def test_a_passing_fault_is_tried_again(status, base, faulty) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    faulty.next(Fault(status), Fault(status, headers={"retry-after": "7"}))
    async with vendor(base, sleep=sleep) as call:
        assert (await call(Call("/list"))).status == 200
    pauses = [seconds for seconds in waited if seconds > 0.5]
    assert 1.0 <= pauses[0] <= 1.7
    assert 7.0 <= pauses[1] <= 10.7


async def test_a_pause_longer_than_we_wait_is_handed_to_the_stream(base, faulty) -> None:
    faulty.next(Fault(429, headers={"retry-after": "600"}))
    async with vendor(base) as call:
        with pytest.raises(Retryable) as caught:
            await call(Call("/list"))
    assert caught.value.after == 600.0
    assert len(faulty.calls) == 1


async def test_a_body_cut_short_is_no_answer(base, faulty) -> None:
    faulty.next(Fault(200, body=b'{"items": [', cut_short=True))
    async with vendor(base, attempts=1) as call:
        with pytest.raises(Retryable, match="did not answer"):
            await call(Call("/list"))


async def test_nobody_there_is_a_passing_fault(free_port) -> None:
    async with vendor(f"http://127.0.0.1:{free_port}", attempts=1) as call:
        with pytest.raises(Retryable, match="did not answer"):
            await call(Call("/list"))


@pytest.mark.parametrize(
    ("status", "kind"), [(401, SourceBroken), (403, SourceBroken), (400, Rejected), (404, Rejected)]
)
async def test_a_lasting_fault_is_told_by_its_remedy_and_without_the_secret(
    status, kind, base, faulty
) -> None:
    faulty.next(Fault(status, body=f"the key {SECRET} is wrong".encode()))
    async with vendor(base) as call:
        with pytest.raises(kind) as caught:
            await call(Call("/list"))
    assert len(faulty.calls) == 1
    assert SECRET not in str(caught.value)


async def test_an_accepted_status_is_a_reply(base, faulty) -> None:
    faulty.next(Fault(404, body=b"{}"))
    async with vendor(base) as call:
        assert (await call(Call("/list", accept=(404,)))).status == 404


async def test_a_redirect_is_not_followed(base, faulty) -> None:
    async with vendor(base) as call:
        with pytest.raises(Rejected, match="307"):
            await call(Call("/away"))


async def test_an_access_token_is_got_kept_and_used_until_it_expires(base, faulty, tokens) -> None:
    kept: list[dict[str, str]] = []

    async def keep(held: dict[str, str]) -> None:
        kept.append(held)

    api, held = oauth(base)
    async with HttpVendor(api, credentials=held, settings={}, keep=keep) as call:
        await call(Call("/resource"))
        await call(Call("/resource"))
        tokens.number += 1  # revoked at the vendor: it gets 401 and is renewed once
        await call(Call("/resource"))
    assert [item["access_token"] for item in kept] == ["token1", "token3"]
    assert float(kept[0]["expires_at"]) > time.time() + 3000
    async with HttpVendor(api, credentials=kept[-1], settings={}) as call:
        await call(Call("/resource"))
    assert tokens.number == 3


def login(base: str) -> tuple[Api, dict[str, str]]:
    api = Api(
        base, "login", ("client_id", "client_secret"), token_url=f"{base}/login", scheme="Zoho-oauthtoken",
        per_second=1000, login={"clientID": "{client_id}", "secret": "{client_secret}"}, login_headers={"client": "bridge"},
    )  # fmt: skip
    return api, {"client_id": "1", "client_secret": SECRET}


async def test_a_login_gives_a_token_that_is_kept_and_renewed_when_it_is_refused(
    base, faulty, tokens
) -> None:
    kept: list[dict[str, str]] = []

    async def keep(credentials: Mapping[str, str]) -> None:
        kept.append(dict(credentials))

    async with vendor(base, *login(base), keep=keep) as call:
        await call(Call("/resource"))
        await call(Call("/resource"))
        tokens.number += 1  # the token is no longer taken, sooner than it said
        await call(Call("/resource"))
    assert [seen.path for seen in faulty.calls].count("/login") == 2
    assert kept[-1]["access_token"] == "token3"
    assert "refresh_token" not in kept[-1]


async def test_a_login_that_is_refused_needs_the_owner_and_tells_no_secret(base, tokens) -> None:
    tokens.refuse = True
    async with vendor(base, *login(base)) as call:
        with pytest.raises(SourceBroken) as caught:
            await call(Call("/resource"))
    assert caught.value.code == "vendor.unauthorised"
    assert SECRET not in str(caught.value)


async def test_a_refresh_token_that_is_no_longer_taken_needs_the_owner(base, tokens) -> None:
    tokens.refuse = True
    api, held = oauth(base)
    async with HttpVendor(api, credentials=held, settings={}) as call:
        with pytest.raises(SourceBroken) as caught:
            await call(Call("/resource"))
    assert SECRET not in str(caught.value)
    assert caught.value.remedy


async def test_a_missing_credential_is_named(base) -> None:
    async with vendor(base, held={"key_id": "x"}) as call:
        with pytest.raises(SourceBroken, match="key_secret"):
            await call(Call("/list"))


async def test_a_credential_is_put_into_a_body_where_the_connector_says(base, faulty) -> None:
    call = Call("/list", "POST", json={"watch": [{"token": Held("key_secret"), "id": 1}]}, accept=(405,))
    async with vendor(base) as ask:
        await ask(call)
    assert faulty.calls[0].json() == {"watch": [{"token": SECRET, "id": 1}]}
    assert SECRET not in repr(call)
    with pytest.raises(SourceBroken, match="notify_token"):
        async with vendor(base) as ask:
            await ask(Call("/list", "POST", json=[Held("notify_token")]))


async def test_calls_keep_the_pace(base) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    slow = Api(base, "headers", (), per_second=2.0)
    async with vendor(base, slow, sleep=sleep) as call:
        for _ in range(3):
            await call(Call("/list"))
    assert sum(waited) == pytest.approx(0.5 + 1.0, abs=0.3)


async def test_a_web_page_instead_of_data_is_a_fault_that_passes(base, faulty) -> None:
    page = {
        "status": 200,
        "headers": {"content-type": "text/html; charset=utf-8"},
        "body": b"<html>Back soon",
    }
    faulty.next(Fault(**page))
    async with vendor(base, sleep=_at_once) as call:
        assert (await call(Call("/list"))).json()["items"] == []
        faulty.next(*[Fault(**page)] * 3)
        with pytest.raises(Retryable, match="asked again"):
            await call(Call("/list"))


async def test_an_answer_that_is_packed_wrongly_is_a_fault_that_passes(base, faulty) -> None:
    faulty.next(*[Fault(200, headers={"content-encoding": "gzip"}, body=b"no gzip at all")] * 3)
    async with vendor(base, sleep=_at_once) as call:
        with pytest.raises(Retryable, match="can't be read"):
            await call(Call("/list"))


async def test_an_answer_that_trickles_in_for_ever_is_given_up(
    base, faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.vendor.LONGEST_CALL", 0.2)
    faulty.next(Fault(200, body=b"{}", after_seconds=5))
    async with vendor(base, attempts=1) as call:
        with pytest.raises(Retryable, match="did not answer"):
            await call(Call("/list"))


async def _at_once(_: float) -> None:
    return None


def test_retry_after_is_read_in_seconds_and_as_a_date() -> None:
    assert retry_after({"retry-after": "12"}, now=0.0) == 12.0
    assert retry_after({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, now=30.0) == 30.0
    assert retry_after({"retry-after": "soon"}, now=0.0) is None
    assert retry_after({}, now=0.0) is None


@pytest.mark.parametrize("said", ["99999999", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_of_years_is_a_mistake_and_kept_for_a_day(said: str) -> None:
    assert retry_after({"retry-after": said}, now=0.0) == 86_400.0


@pytest.mark.parametrize("said", ["\u00b2", "Thu, 99 Jan 1970 00:01:00 GMT", "-5", "1.5"])
def test_a_pause_that_is_no_number_and_no_date_is_passed_over(said: str) -> None:
    assert retry_after({"retry-after": said}, now=0.0) is None


@pytest.mark.parametrize(
    "address", ["http://vendor.example", "https://127.0.0.1/x", "ftp://a.example", "https://u@a.example", "x"]
)
def test_an_address_that_could_be_ours_or_unsafe_is_refused(address) -> None:
    with pytest.raises(Rejected):
        check_api_settings(BASIC, {"base_url": address}, development=False)


def test_a_local_vendor_is_for_development_only() -> None:
    check_api_settings(BASIC, {"base_url": "http://127.0.0.1:9000"}, development=True)
    with pytest.raises(Rejected):
        check_api_settings(BASIC, {"base_url": "http://127.0.0.1:9000"}, development=False)


def test_a_required_setting_is_named() -> None:
    with pytest.raises(Rejected, match="organization_id"):
        check_api_settings(
            Api("https://a.example", "basic", (), settings=("organization_id",)), {}, development=False
        )
