"""What every connector that calls a vendor promises: paging ends whatever is answered, and no secret is told."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog

from connectors.contract import (
    Call,
    Inbound,
    Page,
    Pull,
    Pulls,
    Reply,
    Stream,
    WriteBack,
    WritesBack,
    connector_names,
    load_connector,
    load_manifest,
)
from ingest.normalise import status_map
from ingest.reading import read_delivery
from ingest.sources import Source
from ingest.vendor import HttpVendor
from kit.errors import MunshiError, Rejected
from tests.connectors import casebook
from tests.connectors.casebook import NOW, Case
from tests.connectors.signing import signer_of

NAMES = connector_names()
PULLING = [name for name in NAMES if load_manifest(name).streams]
CALLING = [name for name in NAMES if load_manifest(name).api is not None]
STREAMS = [(name, stream) for name in PULLING for stream in load_manifest(name).streams]
PAGES, CALLS = 40, 400
"""A day's window that holds one page has no reason to go on longer than this."""
MORE: Mapping[str, Any] = {
    "has_more": True,
    "paging": {"next": {"after": "100", "link": "https://vendor.invalid/next"}},
    "page_context": {"has_more_page": True, "page": 1, "per_page": 200},
    "info": {"more_records": True, "next_page_token": "page-2", "page": 1, "per_page": 200},
    "cursor": "cursor-2",
    "next_page_token": "page-2",
    "next_cursor": "cursor-2",
}
"""Ways in which vendors say that there is another page."""


@dataclass(slots=True)
class Scripted:
    """A vendor in memory that answers each call by one function, for as long as a sane reader asks."""

    answer: Callable[[Call], bytes]
    calls: int = 0

    async def __call__(self, call: Call) -> Reply:
        """Answer."""
        self.calls += 1
        assert self.calls <= CALLS, f"paging doesn't end: {CALLS} calls, the last to {call.path}"
        assert call.path.startswith("/"), call
        assert call.json is None or call.form is None, "at most one of json and form is sent"
        return Reply(200, {"content-type": "application/json"}, self.answer(call))


def settings_of(name: str, stream: str | None = None) -> dict[str, Any]:
    """The settings of a connector's cases, with something for each that it can't do without."""
    manifest = load_manifest(name)
    assert manifest.api is not None
    needed = {*manifest.api.settings, *(need for item in manifest.streams for need in item.needs)}
    found: dict[str, Any] = dict.fromkeys(sorted(needed), "60001234567")
    for case in casebook.cases_of(name):
        if stream is None or case.inbound.stream == stream:
            found.update(case.settings)
    return found


def pages_of(name: str, stream: Stream) -> list[bytes]:
    """The bodies of a stream's cases."""
    return [case.inbound.body for case in casebook.cases_of(name) if case.inbound.stream == stream.name]


async def walk(name: str, pull: Pull, vendor: Scripted) -> list[Page]:
    """Fetch page after page until the end, or until the connector gives up by an error of ours."""
    connector = load_connector(name)
    assert isinstance(connector, Pulls)
    pages: list[Page] = []
    asked = {json.dumps(dict(pull.position), sort_keys=True)}
    while True:
        try:
            page = await connector.fetch(pull, vendor)
        except MunshiError:
            return pages
        pages.append(page)
        for inbound in page.inbounds:
            check_page(name, inbound, pull.settings)
        if page.position is None:
            return pages
        said = json.dumps(dict(page.position), sort_keys=True, allow_nan=False)
        assert said not in asked, f"the position {said} comes again: raise SourceBroken('vendor.paging_loop')"
        asked.add(said)
        assert len(pages) < PAGES, f"{PAGES} pages of the same answer, and on: keep what the last page was"
        pull = Pull(
            pull.stream,
            pull.since,
            pull.until,
            position=json.loads(said),
            settings=pull.settings,
            ids=pull.ids,
        )


def check_page(name: str, inbound: Inbound, settings: Mapping[str, Any]) -> None:
    """A fetched body is of a stream of the manifest and observed like any delivery."""
    manifest = load_manifest(name)
    assert inbound.stream is not None, "a pulled page names its stream"
    manifest.stream(inbound.stream)
    assert inbound.filename is None
    try:
        observed = load_connector(name).observe(
            inbound, source=manifest.source_prefix, settings=settings, now=NOW
        )
    except Rejected:
        return
    assert observed.version in manifest.versions


def emptied(value: Any) -> Any:
    """The same answer with nothing in its lists."""
    if isinstance(value, dict):
        return {name: emptied(item) for name, item in value.items()}
    return [] if isinstance(value, list) else value


def filled(value: Any, *, to: int) -> Any:
    """The same answer with its outer lists full, as if the page were the largest that was asked for."""
    if isinstance(value, dict):
        return {
            name: True if isinstance(item, bool) and "more" in name else filled(item, to=to)
            for name, item in value.items()
        }
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [value[at % len(value)] for at in range(max(to, len(value)))]
    return value


def scripts(bodies: list[bytes]) -> dict[str, Callable[[Call], bytes]]:
    """The vendors that every stream meets."""
    fixed = {
        "nothing": b"",
        "null": b"null",
        "an object": b"{}",
        "a list": b"[]",
        "a web page": b"<html>Hi</html>",
    }
    found: dict[str, Callable[[Call], bytes]] = {
        f"{what} for ever": lambda _, body=body: body for what, body in fixed.items()
    }
    for number, body in enumerate(bodies):
        found[f"case {number} for ever"] = lambda _, body=body: body
        try:
            value = json.loads(body)
        except ValueError:
            continue
        more = {**value, **MORE} if isinstance(value, dict) else value
        found[f"case {number} without its items"] = lambda _, value=value: json.dumps(emptied(value)).encode()
        found[f"case {number} empty with more to come"] = lambda _, more=more: json.dumps(
            {**emptied(more), **MORE} if isinstance(more, dict) else []
        ).encode()
        found[f"case {number} full with more to come"] = lambda call, more=more: json.dumps(
            filled(more, to=page_size(call))
        ).encode()
    return found


def page_size(call: Call) -> int:
    """The largest number that a call asks for and that may be a page's size."""
    numbers = [*call.query.values(), *(call.json.values() if isinstance(call.json, dict) else ())]
    sizes = [int(number) for number in numbers if re.fullmatch(r"[1-9]\d{0,2}|1000", str(number))]
    return max([100, *sizes])


# ---- paging ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "stream"), STREAMS, ids=lambda part: getattr(part, "name", part))
def test_paging_ends_whatever_the_vendor_answers(name: str, stream: Stream):
    reached = 0
    for what, answer in scripts(pages_of(name, stream)).items():
        vendor = Scripted(answer)
        pull = Pull(stream.name, NOW - timedelta(days=1), NOW, settings=settings_of(name, stream.name))
        try:
            pages = asyncio.run(walk(name, pull, vendor))
        except AssertionError as failure:
            raise AssertionError(f"{name} {stream.name}, {what}: {failure}") from failure
        assert vendor.calls, f"{name} {stream.name}: fetch asked nothing"
        reached += sum(len(page.inbounds) for page in pages)
    assert reached, f"{name} {stream.name}: no answer brought a page; is the case in the vendor's shape?"


@pytest.mark.parametrize(
    ("name", "stream"),
    [(name, stream) for name, stream in STREAMS if stream.by_id],
    ids=lambda part: getattr(part, "name", part),
)
def test_objects_are_fetched_by_id_and_that_ends(name: str, stream: Stream):
    for what, answer in scripts(pages_of(name, stream)).items():
        vendor = Scripted(answer)
        pull = Pull(
            stream.name,
            NOW - timedelta(days=1),
            NOW,
            ids=("1001", "1002"),
            settings=settings_of(name, stream.name),
        )
        asyncio.run(walk(name, pull, vendor))
        assert vendor.calls, f"{name} {stream.name}, {what}: fetch asked nothing for the ids"


# ---- secrets ---------------------------------------------------------------------------------------
def echo(status: int) -> Callable[[httpx.Request], httpx.Response]:
    """A vendor that fails and repeats all that it was told, credentials too."""

    def answer(request: httpx.Request) -> httpx.Response:
        told = " ".join(
            [str(request.url), *(f"{k}: {v}" for k, v in request.headers.items()), request.content.decode()]
        )
        body = {
            "message": told,
            "error": {"code": told, "description": told},
            "code": 57,
            "data": [{"details": told}],
        }
        return httpx.Response(status, json=body)

    return answer


def markers(name: str) -> dict[str, str]:
    """A credential of each name that the connector asks for, easily found again."""
    api = load_manifest(name).api
    assert api is not None
    return {
        credential: f"marker-{number}-{credential}"
        for number, credential in enumerate(dict.fromkeys([*api.credentials, "token"]))
    }


def hidden_in(text: str, credentials: Mapping[str, str]) -> list[str]:
    """The credentials that a text holds, plain or as basic authentication writes them."""
    forms = {credential: [value] for credential, value in credentials.items()}
    pair = ":".join(list(credentials.values())[:2])
    forms["basic"] = [base64.b64encode(pair.encode()).decode()]
    return [credential for credential, values in forms.items() if any(value in text for value in values)]


def item(kind: Any) -> WriteBack:
    """A party or deal to be written back."""
    return WriteBack(
        kind=kind, external_id="1001", currency="INR", outstanding=4_720_000, overdue=0, overdue_days=0,
        status="open", last_receipt_on=date(2026, 11, 1), last_receipt=100_000, expected_on=None,
        url="https://munshi.example/p/1", fingerprint="f1",
    )  # fmt: skip


async def told_by(name: str, work: Callable[[HttpVendor], Awaitable[Any]], *, status: int) -> str:
    """Return everything that is said when a vendor fails: the error with its trail, or the result."""
    manifest = load_manifest(name)
    assert manifest.api is not None

    async def at_once(_: float) -> None: ...

    async with HttpVendor(
        manifest.api,
        credentials=markers(name),
        settings=settings_of(name),
        transport=httpx.MockTransport(echo(status)),
        sleep=at_once,
    ) as vendor:
        try:
            return repr(await work(vendor))
        except MunshiError as error:
            return "".join(traceback.format_exception(error)) + error.code + error.message + error.remedy


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500])
@pytest.mark.parametrize("name", CALLING)
def test_no_credential_is_told_when_a_call_fails(name: str, status: int, caplog, capfd):
    connector, manifest = load_connector(name), load_manifest(name)
    works: list[Callable[[HttpVendor], Awaitable[Any]]] = []
    if isinstance(connector, Pulls):
        for stream in manifest.streams:
            pull = Pull(stream.name, NOW - timedelta(days=1), NOW, settings=settings_of(name, stream.name))
            works.append(lambda call, pull=pull: connector.fetch(pull, call))
    if isinstance(connector, WritesBack):
        works.append(lambda call: connector.prepare(call, settings=settings_of(name)))
        for kind in ("party", "deal"):
            works.append(
                lambda call, kind=kind: connector.write_back([item(kind)], call, settings=settings_of(name))
            )
    assert works
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as lines:
        told = "".join(asyncio.run(told_by(name, work, status=status)) for work in works)
    said = "".join([told, repr(lines), caplog.text, *capfd.readouterr()])
    assert hidden_in(said, markers(name)) == []


@pytest.mark.parametrize("name", [name for name in NAMES if "webhook" in load_manifest(name).via])
def test_no_secret_of_a_webhook_is_kept_beside_its_body(name: str, caplog, capfd):
    signer, manifest = signer_of(name), load_manifest(name)
    assert signer, (
        f"{name} takes webhooks: sign as its vendor does in tests/connectors/cases/{name}/signing.py"
    )
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as lines:
        for case in casebook.cases_of(name):
            if case.inbound.stream is None:
                call = signer.sign(case.inbound, signer.secret, NOW)
                source = Source(
                    business_id=UUID(int=1),
                    name=case.source,
                    connector=load_connector(name),
                    manifest=manifest,
                    secrets=(signer.secret,),
                    settings=case.settings,
                    statuses=status_map(manifest),
                )
                made = read_delivery(source, call, via="webhook", received_at=NOW).delivery
                kept = repr((made.headers, made.events, made.quarantined, made.wanted, made.account))
                assert signer.secret not in kept, case
    assert signer.secret not in "".join([repr(lines), caplog.text, *capfd.readouterr()])


@pytest.mark.parametrize("case", casebook.every_case(), ids=str)
def test_no_case_holds_what_looks_like_a_real_key(case: Case):
    live = rb"rzp_live_\w{6}|sk_live_\w{6}|rk_live_\w{6}|pat-[a-z]{2}\d-[0-9a-f]{8}-|1000\.[0-9a-f]{32}\.[0-9a-f]{32}|whsec_\w{16}|cfsk_\w{8}"
    texts = [case.inbound.body, case.golden.read_bytes() if case.golden.exists() else b""]
    assert not [text for text in texts if re.search(live, text)], "invent keys that nobody can mistake"
