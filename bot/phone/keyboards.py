"""Buttons under a message: checked as the real Bot API checks them."""

from __future__ import annotations

from typing import Any

from bot.phone.markup import clean, link
from bot.phone.refusals import bad_request

MAX_BUTTONS = 100
MAX_PER_ROW = 8
MAX_DATA_BYTES = 64
STYLES = {"danger", "success", "primary"}


def read_reply_markup(value: object) -> dict[str, Any]:
    """Return a checked `reply_markup`: an inline keyboard, a forced reply, or {} for none; raises 400."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in value:
        rows = _rows(value["inline_keyboard"])
        return {"inline_keyboard": rows} if rows else {}
    if value.get("force_reply") is True:
        hint = value.get("input_field_placeholder")
        forced: dict[str, Any] = {"force_reply": True}
        if isinstance(hint, str) and hint.strip():
            forced["input_field_placeholder"] = clean(hint)[:64]
        return forced
    if value.get("remove_keyboard") is True or not value:
        return {}
    raise bad_request("the phone shows inline keyboards and forced replies only")


def _rows(rows: object) -> list[list[dict[str, Any]]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup should be an Array of Arrays')
    read = [[_button(button) for button in row] for row in rows if row]
    if sum(map(len, read)) > MAX_BUTTONS or any(len(row) > MAX_PER_ROW for row in read):
        raise bad_request("reply markup is too long")
    return read


def _button(button: object) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    read: dict[str, Any] = {"text": clean(text).strip()}
    if not read["text"]:
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be non-empty')
    actions = [_action(button, name) for name in ("callback_data", "url", "copy_text") if name in button]
    if len(actions) != 1:
        raise bad_request("text buttons are unallowed in the inline keyboard")
    read |= actions[0]
    style = button.get("style")
    if style is not None:
        if style not in STYLES:
            raise bad_request("can't parse inline keyboard button: invalid button style specified")
        read["style"] = style
    return read


def _action(button: dict[str, Any], name: str) -> dict[str, Any]:
    value = button[name]
    match name, value:
        case "callback_data", str():
            clean(value)
            if not 1 <= len(value.encode()) <= MAX_DATA_BYTES:
                raise bad_request("BUTTON_DATA_INVALID")
            return {"callback_data": value}
        case "url", str():
            url = link(value)
            if url is None or not url.startswith(("http://", "https://")):
                raise bad_request(
                    f"inline keyboard button URL '{clean(value)[:80]}' is invalid: Wrong HTTP URL"
                )
            return {"url": url}
        case "copy_text", {"text": str(copied)} if 1 <= len(copied) <= 256:
            return {"copy_text": {"text": clean(copied)}}
        case _:
            raise bad_request(f'can\'t parse inline keyboard button: Field "{name}" is invalid')
