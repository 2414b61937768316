"""GET /export/audit.jsonl and /export/audit.xlsx: the trail of a period, by a bearer token or by a link.

A link is kept with those to pages: it hands out the period and the form that it was made for, as its maker is that day, until it ends or is taken back.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from graph.address import address_of
from graph.auth import Authenticator
from graph.errors import masked, refusal
from graph.pages.reader import Reader
from graph.pages.routes import PREVIEW, notice
from graph.rates import Rates, TooMany
from graph.types.days import day_of
from kit.errors import Denied, MunshiError, NotFound, Rejected, Retryable, SourceBroken
from kit.ids import digest, split_business_key
from ledger.audit_export.asking import begin, file_name
from ledger.audit_export.json_lines import json_lines
from ledger.audit_export.workbook import write_workbook
from ledger.commands.pages import NotePageOpened
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries.pages import OpenPageLink
from ledger.views.pages import AUDIT_PAGES, OpenedPage

ACTOR = "audit export"
BOOKS_AT_ONCE = 2
"""Workbooks written by one process at a time; each keeps a thread busy."""
_PIECE = 256 * 1024
_LONGEST_KEY = 160
_ZONE = "Asia/Kolkata"
_DAYS = ("since", "until")
_MEDIA = {
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex"}
_STATUS: tuple[tuple[type[MunshiError], int], ...] = (
    (TooMany, 429), (Denied, 403), (NotFound, 404), (Retryable, 503), (SourceBroken, 503),
)  # fmt: skip
_DEAD = ("audit.link", "This link doesn't work (any more).")
_ANEW = "Ask for a new one."
_Wish: TypeAlias = tuple[Actor, date | None, date | None]


class AuditExports:
    """Hands out the trail."""

    def __init__(self, door: Door, authenticator: Authenticator, *, rates: Rates) -> None:
        self._door = door
        self._authenticator = authenticator
        self._rates = rates
        self._books = asyncio.Semaphore(BOOKS_AT_ONCE)

    def route(self) -> Route:
        """Return the route."""
        return Route("/export/audit.{form}", self._serve, methods=["GET"])

    async def _serve(self, request: Request) -> Response:
        if request.method != "GET":  # a look ahead takes nothing away
            return Response(status_code=405, headers={**_HEADERS, "allow": "GET"})
        by_link = "key" in request.query_params
        if by_link and PREVIEW.search(request.headers.get("user-agent", "")):
            return notice("preview", self._stranger(), status=403)
        try:
            form = request.path_params["form"]
            if form not in AUDIT_PAGES:
                raise NotFound("audit.form", "The trail is exported as jsonl or xlsx.")
            actor, since, until = await (self._linked if by_link else self._asked)(request, form)
            self._rates.admit(actor.token_id)
            if form == "jsonl":
                return await self._lines(actor, since, until)
            return await self._book(actor, since, until)
        except MunshiError as error:
            if by_link and "text/html" in request.headers.get("accept", ""):
                return self._told(error)
            if isinstance(error, Denied) and error.code.startswith("token."):
                return _answer(401, refusal(error), **{"www-authenticate": "Bearer"})
            return _answer(_status(error), refusal(error))
        except Exception as error:  # whatever it is, the client gets a reference and no trace
            return _answer(500, {"data": None, "errors": [masked(error)]})

    async def _asked(self, request: Request, _: str) -> _Wish:
        since, until = (_day(request, name) for name in _DAYS)
        bearer, address = request.headers.get("authorization"), address_of(request)
        return await self._authenticator.actor(bearer, address=address), since, until

    async def _linked(self, request: Request, form: str) -> _Wish:
        """Return whose link it is, as he is now, and the period that it was made for."""
        key = request.query_params["key"][:_LONGEST_KEY]
        parts = split_business_key(key)
        if parts is None:
            raise Denied(*_DEAD, remedy=_ANEW)
        clerk, key_hash = system(parts[0], ACTOR), digest(key.encode("utf-8", "replace"))
        try:
            opened: OpenedPage = await self._door.query(OpenPageLink(key_hash), clerk)
        except NotFound:
            raise Denied(*_DEAD, remedy=_ANEW) from None
        if opened.page != AUDIT_PAGES[form] or any(name in request.query_params for name in _DAYS):
            raise Denied("audit.link", "This link is for another period or form.", remedy=_ANEW)
        await self._door.execute(NotePageOpened(key_hash), clerk)
        return opened.actor, opened.since, opened.until

    def _told(self, error: MunshiError) -> Response:
        """Say to a person with a browser why there is no file."""
        if isinstance(error, Denied):
            what = "file" if error.code == "audit.link" else "denied"
        else:
            what = "slow" if isinstance(error, (Retryable, SourceBroken)) else "wrong"
        return notice(what, self._stranger(), status=_status(error), code=error.code)

    def _stranger(self) -> Reader:
        return Reader("en", self._door.clock(), _ZONE)

    async def _lines(self, actor: Actor, since: date | None, until: date | None) -> Response:
        span = await begin(self._door, actor, "jsonl", since, until)

        async def body() -> AsyncIterator[bytes]:
            async for _, piece in json_lines(self._door, actor, span):
                yield piece

        return StreamingResponse(body(), media_type=_MEDIA["jsonl"], headers=_file(file_name(span, "jsonl")))

    async def _book(self, actor: Actor, since: date | None, until: date | None) -> Response:
        if self._books.locked():
            raise Retryable(
                "audit.busy",
                "Other workbooks are being written.",
                remedy="Try again in a minute, or take jsonl.",
            )
        folder = Path(tempfile.mkdtemp(prefix="munshi-audit-"))
        try:
            async with self._books:
                span = await write_workbook(self._door, actor, folder / "book.xlsx", since=since, until=until)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return StreamingResponse(
            _pieces(folder), media_type=_MEDIA["xlsx"], headers=_file(file_name(span, "xlsx"))
        )


async def _pieces(folder: Path) -> AsyncIterator[bytes]:
    """Yield the workbook in a folder, and remove both."""
    try:
        with (folder / "book.xlsx").open("rb") as file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _file(name: str) -> dict[str, str]:
    return {**_HEADERS, "content-disposition": f'attachment; filename="{name}"'}


def _status(error: MunshiError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def _day(request: Request, name: str) -> date | None:
    text = request.query_params.get(name)
    try:
        return day_of(text) if text else None
    except ValueError:
        raise Rejected("audit.day", f"`{name}` is no day.", remedy="Write YYYY-MM-DD.", field=name) from None


def _answer(status: int, body: dict[str, object], **headers: str) -> Response:
    return Response(
        orjson.dumps(body), status_code=status, headers={**_HEADERS, **headers}, media_type="application/json"
    )
