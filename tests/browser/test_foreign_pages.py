"""Scripts of other sites, in a real browser: one that the settings name may ask and follow with a token, no other may."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from graph.app import make_app
from kit.database import make_engine
from kit.settings import Settings
from ledger.commands.tokens import CreateToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from tests.browser.phone import Phone
from tests.conftest import TestDatabase
from tests.vendors.serving import serving

Hold = Callable[..., Phone]
ASK = """
const [url, token, done] = arguments;
fetch(url, {method: 'POST', headers: {authorization: 'Bearer ' + token, 'content-type': 'application/json'},
            body: JSON.stringify({query: '{ me { role } }'})})
  .then((said) => said.json()).then((said) => done(said.data.me.role)).catch((failed) => done(failed.name));
"""
FOLLOW = """
const [url, token, done] = arguments;
const wire = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
wire.onopen = () => wire.send(JSON.stringify({type: 'connection_init', payload: {Authorization: 'Bearer ' + token}}));
wire.onmessage = (said) => done(JSON.parse(said.data).type);
wire.onclose = (ended) => done('closed ' + ended.code);
"""


@contextmanager
def site() -> Iterator[str]:
    """Serve another site: an empty page on an origin of its own."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Elsewhere</title><body></body>")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)


@contextmanager
def elsewhere(phone: Phone, origin: str) -> Iterator[Callable[..., Any]]:
    """Open that site's page; its script is run by what is yielded."""
    phone.driver.set_script_timeout(15)
    phone.driver.get(origin)
    yield phone.driver.execute_async_script


async def test_only_a_page_that_the_settings_name_may_ask(
    hold_phone: Hold, database: TestDatabase, door: Door, owner: Actor
) -> None:
    token = await door.execute(CreateToken(owner.member_id, "a page"), owner)  # type: ignore[arg-type]

    def look(ours: str, theirs: str) -> dict[str, Any]:
        # The api has an engine of its own: it lives on the loop of its thread.
        app = make_app(Settings(graphql_origins=ours), engine=make_engine(database.url, pool_size=2))
        seen: dict[str, Any] = {}
        with serving(app) as api:
            phone = hold_phone(api)
            for whose, origin in (("ours", ours), ("theirs", theirs)):
                with elsewhere(phone, origin) as run:
                    seen[whose] = [run(script, f"{api}/graphql", token) for script in (ASK, FOLLOW)]
        return seen

    with site() as ours, site() as theirs:
        seen = await asyncio.to_thread(look, ours, theirs)
    assert seen["ours"] == ["owner", "connection_ack"]
    assert seen["theirs"] == ["TypeError", "closed 1006"]
