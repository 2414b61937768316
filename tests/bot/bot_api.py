"""A small Bot API server on bytes: it keeps what a bot says, hands out what people do, and fails on demand."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "100000000:TEST-TOKEN-FOR-A-LOCAL-SERVER-ONLY"
Fault = Callable[[dict[str, Any]], Awaitable[Response | None]]


class BotApi:
    """What the server knows: messages by id, confirmed taps, updates to come, and the faults to play."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.edits: list[dict[str, Any]] = []
        self.taps_confirmed: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.fault: Fault | None = None
        self.file_fault: Fault | None = None
        self.documents: list[dict[str, Any]] = []
        self.base = ""
        self._updates: list[dict[str, Any]] = []
        self._next_update = 1
        self._next_message = 100
        self._news = asyncio.Event()
        self.webhook: dict[str, Any] = {}
        self.spread: list[str] = []
        self.actions: list[dict[str, Any]] = []
        self.menus: list[dict[str, Any]] = []
        self._chats_turn: dict[int, asyncio.Task[None]] = {}

    # -- what people do ------------------------------------------------------------------------------
    def types(self, chat_id: int, text: str, *, chat_type: str = "private") -> None:
        """Somebody writes."""
        message = {**self._message(chat_id, chat_type), "text": text}
        if text.startswith("/"):
            length = len(text.split()[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        self._push({"message": message})

    def sends_file(self, chat_id: int, name: str, content: bytes) -> None:
        """Somebody sends a file."""
        key = f"file{len(self.files)}"
        self.files[key] = content
        document = {"file_id": key, "file_unique_id": key, "file_name": name, "file_size": len(content)}
        self._push({"message": {**self._message(chat_id, "private"), "document": document}})

    def sends(self, chat_id: int, content: bytes = b"", **what: Any) -> None:
        """Somebody sends a photo, a voice note, a contact …: fields of the message; `content` is file `f1`, `f2` …"""
        key = f"f{len(self.files)}"
        if content:
            self.files[key] = content
        filled = json.loads(json.dumps(what).replace('"FILE"', f'"{key}"'))
        self._push({"message": {**self._message(chat_id, "private"), **filled}})

    def taps(self, chat_id: int, message_id: int, data: str) -> None:
        """Somebody taps a button."""
        query = {
            "id": str(self._next_update),
            "from": _person(chat_id),
            "chat_instance": "1",
            "data": data,
            "message": {
                "message_id": message_id,
                "date": int(time.time()),
                "chat": {"id": chat_id, "type": "private"},
                "text": "x",
            },
        }
        self._push({"callback_query": query})

    def stands(self, chat_id: int, status: str, *, chat_type: str = "private") -> None:
        """The bot's standing in a chat changes: kicked (blocked), member, left."""
        me = {"id": 100000000, "is_bot": True, "first_name": "Munshi"}
        former = {"status": "member" if status != "member" else "left", "user": me}
        change = {
            "chat": {"id": chat_id, "type": chat_type, "title": "A group"},
            "from": _person(chat_id),
            "date": int(time.time()),
            "old_chat_member": former,
            "new_chat_member": {
                "status": status,
                "user": me,
                **({"until_date": 0} if status == "kicked" else {}),
            },
        }
        self._push({"my_chat_member": change})

    def tap_label(self, chat_id: int, label: str) -> None:
        """Somebody taps the latest button with this label."""
        for message in reversed(self.said):
            if message["chat_id"] != str(chat_id):
                continue
            for button in self.buttons(message):
                if button["text"] == label:
                    self.taps(chat_id, message["message_id"], button["callback_data"])
                    return
        raise AssertionError(f"there is no button {label!r}")

    @staticmethod
    def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the buttons of a message."""
        keyboard = json.loads(message.get("reply_markup") or "{}").get("inline_keyboard", [])
        return [button for row in keyboard for button in row]

    # -- what a test waits for -----------------------------------------------------------------------
    def texts(self, chat_id: int) -> list[str]:
        """Return what was said in a chat, edits in place."""
        return [message["text"] for message in self.said if message["chat_id"] == str(chat_id)]

    async def until(self, holds: Callable[[], object], *, seconds: float = 30.0) -> None:
        """Wait until something holds, or fail."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"waited in vain; said: {[m['text'] for m in self.said]}"
            await asyncio.sleep(0.01)

    # -- the server ----------------------------------------------------------------------------------
    async def call(self, request: Request) -> Response:
        """Answer one method call."""
        method = request.path_params["method"]
        form: dict[str, Any] = dict(await request.form())
        if method == "getUpdates":
            return await self._get_updates(form)
        if self.fault is not None and method in ("sendMessage", "editMessageText"):
            refused = await self.fault(form)
            if refused is not None:
                return refused
        if method == "getFile" and form["file_id"] not in self.files:
            return refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if method in ("sendDocument", "sendPhoto"):
            refused = await self.file_fault(form) if self.file_fault is not None else None
            if refused is not None:
                return refused
            (upload,) = [value for value in form.values() if not isinstance(value, str)]
            self.documents.append({**form, "content": await upload.read()})
        found = getattr(self, f"_on_{method}", None)
        return _ok(found(form) if found else True)

    async def file(self, request: Request) -> Response:
        """Serve a file."""
        return Response(self.files[request.path_params["path"]])

    def _on_getMe(self, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"id": 100000000, "is_bot": True, "first_name": "Munshi", "username": "munshi_bot"}

    def _on_sendMessage(self, form: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._next_message += 1
        self.said.append({**form, "message_id": self._next_message})
        return _sent(form, self._next_message)

    def _on_editMessageText(self, form: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.edits.append(form)
        for message in self.said:
            if message["message_id"] == int(form["message_id"]):
                message["text"] = form["text"]
                message["reply_markup"] = form.get("reply_markup")
        return _sent(form, int(form["message_id"]))

    def _on_setWebhook(self, form: dict[str, Any]) -> bool:  # noqa: N802
        self.webhook = form
        return True

    def _on_deleteWebhook(self, _: dict[str, Any]) -> bool:  # noqa: N802
        self.webhook = {}
        return True

    def _on_setMyCommands(self, form: dict[str, Any]) -> bool:  # noqa: N802
        self.menus.append(form)
        return True

    def _on_sendChatAction(self, form: dict[str, Any]) -> bool:  # noqa: N802
        self.actions.append(form)
        return True

    async def post(self, url: str, update: dict[str, Any], *, secret: str | None = None) -> httpx.Response:
        """Post an update as Telegram does, with the secret that was announced (or another)."""
        said = self.webhook.get("secret_token", "") if secret is None else secret
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.post(url, json=update, headers={"X-Telegram-Bot-Api-Secret-Token": said})

    async def _deliver(self, update: dict[str, Any], before: asyncio.Task[None] | None) -> None:
        # As Telegram does: a chat's next update when the one before was answered, and again until it is.
        if before is not None:
            await asyncio.wait([before])
        places = self.spread or [self.webhook["url"]]
        for attempt in range(50):
            try:
                answer = await self.post(places[(update["update_id"] + attempt) % len(places)], update)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                return
            await asyncio.sleep(0.1)

    def _on_sendPhoto(self, form: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._on_sendMessage({**form, "text": form.get("caption", "")})

    def _on_sendDocument(self, form: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._on_sendMessage({**form, "text": form.get("caption", "")})

    def _on_answerCallbackQuery(self, form: dict[str, Any]) -> bool:  # noqa: N802
        self.taps_confirmed.append(form)
        return True

    def _on_getFile(self, form: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        key = form["file_id"]
        return {"file_id": key, "file_unique_id": key, "file_path": key, "file_size": len(self.files[key])}

    async def _get_updates(self, form: dict[str, Any]) -> Response:
        offset = int(form.get("offset", 0))
        deadline = time.monotonic() + min(float(form.get("timeout", 0)), 2.0)
        while True:
            self._news.clear()
            due = [update for update in self._updates if update["update_id"] >= offset]
            left = deadline - time.monotonic()
            if due or left <= 0:
                return _ok(due)
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except (TimeoutError, asyncio.CancelledError):  # cancelled: the server stops
                return _ok([])

    def _message(self, chat_id: int, chat_type: str) -> dict[str, Any]:
        self._next_message += 1
        return {
            "message_id": self._next_message,
            "date": int(time.time()),
            "from": _person(chat_id),
            "chat": {"id": chat_id, "type": chat_type, "title": "A group"},
        }

    def _push(self, update: dict[str, Any]) -> None:
        numbered = {"update_id": self._next_update, **update}
        self._next_update += 1
        if self.webhook:
            body = next(iter(update.values()))
            chat = (body.get("message") or body)["chat"]["id"]
            before = self._chats_turn.get(chat)
            self._chats_turn[chat] = asyncio.create_task(self._deliver(numbered, before))
            return
        self._updates.append(numbered)
        self._news.set()


def refusal(code: int, description: str, **parameters: Any) -> Response:
    """Compose an error answer of the Bot API."""
    body = {"ok": False, "error_code": code, "description": description}
    return JSONResponse({**body, **({"parameters": parameters} if parameters else {})}, code)


def _ok(result: Any) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _person(chat_id: int) -> dict[str, Any]:
    return {"id": abs(chat_id), "is_bot": False, "first_name": "Somebody", "language_code": "en"}


def _sent(form: dict[str, Any], message_id: int) -> dict[str, Any]:
    chat = {"id": int(form["chat_id"]), "type": "private"}
    return {"message_id": message_id, "date": int(time.time()), "chat": chat, "text": form["text"]}


@asynccontextmanager
async def running_bot_api(port: int, made: BotApi | None = None) -> AsyncIterator[BotApi]:
    """Serve a Bot API (a new one, unless one is given) on a port of this machine."""
    api = made or BotApi()
    app = Starlette(
        routes=[
            Route("/bot{token}/{method}", api.call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", api.file),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    api.base = f"http://127.0.0.1:{port}"
    try:
        yield api
    finally:
        server.should_exit = True
        server.force_exit = True
        await serving
