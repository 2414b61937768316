"""One stored card as one Bot API call, and what the API's refusals mean for the outbox."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from html import escape, unescape
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

from bot.cards.card import Attachment, attachment_of
from bot.fitting import fitted, fitted_plain
from bot.words import cut, say
from ledger.commands.delivery import OutboxMessage

os.environ.setdefault("PTB_TIMEDELTA", "true")  # the client's way to opt in to timedeltas
RATE = "rate"
"""The error of a message that Telegram told to wait; a sender that takes over finds the pause by it."""
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNREACHABLE = (
    "chat not found", "user is deactivated", "user_deactivated", "bot was blocked", "user_is_blocked",
    "bot can't initiate", "peer_id_invalid", "bot was kicked", "bot is not a member", "no rights to send",
    "not enough rights", "need administrator rights", "chat_write_forbidden", "group chat was",
)  # fmt: skip
_GONE = (
    "message to edit not found", "message can't be edited", "message_id_invalid", "there is no caption in the message",
)  # fmt: skip
_MOST_TEXT, _MOST_CAPTION = 4_096, 1_024
_MOST_BUTTONS, _MOST_IN_A_ROW, _LONGEST_LABEL = 100, 8, 64
_MOST_FORMS = 6


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call: sent, failed, blocked, later (not delivered, after `wait`), or unknown."""

    kind: str
    message_id: int | None = None
    wait: timedelta = timedelta(0)
    error: str | None = None


async def deliver(bot: Bot, message: OutboxMessage) -> Outcome:
    """Send or edit one message and say what became of it; never raises for what Telegram answers.

    What Telegram won't take in this form goes out in a plainer one rather than not at all.
    """
    for _ in range(_MOST_FORMS):
        try:
            return Outcome("sent", message_id=await _call(bot, message))
        except RetryAfter as refusal:
            wait = refusal.retry_after
            return Outcome(
                "later", wait=wait if isinstance(wait, timedelta) else timedelta(seconds=wait), error=RATE
            )
        except (Forbidden, ChatMigrated) as refusal:
            return Outcome("blocked", error=refusal.message)
        except BadRequest as refusal:
            reason = refusal.message.lower()
            if "not modified" in reason:
                return Outcome("sent", message_id=message.edit_message)
            if any(words in reason for words in _UNREACHABLE):
                return Outcome("blocked", error=refusal.message)
            plainer = _plainer(message, reason)
            if plainer is None:
                return Outcome("failed", error=refusal.message)
            message = plainer
        except InvalidToken as refusal:
            return Outcome("later", wait=_backoff(message.attempts), error=refusal.message)
        except NetworkError as fault:
            if isinstance(fault.__cause__, _NEVER_LEFT):
                return Outcome("later", wait=_backoff(message.attempts), error=type(fault.__cause__).__name__)
            return Outcome("unknown", wait=_backoff(message.attempts), error=_brief(fault))
        except TelegramError as fault:
            return Outcome("unknown", wait=_backoff(message.attempts), error=_brief(fault))
    return Outcome("failed", error="refused in every form")


def _plainer(message: OutboxMessage, reason: str) -> OutboxMessage | None:
    """Return the message in a form without what Telegram gave as the reason of its refusal, None if there is none."""
    card = message.card
    if message.edit_message is not None:
        if "no text in the message" in reason and not card.get("caption"):
            return replace(message, card={**card, "caption": True})
        if any(words in reason for words in (*_GONE, "no text in the message")):
            return replace(message, edit_message=None, card={**card, "caption": False})
    if "parse entities" in reason and not card.get("plain"):
        plain = unescape(re.sub(r"<[^>]*>", "", card["text"]))
        return replace(message, card={**card, "text": plain, "plain": True})
    if "url" in reason and any("url" in button for row in card.get("buttons", []) for button in row):
        return replace(message, card=_with_links_as_text(card))
    if ("image" in reason or "photo" in reason) and card.get("attachment", {}).get("kind") == "photo":
        return replace(message, card={**card, "attachment": {**card["attachment"], "kind": "document"}})
    if ("button" in reason or "reply markup" in reason) and card.get("buttons"):
        return replace(message, card={**card, "buttons": []})
    return None


def _with_links_as_text(card: dict[str, Any]) -> dict[str, Any]:
    rows = card["buttons"]
    links = [f"{button['label']}: {button['url']}" for row in rows for button in row if "url" in button]
    kept = [[button for button in row if "url" not in button] for row in rows]
    words = "\n".join(links if card.get("plain") else [escape(link, quote=False) for link in links])
    return {**card, "text": f"{card['text']}\n\n{words}", "buttons": [row for row in kept if row]}


async def _call(bot: Bot, message: OutboxMessage) -> int | None:
    attachment = attachment_of(message.card)
    if message.edit_message is not None:
        return await _edit(bot, message, message.edit_message)
    if attachment is not None:
        return await _send_file(bot, message, attachment)
    text, mode = _text(message.card, _MOST_TEXT)
    sent = await bot.send_message(
        message.chat_id,
        text,
        parse_mode=mode,
        reply_markup=_keyboard(message.card),
        link_preview_options=_NO_PREVIEW,
        disable_notification=message.card.get("silent"),
    )
    return sent.message_id


async def _edit(bot: Bot, message: OutboxMessage, number: int) -> int:
    keyboard = _keyboard(message.card)
    if message.card.get("caption"):  # what stands there is a picture or a file
        text, mode = _text(message.card, _MOST_CAPTION)
        edited = await bot.edit_message_caption(
            message.chat_id, number, caption=text, parse_mode=mode, reply_markup=keyboard
        )
    else:
        text, mode = _text(message.card, _MOST_TEXT)
        edited = await bot.edit_message_text(
            text,
            chat_id=message.chat_id,
            message_id=number,
            parse_mode=mode,
            reply_markup=keyboard,
            link_preview_options=_NO_PREVIEW,
        )
    return edited.message_id if isinstance(edited, Message) else number


async def _send_file(bot: Bot, message: OutboxMessage, attachment: Attachment) -> int:
    file = InputFile(BytesIO(attachment.content), filename=attachment.filename)
    text, mode = _text(message.card, _MOST_CAPTION)
    keyboard = _keyboard(message.card)
    if attachment.kind == "photo":
        sent = await bot.send_photo(
            message.chat_id, file, caption=text or None, parse_mode=mode, reply_markup=keyboard
        )
    else:
        sent = await bot.send_document(
            message.chat_id, file, caption=text or None, parse_mode=mode, reply_markup=keyboard
        )
    return sent.message_id


def _text(card: dict[str, Any], most: int) -> tuple[str, ParseMode | None]:
    """Return the card's text, cut to what one message holds, and how Telegram is to read it."""
    text: str = card["text"]
    if card.get("again"):
        again = say(card.get("language", "en"), "↻ Again, in case it did not reach you:", {})
        text = f"{again}\n\n{text}" if text else again
    if card.get("plain"):
        return fitted_plain(text, most), None
    return fitted(text, most), ParseMode.HTML


def _keyboard(card: dict[str, Any]) -> InlineKeyboardMarkup | None:
    rows: list[list[InlineKeyboardButton]] = []
    left = _MOST_BUTTONS
    for row in card.get("buttons", []):
        made = [
            InlineKeyboardButton(
                cut(button["label"], _LONGEST_LABEL) or "·",
                url=button.get("url"),
                callback_data=button.get("data"),
            )
            for button in row[:left]
        ]
        left -= len(made)
        rows += [made[at : at + _MOST_IN_A_ROW] for at in range(0, len(made), _MOST_IN_A_ROW)]
    return InlineKeyboardMarkup(rows) if rows else None


def _backoff(attempts: int) -> timedelta:
    return timedelta(seconds=min(60.0, 0.5 * 2 ** min(attempts, 8)))


def _brief(fault: TelegramError) -> str:
    cause = type(fault.__cause__).__name__ if fault.__cause__ is not None else ""
    return f"{type(fault).__name__} {cause}".strip() if isinstance(fault, TimedOut) else fault.message[:200]
