"""The language that is spoken with a member."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards.audience import Audience
from bot.cards.card import Button, Card
from bot.words import joined, say

NAMES: Mapping[str, str] = {"en": "English", "hi": "हिन्दी"}
"""The languages, each as it calls itself."""


def language_card(to: Audience) -> Card:
    """Ask for the language, in each of them: who can't read the one can read the other."""
    asked = [say(language, "In which language shall I speak with you?", {}) for language in NAMES]
    buttons = tuple(
        Button(f"{'✓ ' if language == to.language else ''}{name}", {"do": "language", "to": language})
        for language, name in NAMES.items()
    )
    return Card(joined(to.heading(joined(asked))), (buttons,))


def other_languages(to: Audience) -> tuple[Button, ...]:
    """Offer the languages that aren't spoken now, each in its own name."""
    others = ((language, name) for language, name in NAMES.items() if language != to.language)
    return tuple(Button(name, {"do": "language", "to": language}) for language, name in others)


def spoken_card(to: Audience) -> Card:
    """Say, in the language that was chosen, that it is spoken from now on."""
    text = to.say("From now on I speak English with you. /language changes it.")
    return Card(joined(to.heading(text)), ((Button(to.label("Today's digest"), {"do": "digest"}),),))
