"""What a tap, a command or typed words lead to."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards.card import Action, Card


@dataclass(frozen=True, slots=True)
class Reply:
    """A card in place of the tapped one, further cards, a word on the screen.

    `expect` names what takes the next words that are typed (its `do`, and whatever it needs to know then); without
    it, words are a question again. It is kept in the store, so that a restart in mid-dialogue loses nothing.
    `lead` is an action of another area that answers instead. `unknown`: nothing fits the words; where a card waits for
    an answer, it goes on waiting.
    """

    edit: Card | None = None
    cards: tuple[Card, ...] = ()
    toast: str = ""
    expect: Action | None = None
    lead: Action | None = None
    unknown: bool = False
