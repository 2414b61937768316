"""What a tap leads to."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards.card import Card


@dataclass(frozen=True, slots=True)
class Reply:
    """A card in place of the tapped one, further cards, a word on the screen."""

    edit: Card | None = None
    cards: tuple[Card, ...] = ()
    toast: str = ""
