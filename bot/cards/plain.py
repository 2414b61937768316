"""Cards without figures: welcome, help, mistakes by their remedy, buttons that no longer fit, what a file gave."""

from __future__ import annotations

from bot.cards.audience import Audience
from bot.cards.card import Button, Card
from bot.cards.language import other_languages
from bot.words import Html, clean, cut, joined, named
from kit.catalogues import ENGLISH
from kit.errors import MunshiError
from ledger.domain.roles import Permission, Role


def welcome_card(member: str, business: str, to: Audience) -> Card:
    """Greet a member whose chat has just been linked."""
    lines = [
        to.say(
            "Namaste {name} ji. You are now connected to <b>{business}</b>.",
            name=cut(clean(member).split(" ")[0], 30) if clean(member) else "",
            business=cut(business, 60),
        ),
        _what_comes(to),
    ]
    return Card(joined(lines, "\n\n"), (other_languages(to),))


def _what_comes(to: Audience) -> Html:
    if to.role is Role.SALES:
        return to.say("Every morning I'll tell you which of your customers owe, and whom to call first.")
    return to.say("Every morning I'll tell you who owes you, what you owe, and what I need to ask you.")


def help_card(to: Audience) -> Card:
    """Say all that can be asked, as much as the role allows."""
    lines = [
        to.say("<b>What you can ask me</b>"),
        to.say("/digest  today at a glance"),
        to.say("/owes  who owes you"),
    ]
    if to.may(Permission.REPORT):
        lines.append(to.say("/remind  all who are late, one by one"))
        lines.append(to.say("/cheques  cheques in hand"))
        lines.append(to.say("/confirm  money that was reported: is it here"))
    if to.may(Permission.SEE_PAYABLES):
        lines.append(to.say("/owe  what you owe"))
        lines.append(to.say("/cash  will the money be enough"))
        lines.append(to.say("/dues  what falls due besides bills"))
        lines.append(to.say("/questions  entries that wait for an answer"))
        lines.append(to.say("/tally  do your books say the same"))
        lines.append(to.say("/enter  what your books lack"))
        lines.append(to.say("/tds  TDS that customers cut"))
        lines.append(to.say("/fix  what is missing about customers"))
    if to.may(Permission.SEE_SOURCES):
        lines.append(to.say("/sources  where my news comes from"))
    if to.may(Permission.ADMINISTER):
        lines.append(to.say("/pay  how customers pay you"))
        lines.append(to.say("/people  who works with you here"))
    if to.may(Permission.EXPORT_AUDIT):
        lines.append(to.say("/audit  do the records hold, and as an Excel file"))
    lines.append(to.say("/pages  your firms at a glance, as a page"))
    lines.append(to.say("/evening  how the day went"))
    lines.append(to.say("/settings  hours, alerts, picture"))
    lines.append(to.say("/language  English or हिन्दी"))
    lines.append(
        to.say(
            "\nOr just type a name, a bill number or an amount: <i>Sharma</i>, <i>INV-102</i>, <i>56,840</i>"
        )
    )
    if to.firm:
        lines.append(to.say("/firm  change to your other firm"))
    if to.may(Permission.ANSWER):
        lines.append(
            to.say("\nSend a bank statement or a sheet of open bills as a file, and I'll read it here.")
        )
    return Card(joined(to.heading(joined(lines))))


def firms_card(firms: tuple[tuple[str, str], ...], to: Audience) -> Card:
    """Offer the businesses that this chat serves: (id, name) each."""
    buttons = tuple((Button(cut(name, 38), {"do": "firm", "firm": key}),) for key, name in firms)
    return Card(to.say("Which firm?"), buttons)


def one_firm_card(firm: str, to: Audience) -> Card:
    """Say that there is no other business to change to."""
    return Card(to.say("You are with one firm here: <b>{firm}</b>.", firm=cut(firm, 60)))


def error_card(error: MunshiError, to: Audience) -> Card:
    """Answer an expected failure by what would remedy it."""
    match error.kind:
        case "denied":
            text = to.say("That is for the owner or the accounts person. Please ask them.")
        case "not_found":
            text = to.say("I can't find that any more. Please look again.")
        case "retryable":
            text = to.say("That didn't go through just now. Please try once more in a minute.")
        case _:
            text = error_words(error, to)
    return Card(joined(to.heading(text)))


def error_words(error: MunshiError, to: Audience) -> Html:
    """Say what is wrong: in English as it was raised, else the sentence for its code, else one for its kind."""
    if to.language == ENGLISH:
        return to.say("{message}", message=clean(str(error)))
    sentence = named(to.language, "error", error.code, {"message": clean(error.message), **error.values})
    if sentence is not None:
        return sentence
    match error.kind:
        case "stale":
            return to.say("That has changed in the meantime. Please look again.")
        case "source_broken":
            return to.say("One of the sources needs the owner: it can't be read.")
        case _:
            return to.say("That doesn't work as it is.")


def apology_card(reference: str, to: Audience) -> Card:
    """Apologise for a fault of ours, with the reference under which it is logged."""
    text = to.say(
        "Sorry, something went wrong on my side. Nothing was lost; please try once more.\n"
        "If it happens again, quote <code>{reference}</code>.",
        reference=reference,
    )
    return Card(joined(to.heading(text)))


def cannot_read_card(to: Audience) -> Card:
    """Say what can be sent, to a photo, a voice message or a sticker."""
    text = to.say("I can't read that yet. Send me words, or a bank statement or sheet as a file.")
    return Card(joined(to.heading(text)))


def too_short_card(to: Audience) -> Card:
    """Ask for a little more to search by."""
    text = to.say("Please type two letters or more of a name, a bill number, or an amount.")
    return Card(joined(to.heading(text)))
