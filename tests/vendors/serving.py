"""Serve an ASGI app on a free loopback port while a test runs, with scripted faults and a record of the calls."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

from kit.json import read_json


@dataclass(frozen=True, slots=True)
class Seen:
    """One call as it came."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return read_json(self.body)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call: another answer, a body cut short by a dropped connection, or a long wait."""

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_short: bool = False
    after_seconds: float = 0.0
    only_path: str = ""
    """Waits for a call whose path contains this."""


class Faulty:
    """An ASGI app in front of another: the next calls meet the faults that a test has queued."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.calls: list[Seen] = []
        self.faults: deque[Fault] = deque()

    def next(self, *faults: Fault) -> None:
        """Queue faults, one for each of the next calls."""
        self.faults.extend(faults)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Record the call, then fail it as queued or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = tuple(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        self.calls.append(Seen(scope["method"], scope["path"], query, headers, body))
        if self.faults and self.faults[0].only_path in scope["path"]:
            await _fail(self.faults.popleft(), send)
            return
        given = False

        async def replay() -> Any:
            nonlocal given
            if given:
                await asyncio.sleep(3600)
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replay, send)


async def _fail(fault: Fault, send: Any) -> None:
    if fault.after_seconds:
        await asyncio.sleep(fault.after_seconds)
    length = len(fault.body) + (100 if fault.cut_short else 0)
    headers = [(name.encode(), value.encode()) for name, value in fault.headers.items()]
    headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": fault.body, "more_body": fault.cut_short})
    # Returning before the promised length makes the server drop the connection.


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve `app` in a thread of its own; yields its base URL."""
    # By its name, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms.
    listening = socket.socket(proto=socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the vendor's server did not start")
            thread.join(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
