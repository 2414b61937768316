"""The person's side of the phone: the page, its events, and what a person sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.phone.markup import clean, plain
from bot.phone.memory import Json, StoredFile
from bot.phone.methods import MAX_CAPTION, MAX_TEXT, document_of, file_name, keep_voice, photo_of, voice_of
from bot.phone.params import Params, read_params
from bot.phone.people import BY_KEY, PEOPLE, Person
from bot.phone.refusals import Refused
from bot.phone.state import Exchange

STATIC = Path(__file__).parent / "static"
HEARTBEAT = 15.0
SHOWN_INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}
LANGUAGES = ("en", "hi")
_PDF = b"%PDF-"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(self), geolocation=()",
    "Cache-Control": "no-store",
}


class Page:
    """The endpoints under /phone that the page in the browser calls."""

    def __init__(
        self, exchange: Callable[[], Exchange], invitations: Callable[[], Mapping[str, str]]
    ) -> None:
        """`exchange` opens the exchange when it is first needed; `invitations` are codes to start with, by person."""
        self._exchange, self._invitations = exchange, invitations

    def routes(self) -> list[Route]:
        """Return the endpoints, as paths below /phone."""
        return [
            Route("/chat/people", self.people, methods=["GET"]),
            Route("/chat/events", self.events, methods=["GET"]),
            Route("/chat/history", self.history, methods=["GET"]),
            Route("/chat/messages", self.send, methods=["POST"]),
            Route("/chat/presses", self.press, methods=["POST"]),
            Route("/chat/uploads", self.upload, methods=["POST"]),
            Route("/chat/language", self.language, methods=["POST"]),
            Route("/files/{file_id}", self.file, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """Serve the page to one of the people (`?as=`; the owner if nobody is named), or to several side by side."""
        several = request.query_params.getlist("as")
        for key in several:
            _known(key)
        page = "several.html" if len(several) > 1 else "phone.html"
        return HTMLResponse((STATIC / page).read_bytes(), headers=HEADERS)

    async def people(self, request: Request) -> Response:
        """Say who holds the phone and who else could."""
        me, exchange, codes = _person(request), self._exchange(), self._invitations()
        everybody = [
            {
                "key": one.key,
                "name": f"{one.first_name} {one.last_name}",
                "role": one.role,
                "me": one is me,
                "start": codes.get(one.key, ""),
                "unseen": exchange.said_by_bot(one, _seen(request, one)),
            }
            for one in PEOPLE
        ]
        return _json({"people": everybody, "bot": exchange.bot["first_name"]})

    async def language(self, request: Request) -> Response:
        """Set the language of a person's app, which Telegram would tell the bot too."""
        person = _person(request)
        try:
            chosen = (await _read_posted(request)).text("language")
            if chosen not in LANGUAGES:
                raise Refused(400, "The phone speaks English and Hindi.")
            self._exchange().choose_language(person, chosen)
        except Refused as refused:
            return _refusal(refused)
        return _json({"language": chosen})

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
            elif params.text("as") == "voice":
                stored = await keep_voice(exchange, upload.data, upload.mime)
                parts = {"voice": voice_of(stored, params.integer("duration", 0))}
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
        """Give a file of the chats: pictures, voice notes and PDFs to show, all else to download."""
        stored = self._exchange().file(request.path_params["file_id"])
        if stored is None:
            raise HTTPException(404, "There is no such file.")
        place = self._exchange().place(stored)
        pdf = await asyncio.to_thread(_is_pdf, stored, place)
        shown = pdf or _shown_inline(stored)
        name = f"filename*=UTF-8''{quote(stored.name)}"
        # A browser shows no PDF in a sandbox; it runs in one of the browser's own.
        policy = "default-src 'none'; style-src 'unsafe-inline'" if pdf else "default-src 'none'; sandbox"
        headers = {
            **HEADERS,
            "Content-Security-Policy": policy,
            "Content-Disposition": f"{'inline' if shown else 'attachment'}; {name}",
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        mime = "application/pdf" if pdf else stored.mime if shown else "application/octet-stream"
        return FileResponse(place, media_type=mime, headers=headers)

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


def _shown_inline(stored: StoredFile) -> bool:
    picture = stored.path.startswith("photos/") and stored.mime in SHOWN_INLINE
    return picture or (stored.path.startswith("voice/") and stored.mime.startswith("audio/"))


def _is_pdf(stored: StoredFile, place: Path) -> bool:
    if not stored.name.lower().endswith(".pdf"):
        return False
    with place.open("rb") as file:
        return file.read(len(_PDF)) == _PDF


def _seen(request: Request, person: Person) -> int:
    """Return the last message that a person saw in this browser, as the page says (`seen=owner:12`)."""
    for one in request.query_params.getlist("seen"):
        key, _, number = one.partition(":")
        if key == person.key and number.isascii() and number.isdigit() and len(number) < 16:
            return int(number)
    return 0


def _person(request: Request) -> Person:
    return _known(request.query_params.get("as", "owner"))


def _known(key: str) -> Person:
    person = BY_KEY.get(key)
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
