"""A card: what one message says and offers, free of any channel, and its form in the outbox."""

from __future__ import annotations

import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.words import Html

Action = dict[str, Any]
"""What a tap does: `do` names it, the rest are its arguments; kept in the store, never in the button itself."""


@dataclass(frozen=True, slots=True)
class Button:
    """One button: its words, and what a tap does, or the page that it opens (`url`, then there is no action)."""

    label: str
    action: Action = field(default_factory=dict)
    url: str = ""

    def stored(self) -> dict[str, Any]:
        """Return the form in a stored card."""
        return (
            {"label": self.label, "url": self.url}
            if self.url
            else {"label": self.label, "action": self.action}
        )


_ROW_WIDTHS = ((3, 9.9), (2, 15.9), (1, 1_000.0))
_NARROW, _WIDE = frozenset(" iljtfrI1.,:;'!|()·"), frozenset("mwMW₹%…")
"""Letters of about half, and of a third more than the usual width: what fits on a phone isn't a count of letters."""
Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with the card; `kind`: document, or photo (shown in the chat itself)."""

    filename: str
    content: bytes
    kind: str = "document"


@dataclass(frozen=True, slots=True)
class Card:
    """Text in Telegram HTML, rows of buttons, and at most one file (the text is then its caption)."""

    text: Html
    buttons: Rows = ()
    attachment: Attachment | None = None

    def stored(self) -> dict[str, Any]:
        """Return the form that `QueueMessage` takes: plain JSON."""
        form: dict[str, Any] = {
            "text": str(self.text),
            "buttons": [[button.stored() for button in row] for row in self.buttons],
        }
        if self.attachment is not None:
            form["attachment"] = {
                "filename": self.attachment.filename,
                "content": b64encode(self.attachment.content).decode(),
                "kind": self.attachment.kind,
            }
        return form


def attachment_of(stored: Mapping[str, Any]) -> Attachment | None:
    """Return the file of a stored card, if it has one."""
    form = stored.get("attachment")
    return (
        Attachment(form["filename"], b64decode(form["content"]), form.get("kind", "document"))
        if form
        else None
    )


def in_rows(buttons: Sequence[Button]) -> Rows:
    """Lay buttons out as many to a row as a phone shows whole: three short ones, two middling ones, one long one."""
    rows: list[tuple[Button, ...]] = []
    left = list(buttons)
    while left:
        for size, longest in _ROW_WIDTHS:
            row = left[:size]
            if len(row) == size and all(_width(button.label) <= longest for button in row):
                break
        rows.append(tuple(row))
        del left[: len(row)]
    return tuple(rows)


def _width(label: str) -> float:
    return sum(_wide(letter) for letter in label)


def _wide(letter: str) -> float:
    match unicodedata.category(letter):
        case "Mn" | "Cf":  # a vowel sign above or below, a joiner: no room of its own
            return 0.0
        case "Mc":
            return 0.5
    return 0.55 if letter in _NARROW else 1.35 if letter in _WIDE else 1.0
