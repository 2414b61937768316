"""One stored card as one Bot API call, and what the API's refusals mean for the outbox."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.cards.card import attachment_of
from bot.words import say
from ledger.commands import OutboxMessage

os.environ.setdefault("PTB_TIMEDELTA", "true")  # the client's way to opt in to timedeltas
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNREACHABLE = ("chat not found", "user is deactivated", "bot was blocked", "bot can't initiate")
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_MOST_TEXT = 4_096


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call: sent, failed, blocked, later (not delivered, after `wait`), or unknown."""

    kind: str
    message_id: int | None = None
    wait: timedelta = timedelta(0)
    error: str | None = None


async def deliver(bot: Bot, message: OutboxMessage) -> Outcome:
    """Send or edit one message and say what became of it; never raises for what Telegram answers."""
    try:
        sent = await _call(bot, message)
    except RetryAfter as refusal:
        wait = refusal.retry_after
        return Outcome(
            "later", wait=wait if isinstance(wait, timedelta) else timedelta(seconds=wait), error="rate"
        )
    except (Forbidden, ChatMigrated) as refusal:
        return Outcome("blocked", error=refusal.message)
    except BadRequest as refusal:
        return await _refused(bot, message, refusal)
    except InvalidToken as refusal:
        return Outcome("later", wait=_backoff(message.attempts), error=refusal.message)
    except NetworkError as fault:
        if isinstance(fault.__cause__, _NEVER_LEFT):
            return Outcome("later", wait=_backoff(message.attempts), error=type(fault.__cause__).__name__)
        return Outcome("unknown", wait=_backoff(message.attempts), error=_brief(fault))
    except TelegramError as fault:
        return Outcome("unknown", wait=_backoff(message.attempts), error=_brief(fault))
    return Outcome("sent", message_id=sent)


async def _refused(bot: Bot, message: OutboxMessage, refusal: BadRequest) -> Outcome:
    reason = refusal.message.lower()
    if "not modified" in reason:
        return Outcome("sent", message_id=message.edit_message)
    if any(words in reason for words in _UNREACHABLE):
        return Outcome("blocked", error=refusal.message)
    if message.edit_message is not None and any(words in reason for words in _GONE):
        return await deliver(bot, _changed(message, edit_message=None))
    if "parse entities" in reason and not message.card.get("plain"):
        plain = unescape(re.sub(r"<[^>]*>", "", message.card["text"]))
        return await deliver(bot, _changed(message, card={**message.card, "text": plain, "plain": True}))
    return Outcome("failed", error=refusal.message)


def _changed(message: OutboxMessage, **changes: Any) -> OutboxMessage:
    fields = {name: getattr(message, name) for name in OutboxMessage.__slots__}
    return OutboxMessage(**{**fields, **changes})


async def _call(bot: Bot, message: OutboxMessage) -> int | None:
    card = message.card
    text, keyboard = _text(card), _keyboard(card)
    mode = None if card.get("plain") else ParseMode.HTML
    attachment = attachment_of(card)
    if message.edit_message is not None:
        edited = await bot.edit_message_text(
            text,
            chat_id=message.chat_id,
            message_id=message.edit_message,
            parse_mode=mode,
            reply_markup=keyboard,
            link_preview_options=_NO_PREVIEW,
        )
        return edited.message_id if isinstance(edited, Message) else message.edit_message
    if attachment is not None and attachment.kind == "photo":
        photo = InputFile(BytesIO(attachment.content), filename=attachment.filename)
        shown = await bot.send_photo(
            message.chat_id, photo, caption=text, parse_mode=mode, reply_markup=keyboard
        )
        return shown.message_id
    if attachment is not None:
        document = InputFile(BytesIO(attachment.content), filename=attachment.filename)
        sent = await bot.send_document(
            message.chat_id, document, caption=text, parse_mode=mode, reply_markup=keyboard
        )
        return sent.message_id
    sent = await bot.send_message(
        message.chat_id,
        text,
        parse_mode=mode,
        reply_markup=keyboard,
        link_preview_options=_NO_PREVIEW,
    )
    return sent.message_id


def _text(card: dict[str, Any]) -> str:
    text: str = card["text"]
    if card.get("again"):
        text = f"{say(card.get('language', 'en'), '↻ Again, in case it did not reach you:', {})}\n\n{text}"
    return text if len(text) <= _MOST_TEXT else text[: text.rfind("\n", 0, _MOST_TEXT)]


def _keyboard(card: dict[str, Any]) -> InlineKeyboardMarkup | None:
    rows = [
        [
            InlineKeyboardButton(button["label"], url=button.get("url"), callback_data=button.get("data"))
            for button in row
        ]
        for row in card.get("buttons", [])
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _backoff(attempts: int) -> timedelta:
    return timedelta(seconds=min(60.0, 0.5 * 2 ** min(attempts, 8)))


def _brief(fault: TelegramError) -> str:
    cause = type(fault.__cause__).__name__ if fault.__cause__ is not None else ""
    return f"{type(fault).__name__} {cause}".strip() if isinstance(fault, TimedOut) else fault.message[:200]
