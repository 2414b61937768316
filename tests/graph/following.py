"""The application under uvicorn as in production, and a client that speaks graphql-transport-ws."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from graph.live_socket import MAX_MESSAGE, PROTOCOL
from graph.one_write import OneWriteProtocol

WITHIN = 15.0
QUESTIONS = "subscription($after: Int) { questions(after: $after) { sequence what questionId question { title status } } }"
CHANGES = """subscription($after: Int, $kinds: [StateKind!]) { changes(after: $after, kinds: $kinds) {
  sequence kind subjectId number before { status } after { status outstanding { minor } } party { name } node { id } } }"""


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[int]:
    """Serve the application on a free port of this loop; yields the port."""
    listening = socket.socket(proto=socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=OneWriteProtocol, ws="websockets-sansio", ws_max_size=MAX_MESSAGE, ws_per_message_deflate=False,
        log_level="critical", timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await task


@dataclass(slots=True)
class Client:
    """A connection of a subscriber."""

    socket: ClientConnection

    async def send(self, **message: Any) -> None:
        """Send a message."""
        await self.socket.send(orjson.dumps(message).decode())

    async def next(self, within: float = WITHIN) -> Any:
        """The next message."""
        async with asyncio.timeout(within):
            return orjson.loads(await self.socket.recv())

    async def begin(self, token: str | None) -> Any:
        """Say who we are; the answer."""
        payload = {"Authorization": f"Bearer {token}"} if token is not None else {}
        await self.send(type="connection_init", payload=payload)
        return await self.next()

    async def follow(self, name: str, query: str, **variables: Any) -> None:
        """Begin a subscription."""
        await self.send(type="subscribe", id=name, payload={"query": query, "variables": variables})

    async def told(self, within: float = WITHIN) -> Any:
        """The data of the next answer, whichever subscription it is of."""
        message = await self.next(within)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (value,) = message["payload"]["data"].values()
        return value

    async def silent(self, seconds: float = 0.7) -> bool:
        """Whether nothing comes for a while."""
        try:
            message = await self.next(seconds)
        except TimeoutError:
            return True
        raise AssertionError(message)

    async def code(self) -> str:
        """The code of the error that answers a subscription."""
        message = await self.next()
        assert message["type"] == "error", message
        code: str = message["payload"][0]["extensions"]["code"]
        return code

    async def closed(self, within: float = WITHIN) -> int:
        """The code with which the connection is closed."""
        with suppress(ConnectionClosed):
            async with asyncio.timeout(within):
                async for _ in self.socket:
                    pass
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def client_at(port: int, **options: Any) -> AsyncIterator[Client]:
    """A connection that hasn't said yet who it is."""
    options = {"subprotocols": [PROTOCOL], **options}
    async with connect(f"ws://127.0.0.1:{port}/graphql", **options) as made:
        yield Client(made)
