"""Formatted text as the Bot API reads it: HTML into plain text and entities counted in UTF-16 units."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bot.phone.refusals import bad_request

Entity = dict[str, Any]

_SIMPLE = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:[^<>\"']|\"[^\"<>]*\"|'[^'<>]*')*)>")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_UNSEEN = dict.fromkeys([*range(0x2028, 0x202F)])
_CONTROL = {**dict.fromkeys([*range(10), 11, 12, *range(14, 32)], " "), 13: None, **_UNSEEN}
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"“”]+[^\s<>\"“”.,;:!?)\]}’'])"
    r"|(?P<email>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63})+)"
    r"|(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,32}(?![\w/]))"
    r"|(?P<phone_number>(?<![\w+])\+[0-9](?:[ -]?[0-9]){7,14}(?![\w]))"
)
MAX_SOURCE = 65_536
MAX_ENTITIES = 100
_GIVEN = {*_SIMPLE.values(), "blockquote", "expandable_blockquote", "text_link"}
_MADE_BY_US = {"url", "email", "bot_command", "phone_number", "mention", "hashtag", "cashtag"}
_VERBATIM = {"code", "pre"}
_BLOCKS = {"blockquote", "expandable_blockquote", "pre"}


@dataclass(frozen=True, slots=True)
class Marked:
    """Text as it is shown, and the entities over it (offset and length in UTF-16 units)."""

    text: str
    entities: tuple[Entity, ...] = ()


@dataclass(slots=True)
class _Open:
    tag: str
    at: int
    offset: int
    attributes: dict[str, str]


@dataclass(slots=True)
class _Reading:
    source: str
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    stack: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def say(self, raw: str) -> None:
        shown = clean(_REFERENCE.sub(lambda found: html.unescape(found[0]), raw))
        self.pieces.append(shown)
        self.length += units(shown)

    def fail(self, reason: str, at: int) -> Exception:
        return bad_request(f"can't parse entities: {reason} at byte offset {len(self.source[:at].encode())}")


def units(text: str) -> int:
    """Return the length of `text` in UTF-16 units, as the Bot API and browsers count."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def clean(text: str) -> str:
    """Drop what may not be shown (control characters, direction overrides); refuse lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError as broken:
        raise bad_request("strings must be encoded in UTF-8") from broken
    return text.translate(_CONTROL)


def parse_html(source: str) -> Marked:
    """Read Bot API HTML; raises 400 "can't parse entities" for an unknown, unclosed or misplaced tag."""
    clean(source)
    if len(source) > MAX_SOURCE:
        raise bad_request("message is too long")
    reading = _Reading(source)
    at = 0
    while (start := source.find("<", at)) >= 0:
        reading.say(source[at:start])
        found = _TAG.match(source, start)
        if found is None:
            raise reading.fail("Unsupported or unclosed start tag", start)
        slash, name, rest = found[1], found[2].lower(), found[3]
        if slash:
            _close(reading, name, start)
        else:
            _open(reading, name, rest, start)
        at = found.end()
    reading.say(source[at:])
    if reading.stack:
        tag = reading.stack[-1].tag
        raise bad_request(f"can't parse entities: Can't find end tag corresponding to start tag \"{tag}\"")
    return _settled("".join(reading.pieces), reading.entities)


def plain(text: str) -> Marked:
    """Read text without a parse mode: only links, addresses, numbers and commands are marked."""
    return _settled(clean(text), [])


def given(text: str, entities: object) -> Marked:
    """Read text with explicit entities; raises 400 for a type or range that can't be."""
    shown = clean(text)
    if not isinstance(entities, list):
        raise bad_request("can't parse MessageEntity: expected an Array")
    kept: list[Entity] = []
    end = units(shown)
    for entity in entities:
        if not isinstance(entity, dict):
            raise bad_request("can't parse MessageEntity: expected an Object")
        kind, offset, length = entity.get("type"), entity.get("offset"), entity.get("length")
        if kind in _MADE_BY_US:
            continue
        if kind not in _GIVEN:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
        if not (
            isinstance(offset, int) and isinstance(length, int) and 0 <= offset <= offset + length <= end
        ):
            raise bad_request("entity begins or ends outside of the text")
        made: Entity = {"type": kind, "offset": offset, "length": length}
        if kind == "text_link":
            url = link(str(entity.get("url", "")))
            if url is None:
                continue
            made["url"] = url
        if kind == "pre" and isinstance(entity.get("language"), str):
            made["language"] = clean(entity["language"])
        kept.append(made)
    return _settled(shown, kept)


def link(url: str) -> str | None:
    """Return `url` if a chat may open it (web, mail, telephone), else None."""
    url = clean(url).strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme in ("http", "https") and host and " " not in url:
        return url
    if parts.scheme in ("mailto", "tel") and parts.path and " " not in url:
        return url
    return None


def _open(reading: _Reading, name: str, rest: str, at: int) -> None:
    attributes = {
        found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "")
        for found in _ATTRIBUTE.finditer(rest)
    }
    spoiler = name == "span" and attributes.get("class") == "tg-spoiler"
    if name not in _SIMPLE and name not in ("a", "blockquote") and not spoiler:
        raise reading.fail(f'Unsupported start tag "{name}"', at)
    reading.stack.append(_Open(name, at, reading.length, attributes))


def _close(reading: _Reading, name: str, at: int) -> None:
    if not reading.stack:
        raise reading.fail("Unexpected end tag", at)
    opened = reading.stack.pop()
    if opened.tag != name:
        raise reading.fail(f'Unmatched end tag, expected "</{opened.tag}>", found "</{name}>"', at)
    length = reading.length - opened.offset
    if length == 0:
        return
    entity: Entity = {"type": _SIMPLE.get(name, "spoiler"), "offset": opened.offset, "length": length}
    if name == "blockquote":
        entity["type"] = "expandable_blockquote" if "expandable" in opened.attributes else "blockquote"
    if name == "a":
        url = link(opened.attributes.get("href") or _shown_since(reading, opened.offset))
        if url is None:
            return
        entity |= {"type": "text_link", "url": url}
    if name == "code" and reading.stack and reading.stack[-1].tag == "pre":
        language = opened.attributes.get("class", "")
        if language.startswith("language-"):
            reading.stack[-1].attributes["language"] = clean(language.removeprefix("language-"))
        return
    if name == "pre" and opened.attributes.get("language"):
        entity["language"] = opened.attributes["language"]
    reading.entities.append(entity)


def _shown_since(reading: _Reading, offset: int) -> str:
    return "".join(reading.pieces).encode("utf-16-le")[2 * offset :].decode("utf-16-le")


def _settled(text: str, entities: list[Entity]) -> Marked:
    """Trim the ends as the real server does, drop what lies in code, mark links, sort outer before inner."""
    text = text.rstrip(" \n")
    first = min((entity["offset"] for entity in entities), default=len(text))
    lead = 0
    while lead < min(first, len(text)) and text[lead] in " \n":
        lead += 1
    text = text[lead:]
    end = units(text)
    kept: list[Entity] = []
    for entity in entities:
        start, stop = entity["offset"] - lead, min(entity["offset"] - lead + entity["length"], end)
        if start < stop:
            kept.append({**entity, "offset": start, "length": stop - start})
    kept = _outside(kept, [entity for entity in kept if entity["type"] in _VERBATIM])
    closed = [entity for entity in kept if entity["type"] in _VERBATIM or entity["type"] == "text_link"]
    kept += _outside(_found(text), closed)
    kept.sort(key=lambda entity: (entity["offset"], -entity["length"], entity["type"] not in _BLOCKS))
    return Marked(text, tuple(kept[:MAX_ENTITIES]))


def _outside(entities: list[Entity], verbatim: list[Entity]) -> list[Entity]:
    """Return those of `entities` that don't lie within one of `verbatim` (itself excepted)."""
    if not verbatim:
        return entities
    spans = sorted((one["offset"], one["offset"] + one["length"], id(one)) for one in verbatim)
    kept = []
    for entity in entities:
        start, stop = entity["offset"], entity["offset"] + entity["length"]
        within = any(low <= start and stop <= high and mark != id(entity) for low, high, mark in spans)
        if not within:
            kept.append(entity)
    return kept


def _found(text: str) -> list[Entity]:
    made: list[Entity] = []
    offset = at = 0
    for found in _FOUND.finditer(text):
        offset += units(text[at : found.start()])
        length = units(found[0])
        made.append({"type": found.lastgroup, "offset": offset, "length": length})
        offset, at = offset + length, found.end()
    return made
