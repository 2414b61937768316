"""Updates that Telegram posts to us: a small web server in the bot's own process; several may stand side by side."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Update

from bot.application import ALLOWED_UPDATES, AnyApplication
from kit.errors import Rejected
from kit.logs import logger
from kit.ports import require_free, shared_socket
from kit.settings import Settings

log = logger(__name__)
HEADER = "x-telegram-bot-api-secret-token"
_MAX_BODY = 1024 * 1024
_MAX_CONNECTIONS = 40
_GRACE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram posts to, with which secret, and where we listen for it."""

    url: str
    secret: str
    host: str
    port: int
    share_port: bool = False

    @property
    def path(self) -> str:
        """The path of the address: a proxy in front of us passes it on as it is."""
        return urlsplit(self.url).path or "/"


def webhook_of(settings: Settings) -> Webhook | None:
    """Return the webhook that the settings ask for, None for polling; Rejected if Telegram couldn't post there."""
    url = settings.telegram_webhook_url
    if not url:
        return None
    parts = urlsplit(url)
    local = settings.telegram_api_base != ""
    if not parts.hostname or parts.scheme not in (("https", "http") if local else ("https",)):
        raise Rejected(
            "setting.webhook",
            "TELEGRAM_WEBHOOK_URL must be an https address.",
            remedy="Leave it empty to poll instead.",
        )
    secret = settings.telegram_webhook_secret.get_secret_value()
    return Webhook(
        url=url,
        secret=secret or derived_secret(settings.telegram_bot_token.get_secret_value()),
        host=settings.host,
        port=settings.telegram_webhook_port,
        share_port=settings.telegram_webhook_share_port,
    )


def derived_secret(token: str) -> str:
    """Return the secret that all processes of a bot know without being told: an HMAC under its token."""
    return hmac.new(token.encode(), b"munshi telegram webhook", hashlib.sha256).hexdigest()


class WebhookServer:
    """Listens for updates, hands them to the application, and answers once they are worked on.

    Telegram keeps a chat's next update back until then, and posts again what wasn't answered.
    """

    def __init__(self, application: AnyApplication, webhook: Webhook) -> None:
        self._application, self._webhook = application, webhook
        self._secret = webhook.secret.encode()
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen, then tell Telegram where."""
        place = self._webhook
        sockets = [shared_socket(place.host, place.port)] if place.share_port else None
        if sockets is None:
            require_free(place.host, place.port)
        app = Starlette(routes=[Route(place.path, self.receive, methods=["POST"])])
        config = uvicorn.Config(
            app,
            host=place.host,
            port=place.port,
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=sockets))
        while not self._server.started and not self._serving.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        if self._serving.done():
            self._serving.result()

    async def announce(self) -> None:
        """Tell Telegram to post to us; every process says the same. Raises TelegramError."""
        await self._application.bot.set_webhook(
            self._webhook.url,
            secret_token=self._webhook.secret,
            allowed_updates=list(ALLOWED_UPDATES),
            max_connections=_MAX_CONNECTIONS,
        )

    async def stop(self) -> None:
        """Take no more, and finish what was taken; other processes go on, so that the address stays announced."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            with suppress(asyncio.CancelledError):
                await self._serving

    async def receive(self, request: Request) -> Response:
        """Work on one update; 401 without a word for who doesn't know the secret."""
        said = request.headers.get(HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(said, self._secret):
            log.info("webhook.refused")
            return Response(status_code=401)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413)
        try:
            update = Update.de_json(orjson.loads(body), self._application.bot)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as fault:
            # Posting it again would make it no better, and would keep everything behind it waiting.
            log.warning("webhook.unreadable", reason=type(fault).__name__)
            return Response(status_code=200)
        work = self._application.process_update(update)
        await self._application.update_processor.process_update(update, work)
        return Response(status_code=200)


async def _body(request: Request) -> bytes | None:
    """Return the body, None for one longer than any update is."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > _MAX_BODY:
            return None
    return bytes(read)


class _Server(uvicorn.Server):
    """A server that leaves signals to the program around it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
