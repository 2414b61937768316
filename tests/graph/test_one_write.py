"""Answers leave in one piece, whole, in order, and before the connection closes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from graph.one_write import OneWrite, OneWriteProtocol

GET = b"GET /%b HTTP/1.1\r\nhost: x\r\n\r\n"
LARGE = b"0123456789abcdef" * 65_536


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the path, or with a large body in many parts; close the connection when asked to."""
    await receive()
    path = scope["path"].encode()[1:]
    parts = (
        [LARGE[start : start + 65_536] for start in range(0, len(LARGE), 65_536)]
        if path == b"large"
        else [path]
    )
    headers = [(b"content-length", str(sum(map(len, parts))).encode())]
    if path == b"last":
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})  # fmt: skip


@asynccontextmanager
async def serving(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, http=OneWriteProtocol, ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await running


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return await reader.readexactly(length)


async def test_answers_are_whole_and_in_order(free_port):
    async with serving(free_port) as (reader, writer):
        writer.write(
            b"".join(GET % path for path in (b"one", b"large", b"two"))
        )  # without waiting for answers
        assert [await answer(reader) for _ in range(3)] == [b"one", LARGE, b"two"]


async def test_the_last_answer_comes_before_the_end(free_port):
    async with serving(free_port) as (reader, writer):
        writer.write(GET % b"last")
        assert await answer(reader) == b"last"
        assert await reader.read() == b""


class Wire:
    """Stands for the connection below."""

    def __init__(self, *, closing: bool = False) -> None:
        self.told: list[bytes | str] = []
        self.closing = closing

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("closed")

    def is_closing(self) -> bool:
        return self.closing


async def test_what_is_written_in_one_turn_is_one_write():
    wire: Any = Wire()
    transport = OneWrite(wire, asyncio.get_running_loop())
    for turn in (b"a", b"b"):
        transport.write(turn)
        transport.write(turn)
        assert turn * 2 not in wire.told
        await asyncio.sleep(0)
    assert wire.told == [b"aa", b"bb"]


@pytest.mark.parametrize(("closing", "told"), [(False, [b"a", "closed"]), (True, ["closed"])])
async def test_closing_hands_over_first_unless_the_other_side_is_gone(closing, told):
    wire: Any = Wire(closing=closing)
    transport = OneWrite(wire, asyncio.get_running_loop())
    transport.write(b"a")
    transport.close()
    await asyncio.sleep(0)
    assert wire.told == told
    assert transport.is_closing() is closing
