"""Golden texts of every card in every language: golden/<language>/<name>.txt.

A card is added in three steps, in the test module of its area:

1. An entry of the module's `CARDS`, written for whom it gets (`to` is the owner; `told(to, Role.SALES)` a sales rep):
       CARDS: Cards = {"reminder": lambda to: reminder_card(VIEW, to)}
   A view that the ledger words in the reader's language is made with `to.language`.
2. The test, once per module:
       @golden(CARDS)
       def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
           check(name, CARDS[name](to), to.language)
3. Read both cards aloud, then write their texts: `MUNSHI_WRITE_GOLDEN=new pytest -n 0 tests/bot/test_<area>.py`.

A missing text fails; only MUNSHI_WRITE_GOLDEN writes one: `new` those that are missing, `overwrite` all that ran.
A text that belongs to no card fails too: `CARDS` of all tests/bot/test_*.py are collected by themselves.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import pytest

from bot.cards.audience import Audience
from bot.cards.card import Card
from ledger.domain.roles import Role
from tests.bot import sample_views as sample

FOLDER = Path(__file__).parent / "golden"
LANGUAGES = ("en", "hi")
Cards = Mapping[str, Callable[[Audience], Card]]
_NO_OWNERS_WORDS = ("reconcil", "conflict", "projection", "ledger entry", "receivable", "payable", "webhook")


def told(to: Audience, role: Role, *, firm: str | None = None) -> Audience:
    """Return the same reader in another role, or in a chat that serves several firms."""
    return dataclasses.replace(to, role=role, firm=firm or to.firm)


def golden(cards: Cards) -> pytest.MarkDecorator:
    """Run a test for every card (`name`) and every language (`to`, the owner)."""
    runs = [(name, sample.audience(language=language)) for name in cards for language in LANGUAGES]
    return pytest.mark.parametrize(("name", "to"), runs, ids=[f"{name}-{to.language}" for name, to in runs])


def drawn(card: Card) -> str:
    """Draw a card as text: its Telegram HTML, then its rows of buttons."""
    rows = ["  ".join(f"[{button.label}]" for button in row) for row in card.buttons]
    return "\n".join([card.text, *(["---", *rows] if rows else [])]) + "\n"


def check(name: str, card: Card, language: str = "en") -> None:
    """Compare a card with its golden text, and with what a phone and an owner can take."""
    fits_a_phone(card)
    path, text = FOLDER / language / f"{name}.txt", drawn(card)
    wish = os.environ.get("MUNSHI_WRITE_GOLDEN", "")
    if wish == "overwrite" or (wish == "new" and not path.exists()):
        path.write_text(text, "utf-8")
    assert path.exists(), (
        f"{language}/{path.name} is missing: read the card, then write it with MUNSHI_WRITE_GOLDEN=new"
    )
    assert text == path.read_text("utf-8")


def fits_a_phone(card: Card) -> None:
    """Check a card's length, the width of what is aligned, its buttons, and that no word is a programmer's."""
    assert 0 < len(card.text) <= 4_096
    for block in re.findall(r"<pre>(.*?)</pre>", card.text, re.DOTALL):
        assert all(len(line) <= 34 for line in block.split("\n"))
    for row in card.buttons:
        assert 1 <= len(row) <= 8
        assert all(0 < len(button.label) <= 40 for button in row)
    text = re.sub(r"<[^>]*>", "", card.text).lower()
    assert not [word for word in _NO_OWNERS_WORDS if word in text]


def all_cards() -> set[str]:
    """Return the names of the cards of every test module."""
    found: set[str] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        if re.search(r"^CARDS\b", path.read_text("utf-8"), re.MULTILINE):
            found |= set(import_module(f"tests.bot.{path.stem}").CARDS)
    return found
