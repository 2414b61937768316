"""Marked-up text cut to what one message holds, at the end of a line where one is near, with every tag closed."""

from __future__ import annotations

import re
from html import unescape

_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^>]*>|&#?\w+;|[^<&]|[<&]")
_ELLIPSIS = "\n…"


def units(text: str) -> int:
    """Return the length of plain text in UTF-16 units, as Telegram counts."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def shown_length(text: str) -> int:
    """Return how long Telegram HTML is as it is shown: without tags, an entity is one character."""
    return units(unescape(re.sub(r"<[^>]*>", "", text)))


def fitted(text: str, most: int) -> str:
    """Return `text`, or as much of its beginning as is shown in `most` units, with its tags closed and an ellipsis."""
    if shown_length(text) <= most:
        return text
    room, shown = most - len(_ELLIPSIS), 0
    tags: list[str] = []
    anywhere, at_line_end, shown_there = (0, ""), (0, ""), 0
    for token in _TOKEN.finditer(text):
        if token[2] is not None:
            if token[1]:
                del tags[-1:]
            else:
                tags.append(token[2])
            continue
        closing = "".join(f"</{tag}>" for tag in reversed(tags))
        if token[0] == "\n":
            at_line_end, shown_there = (token.start(), closing), shown
        shown += units(unescape(token[0]))
        if shown > room:
            break
        anywhere = (token.end(), closing)
    end, closing = at_line_end if shown_there > room // 2 else anywhere
    return f"{text[:end].rstrip()}{closing}{_ELLIPSIS}"


def fitted_plain(text: str, most: int) -> str:
    """Return plain `text`, or as much of its beginning as `most` units hold, with an ellipsis."""
    if units(text) <= most:
        return text
    head = text[: most - len(_ELLIPSIS)]
    while units(head) > most - len(_ELLIPSIS):
        head = head[:-1]
    return head.rstrip() + _ELLIPSIS
