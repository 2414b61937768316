"""Pages behind links: what each shows, and that nothing of them leaks or is kept."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.app import make_app
from graph.throttle import Throttle
from kit.database import transaction
from kit.ids import business_key, digest, uuid7
from kit.settings import Settings
from ledger.commands.pages import RevokePageLinks
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.queries.pages import MyPageLinks
from tests.graph.pages_desk import PHONE, browser, link, links, plain
from tests.graph.pages_firm import Sample
from tests.ledger.rows import days_ago, rows_of


@pytest.fixture
async def web(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(door) as client:
        yield client


@pytest.fixture
async def sample(door: Door, owner: Actor) -> Sample:
    made = Sample(door, owner)
    await made.live()
    return made


# ---- what they show ----------------------------------------------------------------------------------
async def test_the_timeline_shows_state_bills_evidence_talk_and_history(
    web: httpx.AsyncClient, door: Door, owner: Actor, sample: Sample
) -> None:
    page = await web.get(await link(door, owner, "customer", await sample.party("Sharma")))
    assert page.status_code == 200
    text = plain(page)
    for told in (
        "Sharma Traders", "₹12,66,320", "₹12,26,320 overdue, the oldest by 95 days", "₹11,80,500",
        "Bills ₹13,26,320 − on account ₹60,000 = net ₹12,66,320", "4 open bills", "INV-102/26-27", "of ₹34,220",
        "47 days late", "the bill's number is named", "Tally", "Promised for Fri 27 Nov", "₹30,000",
        "called by Ramesh: no answer", "Son answers in the morning", "Invoice INV-131/26-27", "Not books of account",
    ):  # fmt: skip
        assert told in text, told
    assert "Gupta" not in text
    assert "Venkateshwara" not in text


async def test_the_ledger_is_in_tallys_form_and_its_period_is_chosen_without_a_script(
    web: httpx.AsyncClient, door: Door, owner: Actor, sample: Sample
) -> None:
    path = await link(door, owner, "ledger", await sample.party("Sharma"))
    text = plain(await web.get(path))
    for told in (
        "1 Apr 2026 to 20 Nov 2026", "Date Particulars Vch type Vch no. Debit Credit Balance", "Opening balance",
        "18-Jul-26 Bill, due 17-Aug-26 Sales INV-88/26-27 12,40,500.00 12,40,500.00 Dr",
        "Credit note CN-4", "Closing balance 12,66,320.00 12,66,320.00 Dr", "Total 13,38,320.00 13,38,320.00",
        "as known on 20 Nov 2026",
    ):  # fmt: skip
        assert told in text, told
    later = plain(await web.get(path, params={"since": "2026-11-01", "until": "2026-11-10"}))
    assert "Opening balance 12,88,320.00 12,88,320.00 Dr" in later
    assert "INV-88/26-27 12,40,500.00 12,40,500.00 Dr" not in later
    assert "18-Jul-26 Bill" in plain(await web.get(path, params={"span": "all"}))
    for wrong in (
        {"since": "2026-13-40"},
        {"since": "2026-11-10", "until": "2026-11-01"},
        {"since": "0001-01-01"},
    ):
        refused = await web.get(path, params=wrong)
        assert refused.status_code == 400
        assert "Go back and choose another day or time." in plain(refused)


async def test_a_ledger_opens_with_the_period_that_was_asked_for(
    web: httpx.AsyncClient, door: Door, owner: Actor, sample: Sample
) -> None:
    party = await sample.party("Sharma")
    path = await link(door, owner, "ledger", party, since=days_ago(10), until=days_ago(1), language="hi")
    text = plain(await web.get(path))
    assert "10 नव॰ 2026 से 19 नव॰ 2026 तक" in text
    assert "आख़िरी बाकी" in text


async def test_the_tie_out_names_the_difference_and_leads_to_the_ledger(
    web: httpx.AsyncClient, door: Door, owner: Actor, sample: Sample
) -> None:
    path = await link(door, owner, "tie_out")
    page = await web.get(path)
    text = plain(page)
    for told in (
        "Tally and we",
        "1 name differs",
        "Sharma Traders",
        "₹12,66,320 ₹13,00,000 +₹33,680",
        "not explained",
    ):
        assert told in text, told
    assert "Venkateshwara" not in text
    everybody = plain(await web.get(path, params={"show": "all"}))
    assert "Venkateshwara" in everybody
    (ledger,) = [one for one in links(page) if "/ledger/" in one]
    assert "Ledger account Sharma Traders" in plain(await web.get(ledger))
    assert plain(await web.get(f"{path}/questions")).count("₹56,840") >= 1
    assert (await web.get(path, params={"on": "yesterday"})).status_code == 400


async def test_without_books_the_tie_out_says_so(web: httpx.AsyncClient, door: Door, owner: Actor) -> None:
    text = plain(await web.get(await link(door, owner, "tie_out")))
    assert "No books are connected" in text


async def test_a_long_history_is_turned_leaf_by_leaf(
    web: httpx.AsyncClient, door: Door, owner: Actor, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Sharma Traders")
        anchor = await rows.tx.value("SELECT anchor FROM parties WHERE id = $1", party)
        for number in range(250):
            told = {"number": f"INV-{number:03}", "amount": 100_00, "currency": "INR"}
            await rows.event(anchor, "invoice.issued", told)
    page = await web.get(await link(door, owner, "customer", party))
    seen: list[str] = []
    leaves = 1
    while True:
        seen += re.findall(r"INV-\d{3}", plain(page))
        further = [one for one in links(page) if "after=" in one and "lang=" not in one]
        if not further:
            break
        page = await web.get(further[-1])
        leaves += 1
    assert leaves == 4
    assert sorted(seen) == [f"INV-{number:03}" for number in range(250)]


async def test_names_and_words_of_strangers_are_shown_and_never_run(
    web: httpx.AsyncClient, door: Door, owner: Actor, sample: Sample
) -> None:
    party = await sample.party("<script")
    for name, of in (("customer", party), ("ledger", party), ("tie_out", None), ("front", None)):
        path = await link(door, owner, name, of)
        for page in (await web.get(path), await web.get(path, params={"show": "all", "lang": "hi"})):
            assert page.status_code == 200
            assert "<script" not in page.text
            assert "<b>bold" not in page.text
            assert "\u202e" not in page.text
            assert not re.search(r'\sstyle="|\son\w+="|src="|javascript:', page.text)


async def test_hindi_is_a_tap_away_and_stays_along_the_way(
    web: httpx.AsyncClient, door: Door, owner: Actor, sample: Sample
) -> None:
    page = await web.get(await link(door, owner, "tie_out"))
    (other,) = [one for one in links(page) if "lang=hi" in one]
    hindi = await web.get(other)
    assert '<html lang="hi">' in hindi.text
    assert "Tally और हम" in plain(hindi)
    assert all("lang=" in one for one in links(hindi))
    (ledger,) = [one for one in links(hindi) if "/ledger/" in one]
    assert "आख़िरी बाकी" in plain(await web.get(ledger))


# ---- keys, caches, crawlers ------------------------------------------------------------------------------
async def test_a_key_that_never_was_gets_the_page_of_one_that_ended(
    web: httpx.AsyncClient, door: Door, owner: Actor, business: UUID, clock: Any
) -> None:
    path = await link(door, owner, "tie_out", hours=1)
    clock.advance(hours=2)
    ended = await web.get(path)
    for wrong in (
        f"/v/{business_key(business, 'x' * 32)}", f"/v/{business_key(uuid7(), 'x' * 32)}", "/v/nothing", f"/v/{'x' * 4000}",
        f"{path}/tie-out", "/v/mun_%00_x", "/v/mun_" + "g" * 32 + "_x",
    ):  # fmt: skip
        page = await web.get(wrong)
        assert (page.status_code, page.text) == (404, ended.text), wrong


async def test_its_headers_keep_it_out_of_caches_frames_searches_and_referrers(
    door: Door, owner: Actor, engine: AsyncEngine, database: Any, clock: Any
) -> None:
    app = make_app(Settings(database_url=database.url, munshi_env="production"), engine=engine, clock=clock)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://munshi", headers={"user-agent": PHONE}
    ) as web:
        good = await web.get(await link(door, owner, "tie_out"))
        assert good.status_code == 200
        for page in (good, await web.get("/v/nothing")):
            headers = page.headers
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"
            assert "noindex" in headers["x-robots-tag"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "set-cookie" not in headers
            policy = headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
            assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy
            assert '<meta name="robots" content="noindex' in page.text
            assert re.search(r"<title>[^<]{3,}</title>", page.text)


async def test_programs_that_draw_previews_are_shown_nothing_and_count_for_nothing(
    web: httpx.AsyncClient, door: Door, owner: Actor, sample: Sample
) -> None:
    path = await link(door, owner, "customer", await sample.party("Sharma"))
    for agent in ("TelegramBot (like TwitterBot)", "WhatsApp/2.23.20.0", "facebookexternalhit/1.1"):
        page = await web.get(path, headers={"user-agent": agent})
        assert page.status_code == 200
        assert "Sharma" not in page.text
        assert "₹" not in page.text
    await web.head(path)
    (kept,) = await door.query(MyPageLinks(), owner)
    assert (kept.opened, kept.opened_at) == (0, None)
    await web.get(path)
    (kept,) = await door.query(MyPageLinks(), owner)
    assert (kept.opened, kept.party_name) == (1, "Sharma Traders")


async def test_looks_and_guesses_are_limited(door: Door, owner: Actor) -> None:
    async with browser(door, looks=Throttle(3), wrong=Throttle(2)) as web:
        path = await link(door, owner, "tie_out")
        assert [(await web.get(path)).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        assert [(await web.get(f"/v/guess{n}")).status_code for n in range(4)] == [404, 404, 429, 429]


async def test_only_the_keys_hash_is_kept_and_the_trail_names_the_link(
    door: Door, owner: Actor, engine: AsyncEngine, business: UUID
) -> None:
    path = await link(door, owner, "tie_out")
    key = path.removeprefix("/v/")
    assert await door.execute(RevokePageLinks(), owner) == 1
    async with transaction(engine, [business]) as tx:
        rows = await tx.fetch("SELECT * FROM page_links")
        trail = await tx.fetch("SELECT action, subject, entry FROM audit ORDER BY sequence")
    assert key not in repr(rows) + repr(trail)
    assert rows[0]["key_hash"] == digest(key.encode())
    assert [one["action"] for one in trail] == ["page_link.made", "page_link.revoked"]
    assert {one["subject"] for one in trail} == {f"page_link:{rows[0]['id']}"}


async def test_a_fault_of_ours_is_told_with_a_reference_and_nothing_else(
    web: httpx.AsyncClient, door: Door, owner: Actor, engine: AsyncEngine, business: UUID
) -> None:
    path = await link(door, owner, "tie_out")
    async with transaction(engine, [business]) as tx:
        await tx.run("UPDATE businesses SET timezone = 'Nowhere/None'")
    page = await web.get(path)
    assert page.status_code == 500
    assert "Something went wrong on our side." in plain(page)
    assert "Nowhere" not in page.text
