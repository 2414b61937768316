"""The pay page: what a customer sees, that nothing else can be seen, and that nothing of it is kept, framed or found."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from graph.app import make_app
from graph.pay_page import PER_MINUTE, pay_page_route
from graph.throttle import Throttle
from kit.database import transaction
from kit.ids import business_key, uuid7
from kit.settings import Settings
from ledger.commands.reminders import PrepareReminder, SetPaymentDetails
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from tests.ledger.rows import TODAY, days_ago, rows_of

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


@pytest.fixture
async def web(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[pay_page_route(door)])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://munshi", headers={"user-agent": PHONE}
    ) as client:
        yield client


@pytest.fixture
async def sharma(engine: AsyncEngine, business: UUID) -> UUID:
    async with rows_of(engine, business) as rows:
        party = await rows.party(
            "Sharma Traders", phone="+91 98200 12345", email="sharma@example.com", gstin="27AAPFU0939F1ZV"
        )
        await rows.invoice(party, 34_220_00, number="INV-102", due_on=days_ago(47))
        await rows.invoice(party, 23_600_50, number="INV-107", due_on=days_ago(12))
        await rows.invoice(party, 6_000_00, number="INV-130", due_on=TODAY.replace(month=12))
        other = await rows.party("Gupta Steel", phone="+91 98111 11111")
        await rows.invoice(other, 90_000_00, number="G-1", due_on=days_ago(9))
        await rows.source(
            "bank:icici", state={"covered_until": days_ago(2), "account": "999988887777"}, label="ICICI"
        )
    return party


async def link(door: Door, owner: Actor, party: UUID, **details: Any) -> str:
    given = {
        "upi_id": "kaveri@okicici", "account": "000405004421", "ifsc": "ICIC0000044", "bank": "ICICI Bank",
        "phone": "9820011111", **details,
    }  # fmt: skip
    await door.execute(SetPaymentDetails(**given), owner)
    made = await door.execute(PrepareReminder(party), owner)
    return f"/p/{made.key}"


def plain(page: httpx.Response) -> str:
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", page.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


async def test_a_customer_sees_his_own_account_and_how_to_pay_it(
    web: httpx.AsyncClient, door: Door, owner: Actor, sharma: UUID
) -> None:
    page = await web.get(await link(door, owner, sharma))
    assert page.status_code == 200
    text = plain(page)
    for told in (
        "Sharma Services", "Sharma Traders", "₹57,820.50", "As on Fri 20 Nov 2026, 9:00 am", "INV-102", "₹34,220",
        "due 4 Oct 2026 · 47 days ago", "INV-107", "₹23,600.50", "Not due yet, not counted ₹6,000", "kaveri@okicici",
        "0004 0500 4421", "ICIC0000044", "ICICI Bank", "Already paid?",
    ):  # fmt: skip
        assert told in text, told
    assert "<span>0004</span><span>0500</span><span>4421</span>" in page.text, "copied without a gap"


async def test_the_upi_link_carries_amount_name_bills_and_reference(
    web: httpx.AsyncClient, door: Door, owner: Actor, sharma: UUID
) -> None:
    page = await web.get(await link(door, owner, sharma, payee="Sharma & Sons #1"))
    (found,) = re.findall(r'href="(upi://[^"]+)"', page.text)
    fields = {name: one for name, (one,) in parse_qs(urlsplit(found.replace("&amp;", "&")).query).items()}
    assert fields.pop("tr").startswith("MUN")
    assert fields == {
        "pa": "kaveri@okicici", "pn": "Sharma & Sons #1", "am": "57820.50", "cu": "INR", "tn": "INV-102 INV-107",
    }  # fmt: skip
    assert page.text.count("<svg") == 1
    (tell,) = re.findall(r'href="(https://wa.me/919820011111[^"]+)"', page.text)
    assert "UTR" in parse_qs(urlsplit(tell).query)["text"][0]


async def test_it_leaks_nothing_else_of_firm_customer_and_sources(
    web: httpx.AsyncClient, door: Door, owner: Actor, sharma: UUID, business: UUID
) -> None:
    page = await web.get(await link(door, owner, sharma))
    for secret in (
        "Gupta", "12345", "98111", "sharma@example.com", "27AAPFU0939F1ZV", "9999", "ICICI known", "Tally", "Ramesh", str(business),
        business.hex, str(sharma), "interest", "Munshi",
    ):  # fmt: skip
        assert secret not in page.text, secret


async def test_its_headers_keep_it_out_of_caches_frames_searches_and_referrers(
    web: httpx.AsyncClient, door: Door, owner: Actor, sharma: UUID
) -> None:
    good = await web.get(await link(door, owner, sharma))
    for page in (good, await web.get("/p/nothing")):
        headers = page.headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "set-cookie" not in headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
        assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy
        assert "<script" not in page.text
        assert not re.search(r'\sstyle="|\son\w+="|src="', page.text), "nothing that the policy would refuse"
        assert 'name="robots" content="noindex' in page.text


async def test_a_key_that_never_was_or_has_run_out_gets_the_same_kind_page(
    web: httpx.AsyncClient, door: Door, owner: Actor, sharma: UUID, business: UUID, clock: Any
) -> None:
    path = await link(door, owner, sharma)
    wrong = [
        "/p/nothing", f"/p/{business_key(business, 'x' * 24)}", f"/p/{business_key(uuid7(), 'x' * 24)}", path[:-1], path + "x",
        "/p/" + "a" * 3_000, "/p/%00%ff", "/p/mun_" + "z" * 32 + "_x",
    ]  # fmt: skip
    pages = [await web.get(one) for one in wrong]
    clock.advance(days=30)
    pages.append(await web.get(path))
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "This page isn't there any more." in pages[0].text.replace("&#39;", "'")
    assert "यह पेज अब नहीं है।" in pages[0].text


async def test_todays_figures_are_shown_and_nothing_due_says_so(
    web: httpx.AsyncClient, door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    path = await link(door, owner, sharma)
    async with rows_of(engine, business) as rows:
        await rows.on_account(sharma, 40_000_00)
    text = plain(await web.get(path))
    assert "₹17,820.50" in text
    assert "On account, taken off already ₹40,000" in text
    async with rows_of(engine, business) as rows:
        await rows.on_account(sharma, 17_820_50)
    text = plain(await web.get(path))
    assert "Nothing is due today. Open on your account ₹6,000" in text
    async with rows_of(engine, business) as rows:
        await rows.on_account(sharma, 6_000_00)
    page = await web.get(path)
    assert "Nothing is due. Thank you." in plain(page)
    for gone in ("upi://", "<svg", "ICIC0000044", "wa.me"):
        assert gone not in page.text


async def test_it_speaks_the_links_language_and_another_on_a_tap(
    web: httpx.AsyncClient, door: Door, owner: Actor, sharma: UUID
) -> None:
    path = await link(door, owner, sharma)
    made = await door.execute(PrepareReminder(sharma, language="hi"), owner)
    hindi = await web.get(f"/p/{made.key}")
    assert '<html lang="hi">' in hindi.text
    assert "कृपया भुगतान करें" in hindi.text
    assert "तारीख 4 अक्टू॰ 2026 · 47 दिन पहले" in hindi.text
    assert "कृपया भुगतान करें" in (await web.get(f"{path}?lang=hi")).text
    for wish in ("en", "fr", "<script>"):
        page = await web.get(f"/p/{made.key}?lang={wish}")
        assert '<html lang="en">' in page.text
        assert "<script" not in page.text


async def test_above_the_cap_of_upi_the_bank_comes_first_and_the_page_says_why(
    web: httpx.AsyncClient, door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.invoice(sharma, 90_000_00, number="INV-200", due_on=days_ago(9))
    path = await link(door, owner, sharma)
    page = await web.get(path)
    assert "UPI often stops at ₹1,00,000 a day. For this sum a bank transfer is surer." in plain(page)
    assert page.text.index("ICIC0000044") < page.text.index("upi://")
    await door.execute(SetPaymentDetails(account=""), owner)
    assert "it may take several payments" in plain(await web.get(path))
    await door.execute(SetPaymentDetails(upi_id=""), owner)
    page = await web.get(path)
    assert "upi://" not in page.text
    assert page.status_code == 200


async def test_hostile_names_stay_words(
    web: httpx.AsyncClient, door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    name = "</h1><script>alert(1)</script>\u202eevil & Co #1?\n{{ 7*7 }} 🙏🏽 \"'>" + "A" * 200
    async with rows_of(engine, business) as rows:
        party = await rows.party(name)
        await rows.invoice(party, 100_00, number="<img src=x onerror=alert(1)>&am=1\n#", due_on=days_ago(9))
    page = await web.get(await link(door, owner, party))
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "{{ 7*7 }}" in page.text
    assert "\u202e" not in page.text
    (found,) = re.findall(r'href="(upi://[^"]+)"', page.text)
    assert parse_qs(urlsplit(found.replace("&amp;", "&")).query)["am"] == ["100.00"]


async def test_that_he_looked_is_noted_and_a_program_that_draws_a_link_is_nobody(
    web: httpx.AsyncClient,
    door: Door,
    engine: AsyncEngine,
    business: UUID,
    owner: Actor,
    sharma: UUID,
    clock: Any,
) -> None:
    path = await link(door, owner, sharma)

    async def opened() -> Any:
        async with transaction(engine, [business]) as tx:
            return await tx.value("SELECT max(opened_at) FROM pay_links")

    for agent in ("WhatsApp/2.23.20.0", "TelegramBot (like TwitterBot)", "facebookexternalhit/1.1"):
        assert (await web.get(path, headers={"user-agent": agent})).status_code == 200
    await web.head(path)
    await web.get(path, headers={"sec-purpose": "prefetch;prerender"})
    assert await opened() is None
    await web.get(path)
    assert await opened() == clock.now


async def test_who_asks_too_often_waits_a_minute(door: Door, owner: Actor, sharma: UUID) -> None:
    moment = [0.0]
    app = Starlette(routes=[pay_page_route(door, throttle=Throttle(3, monotonic=lambda: moment[0]))])
    path = await link(door, owner, sharma)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://munshi") as client:
        assert [(await client.get(path)).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        assert "Open this page again in a minute." in (await client.get(path)).text
        moment[0] = 61.0
        assert (await client.get(path)).status_code == 200
    assert PER_MINUTE >= 20, "a person who reloads is no flood"


def test_a_throttle_forgets_the_oldest_keys() -> None:
    throttle = Throttle(1, monotonic=lambda: 0.0)
    assert throttle.allows("first")
    assert not throttle.allows("first")
    for number in range(20_001):
        throttle.allows(number)
    assert throttle.allows("first")


async def test_the_api_serves_it(
    engine: AsyncEngine, door: Door, clock: Any, owner: Actor, sharma: UUID
) -> None:
    app = make_app(Settings(munshi_env="production"), engine=engine, clock=clock)
    path = await link(door, owner, sharma)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://munshi") as client:
        assert "Sharma Traders" in (await client.get(path)).text
        assert (await client.post(path)).status_code == 405
