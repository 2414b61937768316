"""POST /files and POST /attachments: what is too large for a GraphQL request, as its raw bytes under the same token.

The same bytes twice add nothing and are kept once, so a call may simply be tried again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.utils.str_converters import to_camel_case

from connectors.contract import Inbound
from graph.address import address_of
from graph.auth import Authenticator
from graph.context import Ring
from graph.errors import masked, refusal
from graph.importing import files_of, take_file
from graph.rates import Rates, TooMany
from graph.types.basics import plain
from graph.types.importing import ImportPayload, UnreadablePart, import_payload
from kit.errors import Denied, MunshiError, NotFound, Rejected, Retryable
from ledger.commands.attachments import KeepAttachment
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.handlers.attachments import MAX_BYTES

_STATUS: tuple[tuple[type[MunshiError], int], ...] = (
    (TooMany, 429),
    (Denied, 403),
    (NotFound, 404),
    (Retryable, 503),
)
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded", "text/plain")
"""What a form of a foreign page could send: never taken, as on /graphql."""


class Uploads:
    """Takes files from members' programs."""

    def __init__(
        self,
        door: Door,
        authenticator: Authenticator,
        *,
        rates: Rates,
        max_bytes: int,
        ring: Ring | None = None,
    ) -> None:
        self._door = door
        self._authenticator = authenticator
        self._rates = rates
        self._max_bytes = max_bytes
        self._ring = ring

    def routes(self) -> list[Route]:
        """Return the two routes."""
        return [
            Route("/files", self._serving(self._import), methods=["POST"]),
            Route("/attachments", self._serving(self._keep), methods=["POST"]),
        ]

    def _serving(
        self, take: Callable[[Request, Actor], Awaitable[dict[str, Any]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            try:
                actor = await self._authenticator.actor(
                    request.headers.get("authorization"), address=address_of(request)
                )
            except TooMany as spent:
                return _answer(429, refusal(spent))
            except Denied as denial:
                return _answer(401, refusal(denial), **{"www-authenticate": "Bearer"})
            try:
                self._rates.admit(actor.token_id)
                return _answer(200, {"data": await take(request, actor)})
            except MunshiError as error:
                status = next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
                return _answer(413 if error.code == "file.too_large" else status, refusal(error))
            except ClientDisconnect:
                return _answer(400, refusal(Rejected("request.cut", "The request ended early.")))
            except Exception as error:  # whatever it is, the client gets a reference and no trace
                return _answer(500, {"data": None, "errors": [masked(error)]})

        return serve

    async def _import(self, request: Request, actor: Actor) -> dict[str, Any]:
        files = files_of(self._door)
        body = await _body(request, min(self._max_bytes, files.max_bytes))
        inbound = Inbound(body, filename=_filename(request))
        made = await take_file(self._door, actor, inbound, plain(request.query_params.get("source")))
        if self._ring is not None:
            await self._ring({actor.business_id})
        return _plain(import_payload(made.source, made.label, made.summary))

    async def _keep(self, request: Request, actor: Actor) -> dict[str, Any]:
        body = await _body(request, MAX_BYTES)
        command = KeepAttachment(body, _media_type(request), _filename(request))
        return {"attachment": await self._door.execute(command, actor)}


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _filename(request: Request) -> str:
    name = plain(request.query_params.get("filename")) or ""
    if not name:
        raise Rejected(
            "file.name",
            "The file's name is missing.",
            remedy="Add ?filename=… to the address.",
            field="filename",
        )
    return name


async def _body(request: Request, limit: int) -> bytes:
    if _media_type(request) in ("", *_FORMS):
        raise Rejected(
            "request.content_type",
            "The body is the file itself, not a form.",
            remedy="Send its bytes as application/octet-stream, or as its own media type.",
        )
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > limit:
            raise Rejected(
                "file.too_large",
                f"At most {limit // 1024} KB are read.",
                remedy="Split it, or export a shorter period.",
            )
    return bytes(raw)


def _plain(payload: ImportPayload | UnreadablePart) -> dict[str, Any]:
    """Write a payload as GraphQL would."""
    return {
        to_camel_case(one.name): [_plain(part) for part in held]
        if isinstance(held := getattr(payload, one.name), list)
        else held
        for one in fields(payload)
    }


def _answer(status: int, body: dict[str, Any], **headers: str) -> Response:
    if status == 429:
        headers["retry-after"] = str(body["errors"][0]["extensions"].get("retryAfter", 60))
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers={"cache-control": "no-store", **headers},
        media_type="application/json",
    )
