"""The phone on a real uvicorn at a free loopback port, for tests that talk to it as the bot or the browser does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from telegram import Bot
from telegram.ext import Application, ApplicationBuilder

from bot.phone import DEMO_TOKEN, Phone


@dataclass(frozen=True, slots=True)
class Line:
    """Where a served phone is, and clients for it."""

    url: str

    @property
    def api(self) -> str:
        """The address that python-telegram-bot takes as its base URL."""
        return f"{self.url}/phone/api/bot"

    def bot(self, token: str = DEMO_TOKEN) -> Bot:
        """Return a real client."""
        return Bot(token, base_url=self.api, base_file_url=f"{self.url}/phone/api/file/bot")

    def application(self) -> Application:  # type: ignore[type-arg]
        """Return a real application, not yet started."""
        builder = ApplicationBuilder().token(DEMO_TOKEN).base_url(self.api)
        return builder.base_file_url(f"{self.url}/phone/api/file/bot").build()


class _Server(uvicorn.Server):
    """Ends the phone's open polls and streams first, so that nothing keeps uvicorn waiting."""

    def __init__(self, config: uvicorn.Config, phone: Phone) -> None:
        super().__init__(config)
        self._phone = phone

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._phone.close()
        await super().shutdown(sockets)


@contextmanager
def served(phone: Phone, port: int = 0) -> Iterator[Line]:
    """Serve the phone while the block runs, in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", port))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(Starlette(routes=phone.routes()), log_level="warning", lifespan="off")
    server = _Server(config, phone)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("uvicorn did not start")
        time.sleep(0.01)
    try:
        yield Line(url)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
