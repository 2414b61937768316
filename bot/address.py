"""The bot's own address, by which a one-time code is opened with one tap."""

from __future__ import annotations

from urllib.parse import quote

from telegram import Bot
from telegram.error import TelegramError

from kit.settings import settings

_TELEGRAM = "https://t.me"
_told: dict[str, str] = {}


def keep_name(username: str) -> None:
    """Remember what the channel calls this bot (asked for once, when the bot starts)."""
    if username:
        _told["username"] = username


def own_address() -> str | None:
    """Return the bot's address: as it is set, else by its name; None while nobody has asked for that."""
    if settings().chat_url:
        return settings().chat_url.rstrip("/")
    return f"{_TELEGRAM}/{_told['username']}" if "username" in _told else None


def start_link(code: str) -> str | None:
    """Return the link that opens the chat and hands the code over."""
    address = own_address()
    return f"{address}?start={code}" if address is not None else None


async def ask_name() -> None:
    """Ask the channel what this bot is called, where nothing tells it yet; without an answer it stays unknown."""
    token = settings().telegram_bot_token.get_secret_value()
    if own_address() is not None or not token:
        return
    base = settings().telegram_api_base.rstrip("/") or "https://api.telegram.org"
    try:
        async with Bot(token, base_url=f"{base}/bot") as bot:
            keep_name(bot.username)
    except TelegramError:
        return


def whatsapp_share(text: str) -> str:
    """Return the link that opens WhatsApp with a text, to be sent to whomever one chooses there."""
    return f"https://wa.me/?text={quote(text, safe='')}"
