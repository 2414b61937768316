"""Cards without figures: welcome, help, mistakes by their remedy, buttons that no longer fit, what a file gave."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards.audience import Audience
from bot.cards.card import Button, Card
from bot.words import Html, clean, cut, joined
from kit.errors import MunshiError
from ledger.domain.roles import Permission, Role

_REASONS_SHOWN = 5


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
    return Card(joined(lines, "\n\n"))


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
            text = to.say("{message}", message=clean(str(error)))
    return Card(joined(to.heading(text)))


def apology_card(reference: str, to: Audience) -> Card:
    """Apologise for a fault of ours, with the reference under which it is logged."""
    text = to.say(
        "Sorry, something went wrong on my side. Nothing was lost; please try once more.\n"
        "If it happens again, quote <code>{reference}</code>.",
        reference=reference,
    )
    return Card(joined(to.heading(text)))


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of a file: `unreadable` are (place, reason) pairs, the first few of `unreadable_count`."""

    filename: str
    source: str
    added: int
    known: int
    rewritten: int
    unreadable_count: int
    unreadable: tuple[tuple[str, str], ...] = ()
    period: str | None = None


def imported_card(result: FileResult, to: Audience) -> Card:
    """Say what a file gave: what was new, what was known already, what could not be read and why."""
    lines = [
        to.say("<b>{file}</b> read as {source}", file=cut(result.filename, 40), source=cut(result.source, 30))
    ]
    if result.period:
        lines.append(to.say("{period}", period=clean(result.period)))
    if result.added:
        lines.append(to.count("{n} new entry", "{n} new entries", result.added))
    else:
        lines.append(to.say("Nothing new in it."))
    if result.known:
        lines.append(to.count("{n} known already", "{n} known already", result.known))
    if result.rewritten:
        lines.append(to.count("{n} changed since last time", "{n} changed since last time", result.rewritten))
    if result.unreadable_count:
        lines.append(to.count("{n} not readable:", "{n} not readable:", result.unreadable_count))
        lines += [
            to.say("· {place}: {reason}", place=cut(place, 40), reason=cut(reason, 160))
            for place, reason in result.unreadable[:_REASONS_SHOWN]
        ]
    return Card(joined(to.heading(joined(lines))), ((Button(to.label("Today's digest"), {"do": "digest"}),),))


def cannot_read_card(to: Audience) -> Card:
    """Say what can be sent, to a photo, a voice message or a sticker."""
    text = to.say("I can't read that yet. Send me words, or a bank statement or sheet as a file.")
    return Card(joined(to.heading(text)))


def too_short_card(to: Audience) -> Card:
    """Ask for a little more to search by."""
    text = to.say("Please type two letters or more of a name, a bill number, or an amount.")
    return Card(joined(to.heading(text)))
