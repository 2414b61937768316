"""A card: what one message says and offers, free of any channel, and its form in the outbox."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.words import Html

Action = dict[str, Any]
"""What a tap does: `do` names it, the rest are its arguments; kept in the store, never in the button itself."""


@dataclass(frozen=True, slots=True)
class Button:
    """One button: its words, and what a tap does."""

    label: str
    action: Action


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with the card."""

    filename: str
    content: bytes


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
            "buttons": [[{"label": b.label, "action": b.action} for b in row] for row in self.buttons],
        }
        if self.attachment is not None:
            form["attachment"] = {
                "filename": self.attachment.filename,
                "content": b64encode(self.attachment.content).decode(),
            }
        return form


def attachment_of(stored: Mapping[str, Any]) -> Attachment | None:
    """Return the file of a stored card, if it has one."""
    form = stored.get("attachment")
    return Attachment(form["filename"], b64decode(form["content"])) if form else None


def in_rows(buttons: Sequence[Button], *, per_row: int, longest: int = 16) -> Rows:
    """Lay buttons out `per_row` to a row; a label longer than `longest` takes a row of its own."""
    rows: list[tuple[Button, ...]] = []
    row: list[Button] = []
    for button in buttons:
        if len(button.label) > longest:
            if row:
                rows.append(tuple(row))
                row = []
            rows.append((button,))
            continue
        row.append(button)
        if len(row) == per_row:
            rows.append(tuple(row))
            row = []
    if row:
        rows.append(tuple(row))
    return tuple(rows)
