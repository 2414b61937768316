"""Methods of the Bot API that say what the bot is: commands, description, menu button, webhook."""

from __future__ import annotations

import re
from typing import Any

from bot.phone.markup import clean
from bot.phone.memory import Json
from bot.phone.params import Params
from bot.phone.refusals import bad_request
from bot.phone.state import Exchange

_COMMAND = re.compile(r"[a-z0-9_]{1,32}", re.ASCII)
_LANGUAGE = re.compile(r"([a-z]{2})?", re.ASCII)
_SCOPES = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}


async def _set_commands(exchange: Exchange, params: Params) -> bool:
    commands = params.tree("commands")
    if not isinstance(commands, list) or len(commands) > 100:
        raise bad_request("expected an Array of at most 100 BotCommand")
    read = [_command(one) for one in commands]
    kept = dict(exchange.profile_value("commands", {}))
    kept[_scope(params)] = read
    exchange.set_profile("commands", kept)
    return True


async def _get_commands(exchange: Exchange, params: Params) -> list[Json]:
    read: list[Json] = exchange.profile_value("commands", {}).get(_scope(params), [])
    return read


async def _delete_commands(exchange: Exchange, params: Params) -> bool:
    key = _scope(params)
    kept = {name: value for name, value in exchange.profile_value("commands", {}).items() if name != key}
    exchange.set_profile("commands", kept)
    return True


async def _set_description(exchange: Exchange, params: Params) -> bool:
    text = clean(params.text("description")).strip()
    if len(text) > 512:
        raise bad_request("description is too long")
    exchange.set_profile(
        "description", {**exchange.profile_value("description", {}), _language(params): text}
    )
    return True


async def _get_description(exchange: Exchange, params: Params) -> Json:
    kept = exchange.profile_value("description", {})
    return {"description": kept.get(_language(params)) or kept.get("", "")}


async def _set_menu_button(exchange: Exchange, params: Params) -> bool:
    button = params.tree("menu_button") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in ("default", "commands"):
        raise bad_request("the phone's menu button shows commands only")
    exchange.set_profile("menu_button", {"type": button["type"]})
    return True


async def _get_menu_button(exchange: Exchange, _: Params) -> Json:
    button: Json = exchange.profile_value("menu_button", {"type": "default"})
    return button


async def _set_webhook(_: Exchange, params: Params) -> bool:
    if params.text("url"):
        raise bad_request("bad webhook: the phone calls nobody; use getUpdates")
    return True


async def _delete_webhook(exchange: Exchange, params: Params) -> bool:
    if params.yes("drop_pending_updates"):
        exchange.drop_waiting()
    return True


async def _get_webhook_info(exchange: Exchange, _: Params) -> Json:
    return {"url": "", "has_custom_certificate": False, "pending_update_count": exchange.waiting()}


def _command(one: object) -> Json:
    match one:
        case {"command": str(command), "description": str(description)}:
            name, text = command.lower().removeprefix("/"), clean(description).strip()
            if not _COMMAND.fullmatch(name):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(text) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
            return {"command": name, "description": text}
        case _:
            raise bad_request("can't parse BotCommand: expected an Object with command and description")


def _language(params: Params) -> str:
    language = params.text("language_code")
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return language


def _scope(params: Params) -> str:
    """Return the key under which the commands of a scope and language are kept."""
    match params.tree("scope"):
        case None:
            scope = "default"
        case {"type": "chat", "chat_id": int(chat) | str(chat)}:
            scope = f"chat:{chat}"
        case {"type": str(kind)} if kind in _SCOPES:
            scope = kind
        case _:
            raise bad_request("unsupported BotCommandScope specified")
    return f"{scope}/{_language(params)}"


METHODS: dict[str, Any] = {
    "setMyCommands": _set_commands,
    "getMyCommands": _get_commands,
    "deleteMyCommands": _delete_commands,
    "setMyDescription": _set_description,
    "getMyDescription": _get_description,
    "setChatMenuButton": _set_menu_button,
    "getChatMenuButton": _get_menu_button,
    "setWebhook": _set_webhook,
    "deleteWebhook": _delete_webhook,
    "getWebhookInfo": _get_webhook_info,
}
