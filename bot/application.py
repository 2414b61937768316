"""The chat bot put together: the client, the gate before everything, the handlers, the sender."""

from __future__ import annotations

from typing import Any

from telegram import BotCommand, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)
from telegram.request import HTTPXRequest

from bot.gate import Gate
from bot.handlers.areas import AREAS
from bot.handlers.desk import Desk
from bot.handlers.documents import Documents
from bot.handlers.failures import Apology
from bot.handlers.keeping import Keeping
from bot.handlers.linking import Linking
from bot.imports import Imports
from bot.turns import Turns
from bot.visit import Visit
from bot.words import marked
from ingest.door import Ring
from ingest.importing import Files
from ledger.dispatch import Door

AnyApplication = Application[Any, Any, Any, Any, Any, Any]
TELEGRAM = "https://api.telegram.org"
ALLOWED_UPDATES = (Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)
_GATE_GROUP = -1
_KEPT = (
    filters.PHOTO
    | filters.VOICE
    | filters.AUDIO
    | filters.VIDEO
    | filters.VIDEO_NOTE
    | filters.CONTACT
    | filters.LOCATION
)


def build_application(
    door: Door, files: Files, *, token: str, api_base: str = "", ring: Ring | None = None
) -> AnyApplication:
    """Build the application on a Bot API server (`api_base` empty: Telegram's own); nothing is called yet."""
    base = api_base.rstrip("/") or TELEGRAM
    turns = Turns(door, commands=bot_commands)
    application = (
        Application.builder()
        .token(token)
        .base_url(f"{base}/bot")
        .base_file_url(f"{base}/file/bot")
        .context_types(ContextTypes(context=Visit))
        .concurrent_updates(turns)
        .request(HTTPXRequest(connection_pool_size=32, connect_timeout=5, read_timeout=15, pool_timeout=5))
        .get_updates_request(HTTPXRequest(connection_pool_size=2, connect_timeout=5, read_timeout=40))
        .job_queue(None)
        .build()
    )
    register(application, door, files, turns, ring=ring)
    return application


def register(
    application: AnyApplication, door: Door, files: Files, turns: Turns, *, ring: Ring | None = None
) -> None:
    """Put the gate before every handler, and the handlers behind it."""
    gate, desk = Gate(door, turns), Desk(door, ring=ring)
    application.add_handler(TypeHandler(Update, gate.check), group=_GATE_GROUP)
    application.add_handler(CommandHandler("start", Linking(door, gate).start))
    application.add_handler(CallbackQueryHandler(desk.tap))
    application.add_handler(MessageHandler(filters.COMMAND, desk.command))
    application.add_handler(MessageHandler(filters.TEXT, desk.words))
    imports = Imports(door, files, application.bot)
    application.bot_data["imports"] = imports
    keeping = Keeping(door)
    documents = Documents(door, imports, keeping, max_bytes=files.max_bytes)
    application.add_handler(MessageHandler(filters.Document.ALL, documents.document))
    application.add_handler(MessageHandler(_KEPT, keeping.message))
    application.add_handler(MessageHandler(filters.ALL, documents.unreadable))
    application.add_error_handler(Apology(door, gate.lines))


def bot_commands(language: str = "en") -> list[BotCommand]:
    """Return the commands that the client offers while typing, described in `language`."""
    offered = [command for area in AREAS for command in area.commands if command.words]
    return [BotCommand(command.name, marked(language, command.words)) for command in offered]
