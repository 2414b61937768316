"""Money that somebody reported: is it here?"""

from __future__ import annotations

from bot.cards.audience import Audience, money
from bot.cards.card import Action, Button, Card, in_rows
from bot.cards.lines import INDENT, short_name
from bot.cards.paid import method_words
from bot.words import Html, cut, joined
from ledger.views.customers import Reported

_SHOWN = 6


def reported_card(rows: tuple[Reported, ...], to: Audience, *, may_confirm: bool) -> Card:
    """List what is reported and not confirmed, with a button for each that the reader may confirm."""
    if not rows:
        return Card(joined(to.heading(to.say("Nothing waits to be confirmed."))))
    head = to.say("<b>Is this money here?</b>") if may_confirm else to.say("<b>Not confirmed yet</b>")
    lines = [_line(number, one, to) for number, one in enumerate(rows[:_SHOWN], start=1)]
    if (more := len(rows) - _SHOWN) > 0:
        lines.append(to.count("and {n} more", "and {n} more", more))
    buttons = [
        Button(
            to.label("✓ {number} is here", number=number),
            {"do": "money_here", "payment": str(one.id), "party": str(one.party_id or "")},
        )
        for number, one in enumerate(rows[:_SHOWN], start=1)
        if may_confirm and not one.own and one.method != "cheque"
    ]
    return Card(joined([joined(to.heading(head)), joined(lines)], "\n\n"), in_rows(buttons))


def _line(number: int, one: Reported, to: Audience) -> Html:
    line = to.say(
        "{number} <b>{amount}</b> {method} · {name}",
        number=number,
        amount=money(one.amount, one.currency),
        method=method_words(one.method, to),
        name=short_name(one.party_name or "—"),
    )
    return joined([line, to.say("{indent}{where}", indent=INDENT, where=_where(one, to))])


def _where(one: Reported, to: Audience) -> Html:
    day = to.day(one.paid_on)
    if one.method in ("cash", "cheque"):
        if one.own:
            return to.say("with you since {day}; somebody else confirms it", day=day)
        return to.say("with {name} since {day}", name=cut(one.by, 24), day=day)
    if one.number:
        return to.say(
            "said by {name}, {day}, UTR {number}", name=cut(one.by, 24), day=day, number=cut(one.number, 24)
        )
    return to.say("said by {name}, {day}, UTR not known", name=cut(one.by, 24), day=day)


def here_card(one: Reported, undo: Button, left: int, to: Audience) -> Card:
    """Say that a payment was confirmed, with the way back and to the rest."""
    lines = to.heading(to.say("✓ <b>{amount}</b> is here", amount=money(one.amount, one.currency)))
    lines.append(to.say("{name} · reported by {by}", name=cut(one.party_name or "—", 40), by=cut(one.by, 24)))
    rest: list[Action] = [{"do": "reported", "inplace": True}] if left else []
    return Card(
        joined(lines),
        ((undo, *(Button(to.label("Next ({n})", n=left), action) for action in rest)),),
    )
