"""The methods of the Bot API that the phone knows, each as the real server answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.phone import profile
from bot.phone.images import look_at
from bot.phone.keyboards import read_reply_markup
from bot.phone.markup import Marked, clean, given, link, parse_html, plain
from bot.phone.memory import Json, StoredFile
from bot.phone.params import Params
from bot.phone.refusals import Refused, bad_request
from bot.phone.state import Exchange, public, quoted

Method = Callable[[Exchange, Params], Awaitable[Any]]

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_PHOTO_BYTES = 10 * 1024 * 1024
LONGEST_VOICE = 3600
ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "upload_document",
        "record_voice",
        "upload_voice",
        "record_video",
        "upload_video",
        "find_location",
        "choose_sticker",
    ]
)


def find_method(name: str) -> Method:
    """Return the method of this name, in any case of letters; raises 404 for one that the phone doesn't know."""
    method = _METHODS.get(name.lower())
    if method is None:
        raise Refused(404, "Not Found: method not found")
    return method


def is_poll(method: Method) -> bool:
    """Say whether a method may keep its caller waiting for updates."""
    return method is _get_updates


def file_of(stored: StoredFile) -> Json:
    """Return the fields by which the Bot API names a file."""
    return {"file_id": stored.file_id, "file_unique_id": stored.file_id[5:21], "file_size": stored.size}


def document_of(stored: StoredFile) -> Json:
    """Return a Document."""
    return {**file_of(stored), "file_name": stored.name, "mime_type": stored.mime}


async def photo_of(exchange: Exchange, data: bytes) -> list[Json]:
    """Keep a picture and return it as the sizes of a photo (there is one); raises 400 if it isn't a picture."""
    seen = look_at(data)
    if seen is None or len(data) > MAX_PHOTO_BYTES:
        raise bad_request("IMAGE_PROCESS_FAILED")
    name = f"photo.{seen.mime.removeprefix('image/')}"
    stored = await exchange.keep_file(data, name=name, mime=seen.mime, folder="photos")
    return [{**file_of(stored), "width": seen.width, "height": seen.height}]


async def keep_voice(exchange: Exchange, data: bytes, mime: str) -> StoredFile:
    """Keep a voice note as it was recorded; raises 400 for what is no sound by its own word."""
    kind = mime.partition(";")[0].strip().lower()
    if not kind.startswith("audio/") and kind not in ("application/octet-stream", "application/ogg"):
        raise bad_request("wrong type of the voice note")
    kind = kind if kind.startswith("audio/") else "audio/ogg"
    suffix = {"audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/webm": "webm", "audio/wav": "wav"}.get(
        kind, "ogg"
    )
    return await exchange.keep_file(data, name=f"voice.{suffix}", mime=clean(kind)[:100], folder="voice")


def voice_of(stored: StoredFile, seconds: int) -> Json:
    """Return a Voice."""
    return {**file_of(stored), "duration": min(max(seconds, 0), LONGEST_VOICE), "mime_type": stored.mime}


def file_name(raw: str) -> str:
    """Return the last part of a sender's file name, without what can't be shown."""
    name = clean(raw).replace("\\", "/").rpartition("/")[2].replace("\n", " ").strip().lstrip(".")
    return name[-120:] or "file"


async def _get_me(exchange: Exchange, _: Params) -> Json:
    return {
        **exchange.bot,
        "can_join_groups": False,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def _get_updates(exchange: Exchange, params: Params) -> list[Json]:
    limit = params.integer("limit", 100)
    offset, timeout = params.integer("offset", 0), params.integer("timeout", 0)
    return await exchange.updates(
        offset, min(max(limit, 1), 100), float(timeout), params.tree("allowed_updates")
    )


async def _send_message(exchange: Exchange, params: Params) -> Json:
    marked = _marked(params, "text", "entities")
    _check_text(marked.text, "message is too long")
    parts: Json = {"text": marked.text}
    if marked.entities:
        parts["entities"] = list(marked.entities)
    return _post(exchange, params, parts)


async def _send_document(exchange: Exchange, params: Params) -> Json:
    parts = _caption(params)
    stored = _known_file(exchange, params, "document")
    if stored is None:
        upload = _upload(params, "document")
        mime = upload.mime if "/" in upload.mime else "application/octet-stream"
        stored = await exchange.keep_file(
            upload.data, name=file_name(upload.name), mime=clean(mime)[:100], folder="documents"
        )
    return _post(exchange, params, {"document": document_of(stored), **parts})


async def _send_photo(exchange: Exchange, params: Params) -> Json:
    parts = _caption(params)
    stored = _known_file(exchange, params, "photo")
    data = exchange.place(stored).read_bytes() if stored else _upload(params, "photo").data
    return _post(exchange, params, {"photo": await photo_of(exchange, data), **parts})


async def _send_voice(exchange: Exchange, params: Params) -> Json:
    parts = _caption(params)
    stored = _known_file(exchange, params, "voice")
    if stored is None:
        upload = _upload(params, "voice")
        stored = await keep_voice(exchange, upload.data, upload.mime)
    return _post(exchange, params, {"voice": voice_of(stored, params.integer("duration", 0)), **parts})


async def _send_chat_action(exchange: Exchange, params: Params) -> bool:
    action = params.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    exchange.busy(_chat(params), action)
    return True


async def _edit_text(exchange: Exchange, params: Params) -> Json:
    message = _editable(exchange, params)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    marked = _marked(params, "text", "entities")
    _check_text(marked.text, "MESSAGE_TOO_LONG")
    return _replace(exchange, params, message, {"text": marked.text, "entities": list(marked.entities)})


async def _edit_caption(exchange: Exchange, params: Params) -> Json:
    message = _editable(exchange, params)
    if "text" in message:
        raise bad_request("there is no caption in the message to edit")
    parts = _caption(params)
    changed = {"caption": parts.get("caption"), "caption_entities": parts.get("caption_entities")}
    return _replace(exchange, params, message, changed)


async def _edit_markup(exchange: Exchange, params: Params) -> Json:
    return _replace(exchange, params, _editable(exchange, params), {})


async def _delete_message(exchange: Exchange, params: Params) -> bool:
    chat, number = _chat(params), params.integer("message_id")
    if exchange.message(chat, number) is None:
        raise bad_request("message to delete not found")
    exchange.remove(chat, [number])
    return True


async def _delete_messages(exchange: Exchange, params: Params) -> bool:
    numbers = params.tree("message_ids")
    if (
        not isinstance(numbers, list)
        or not all(type(one) is int for one in numbers)
        or not 0 < len(numbers) <= 100
    ):
        raise bad_request("message identifiers are not specified")
    exchange.remove(_chat(params), numbers)
    return True


async def _answer_query(exchange: Exchange, params: Params) -> bool:
    text = clean(params.text("text")).strip()
    if len(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    url = params.text("url")
    if url and link(url) is None:
        raise bad_request("URL_INVALID")
    style = "alert" if params.yes("show_alert") else "toast"
    exchange.answer(params.text("callback_query_id"), text, style, url)
    return True


async def _get_file(exchange: Exchange, params: Params) -> Json:
    stored = exchange.file(params.text("file_id"))
    if stored is None:
        raise bad_request("invalid file_id")
    return {**file_of(stored), "file_path": stored.path}


async def _get_chat(exchange: Exchange, params: Params) -> Json:
    return exchange.chat_info(_chat(params))


def _chat(params: Params) -> int:
    value = params.values.get("chat_id")
    if isinstance(value, str) and value.startswith("@"):
        raise bad_request("chat not found")
    if value in (None, ""):
        raise bad_request("chat_id is empty")
    return params.integer("chat_id")


def _marked(params: Params, name: str, entities: str) -> Marked:
    text = params.text(name)
    mode = params.text("parse_mode").lower()
    if mode == "html":
        return parse_html(text)
    if mode:
        raise bad_request("unsupported parse_mode: the phone reads HTML")
    explicit = params.tree(entities)
    return plain(text) if explicit is None else given(text, explicit)


def _check_text(text: str, too_long: str) -> None:
    if not text:
        raise bad_request("message text is empty")
    if len(text) > MAX_TEXT:
        raise bad_request(too_long)


def _caption(params: Params) -> Json:
    marked = _marked(params, "caption", "caption_entities")
    if len(marked.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    parts: Json = {"caption": marked.text} if marked.text else {}
    if marked.entities:
        parts["caption_entities"] = list(marked.entities)
    return parts


def _post(exchange: Exchange, params: Params, parts: Json) -> Json:
    chat = _chat(params)
    markup = read_reply_markup(params.tree("reply_markup"))
    if "inline_keyboard" in markup:
        parts["reply_markup"] = markup
    elif markup:
        parts["_force_reply"] = markup
    reply = params.tree("reply_parameters") or {}
    number = reply.get("message_id") if isinstance(reply, dict) else None
    if isinstance(number, int):
        replied = exchange.message(chat, number)
        if replied is not None:
            parts["reply_to_message"] = quoted(replied)
        elif reply.get("allow_sending_without_reply") is not True:
            raise bad_request("message to be replied not found")
    return public(exchange.post(chat, parts))


def _editable(exchange: Exchange, params: Params) -> Json:
    message = exchange.message(_chat(params), params.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message["from"]["is_bot"]:
        raise bad_request("message can't be edited")
    return message


def _replace(exchange: Exchange, params: Params, message: Json, parts: Json) -> Json:
    """Put new parts and the given keyboard (none removes it) into a message; raises 400 if nothing changes."""
    markup = read_reply_markup(params.tree("reply_markup"))
    parts = {**parts, "reply_markup": markup if "inline_keyboard" in markup else None}
    changed = {name: value for name, value in {**message, **parts}.items() if value not in (None, [])}
    if changed == message:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    said = ("text", "entities", "caption", "caption_entities")
    changed["_reworded"] = message.get("_reworded", False) or any(
        changed.get(name) != message.get(name) for name in said
    )
    return public(exchange.change(changed))


def _known_file(exchange: Exchange, params: Params, name: str) -> StoredFile | None:
    """Return the file that a `file_id` names; None when the call brings the file itself."""
    value = params.text(name)
    if not value or value.startswith("attach://"):
        return None
    stored = exchange.file(value)
    if stored is None:
        raise bad_request(
            "wrong file identifier/HTTP URL specified: the phone fetches nothing from elsewhere"
        )
    return stored


def _upload(params: Params, name: str) -> Any:
    upload = params.uploads.get(params.text(name).removeprefix("attach://") or name)
    if upload is None:
        raise bad_request(f"there is no {name} in the request")
    return upload


_METHODS: dict[str, Method] = {
    name.lower(): method
    for name, method in {
        "getMe": _get_me,
        "getUpdates": _get_updates,
        "sendMessage": _send_message,
        "sendDocument": _send_document,
        "sendPhoto": _send_photo,
        "sendVoice": _send_voice,
        "sendChatAction": _send_chat_action,
        "editMessageText": _edit_text,
        "editMessageCaption": _edit_caption,
        "editMessageReplyMarkup": _edit_markup,
        "deleteMessage": _delete_message,
        "deleteMessages": _delete_messages,
        "answerCallbackQuery": _answer_query,
        "getFile": _get_file,
        "getChat": _get_chat,
        **profile.METHODS,
    }.items()
}
