"""GET /export/audit.jsonl and /export/audit.xlsx: the trail of a period, by a bearer token or by a sealed link.

A link says who made it, of which period, and when it ends, sealed so that nobody changes it; opened, it gives what that member may have then,
and no more than he had.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from graph.address import address_of
from graph.auth import Authenticator
from graph.errors import masked, refusal
from graph.rates import Rates, TooMany
from graph.types.days import day_of
from kit.errors import Denied, MunshiError, NotFound, Rejected, Retryable, SourceBroken
from kit.logs import logger
from kit.sealing import process_seal
from ledger.audit_export.asking import FORMS, begin, file_name
from ledger.audit_export.json_lines import json_lines
from ledger.audit_export.workbook import write_workbook
from ledger.commands.audit import MakeAuditLink
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Permission, system
from ledger.queries import ChatMember
from ledger.views import ChatMemberView

log = logger(__name__)
ACTOR = "audit export"
BOOKS_AT_ONCE = 2
"""Workbooks written by one process at a time; each keeps a thread busy."""
_PIECE = 256 * 1024
_LONGEST_KEY = 2_000
_MEDIA = {
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex"}
_STATUS: tuple[tuple[type[MunshiError], int], ...] = (
    (TooMany, 429), (Denied, 403), (NotFound, 404), (Retryable, 503), (SourceBroken, 503),
)  # fmt: skip
_DEAD = ("audit.link", "This link doesn't work (any more).")


def audit_link(public_url: str, actor: Actor, command: MakeAuditLink, expires_at: datetime) -> str:
    """Return the address that hands out an export until then."""
    sealed = process_seal().seal_fields(
        {
            "what": "audit",
            "business": str(actor.business_id),
            "member": str(actor.member_id),
            "only": "" if actor.only is None else " ".join(sorted(actor.only)),
            "limited": "yes" if actor.only is not None else "",
            "until": expires_at.isoformat(),
            "asked": _asked(command.form, command.since, command.until),
        }
    )
    days = {"since": command.since, "until": command.until}
    asked = {name: day.isoformat() for name, day in days.items() if day is not None}
    query = urlencode({**asked, "key": sealed.decode()})
    return f"{public_url}/export/audit.{command.form}?{query}"


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
        try:
            form = request.path_params["form"]
            if form not in FORMS:
                raise NotFound("audit.form", "The trail is exported as jsonl or xlsx.")
            since, until = (_day(request, name) for name in ("since", "until"))
            actor = await self._actor(request, _asked(form, since, until))
            self._rates.admit(actor.token_id)
            if form == "jsonl":
                return await self._lines(actor, since, until)
            return await self._book(actor, since, until)
        except Denied as denial:
            status = 401 if denial.code.startswith("token.") else 403
            extra = {"www-authenticate": "Bearer"} if status == 401 else {}
            return _answer(status, refusal(denial), **extra)
        except MunshiError as error:
            return _answer(next((s for kind, s in _STATUS if isinstance(error, kind)), 400), refusal(error))
        except Exception as error:  # whatever it is, the client gets a reference and no trace
            return _answer(500, {"data": None, "errors": [masked(error)]})

    async def _actor(self, request: Request, asked: str) -> Actor:
        key = request.query_params.get("key")
        if key is None:
            return await self._authenticator.actor(
                request.headers.get("authorization"), address=address_of(request)
            )
        try:
            said = process_seal().open_fields(key[:_LONGEST_KEY].encode("utf-8", "replace"))
        except (SourceBroken, AttributeError):  # AttributeError: sealed by us, but no link
            raise Denied(*_DEAD, remedy="Ask for a new one.") from None
        if said.get("what") != "audit" or datetime.fromisoformat(said["until"]) <= self._door.clock():
            raise Denied(*_DEAD, remedy="Ask for a new one.")
        if said.get("asked") != asked:
            raise Denied(
                "audit.link", "This link is for another period or form.", remedy="Ask for a new one."
            )
        by = system(UUID(said["business"]), ACTOR)
        try:
            member: ChatMemberView = await self._door.query(ChatMember(UUID(said["member"])), by)
        except NotFound:
            raise Denied(*_DEAD, remedy="Ask for a new one.") from None
        only = frozenset(map(Permission, said["only"].split())) if said["limited"] else None
        return replace(member.actor, only=only)

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


def _asked(form: str, since: date | None, until: date | None) -> str:
    """Return what a link is good for, as it is sealed: whoever has it takes that period and no other."""
    return f"{form} {since or ''}..{until or ''}"


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
