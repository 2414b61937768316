"""Golden texts: a missing one fails, and only MUNSHI_WRITE_GOLDEN writes (new) or overwrites (`overwrite`)."""

from __future__ import annotations

import os
from pathlib import Path

from bot.cards.card import Card

FOLDER = Path(__file__).parent / "golden"


def drawn(card: Card) -> str:
    """Draw a card as text: its Telegram HTML, then its rows of buttons."""
    rows = ["  ".join(f"[{button.label}]" for button in row) for row in card.buttons]
    return "\n".join([card.text, *(["---", *rows] if rows else [])]) + "\n"


def check(name: str, card: Card) -> None:
    """Compare a card with its golden text."""
    path, text = FOLDER / f"{name}.txt", drawn(card)
    wish = os.environ.get("MUNSHI_WRITE_GOLDEN", "")
    if wish == "overwrite" or (wish == "new" and not path.exists()):
        path.write_text(text, "utf-8")
    assert path.exists(), f"{path.name} is missing: read the card, then write it with MUNSHI_WRITE_GOLDEN=new"
    assert text == path.read_text("utf-8")
