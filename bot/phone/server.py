"""The phone's routes: the page at /phone, and below it the local Bot API that the real client talks to."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.phone.guard import LoopbackOnly
from bot.phone.methods import find_method, is_poll
from bot.phone.page import HEADERS, STATIC, Page
from bot.phone.params import read_params
from bot.phone.people import DEMO_TOKEN
from bot.phone.refusals import Refused
from bot.phone.state import Exchange, Options
from bot.phone.typeface import font_route
from kit.clock import Clock, system_clock
from kit.errors import Retryable
from kit.logs import logger
from kit.settings import Settings

_log = logger(__name__)

BODY_ALLOWANCE = 1024 * 1024
INVITATIONS = "invitations.json"


class Phone:
    """One local Bot API server with its page; the folder is opened by the first request."""

    def __init__(self, folder: Path, options: Options | None = None, *, clock: Clock = system_clock) -> None:
        """Serve the bot of `options.token`; chats and files are kept in `folder`."""
        self._folder = folder
        self._options = options or Options()
        self._clock = clock
        self._exchange: Exchange | None = None
        self._closed = False

    def exchange(self) -> Exchange:
        """Return the exchange; answers 503 when closed, or while another process holds the folder."""
        if self._closed:
            raise HTTPException(503, "The phone is switched off.")
        if self._exchange is None:
            try:
                self._exchange = Exchange(self._folder, self._options, clock=self._clock)
            except Retryable as busy:
                raise HTTPException(503, str(busy)) from busy
        return self._exchange

    def close(self) -> None:
        """End open polls and streams, refuse new ones, and let go of the folder."""
        self._closed = True
        if self._exchange is not None:
            self._exchange.close()
            self._exchange = None

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the phone; nobody beyond this computer gets past them."""
        page = Page(self.exchange, self._invitations)
        guard = [Middleware(LoopbackOnly)]
        inner: list[BaseRoute] = [
            Route("/api/bot{token}/{method}", self._call, methods=["GET", "POST"]),
            Route("/api/file/bot{token}/{path:path}", self._download, methods=["GET"]),
            Mount("/static", _Static(directory=STATIC)),
            font_route(),
            *page.routes(),
        ]
        largest = self._options.max_file_bytes + BODY_ALLOWANCE
        return [
            Route("/phone", page.show, methods=["GET"], middleware=guard),
            Mount("/phone", routes=inner, middleware=guard, max_body_size=largest),
        ]

    def _invitations(self) -> Mapping[str, str]:
        """Return the one-time codes that somebody left for who opens the phone, by person; none if there are none."""
        try:
            codes = orjson.loads((self._folder / INVITATIONS).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return {}
        return {str(key): str(code) for key, code in codes.items()} if isinstance(codes, dict) else {}

    async def _call(self, request: Request) -> Response:
        """Answer one call of the Bot API."""
        try:
            self._check_token(request)
            method = find_method(request.path_params["method"])
            work = method(self.exchange(), await read_params(request))
            result = await (_while_heard(request, work) if is_poll(method) else work)
        except Refused as refused:
            _log.info("phone_call_refused", method=request.path_params["method"][:40], status=refused.status)
            return _answer(refused.as_json(), refused.status)
        return _answer({"ok": True, "result": result}, 200)

    async def _download(self, request: Request) -> Response:
        """Give the bot the bytes of a file that `getFile` named."""
        try:
            self._check_token(request)
        except Refused as refused:
            return _answer(refused.as_json(), refused.status)
        path = request.path_params["path"]
        stored = self.exchange().file(path.rpartition("/")[2].partition(".")[0])
        if stored is None or stored.path != path:
            return _answer(Refused(404, "Not Found").as_json(), 404)
        return FileResponse(self.exchange().place(stored), media_type="application/octet-stream")

    def _check_token(self, request: Request) -> None:
        said = str(request.path_params["token"]).encode(errors="replace")
        if not hmac.compare_digest(said, self._options.token.encode()):
            raise Refused(401, "Unauthorized")


class _Static(StaticFiles):
    def file_response(self, *args: object, **kwargs: object) -> Response:
        response: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update({**HEADERS, "Cache-Control": "no-cache"})
        return response


def phone_of(settings: Settings, *, clock: Clock = system_clock) -> Phone:
    """Return the phone that these settings ask for, kept under `munshi_home`/phone; close it at shutdown."""
    options = Options(
        token=settings.telegram_bot_token.get_secret_value() or DEMO_TOKEN,
        max_file_bytes=settings.max_file_bytes,
    )
    return Phone(settings.munshi_home / "phone", options, clock=clock)


def routes(settings: Settings, *, clock: Clock = system_clock) -> list[BaseRoute]:
    """Return the routes that the api adds in development, for who doesn't need to close the phone."""
    return phone_of(settings, clock=clock).routes()


async def _while_heard(request: Request, work: Awaitable[Any]) -> Any:
    """Await a long poll as long as its caller is there; a bot that went away holds no poll open."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else []
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


def _answer(body: object, status: int) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")
