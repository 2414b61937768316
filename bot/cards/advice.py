"""A question put to the accountant, what he says, and how it comes back."""

from __future__ import annotations

from dataclasses import replace

from bot.cards.audience import Audience
from bot.cards.card import Action, Button, Card, in_rows
from bot.cards.question import Place, question_card
from bot.words import cut, joined
from ledger.domain.roles import Permission
from ledger.views import ConflictView

_LIKELY = 6
_LINE = 240
_NO_ADVICE = ("accountant", "later")


def asked_card(view: ConflictView, asker: str, asker_id: str, to: Audience) -> Card:
    """Put a question to who knows the books: finance may answer it at once, the accountant says what he thinks."""
    notice = to.say("{name} asks you:", name=cut(asker, 30))
    card = question_card(view, Place(), to, notice=notice)
    say = Button(to.label("Write to {name}", name=cut(asker, 20)), advise_action(view, asker_id, asker))
    if to.may(Permission.ANSWER):
        return replace(card, buttons=(*card.buttons, (say,)))
    others = tuple(
        row for row in card.buttons if not any(button.action.get("do") == "advise" for button in row)
    )
    return replace(card, buttons=((say,), *others))


def advise_action(view: ConflictView, asker_id: str | None, asker: str | None) -> Action:
    """Compose the action that asks for a word on a question; without an asker it goes to the owner."""
    return {
        "do": "advise",
        "conflict": str(view.id),
        "version": view.version,
        "asker": asker_id,
        "asker_name": asker,
    }


def advise_card(view: ConflictView, action: Action, to: Audience) -> Card:
    """Ask for the word: what the question offers as buttons, anything else by typing."""
    asker = action.get("asker_name")
    lines = to.heading(to.say("<b>{title}</b>", title=cut(view.title, _LINE)))
    lines.append(to.say("What would you answer? Tap, or write it in your words."))
    lines.append(
        to.say("I pass it on to {name}.", name=cut(str(asker), 30))
        if asker
        else to.say("I pass it on to the owner.")
    )
    likely = [option for option in view.answers if option.id not in _NO_ADVICE][:_LIKELY]
    said = {**action, "do": "advised"}
    buttons = [Button(cut(option.label, 40), {**said, "text": option.label}) for option in likely]
    return Card(joined(lines), in_rows(buttons))


def advised_card(view: ConflictView, adviser: str, text: str, to: Audience) -> Card:
    """Bring the word back to who asked, with the question as it stands."""
    notice = to.say("<b>{name} says:</b> {text}", name=cut(adviser, 30), text=cut(text, _LINE))
    return question_card(view, Place(), to, notice=notice)


def passed_on_card(view: ConflictView, text: str, told: str | None, to: Audience) -> Card:
    """Say to the adviser what became of his word."""
    lines = to.heading(to.say("✓ {title}", title=cut(view.title, _LINE)))
    lines.append(to.say("You said: <b>{text}</b>", text=cut(text, _LINE)))
    lines.append(
        to.say("{name} has it now.", name=cut(told, 40)) if told else to.say("It stands on the question now.")
    )
    return Card(joined(lines))
