"""The person's side of the phone: the page, its events, and what a person sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.phone.markup import clean, plain
from bot.phone.memory import Json
from bot.phone.methods import MAX_CAPTION, MAX_TEXT, document_of, file_name, photo_of
from bot.phone.params import Params, read_params
from bot.phone.people import BY_KEY, PEOPLE, Person
from bot.phone.refusals import Refused
from bot.phone.state import Exchange

STATIC = Path(__file__).parent / "static"
HEARTBEAT = 15.0
SHOWN_INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class Page:
    """The endpoints under /phone that the page in the browser calls."""

    def __init__(self, exchange: Callable[[], Exchange]) -> None:
        """`exchange` opens the exchange when it is first needed."""
        self._exchange = exchange

    def routes(self) -> list[Route]:
        """Return the endpoints, as paths below /phone."""
        return [
            Route("/chat/people", self.people, methods=["GET"]),
            Route("/chat/events", self.events, methods=["GET"]),
            Route("/chat/history", self.history, methods=["GET"]),
            Route("/chat/messages", self.send, methods=["POST"]),
            Route("/chat/presses", self.press, methods=["POST"]),
            Route("/chat/uploads", self.upload, methods=["POST"]),
            Route("/files/{file_id}", self.file, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """Serve the page to one of the people (`?as=`; the owner if nobody is named)."""
        _person(request)
        return HTMLResponse((STATIC / "phone.html").read_bytes(), headers=HEADERS)

    async def people(self, request: Request) -> Response:
        """Say who holds the phone and who else could."""
        me = _person(request)
        everybody = [
            {"key": one.key, "name": f"{one.first_name} {one.last_name}", "role": one.role, "me": one is me}
            for one in PEOPLE
        ]
        return _json({"people": everybody, "bot": self._exchange().bot["first_name"]})

    async def events(self, request: Request) -> Response:
        """Stream the chat as server-sent events: a snapshot first, then each change."""
        stream = self._stream(_person(request))
        headers = {**HEADERS, "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def history(self, request: Request) -> Response:
        """Return the page of messages before `before`."""
        before = request.query_params.get("before", "")
        if not (before.isascii() and before.isdigit() and len(before) < 16):
            raise HTTPException(400, "before must be the number of a message")
        return _json(self._exchange().history(_person(request), int(before)))

    async def send(self, request: Request) -> Response:
        """Take a person's text; longer than one message can hold, it becomes several, as in the real app."""
        person = _person(request)
        try:
            params = await _read_posted(request)
            text = clean(params.text("text")).strip()
            if not text:
                raise Refused(400, "There is nothing to send.")
            reply = params.integer("reply_to", 0) or None
            sent = [
                self._exchange().say(person, plain(text[at : at + MAX_TEXT]), reply_to=reply)
                for at in range(0, len(text), MAX_TEXT)
            ]
        except Refused as refused:
            return _refusal(refused)
        return _json({"ids": [message["message_id"] for message in sent]})

    async def press(self, request: Request) -> Response:
        """Take the press of a button; the answer comes as an event that names the returned query."""
        person = _person(request)
        try:
            params = await _read_posted(request)
            number, row = params.integer("message_id"), params.integer("row")
            column, data = params.integer("column"), params.text("data")
            query = self._exchange().press(person, number, row, column, data)
        except Refused as refused:
            return _refusal(refused)
        return _json({"query": query})

    async def upload(self, request: Request) -> Response:
        """Take a document or a photo with an optional caption."""
        person = _person(request)
        exchange = self._exchange()
        try:
            params = await _read_posted(request)
            upload = params.uploads.get("file")
            if upload is None:
                raise Refused(400, "There is no file to send.")
            marked = plain(params.text("caption"))
            if len(marked.text) > MAX_CAPTION:
                raise Refused(400, f"A caption holds {MAX_CAPTION} characters: send the rest as a message.")
            parts: Json
            if params.text("as") == "photo":
                parts = {"photo": await photo_of(exchange, upload.data)}
            else:
                mime = upload.mime if "/" in upload.mime else "application/octet-stream"
                stored = await exchange.keep_file(
                    upload.data, name=file_name(upload.name), mime=clean(mime)[:100], folder="documents"
                )
                parts = {"document": document_of(stored)}
            if marked.text:
                parts |= {"caption": marked.text, "caption_entities": list(marked.entities)}
            message = exchange.hand_over(person, parts)
        except Refused as refused:
            return _refusal(refused)
        return _json({"ids": [message["message_id"]]})

    async def file(self, request: Request) -> Response:
        """Give a file of the chats: pictures to show, all else to download."""
        stored = self._exchange().file(request.path_params["file_id"])
        if stored is None:
            raise HTTPException(404, "There is no such file.")
        shown = stored.path.startswith("photos/") and stored.mime in SHOWN_INLINE
        disposition = "inline" if shown else f"attachment; filename*=UTF-8''{quote(stored.name)}"
        headers = {
            **HEADERS,
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": disposition,
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        mime = stored.mime if shown else "application/octet-stream"
        return FileResponse(self._exchange().place(stored), media_type=mime, headers=headers)

    async def _stream(self, person: Person) -> AsyncIterator[bytes]:
        exchange = self._exchange()
        listener = exchange.listen(person)
        try:
            yield b"retry: 1000\n\n" + _event(exchange.snapshot(person))
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        event = await listener.get()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if event is None:
                    return
                yield _event(event)
        finally:
            exchange.hang_up(person, listener)


async def _read_posted(request: Request) -> Params:
    """Read what the page posts; a browser always says its origin, so a post without one isn't the page's."""
    if "origin" not in request.headers:
        raise Refused(403, "Only the page itself may send.")
    return await read_params(request)


def _person(request: Request) -> Person:
    person = BY_KEY.get(request.query_params.get("as", "owner"))
    if person is None:
        raise HTTPException(404, f"Nobody of that name holds the phone; try one of: {', '.join(BY_KEY)}.")
    return person


def _event(event: Json) -> bytes:
    return b"data: " + orjson.dumps(event) + b"\n\n"


def _json(body: Any) -> Response:
    return Response(orjson.dumps(body), media_type="application/json", headers=HEADERS)


def _refusal(refused: Refused) -> Response:
    reason = refused.description.removeprefix("Bad Request: ")
    return JSONResponse({"reason": reason}, status_code=refused.status, headers=HEADERS)
