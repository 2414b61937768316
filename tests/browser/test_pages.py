"""The pages in a browser: on a phone and on paper, light and dark, whatever is long, and nothing that the policy refuses."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from graph.pages.routes import page_routes
from kit.database import transaction
from ledger.commands.pages import MakePageLink
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from tests.browser.phone import Phone
from tests.graph.pages_firm import Sample
from tests.ledger.rows import days_ago, rows_of

Hold = Callable[..., Phone]
Shelf = dict[str, httpx.Response]
AGENT = {"user-agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/140.0 Mobile"}
A4 = (595, 842)
"""Points."""
_CONTRAST = """
const light = (c) => { const l = c.map((v) => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 });
  return .2126 * l[0] + .7152 * l[1] + .0722 * l[2] };
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const below = (one) => { for (let at = one; at; at = at.parentElement) {
  const c = rgb(getComputedStyle(at).backgroundColor); if (c.length === 3 || c[3] > 0) return c.slice(0, 3) } return [255, 255, 255] };
return [...document.querySelectorAll('body *')].filter((one) => one.getClientRects().length
    && [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
  .map((one) => { const a = light(rgb(getComputedStyle(one).color).slice(0, 3)), b = light(below(one));
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), one.textContent.trim().slice(0, 40)] })
  .filter(([ratio]) => ratio < 4.5);
"""
_WIDER = """
return [...document.querySelectorAll('main *')].filter((one) => !one.closest('.hidden, svg')
  && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.tagName + ' ' + one.textContent.trim().slice(0, 40))
"""


async def shelf_of(door: Door, owner: Actor, wishes: dict[str, MakePageLink], *, language: str) -> Shelf:
    """Fetch pages as they are served, by a short name each."""
    transport = httpx.ASGITransport(app=Starlette(routes=page_routes(door)))
    found: Shelf = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://munshi", headers=AGENT) as web:
        for name, wish in wishes.items():
            key = (await door.execute(wish, owner)).key
            found[f"/{name}"] = await web.get(f"/v/{key}", params={"lang": language, "show": "all"})
        found["/gone"] = await web.get("/v/nothing", params={"lang": language})
    return found


@contextmanager
def served(shelf: Shelf) -> Iterator[str]:
    """Serve pages byte for byte, with their headers."""

    class Desk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = shelf.get(self.path)
            self.send_response(page.status_code if page else 404)
            for name, value in page.headers.items() if page else ():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.content if page else b"")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
async def wishes(door: Door, owner: Actor) -> dict[str, MakePageLink]:
    """Every page of a firm that has lived, and of a customer whose name doesn't end."""
    sample = Sample(door, owner)
    await sample.live()
    sharma, long, evil = [await sample.party(name) for name in ("Sharma", "Shree", "<script")]
    return {
        "customer": MakePageLink("customer", sharma),
        "long": MakePageLink("customer", long),
        "evil": MakePageLink("customer", evil),
        "ledger": MakePageLink("ledger", sharma),
        "long-ledger": MakePageLink("ledger", long),
        "tie-out": MakePageLink("tie_out"),
        "front": MakePageLink("front"),
    }


@pytest.mark.parametrize("language", ["en", "hi"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_page_stands_on_a_phone_and_can_be_read(
    hold_phone: Hold, door: Door, owner: Actor, wishes: dict[str, MakePageLink], language: str, dark: bool
) -> None:
    shelf = await shelf_of(door, owner, wishes, language=language)
    phone = hold_phone("", dark=dark)
    with served(shelf) as url:
        for path in shelf:
            for width, height in ((390, 844), (320, 640), (1024, 768)):
                phone.resize(width, height)
                phone.driver.get(url + path)
                wide = phone.driver.execute_script("return document.documentElement.scrollWidth")
                assert wide <= width, f"{path} at {width}: {wide}"
                assert phone.driver.execute_script(_WIDER) == [], f"{path} at {width}"
            assert phone.driver.execute_script(_CONTRAST) == [], path
    assert [one for one in phone.complaints() if "favicon" not in one and "/gone" not in one] == []


async def test_every_page_has_one_heading_and_tables_that_are_read_aloud(
    hold_phone: Hold, door: Door, owner: Actor, wishes: dict[str, MakePageLink]
) -> None:
    shelf = await shelf_of(door, owner, wishes, language="en")
    phone = hold_phone("", width=1024, height=768)
    with served(shelf) as url:
        titles = set()
        for path in shelf:
            phone.driver.get(url + path)
            ask = phone.driver.execute_script
            assert ask("return document.querySelectorAll('h1').length") == 1, path
            assert ask("return document.querySelectorAll('main').length") == 1, path
            assert not ask(
                "return [...document.querySelectorAll('th:not([scope]), a:not([href])')].map((o) => o.outerHTML)"
            ), path
            assert not ask(
                "return [...document.querySelectorAll('section')].filter((s) => s.getAttribute('aria-labelledby') &&"
                " !document.getElementById(s.getAttribute('aria-labelledby'))).map((s) => s.outerHTML.slice(0, 80))"
            ), path
            assert not ask(
                "return [...document.querySelectorAll('td.n')].filter((o) => o.textContent.trim() &&"
                " !['end', 'right'].includes(getComputedStyle(o).textAlign)).map((o) => o.outerHTML)"
            ), path
            titles.add(phone.driver.title)
        assert len(titles) == len(shelf), "each page has a title of its own"


async def test_a_thousand_entries_are_laid_out_and_printed_on_a4(
    hold_phone: Hold, door: Door, owner: Actor, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Sharma Traders")
        for number in range(1_000):
            bill = await rows.invoice(
                party, 1_00_000_00 + number, number=f"INV-{number}", issued_on=days_ago(200)
            )
            await rows.posting(party, bill, 1_00_000_00 + number, effective_on=days_ago(200 - number // 6))
    shelf = await shelf_of(door, owner, {"ledger": MakePageLink("ledger", party)}, language="en")
    phone = hold_phone("")
    with served(shelf) as url:
        phone.driver.get(f"{url}/ledger")
        rows_shown = phone.driver.execute_script("return document.querySelectorAll('.book tbody tr').length")
        assert rows_shown == 1_000 + 1 + 3
        assert phone.driver.execute_script("return document.documentElement.scrollWidth") <= 390
        told = phone.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    pdf = base64.b64decode(told["data"])
    boxes = {
        tuple(round(float(x)) for x in box.split()[2:]) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", pdf)
    }
    assert len(boxes) == 1
    ((width, height),) = boxes
    assert abs(width - A4[0]) <= 1
    assert abs(height - A4[1]) <= 1
    assert 15 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 45


async def test_on_paper_the_ledger_has_its_columns_and_no_buttons(
    hold_phone: Hold, door: Door, owner: Actor, wishes: dict[str, MakePageLink]
) -> None:
    shelf = await shelf_of(door, owner, wishes, language="en")
    phone = hold_phone("", width=688, height=990)
    phone.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    with served(shelf) as url:
        for path in shelf:
            phone.driver.get(url + path)
            shown = phone.driver.execute_script(
                "return [...document.querySelectorAll('form, .chips, header nav, .screen')]"
                ".filter((o) => o.getClientRects().length).length"
            )
            assert shown == 0, path
            assert phone.driver.execute_script("return document.documentElement.scrollWidth") <= 688, path
        phone.driver.get(f"{url}/ledger")
        heads = "return [...document.querySelectorAll('.book thead th')].filter((o) => o.getClientRects().length).length"
        assert phone.driver.execute_script(heads) == 7
        words = "return [...document.querySelectorAll('.book .words')].map((o) => [o.textContent, o.scrollWidth > o.clientWidth + 1, o.getClientRects().length && getComputedStyle(o).overflowWrap])"
        kinds = phone.driver.execute_script(words)
        assert kinds
        assert {(wide, wrap) for _, wide, wrap in kinds} == {(False, "break-word")}, (
            "no word is broken within"
        )
        phone.driver.get(f"{url}/customer")
        said = "return [...document.querySelectorAll('details li')].filter((o) => o.getClientRects().length).length"
        assert phone.driver.execute_script(said) > 0, "what is folded on the screen stands on paper"


async def test_the_page_of_nothing_stands_too(
    hold_phone: Hold, door: Door, owner: Actor, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Nobody")
    async with transaction(engine, [business]) as tx:
        assert await tx.value("SELECT count(*) FROM invoices") == 0
    wishes = {
        "customer": MakePageLink("customer", party), "ledger": MakePageLink("ledger", party),
        "tie-out": MakePageLink("tie_out"), "front": MakePageLink("front"),
    }  # fmt: skip
    shelf = await shelf_of(door, owner, wishes, language="en")
    phone = hold_phone("")
    said = {
        "/customer": "Nothing to collect.", "/ledger": "No entries in this period", "/tie-out": "No books are connected",
        "/front": "no books", "/gone": "This page isn't there any more.",
    }  # fmt: skip
    with served(shelf) as url:
        for path, words in said.items():
            phone.driver.get(url + path)
            assert words in phone.driver.execute_script("return document.body.innerText"), path
