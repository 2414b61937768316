"""An area of the chat: the commands, taps and typed words that belong together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from bot.cards.card import Action
from bot.handlers.reply import Reply
from bot.scenes import Scenes
from bot.visit import Visitor
from ledger.dispatch import Door

Tap = Callable[[Visitor, Action], Awaitable[Reply]]
"""Answers a tap: who tapped, and the stored action of the button."""
Typed = Callable[[Visitor, Action, str], Awaitable[Reply | None]]
"""Takes words that a card asked for; None: they are no answer to it, and are taken as a question of their own."""


@dataclass(frozen=True, slots=True)
class Command:
    """`/name` leads to a tap; what is typed behind it comes as `text`. `words` tell it in the menu, empty: not there."""

    name: str
    action: Action
    words: str = ""


class Area:
    """One area on one door; `decides` names the taps after which something may have to be folded."""

    commands: ClassVar[tuple[Command, ...]] = ()
    decides: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, door: Door, scenes: Scenes) -> None:
        self.door, self.scenes = door, scenes

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action, by the name in its `do`."""
        return {}

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes words that `Reply.expect` asked for, by the name in its `do`."""
        return {}
